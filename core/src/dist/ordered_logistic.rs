//! p(x | eta, cuts) = P(cuts\[x - 1\] < Y <= cuts\[x\]) of a logistic Y around eta, the first cut but one being -inf and the
//! last but one inf; x = 0, ..., K - 1.
//!
//! Between the cuts l and h, ln p = -ln(1 + exp(eta - h)) - ln(1 + exp(l - eta)) + ln(1 - exp(l - h)), without the terms of a
//! cut that is not there: nothing cancels in either tail, nor between cuts that are close.

use crate::dist::categorical::category;
use crate::dist::check::finite;
use crate::dist::factored::Wanted;
use crate::dist::mass::join_mass;
use crate::dist::{Distribution, Factored};
use crate::error::Invalid;
use crate::numbers::number::Elementary;
use crate::numbers::param_vec::ParamVec;
use crate::numbers::{Jet, Number, Param, Real};
use crate::support::Categories;
use rand::{Rng, RngExt};

/// Ordered categories given a linear predictor: `OrderedLogistic(eta, cuts)`, in which of the K intervals between K - 1
/// `cuts` a logistic variable around `eta` falls, counted from 0 (Stan counts from 1). The proportional-odds model: the log
/// odds of a category above k are `eta` - `cuts`\[k\].
///
/// `eta` is any finite number, `cuts` a vector ([`ParamVec`]) of finite, increasing ones, constants or a latent of
/// [`Ordered`](crate::support::Ordered) support. Support: 0, ..., K - 1. Stan's `ordered_logistic`, known as ordered logit as
/// well.
///
/// ```
/// use hierarch::prelude::*;
/// model! {
///     /// Marks from 0 to 3 for some wines.
///     Marks(wines: &[Vec<u8>]) {
///         cuts ~ Flat(Ordered(3));
///         factor(cuts.iter().map(|cut| -0.5 * (cut / 3.0).square()).sum::<Real<_>>());
///         spread ~ HalfNormal(1.0);
///         for marks in wines {
///             quality ~ Normal(0.0, spread);
///             for mark in marks {
///                 mark ~ OrderedLogistic(quality, cuts);
///             }
///         }
///     }
/// }
/// let wines = [vec![0, 1, 1, 2], vec![2, 3, 3], vec![1, 2, 0]];
/// let fit = Marks::new(&wines).fit()?;
/// assert!(fit.local(1).quality.mean > fit.local(0).quality.mean);
/// # Ok::<(), hierarch::Error>(())
/// ```
#[doc(alias("ordinal", "cumulative", "ordered logit", "ordered_logistic", "proportional odds"))]
#[derive(Clone, Copy, Debug)]
pub struct OrderedLogistic<E, C>(pub E, pub C);

impl<N: Number, E: Param<N>, C: ParamVec<N> + Clone> Distribution<N> for OrderedLogistic<E, C> {
    type Support = Categories;

    fn support(&self) -> Categories {
        Categories(self.1.len() + 1)
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        self.density(x, Wanted::Ln).ln
    }

    #[inline(always)]
    fn multiply_into<X: Param<N>>(&self, x: X, product: &mut Factored<N>) {
        product.multiply(self.density(x, Wanted::Factored));
    }

    fn check(&self) -> Result<(), Invalid> {
        finite::<N>("OrderedLogistic", "eta", self.0)?;
        let cuts = &self.1;
        (0..cuts.len()).try_for_each(|k| finite::<N>("OrderedLogistic", "cuts", cuts.entry(k)))?;
        let cut = |k: usize| cuts.entry(k).value();
        match (1..cuts.len()).find(|&k| cut(k) <= cut(k - 1)) {
            Some(k) => Err(Invalid {
                distribution: "OrderedLogistic",
                name: "cuts",
                value: cut(k),
                expected: "increasing",
                varies: cuts.varies(),
                culprit: None,
            }),
            None => Ok(()),
        }
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        let uniform: f64 = rng.sample(rand_distr::Open01);
        let logistic = self.0.value() + uniform.ln() - (-uniform).ln_1p();
        Some((0..self.1.len()).filter(|&k| self.1.entry(k).value() < logistic).count() as f64)
    }
}

impl<E, C> OrderedLogistic<E, C> {
    #[inline(always)]
    fn density<N: Number, X: Param<N>>(&self, x: X, wanted: Wanted) -> Factored<N>
    where
        E: Param<N>,
        C: ParamVec<N>,
    {
        let (Self(eta, cuts), last) = (self, self.1.len());
        let Some(category) = category::<N>(x, last + 1) else { return Factored::nothing() };
        match category {
            0 if last == 0 => Factored::one(),
            0 => beyond(*eta, cuts.entry(0), -1.0, wanted),
            k if k == last => beyond(*eta, cuts.entry(k - 1), 1.0, wanted),
            k => between(*eta, cuts.entry(k - 1), cuts.entry(k), wanted),
        }
    }
}

