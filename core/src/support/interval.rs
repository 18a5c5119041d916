//! An open interval: x = low + (high - low) / (1 + exp(-u)). A bound may be a latent.

use crate::numbers::{Number, Param, Real};
use crate::support::{Continuous, Support};

/// Every number between the two bounds, low first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval<L, H>(pub L, pub H);

impl<N: Number, L: Param<N>, H: Param<N>> Support<N> for Interval<L, H> {
    #[inline]
    fn contains(&self, x: f64) -> bool {
        x > self.0.value() && x < self.1.value()
    }
    fn describe(&self) -> String {
        format!("a number between {} and {}", self.0.value(), self.1.value())
    }
}

impl<N: Number, L: Param<N>, H: Param<N>> Continuous<N> for Interval<L, H> {
    /// ln |dx/du| = ln(high - low) - ln(1 + exp(-u)) - ln(1 + exp(u))
    #[inline(always)]
    fn constrain(&self, u: Real<N>) -> (Real<N>, Real<N>) {
        let (low, width) = (self.0.real(), self.1.real() - self.0.real());
        (low + width * u.sigmoid(), width.ln() - (-u).ln_1p_exp() - u.ln_1p_exp())
    }
    #[inline]
    fn unconstrain(&self, x: f64) -> f64 {
        (x - self.0.value()).ln() - (self.1.value() - x).ln()
    }
}
