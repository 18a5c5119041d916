//! ln p(x | loc, scale) = -z - exp(-z) - ln scale, with z = (x - loc) / scale.

use crate::dist::Cdf;
use crate::dist::location_scale::{location_scale_family, standardised};
use crate::numbers::form::{ClosedForm, ExponentialTerm, MixedForm};
use crate::numbers::{Number, Param, Real};
use crate::special::ln_1m_exp;
use rand::{Rng, RngExt};
use rand_distr::Open01;

/// Gumbel distribution, of maxima: `Gumbel(loc, scale)`, whose mode is `loc` and standard deviation pi `scale` / sqrt(6).
///
/// `scale` is positive. Support: the real line.
#[derive(Clone, Copy, Debug)]
pub struct Gumbel<L, S>(pub L, pub S);

location_scale_family!(Gumbel, standard, standard_draw, {
    /// With constant scale and affine z = (x - loc) / scale: -ln scale - z - exp(-z).
    fn closed_form<X: Param<N>>(&self, x: X) -> Option<ClosedForm> {
        let scale = self.1.form().as_constant()?;
        let residual = x.form().affine()?.plus(-1.0, &self.0.form().affine()?);
        let exponent = residual.scaled(-scale.recip());
        let mut affine = exponent;
        affine.constant -= scale.ln();
        let square = MixedForm::constant(1.0);
        Some(ClosedForm { affine, exponential: Some(ExponentialTerm { factor: -1.0, exponent, square }) })
    }
});

/// g = -z - exp(-z) and its derivatives.
#[inline(always)]
fn standard(z: f64) -> [f64; 3] {
    let e = (-z).exp();
    [-z.max(f64::MIN) - e, e - 1.0, -e]
}

fn standard_draw<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    let p: f64 = rng.sample(Open01);
    -(-p.ln()).ln()
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
        z.chain(value, -hazard, -slope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::reference::{check_refused, check_tails, check_values};
    use crate::{check_distribution, check_gradient};

    #[test]
    fn is_a_distribution() {
        check_distribution!(Gumbel(-1.5, 2.5));
        check_distribution!(Gumbel(3.0, 0.4));
    }

    #[test]
    fn agrees_with_scipy() {
        // scipy 1.17: `gumbel_r.logpdf(x, -1.5, 2.5)`
        check_values(
            &Gumbel(-1.5, 2.5),
            &[
                (-1_000_000_000.0, f64::NEG_INFINITY),
                (-40.0, -4_876_786.369_563),
                (-1.5, -1.916_290_731_874_155),
                (0.3, -2.123_042_987_834_127),
                (2.7, -2.782_664_707_913_565),
                (1_000_000_000.0, -400_000_001.516_290_8),
            ],
        );
    }

    #[test]
    fn refuses_invalid_parameters() {
        check_refused(&Gumbel(f64::NAN, 1.0), "loc");
        check_refused(&Gumbel(0.0, 0.0), "scale");
    }

    #[test]
    fn tails_agree_with_mpmath() {
        // mpmath 1.3, 400 digits, from the formula of the distribution function
        check_tails(
            &Gumbel(0.5, 1.5),
            &[
                [-6.0, -76.197_856_572_970_6, -8.085_210_987_278_887e-34],
                [-2.0, -5.294_490_050_470_03, -0.005_031_811_605_210_919],
                [0.25, -1.181_360_412_865_646, -0.366_524_718_184_327_25],
                [3.0, -0.188_875_602_837_561_83, -1.759_618_493_332_662_4],
                [400.0, -2.152_300_895_761_553_4e-116, -266.333_333_333_333_3],
            ],
        );
    }

    #[test]
    fn tails_have_the_right_derivatives() {
        for x in [-30.0, -2.0, 0.3, 1.7, 25.0] {
            check_gradient!(|x, a, b| Gumbel(a, b).ln_survival(x) + Gumbel(a, b).ln_cdf(x * 0.2), [x, 0.5, 1.5]);
        }
    }
}