/// The probability of what is above a cut, or, with the sign -1, below it.
#[inline(always)]
fn beyond<N: Number>(eta: impl Param<N>, cut: impl Param<N>, sign: f64, wanted: Wanted) -> Factored<N> {
    let x = sign * (cut.value() - eta.value());
    let [_, first, second] = Elementary::Ln1pExp.at(x);
    let (value, factor) = wanted.complement(x);
    let jet = Jet { value, first: [sign * first, -sign * first], second: [[-second, 0.0], [second, -second]] };
    Factored { ln: join_mass((eta, cut), &jet), factor }
}

#[inline(always)]
fn between<N: Number>(eta: impl Param<N>, low: impl Param<N>, high: impl Param<N>, wanted: Wanted) -> Factored<N> {
    let (e, l, h) = (eta.value(), low.value(), high.value());
    let above = Elementary::Ln1pExp.at(e - h);
    let below = Elementary::Ln1pExp.at(l - e);
    let width = Elementary::Ln1mExp.at(l - h);
    let parts = [wanted.complement(e - h), wanted.complement(l - e), wanted.part(|| width[0], || -(l - h).exp_m1())];
    let jet = Jet {
        value: parts.iter().map(|part| part.0).sum(),
        first: [below[1] - above[1], width[1] - below[1], above[1] - width[1]],
        second: [
            [-above[2] - below[2], 0.0, 0.0],
            [below[2], width[2] - below[2], 0.0],
            [above[2], -width[2], width[2] - above[2]],
        ],
    };
    Factored { ln: join_mass((eta, low, high), &jet), factor: parts.iter().map(|part| part.1).product() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_discrete_distribution;
    use crate::dist::reference::{check_refused, check_values};

    #[test]
    fn passes_the_kit() {
        check_discrete_distribution!(|e, a, b, c| OrderedLogistic(e, [a, b, c]), [0.4, -1.0, 0.3, 2.5]);
        check_discrete_distribution!(|e, a, b| OrderedLogistic(e, &[a, b]), [-3.0, 0.5, 0.6]);
        check_discrete_distribution!(|e, a| OrderedLogistic(e, [a]), [0.4, 1.0]);
        check_discrete_distribution!(|e| OrderedLogistic(e, [-1.0, 0.0, 4.0]), [0.4]);
        check_discrete_distribution!(|e| OrderedLogistic(e, [0.0; 0]), [0.4]);
    }

    #[test]
    fn agrees_with_scipy() {
        // scipy 1.17: `np.log(np.diff([0, *logistic.cdf([-1, 0.3, 2.5], 0.4), 1]))`
        check_values(
            &OrderedLogistic(0.4, [-1.0, 0.3, 2.5]),
            &[
                (0.0, -1.620_417_409_918_451),
                (1.0, -1.282_999_052_648_427_2),
                (2.0, -0.877_352_832_066_185),
                (3.0, -2.215_519_523_179_755),
                (4.0, f64::NEG_INFINITY),
            ],
        );
    }

    #[test]
    fn the_tails_keep_their_digits() {
        // mpmath 1.3: `log(sigmoid(h - eta) - sigmoid(l - eta))`, 400 digits
        check_values(
            &OrderedLogistic(50.0, [-1.0, 0.3]),
            &[(0.0, -51.0), (1.0, -50.018_184_982_656_41), (2.0, -2.603_539_969_884_971_3e-22)],
        );
        check_values(
            &OrderedLogistic(-900.0, [-1.0, 0.3]),
            &[(0.0, 0.0), (1.0, -899.318_184_982_637_7), (2.0, -900.3)],
        );
        check_values(
            &OrderedLogistic(0.2, [0.1, 0.1 + 1e-9]),
            &[(0.0, -0.744_396_660_073_570_9), (1.0, -22.112_059_157_594_93), (2.0, -0.644_396_660_548_591_7)],
        );
    }

    #[test]
    fn cuts_out_of_order_leave_nothing_between() {
        check_values(&OrderedLogistic(0.0, [1.0, 1.0]), &[(1.0, f64::NEG_INFINITY)]);
        check_values(&OrderedLogistic(0.0, [1.0, 0.5]), &[(1.0, f64::NEG_INFINITY), (3.0, f64::NEG_INFINITY)]);
    }

    #[test]
    fn refuses_invalid_parameters() {
        check_refused(&OrderedLogistic(f64::NAN, [0.0, 1.0]), "eta");
        check_refused(&OrderedLogistic(0.0, [0.0, f64::INFINITY]), "cuts");
        check_refused(&OrderedLogistic(0.0, [f64::NAN]), "cuts");
        check_refused(&OrderedLogistic(0.0, [0.0, 1.0, 1.0]), "cuts");
        check_refused(&OrderedLogistic(0.0, [2.0, 1.0]), "cuts");
    }
}
