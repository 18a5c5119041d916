//! ln p(x | rate) = x ln rate - rate - ln x!, x = 0, 1, 2, ...

use crate::dist::check::require;
use crate::dist::mass::{count_tails, is_count, join_mass, ln_factorial};
use crate::dist::poisson_log::expectation_given_eta;
use crate::dist::{Distribution, draw};
use crate::error::Invalid;
use crate::numbers::form::ClosedForm;
use crate::numbers::incomplete_gamma::ln_incomplete_gamma;
use crate::numbers::tail::Tail;
use crate::numbers::{Jet, Number, Param, Real};
use crate::support::Count;
use rand::Rng;

/// Poisson distribution: `Poisson(rate)`, a count whose mean (and variance) is `rate`.
///
/// `rate` is not negative. Support: counts.
#[derive(Clone, Copy, Debug)]
pub struct Poisson<L>(pub L);

impl<N: Number, L: Param<N>> Distribution<N> for Poisson<L> {
    type Support = Count;

    fn support(&self) -> Count {
        Count
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let (x, rate) = (x.value(), self.0.value());
        if !is_count(x) {
            return Real::constant(f64::NEG_INFINITY);
        }
        if x == 0.0 {
            return join_mass(
                (self.0,),
                &Jet { value: if rate >= 0.0 { -rate } else { f64::NEG_INFINITY }, first: [-1.0], second: [[0.0]] },
            );
        }
        let ratio = x / rate;
        join_mass(
            (self.0,),
            &Jet { value: x * rate.ln() - rate - ln_factorial(x), first: [ratio - 1.0], second: [[-ratio / rate]] },
        )
    }

    fn check(&self) -> Result<(), Invalid> {
        require::<N>("Poisson", "rate", self.0, |r| r >= 0.0 && r.is_finite(), "finite and not negative")
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        draw::poisson(rng, self.0.value())
    }

    /// With rate = exp(eta): x eta - exp(eta) - ln x!
    fn closed_form<X: Param<N>>(&self, x: X) -> Option<ClosedForm> {
        expectation_given_eta(x.form().as_constant()?, self.0.form().ln_affine()?)
    }
}

count_tails!(Poisson<L>, ln_tail);

/// P(X <= k) = Q(k + 1, rate) (Abramowitz & Stegun 1964, 26.4.21)
fn ln_tail<N: Number, L: Param<N>>(Poisson(rate): &Poisson<L>, tail: Tail, k: f64) -> Real<N> {
    ln_incomplete_gamma(tail.other(), k + 1.0, *rate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::Cdf;
    use crate::dist::reference::{check_cumulated, check_values};
    use crate::{check_discrete_distribution, check_gradient};

    #[test]
    fn passes_the_kit() {
        for rate in [0.02, 1.0, 7.5, 300.0] {
            check_discrete_distribution!(Poisson(rate));
        }
    }

    #[test]
    fn agrees_with_statrs() {
        use statrs::distribution::{Discrete, Poisson as Reference};
        for rate in [0.1, 3.0, 40.0] {
            let reference = Reference::new(rate).unwrap();
            for x in 0..100 {
                let (found, expected) = (Distribution::<f64>::ln_density(&Poisson(rate), x).0, reference.ln_pmf(x));
                assert!((found - expected).abs() < 1e-10, "rate {rate}, x {x}: {found}, not {expected}");
            }
        }
    }

    #[test]
    fn no_rate_means_no_events() {
        check_values(&Poisson(0.0), &[(0.0, 0.0), (1.0, f64::NEG_INFINITY), (0.5, f64::NEG_INFINITY)]);
        check_values(&Poisson(1e4), &[(0.0, -1e4)]);
    }

    #[test]
    fn tails_are_sums_of_masses() {
        for rate in [0.02, 1.0, 7.5, 300.0] {
            check_cumulated(&Poisson(rate), 40);
        }
        check_gradient!(|r| Poisson(r).ln_cdf(3) - Poisson(r).ln_survival(3) * 0.3, [2.5]);
    }
}
