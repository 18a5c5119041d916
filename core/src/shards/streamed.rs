//! ln p(theta, D) of tasks that come in shards, every shard read once for many thetas:
//!     ln p(theta, D) = ln p(theta) + ln p(D outside the plate | theta) + sum_i ln Z_i(theta)

use crate::conditional::memory::TaskMemory;
use crate::conditional::{Ask, Conditionals, Guess, Inner, Known};
use crate::correct::pool::{Pool, Proposed};
use crate::correct::walk::AskAt;
use crate::density::program::Program;
use crate::density::shape::Shape;
use crate::density::{Density, Writing};
use crate::error::Error;
use crate::interpret::discover::Start;
use crate::sampling::stream::Stream;
use crate::shards::{ExactSum, ShardSum};
use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

/// Tasks that one thread takes at a time.
const CHUNK: usize = 64;
/// Most proposals of phi_i a theta.
const MOST_INNER: usize = 64;

/// Shards of tasks whose types are erased.
pub(super) trait ShardPrograms: Sync {
    fn num_shards(&self) -> usize;

    /// Reads a shard, and shows it as the tasks of a program.
    fn visit(&self, number: usize, look: &mut dyn FnMut(&dyn Program) -> Result<(), Error>) -> Result<(), Error>;
}

/// What tells ln p(theta, D).
pub(super) struct Streamed<'a> {
    pub(super) shards: &'a dyn ShardPrograms,
    pub(super) sum: &'a dyn ShardSum,
    /// What is outside the plate.
    pub(super) outside: &'a Density<'a>,
    pub(super) start: &'a Start,
    /// Where phi is for a task of so many coordinates, as far as is known.
    pub(super) typical: &'a (dyn Fn(usize) -> DVector<f64> + Sync),
    /// By shard, the number of its first task; and how many there are at the end.
    pub(super) firsts: Vec<usize>,
    pub(super) seed: u64,
    /// The first thing that went wrong, after which nothing is asked any more.
    pub(super) error: Option<Error>,
}

impl Streamed<'_> {
    /// By shard, the number of its first task; and the number of all.
    pub(super) fn firsts(shards: &dyn ShardPrograms, sum: &dyn ShardSum) -> Result<Vec<usize>, Error> {
        let mut counts = vec![ExactSum::default(); shards.num_shards()];
        let counted = (0..counts.len()).filter(|number| sum.reads(*number)).try_for_each(|number| {
            shards.visit(number, &mut |program| {
                counts[number].add(program.num_tasks() as f64);
                Ok(())
            })
        });
        let mut firsts = vec![0];
        for count in sum.total(counted.map(|()| counts))? {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count that was a `usize`")]
            firsts.push(firsts[firsts.len() - 1] + count.value() as usize);
        }
        Ok(firsts)
    }

    pub(super) fn num_tasks(&self) -> usize {
        self.firsts[self.firsts.len() - 1]
    }

    /// ln p(theta, D), by theta.
    pub(super) fn ln_p(&self, thetas: &[Vec<f64>]) -> Result<Vec<f64>, Error> {
        let sums = self.sum.total(self.of_own_shards(thetas))?;
        Ok(thetas.iter().zip(sums).map(|(u, sum)| self.outside.all_outside(u).total() + sum.value()).collect())
    }

    /// By theta, the sum of ln Z_i over the tasks of the shards that this process reads.
    fn of_own_shards(&self, thetas: &[Vec<f64>]) -> Result<Vec<ExactSum>, Error> {
        let mut total = vec![ExactSum::default(); thetas.len()];
        for number in (0..self.shards.num_shards()).filter(|number| self.sum.reads(*number)) {
            total.iter_mut().zip(self.of_shard(number, thetas)?).for_each(|(sum, more)| sum.merge(more));
        }
        Ok(total)
    }

    /// By theta, the sum of ln Z_i over the tasks of a shard.
    fn of_shard(&self, number: usize, thetas: &[Vec<f64>]) -> Result<Vec<ExactSum>, Error> {
        let mut sums = vec![ExactSum::default(); thetas.len()];
        self.shards.visit(number, &mut |program| {
            same_length(&self.firsts, number, program.num_tasks())?;
            if program.num_tasks() > 0 {
                let shape = Shape::discover(program, self.start)?;
                let mut density = Density::new(program.all(), &shape, Writing::CENTRED);
                density.total_tasks = self.num_tasks();
                sums = self.of_tasks(&density, self.firsts[number], thetas);
            }
            Ok(())
        })?;
        Ok(sums)
    }

    fn of_tasks(&self, density: &Density<'_>, first: usize, thetas: &[Vec<f64>]) -> Vec<ExactSum> {
        let conditionals = Conditionals::new(density);
        let fixed = conditionals.fix(thetas);
        let tasks = density.num_tasks();
        let nothing = || vec![ExactSum::default(); thetas.len()];
        let (typical, seed) = (self.typical, self.seed);
        let of_chunk = |chunk: usize| {
            let (mut asker, mut sums, mut phi) = (fixed.asker(), nothing(), Vec::new());
            for task in chunk * CHUNK..((chunk + 1) * CHUNK).min(tasks) {
                let n = density.offsets[task + 1] - density.offsets[task];
                let (start, covariance) = (typical(n), DMatrix::identity(n, n));
                let guess = Guess { start: &start, covariance: &covariance };
                let mut memory = TaskMemory::default();
                let mut rng = Stream::ProposalsOf { task: (first + task) as u64 }.of(seed);
                for (theta, sum) in sums.iter_mut().enumerate() {
                    let (ask, mut weights) =
                        (Ask { task, theta, guess, inner: Inner { wanted: 1, most: MOST_INNER } }, Vec::new());
                    phi.clear();
                    let known = &mut Known { phi: &mut phi, weights: &mut weights };
                    sum.add(asker.sample(&ask, &mut memory, &mut rng, known));
                }
            }
            sums
        };
        let merged = |mut sums: Vec<ExactSum>, more: Vec<ExactSum>| {
            sums.iter_mut().zip(more).for_each(|(sum, more)| sum.merge(more));
            sums
        };
        (0..tasks.div_ceil(CHUNK)).into_par_iter().map(of_chunk).reduce(nothing, merged)
    }
}

/// Whether a shard is as long as it was at first.
pub(super) fn same_length(firsts: &[usize], shard: usize, now: usize) -> Result<(), Error> {
    let then = firsts[shard + 1] - firsts[shard];
    let changed = || Error::Unusable(format!("shard {shard} has {now} tasks, and had {then} when it was first read"));
    if now == then { Ok(()) } else { Err(changed()) }
}

impl AskAt for Streamed<'_> {
    fn at(&mut self, coordinates: Vec<DVector<f64>>, pool: &mut Pool) {
        let u: Vec<Vec<f64>> = coordinates.iter().map(|u| u.as_slice().to_vec()).collect();
        let ln_outside = self.ln_p(&u).unwrap_or_else(|error| {
            self.error.get_or_insert(error);
            vec![f64::NEG_INFINITY; u.len()]
        });
        pool.add(Proposed { u, coordinates, ln_outside });
    }

    fn is_up(&self) -> bool {
        self.error.is_some()
    }
}
