//! Distribution functions: what [`Truncated`](crate::dist::Truncated) and [`Censored`](crate::dist::Censored) need of a
//! distribution.
//!
//! Everything is a logarithm, and each tail has a function of its own, so that nothing is lost far out. A distribution
//! that is a transformation of a standard one gives `[ln F, (ln F)', (ln F)'']` of that, as plain numbers.

use crate::dist::Distribution;
use crate::numbers::{Number, Param, Real};

/// A distribution whose distribution function is known, with its derivatives by the point and by every parameter.
pub trait Cdf<N: Number>: Distribution<N> {
    /// ln P(X <= x).
    fn ln_cdf<X: Param<N>>(&self, x: X) -> Real<N>;

    /// ln P(X > x).
    fn ln_survival<X: Param<N>>(&self, x: X) -> Real<N>;

    /// Of a discrete distribution, the whole number before `x`: P(X >= x) = P(X > that). `None` of a continuous one.
    fn last_before(&self, _x: f64) -> Option<f64> {
        None
    }

    /// ln P(low < X <= high); -inf if the interval is empty.
    fn ln_between<L: Param<N>, H: Param<N>>(&self, low: L, high: H) -> Real<N> {
        let nothing = Real::constant(f64::NEG_INFINITY);
        if low.value() >= high.value() {
            return nothing;
        }
        // Differences are taken in the tail that the interval is in.
        let (below, above) = (self.ln_cdf(high), self.ln_survival(low));
        let (more, less) =
            if below.value() < above.value() { (below, self.ln_cdf(low)) } else { (above, self.ln_survival(high)) };
        if more.value() == f64::NEG_INFINITY {
            return nothing;
        }
        if less.value() == f64::NEG_INFINITY {
            return more;
        }
        more + (less - more).ln_1m_exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::Normal;

    #[test]
    fn an_interval_keeps_its_digits_in_both_tails() {
        // mpmath 1.3, 400 digits: `log(ncdf(-40) - ncdf(-41))`; the upper tail is its mirror image.
        let expected = -804.608_442_013_753_8;
        let dist = Normal(0.0, 1.0);
        for found in [dist.ln_between(-41.0, -40.0), dist.ln_between(40.0, 41.0)] {
            let found: Real<f64> = found;
            assert!((found.0 - expected).abs() < 1e-12 * expected.abs(), "{found:?}");
        }
        let empty: Real<f64> = dist.ln_between(2.0, 1.0);
        assert_eq!(empty, Real::constant(f64::NEG_INFINITY));
    }
}
