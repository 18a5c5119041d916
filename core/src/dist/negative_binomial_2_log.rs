//! ln p(x | eta, dispersion) = r + x (eta - ln(1 + exp(t))) - ln x! - dispersion ln(1 + exp(t)), with t = eta -
//! ln(dispersion), r = ln((dispersion)_x / dispersion^x) and the rising factorial (a)_x = gamma(a + x) / gamma(a);
//! x = 0, 1, 2, ...
//!
//! The mean, exp(eta), is never formed; for a large t what x is multiplied by is computed as ln(dispersion) - ln(1 + exp(-t)).

use crate::dist::Distribution;
use crate::dist::check::{finite, positive};
use crate::dist::mass::{count_tails, is_count, join_mass, ln_factorial};
use crate::dist::negative_binomial_2::{ln_rising_over_power, rising_partials, sample_gamma_poisson};
use crate::error::Invalid;
use crate::numbers::incomplete_beta::ln_incomplete_beta;
use crate::numbers::tail::Tail;
use crate::numbers::{Jet, Number, Param, Real};
use crate::special::{ln_1p_exp, sigmoid};
use crate::support::Count;
use rand::Rng;

/// Negative binomial distribution by its log mean: `NegativeBinomial2Log(eta, dispersion)`, an overdispersed count of mean
/// exp(`eta`) and of variance exp(`eta`) + exp(2 `eta`) / `dispersion`.
///
/// `eta` is any finite number, such as a linear predictor with the logarithm of an exposure; `dispersion` is positive.
/// Support: counts. Stan's `neg_binomial_2_log`.
#[doc(alias("offset", "overdispersion", "neg_binomial_2_log"))]
#[derive(Clone, Copy, Debug)]
pub struct NegativeBinomial2Log<E, D>(pub E, pub D);

impl<N: Number, E: Param<N>, D: Param<N>> Distribution<N> for NegativeBinomial2Log<E, D> {
    type Support = Count;

    fn support(&self) -> Count {
        Count
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let (x, eta, phi) = (x.value(), self.0.value(), self.1.value());
        if !is_count(x) {
            return Real::constant(f64::NEG_INFINITY);
        }
        let t = eta - phi.ln();
        // the mean's share in mean + dispersion
        let (share, rest) = (sigmoid(t), sigmoid(-t));
        let ln_sum = ln_1p_exp(t);
        let ln_each = if t > 0.0 { phi.ln() - ln_1p_exp(-t) } else { eta - ln_sum };
        let [r_first, r_second] = if self.1.varies() { rising_partials(x, phi) } else { [0.0; 2] };
        let by_phi = share / phi;
        join_mass(
            (self.0, self.1),
            &Jet {
                value: ln_rising_over_power(x, phi) + x * ln_each - ln_factorial(x) - phi * ln_sum,
                first: [x * rest - phi * share, r_first - ln_sum + (x + phi) * by_phi],
                second: [
                    [-(x + phi) * share * rest, 0.0],
                    [
                        share * (x * rest / phi - share),
                        r_second + 2.0 * by_phi - (x + phi) * by_phi * (1.0 + rest) / phi,
                    ],
                ],
            },
        )
    }

    fn check(&self) -> Result<(), Invalid> {
        finite::<N>("NegativeBinomial2Log", "eta", self.0)?;
        positive::<N>("NegativeBinomial2Log", "dispersion", self.1)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        let dispersion = self.1.value();
        sample_gamma_poisson(rng, dispersion, (self.0.value() - dispersion.ln()).exp())
    }
}

count_tails!(NegativeBinomial2Log<E, D>, ln_tail);

