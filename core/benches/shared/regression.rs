//! Lines with noise, 20 points a task.

use hierarch::prelude::*;

/// Points (x, y).
pub(crate) type Task = Vec<(f64, f64)>;

model! {
    /// y ~ Normal(a + b x, sigma), with a and b of each task around those of all.
    pub(crate) Regression(tasks: &[Task]) {
        mu_a ~ Normal(0.0, 10.0);
        mu_b ~ Normal(0.0, 10.0);
        tau_a ~ HalfNormal(1.0);
        tau_b ~ HalfNormal(1.0);
        sigma ~ HalfNormal(1.0);
        for task in tasks {
            a ~ Normal(mu_a, tau_a);
            b ~ Normal(mu_b, tau_b);
            for &(x, y) in task {
                y ~ Normal(a + b * x, sigma);
            }
        }
    }
}

/// The data; waves stand for random numbers.
pub(crate) fn tasks(count: usize) -> Vec<Task> {
    let wave = |k: usize| (k as f64 * 0.7).sin();
    let point = |i: usize, j: usize| {
        let x = j as f64 / 10.0 - 1.0;
        (x, 1.0 + wave(i) + 0.5 * wave(7 * i) * x + 0.3 * wave(i + j * j))
    };
    (0..count).map(|i| (0..20).map(|j| point(i, j)).collect()).collect()
}
