//! ln p(x | a, b) = (a - 1) ln x + (b - 1) ln(1 - x) - ln B(a, b), 0 < x < 1.

use crate::dist::check::positive;
use crate::dist::{Cdf, Distribution, draw, gamma};
use crate::error::Invalid;
use crate::numbers::incomplete_beta::ln_incomplete_beta;
use crate::numbers::tail::Tail;
use crate::numbers::{Args, Jet, Number, Param, Real};
use crate::special::{digamma, ln_beta, trigamma};
use crate::support::Interval;
use rand::Rng;

/// Beta distribution: `Beta(a, b)`, whose mean is `a` / (`a` + `b`).
///
/// Both are positive. Support: numbers between 0 and 1.
#[derive(Clone, Copy, Debug)]
pub struct Beta<A, B>(pub A, pub B);

impl<N: Number, A: Param<N>, B: Param<N>> Distribution<N> for Beta<A, B> {
    type Support = Interval<f64, f64>;

    fn support(&self) -> Interval<f64, f64> {
        Interval(0.0, 1.0)
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let (a, b, v) = (self.0.value(), self.1.value(), x.value());
        let ln_normaliser = -ln_beta(a, b);
        let [by_a, by_b, twice_by_a, mixed, twice_by_b] =
            if self.0.varies() || self.1.varies() { normaliser_partials(a, b) } else { [0.0; 5] };
        if !(v > 0.0 && v < 1.0) {
            return Real::constant(ln_normaliser + ln_kernel_off(v, a - 1.0, b - 1.0));
        }
        let (ln_x, ln_rest) = (v.ln(), (-v).ln_1p());
        let (r, s) = (v.recip(), (1.0 - v).recip());
        (x, self.0, self.1).join(&Jet {
            value: ln_normaliser + (a - 1.0) * ln_x + (b - 1.0) * ln_rest,
            first: [(a - 1.0) * r - (b - 1.0) * s, ln_x + by_a, ln_rest + by_b],
            second: [[(1.0 - a) * r * r + (1.0 - b) * s * s, 0.0, 0.0], [r, twice_by_a, 0.0], [-s, mixed, twice_by_b]],
        })
    }

    fn check(&self) -> Result<(), Invalid> {
        positive::<N>("Beta", "a", self.0)?;
        positive::<N>("Beta", "b", self.1)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        let draw = draw::beta(rng, self.0.value(), self.1.value())?;
        Some(draw.clamp(f64::MIN_POSITIVE, 1.0 - f64::EPSILON / 2.0))
    }
}

/// F is the incomplete beta function.
impl<N: Number, A: Param<N>, B: Param<N>> Cdf<N> for Beta<A, B> {
    fn ln_cdf<X: Param<N>>(&self, x: X) -> Real<N> {
        ln_incomplete_beta(Tail::Lower, (self.0, self.1), x, 1.0 - x.value())
    }
    fn ln_survival<X: Param<N>>(&self, x: X) -> Real<N> {
        ln_incomplete_beta(Tail::Upper, (self.0, self.1), x, 1.0 - x.value())
    }
}

/// Partials of -ln B(a, b): by a, by b, twice by a, by a and b, twice by b.
#[inline(always)]
fn normaliser_partials(a: f64, b: f64) -> [f64; 5] {
    let (first, second) = (digamma(a + b), trigamma(a + b));
    [first - digamma(a), first - digamma(b), second - trigamma(a), second, second - trigamma(b)]
}

