//! Learned full-covariance priors: linear regressions of fewer points than weights, 100 tasks, weights made from a known
//! covariance. Time to fit, and the error on held-out points of new tasks: of the learned prior, of a diagonal one, and
//! of the oracle that knows the covariance. `cargo bench --bench full_covariance -- 50` for one size.
#![allow(missing_docs)]

use hierarch::prelude::*;
use hierarch::{Correction, GlobalFactor, LocalFactor, Options};
use nalgebra::{DMatrix, DVector};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::time::Instant;

const TASKS: usize = 100;
const NEW_TASKS: usize = 20;
const QUERIES: usize = 200;
const NOISE: f64 = 0.3;

pub(crate) struct Task {
    points: Vec<(Vec<f64>, Option<f64>)>,
    weights: DVector<f64>,
}

fn dot<N: Number>(x: &[f64], w: &[Real<N>]) -> Real<N> {
    x.iter().zip(w).map(|(x, w)| *w * *x).sum()
}

// A point estimate of a correlation needs a prior that shrinks it: with eta = 2 the maximum overfits 100 tasks.
model! {
    pub(crate) Full(tasks: &[Task], n: usize) {
        mean[_ in 0..n] ~ Normal(0.0, 1.0);
        scale[_ in 0..n] ~ LogNormal(0.0, 0.5);
        corr ~ LkjCholesky(n, 0.5 * n as f64);
        noise ~ LogNormal(-1.0, 0.5);
        for task in tasks {
            w ~ MultivariateNormal(&mean, diag_pre_multiply(&scale, &corr));
            for (x, y) in &task.points {
                y ~ Normal(dot(x, w), noise);
            }
        }
    }
}

model! {
    Independent(tasks: &[Task], n: usize) {
        mean[_ in 0..n] ~ Normal(0.0, 1.0);
        scale[_ in 0..n] ~ LogNormal(0.0, 0.5);
        noise ~ LogNormal(-1.0, 0.5);
        for task in tasks {
            w ~ MultivariateNormal(&mean, Diagonal(&scale));
            for (x, y) in &task.points {
                y ~ Normal(dot(x, w), noise);
            }
        }
    }
}

/// The prior of the weights that the data are made from: correlations fall off with the distance of their numbers, scales
/// are from 0.5 to 1.5.
pub(crate) struct Truth {
    mean: DVector<f64>,
    covariance: DMatrix<f64>,
}

impl Truth {
    pub(crate) fn new(n: usize) -> Self {
        let at = |i: usize| i as f64 / n as f64;
        let scale = |i: usize| 1.0 + 0.5 * (9.0 * at(i)).sin();
        let correlation = |i: usize, j: usize| 0.95 * (-(i.abs_diff(j) as f64) / 10.0).exp();
        let covariance =
            DMatrix::from_fn(n, n, |i, j| scale(i) * scale(j) * if i == j { 1.0 } else { correlation(i, j) });
        Self { mean: DVector::from_fn(n, |i, _| (5.0 * at(i)).cos()), covariance }
    }

    pub(crate) fn task(&self, points: usize, rng: &mut ChaCha8Rng) -> Task {
        let n = self.mean.len();
        let normal = |rng: &mut ChaCha8Rng| rng.sample::<f64, _>(rand_distr::StandardNormal);
        let root = self.covariance.clone().cholesky().expect("positive definite").unpack();
        let weights = &self.mean + root * DVector::from_fn(n, |_, _| normal(rng));
        let points = (0..points).map(|_| {
            let x: Vec<f64> = (0..n).map(|_| normal(rng) / (n as f64).sqrt()).collect();
            let y = x.iter().zip(weights.iter()).map(|(x, w)| x * w).sum::<f64>() + NOISE * normal(rng);
            (x, Some(y))
        });
        Task { points: points.collect(), weights: weights.clone() }
    }

