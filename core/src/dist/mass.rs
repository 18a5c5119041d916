//! What the discrete distributions share: joining where there is mass, logarithms of factorials, and distribution functions.

pub(crate) use crate::numbers::jet::join_mass;
use crate::numbers::tail::Tail;
use crate::special::ln_gamma;
pub(crate) use crate::support::discrete::is_count;
use std::sync::LazyLock;

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

/// The distribution function of a distribution over counts: `$ln_tail(self, tail, k)` is the logarithm of a tail at a
/// count k.
macro_rules! count_tails {
    ($dist:ident<$($parameter:ident),*>, $ln_tail:expr) => {
        impl<N: $crate::number::Number, $($parameter: $crate::number::Param<N>),*> $crate::dist::Cdf<N>
            for $dist<$($parameter),*>
        {
            fn ln_cdf<X: $crate::number::Param<N>>(&self, x: X) -> $crate::number::Real<N> {
                let tail = $crate::numbers::tail::Tail::Lower;
                $crate::dist::mass::last_count(x.value(), tail).map_or_else(Into::into, |k| $ln_tail(self, tail, k))
            }

            fn ln_survival<X: $crate::number::Param<N>>(&self, x: X) -> $crate::number::Real<N> {
                let tail = $crate::numbers::tail::Tail::Upper;
                $crate::dist::mass::last_count(x.value(), tail).map_or_else(Into::into, |k| $ln_tail(self, tail, k))
            }

            fn last_before(&self, x: f64) -> Option<f64> {
                Some(x.ceil() - 1.0)
            }
        }
    };
}
pub(crate) use count_tails;

/// The last count up to x; where there is none, or no end, the logarithm of the tail.
pub(crate) fn last_count(x: f64, tail: Tail) -> Result<f64, f64> {
    if (0.0..f64::INFINITY).contains(&x) {
        return Ok(x.floor());
    }
    Err(if (x > 0.0) == (tail == Tail::Lower) { 0.0 } else { f64::NEG_INFINITY })
}
