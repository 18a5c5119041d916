//! Standard normal draws, each of which depends on its key alone, not on threads.

use crate::sampling::recurrence::{MOST_EVEN, Recurrence};
use crate::sampling::stream::Stream;
use crate::special::normal_quantile;
use nalgebra::DVector;
use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;

/// How many different sets of local draws there are; tasks share them in turn.
const POOL: usize = 128;

/// Draws for a whole evaluation: `draws` of theta, and as many of every task's phi.
#[derive(Clone, Debug)]
pub(crate) struct Noise {
    pub(crate) draws: usize,
    theta: Vec<f64>,
    globals: usize,
    pool: Vec<Vec<f64>>,
    locals: usize,
}

/// How many draws of how many coordinates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoiseSize {
    pub(crate) draws: usize,
    /// Coordinates of theta.
    pub(crate) globals: usize,
    /// The most coordinates of a task.
    pub(crate) locals: usize,
}

impl Noise {
    /// Fixed antithetic draws, each coordinate of mean 0 and variance 1, and uncorrelated within a block
    /// (theta and one task) as far as their number allows: then the mean of any quadratic function is exact.
    pub(crate) fn fixed(NoiseSize { draws, globals, locals }: NoiseSize, tasks: usize, seed: u64) -> Self {
        let half = draws.div_ceil(2).max(1);
        let theta = standardised(half, globals, &[], &mut Stream::Theta { step: 0 }.of(seed));
        let of_task = |i: usize| {
            let mut rng = Stream::Task { step: 0, task: i as u64 }.of(seed);
            mirrored(standardised(half, locals, &theta, &mut rng), half)
        };
        let pool = (0..POOL.min(tasks)).map(of_task).collect();
        Self { draws: 2 * half, theta: mirrored(theta, half), globals, pool, locals }
    }

    /// Fresh draws for one stochastic step, for theta and these tasks.
    pub(crate) fn fresh(size: NoiseSize, tasks: &[usize], seed: u64, step: u64) -> Self {
        let theta = normal(size.draws * size.globals, &mut Stream::Theta { step }.of(seed));
        Self { theta, ..Self::fresh_at_point(size, tasks, seed, step) }
    }

    /// The same where theta is at a point, which zeros do not move.
    pub(crate) fn fresh_at_point(size: NoiseSize, tasks: &[usize], seed: u64, step: u64) -> Self {
        let NoiseSize { draws, globals, locals } = size;
        let of_task = |&i: &usize| normal(draws * locals, &mut Stream::Task { step, task: i as u64 }.of(seed));
        let pool = tasks.iter().map(of_task).collect();
        Self { draws, theta: vec![0.0; draws * globals], globals, pool, locals }
    }

    /// One draw of zeros, for guides that are points.
    pub(crate) fn none(NoiseSize { globals, locals, .. }: NoiseSize) -> Self {
        Self { draws: 1, theta: vec![0.0; globals], globals, pool: vec![vec![0.0; locals]], locals }
    }

    pub(crate) fn theta(&self, draw: usize) -> &[f64] {
        &self.theta[draw * self.globals..(draw + 1) * self.globals]
    }

    /// The draw for the task at `position` of the evaluated ones, of at least as many coordinates as it has.
    #[inline(always)]
    pub(crate) fn local(&self, position: usize, draw: usize) -> &[f64] {
        &self.pool[position % self.pool.len()][draw * self.locals..(draw + 1) * self.locals]
    }
}

/// A stream of standard normal draws that fill space evenly, each followed by its mirror image.
pub(crate) struct EvenNormals {
    even: Recurrence,
    mirror: Option<DVector<f64>>,
}

impl EvenNormals {
    pub(crate) fn new<R: Rng>(dimensions: usize, rng: &mut R) -> Self {
        Self { even: Recurrence::shifted(dimensions, rng), mirror: None }
    }

    pub(crate) fn next<R: Rng>(&mut self, rng: &mut R) -> DVector<f64> {
        if let Some(mirror) = self.mirror.take() {
            return mirror;
        }
        let n = self.even.dimensions();
        let z = if n > MOST_EVEN {
            DVector::from_fn(n, |_, _| rng.sample::<f64, _>(rand_distr::StandardNormal))
        } else {
            DVector::from_iterator(n, self.even.point().map(normal_quantile))
        };
        self.mirror = Some(-&z);
        z
    }
}

fn normal(len: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    (0..len).map(|_| rng.sample(rand_distr::StandardNormal)).collect()
}

/// `rows` x `columns` normal draws, row-major, each column scaled to mean square 1 and made orthogonal to the columns
/// before it and to those of `fixed` while there are fewer of them than rows.
fn standardised(rows: usize, columns: usize, fixed: &[f64], rng: &mut ChaCha8Rng) -> Vec<f64> {
    let width = fixed.len() / rows;
    let mut done: Vec<Vec<f64>> = (0..width).map(|c| (0..rows).map(|r| fixed[r * width + c]).collect()).collect();
    for _ in 0..columns {
        let mut column: Vec<f64> = (0..rows).map(|_| rng.sample(rand_distr::StandardNormal)).collect();
        if done.len() + 1 < rows {
            for other in &done {
                let overlap = column.iter().zip(other).map(|(a, b)| a * b).sum::<f64>() / rows as f64;
                column.iter_mut().zip(other).for_each(|(a, b)| *a -= overlap * b);
            }
        }
        let scale = (column.iter().map(|a| a * a).sum::<f64>() / rows as f64).sqrt().recip();
        for a in &mut column {
            *a *= scale;
        }
        done.push(column);
    }
    (0..rows).flat_map(|r| done[width..].iter().map(move |c| c[r])).collect()
}

/// The draws and their mirror images.
fn mirrored(mut draws: Vec<f64>, half: usize) -> Vec<f64> {
    debug_assert!(draws.len().is_multiple_of(half));
    let negated: Vec<f64> = draws.iter().map(|d| -d).collect();
    draws.extend(negated);
    draws
}
