//! ln p(x) = 0, x in the support.

use crate::dist::{Distribution, VectorDistribution};
use crate::numbers::form::{Affine, ClosedForm};
use crate::numbers::{Number, Param, Real};
use crate::support::{Continuous, VectorSupport};

/// Improper density, 1 everywhere in a support, of numbers or of vectors: `Flat(RealLine)`, `Flat(Positive)`,
/// `Flat(Ordered(3))`.
///
/// What Stan does with a parameter that has no `~`. It integrates to infinity unless the support is bounded: the data
/// must make the posterior proper, the evidence is then defined only up to a factor, and the density cannot be sampled.
///
/// ```
/// use hierarch::dist::{Distribution, Flat};
/// use hierarch::number::Real;
/// use hierarch::support::Positive;
/// let inside: Real<f64> = Flat(Positive).ln_density(3.0);
/// let outside: Real<f64> = Flat(Positive).ln_density(-3.0);
/// assert_eq!((inside.value(), outside.value()), (0.0, f64::NEG_INFINITY));
/// ```
#[doc(alias("improper", "no prior"))]
#[derive(Clone, Copy, Debug)]
pub struct Flat<S>(pub S);

impl<N: Number, S: Continuous<N>> Distribution<N> for Flat<S> {
    type Support = S;

    fn support(&self) -> S {
        self.0.clone()
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        Real::constant(if self.0.contains(x.value()) { 0.0 } else { f64::NEG_INFINITY })
    }

    /// 0 for a latent, which never leaves its support.
    fn closed_form<X: Param<N>>(&self, x: X) -> Option<ClosedForm> {
        let is_latent = x.form().as_constant().is_none() && self.0.contains(x.value());
        is_latent.then_some(ClosedForm { affine: Affine::constant(0.0), exponential: None })
    }
}

impl<N: Number, S: VectorSupport> VectorDistribution<N> for Flat<S> {
    type Support = S;

    fn support(&self) -> S {
        self.0.clone()
    }

    /// Without a look at `x`: a latent never leaves its support, and rounding should not make it.
    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, _x: &[X]) -> Real<N> {
        Real::constant(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbers::dual::{Dual, Lanes};
    use crate::support::{Interval, RealLine, RealVector};

    #[test]
    fn is_flat() {
        for x in [-1e300, 0.0, 3.0, f64::MAX] {
            let found: Real<Dual<1>> = Distribution::ln_density(&Flat(RealLine), Real(Dual::variable(x, 0)));
            assert_eq!((found.value(), found.0.partials()), (0.0, &[0.0][..]));
        }
        let outside: Real<f64> = Distribution::ln_density(&Flat(Interval(1.0, 2.0)), 2.5);
        assert_eq!(outside, Real::constant(f64::NEG_INFINITY));
        let vector: Real<f64> = VectorDistribution::ln_density(&Flat(RealVector(2)), &[1.0, 2.0]);
        assert_eq!(vector, Real::constant(0.0));
    }
}
