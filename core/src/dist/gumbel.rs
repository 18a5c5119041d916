//! ln p(x | loc, scale) = -z - exp(-z) - ln scale, with z = (x - loc) / scale.

use crate::dist::location_scale::location_scale_family;
use crate::numbers::form::{Affine, ClosedForm, Exponential};
use crate::numbers::number::Param;
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
        let square = Affine::constant(1.0);
        Some(ClosedForm { affine, exponential: Some(Exponential { factor: -1.0, exponent, square }) })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_distribution;
    use crate::dist::reference::{check_refused, check_values};

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
}
