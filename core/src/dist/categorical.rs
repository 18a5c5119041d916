//! ln p(x | probabilities) = ln probabilities\[x\], x = 0, ..., K - 1.

use crate::dist::check::check_probabilities;
use crate::dist::mass::join_mass;
use crate::dist::{Distribution, Factored};
use crate::error::Invalid;
use crate::numbers::param_vec::ParamVec;
use crate::numbers::{Jet, Number, Param, Real};
use crate::support::{Categories, Support};
use rand::{Rng, RngExt};

/// Categorical distribution: `Categorical(probabilities)`, the number of a category, counted from 0 (Stan counts from 1).
///
/// `probabilities` is a vector ([`ParamVec`]) of K numbers that are not negative and sum to 1. Support: 0, ..., K - 1.
#[derive(Clone, Copy, Debug)]
pub struct Categorical<P>(pub P);

impl<N: Number, P: ParamVec<N> + Clone> Distribution<N> for Categorical<P> {
    type Support = Categories;

    fn support(&self) -> Categories {
        Categories(self.0.len())
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        self.density(x).ln_density()
    }

    #[inline(always)]
    fn multiply_into<X: Param<N>>(&self, x: X, product: &mut Factored<N>) {
        product.multiply(self.density(x));
    }

    fn check(&self) -> Result<(), Invalid> {
        check_probabilities("Categorical", "probabilities", &self.0)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        sample_category(rng, (0..self.0.len()).map(|k| self.0.entry(k).value()))
    }
}

impl<P> Categorical<P> {
    #[inline(always)]
    fn density<N: Number, X: Param<N>>(&self, x: X) -> Factored<N>
    where
        P: ParamVec<N>,
    {
        let Some(category) = category::<N>(x, self.0.len()) else { return Factored::nothing() };
        let p = self.0.entry(category);
        let (factor, recip) = (p.value(), p.value().recip());
        Factored { ln: join_mass((p,), &Jet { value: 0.0, first: [recip], second: [[-recip * recip]] }), factor }
    }
}

/// The index that `x` is, if it is one.
#[inline(always)]
pub(crate) fn category<N: Number>(x: impl Param<N>, len: usize) -> Option<usize> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number from 0 to len - 1")]
    Support::<N>::contains(&Categories(len), x.value()).then(|| x.value() as usize)
}

/// A draw; `None` if there is no category of positive probability.
pub(crate) fn sample_category<R: Rng + ?Sized>(rng: &mut R, probabilities: impl Iterator<Item = f64>) -> Option<f64> {
    let uniform: f64 = rng.random();
    let (mut below, mut last) = (0.0, None);
    for (k, p) in probabilities.enumerate().filter(|(_, p)| *p > 0.0) {
        below += p;
        last = Some(k as f64);
        if uniform < below {
            break;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_discrete_distribution;
    use crate::dist::reference::check_values;

    #[test]
    fn passes_the_kit() {
        check_discrete_distribution!(|a, b, c| Categorical([a, b, c]), [0.2, 0.7, 0.1]);
        check_discrete_distribution!(|a, b| Categorical(&[a, b]), [0.999, 0.001]);
        check_discrete_distribution!(|| Categorical([1.0]), []);
    }

    #[test]
    fn an_impossible_category_has_no_mass() {
        check_values(&Categorical([0.0, 1.0]), &[(0.0, f64::NEG_INFINITY), (1.0, 0.0), (2.0, f64::NEG_INFINITY)]);
        check_values(&Categorical([0.0; 0]), &[(0.0, f64::NEG_INFINITY)]);
    }

    #[test]
    fn probabilities_are_checked() {
        assert!(Distribution::<f64>::check(&Categorical([0.5, 0.4])).is_err());
        assert!(Distribution::<f64>::check(&Categorical([1.5, -0.5])).is_err());
        assert!(Distribution::<f64>::check(&Categorical(vec![0.5, 0.5])).is_ok());
    }
}
