//! The circle, cut at its back: x = -pi + 2 pi / (1 + exp(-u)).

use crate::numbers::{Number, Real};
use crate::support::{Continuous, Interval, Support};
use std::f64::consts::PI;

/// Angles in radians, from -pi to pi. To a latent the two are ends, not neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Circle;

impl<N: Number> Support<N> for Circle {
    #[inline]
    fn contains(&self, x: f64) -> bool {
        (-PI..=PI).contains(&x)
    }
    fn describe(&self) -> String {
        "an angle in radians, from -pi to pi".into()
    }
}

impl<N: Number> Continuous<N> for Circle {
    #[inline(always)]
    fn constrain(&self, u: Real<N>) -> (Real<N>, Real<N>) {
        Interval(-PI, PI).constrain(u)
    }
    #[inline]
    fn unconstrain(&self, x: f64) -> f64 {
        Continuous::<N>::unconstrain(&Interval(-PI, PI), x)
    }
}
