//! What the discrete distributions share: joining where there is mass, and logarithms of factorials.

use crate::numbers::{Args, Jet, Number, Real};
use crate::special::ln_gamma;
pub(crate) use crate::support::discrete::is_count;
use std::sync::LazyLock;

/// Joins, unless the jet's value is -inf or NaN: then there is no mass, and nothing to differentiate.
#[inline(always)]
pub(crate) fn join_mass<N: Number, const A: usize>(args: impl Args<N, A>, jet: &Jet<A>) -> Real<N> {
    if jet.value > f64::NEG_INFINITY { args.join(jet) } else { Real::constant(f64::NEG_INFINITY) }
}

/// ln x!
pub(crate) fn ln_factorial(x: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
    LN_FACTORIALS.get(x as usize).copied().unwrap_or_else(|| ln_gamma(x + 1.0))
}

/// ln of the first factorials: data are most often among them, and are scored again and again.
static LN_FACTORIALS: LazyLock<Vec<f64>> = LazyLock::new(|| (0..1024).map(|x| ln_gamma(f64::from(x) + 1.0)).collect());

/// ln of n over k.
pub(crate) fn ln_choose(n: f64, k: f64) -> f64 {
    if k == 0.0 || n - k == 0.0 { 0.0 } else { ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k) }
}
