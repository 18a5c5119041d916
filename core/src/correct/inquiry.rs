//! Asking tasks about thetas, round after round, in batches by the clock.

use crate::conditional::memory::TaskMemory;
use crate::conditional::{Ask, Conditionals, Guess, Inner, Known};
use crate::correct::clock::Clock;
use crate::correct::effort::{Effort, FEWEST_DRAWS};
use crate::correct::pool::{Pool, ProposalWeights, Proposed, TaskAnswers};
use crate::correct::precision::PRECISE;
use crate::correct::proposal::{Part, Proposal};
use crate::correct::reweighting::Basis;
use crate::correct::walk::AskAt;
use crate::density::gaussian_globals::GaussianGlobals;
use crate::linalg::gaussian::{Gaussian, standard_normal};
use crate::progress::Progress;
use crate::sampling::lattice::Points;
use crate::sampling::psis::SmoothWeights;
use crate::sampling::strata::Strata;
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
/// A round is made of so many sets of evenly spread points, so that the sets tell how far to trust one.
pub(crate) const SETS: usize = 8;
/// Tasks that one thread takes at least.
const CHUNK: usize = 8;

/// What a round is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoundPlan<'p> {
    /// `None` where there is but one theta.
    pub(crate) proposal: Option<&'p Proposal>,
    pub(crate) draws: usize,
    pub(crate) number: usize,
}

/// A stream of points that thetas are made of.
struct ProposedPoints<'r> {
    points: Points,
    /// How many coordinates of theta are Gaussian given the others.
    of_w: usize,
    strata: Strata,
    rng: &'r mut ChaCha8Rng,
}

/// Coordinates that are proposed, and standard normal numbers for the others.
struct ThetaPoint {
    proposed: DVector<f64>,
    z: Vec<f64>,
}

impl ProposedPoints<'_> {
    fn next(&mut self, part: &Part) -> ThetaPoint {
        let proposed = part.heavy.wide.at(&self.points.next(self.rng));
        let mut z = Vec::with_capacity(self.of_w);
        if self.of_w > 0 {
            self.strata.normals(self.of_w, self.rng, &mut z);
        }
        ThetaPoint { proposed, z }
    }
}