/// Logarithm of x^p (1 - x)^q for an x not between 0 and 1: 0^0 = 1 at the two ends, and 0 beyond.
fn ln_kernel_off(x: f64, p: f64, q: f64) -> f64 {
    if x == 0.0 {
        gamma::ln_power_of_zero(p)
    } else if 1.0 - x == 0.0 {
        gamma::ln_power_of_zero(q)
    } else {
        f64::NEG_INFINITY
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::reference::{check_refused, check_tails_within, check_values};
    use crate::{check_distribution, check_gradient};

    #[test]
    fn is_a_distribution() {
        check_distribution!(Beta(2.5, 1.7));
        check_distribution!(Beta(0.8, 3.0));
        check_distribution!(Beta(0.48, 0.32));
        check_distribution!(Beta(30.0, 20.0));
    }

    #[test]
    fn agrees_with_scipy() {
        // scipy 1.17: `beta.logpdf(x, 2.5, 0.7)`
        check_values(
            &Beta(2.5, 0.7),
            &[
                (-0.1, f64::NEG_INFINITY),
                (0.0, f64::NEG_INFINITY),
                (1.0e-10, -34.198_921_684_730_365),
                (0.3, -1.359_102_013_156_961_8),
                (0.999, 2.410_680_543_344_588_6),
                (1.0, f64::INFINITY),
                (1.1, f64::NEG_INFINITY),
            ],
        );
        // scipy 1.17: `beta.logpdf(x, 1, 3)`
        check_values(
            &Beta(1.0, 3.0),
            &[(0.0, 1.098_612_288_668_109_8), (0.3, 0.385_262_400_790_644_9), (1.0, f64::NEG_INFINITY)],
        );
        // scipy 1.17: `beta.logpdf(x, 50, 3)`
        check_values(
            &Beta(50.0, 3.0),
            &[(0.5, -24.248_561_032_383_25), (0.95, 2.597_109_204_075_996_7), (0.999, -2.762_589_898_135_910_7)],
        );
    }

    #[test]
    fn refuses_invalid_parameters() {
        check_refused(&Beta(0.0, 1.0), "a");
        check_refused(&Beta(1.0, f64::NAN), "b");
    }

    #[test]
    fn tails_agree_with_mpmath() {
        // mpmath 1.3, 700 digits, from the power series; scipy 1.17 agrees where it has digits
        check_tails_within(
            1e-12,
            &Beta(2.5, 0.7),
            &[
                [1.0e-30, -173.270_317_996_277_27, -5.618_973_923_069_028e-76],
                [0.3, -3.512_776_363_792_511_3, -0.030_267_498_898_314_62],
                [0.75, -1.043_499_464_521_029, -0.434_204_056_239_343_33],
                [0.8, -0.850_276_691_190_252_4, -0.557_387_473_606_371],
                [0.999, -0.016_058_802_688_618_503, -4.139_516_781_785_646],
            ],
        );
        check_tails_within(
            1e-12,
            &Beta(0.02, 0.3),
            &[
                [1.0e-30, -1.438_029_636_820_171_3, -0.271_015_144_079_484_96],
                [0.03, -0.126_192_661_479_005_2, -2.132_378_374_772_511],
                [0.2, -0.085_658_109_848_481_88, -2.499_914_725_071_932],
                [0.937_5, -0.028_221_169_654_982_135, -3.581_760_285_965_302_6],
            ],
        );
        check_tails_within(
            1e-12,
            &Beta(4e3, 3e4),
            &[
                [0.01, -6_412.071_636_942_653, 0.0],
                [0.115, -2.746_068_825_269_102_6, -0.066_331_773_303_811_2],
                [0.117_5, -0.758_949_672_613_596_6, -0.631_408_615_489_948_8],
                [0.117_7, -0.665_931_655_699_503_4, -0.721_124_161_966_477_2],
                [0.12, -0.093_876_914_431_297_66, -2.412_342_056_748_358_7],
                [0.3, 0.0, f64::NEG_INFINITY],
            ],
        );
    }

    #[test]
    fn tails_have_the_right_derivatives() {
        for x in [0.1, 0.3, 0.8, 0.95] {
            check_gradient!(|x, a, b| Beta(a, b).ln_cdf(x) + Beta(a, b).ln_survival(x), [x, 2.5, 0.7]);
        }
        check_gradient!(|x, a, b| Beta(a, b).ln_survival(x), [0.3, 1.0, 1.0]);
    }
}
