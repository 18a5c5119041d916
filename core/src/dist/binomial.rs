//! ln p(x | n, p) = ln(n over x) + x ln p + (n - x) ln(1 - p), x = 0, ..., n.

use crate::dist::check::{count, probability};
use crate::dist::mass::{count_tails, join_mass, ln_choose};
use crate::dist::{Distribution, draw};
use crate::error::Invalid;
use crate::numbers::incomplete_beta::ln_incomplete_beta;
use crate::numbers::tail::Tail;
use crate::numbers::{Jet, Number, Param, Real};
use crate::support::{CountUpTo, Support};
use rand::Rng;

/// Binomial distribution: `Binomial(n, p)`, how many of `n` independent trials succeed, each with probability `p`.
///
/// `n` is a count and taken as a constant; `p` is from 0 to 1. Support: counts up to `n`.
#[derive(Clone, Copy, Debug)]
pub struct Binomial<T, P>(pub T, pub P);

impl<N: Number, T: Param<N>, P: Param<N>> Distribution<N> for Binomial<T, P> {
    type Support = CountUpTo;

    fn support(&self) -> CountUpTo {
        CountUpTo(self.0.value())
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let (n, p) = (self.0.value(), self.1.value());
        if !Support::<N>::contains(&CountUpTo(n), x.value()) {
            return Real::constant(f64::NEG_INFINITY);
        }
        let (successes, failures) = (x.value(), n - x.value());
        let [first, second] = success_partials(successes, failures, p);
        join_mass(
            (self.1,),
            &Jet {
                value: ln_choose(n, successes) + ln_mass_of_successes(successes, failures, p),
                first: [first],
                second: [[second]],
            },
        )
    }

    fn check(&self) -> Result<(), Invalid> {
        count::<N>("Binomial", "n", self.0)?;
        probability::<N>("Binomial", "p", self.1)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        draw::binomial(rng, self.0.value(), self.1.value())
    }
}

count_tails!(Binomial<T, P>, ln_tail);

fn ln_tail<N: Number, T: Param<N>, P: Param<N>>(dist: &Binomial<T, P>, tail: Tail, k: f64) -> Real<N> {
    ln_tail_of_failures(tail, [dist.0.value(), k], 1.0 - dist.1.real(), dist.1.value())
}

/// The logarithm of a tail at k successes of n, given the probabilities q of a failure and p of a success:
/// P(X <= k) = I_q(n - k, k + 1) (Abramowitz & Stegun 1964, 26.5.24).
pub(crate) fn ln_tail_of_failures<N: Number>(tail: Tail, [n, k]: [f64; 2], q: Real<N>, p: f64) -> Real<N> {
    if k < n {
        return ln_incomplete_beta(tail, (n - k, k + 1.0), q, p);
    }
    Real::constant(if tail == Tail::Lower { 0.0 } else { f64::NEG_INFINITY })
}

/// x ln p + (n - x) ln(1 - p), where 0 ln 0 = 0.
#[inline(always)]
pub(crate) fn ln_mass_of_successes(successes: f64, failures: f64, p: f64) -> f64 {
    let of_successes = if successes == 0.0 { 0.0 } else { successes * p.ln() };
    let of_failures = if failures == 0.0 { 0.0 } else { failures * (-p).ln_1p() };
    of_successes + of_failures
}

/// First and second derivative of [`ln_mass_of_successes`] with respect to p.
#[inline(always)]
pub(crate) fn success_partials(successes: f64, failures: f64, p: f64) -> [f64; 2] {
    let by_success = if successes == 0.0 { 0.0 } else { successes / p };
    let by_failure = if failures == 0.0 { 0.0 } else { failures / (1.0 - p) };
    let over = |partial: f64, q: f64| if partial == 0.0 { 0.0 } else { partial / q };
    [by_success - by_failure, -over(by_success, p) - over(by_failure, 1.0 - p)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::Cdf;
    use crate::dist::reference::{check_cumulated, check_values};
    use crate::support::Support;
    use crate::{check_discrete_distribution, check_gradient};

    #[test]
    fn passes_the_kit() {
        for p in [0.5, 0.07, 0.98] {
            check_discrete_distribution!(|p| Binomial(10, p), [p]);
            check_discrete_distribution!(|p| Binomial(1, p), [p]);
            check_discrete_distribution!(|p| Binomial(400, p), [p]);
        }
        check_discrete_distribution!(|p| Binomial(0, p), [0.3]);
    }

    #[test]
    fn agrees_with_statrs() {
        use statrs::distribution::{Binomial as Reference, Discrete};
        for (n, p) in [(10, 0.3), (60, 0.9)] {
            let reference = Reference::new(p, n).unwrap();
            for k in 0..=n {
                let (found, expected) = (Distribution::<f64>::ln_density(&Binomial(n, p), k).0, reference.ln_pmf(k));
                assert!((found - expected).abs() < 1e-11, "n {n}, k {k}: {found}, not {expected}");
            }
        }
    }

    #[test]
    fn the_edges_are_exact() {
        check_values(&Binomial(3, 0.0), &[(0.0, 0.0), (1.0, f64::NEG_INFINITY), (3.0, f64::NEG_INFINITY)]);
        check_values(&Binomial(3, 1.0), &[(3.0, 0.0), (2.0, f64::NEG_INFINITY), (4.0, f64::NEG_INFINITY)]);
        assert!(Distribution::<f64>::check(&Binomial(2.5, 0.5)).is_err());
        assert!(Distribution::<f64>::check(&Binomial(2, 1.5)).is_err());
        assert!(!Support::<f64>::contains(&CountUpTo(3.0), 4.0));
    }

    #[test]
    fn tails_are_sums_of_masses() {
        check_cumulated(&Binomial(9, 0.3), 12);
        check_gradient!(|p| Binomial(9, p).ln_cdf(3) - Binomial(9, p).ln_survival(3) * 0.3, [0.4]);
    }
}