/// P(X <= k) = I_(1 - s)(dispersion, k + 1) (Abramowitz & Stegun 1964, 26.5.26)
fn ln_tail<N: Number, E: Param<N>, D: Param<N>>(dist: &NegativeBinomial2Log<E, D>, tail: Tail, k: f64) -> Real<N> {
    let t = dist.0.real() - dist.1.real().ln();
    ln_incomplete_beta(tail, (dist.1, k + 1.0), (-t).sigmoid(), sigmoid(t.value()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::Cdf;
    use crate::dist::reference::{check_cumulated, check_refused, check_values};
    use crate::dist::{NegativeBinomial2, PoissonLog};
    use crate::{check_discrete_distribution, check_gradient};

    #[test]
    fn passes_the_kit() {
        for (eta, dispersion) in [(0.0, 1.0), (-1.2, 4.0), (3.0, 0.4), (4.4, 19.9), (4.4, 25.0), (1.6, 1e4)] {
            check_discrete_distribution!(NegativeBinomial2Log(eta, dispersion));
        }
    }

    #[test]
    fn agrees_with_scipy() {
        // scipy 1.17: `nbinom.logpmf(x, 2.5, 2.5 / (2.5 + np.exp(1.3)))`
        check_values(
            &NegativeBinomial2Log(1.3, 2.5),
            &[
                (0.0, -2.258_235_268_158_488_3),
                (1.0, -1.861_529_375_421_883_3),
                (4.0, -2.136_749_265_672_413),
                (30.0, -12.967_514_247_973_71),
                (400.0, -201.384_977_267_228_86),
            ],
        );
    }

    #[test]
    fn is_the_other_parameterisation() {
        for (eta, dispersion) in [(1.3, 2.5), (-4.0, 7.0), (6.0, 33.0)] {
            let other = NegativeBinomial2(f64::exp(eta), dispersion);
            let table = [0, 1, 4, 90].map(|x| (f64::from(x), Distribution::<f64>::ln_density(&other, x).0));
            for (x, expected) in table {
                let found = Distribution::<f64>::ln_density(&NegativeBinomial2Log(eta, dispersion), x).0;
                assert!((found - expected).abs() < 1e-12 * (1.0 + expected.abs()), "x {x}: {found}, not {expected}");
            }
        }
    }

    #[test]
    fn extreme_means_keep_their_digits() {
        // mpmath 1.3, 800 digits, from the formula with gamma functions
        let low = NegativeBinomial2Log(-800.0, 2.5);
        check_values(&low, &[(0.0, -0.0), (1.0, -800.0), (3.0, -2_400.867_500_567_704_6)]);
        let high = NegativeBinomial2Log(800.0, 2.5);
        check_values(&high, &[(0.0, -1_997.709_273_170_314_6), (3.0, -1_995.827_901_542_396_8)]);
        let poisson: Real<f64> = PoissonLog(1.8).ln_density(9);
        check_values(&NegativeBinomial2Log(1.8, 1e17), &[(9.0, poisson.0)]);
    }

    #[test]
    fn a_mean_of_nothing_draws_nothing() {
        let mut rng = <rand_chacha::ChaCha8Rng as rand::SeedableRng>::seed_from_u64(1);
        assert_eq!(Distribution::<f64>::sample(&NegativeBinomial2Log(-800.0, 2.5), &mut rng), Some(0.0));
    }

    #[test]
    fn refuses_invalid_parameters() {
        check_refused(&NegativeBinomial2Log(f64::INFINITY, 1.0), "eta");
        check_refused(&NegativeBinomial2Log(f64::NAN, 1.0), "eta");
        check_refused(&NegativeBinomial2Log(0.0, 0.0), "dispersion");
        check_refused(&NegativeBinomial2Log(0.0, f64::NAN), "dispersion");
    }

    #[test]
    fn tails_are_sums_of_masses() {
        for (eta, dispersion) in [(0.0, 1.0), (-1.2, 4.0), (3.0, 0.4), (1.6, 1e6)] {
            check_cumulated(&NegativeBinomial2Log(eta, dispersion), 40);
        }
        check_gradient!(
            |e, d| NegativeBinomial2Log(e, d).ln_cdf(3) - NegativeBinomial2Log(e, d).ln_survival(3) * 0.3,
            [1.4, 1.5]
        );
    }
}
