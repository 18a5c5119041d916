//! Monte Carlo errors of what is a sum over draws.
//!
//! Of a sum of influences f_i of draws in groups that are independent of each other the squared error is
//!     e^2 = sum_b (sum_{i in b} f_i)^2
//! Points that fill space evenly have far smaller errors than independent ones. Several sets of them, each with a random
//! shift of its own, tell how much (L'Ecuyer & Lemieux 2002): of B sets in every round
//!     e^2 = sum_rounds B / (B - 1) sum_b (S_b - mean of S)^2,   S_b = sum_{i in b} f_i
//! They are few, so that what they tell is rough; but evenly spread points are no worse than independent ones, so that the
//! smaller of the two errors counts. By the delta method the influences are, with weights w_i that sum to 1,
//!     on a mean w_i (v_i - mean),   on a standard deviation w_i ((v_i - mean)^2 - sd^2) / (2 sd)
//! An error that is told by draws knows no more of a tail than these: where the shares w_i (v_i - mean)^2 of the variance have a
//! k-hat for which means of weights are not reliable, the standard deviation may be short by more than its error says.

use crate::sampling::psis::{reliable_below, smooth};
use std::ops::Range;

/// How draws depend on each other.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Dependence {
    /// So many neighbours share a theta; draws of different clusters do not.
    Clusters(usize),
    /// One round after the other.
    Sets(Vec<Stretch>),
}

/// Draws of one round, in sets of evenly spread points.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) draws: usize,
    /// So many neighbours are a set.
    pub(crate) set: usize,
}

impl Dependence {
    /// Every draw is independent of the others.
    pub(crate) const NONE: Self = Self::Clusters(1);

    /// The squared errors of sums over so many draws, from the influences of each.
    pub(crate) fn squared_errors<const K: usize>(
        &self,
        draws: usize,
        influence: impl Fn(usize) -> [f64; K],
    ) -> [f64; K] {
        let rounds = match self {
            Self::Clusters(size) => return of_clusters(draws, *size, &influence),
            Self::Sets(rounds) => rounds,
        };
        let (mut from, mut of_sets) = (0, [0.0; K]);
        for Stretch { draws, set } in rounds {
            let squares = of_even(from..from + draws, (*set).max(1), &influence);
            of_sets = sum([of_sets, squares].into_iter());
            from += draws;
        }
        let of_draws = of_clusters(draws, 1, &influence);
        std::array::from_fn(|k| if of_sets[k] < of_draws[k] { of_sets[k] } else { of_draws[k] })
    }
}

/// sum_b (sum_{i in b} f_i)^2
fn of_clusters<const K: usize>(draws: usize, size: usize, influence: impl Fn(usize) -> [f64; K]) -> [f64; K] {
    let clusters = (0..draws).step_by(size).map(|start| sum((start..draws.min(start + size)).map(&influence)));
    sum(clusters.map(|total| total.map(|x| x * x)))
}

/// B / (B - 1) sum_b (S_b - mean of S)^2; infinite of a single set, which tells nothing.
fn of_even<const K: usize>(draws: Range<usize>, set: usize, influence: impl Fn(usize) -> [f64; K]) -> [f64; K] {
    let set_at = |start: usize| sum((start..draws.end.min(start + set)).map(&influence));
    let sets: Vec<[f64; K]> = draws.clone().step_by(set).map(set_at).collect();
    let count = sets.len() as f64;
    let mean = sum(sets.iter().copied()).map(|total| total / count);
    let squares = sum(sets.iter().map(|total| std::array::from_fn(|k| (total[k] - mean[k]).powi(2))));
    squares.map(|square: f64| if sets.len() > 1 { count / (count - 1.0) * square } else { f64::INFINITY })
}

fn sum<const K: usize>(terms: impl Iterator<Item = [f64; K]>) -> [f64; K] {
    terms.fold([0.0; K], |sum, term| std::array::from_fn(|k| sum[k] + term[k]))
}

/// Mean and standard deviation of a quantity, and the Monte Carlo errors of both.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Moments {
    pub(crate) mean: f64,
    pub(crate) sd: f64,
    pub(crate) error_of_mean: f64,
    pub(crate) error_of_sd: f64,
}

impl Moments {
    /// Of values with weights that sum to 1, all of them finite where the weight is positive.
    pub(crate) fn of(values: &[f64], weights: &[f64], dependence: &Dependence) -> Self {
        let counting = || values.iter().zip(weights).filter(|(_, w)| **w > 0.0);
        let mean: f64 = counting().map(|(v, w)| v * w).sum();
        let variance: f64 = counting().map(|(v, w)| w * (v - mean) * (v - mean)).sum();
        let influence = |i: usize| {
            let (w, off) = (weights[i], values[i] - mean);
            if w > 0.0 { [w * off, w * (off * off - variance)] } else { [0.0; 2] }
        };
        let [of_mean, of_variance] = dependence.squared_errors(values.len(), influence);
        let error_of_sd = if variance > 0.0 { 0.5 * (of_variance / variance).sqrt() } else { 0.0 };
        Self { mean, sd: variance.sqrt(), error_of_mean: of_mean.sqrt(), error_of_sd }
    }
}

/// Tails are looked at where one draw has so large a share of the variance.
const LARGE_SHARE: f64 = 0.02;
/// Weights averaged by shares of the variance are like weights averaged by themselves where draws far out are as many as they should
/// be; where they are this many times those, proposals reach them too seldom.
const SELDOM: f64 = 1.5;

