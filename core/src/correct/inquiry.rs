//! Asking tasks about thetas, round after round, in batches by the clock.

use crate::conditional::memory::TaskMemory;
use crate::conditional::{Ask, Conditionals, Guess, Inner, Known};
use crate::correct::clock::Clock;
use crate::correct::effort::{Effort, FEWEST_DRAWS};
use crate::correct::pool::{Pool, ProposalWeights, Proposed, TaskAnswers};
use crate::correct::proposal::{Part, Proposal};
use crate::correct::rest::Rest;
use crate::correct::reweighting::Basis;
use crate::correct::search::{MOST_SEARCHED, peak};
use crate::correct::walk::AskAt;
use crate::density::integrated::{Integrated, Integration, IntegrationSpace, TasksGiven};
use crate::linalg::gaussian::standard_normal;
use crate::progress::Progress;
use crate::sampling::lattice::Points;
use crate::sampling::psis::SmoothWeights;
use crate::sampling::strata::Strata;
use crate::sampling::stream::Stream;
use nalgebra::DVector;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Mutex;

/// The weights of proposals for so many thetas judge a task's own.
pub(crate) const JUDGED: usize = 100;
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
    rest: Rest,
    /// Those that no thread uses: what is wide is cleared faster than found.
    spaces: Mutex<Vec<IntegrationSpace>>,
    pub(crate) clock: Clock,
    progress: &'a Progress,
    /// Where chains start, and what is Gaussian given their states.
    of_chains: ChaCha8Rng,
}

