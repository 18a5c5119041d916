//! Distribution functions: what [`Truncated`](crate::dist::Truncated) needs of a distribution.
//!
//! Everything is a logarithm, and each tail has a function of its own, so that nothing is lost far out. A distribution
//! that is a transformation of a standard one gives `[ln F, (ln F)', (ln F)'']` of that, as plain numbers.

use crate::dist::{
    Cauchy, Distribution, Exponential, Gumbel, Laplace, LogNormal, Logistic, Normal, Uniform, Weibull, cauchy,
};
use crate::numbers::number::{Number, Param, Real};
use crate::special::{ln_1m_exp, ln_1p_exp, ln_normal_cdf_partials, sigmoid};
use std::f64::consts::{LN_2, PI};

/// A distribution whose distribution function is known, with its derivatives by the point and by every parameter.
pub trait Cdf<N: Number>: Distribution<N> {
    /// ln P(X <= x).
    fn ln_cdf<X: Param<N>>(&self, x: X) -> Real<N>;

    /// ln P(X > x).
    fn ln_survival<X: Param<N>>(&self, x: X) -> Real<N>;

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
        more + ln_1m_exp_of(less - more)
    }
}

/// ln(1 - exp(d)), d < 0.
fn ln_1m_exp_of<N: Number>(d: Real<N>) -> Real<N> {
    let odds = (-d.value()).exp_m1().recip();
    d.chain(ln_1m_exp(d.value()), -odds, -odds * (1.0 + odds))
}

/// A function of one number, given its value and two derivatives.
fn apply<N: Number>(z: Real<N>, [f, first, second]: [f64; 3]) -> Real<N> {
    z.chain(f, first, second)
}

/// (x - loc) / scale
fn standardised<N: Number>(x: impl Param<N>, loc: impl Param<N>, scale: impl Param<N>) -> Real<N> {
    (x.real() - loc.real()) / scale.real()
}

/// A location-scale family that is symmetric: its survival at z is its distribution function at -z.
macro_rules! symmetric {
    ($($dist:ident $standard:path)*) => {$(
        impl<N: Number, L: Param<N>, S: Param<N>> Cdf<N> for $dist<L, S> {
            fn ln_cdf<X: Param<N>>(&self, x: X) -> Real<N> {
                let z = standardised::<N>(x, self.0, self.1);
                apply(z, $standard(z.value()))
            }
            fn ln_survival<X: Param<N>>(&self, x: X) -> Real<N> {
                let z = -standardised::<N>(x, self.0, self.1);
                apply(z, $standard(z.value()))
            }
        }
    )*};
}
symmetric!(Normal ln_normal_cdf_partials  Cauchy cauchy_cdf  Logistic logistic_cdf  Laplace laplace_cdf);

/// F = atan2(1, -z) / pi = 1 - atan2(1, z) / pi, the one or the other for the digits.
fn cauchy_cdf(z: f64) -> [f64; 3] {
    let [ln_density, slope, _] = cauchy::standard(z);
    let value = if z > 0.0 { (-1.0_f64.atan2(z) / PI).ln_1p() } else { (1.0_f64.atan2(-z) / PI).ln() };
    let hazard = (ln_density - value).exp();
    [value, hazard, hazard * (slope - hazard)]
}

/// ln F = -ln(1 + exp(-z))
fn logistic_cdf(z: f64) -> [f64; 3] {
    let missing = sigmoid(-z);
    [-ln_1p_exp(-z), missing, -missing * sigmoid(z)]
}

/// F = exp(z) / 2 below 0, 1 - exp(-z) / 2 above.
fn laplace_cdf(z: f64) -> [f64; 3] {
    if z < 0.0 {
        return [z - LN_2, 1.0, 0.0];
    }
    let density = 0.5 * (-z).exp();
    let hazard = density / (1.0 - density);
    [(-density).ln_1p(), hazard, -hazard * (1.0 + hazard)]
}

