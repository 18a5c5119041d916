//! MAML's sinusoids.

use rand::{Rng, RngExt};
use rand_distr::StandardNormal;
use std::f64::consts::PI;

/// A sin(x - phase).
#[derive(Clone, Copy)]
pub(crate) struct Wave {
    pub(crate) amplitude: f64,
    pub(crate) phase: f64,
}

impl Wave {
    pub(crate) fn draw(rng: &mut impl Rng) -> Self {
        Self { amplitude: rng.random_range(0.1..5.0), phase: rng.random_range(0.0..PI) }
    }

    pub(crate) fn at(self, x: f64) -> f64 {
        self.amplitude * (x - self.phase).sin()
    }

    /// Points (x, y) with noise of that standard deviation.
    pub(crate) fn points(self, n: usize, noise: f64, rng: &mut impl Rng) -> Vec<(f64, f64)> {
        let mut point = || {
            let x = rng.random_range(-5.0..5.0);
            (x, self.at(x) + noise * rng.sample::<f64, _>(StandardNormal))
        };
        (0..n).map(|_| point()).collect()
    }
}
