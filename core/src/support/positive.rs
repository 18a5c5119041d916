//! Half lines: positive numbers, x = exp(u); bounded below, x = bound + exp(u); bounded above, x = bound - exp(u).
//! ln |dx/du| = u in all three. A bound may be a latent.

use crate::numbers::{Number, Param, Real};
use crate::support::{Continuous, Support};

/// Every finite number above 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Positive;

/// Every finite number above the bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lower<B>(pub B);

/// Every finite number below the bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Upper<B>(pub B);

impl<N: Number> Support<N> for Positive {
    #[inline]
    fn contains(&self, x: f64) -> bool {
        x > 0.0 && x.is_finite()
    }
    fn describe(&self) -> String {
        "a positive number".into()
    }
}

impl<N: Number> Continuous<N> for Positive {
    #[inline(always)]
    fn constrain(&self, u: Real<N>) -> (Real<N>, Real<N>) {
        (u.exp(), u)
    }
    #[inline]
    fn unconstrain(&self, x: f64) -> f64 {
        x.ln()
    }
}

impl<N: Number, B: Param<N>> Support<N> for Lower<B> {
    #[inline]
    fn contains(&self, x: f64) -> bool {
        x > self.0.value() && x.is_finite()
    }
    fn describe(&self) -> String {
        format!("a number above {}", self.0.value())
    }
}

impl<N: Number, B: Param<N>> Continuous<N> for Lower<B> {
    #[inline(always)]
    fn constrain(&self, u: Real<N>) -> (Real<N>, Real<N>) {
        (self.0.real() + u.exp(), u)
    }
    #[inline]
    fn unconstrain(&self, x: f64) -> f64 {
        (x - self.0.value()).ln()
    }
}

impl<N: Number, B: Param<N>> Support<N> for Upper<B> {
    #[inline]
    fn contains(&self, x: f64) -> bool {
        x < self.0.value() && x.is_finite()
    }
    fn describe(&self) -> String {
        format!("a number below {}", self.0.value())
    }
}

impl<N: Number, B: Param<N>> Continuous<N> for Upper<B> {
    #[inline(always)]
    fn constrain(&self, u: Real<N>) -> (Real<N>, Real<N>) {
        (self.0.real() - u.exp(), u)
    }
    #[inline]
    fn unconstrain(&self, x: f64) -> f64 {
        (self.0.value() - x).ln()
    }
}
