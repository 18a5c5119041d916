//! ln p(theta, D) of tasks that come in shards, every shard read once for many thetas:
//!     ln p(theta, D) = ln p(theta) + ln p(D outside the plate | theta) + sum_i ln Z_i(theta)
//!
//! Where Z_i is no exact number but a mean over proposals, new ones for every theta, weights of theta are multiplied by noise whose
//! logarithm has a variance of
//!     V = sum_i Var[Z_i] / Z_i^2
//! They remain right on average, but only e^-V of the draws that would count still do: k-hat and effective draws show it, as long
//! as the tasks' own weights have a variance. V and the tasks of which that is in doubt are told with each round.

use crate::conditional::memory::TaskMemory;
use crate::conditional::{Ask as AskTask, Conditionals, Guess, Inner, TaskEvidence};
use crate::correct::effort::Effort;
use crate::correct::inquiry::{JUDGED, RoundPlan, SETS};
use crate::correct::judged::{Judged, NoiseOfTasks};
use crate::correct::pool::{Pool, Proposed};
use crate::correct::proposal::Proposal;
use crate::correct::rounds::Ask;
use crate::correct::walk::AskAt;
use crate::density::Density;
use crate::error::Error;
use crate::sampling::lattice::Points;
use crate::sampling::psis::SmoothWeights;
use crate::sampling::stream::Stream;
use crate::shards::ExactSum;
use crate::shards::source::{Counted, Source};
use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

/// Tasks that one thread takes at a time.
const CHUNK: usize = 64;

/// What asks the tasks of all shards about thetas, pass after pass.
pub(super) struct Streamed<'a> {
    source: &'a Source<'a>,
    counted: &'a Counted,
    effort: Effort,
    passes: u64,
    /// Of the last round.
    pub(super) noise: NoiseOfTasks,
    /// The first thing that went wrong, after which nothing is asked any more.
    pub(super) error: Option<Error>,
}

/// Thetas that tasks are asked about.
struct Thetas<'t> {
    u: &'t [Vec<f64>],
    /// By theta, its weight in the posterior as far as that is known; empty where tasks are not judged.
    shares: &'t [f64],
}

impl Thetas<'_> {
    /// The weight of a theta that tasks are judged by: of many thetas some do.
    fn judging(&self, theta: usize) -> Option<f64> {
        let every = (self.u.len() / JUDGED).max(1);
        self.shares.get(theta).copied().filter(|_| theta.is_multiple_of(every))
    }
}

/// What a task's evidences say of themselves.
#[derive(Default)]
struct Judging {
    shares: f64,
    /// Sum of shares and variances.
    noise: f64,
    /// The weights of its proposals, by theta.
    proposals: Vec<(f64, Vec<f64>)>,
}

impl Judging {
    fn hear(&mut self, share: f64, evidence: TaskEvidence) {
        if evidence.ln_z.is_finite() {
            self.shares += share;
            self.noise += share * evidence.variance;
            self.proposals.push((share, evidence.weights));
        }
    }

    /// The noise of this one task: none where its evidences are exact.
    fn judge(self) -> NoiseOfTasks {
        if self.proposals.iter().all(|(_, weights)| weights.is_empty()) {
            return NoiseOfTasks::default();
        }
        let doubtful = if Judged::of(self.proposals).is_doubtful { 1.0 } else { 0.0 };
        NoiseOfTasks { variance: self.noise / self.shares, doubtful }
    }
}

impl<'a> Streamed<'a> {
    pub(super) fn new(source: &'a Source<'a>, counted: &'a Counted, effort: Effort) -> Self {
        Self { source, counted, effort, passes: 0, noise: NoiseOfTasks::default(), error: None }
    }

    /// Adds thetas to the pool, and what all tasks say of each.
    fn tell(&mut self, coordinates: Vec<DVector<f64>>, shares: &[f64], pool: &mut Pool) {
        let u: Vec<Vec<f64>> = coordinates.iter().map(|u| u.as_slice().to_vec()).collect();
        let told = if self.error.is_none() { self.pass(&Thetas { u: &u, shares }) } else { Ok(Vec::new()) };
        let told = told.unwrap_or_else(|error| {
            self.error = Some(error);
            Vec::new()
        });
        let ln_z = told.iter().map(|sum| sum.value()).chain(std::iter::repeat(f64::NEG_INFINITY));
        let outside = self.source.pilot.outside;
        let ln_outside = u.iter().zip(ln_z).map(|(u, ln_z)| outside.all_outside(u).total() + ln_z).collect();
        if let ([variance, doubtful], false) = (told.get(u.len()..).unwrap_or_default(), shares.is_empty()) {
            self.noise = NoiseOfTasks { variance: variance.value(), doubtful: doubtful.value() };
        }
        pool.add(Proposed { u, coordinates, ln_outside });
    }

