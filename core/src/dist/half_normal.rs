//! ln p(x | scale) = -z^2 / 2 - ln scale + ln(2 / pi) / 2, with z = x / scale >= 0.

use crate::dist::check::positive;
use crate::dist::{Distribution, draw};
use crate::error::Invalid;
use crate::numbers::form::{ClosedForm, ExponentialTerm, MixedForm};
use crate::numbers::{Args, Jet, Number, Param, Real};
use crate::support::Positive;
use rand::Rng;

/// ln(2 / pi) / 2.
const LN_NORMALISER: f64 = -0.225_791_352_644_727_44;

/// Half-normal distribution: `HalfNormal(scale)`, of |x| where x is normal with mean 0 and standard deviation `scale`.
///
/// `scale` is positive. Support: positive numbers.
#[derive(Clone, Copy, Debug)]
pub struct HalfNormal<S>(pub S);

impl<N: Number, S: Param<N>> Distribution<N> for HalfNormal<S> {
    type Support = Positive;

    fn support(&self) -> Positive {
        Positive
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let scale = self.0;
        let inside = x.value() >= 0.0 && x.value() < f64::INFINITY;
        // Selected, not branched on, so that a loop over data stays free of branches.
        let w = if inside { scale.value().recip() } else { 0.0 };
        let z = if inside { x.value() * w } else { 0.0 };
        let ln_normaliser = if inside { LN_NORMALISER } else { f64::NEG_INFINITY };
        let ww = w * w;
        (x, scale).join(&Jet {
            value: ln_normaliser - 0.5 * z * z - scale.value().ln(),
            first: [-z * w, (z * z - 1.0) * w],
            second: [[-ww, 0.0], [2.0 * z * ww, (1.0 - 3.0 * z * z) * ww]],
        })
    }

    fn check(&self) -> Result<(), Invalid> {
        positive::<N>("HalfNormal", "scale", self.0)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        Some(self.0.value() * draw::normal(rng).abs())
    }

    /// With x = exp(a) and scale = exp(b): ln(2 / pi) / 2 - b - exp(2 a - 2 b) / 2.
    fn closed_form<X: Param<N>>(&self, x: X) -> Option<ClosedForm> {
        let ln_scale = self.0.form().ln_affine()?;
        let ln_z = x.form().ln_affine()?.plus(-1.0, &ln_scale);
        let mut affine = ln_scale.scaled(-1.0);
        affine.constant += LN_NORMALISER;
        let square = MixedForm::constant(1.0);
        Some(ClosedForm {
            affine,
            exponential: Some(ExponentialTerm { factor: -0.5, exponent: ln_z.scaled(2.0), square }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_distribution;
    use crate::dist::reference::{check_refused, check_values};

    #[test]
    fn is_a_distribution() {
        check_distribution!(HalfNormal(0.3));
        check_distribution!(HalfNormal(2.5));
    }

    #[test]
    fn agrees_with_scipy() {
        // scipy 1.17: `halfnorm.logpdf(x, scale=2.5)`
        check_values(
            &HalfNormal(2.5),
            &[
                (-1.0, f64::NEG_INFINITY),
                (0.0, -1.142_082_084_518_882_6),
                (1.0e-10, -1.142_082_084_518_882_6),
                (0.3, -1.149_282_084_518_882_5),
                (2.7, -1.725_282_084_518_882_5),
                (40.0, -129.142_082_084_518_88),
                (400.0, -12_801.142_082_084_52),
            ],
        );
    }

    #[test]
    fn refuses_invalid_parameters() {
        check_refused(&HalfNormal(0.0), "scale");
        check_refused(&HalfNormal(f64::NAN), "scale");
    }
}