/// ln F = -exp(-z)
impl<N: Number, L: Param<N>, S: Param<N>> Cdf<N> for Gumbel<L, S> {
    fn ln_cdf<X: Param<N>>(&self, x: X) -> Real<N> {
        -(-standardised::<N>(x, self.0, self.1)).exp()
    }
    fn ln_survival<X: Param<N>>(&self, x: X) -> Real<N> {
        let z = standardised::<N>(x, self.0, self.1);
        let e = (-z.value()).exp();
        // exp(-e) e / (1 - exp(-e)), also where e is 0 or infinite
        let hazard = if e == 0.0 { 1.0 } else { e.min(f64::MAX) / e.exp_m1() };
        let slope = if hazard == 0.0 { 0.0 } else { hazard * (e - 1.0 + hazard) };
        // ln(1 - exp(-e)) goes to -z as e goes to 0
        let value = if e < 1e-300 { -z.value() } else { ln_1m_exp(-e) };
        apply(z, [value, -hazard, -slope])
    }
}

/// ln P(X <= x), where -ln P(X > x) is `cumulated`.
fn ln_cdf_of_hazard<N: Number>(cumulated: Real<N>) -> Real<N> {
    ln_1m_exp_of(-cumulated)
}

/// ln P(X > x) = -rate x
impl<N: Number, R: Param<N>> Cdf<N> for Exponential<R> {
    fn ln_cdf<X: Param<N>>(&self, x: X) -> Real<N> {
        if x.value() > 0.0 {
            return ln_cdf_of_hazard(self.0.real() * x.real());
        }
        Real::constant(f64::NEG_INFINITY)
    }
    fn ln_survival<X: Param<N>>(&self, x: X) -> Real<N> {
        if x.value() > 0.0 { -(self.0.real() * x.real()) } else { Real::constant(0.0) }
    }
}

/// ln P(X > x) = -(x / scale)^shape
impl<N: Number, K: Param<N>, S: Param<N>> Cdf<N> for Weibull<K, S> {
    fn ln_cdf<X: Param<N>>(&self, x: X) -> Real<N> {
        if x.value() > 0.0 {
            return ln_cdf_of_hazard((x.real() / self.1.real()).pow(self.0.real()));
        }
        Real::constant(f64::NEG_INFINITY)
    }
    fn ln_survival<X: Param<N>>(&self, x: X) -> Real<N> {
        if x.value() > 0.0 { -(x.real() / self.1.real()).pow(self.0.real()) } else { Real::constant(0.0) }
    }
}

/// That of the normal distribution at ln x.
impl<N: Number, L: Param<N>, S: Param<N>> Cdf<N> for LogNormal<L, S> {
    fn ln_cdf<X: Param<N>>(&self, x: X) -> Real<N> {
        if x.value() > 0.0 {
            return Normal(self.0, self.1).ln_cdf(x.real().ln());
        }
        Real::constant(f64::NEG_INFINITY)
    }
    fn ln_survival<X: Param<N>>(&self, x: X) -> Real<N> {
        if x.value() > 0.0 { Normal(self.0, self.1).ln_survival(x.real().ln()) } else { Real::constant(0.0) }
    }
}

/// F = (x - low) / (high - low) between the two.
impl<N: Number, L: Param<N>, H: Param<N>> Cdf<N> for Uniform<L, H> {
    fn ln_cdf<X: Param<N>>(&self, x: X) -> Real<N> {
        if x.value() >= self.1.value() {
            return Real::constant(0.0);
        }
        ln_share::<N>(self.0, x, self)
    }
    fn ln_survival<X: Param<N>>(&self, x: X) -> Real<N> {
        if x.value() <= self.0.value() {
            return Real::constant(0.0);
        }
        ln_share::<N>(x, self.1, self)
    }
}

