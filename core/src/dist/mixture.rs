//! p(x) = sum over k of weights\[k\] components\[k\](x), by its logarithm.

use crate::dist::Distribution;
use crate::dist::categorical::sample_category;
use crate::dist::check::check_probabilities;
use crate::error::Invalid;
use crate::numbers::param_vec::ParamVec;
use crate::numbers::{Number, Param, Real};
use crate::support::Support;
use rand::Rng;

/// A mixture: `Mixture(weights, components)`, such as `Mixture([w, 1.0 - w], [Normal(a, s), Normal(b, s)])`.
///
/// `weights` is a vector ([`ParamVec`]) of numbers that are not negative and sum to 1; `components` is an array, slice
/// or `Vec` of distributions of one type, or a tuple of two to four of different types, continuous or discrete, all of
/// the same support. Support: the first component's. A component of weight 0 is left out.
///
/// This is how a discrete latent is summed out. Of data it may make several modes, which other climbs look for
/// ([`Options::other_starts`](crate::Options::other_starts)). Components that may trade places need an order (`Ordered`): without
/// one the answer is of one labelling, and the trust report says so.
///
/// ```
/// use hierarch::dist::{Cauchy, Distribution, Mixture, Normal};
/// use hierarch::number::Real;
/// let contaminated = Mixture([0.9, 0.1], (Normal(0.0, 1.0), Cauchy(0.0, 10.0)));
/// let ln_density: Real<f64> = contaminated.ln_density(0.0);
/// assert!((ln_density.value().exp() - (0.9 * 0.398_942 + 0.1 * 0.031_831)).abs() < 1e-6);
/// ```
#[doc(alias("discrete"))]
#[derive(Clone, Copy, Debug)]
pub struct Mixture<W, C>(pub W, pub C);

/// The components of a [`Mixture`]: an array, a slice or a `Vec` of distributions, or a tuple of two to four.
pub trait Components<N: Number>: Clone {
    /// Where the values of all of them lie.
    type Support: Support<N>;

    /// How many there are.
    fn len(&self) -> usize;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The support of component `k`.
    fn support(&self, k: usize) -> Self::Support;
    /// The log density of component `k`.
    fn ln_density<X: Param<N>>(&self, k: usize, x: X) -> Real<N>;
    /// Whether the parameters of component `k` are valid.
    fn check(&self, k: usize) -> Result<(), Invalid>;
    /// A draw from component `k`.
    fn sample<R: Rng + ?Sized>(&self, k: usize, rng: &mut R) -> Option<f64>;
}

macro_rules! list {
    ($(($($generics:tt)*) $list:ty;)*) => {$(
        impl<N: Number, D: Distribution<N>, $($generics)*> Components<N> for $list {
            type Support = D::Support;

            fn len(&self) -> usize {
                self.iter().len()
            }
            fn support(&self, k: usize) -> D::Support {
                self[k].support()
            }
            #[inline(always)]
            fn ln_density<X: Param<N>>(&self, k: usize, x: X) -> Real<N> {
                self[k].ln_density(x)
            }
            fn check(&self, k: usize) -> Result<(), Invalid> {
                self[k].check()
            }
            fn sample<R: Rng + ?Sized>(&self, k: usize, rng: &mut R) -> Option<f64> {
                self[k].sample(rng)
            }
        }
    )*};
}
list! {
    (const K: usize) [D; K];
    (const K: usize) &[D; K];
    () &[D];
    () Vec<D>;
    () &Vec<D>;
}

macro_rules! tuple {
    ($len:literal: $first:ident, $($other:ident $k:tt),*) => {
        impl<N, $first, $($other),*> Components<N> for ($first, $($other),*)
        where
            N: Number,
            $first: Distribution<N>,
            $($other: Distribution<N, Support = $first::Support>,)*
        {
            type Support = $first::Support;

            fn len(&self) -> usize {
                $len
            }
            fn support(&self, k: usize) -> Self::Support {
                match k {
                    $($k => self.$k.support(),)*
                    _ => self.0.support(),
                }
            }
            #[inline(always)]
            fn ln_density<X: Param<N>>(&self, k: usize, x: X) -> Real<N> {
                match k {
                    $($k => self.$k.ln_density(x),)*
                    _ => self.0.ln_density(x),
                }
            }
            fn check(&self, k: usize) -> Result<(), Invalid> {
                match k {
                    $($k => self.$k.check(),)*
                    _ => self.0.check(),
                }
            }
            fn sample<R: Rng + ?Sized>(&self, k: usize, rng: &mut R) -> Option<f64> {
                match k {
                    $($k => self.$k.sample(rng),)*
                    _ => self.0.sample(rng),
                }
            }
        }
    };
}
tuple!(2: A, B 1);
tuple!(3: A, B 1, C 2);
tuple!(4: A, B 1, C 2, D 3);