/// What asks tasks about thetas, round after round.
pub(crate) struct Inquiry<'a> {
    conditionals: &'a Conditionals<'a>,
    basis: &'a Basis<'a>,
    tasks: Vec<TaskInquiry>,
    effort: Effort,
    /// What of theta is Gaussian given the rest of it.
    gaussian: Option<GaussianGlobals>,
    pub(crate) clock: Clock,
    progress: &'a Progress,
    /// Where chains start, and what is Gaussian given their states.
    of_chains: ChaCha8Rng,
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
        progress: &'a Progress,
    ) -> Self {
        let new = |_| TaskInquiry { memory: TaskMemory::default(), rng: Stream::Proposals.of(effort.seed) };
        let tasks = (0..basis.guide.num_tasks()).map(new).collect();
        let of_chains = Stream::Chains.of(effort.seed);
        let gaussian = conditionals.density.gaussian_globals(&basis.guide.global.loc).filter(|_| !basis.is_fixed());
        Self { conditionals, basis, tasks, effort, gaussian, clock: Clock::start(effort.budget), progress, of_chains }
    }

    /// Draws theta from the proposal, and asks every task of each draw, as long as there is time; the pool has them then.
    pub(crate) fn round(&mut self, plan: RoundPlan<'_>, pool: &mut Pool) {
        let seed = self.effort.seed.wrapping_add(plan.number as u64);
        let mut rng = Stream::Proposals.of(seed);
        let of_w = self.gaussian.as_ref().map_or(0, |gaussian| gaussian.w.len());
        let dimensions = self.proposed().len();
        let points = Points::new(dimensions, &mut rng);
        let mut points = ProposedPoints { points, of_w, strata: Strata::default(), rng: &mut rng };
        for (i, task) in self.tasks.iter_mut().enumerate() {
            task.memory.turn_to_other_thetas();
            task.rng = Stream::ProposalsOf { task: i as u64 }.of(seed);
        }
        let set = plan.draws.div_ceil(SETS);
        let mut drawn = 0;
        while drawn < plan.draws && !pool.is_cut {
            if drawn % set == 0 {
                points.points = Points::new(dimensions, points.rng);
            }
            let count = self.batch().min(plan.draws - drawn).min(set - drawn % set);
            let thetas = self.propose(plan.proposal, drawn..drawn + count, &mut points);
            self.ask(&thetas.u, &mut pool.tasks);
            pool.add(thetas);
            drawn += count;
            self.clock.thetas += count;
            self.progress.of_thetas(self.clock.thetas, plan.draws - drawn);
            pool.is_cut = drawn < plan.draws && (self.clock.is_up() || self.clock.excess(2 * FEWEST_DRAWS).is_some());
        }
        pool.end_round(plan.proposal, set);
    }

    /// How many times the draws that there are it takes until enough of them count, and what they tell is precise.
    pub(crate) fn times_wanted(&self, pool: &Pool, smoothed: &SmoothWeights) -> f64 {
        let precision = pool.drawn(&smoothed.weights).precision(self.conditionals.density);
        let worst = precision.worst_within(self.effort.most_draws as f64 / smoothed.weights.len() as f64);
        (worst / PRECISE).powi(2).max(self.effort.enough / smoothed.effective)
    }

    /// Thetas that are asked about before the clock is looked at again; at first very few.
    fn batch(&self) -> usize {
        if self.clock.thetas == 0 {
            return FEWEST_TOGETHER;
        }
        (ANSWERS_TOGETHER / self.tasks.len().max(1)).clamp(FEWEST_TOGETHER, MOST_TOGETHER)
    }

    /// Coordinates of theta that are proposed.
    pub(crate) fn proposed(&self) -> Vec<usize> {
        let all = || (0..self.basis.guide.global.len()).collect();
        self.gaussian.as_ref().map_or_else(all, |gaussian| gaussian.others.clone())
    }

    /// What the basis says of the coordinates that are proposed.
    pub(crate) fn first_proposal(&self) -> Option<Part> {
        let (at, root) = (self.proposed(), self.basis.gaussian.global.root());
        let covariance = (&root * root.transpose()).select_rows(&at).select_columns(&at);
        let mean = DVector::from_column_slice(&self.basis.guide.global.loc).select_rows(&at);
        Part::new(Gaussian { mean, root: covariance.cholesky()?.unpack() })
    }

    /// Where chains start: draws of the guide's of those coordinates.
    pub(crate) fn starts(&mut self, chains: usize) -> Vec<DVector<f64>> {
        let (at, guide) = (self.proposed(), &self.basis.guide.global);
        let mut draw = || {
            let drawn = guide.at(standard_normal(guide.len(), &mut self.of_chains).as_slice());
            DVector::from_vec(drawn).select_rows(&at)
        };
        (0..chains).map(|_| draw()).collect()
    }

    fn propose(&self, proposal: Option<&Proposal>, numbers: Range<usize>, points: &mut ProposedPoints<'_>) -> Proposed {
        let (density, guide) = (self.conditionals.density, self.basis.guide);
        let Some(proposal) = proposal else {
            // the density of theta itself does not count
            let data = density.all_outside(&guide.global.loc).data;
            let u = vec![guide.global.loc.clone(); numbers.len()];
            return Proposed { ln_outside: vec![data; u.len()], u, coordinates: Vec::new() };
        };
        let points: Vec<ThetaPoint> = numbers.map(|s| points.next(proposal.of_draw(s))).collect();
        let (u, ln_outside) = points.par_iter().map(|point| self.complete(point)).unzip();
        Proposed { u, ln_outside, coordinates: points.into_iter().map(|point| point.proposed).collect() }
    }

    /// The whole of a theta, what is Gaussian given the rest being drawn from its own normal; and its log density but for the
    /// tasks, less that of what is drawn here.
    fn complete(&self, point: &ThetaPoint) -> (Vec<f64>, f64) {
        let density = self.conditionals.density;
        let Some(gaussian) = &self.gaussian else {
            let u = point.proposed.as_slice().to_vec();
            let ln_p = density.all_outside(&u).total();
            return (u, ln_p);
        };
        let mut u = self.basis.guide.global.loc.clone();
        gaussian.others.iter().zip(point.proposed.iter()).for_each(|(&j, x)| u[j] = *x);
        let Some(given) = density.w_given_others(gaussian, &u) else { return (u, f64::NEG_INFINITY) };
        let (w, ln_q) = given.draw(&point.z);
        gaussian.w.iter().zip(w).for_each(|(&j, w)| u[j] = w);
        let ln_p = density.all_outside(&u).total();
        (u, ln_p - ln_q)
    }

    /// What every task says of some thetas.
    fn ask(&mut self, thetas: &[Vec<f64>], answers: &mut [TaskAnswers]) {
        let Self { conditionals, basis, effort, tasks, .. } = self;
        let fixed = conditionals.fix(thetas);
        let asked = tasks.par_iter_mut().zip(answers).enumerate().with_min_len(CHUNK);
        let every = (effort.draws / JUDGED).max(1);
        asked.for_each_init(
            || fixed.asker(),
            |asker, (i, (task, answers))| {
                let (start, covariance) = (&basis.modes_at_mean[i], &basis.gaussian.tasks[i].covariance);
                let inner = Inner { wanted: 1, most: effort.most_inner };
                for theta in 0..thetas.len() {
                    let ask = Ask { task: i, theta, guess: Guess { start, covariance }, inner };
                    let mut weights = Vec::new();
                    let known = &mut Known { phi: &mut answers.phi, weights: &mut weights };
                    let ln_z = asker.sample(&ask, &mut task.memory, &mut task.rng, known);
                    let draw = answers.ln_z.len();
                    if draw.is_multiple_of(every) {
                        answers.proposals.push(ProposalWeights { draw, weights });
                    }
                    answers.ln_z.push(ln_z);
                }
            },
        );
    }
}

impl AskAt for Inquiry<'_> {
    fn at(&mut self, coordinates: Vec<DVector<f64>>, pool: &mut Pool) {
        let of_w = self.gaussian.as_ref().map_or(0, |gaussian| gaussian.w.len());
        let rng = &mut self.of_chains;
        let point = |proposed| ThetaPoint { proposed, z: standard_normal(of_w, rng).as_slice().to_vec() };
        let points: Vec<ThetaPoint> = coordinates.into_iter().map(point).collect();
        let (u, ln_outside): (Vec<_>, Vec<_>) = points.iter().map(|point| self.complete(point)).unzip();
        self.ask(&u, &mut pool.tasks);
        self.clock.thetas += u.len();
        self.progress.of_thetas(self.clock.thetas, 0);
        pool.add(Proposed { u, ln_outside, coordinates: points.into_iter().map(|point| point.proposed).collect() });
    }

    fn is_up(&self) -> bool {
        self.clock.is_up()
    }
}
