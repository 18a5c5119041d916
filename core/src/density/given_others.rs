//! The normal of globals w given the other globals, and what is outside the plate says of it.

use crate::density::Density;
use crate::density::closed::BlockPoint;
use crate::density::gaussian_globals::GaussianGlobals;
use crate::linalg::cholesky;
use crate::linalg::envelope::Symmetric;
use crate::sampling::lattice::cube;
use crate::special::LN_SQRT_2PI;
use nalgebra::DMatrix;

/// Precision and gradient, at some w_0, of a quadratic function of w.
pub(super) struct QuadraticInW {
    /// Row-major; no more than the lower triangle is read.
    pub(super) precision: Vec<f64>,
    pub(super) gradient: Vec<f64>,
}

/// A normal distribution of w - w_0.
#[derive(Default)]
pub(crate) struct NormalStep {
    mean: Vec<f64>,
    /// L with L L' the precision.
    l: Vec<f64>,
    /// How much the function is higher at its maximum than at w_0, in nats.
    pub(super) raised: f64,
}

impl QuadraticInW {
    /// The normal whose log density it is, up to a constant; `None` where there is none.
    pub(super) fn normal(self) -> Option<NormalStep> {
        let Self { precision: mut l, gradient } = self;
        if !cholesky::factorise(&mut l, gradient.len()) {
            return None;
        }
        let mut mean = gradient.clone();
        cholesky::solve(&l, gradient.len(), &mut mean, 1);
        let raised = 0.5 * mean.iter().zip(&gradient).map(|(step, g)| step * g).sum::<f64>();
        mean.iter().all(|m| m.is_finite()).then_some(NormalStep { mean, l, raised })
    }
}

impl NormalStep {
    /// Its covariance.
    pub(super) fn covariance(&self) -> DMatrix<f64> {
        let n = self.mean.len();
        let mut inverse = DMatrix::identity(n, n);
        cholesky::solve(&self.l, n, inverse.as_mut_slice(), n);
        inverse
    }

    /// Its mean.
    pub(crate) fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The numbers of the precision's factor.
    pub(super) fn into_numbers(self) -> Vec<f64> {
        self.l
    }

    /// ln of the integral of exp(-(w - mean)' P (w - mean) / 2).
    pub(super) fn ln_volume(&self) -> f64 {
        self.mean.len() as f64 * LN_SQRT_2PI - cholesky::ln_det(&self.l, self.mean.len())
    }

    /// The step that a standard normal z stands for, and ln of its density.
    pub(crate) fn draw(&self, z: &[f64]) -> (Vec<f64>, f64) {
        let square: f64 = z.iter().map(|z| z * z).sum();
        (self.step(z.to_vec()), -self.ln_volume() - 0.5 * square)
    }

    /// The same with heavier tails than a normal has.
    pub(crate) fn draw_heavy(&self, z: &[f64]) -> (Vec<f64>, f64) {
        let mut z = z.to_vec();
        let ln_q = cube(&mut z);
        (self.step(z), ln_q + cholesky::ln_det(&self.l, self.mean.len()))
    }

    /// mean + x with L' x = z.
    fn step(&self, mut z: Vec<f64>) -> Vec<f64> {
        cholesky::solve_transposed(&self.l, &mut z);
        z.iter_mut().zip(&self.mean).for_each(|(w, m)| *w += m);
        z
    }
}

impl Density<'_> {
    /// What the closed forms outside the plate say of w, around `theta`; the precision in the room of other numbers.
    pub(super) fn outside_of(&self, globals: &GaussianGlobals, theta: &[f64], mut precision: Vec<f64>) -> QuadraticInW {
        let (k, mut gradient, places) = (globals.w.len(), vec![0.0; theta.len()], globals.places());
        precision.clear();
        precision.resize(k * k, 0.0);
        let (outside, point) = (self.closed_outside(), BlockPoint { u: theta, exps: &[] });
        for block in [outside.latents, outside.data] {
            block.at_point(point, &mut gradient);
            block.add_curvature(0, point, &mut Negated { places: &places, k, numbers: &mut precision });
        }
        QuadraticInW { precision, gradient: globals.w.iter().map(|&j| gradient[j]).collect() }
    }
}

/// The negative of a symmetric matrix, of some coordinates only.
struct Negated<'a> {
    /// By coordinate: which of these it is.
    places: &'a [Option<usize>],
    k: usize,
    /// Row-major.
    numbers: &'a mut [f64],
}

impl Symmetric for Negated<'_> {
    fn add(&mut self, j: usize, k: usize, value: f64) {
        if let (Some(j), Some(k)) = (self.places[j], self.places[k]) {
            self.numbers[j * self.k + k] -= value;
        }
    }
}
