//! 0 and what is in a support. No latent's: 0 has a probability of its own.

use crate::numbers::Number;
use crate::support::Support;

/// 0, or a number of a support, that of a distribution over counts or over positive numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrZero<S>(pub S);

impl<N: Number, S: Support<N>> Support<N> for OrZero<S> {
    fn contains(&self, x: f64) -> bool {
        x == 0.0 || self.0.contains(x)
    }
    fn describe(&self) -> String {
        if self.0.contains(0.0) { self.0.describe() } else { format!("0 or {}", self.0.describe()) }
    }
}
