//! One round: draws of theta with their log weights, and what every task says of each.

use crate::conditional::memory::TaskMemory;
use crate::conditional::trend::Trend;
use crate::conditional::{Ask, Conditionals, Guess, Inner, Known};
use crate::correct::clock::Clock;
use crate::correct::effort::{Effort, FEWEST_DRAWS};
use crate::correct::proposal::{Part, ln_density};
use crate::guide::Guide;
use crate::posterior::draws::{LocalDraws, WeightedDraws};
use crate::posterior::gaussian::GaussianHierarchy;
use crate::progress::Progress;
use crate::sampling::lattice::Points;
use crate::sampling::psis::{k_hat_of_proposals, reliable_below};
use crate::sampling::stream::Stream;
use nalgebra::DVector;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use std::ops::Range;

/// The weights of proposals for so many thetas judge a task's own.
const JUDGED: usize = 100;
/// Thetas are asked about together, for about so many answers of tasks, and in batches of no fewer and no more than these.
const ANSWERS_TOGETHER: usize = 1 << 14;
const FEWEST_TOGETHER: usize = 8;
const MOST_TOGETHER: usize = 256;
/// Tasks that one thread takes at least.
const CHUNK: usize = 8;

/// What a correction starts from.
pub(crate) struct Basis<'a> {
    pub(crate) guide: &'a Guide,
    pub(crate) gaussian: &'a GaussianHierarchy,
    /// By task, where phi_i is in centred coordinates when theta is at the guide's mean.
    pub(crate) modes_at_mean: &'a [DVector<f64>],
}

impl Basis<'_> {
    /// Whether there is but one theta: a point, or none at all.
    pub(crate) fn is_fixed(&self) -> bool {
        self.guide.is_point() || self.guide.global.is_empty()
    }
}

/// Draws of theta from a proposal, their log weights but for the tasks, and what each task says.
#[derive(Default)]
pub(crate) struct Round {
    /// Row-major: a row a draw.
    pub(crate) theta: Vec<f64>,
    pub(crate) ln_outside: Vec<f64>,
    pub(crate) tasks: Vec<TaskAnswers>,
    /// Whether it has fewer draws than it should as time was up.
    pub(crate) is_cut: bool,
}

/// What a task says of every draw of theta, and a draw of phi for each, row-major.
#[derive(Clone, Default)]
pub(crate) struct TaskAnswers {
    pub(crate) ln_z: Vec<f64>,
    pub(crate) phi: Vec<f64>,
    /// Weights of its proposals for some of the thetas.
    pub(crate) proposals: Vec<f64>,
}

/// What the correction found.
#[derive(Clone, Debug)]
pub(crate) struct Reweighting {
    pub(crate) posterior: WeightedDraws,
    pub(crate) k_hat: f64,
    /// Whether k-hat is small enough for as many draws.
    pub(crate) is_reliable: bool,
    pub(crate) task_k_hat: Vec<f64>,
    /// Tasks whose own k-hat is too large.
    pub(crate) doubtful_tasks: Vec<usize>,
    pub(crate) effective: f64,
    /// Whether the draws are too few that count to be used; it stops early where it sees that coming.
    pub(crate) is_useless: bool,
    /// Whether there are fewer draws than were wanted as time was up.
    pub(crate) is_cut: bool,
    /// Draws of theta that do not count as their density is not finite.
    pub(crate) not_finite: usize,
    pub(crate) ln_evidence: f64,
    pub(crate) ln_evidence_error: f64,
}

/// Variance of a mean over its square, from the weights that its terms have in the sum:
/// Var(mean) / mean^2 = sum_s w_s^2 - 1 / n.
pub(crate) fn relative_variance(weights: &[f64]) -> f64 {
    (weights.iter().map(|w| w * w).sum::<f64>() - (weights.len() as f64).recip()).max(0.0)
}

/// A task's k-hat.
struct Judged {
    k_hat: f64,
    is_reliable: bool,
}

impl TaskAnswers {
    fn judge(&self) -> Judged {
        let k_hat = k_hat_of_proposals(self.proposals.iter().copied());
        Judged { k_hat, is_reliable: k_hat == 0.0 || k_hat < reliable_below(self.proposals.len()) }
    }

    /// Whether every estimate is the same.
    pub(crate) fn is_exact(&self) -> bool {
        self.ln_z.iter().all(|z| z.to_bits() == self.ln_z[0].to_bits())
    }
}

impl Round {
    /// How many draws of theta it has.
    pub(crate) fn len(&self) -> usize {
        self.ln_outside.len()
    }

    fn take(&mut self, thetas: ProposedThetas) {
        self.theta.extend(thetas.u.iter().flatten());
        self.ln_outside.extend(thetas.ln_outside);
    }

    pub(crate) fn ln_weights(&self) -> Vec<f64> {
        let mut ln_weights = self.ln_outside.clone();
        for task in &self.tasks {
            ln_weights.iter_mut().zip(&task.ln_z).for_each(|(w, z)| *w += z);
        }
        ln_weights
    }

    /// The draws with these weights, nothing being known against them.
    pub(crate) fn with_weights(self, weights: Vec<f64>) -> Reweighting {
        let Self { theta, tasks, is_cut, .. } = self;
        let judged: Vec<Judged> = tasks.iter().map(TaskAnswers::judge).collect();
        Reweighting {
            k_hat: 0.0,
            is_reliable: true,
            task_k_hat: judged.iter().map(|task| task.k_hat).collect(),
            doubtful_tasks: (0..tasks.len()).filter(|&i| !judged[i].is_reliable).collect(),
            is_cut,
            effective: weights.len() as f64,
            is_useless: false,
            not_finite: 0,
            ln_evidence: 0.0,
            ln_evidence_error: 0.0,
            posterior: WeightedDraws {
                globals: theta.len() / weights.len(),
                theta,
                weights,
                locals: LocalDraws::Drawn(tasks.into_iter().map(|task| task.phi).collect()),
                non_centred: Vec::new(),
            },
        }
    }
}