/// What draws know of the tails of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tails {
    /// The variance is a matter of many draws.
    Known,
    /// It is a matter of few, far out, that are as many as they should be: the number may have no variance.
    Heavy,
    /// It is a matter of few, far out, that weigh much: there may be more than they have reached.
    Unreached,
}

impl Tails {
    /// Of values with weights that sum to 1.
    pub(crate) fn of(values: &[f64], weights: &[f64], moments: &Moments) -> Self {
        let share = |(v, w): (&f64, &f64)| if *w > 0.0 { w * (v - moments.mean).powi(2) } else { 0.0 };
        let shares = || values.iter().zip(weights).map(share);
        let variance = moments.sd.powi(2);
        if shares().fold(0.0, f64::max) <= LARGE_SHARE * variance {
            return Self::Known;
        }
        let ln_shares: Vec<f64> = shares().map(f64::ln).collect();
        if smooth(&ln_shares).is_none_or(|shares| shares.k_hat < reliable_below(values.len())) {
            return Self::Known;
        }
        let of_shares = shares().zip(weights).map(|(share, w)| share * w).sum::<f64>() / variance;
        let of_weights: f64 = weights.iter().map(|w| w * w).sum();
        if of_shares > SELDOM * of_weights { Self::Unreached } else { Self::Heavy }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampling::recurrence::Recurrence;
    use crate::sampling::stream::keyed;
    use crate::special::normal_quantile;

    /// Means and standard deviations of exp(x + y) over 8 sets of 64 evenly spread points of a square, 400 times: they spread as
    /// the errors say, which are a fraction of those of independent points.
    #[test]
    fn evenly_spread_points_have_the_errors_that_their_sets_tell() {
        let (sets, set, repetitions) = (8, 64, 400);
        let draws = sets * set;
        let weights = vec![(draws as f64).recip(); draws];
        let rounds = vec![Stretch { draws: draws / 2, set }; 2];
        let (mut found, mut said, mut independent) = (Vec::new(), [0.0; 2], [0.0; 2]);
        for repetition in 0..repetitions {
            let mut rng = keyed(repetition, 0, 0);
            let mut values = Vec::new();
            for _ in 0..sets {
                let mut points = Recurrence::shifted(2, &mut rng);
                values.extend((0..set).map(|_| points.point().sum::<f64>().exp()));
            }
            let moments = Moments::of(&values, &weights, &Dependence::Sets(rounds.clone()));
            let naive = Moments::of(&values, &weights, &Dependence::NONE);
            found.push([moments.mean, moments.sd]);
            said = [said[0] + moments.error_of_mean.powi(2), said[1] + moments.error_of_sd.powi(2)];
            independent = [independent[0] + naive.error_of_mean.powi(2), independent[1] + naive.error_of_sd.powi(2)];
        }
        let n = repetitions as f64;
        for k in 0..2 {
            let mean = found.iter().map(|f| f[k]).sum::<f64>() / n;
            let spread = (found.iter().map(|f| (f[k] - mean).powi(2)).sum::<f64>() / n).sqrt();
            let ([said, independent], spread) = ([said, independent].map(|e| (e[k] / n).sqrt()), spread);
            assert!((0.8..1.25).contains(&(said / spread)), "{k}: {said}, but they spread by {spread}");
            assert!(independent > 2.0 * spread, "{k}: {independent} if independent, {spread}");
        }
    }

    #[test]
    fn a_single_set_counts_as_independent_draws() {
        let (values, weights) = ([1.0, 2.0, 4.0], [0.2, 0.5, 0.3]);
        let one = Dependence::Sets(vec![Stretch { draws: 3, set: 3 }]);
        assert_eq!(Moments::of(&values, &weights, &one), Moments::of(&values, &weights, &Dependence::NONE));
    }

    /// Student's t of 2 degrees of freedom has no standard deviation, whatever draws say; a normal has one, by equal weights and by
    /// those of a wider proposal; narrow ones leave its tails out.
    #[test]
    fn long_tails_are_known_by_few_draws_that_matter() {
        let n = 2000;
        let levels = || (0..n).map(|i| (f64::from(i) + 0.5) / f64::from(n));
        let tails = |values: &[f64], weights: &[f64]| {
            let total: f64 = weights.iter().sum();
            let weights: Vec<f64> = weights.iter().map(|w| w / total).collect();
            Tails::of(values, &weights, &Moments::of(values, &weights, &Dependence::NONE))
        };
        let normal: Vec<f64> = levels().map(normal_quantile).collect();
        // its quantile is known in closed form
        let heavy: Vec<f64> = levels().map(|p| (2.0 * p - 1.0) / (2.0 * p * (1.0 - p)).sqrt()).collect();
        let equal = vec![1.0; normal.len()];
        assert_eq!([tails(&normal, &equal), tails(&heavy, &equal)], [Tails::Known, Tails::Heavy]);
        // however uneven weights are that know nothing of the values
        let elsewhere = normal.iter().cycle().step_by(769).take(normal.len());
        let uneven: Vec<f64> = elsewhere.map(|z| (1.2 * z).exp()).collect();
        assert_eq!(tails(&heavy, &uneven), Tails::Heavy);
        // a standard normal from proposals of another scale: exp(-x^2 / 2 (1 - 1 / scale^2)) at x = scale z
        let proposed = |scale: f64| {
            let values: Vec<f64> = normal.iter().map(|z| scale * z).collect();
            let weights: Vec<f64> = values.iter().map(|x| (-0.5 * x * x * (1.0 - scale.powi(-2))).exp()).collect();
            tails(&values, &weights)
        };
        assert_eq!([proposed(1.5), proposed(0.6)], [Tails::Known, Tails::Unreached]);
    }
}
