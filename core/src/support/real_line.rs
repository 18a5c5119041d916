//! The real line, and vectors of real numbers: x = u.

use crate::numbers::{Number, Real};
use crate::support::{Continuous, Support, VectorSupport};

/// Every finite number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RealLine;

impl<N: Number> Support<N> for RealLine {
    #[inline]
    fn contains(&self, x: f64) -> bool {
        x.is_finite()
    }
    fn describe(&self) -> String {
        "a finite number".into()
    }
}

impl<N: Number> Continuous<N> for RealLine {
    #[inline(always)]
    fn constrain(&self, u: Real<N>) -> (Real<N>, Real<N>) {
        (u, Real::constant(0.0))
    }
    #[inline]
    fn unconstrain(&self, x: f64) -> f64 {
        x
    }
}

/// Vectors of that many finite numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RealVector(pub usize);

impl VectorSupport for RealVector {
    fn len(&self) -> usize {
        self.0
    }
    fn num_coordinates(&self) -> usize {
        self.0
    }
    fn contains(&self, x: &[f64]) -> bool {
        x.len() == self.0 && x.iter().all(|x| x.is_finite())
    }
    fn describe(&self) -> String {
        format!("{} finite numbers", self.0)
    }
    fn constrain<N: Number>(&self, u: &[Real<N>], x: &mut Vec<Real<N>>) -> Real<N> {
        x.extend_from_slice(u);
        Real::constant(0.0)
    }
    fn unconstrain(&self, x: &[f64], u: &mut Vec<f64>) {
        u.extend_from_slice(x);
    }
}
