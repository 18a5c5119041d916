//! One round: draws of theta with their log weights, and what every task says of each.

use crate::conditional::memory::TaskMemory;
use crate::conditional::trend::Trend;
use crate::conditional::{Ask, Conditionals, FixedThetas, Guess, Inner};
use crate::correct::proposal::{Proposal, ln_density};
use crate::guide::Guide;
use crate::posterior::draws::{LocalDraws, WeightedDraws};
use crate::posterior::gaussian::GaussianHierarchy;
use crate::sampling::lattice::Points;
use crate::sampling::psis::{k_hat_of_proposals, reliable_below};
use crate::sampling::stream::Stream;
use nalgebra::DVector;
use rayon::prelude::*;

/// The weights of proposals for so many thetas judge a task's own.
const JUDGED: usize = 100;

/// How much effort goes in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Draws of theta in the last round; those that prepare it take a quarter each.
    pub(crate) draws: usize,
    /// The most of them, where so few count that more are wanted.
    pub(crate) most_draws: usize,
    /// Most proposals of phi_i a draw of theta at first, and in the end where estimates of Z_i are noisy.
    pub(crate) most_inner: usize,
    pub(crate) most_grown: usize,
    pub(crate) seed: u64,
}

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
pub(crate) struct Round {
    /// Row-major: a row a draw.
    pub(crate) theta: Vec<f64>,
    pub(crate) ln_outside: Vec<f64>,
    pub(crate) tasks: Vec<TaskAnswers>,
}

/// What a task says of every draw of theta, and a draw of phi for each, row-major.
pub(crate) struct TaskAnswers {
    pub(crate) ln_z: Vec<f64>,
    pub(crate) phi: Vec<f64>,
    pub(crate) k_hat: f64,
    pub(crate) is_reliable: bool,
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

impl TaskAnswers {
    /// Whether every estimate is the same.
    pub(crate) fn is_exact(&self) -> bool {
        self.ln_z.iter().all(|z| z.to_bits() == self.ln_z[0].to_bits())
    }
}

impl Round {
    pub(crate) fn ln_weights(&self) -> Vec<f64> {
        let mut ln_weights = self.ln_outside.clone();
        for task in &self.tasks {
            ln_weights.iter_mut().zip(&task.ln_z).for_each(|(w, z)| *w += z);
        }
        ln_weights
    }

    /// The draws with these weights, nothing being known against them.
    pub(crate) fn with_weights(self, weights: Vec<f64>) -> Reweighting {
        let Self { theta, tasks, .. } = self;
        Reweighting {
            k_hat: 0.0,
            is_reliable: true,
            task_k_hat: tasks.iter().map(|task| task.k_hat).collect(),
            doubtful_tasks: (0..tasks.len()).filter(|&i| !tasks[i].is_reliable).collect(),
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

/// Draws of theta with their log weights, but for the tasks.
struct ProposedThetas {
    u: Vec<Vec<f64>>,
    ln_outside: Vec<f64>,
}

/// Draws theta from the proposal, and asks every task of each draw.
pub(crate) fn round(
    conditionals: &Conditionals<'_>,
    memories: &mut [TaskMemory],
    basis: &Basis<'_>,
    proposal: &Proposal,
    effort: Effort,
) -> Round {
    let ProposedThetas { u, ln_outside } = propose(conditionals, basis, proposal, effort);
    let theta = u.concat();
    let fixed = conditionals.fix(&u);
    let asked = memories.par_iter_mut().enumerate();
    let tasks = asked.map(|(i, memory)| of_task(&fixed, basis, i, memory, effort)).collect();
    Round { theta, ln_outside, tasks }
}

fn propose(conditionals: &Conditionals<'_>, basis: &Basis<'_>, proposal: &Proposal, effort: Effort) -> ProposedThetas {
    let Basis { guide, .. } = basis;
    let (density, draws) = (conditionals.density, effort.draws);
    if basis.is_fixed() {
        // the density of theta itself does not count
        let data = density.all_outside(&guide.global.loc).data;
        return ProposedThetas { u: vec![guide.global.loc.clone(); draws], ln_outside: vec![data; draws] };
    }
    let mut rng = Stream::Proposals.of(effort.seed);
    let mut points = Points::new(guide.global.len(), &mut rng);
    let mut thetas = ProposedThetas { u: Vec::with_capacity(draws), ln_outside: Vec::with_capacity(draws) };
    for s in 0..draws {
        let u = proposal[s % proposal.len()].heavy.wide.at(&points.next(&mut rng));
        thetas.ln_outside.push(density.all_outside(u.as_slice()).total() - ln_density(proposal, &u));
        thetas.u.push(u.as_slice().to_vec());
    }
    thetas
}

/// What a task says of every theta.
fn of_task(
    fixed: &FixedThetas<'_>,
    basis: &Basis<'_>,
    task: usize,
    memory: &mut TaskMemory,
    effort: Effort,
) -> TaskAnswers {
    let draws = effort.draws;
    // these thetas are elsewhere, and closer to each other, than those of the round before
    memory.trend = Trend::default();
    let mut rng = Stream::ProposalsOf { task: task as u64 }.of(effort.seed);
    let mut asker = fixed.asker();
    let (mut ln_z, mut phi, mut proposals) = (Vec::with_capacity(draws), Vec::new(), Vec::new());
    let guess = Guess { start: &basis.modes_at_mean[task], covariance: &basis.gaussian.tasks[task].covariance };
    let inner = Inner { wanted: 1, most: effort.most_inner };
    for theta in 0..draws {
        let answer = asker.answer(&Ask { task, theta, guess, inner }, memory, &mut rng);
        ln_z.push(answer.ln_z);
        phi.extend(answer.draws[0].iter());
        if theta % (draws / JUDGED).max(1) == 0 {
            proposals.extend(answer.weights);
        }
    }
    let limit = reliable_below(proposals.len());
    let k_hat = k_hat_of_proposals(proposals);
    TaskAnswers { ln_z, phi, k_hat, is_reliable: k_hat == 0.0 || k_hat < limit }
}
