//! ln p(x | eta) = eta\[x\] - ln(sum over k of exp(eta\[k\])), x = 0, ..., K - 1.
//!
//! With p\[k\] = exp(eta\[k\]) / sum: d f = d eta\[x\] - d mean with d mean = sum over k of p\[k\] d eta\[k\], and the second
//! derivatives are those of (d mean)^2 - sum over k of p\[k\] (d eta\[k\])^2: K terms, not K^2.

use crate::dist::categorical::{category, sample_category};
use crate::dist::check::finite;
use crate::dist::{Distribution, Factored};
use crate::error::Invalid;
use crate::numbers::param_vec::ParamVec;
use crate::numbers::{Number, Param, Real};
use crate::support::Categories;
use rand::Rng;

/// Categorical distribution by unnormalised log probabilities: `CategoricalLogit(eta)`, the number of a category,
/// counted from 0 (Stan counts from 1), of probability proportional to exp(`eta`\[k\]).
///
/// `eta` is a vector ([`ParamVec`]) of K finite numbers. Adding a constant to all of them changes nothing.
/// Support: 0, ..., K - 1.
#[derive(Clone, Copy, Debug)]
pub struct CategoricalLogit<E>(pub E);

impl<N: Number, E: ParamVec<N> + Clone> Distribution<N> for CategoricalLogit<E> {
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
        (0..self.0.len()).try_for_each(|k| finite::<N>("CategoricalLogit", "eta", self.0.entry(k)))
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        let [highest, sum] = normaliser(&self.0);
        sample_category(rng, (0..self.0.len()).map(|k| (self.0.entry(k).value() - highest).exp() / sum))
    }
}

impl<E> CategoricalLogit<E> {
    #[inline(always)]
    fn density<N: Number, X: Param<N>>(&self, x: X) -> Factored<N>
    where
        E: ParamVec<N>,
    {
        let Some(category) = category::<N>(x, self.0.len()) else { return Factored::nothing() };
        let [highest, sum] = normaliser(&self.0);
        let value = self.0.entry(category).value() - highest;
        if !value.is_finite() {
            return Factored::nothing();
        }
        let factor = sum.recip();
        let mut out = N::computed(value);
        if N::ORDER > 0 {
            let mut mean = N::constant(0.0);
            for k in 0..self.0.len() {
                let Some(eta) = self.0.entry(k).varying() else { continue };
                let p = (eta.value() - highest).exp() * factor;
                mean.add_partial(eta, p);
                out.add_partial(eta, f64::from(u8::from(k == category)) - p);
                out.add_square(eta, -p);
            }
            out.add_square(mean, 1.0);
        }
        Factored { ln: Real(out), factor }
    }
}

/// The highest eta, and the sum over k of exp(eta\[k\] - highest).
#[inline(always)]
fn normaliser<N: Number>(eta: &impl ParamVec<N>) -> [f64; 2] {
    let highest = (0..eta.len()).map(|k| eta.entry(k).value()).fold(f64::NEG_INFINITY, f64::max);
    [highest, (0..eta.len()).map(|k| (eta.entry(k).value() - highest).exp()).sum()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_discrete_distribution;
    use crate::dist::reference::check_values;

    #[test]
    fn passes_the_kit() {
        check_discrete_distribution!(|a, b, c| CategoricalLogit([a, b, c]), [0.2, -1.0, 2.5]);
        check_discrete_distribution!(|a, b, c, d| CategoricalLogit(&[a, b, c, d]), [0.0, 0.0, 9.0, 8.0]);
        check_discrete_distribution!(|a| CategoricalLogit([a]), [3.0]);
    }

    #[test]
    fn the_tails_keep_their_digits() {
        check_values(&CategoricalLogit([0.0, 1000.0]), &[(0.0, -1000.0), (1.0, 0.0), (2.0, f64::NEG_INFINITY)]);
        check_values(&CategoricalLogit([-1e300, -1e300]), &[(0.0, -std::f64::consts::LN_2)]);
        check_values(&CategoricalLogit([5.0, 5.0]), &[(0.0, -std::f64::consts::LN_2)]);
    }
}
