//! Densities as p = exp(ln) * factor: a product of factors costs less than a sum of their logarithms.

use crate::numbers::{Number, Real};
use crate::special::ln_1p_exp;

/// A density, or a product of densities, in two parts: exp(`ln`) * `factor`.
///
/// `ln` has the derivatives of ln p, all of them; `factor` is a plain number.
#[derive(Clone, Copy, Debug)]
pub struct Factored<N: Number> {
    /// The part that is known by its logarithm.
    pub ln: Real<N>,
    /// The part whose logarithm has not been taken.
    pub factor: f64,
}

/// Beyond these a product is turned into a logarithm: within them it has lost no digit.
const SMALLEST: f64 = 1e-150;
const LARGEST: f64 = 1e150;

impl<N: Number> Factored<N> {
    /// Density one.
    #[inline(always)]
    pub fn one() -> Self {
        Real::constant(0.0).into()
    }

    /// No mass.
    #[inline(always)]
    pub(crate) fn nothing() -> Self {
        Real::constant(f64::NEG_INFINITY).into()
    }

    /// ln p; nothing to differentiate where the factor is no positive number.
    #[inline(always)]
    #[expect(clippy::float_cmp, reason = "what has no factor has this one")]
    pub fn ln_density(self) -> Real<N> {
        if self.factor == 1.0 {
            self.ln
        } else if self.factor > 0.0 {
            self.ln + self.factor.ln()
        } else {
            Self::nothing().ln
        }
    }

    /// Makes it the product with another.
    #[inline(always)]
    pub fn multiply(&mut self, other: Self) {
        let factor = self.factor * other.factor;
        self.ln += other.ln;
        if (SMALLEST..LARGEST).contains(&factor) {
            self.factor = factor;
        } else {
            *self = (Self { ln: self.ln, factor: other.factor }.ln_density() + ln_of(self.factor)).into();
        }
    }
}

/// Out of the way of what is called for every observation.
#[cold]
#[inline(never)]
fn ln_of(factor: f64) -> f64 {
    factor.ln()
}

/// How a density is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it in `ln`, to the last digit.
    Ln,
    /// As it costs least.
    Factored,
}

impl Wanted {
    /// 1 / (1 + exp(x)): the logarithm, and the factor.
    #[inline(always)]
    pub(super) fn complement(self, x: f64) -> (f64, f64) {
        match self {
            Self::Ln => (-ln_1p_exp(x), 1.0),
            Self::Factored => ((-x).min(0.0), (1.0 + (-x.abs()).exp()).recip()),
        }
    }

    /// A factor that is known by its logarithm as well.
    #[inline(always)]
    pub(super) fn part(self, ln: impl FnOnce() -> f64, factor: impl FnOnce() -> f64) -> (f64, f64) {
        match self {
            Self::Ln => (ln(), 1.0),
            Self::Factored => (0.0, factor()),
        }
    }
}

impl<N: Number> From<Real<N>> for Factored<N> {
    #[inline(always)]
    fn from(ln: Real<N>) -> Self {
        Self { ln, factor: 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(factors: &[f64]) -> f64 {
        let mut product = Factored::<f64>::one();
        for &factor in factors {
            product.multiply(Factored { ln: Real(-0.5), factor });
        }
        product.ln_density().value()
    }

    #[test]
    fn the_logarithm_of_a_product_is_the_sum_of_logarithms() {
        for factors in [&[0.3; 500][..], &[1e-300, 1e-300, 1e300, 2.0], &[5e-324, 0.5], &[f64::MAX; 3]] {
            let sum: f64 = factors.iter().map(|factor| factor.ln() - 0.5).sum();
            let found = product(factors);
            assert!((found - sum).abs() <= 1e-12 * sum.abs(), "{found}, not {sum}");
        }
    }

    #[test]
    fn without_a_factor_that_is_positive_there_is_no_mass() {
        for factors in [[0.5, 0.0, 2.0], [0.5, f64::NAN, 2.0], [0.5, -1.0, -2.0]] {
            assert!(product(&factors) < f64::MIN, "{factors:?}");
        }
    }
}