impl<N: Number, W: ParamVec<N> + Clone, C: Components<N>> Distribution<N> for Mixture<W, C> {
    type Support = C::Support;

    /// Panics without components.
    fn support(&self) -> C::Support {
        assert!(!self.1.is_empty(), "a mixture has at least one component");
        self.1.support(0)
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let mut total = Real::constant(f64::NEG_INFINITY);
        for k in 0..self.1.len() {
            let weight = self.0.entry(k);
            if weight.value() > 0.0 {
                let term = self.1.ln_density(k, x);
                // Without mass there is nothing to differentiate.
                if term.value() > f64::NEG_INFINITY {
                    let term = term + weight.real().ln();
                    total = if term.value() > total.value() { term.ln_add_exp(total) } else { total.ln_add_exp(term) };
                }
            }
        }
        total
    }

    fn check(&self) -> Result<(), Invalid> {
        let (weights, components) = (&self.0, &self.1);
        let invalid = |name, value: usize, expected| {
            Err(Invalid { distribution: "Mixture", name, value: value as f64, expected, varies: false, culprit: None })
        };
        if weights.len() != components.len() {
            return invalid("number of weights", weights.len(), "that of the components");
        }
        check_probabilities("Mixture", "weights", weights)?;
        (0..components.len()).try_for_each(|k| components.check(k))?;
        let first = self.support().describe();
        match (1..components.len()).find(|&k| components.support(k).describe() != first) {
            Some(k) => invalid("components", k, "of one support, the first one's (this one's number, from 0, is not)"),
            None => Ok(()),
        }
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        let component = sample_category(rng, (0..self.1.len()).map(|k| self.0.entry(k).value()))?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index, a whole number")]
        self.1.sample(component as usize, rng)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::{Binomial, Cauchy, Exponential, Gamma, NegativeBinomial2, Normal, Poisson, Uniform};
    use crate::{check_discrete_distribution, check_distribution};

    #[test]
    fn components_of_one_type_pass_the_kit() {
        check_distribution!(|a, b, s| Mixture([0.3, 0.7], [Normal(a, s), Normal(b, s)]), [-1.0, 2.0, 0.6]);
        check_distribution!(|v, w| Mixture([v, w], [Normal(0.0, 1.0), Normal(0.0, 8.0)]), [0.25, 0.75]);
        check_distribution!(|v, w, r| Mixture([v, w], vec![Exponential(r), Exponential(r)]), [0.25, 0.75, 2.0]);
        check_distribution!(|a, b| Mixture([1.0], &[Normal(a, b)]), [0.25, 0.75]);
    }

    #[test]
    fn components_of_different_types_pass_the_kit() {
        check_distribution!(|w, v, s| Mixture([w, v], (Normal(0.0, s), Cauchy(1.0, s))), [0.9, 0.1, 2.0]);
        check_distribution!(|a, b| Mixture([0.5, 0.2, 0.3], (Exponential(a), Gamma(b, a), Gamma(3.0, b))), [0.9, 2.1]);
    }

    #[test]
    fn discrete_components_pass_the_kit() {
        check_discrete_distribution!(|a, b| Mixture([0.4, 0.6], [Poisson(a), Poisson(b)]), [1.0, 12.0]);
        check_discrete_distribution!(
            |w, v, m| Mixture([w, v], (Poisson(m), NegativeBinomial2(m, 0.5))),
            [0.4, 0.6, 3.0]
        );
        check_discrete_distribution!(|p, q| Mixture([0.4, 0.6], [Binomial(9, p), Binomial(9, q)]), [0.1, 0.8]);
    }

    #[test]
    fn wrong_weights_and_unlike_supports_are_refused() {
        let normal = Normal(0.0, 1.0);
        let says = |invalid: Result<(), Invalid>, text: &str| assert!(invalid.unwrap_err().to_string().contains(text));
        says(Distribution::<f64>::check(&Mixture([0.3, 0.3], [normal, normal])), "`weights` of Mixture must be");
        says(Distribution::<f64>::check(&Mixture([1.0], [normal, normal])), "`number of weights` of Mixture must be");
        let apart = Mixture([0.5, 0.5], [Uniform(0.0, 1.0), Uniform(2.0, 3.0)]);
        says(Distribution::<f64>::check(&apart), "`components` of Mixture must be");
        says(Distribution::<f64>::check(&Mixture([0.5, 0.5], [normal, Normal(0.0, -1.0)])), "`scale` of Normal");
    }

    #[test]
    fn a_component_of_weight_zero_is_left_out() {
        let found: Real<f64> = Mixture([0.0, 1.0], [Normal(0.0, 1.0), Normal(5.0, 1.0)]).ln_density(40.0);
        let expected: Real<f64> = Normal(5.0, 1.0).ln_density(40.0);
        assert_eq!(found, expected);
    }
}