    /// The posterior mean of the weights, by conjugacy.
    fn posterior_mean(&self, task: &Task) -> DVector<f64> {
        let (n, k) = (self.mean.len(), task.points.len());
        let x = DMatrix::from_fn(k, n, |r, c| task.points[r].0[c]);
        let y = DVector::from_iterator(k, task.points.iter().map(|p| p.1.expect("observed")));
        let cross = &self.covariance * x.transpose();
        let of_data = &x * &cross + DMatrix::identity(k, k) * (NOISE * NOISE);
        let solved = of_data.cholesky().expect("positive definite").solve(&(y - &x * &self.mean));
        &self.mean + cross * solved
    }
}

/// Root mean square error of predictions at new points.
fn error(task: &Task, mean: &DVector<f64>, rng: &mut ChaCha8Rng) -> f64 {
    let n = mean.len();
    let missed = |_| {
        let x = DVector::from_fn(n, |_, _| rng.sample::<f64, _>(rand_distr::StandardNormal) / (n as f64).sqrt());
        x.dot(&(&task.weights - mean)).powi(2)
    };
    ((0..QUERIES).map(missed).sum::<f64>() / QUERIES as f64).sqrt()
}

/// The mean over new tasks of the error by what `mean_of` says of their weights.
fn held_out(new: &[Task], mean_of: &dyn Fn(&Task) -> DVector<f64>) -> f64 {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    new.iter().map(|task| error(task, &mean_of(task), &mut rng)).sum::<f64>() / NEW_TASKS as f64
}

/// A point for theta, given which exact locals need no correction.
pub(crate) fn options(locals: LocalFactor) -> Options {
    Options { global: GlobalFactor::Point, locals, correction: Correction::LinearResponse, ..Options::default() }
}

fn run(n: usize, points: usize) {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let truth = Truth::new(n);
    let tasks: Vec<Task> = (0..TASKS).map(|_| truth.task(points, &mut rng)).collect();
    let new: Vec<Task> = (0..NEW_TASKS).map(|_| truth.task(points, &mut rng)).collect();
    println!("{n} weights, {TASKS} tasks of {points} points, noise {NOISE}");
    println!("    oracle: held-out RMSE {:.3}", held_out(&new, &|task| truth.posterior_mean(task)));
    let [point, full] = [LocalFactor::MeanField, LocalFactor::Full].map(options);
    macro_rules! report {
        ($name:literal, $model:expr, $options:expr) => {{
            let started = Instant::now();
            let fit = $model.fit_with($options).expect("the data are valid");
            let seconds = started.elapsed().as_secs_f64();
            println!(
                "    {}: {}, {} iterations, gradient norm {:.0e}, ELBO {:.2}, {seconds:.1} s",
                $name,
                fit.verdict(),
                fit.iterations(),
                fit.gradient_norm(),
                fit.elbo().total()
            );
            let started = Instant::now();
            let rmse = held_out(&new, &|task| {
                let adapted = fit.adapt(task).expect("the data are valid").local();
                DVector::from_iterator(n, adapted.w.iter().map(|s| s.mean))
            });
            println!(
                "        held-out RMSE {rmse:.3}, {:.3} s a task",
                started.elapsed().as_secs_f64() / NEW_TASKS as f64
            );
        }};
    }
    report!("diagonal prior, full locals", Independent::new(&tasks, n), &full);
    report!("full prior, full locals", Full::new(&tasks, n), &full);
    if std::env::args().any(|a| a == "mean-field") {
        report!("diagonal prior, mean-field locals", Independent::new(&tasks, n), &point);
        report!("full prior, mean-field locals", Full::new(&tasks, n), &point);
    }
}

fn main() {
    let sizes: Vec<usize> = std::env::args().filter_map(|a| a.parse().ok()).collect();
    for n in if sizes.is_empty() { vec![50, 200] } else { sizes } {
        run(n, 3 * n / 5);
    }
}
