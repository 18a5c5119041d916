//! Weighted draws of the posterior, in unconstrained coordinates.

pub mod summary;
pub(crate) mod thetas;
pub(crate) mod view;

use crate::correct::linear_response::LinearResponse;
use crate::guide::Guide;
use crate::sampling::noise::{Noise, keyed};
use nalgebra::{DMatrix, DVector};
use rand::RngExt;
use std::borrow::Cow;

/// Draws of theta with weights, and as many of every task's phi, each phi given the theta of its number.
#[derive(Clone, Debug)]
pub(crate) struct Posterior {
    /// Row-major: a row a draw, or one row that all draws share.
    pub(crate) theta: Vec<f64>,
    pub(crate) globals: usize,
    /// Sum to 1.
    pub(crate) weights: Vec<f64>,
    pub(crate) locals: Locals,
    /// How the coordinates of the locals are written, by site.
    pub(crate) non_centred: Vec<bool>,
}

/// Where draws of phi come from.
#[derive(Clone, Debug)]
pub(crate) enum Locals {
    /// One row-major table a task.
    Drawn(Vec<Vec<f64>>),
    /// Made on demand from the conditional Gaussian, keyed by the task.
    Gaussian { seed: u64 },
}

/// Distinguishes these draws from those of the fit.
const STEP: u64 = u64::MAX - 1;

impl Posterior {
    /// Equally weighted draws of a Gaussian.
    pub(crate) fn gaussian(guide: &Guide, gaussian: &LinearResponse, draws: usize, written: (&[bool], u64)) -> Self {
        let (non_centred, seed) = written;
        let globals = guide.global.len();
        // a point is held once
        let noise = Noise::fixed(draws, if guide.is_point() { 0 } else { globals }, 0, 0, seed ^ STEP);
        let spread = gaussian.global.spreading();
        let drawn = |s: usize| {
            let away = spread(noise.theta(s));
            guide.global.loc.iter().zip(away.iter()).map(|(l, a)| l + a).collect::<Vec<_>>()
        };
        let theta =
            if guide.is_point() { guide.global.loc.clone() } else { (0..noise.draws).flat_map(drawn).collect() };
        let weights = vec![(noise.draws as f64).recip(); noise.draws];
        Self { theta, globals, weights, locals: Locals::Gaussian { seed }, non_centred: non_centred.to_vec() }
    }

    pub(crate) fn len(&self) -> usize {
        self.weights.len()
    }

    /// Whether all draws have one theta.
    pub(crate) fn is_shared(&self) -> bool {
        self.theta.len() == self.globals
    }

    pub(crate) fn theta(&self, draw: usize) -> &[f64] {
        if self.is_shared() {
            return &self.theta;
        }
        &self.theta[draw * self.globals..(draw + 1) * self.globals]
    }

    /// All draws of task i's coordinates, row-major.
    pub(crate) fn task<'a>(&'a self, guide: &Guide, gaussian: &LinearResponse, i: usize) -> Cow<'a, [f64]> {
        match &self.locals {
            Locals::Drawn(tables) => Cow::Borrowed(&tables[i]),
            Locals::Gaussian { seed } => {
                let mut rng = keyed(*seed, STEP, i as u64);
                let root = root(&gaussian.tasks[i].covariance);
                let rows = (0..self.len()).flat_map(|s| {
                    let z = DVector::from_fn(root.ncols(), |_, _| rng.sample::<f64, _>(rand_distr::StandardNormal));
                    let u = gaussian.task_mean(guide, i, self.theta(s)) + &root * z;
                    u.iter().copied().collect::<Vec<_>>()
                });
                Cow::Owned(rows.collect())
            }
        }
    }
}

/// Lower-triangular root of a covariance; of one that is zero, zero.
pub(crate) fn root(covariance: &DMatrix<f64>) -> DMatrix<f64> {
    covariance.clone().cholesky().map_or_else(|| covariance.map(|_| 0.0), nalgebra::Cholesky::unpack)
}