    /// By theta, the sum of ln Z_i over all tasks; then that of the variances of ln Z_i, and the number of doubtful tasks.
    fn pass(&mut self, thetas: &Thetas<'_>) -> Result<Vec<ExactSum>, Error> {
        self.passes += 1;
        self.source.pass(thetas.u.len() + 2, |shard, program| {
            let tasks = self.counted.same_length(shard, program.num_tasks())?;
            let Some(mut density) = self.source.density(program)? else { return Ok(Vec::new()) };
            density.total_tasks = self.counted.num_tasks();
            Ok(self.of_tasks(&density, tasks.start, thetas))
        })
    }

    fn of_tasks(&self, density: &Density<'_>, first: usize, thetas: &Thetas<'_>) -> Vec<ExactSum> {
        let conditionals = Conditionals::new(density);
        let conditionals = if self.counted.is_gaussian { conditionals } else { conditionals.by_visits() };
        let fixed = conditionals.fix(thetas.u);
        let inner = Inner { wanted: 0, most: self.effort.most_inner };
        let seed = self.effort.seed.wrapping_add(self.passes);
        let nothing = || vec![ExactSum::default(); thetas.u.len() + 2];
        let of_chunk = |chunk: usize| {
            let (mut asker, mut sums) = (fixed.asker(), nothing());
            for task in (chunk * CHUNK..density.num_tasks()).take(CHUNK) {
                let n = density.offsets[task + 1] - density.offsets[task];
                let (start, covariance) = ((self.source.pilot.typical)(n), DMatrix::identity(n, n));
                let guess = Guess { start: &start, covariance: &covariance };
                let (mut memory, mut judging) = (TaskMemory::default(), Judging::default());
                let mut rng = Stream::ProposalsOf { task: (first + task) as u64 }.of(seed);
                for (theta, sum) in sums.iter_mut().enumerate().take(thetas.u.len()) {
                    let evidence = asker.evidence(&AskTask { task, theta, guess, inner }, &mut memory, &mut rng);
                    sum.add(evidence.ln_z);
                    if let Some(share) = thetas.judging(theta) {
                        judging.hear(share, evidence);
                    }
                }
                let NoiseOfTasks { variance, doubtful } = judging.judge();
                sums[thetas.u.len()].add(variance);
                sums[thetas.u.len() + 1].add(doubtful);
            }
            sums
        };
        let merged = |mut sums: Vec<ExactSum>, more: Vec<ExactSum>| {
            sums.iter_mut().zip(more).for_each(|(sum, more)| sum.merge(more));
            sums
        };
        (0..density.num_tasks().div_ceil(CHUNK)).into_par_iter().map(of_chunk).reduce(nothing, merged)
    }
}

impl AskAt for Streamed<'_> {
    fn at(&mut self, coordinates: Vec<DVector<f64>>, pool: &mut Pool) {
        self.tell(coordinates, &[], pool);
    }

    fn is_up(&self) -> bool {
        self.error.is_some()
    }
}

impl Ask for Streamed<'_> {
    fn round(&mut self, plan: RoundPlan<'_>, pool: &mut Pool) {
        let proposal = plan.proposal.expect("theta is drawn");
        let dimensions = proposal.main().dimensions();
        let mut rng = Stream::Proposals.of(self.effort.seed.wrapping_add(plan.number as u64));
        let set = plan.draws.div_ceil(SETS);
        let mut coordinates = Vec::with_capacity(plan.draws);
        while coordinates.len() < plan.draws {
            let mut points = Points::new(dimensions, &mut rng);
            for number in (coordinates.len()..plan.draws).take(set) {
                coordinates.push(proposal.of_draw(number).heavy.wide.at(&points.next(&mut rng)));
            }
        }
        // what the proposal takes the posterior for, without its lookouts
        let main = Proposal::of(proposal.main().clone());
        let share = |u: &DVector<f64>| (main.ln_density(u.as_slice()) - proposal.ln_density(u.as_slice())).exp();
        let shares: Vec<f64> = coordinates.iter().map(share).collect();
        self.tell(coordinates, &shares, pool);
        pool.is_cut = self.error.is_some();
        pool.end_round(plan.proposal, set);
    }

    fn times_wanted(&self, pool: &Pool, smoothed: &SmoothWeights) -> f64 {
        let precision = pool.drawn(&smoothed.weights).precision(self.source.pilot.outside);
        self.effort.times_wanted(&precision, smoothed)
    }
}
