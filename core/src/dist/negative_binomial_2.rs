//! ln p(x | mean, dispersion) = ln((dispersion)_x / x!) + x ln(mean / s) + dispersion ln(dispersion / s),
//! with s = mean + dispersion and the rising factorial (a)_x = gamma(a + x) / gamma(a); x = 0, 1, 2, ...
//!
//! Computed as r + x ln mean - ln x! - (x + dispersion) ln(1 + mean / dispersion), with r = ln((dispersion)_x /
//! dispersion^x), which goes to the Poisson distribution without loss of digits as the dispersion grows.

use crate::dist::check::positive;
use crate::dist::mass::{count_tails, is_count, join_mass, ln_factorial};
use crate::dist::{Distribution, draw};
use crate::error::Invalid;
use crate::numbers::incomplete_beta::ln_incomplete_beta;
use crate::numbers::tail::Tail;
use crate::numbers::{Jet, Number, Param, Real};
use crate::special::{STIRLING_FROM, digamma, ln_gamma, stirling, trigamma};
use crate::support::Count;
use rand::Rng;

/// Negative binomial distribution: `NegativeBinomial2(mean, dispersion)`, an overdispersed count of that mean and of
/// variance `mean` + `mean`^2 / `dispersion`.
///
/// Both are positive. Support: counts. Stan's `neg_binomial_2`.
#[derive(Clone, Copy, Debug)]
pub struct NegativeBinomial2<M, D>(pub M, pub D);

impl<N: Number, M: Param<N>, D: Param<N>> Distribution<N> for NegativeBinomial2<M, D> {
    type Support = Count;

    fn support(&self) -> Count {
        Count
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let (x, mean, phi) = (x.value(), self.0.value(), self.1.value());
        if !is_count(x) {
            return Real::constant(f64::NEG_INFINITY);
        }
        let sum = mean + phi;
        let ln_ratio = (mean / phi).ln_1p();
        let [r_first, r_second] = if self.1.varies() { rising_partials(x, phi) } else { [0.0; 2] };
        let share = mean / (phi * sum);
        join_mass(
            (self.0, self.1),
            &Jet {
                value: ln_rising_over_power(x, phi) + x * mean.ln() - ln_factorial(x) - (x + phi) * ln_ratio,
                first: [phi * (x - mean) / (mean * sum), r_first - ln_ratio + (x + phi) * share],
                second: [
                    [(x + phi) / (sum * sum) - x / (mean * mean), 0.0],
                    [
                        (x - mean) / (sum * sum),
                        r_second + 2.0 * share - (x + phi) * share * (phi.recip() + sum.recip()),
                    ],
                ],
            },
        )
    }

    fn check(&self) -> Result<(), Invalid> {
        positive::<N>("NegativeBinomial2", "mean", self.0)?;
        positive::<N>("NegativeBinomial2", "dispersion", self.1)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        sample_gamma_poisson(rng, self.1.value(), self.0.value() / self.1.value())
    }
}

count_tails!(NegativeBinomial2<M, D>, ln_tail);

/// P(X <= k) = I_x(dispersion, k + 1), x = dispersion / (mean + dispersion) (Abramowitz & Stegun 1964, 26.5.26)
fn ln_tail<N: Number, M: Param<N>, D: Param<N>>(dist: &NegativeBinomial2<M, D>, tail: Tail, k: f64) -> Real<N> {
    let ratio = dist.0.real() / dist.1.real();
    ln_incomplete_beta(tail, (dist.1, k + 1.0), (ratio + 1.0).recip(), (ratio.value().recip() + 1.0).recip())
}

/// ln((a)_x / a^x) = sum over j < x of ln(1 + j / a).
pub(crate) fn ln_rising_over_power(x: f64, a: f64) -> f64 {
    if x < 2.0 {
        return 0.0;
    }
    if a < STIRLING_FROM {
        return ln_gamma(a + x) - ln_gamma(a) - x * a.ln();
    }
    // Stirling's series of both logarithms, subtracted by hand.
    (a + x - 0.5) * (x / a).ln_1p() - x + stirling(a + x)[0] - stirling(a)[0]
}

/// First and second derivative of [`ln_rising_over_power`] by a.
pub(crate) fn rising_partials(x: f64, a: f64) -> [f64; 2] {
    if x < 2.0 {
        return [0.0; 2];
    }
    let b = a + x;
    if a < STIRLING_FROM {
        return [digamma(b) - digamma(a) - x / a, trigamma(b) - trigamma(a) + x / (a * a)];
    }
    let (at_a, at_b) = (stirling(a), stirling(b));
    [
        (x / a).ln_1p() - x / a + 0.5 * x / (a * b) + at_b[1] - at_a[1],
        x * x / (a * a * b) - 0.5 * x * (a + b) / (a * b * a * b) + at_b[2] - at_a[2],
    ]
}

/// A Poisson draw whose rate is a gamma draw; `None` if the parameters are invalid. The scale may be 0 to all digits.
pub(crate) fn sample_gamma_poisson<R: Rng + ?Sized>(rng: &mut R, shape: f64, scale: f64) -> Option<f64> {
    let rate = scale * draw::gamma(rng, shape, 1.0)?;
    draw::poisson(rng, rate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::Cdf;
    use crate::dist::Poisson;
    use crate::dist::reference::check_cumulated;
    use crate::{check_discrete_distribution, check_gradient};

    #[test]
    fn passes_the_kit() {
        for (mean, dispersion) in [(1.0, 1.0), (0.3, 4.0), (20.0, 0.4), (80.0, 19.9), (80.0, 25.0), (5.0, 1e4)] {
            check_discrete_distribution!(NegativeBinomial2(mean, dispersion));
        }
    }

    #[test]
    fn agrees_with_statrs() {
        use statrs::distribution::{Discrete, NegativeBinomial as Reference};
        for (mean, dispersion) in [(4.0, 2.5), (30.0, 33.0), (0.2, 7.0)] {
            let reference = Reference::new(dispersion, dispersion / (mean + dispersion)).unwrap();
            for x in 0..80 {
                let found = Distribution::<f64>::ln_density(&NegativeBinomial2(mean, dispersion), x).0;
                let expected = reference.ln_pmf(x);
                assert!((found - expected).abs() < 1e-10, "mean {mean}, x {x}: {found}, not {expected}");
            }
        }
    }

    #[test]
    fn goes_to_the_poisson_distribution() {
        for x in [0, 1, 5, 40] {
            let found = Distribution::<f64>::ln_density(&NegativeBinomial2(6.0, 1e17), x).0;
            let limit = Distribution::<f64>::ln_density(&Poisson(6.0), x).0;
            assert!((found - limit).abs() < 1e-12, "x {x}: {found}, not {limit}");
        }
    }

    #[test]
    fn tails_are_sums_of_masses() {
        for (mean, dispersion) in [(1.0, 1.0), (0.3, 4.0), (20.0, 0.4), (5.0, 1e6)] {
            check_cumulated(&NegativeBinomial2(mean, dispersion), 40);
        }
        check_gradient!(
            |m, d| NegativeBinomial2(m, d).ln_cdf(3) - NegativeBinomial2(m, d).ln_survival(3) * 0.3,
            [4.0, 1.5]
        );
    }
}
