//! Asking tasks about thetas, round after round, in batches by the clock.

mod points;
mod thetas;
mod walks;

use crate::conditional::Conditionals;
use crate::conditional::memory::TaskMemory;
use crate::correct::clock::Clock;
use crate::correct::effort::{Effort, FEWEST_DRAWS};
use crate::correct::log_scales::LogScales;
use crate::correct::pool::Pool;
use crate::correct::proposal::{Part, Proposal};
use crate::correct::rest::Rest;
use crate::correct::reweighting::Basis;
use crate::density::integrated::IntegrationSpace;
use crate::linalg::gaussian::{Gaussian, standard_normal};
use crate::progress::Progress;
use crate::sampling::lattice::Points;
use crate::sampling::psis::SmoothWeights;
use crate::sampling::strata::Strata;
use crate::sampling::stream::Stream;
use nalgebra::DVector;
use points::ProposedPoints;
use rand_chacha::ChaCha8Rng;
use std::sync::Mutex;
pub(crate) use thetas::JUDGED;

/// Thetas are asked about together, for about so many answers of tasks, and in batches of no fewer and no more than these.
const ANSWERS_TOGETHER: usize = 1 << 14;
const FEWEST_TOGETHER: usize = 8;
const MOST_TOGETHER: usize = 256;
/// A round is made of so many sets of evenly spread points, so that the sets tell how far to trust one.
pub(crate) const SETS: usize = 8;

/// What a round is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoundPlan<'p> {
    /// `None` where there is but one theta.
    pub(crate) proposal: Option<&'p Proposal>,
    pub(crate) draws: usize,
    pub(crate) number: usize,
}

/// What asks tasks about thetas, round after round.
pub(crate) struct Inquiry<'a> {
    conditionals: &'a Conditionals<'a>,
    basis: &'a Basis<'a>,
    tasks: Vec<TaskInquiry>,
    effort: Effort,
    rest: Rest,
    log_scales: LogScales,
    /// Those that no thread uses: what is wide is cleared faster than found.
    spaces: Mutex<Vec<IntegrationSpace>>,
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
        let rest = Rest::of(conditionals.density, basis);
        let log_scales = LogScales::among(&rest.proposed(basis.guide), conditionals.density, basis.guide);
        let spaces = Mutex::default();
        Self {
            conditionals,
            basis,
            tasks,
            effort,
            rest,
            log_scales,
            spaces,
            clock: Clock::start(effort.budget),
            progress,
            of_chains,
        }
    }

    /// Draws theta from the proposal, and asks every task of each draw, as long as there is time; the pool has them then.
    pub(crate) fn round(&mut self, plan: RoundPlan<'_>, pool: &mut Pool) {
        let seed = self.effort.seed.wrapping_add(plan.number as u64);
        let mut rng = Stream::Proposals.of(seed);
        let of_w = self.rest.globals().map_or(0, |globals| globals.w.len());
        let dimensions = self.proposed().len();
        let points = Points::new(dimensions, &mut rng);
        let mut points = ProposedPoints { points, of_w, strata: Strata::default(), rng: &mut rng };
        for (i, task) in self.tasks.iter_mut().enumerate() {
            task.memory.turn_to_other_thetas();
            task.rng = Stream::ProposalsOf { task: i as u64 }.of(seed);
        }
        for (i, answers) in pool.tasks.iter_mut().enumerate() {
            answers.reserve(plan.draws, self.basis.guide.task(i).len());
        }
        let set = plan.draws.div_ceil(SETS);
        let mut drawn = 0;
        while drawn < plan.draws && !pool.is_cut {
            if drawn % set == 0 {
                points.points = Points::new(dimensions, points.rng);
            }
            let count = self.batch().min(plan.draws - drawn).min(set - drawn % set);
            self.propose(plan.proposal, drawn..drawn + count, &mut points, pool);
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
        self.effort.times_wanted(&precision, smoothed)
    }

    /// Thetas that are asked about before the clock is looked at again; at first very few.
    fn batch(&self) -> usize {
        if self.clock.thetas == 0 {
            return FEWEST_TOGETHER;
        }
        (ANSWERS_TOGETHER / self.tasks.len().max(1)).clamp(FEWEST_TOGETHER, MOST_TOGETHER)
    }

    /// Coordinates of theta that are proposed.
    fn proposed(&self) -> Vec<usize> {
        self.rest.proposed(self.basis.guide)
    }

    /// What is proposed of a theta, as it is proposed.
    pub(crate) fn coordinates_of(&self, theta: &[f64]) -> DVector<f64> {
        let mut proposed = DVector::from_column_slice(theta).select_rows(&self.proposed());
        self.log_scales.of_theta(&mut proposed);
        proposed
    }

    /// The theta with these coordinates, all else being where it is looked for; ln of the volume of theta that one of the
    /// coordinates stands for.
    fn theta_of(&self, proposed: &DVector<f64>) -> (Vec<f64>, f64) {
        let mut proposed = proposed.clone();
        let ln_volume = self.log_scales.to_theta(&mut proposed);
        (self.rest.around(&self.basis.guide.global, &proposed), ln_volume)
    }

    /// What the basis says of the coordinates that are proposed; around their centres they are those of theta.
    pub(crate) fn first_proposal(&self) -> Option<Part> {
        self.basis.proposal_of(&self.proposed())
    }

    /// What is known of those coordinates around other modes of theta.
    pub(crate) fn other_proposals(&self) -> Vec<Part> {
        let at = self.proposed();
        let of_mode = |mode: &Gaussian| {
            let mean = self.coordinates_of(mode.mean.as_slice());
            Part::new(Gaussian { mean, ..mode.marginal(&at)? })
        };
        self.basis.other_modes.iter().filter_map(of_mode).collect()
    }

    /// Where chains start: draws of the guide's of those coordinates.
    pub(crate) fn starts(&mut self, chains: usize) -> Vec<DVector<f64>> {
        let guide = &self.basis.guide.global;
        let mut draw = || guide.at(standard_normal(guide.len(), &mut self.of_chains).as_slice());
        let drawn: Vec<Vec<f64>> = (0..chains).map(|_| draw()).collect();
        drawn.iter().map(|theta| self.coordinates_of(theta)).collect()
    }
}