/// A theta, and what is known of it where everything but some of its coordinates was integrated out.
struct GivenOthers<T> {
    theta: Vec<f64>,
    /// ln p of those coordinates and the data.
    ln_p: f64,
    /// What is kept of the tasks given theta.
    tasks: T,
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
        let spaces = Mutex::default();
        Self {
            conditionals,
            basis,
            tasks,
            effort,
            rest,
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
    pub(crate) fn proposed(&self) -> Vec<usize> {
        let all = || (0..self.basis.guide.global.len()).collect();
        self.rest.globals().map_or_else(all, |globals| globals.others.clone())
    }

    /// What the basis says of the coordinates that are proposed.
    pub(crate) fn first_proposal(&self) -> Option<Part> {
        self.basis.proposal_of(&self.proposed())
    }

    /// A better first proposal where little is known of few coordinates, all else being integrated out.
    pub(crate) fn searched(&mut self, first: Part) -> Part {
        if self.basis.gaussian.curvature.is_some() || first.dimensions() > MOST_SEARCHED {
            return first;
        }
        let pool = Pool::new(self.basis.guide.global.len(), 0);
        match &self.rest {
            Rest::Integrated(_) => peak(&first, pool, self).unwrap_or(first),
            Rest::Field(_) => {
                let found = peak(&first, pool, &mut ByNormals(self)).unwrap_or(first);
                self.rest.turn_to(&found.heavy.wide.mean, self.conditionals.density, self.basis);
                found
            }
            Rest::Nothing | Rest::Presumed(_) => first,
        }
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

    /// Draws thetas of a round, and what every task says of each, into the pool.
    fn propose(
        &mut self,
        proposal: Option<&Proposal>,
        numbers: Range<usize>,
        points: &mut ProposedPoints<'_>,
        pool: &mut Pool,
    ) {
        let Some(proposal) = proposal else {
            // the density of theta itself does not count
            let (density, loc) = (self.conditionals.density, &self.basis.guide.global.loc);
            let u = vec![loc.clone(); numbers.len()];
            let ln_outside = vec![density.all_outside(loc).data; u.len()];
            self.ask(&u, &mut pool.tasks);
            return pool.add(Proposed { u, ln_outside, coordinates: Vec::new() });
        };
        let points: Vec<ThetaPoint> = numbers.map(|s| points.next(proposal.of_draw(s))).collect();
        let (u, ln_outside) =
            if let Some(integrated) = self.integrated(&points, |all, rest, step| rest.tasks_given(all, step)) {
                self.draw_tasks(integrated, &mut pool.tasks)
            } else {
                let (u, ln_outside): (Vec<_>, Vec<_>) = points.par_iter().map(|point| self.complete(point)).unzip();
                self.ask(&u, &mut pool.tasks);
                (u, ln_outside)
            };
        pool.add(Proposed { u, ln_outside, coordinates: points.into_iter().map(|point| point.proposed).collect() });
    }

    /// Everything else integrated out at each point, where it is Gaussian and all the numbers are exact; w is drawn, and `keep`
    /// is told how far from where the guide has it.
    fn integrated<T: Send>(
        &self,
        points: &[ThetaPoint],
        keep: impl Fn(&Integration, &Integrated, &[f64]) -> T + Sync,
    ) -> Option<Vec<GivenOthers<T>>> {
        let Rest::Integrated(integration) = &self.rest else { return None };
        let density = self.conditionals.density;
        let of_point = |point: &ThetaPoint| {
            let mut theta = self.rest.around(&self.basis.guide.global, &point.proposed);
            let mut space = self.spaces.lock().ok().and_then(|mut spaces| spaces.pop()).unwrap_or_default();
            let rest = density.integrate(integration, &theta, &mut space).filter(|rest| !rest.is_rough)?;
            let (step, _) = rest.w.draw(&point.z);
            integration.globals.w.iter().zip(&step).for_each(|(&j, step)| theta[j] += step);
            let found = GivenOthers { theta, ln_p: rest.ln_p, tasks: keep(integration, rest, &step) };
            self.spaces.lock().into_iter().for_each(|mut spaces| spaces.push(std::mem::take(&mut space)));
            Some(found)
        };
        points.par_iter().map(of_point).collect()
    }

    /// Draws of phi for each theta; the thetas, and the log densities of the others less what the tasks say.
    fn draw_tasks(
        &mut self,
        given: Vec<GivenOthers<TasksGiven>>,
        answers: &mut [TaskAnswers],
    ) -> (Vec<Vec<f64>>, Vec<f64>) {
        let Self { rest: Rest::Integrated(integration), tasks, basis, .. } = self else {
            unreachable!("something is integrated out");
        };
        let drawn = tasks.par_iter_mut().zip(answers).zip(&integration.tasks).enumerate().with_min_len(CHUNK);
        drawn.for_each_init(Vec::new, |z, (i, ((task, answers), room))| {
            for GivenOthers { tasks: given, .. } in &given {
                z.clear();
                task.memory.strata.normals(basis.guide.task(i).len(), &mut task.rng, z);
                given.draw_into(room, z, &mut answers.phi);
                answers.ln_z.push(given.ln_z[i]);
            }
        });
        let parts = |GivenOthers { theta, ln_p, tasks }| {
            let TasksGiven { ln_z, .. } = tasks;
            (theta, ln_p - ln_z.iter().sum::<f64>())
        };
        given.into_iter().map(parts).unzip()
    }

    /// The whole of a theta, what is proposed given the rest being drawn from its normal; and its log density but for the tasks,
    /// less that of what is drawn here.
    fn complete(&self, point: &ThetaPoint) -> (Vec<f64>, f64) {
        let density = self.conditionals.density;
        let Some(globals) = self.rest.globals() else {
            let u = point.proposed.as_slice().to_vec();
            let ln_p = density.all_outside(&u).total();
            return (u, ln_p);
        };
        let mut u = self.rest.around(&self.basis.guide.global, &point.proposed);
        let Some(normal) = self.rest.normal_at(density, &u) else { return (u, f64::NEG_INFINITY) };
        let (step, ln_q) = self.rest.draw(&normal, &point.z);
        globals.w.iter().zip(step).for_each(|(&j, step)| u[j] += step);
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
        let of_w = self.rest.globals().map_or(0, |globals| globals.w.len());
        let rng = &mut self.of_chains;
        let point = |proposed| ThetaPoint { proposed, z: standard_normal(of_w, rng).as_slice().to_vec() };
        let points: Vec<ThetaPoint> = coordinates.into_iter().map(point).collect();
        let (u, ln_p) = if let Some(integrated) = self.integrated(&points, |_, _, _| ()) {
            integrated.into_iter().map(|given| (given.theta, given.ln_p)).unzip()
        } else {
            let (u, mut ln_p): (Vec<_>, Vec<_>) = points.iter().map(|point| self.complete(point)).unzip();
            let mut tasks = vec![TaskAnswers::default(); self.tasks.len()];
            self.ask(&u, &mut tasks);
            for task in tasks {
                ln_p.iter_mut().zip(task.ln_z).for_each(|(p, z)| *p += z);
            }
            (u, ln_p)
        };
        self.clock.thetas += u.len();
        self.progress.of_thetas(self.clock.thetas, 0);
        let coordinates = points.into_iter().map(|point| point.proposed).collect();
        pool.add(Proposed { u, coordinates, ln_outside: ln_p });
    }

    fn is_up(&self) -> bool {
        self.clock.is_up()
    }
}

/// Tells densities by the bounds of normals, in which there is no chance.
struct ByNormals<'i, 'a>(&'i mut Inquiry<'a>);

impl AskAt for ByNormals<'_, '_> {
    fn at(&mut self, coordinates: Vec<DVector<f64>>, pool: &mut Pool) {
        let Self(inquiry) = self;
        let density = inquiry.conditionals.density;
        let of_point = |proposed: &DVector<f64>| inquiry.rest.bound_at(density, &inquiry.basis.guide.global, proposed);
        let (u, ln_outside): (Vec<_>, Vec<_>) = coordinates.par_iter().map(of_point).unzip();
        inquiry.clock.thetas += u.len();
        pool.add(Proposed { u, coordinates, ln_outside });
    }

    fn is_up(&self) -> bool {
        self.0.clock.is_up()
    }
}
