//! ln p(x | min, shape) = ln shape + shape ln min - (shape + 1) ln x, x >= min.

use crate::dist::check::positive;
use crate::dist::{Distribution, draw};
use crate::error::Invalid;
use crate::numbers::form::{ClosedForm, ExponentialTerm, MixedForm};
use crate::numbers::{Args, Jet, Number, Param, Real};
use crate::support::Lower;
use rand::Rng;

/// Pareto distribution (of type 1): `Pareto(min, shape)`.
///
/// Both are positive. Support: numbers above `min`.
#[derive(Clone, Copy, Debug)]
pub struct Pareto<M, A>(pub M, pub A);

impl<N: Number, M: Param<N>, A: Param<N>> Distribution<N> for Pareto<M, A> {
    type Support = Lower<M>;

    fn support(&self) -> Lower<M> {
        Lower(self.0)
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let Self(min, shape) = *self;
        let (m, a, v) = (min.value(), shape.value(), x.value());
        let (ln_min, ln_shape) = (m.ln(), a.ln());
        if !(v >= m && v < f64::INFINITY) {
            return Real::constant(f64::NEG_INFINITY);
        }
        let (ln_x, r, min_recip, shape_recip) = (v.ln(), v.recip(), m.recip(), a.recip());
        (x, min, shape).join(&Jet {
            value: ln_shape + a * (ln_min - ln_x) - ln_x,
            first: [-(a + 1.0) * r, a * min_recip, shape_recip + ln_min - ln_x],
            second: [
                [(a + 1.0) * r * r, 0.0, 0.0],
                [0.0, -a * min_recip * min_recip, 0.0],
                [-r, min_recip, -shape_recip * shape_recip],
            ],
        })
    }

    fn check(&self) -> Result<(), Invalid> {
        positive::<N>("Pareto", "min", self.0)?;
        positive::<N>("Pareto", "shape", self.1)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        let ratio = (draw::exponential(rng) / self.1.value()).exp();
        Some((self.0.value() * ratio).min(f64::MAX))
    }

    /// With constant min and x and shape = exp(s): s - ln x - exp(s) ln(x / min).
    fn closed_form<X: Param<N>>(&self, x: X) -> Option<ClosedForm> {
        let (min, x) = (self.0.form().as_constant()?, x.form().as_constant()?);
        let ln_shape = self.1.form().ln_affine()?;
        let mut affine = ln_shape;
        affine.constant -= x.ln();
        let square = MixedForm::constant(1.0);
        let exponential = Some(ExponentialTerm { factor: -(x / min).ln(), exponent: ln_shape, square });
        (x >= min).then_some(ClosedForm { affine, exponential })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_distribution;
    use crate::dist::reference::{check_refused, check_values};

    #[test]
    fn is_a_distribution() {
        check_distribution!(Pareto(1.5, 2.5));
        check_distribution!(Pareto(0.2, 0.8));
    }

    #[test]
    fn agrees_with_scipy() {
        // scipy 1.17: `pareto.logpdf(x, 2.5, scale=1.5)`
        check_values(
            &Pareto(1.5, 2.5),
            &[
                (-1.0, f64::NEG_INFINITY),
                (1.4, f64::NEG_INFINITY),
                (1.5, 0.510_825_623_765_990_7),
                (1.6, 0.284_940_799_784_491_6),
                (40.0, -10.981_124_587_254_211),
                (10_000_000_000.0, -78.660_524_752_647_04),
            ],
        );
    }

    #[test]
    fn refuses_invalid_parameters() {
        check_refused(&Pareto(0.0, 1.0), "min");
        check_refused(&Pareto(1.0, -1.0), "shape");
    }
}
