//! ln p(x | low, high) = -ln(high - low), low <= x <= high.

use crate::dist::check::{finite, require};
use crate::dist::{Cdf, Distribution};
use crate::error::Invalid;
use crate::numbers::form::{Affine, ClosedForm};
use crate::numbers::{Args, Jet, Number, Param, Real};
use crate::support::Interval;
use rand::{Rng, RngExt};

/// Uniform distribution: `Uniform(low, high)`.
///
/// `high` is above `low`. Support: numbers between the two.
#[derive(Clone, Copy, Debug)]
pub struct Uniform<L, H>(pub L, pub H);

impl<N: Number, L: Param<N>, H: Param<N>> Distribution<N> for Uniform<L, H> {
    type Support = Interval<L, H>;

    fn support(&self) -> Interval<L, H> {
        Interval(self.0, self.1)
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let Self(low, high) = *self;
        let width = high.value() - low.value();
        let inside = x.value() >= low.value() && x.value() <= high.value();
        // Selected, not branched on, so that a loop over data stays free of branches.
        let gate = if inside { 0.0 } else { f64::NEG_INFINITY };
        let r = if inside { width.recip() } else { 0.0 };
        let rr = r * r;
        (x, low, high).join(&Jet {
            value: gate - width.ln(),
            first: [0.0, r, -r],
            second: [[0.0; 3], [0.0, rr, 0.0], [0.0, -rr, rr]],
        })
    }

    fn check(&self) -> Result<(), Invalid> {
        finite::<N>("Uniform", "low", self.0)?;
        let low = self.0.value();
        require::<N>("Uniform", "high", self.1, |high| high > low && high.is_finite(), "finite and above `low`")
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        let (low, high) = (self.0.value(), self.1.value());
        let p: f64 = rng.sample(rand_distr::Open01);
        Some(low + (high - low) * p)
    }

    /// With constant bounds: -ln(high - low), whatever x is as long as it is inside.
    fn closed_form<X: Param<N>>(&self, x: X) -> Option<ClosedForm> {
        let (low, high) = (self.0.form().as_constant()?, self.1.form().as_constant()?);
        let inside = x.value() >= low && x.value() <= high;
        inside.then(|| ClosedForm { affine: Affine::constant(-(high - low).ln()), exponential: None })
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
    use crate::dist::reference::{check_refused, check_values};
    use crate::{check_distribution, check_gradient};

    #[test]
    fn is_a_distribution() {
        check_distribution!(Uniform(-1.5, 2.5));
        check_distribution!(Uniform(0.2, 0.7));
    }

    #[test]
    fn agrees_with_scipy() {
        // scipy 1.17: `uniform.logpdf(x, -1.5, 4)`
        check_values(
            &Uniform(-1.5, 2.5),
            &[
                (-1.6, f64::NEG_INFINITY),
                (-1.5, -1.386_294_361_119_890_6),
                (0.3, -1.386_294_361_119_890_6),
                (2.5, -1.386_294_361_119_890_6),
                (2.6, f64::NEG_INFINITY),
            ],
        );
    }

    #[test]
    fn refuses_invalid_parameters() {
        check_refused(&Uniform(f64::NEG_INFINITY, 1.0), "low");
        check_refused(&Uniform(1.0, 1.0), "high");
        check_refused(&Uniform(2.0, 1.0), "high");
    }

    #[test]
    fn tails_have_the_right_derivatives() {
        check_gradient!(|x, a, b| Uniform(a, b).ln_cdf(x) - 2.0 * Uniform(a, b).ln_survival(x), [0.4, -1.0, 3.0]);
    }
}