/// ln((to - from) / (high - low)), -inf if there is nothing between.
fn ln_share<N: Number>(
    from: impl Param<N>,
    to: impl Param<N>,
    uniform: &Uniform<impl Param<N>, impl Param<N>>,
) -> Real<N> {
    if to.value() <= from.value() {
        return Real::constant(f64::NEG_INFINITY);
    }
    (to.real() - from.real()).ln() - (uniform.1.real() - uniform.0.real()).ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_gradient;

    /// The point, ln P(X <= x) and ln P(X > x), each within 1e-13 of it.
    #[track_caller]
    fn check_tails(dist: &impl Cdf<f64>, table: &[(f64, f64, f64)]) {
        for &(x, below, above) in table {
            for (found, expected) in [(dist.ln_cdf(x).0, below), (dist.ln_survival(x).0, above)] {
                let close = found.total_cmp(&expected).is_eq() || (found - expected).abs() <= 1e-13 * expected.abs();
                assert!(close, "at {x}: {found:e} for {expected:e}");
            }
        }
    }

    #[test]
    fn normal_agrees_with_mpmath() {
        // mpmath 1.3, 400 digits, from the formula of the distribution function
        check_tails(
            &Normal(0.5, 1.5),
            &[
                (-50.0, -571.158_549_312_476_2, -8.891_883_043_752_725e-249),
                (-2.0, -3.040_931_495_152_974_7, -0.048_970_050_234_415_52),
                (0.25, -0.835_134_412_060_476_9, -0.568_836_460_913_882_5),
                (3.0, -0.048_970_050_234_415_52, -3.040_931_495_152_974_7),
                (60.0, 0.0, -791.322_306_501_554_9),
            ],
        );
    }

    #[test]
    fn cauchy_agrees_with_mpmath() {
        // mpmath 1.3, 400 digits, from the formula of the distribution function
        check_tails(
            &Cauchy(0.5, 1.5),
            &[
                (-1_000_000_000.0, -21.462_530_615_187_646, -4.774_648_291_509_399e-10),
                (-2.0, -1.760_139_474_513_887, -0.188_767_329_772_774_74),
                (0.25, -0.804_231_728_860_301_1, -0.593_177_949_715_86),
                (3.0, -0.188_767_329_772_774_74, -1.760_139_474_513_887),
                (1_000_000_000_000.0, -4.774_648_292_760_387e-13, -28.370_285_893_669_283),
            ],
        );
    }

    #[test]
    fn logistic_agrees_with_mpmath() {
        // mpmath 1.3, 400 digits, from the formula of the distribution function
        check_tails(
            &Logistic(0.5, 1.5),
            &[
                (-90.0, -60.333_333_333_333_336, -6.274_314_132_848_429e-27),
                (-2.0, -1.839_674_655_552_505_6, -0.173_007_988_885_839_07),
                (0.25, -0.779_948_724_766_304_1, -0.613_282_058_099_637_4),
                (3.0, -0.173_007_988_885_839_07, -1.839_674_655_552_505_6),
                (60.0, -5.929_055_984_852_302e-18, -39.666_666_666_666_664),
            ],
        );
    }

    #[test]
    fn laplace_agrees_with_mpmath() {
        // mpmath 1.3, 400 digits, from the formula of the distribution function
        check_tails(
            &Laplace(0.5, 1.5),
            &[
                (-90.0, -61.026_480_513_893_276, -3.137_157_066_424_214_5e-27),
                (-2.0, -2.359_813_847_226_612, -0.099_199_314_253_794_36),
                (0.25, -0.859_813_847_226_612, -0.550_330_538_872_687_1),
                (3.0, -0.099_199_314_253_794_36, -2.359_813_847_226_612),
                (60.0, -2.964_527_992_426_151e-18, -40.359_813_847_226_61),
            ],
        );
    }

    #[test]
    fn gumbel_agrees_with_mpmath() {
        // mpmath 1.3, 400 digits, from the formula of the distribution function
        check_tails(
            &Gumbel(0.5, 1.5),
            &[
                (-6.0, -76.197_856_572_970_6, -8.085_210_987_278_887e-34),
                (-2.0, -5.294_490_050_470_03, -0.005_031_811_605_210_919),
                (0.25, -1.181_360_412_865_646, -0.366_524_718_184_327_25),
                (3.0, -0.188_875_602_837_561_83, -1.759_618_493_332_662_4),
                (400.0, -2.152_300_895_761_553_4e-116, -266.333_333_333_333_3),
            ],
        );
    }

    #[test]
    fn exponential_agrees_with_mpmath() {
        // mpmath 1.3, 400 digits, from the formula of the distribution function
        check_tails(
            &Exponential(2.0),
            &[
                (1.0e-20, -45.358_554_679_320_97, -2.0e-20),
                (0.25, -0.932_752_129_567_188_6, -0.5),
                (3.0, -0.002_481_829_368_959_528, -6.0),
                (60.0, -7.667_648_073_722e-53, -120.0),
            ],
        );
    }

    #[test]
    fn weibull_agrees_with_mpmath() {
        // mpmath 1.3, 400 digits, from the formula of the distribution function
        check_tails(
            &Weibull(0.5, 2.0),
            &[
                (1.0e-20, -23.372_424_520_255_784, -7.071_067_811_865_475e-11),
                (0.25, -1.211_294_547_411_032, -0.353_553_390_593_273_8),
                (3.0, -0.347_903_038_242_209_03, -1.224_744_871_391_589),
                (6_000.0, -1.631_967_727_190_367_7e-24, -54.772_255_750_516_614),
            ],
        );
    }

    #[test]
    fn log_normal_agrees_with_mpmath() {
        // mpmath 1.3, 400 digits, from the formula of the distribution function
        check_tails(
            &LogNormal(0.5, 1.5),
            &[
                (1.0e-20, -485.924_171_701_751_1, -9.243_013_907_988_719e-212),
                (0.25, -2.260_666_402_543_783, -0.110_128_496_089_961_18),
                (3.0, -0.422_996_422_214_036_66, -1.064_445_604_999_72),
                (6.0e+20, -6.077_557_372_985_31e-219, -502.461_532_498_304_5),
            ],
        );
    }

    #[test]
    fn derivatives_agree_with_differences() {
        for x in [-30.0, -2.0, 0.3, 1.7, 25.0] {
            check_gradient!(|x, a, b| Normal(a, b).ln_cdf(x) + Normal(a, b).ln_survival(x), [x, 0.5, 1.5]);
            check_gradient!(|x, a, b| Cauchy(a, b).ln_cdf(x) - Cauchy(a, b).ln_survival(x), [x, 0.5, 1.5]);
            check_gradient!(|x, a, b| Logistic(a, b).ln_cdf(x) - Logistic(a, b).ln_survival(x), [x, 0.5, 1.5]);
            check_gradient!(|x, a, b| Laplace(a, b).ln_cdf(x) - Laplace(a, b).ln_survival(x), [x, 0.5, 1.5]);
            check_gradient!(|x, a, b| Gumbel(a, b).ln_survival(x) + Gumbel(a, b).ln_cdf(x * 0.2), [x, 0.5, 1.5]);
        }
        for x in [0.01, 0.8, 3.0, 40.0] {
            check_gradient!(|x, a| Exponential(a).ln_cdf(x) + Exponential(a).ln_survival(x), [x, 1.5]);
            check_gradient!(|x, a, b| Weibull(a, b).ln_cdf(x) + Weibull(a, b).ln_survival(x), [x, 0.7, 2.0]);
            check_gradient!(|x, a, b| LogNormal(a, b).ln_cdf(x) - LogNormal(a, b).ln_survival(x), [x, 0.7, 2.0]);
        }
        check_gradient!(|x, a, b| Uniform(a, b).ln_cdf(x) - 2.0 * Uniform(a, b).ln_survival(x), [0.4, -1.0, 3.0]);
    }

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
