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
    pub(super) fn firsts(shards: &dyn ShardPrograms) -> Result<Vec<usize>, Error> {
        let mut firsts = vec![0];
        for number in 0..shards.num_shards() {
            let mut next = firsts[number];
            shards.visit(number, &mut |program| {
                next += program.num_tasks();
                Ok(())
            })?;
            firsts.push(next);
        }
        Ok(firsts)
    }

    /// ln p(theta, D), by theta.
    pub(super) fn ln_p(&self, thetas: &[Vec<f64>]) -> Result<Vec<f64>, Error> {
        let of_shard = |number: usize| self.of_shard(number, thetas);
        let sums = self.sum.sum(self.shards.num_shards(), thetas.len(), &of_shard)?;
        Ok(thetas.iter().zip(sums).map(|(u, sum)| self.outside.all_outside(u).total() + sum.value()).collect())
    }

    /// By theta, the sum of ln Z_i over the tasks of a shard.
    fn of_shard(&self, number: usize, thetas: &[Vec<f64>]) -> Result<Vec<ExactSum>, Error> {
        let mut sums = vec![ExactSum::default(); thetas.len()];
        self.shards.visit(number, &mut |program| {
            if program.num_tasks() > 0 {
                let shape = Shape::discover(program, self.start)?;
                let mut density = Density::new(program.all(), &shape, Writing::CENTRED);
                density.total_tasks = self.firsts[self.firsts.len() - 1];
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
        let of_chunk = |chunk: usize| {
            let (mut asker, mut sums, mut phi) = (fixed.asker(), nothing(), Vec::new());
            for task in chunk * CHUNK..((chunk + 1) * CHUNK).min(tasks) {
                let n = density.offsets[task + 1] - density.offsets[task];
                let (start, covariance) = ((self.typical)(n), DMatrix::identity(n, n));
                let guess = Guess { start: &start, covariance: &covariance };
                let mut memory = TaskMemory::default();
                let mut rng = Stream::ProposalsOf { task: (first + task) as u64 }.of(self.seed);
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
