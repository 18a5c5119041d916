//! ln p(x | eta) = x eta - exp(eta) - ln x!, x = 0, 1, 2, ...

use crate::dist::check::finite;
use crate::dist::mass::{count_tails, is_count, join_mass, ln_factorial};
use crate::dist::{Distribution, draw};
use crate::error::Invalid;
use crate::numbers::form::{Affine, ClosedForm, ExponentialTerm, MixedForm};
use crate::numbers::incomplete_gamma::ln_incomplete_gamma;
use crate::numbers::tail::Tail;
use crate::numbers::{Jet, Number, Param, Real};
use crate::support::Count;
use rand::Rng;

/// Poisson distribution by its log rate: `PoissonLog(eta)`, a count whose mean (and variance) is exp(`eta`).
///
/// `eta` is any finite number. Support: counts.
#[doc(alias("offset", "exposure"))]
#[derive(Clone, Copy, Debug)]
pub struct PoissonLog<E>(pub E);

impl<N: Number, E: Param<N>> Distribution<N> for PoissonLog<E> {
    type Support = Count;

    fn support(&self) -> Count {
        Count
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let (x, eta) = (x.value(), self.0.value());
        if !is_count(x) {
            return Real::constant(f64::NEG_INFINITY);
        }
        let rate = eta.exp();
        join_mass((self.0,), &Jet { value: x * eta - rate - ln_factorial(x), first: [x - rate], second: [[-rate]] })
    }

    fn check(&self) -> Result<(), Invalid> {
        finite::<N>("PoissonLog", "eta", self.0)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        draw::poisson(rng, self.0.value().exp())
    }

    /// With affine eta, the density itself.
    fn closed_form<X: Param<N>>(&self, x: X) -> Option<ClosedForm> {
        expectation_given_eta(x.form().as_constant()?, self.0.form().affine()?)
    }
}

count_tails!(PoissonLog<E>, ln_tail);

/// P(X <= k) = Q(k + 1, exp(eta)) (Abramowitz & Stegun 1964, 26.4.21)
fn ln_tail<N: Number, E: Param<N>>(PoissonLog(eta): &PoissonLog<E>, tail: Tail, k: f64) -> Real<N> {
    ln_incomplete_gamma(tail.other(), k + 1.0, eta.real().exp())
}

/// x eta - exp(eta) - ln x!
pub(crate) fn expectation_given_eta(x: f64, eta: Affine) -> Option<ClosedForm> {
    let mut affine = eta.scaled(x);
    affine.constant -= ln_factorial(x);
    let square = MixedForm::constant(1.0);
    is_count(x)
        .then_some(ClosedForm { affine, exponential: Some(ExponentialTerm { factor: -1.0, exponent: eta, square }) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::Cdf;
    use crate::dist::Poisson;
    use crate::dist::reference::{check_cumulated, check_values};
    use crate::{check_discrete_distribution, check_gradient};

    #[test]
    fn passes_the_kit() {
        for eta in [-4.0, 0.0, 0.7, 5.5] {
            check_discrete_distribution!(PoissonLog(eta));
        }
    }

    #[test]
    fn is_the_poisson_of_the_exponential() {
        let table: Vec<(f64, f64)> =
            (0..50).map(|x| (f64::from(x), Distribution::<f64>::ln_density(&Poisson(1.5_f64.exp()), x).0)).collect();
        check_values(&PoissonLog(1.5), &table);
    }

    #[test]
    fn the_tails_keep_their_digits() {
        check_values(&PoissonLog(-1000.0), &[(0.0, 0.0), (1.0, -1000.0)]);
        check_values(&PoissonLog(1000.0), &[(3.0, f64::NEG_INFINITY)]);
    }

    #[test]
    fn tails_are_sums_of_masses() {
        check_cumulated(&PoissonLog(1.5), 40);
        check_gradient!(|e| PoissonLog(e).ln_cdf(3) - PoissonLog(e).ln_survival(3) * 0.3, [0.9]);
    }
}