/// What a round is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoundPlan<'p> {
    pub(crate) proposal: &'p [Part],
    pub(crate) draws: usize,
    pub(crate) number: usize,
    pub(crate) is_last: bool,
}

/// Draws of theta with their log weights, but for the tasks.
struct ProposedThetas {
    u: Vec<Vec<f64>>,
    ln_outside: Vec<f64>,
}

/// What asks tasks about thetas, round after round.
pub(crate) struct Inquiry<'a> {
    conditionals: &'a Conditionals<'a>,
    basis: &'a Basis<'a>,
    tasks: Vec<TaskInquiry>,
    effort: Effort,
    pub(crate) clock: Clock,
    progress: Progress,
}

/// What is remembered of a task from one theta to the next.
struct TaskInquiry {
    memory: TaskMemory,
    rng: ChaCha8Rng,
}

impl<'a> Inquiry<'a> {
    pub(crate) fn new(
        conditionals: &'a Conditionals<'a>,
        basis: &'a Basis<'a>,
        effort: Effort,
        progress: Progress,
    ) -> Self {
        let new = |_| TaskInquiry { memory: TaskMemory::default(), rng: Stream::Proposals.of(effort.seed) };
        let tasks = (0..basis.guide.num_tasks()).map(new).collect();
        Self { conditionals, basis, tasks, effort, clock: Clock::start(effort.budget), progress }
    }

    /// Draws theta from the proposal, and asks every task of each draw, as long as there is time.
    pub(crate) fn round(&mut self, plan: RoundPlan<'_>) -> Round {
        let seed = self.effort.seed.wrapping_add(plan.number as u64);
        let mut rng = Stream::Proposals.of(seed);
        let mut points = Points::new(self.basis.guide.global.len(), &mut rng);
        for (i, task) in self.tasks.iter_mut().enumerate() {
            // these thetas are elsewhere, and closer to each other, than those of the round before
            task.memory.trend = Trend::default();
            task.rng = Stream::ProposalsOf { task: i as u64 }.of(seed);
        }
        let mut round = Round { tasks: vec![TaskAnswers::default(); self.tasks.len()], ..Round::default() };
        while round.len() < plan.draws && !round.is_cut {
            let count = self.batch().min(plan.draws - round.len());
            let thetas = self.propose(plan.proposal, round.len()..round.len() + count, || points.next(&mut rng));
            self.ask(&thetas.u, &mut round.tasks, plan.draws);
            round.take(thetas);
            self.clock.thetas += count;
            self.progress.of_thetas(self.clock.thetas, plan.draws - round.len());
            let is_hopeless = !plan.is_last && self.clock.excess(2 * FEWEST_DRAWS).is_some();
            round.is_cut = round.len() < plan.draws && (is_hopeless || self.clock.is_up(plan.is_last));
        }
        round
    }

    /// Thetas that are asked about before the clock is looked at again; at first very few.
    fn batch(&self) -> usize {
        if self.clock.thetas == 0 {
            return FEWEST_TOGETHER;
        }
        (ANSWERS_TOGETHER / self.tasks.len().max(1)).clamp(FEWEST_TOGETHER, MOST_TOGETHER)
    }

    fn propose(
        &self,
        proposal: &[Part],
        numbers: Range<usize>,
        mut next: impl FnMut() -> DVector<f64>,
    ) -> ProposedThetas {
        let (density, guide) = (self.conditionals.density, self.basis.guide);
        if self.basis.is_fixed() {
            // the density of theta itself does not count
            let data = density.all_outside(&guide.global.loc).data;
            let count = numbers.len();
            return ProposedThetas { u: vec![guide.global.loc.clone(); count], ln_outside: vec![data; count] };
        }
        let mut thetas = ProposedThetas { u: Vec::new(), ln_outside: Vec::new() };
        for s in numbers {
            let u = proposal[s % proposal.len()].heavy.wide.at(&next());
            thetas.ln_outside.push(density.all_outside(u.as_slice()).total() - ln_density(proposal, &u));
            thetas.u.push(u.as_slice().to_vec());
        }
        thetas
    }

    /// What every task says of some thetas of a round of so many.
    fn ask(&mut self, thetas: &[Vec<f64>], answers: &mut [TaskAnswers], of: usize) {
        let Self { conditionals, basis, effort, tasks, .. } = self;
        let fixed = conditionals.fix(thetas);
        let asked = tasks.par_iter_mut().zip(answers).enumerate().with_min_len(CHUNK);
        let every = (of / JUDGED).max(1);
        asked.for_each_init(
            || fixed.asker(),
            |asker, (i, (task, answers))| {
                let (start, covariance) = (&basis.modes_at_mean[i], &basis.gaussian.tasks[i].covariance);
                let inner = Inner { wanted: 1, most: effort.most_inner };
                for theta in 0..thetas.len() {
                    let ask = Ask { task: i, theta, guess: Guess { start, covariance }, inner };
                    let before = answers.proposals.len();
                    let known = &mut Known { phi: &mut answers.phi, weights: &mut answers.proposals };
                    let ln_z = asker.sample(&ask, &mut task.memory, &mut task.rng, known);
                    if !answers.ln_z.len().is_multiple_of(every) {
                        answers.proposals.truncate(before);
                    }
                    answers.ln_z.push(ln_z);
                }
            },
        );
    }
}
