//! A support moved along the line: y = by + x. How far may be a latent.

use crate::numbers::{Number, Param, Real};
use crate::support::{Continuous, Support};

/// The numbers that lie that much above those of a support.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moved<S, B>(pub S, pub B);

impl<N: Number, S: Support<N>, B: Param<N>> Support<N> for Moved<S, B> {
    #[inline]
    fn contains(&self, x: f64) -> bool {
        self.0.contains(x - self.1.value())
    }
    fn describe(&self) -> String {
        format!("{} plus {}", self.1.value(), self.0.describe())
    }
}

impl<N: Number, S: Continuous<N>, B: Param<N>> Continuous<N> for Moved<S, B> {
    #[inline(always)]
    fn constrain(&self, u: Real<N>) -> (Real<N>, Real<N>) {
        let (x, ln_jacobian) = self.0.constrain(u);
        (self.1.real() + x, ln_jacobian)
    }
    #[inline]
    fn unconstrain(&self, x: f64) -> f64 {
        self.0.unconstrain(x - self.1.value())
    }
}
