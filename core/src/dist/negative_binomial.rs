//! ln p(x | shape, rate) = ln((shape)_x / x!) - shape ln(1 + 1 / rate) - x ln(1 + rate), with the rising factorial
//! (a)_x = gamma(a + x) / gamma(a); x = 0, 1, 2, ...

use crate::dist::Distribution;
use crate::dist::check::positive;
use crate::dist::mass::{count_tails, is_count, join_mass, ln_factorial};
use crate::dist::negative_binomial_2::{ln_rising_over_power, rising_partials, sample_gamma_poisson};
use crate::error::Invalid;
use crate::numbers::incomplete_beta::ln_incomplete_beta;
use crate::numbers::tail::Tail;
use crate::numbers::{Jet, Number, Param, Real};
use crate::support::Count;
use rand::Rng;

/// Negative binomial distribution: `NegativeBinomial(shape, rate)`, a Poisson count whose rate is drawn from
/// `Gamma(shape, rate)`; of mean `shape` / `rate`.
///
/// Both are positive. Support: counts. Stan's `neg_binomial`; [`NegativeBinomial2`](crate::dist::NegativeBinomial2) takes the mean instead.
#[derive(Clone, Copy, Debug)]
pub struct NegativeBinomial<S, R>(pub S, pub R);

impl<N: Number, S: Param<N>, R: Param<N>> Distribution<N> for NegativeBinomial<S, R> {
    type Support = Count;

    fn support(&self) -> Count {
        Count
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let (x, shape, rate) = (x.value(), self.0.value(), self.1.value());
        if !is_count(x) {
            return Real::constant(f64::NEG_INFINITY);
        }
        let [r_first, r_second] = if self.0.varies() { rising_partials(x, shape) } else { [0.0; 2] };
        let ln_miss = rate.recip().ln_1p();
        let (w, v) = (rate.recip(), (1.0 + rate).recip());
        join_mass(
            (self.0, self.1),
            &Jet {
                value: ln_rising_over_power(x, shape) + x * shape.ln()
                    - ln_factorial(x)
                    - shape * ln_miss
                    - x * rate.ln_1p(),
                first: [r_first + x / shape - ln_miss, (shape - x * rate) * w * v],
                second: [[r_second - x / (shape * shape), 0.0], [w * v, (shape + x) * v * v - shape * w * w]],
            },
        )
    }

    fn check(&self) -> Result<(), Invalid> {
        positive::<N>("NegativeBinomial", "shape", self.0)?;
        positive::<N>("NegativeBinomial", "rate", self.1)
    }

    fn sample<G: Rng + ?Sized>(&self, rng: &mut G) -> Option<f64> {
        sample_gamma_poisson(rng, self.0.value(), self.1.value().recip())
    }
}

count_tails!(NegativeBinomial<S, R>, ln_tail);

/// P(X <= k) = I_x(shape, k + 1), x = rate / (1 + rate) (Abramowitz & Stegun 1964, 26.5.26)
fn ln_tail<N: Number, S: Param<N>, R: Param<N>>(dist: &NegativeBinomial<S, R>, tail: Tail, k: f64) -> Real<N> {
    let rate = dist.1.real();
    ln_incomplete_beta(tail, (dist.0, k + 1.0), (rate.recip() + 1.0).recip(), (rate.value() + 1.0).recip())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::Cdf;
    use crate::dist::NegativeBinomial2;
    use crate::dist::reference::check_cumulated;
    use crate::{check_discrete_distribution, check_gradient};

    #[test]
    fn passes_the_kit() {
        for (shape, rate) in [(1.0, 1.0), (0.3, 0.1), (25.0, 4.0), (6.0, 50.0)] {
            check_discrete_distribution!(NegativeBinomial(shape, rate));
        }
    }

    #[test]
    fn is_the_other_parameterisation() {
        for (shape, rate) in [(2.5, 0.7), (40.0, 3.0)] {
            for x in [0, 1, 4, 90] {
                let found = Distribution::<f64>::ln_density(&NegativeBinomial(shape, rate), x).0;
                let expected = Distribution::<f64>::ln_density(&NegativeBinomial2(shape / rate, shape), x).0;
                assert!((found - expected).abs() < 1e-12 * (1.0 + expected.abs()), "x {x}: {found}, not {expected}");
            }
        }
    }

    #[test]
    fn tails_are_sums_of_masses() {
        check_cumulated(&NegativeBinomial(2.5, 0.7), 40);
        check_gradient!(
            |s, r| NegativeBinomial(s, r).ln_cdf(3) - NegativeBinomial(s, r).ln_survival(3) * 0.3,
            [2.5, 0.7]
        );
    }
}
