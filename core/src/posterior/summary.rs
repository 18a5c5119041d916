//! Summaries of weighted draws.

use crate::posterior::mc_error::{Dependence, Moments};
use std::fmt;

/// What is known of a quantity: posterior mean, standard deviation and quantiles, all in the quantity's own units.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary {
    /// Posterior mean.
    pub mean: f64,
    /// Posterior standard deviation.
    pub sd: f64,
    /// 5% quantile.
    pub q05: f64,
    /// Median.
    pub q50: f64,
    /// 95% quantile.
    pub q95: f64,
    /// Monte Carlo standard error of `mean`.
    pub mc_error: f64,
    /// Monte Carlo standard error of `sd`.
    pub sd_mc_error: f64,
}

impl Summary {
    /// The summary of values with weights that sum to 1. Any value of positive weight that is not finite makes every field
    /// NaN; values of weight 0 do not count, whatever they are.
    /// All of it is computed of v / unit, the largest of which is of order 1, so that no square overflows or vanishes.
    pub(crate) fn weighted(values: &[f64], weights: &[f64], dependence: &Dependence) -> Self {
        let Some(order) = ordered(values, weights) else { return Self::of_numbers([f64::NAN; 7], 1.0) };
        let unit = unit(order.iter().map(|&i| values[i]));
        let scaled: Vec<f64> = values.iter().map(|v| v / unit).collect();
        let (least, most) = (scaled[order[0]], scaled[order[order.len() - 1]]);
        let Moments { mean, sd, error_of_mean, error_of_sd } = Moments::of(&scaled, weights, dependence);
        let [q05, q50, q95] = [0.05, 0.5, 0.95].map(|level| quantile(&scaled, weights, &order, level));
        // weights sum to 1 only up to rounding
        Self::of_numbers([mean.clamp(least, most), sd, q05, q50, q95, error_of_mean, error_of_sd], unit)
    }

    /// The mean, the standard deviation, three quantiles and the errors of the first two, in that unit.
    fn of_numbers(numbers: [f64; 7], unit: f64) -> Self {
        // what is beyond the largest number, a standard deviation of values of both signs, is that number
        let [mean, sd, q05, q50, q95, mc_error, sd_mc_error] = numbers.map(|x| (x * unit).clamp(f64::MIN, f64::MAX));
        Self { mean, sd, q05, q50, q95, mc_error, sd_mc_error }
    }
}

/// A power of two of the order of the largest value, by which dividing changes no digit of what is not tiny beside it.
pub(crate) fn unit(values: impl Iterator<Item = f64>) -> f64 {
    let largest = values.fold(0.0, |most: f64, v| most.max(v.abs()));
    let power = f64::from_bits(largest.to_bits() & f64::INFINITY.to_bits());
    if power > 0.0 && power.is_finite() { power } else { 1.0 }
}

/// sum_i w_i (f_i - mean f) (g_i - mean g) of pairs (f, g) whose weights sum to 1, computed of f and g in units of their own.
pub(crate) fn covariance(pairs: &[[f64; 2]], weights: &[f64]) -> f64 {
    let counting = || pairs.iter().zip(weights).filter(|(_, w)| **w > 0.0);
    let units = [0, 1].map(|k| unit(counting().map(|(pair, _)| pair[k])));
    let means = [0, 1].map(|k| counting().map(|(pair, w)| w * (pair[k] / units[k])).sum::<f64>());
    let away = |pair: &[f64; 2], k: usize| pair[k] / units[k] - means[k];
    let scaled: f64 = counting().map(|(pair, w)| w * away(pair, 0) * away(pair, 1)).sum();
    // the order that overflows last
    scaled * units[0].min(units[1]) * units[0].max(units[1])
}

/// The interval between two quantiles, with as much outside on either side; NaN where a value of positive weight is not finite.
pub(crate) fn central(values: &[f64], weights: &[f64], level: f64) -> (f64, f64) {
    let Some(order) = ordered(values, weights) else { return (f64::NAN, f64::NAN) };
    let at = |level| quantile(values, weights, &order, level);
    (at(0.5 - 0.5 * level), at(0.5 + 0.5 * level))
}

/// The shortest interval that holds so much weight, the lowest of several; NaN where a value of positive weight is not finite.
pub(crate) fn shortest(values: &[f64], weights: &[f64], level: f64) -> (f64, f64) {
    let Some(order) = ordered(values, weights) else { return (f64::NAN, f64::NAN) };
    let value = |k: usize| values[order[k]];
    let (mut best, mut end, mut held) = ((value(0), value(order.len() - 1)), 0, 0.0);
    for start in 0..order.len() {
        // up to rounding, as weights sum to 1 only so
        while end < order.len() && held < level - 1e-12 {
            held += weights[order[end]];
            end += 1;
        }
        if held < level - 1e-12 {
            break;
        }
        if value(end - 1) - value(start) < best.1 - best.0 {
            best = (value(start), value(end - 1));
        }
        held -= weights[order[start]];
    }
    best
}

/// Those that count, from the least on; `None` if there are none, or one is not finite.
fn ordered(values: &[f64], weights: &[f64]) -> Option<Vec<usize>> {
    let mut order: Vec<usize> = (0..values.len()).filter(|&i| weights[i] > 0.0).collect();
    if order.is_empty() || order.iter().any(|&i| !values[i].is_finite()) {
        return None;
    }
    order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
    Some(order)
}

/// The quantile at `level`: each value sits at the middle of its own weight, linear in between.
fn quantile(values: &[f64], weights: &[f64], order: &[usize], level: f64) -> f64 {
    let mut before = (f64::NEG_INFINITY, values[order[0]]);
    let mut cumulative = 0.0;
    for &i in order {
        let at = cumulative + 0.5 * weights[i];
        if at >= level {
            let share = if before.0.is_finite() && at > before.0 { (level - before.0) / (at - before.0) } else { 1.0 };
            return before.1 + share * (values[i] - before.1);
        }
        before = (at, values[i]);
        cumulative += weights[i];
    }
    values[order[order.len() - 1]]
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.4} +- {:.4} (5% {:.4}, 50% {:.4}, 95% {:.4})", self.mean, self.sd, self.q05, self.q50, self.q95)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::special::normal_quantile;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Pairs of neighbours depend on each other.
    const PAIRS: Dependence = Dependence::Clusters(2);

    fn close(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance, "{found} is not {expected} +- {tolerance}");
    }

    #[test]
    fn weights_count() {
        // mean 0.2 + 1.2 = 1.4; variance 0.2 * 0.16 + 0.2 * 1.96 + 0.6 * 0.36
        let found = Summary::weighted(&[1.0, 0.0, 2.0], &[0.2, 0.2, 0.6], &Dependence::NONE);
        close(found.mean, 1.4, 1e-15);
        close(found.sd, 0.64_f64.sqrt(), 1e-15);
        let error = [0.2 * 0.4, 0.2 * 1.4, 0.6 * 0.6].iter().map(|x: &f64| x * x).sum::<f64>().sqrt();
        close(found.mc_error, error, 1e-15);
        // in order 0, 1, 2 the middles of the weights are at 0.1, 0.3, 0.7
        close(found.q05, 0.0, 1e-15);
        close(found.q50, 1.5, 1e-15);
        close(found.q95, 2.0, 1e-15);
        // a weight is as good as repetition
        let repeated = Summary::weighted(&[1.0, 0.0, 2.0, 2.0, 2.0], &[0.2; 5], &Dependence::NONE);
        close(repeated.mean, found.mean, 1e-15);
        close(repeated.sd, found.sd, 1e-15);
    }

    #[test]
    fn intervals_are_those_of_the_distribution() {
        // quantiles of an exponential of rate 1, of which the shortest interval of 80% is from 0 to ln 5
        let n = 20_000;
        let level = |k: usize| (k as f64 + 0.5) / n as f64;
        let exponential: Vec<f64> = (0..n).map(|k| -(-level(k)).ln_1p()).collect();
        let even = vec![(n as f64).recip(); n];
        let (low, high) = shortest(&exponential, &even, 0.8);
        close(low, 0.0, 1e-3);
        close(high, 5.0_f64.ln(), 2e-3);
        let (low, high) = central(&exponential, &even, 0.8);
        close(low, -0.9_f64.ln(), 1e-3);
        close(high, 10.0_f64.ln(), 2e-3);
        // of a normal both are the same, up to steps from one value to the next
        let normal: Vec<f64> = (0..n).map(|k| normal_quantile(level(k))).collect();
        for found in [shortest(&normal, &even, 0.9), central(&normal, &even, 0.9)] {
            close(found.0, -1.6449, 0.02);
            close(found.1, 1.6449, 0.02);
        }
        // a weight counts as repetition does, and what is not a number is not hidden
        assert_eq!(shortest(&[5.0, 1.0, 1.2], &[0.1, 0.5, 0.4], 0.85), (1.0, 1.2));
        assert!(central(&[1.0, f64::NAN], &[0.5, 0.5], 0.5).0.is_nan());
    }

    #[test]
    fn one_value_is_certain() {
        let one = Summary { mean: 3.0, sd: 0.0, q05: 3.0, q50: 3.0, q95: 3.0, mc_error: 0.0, sd_mc_error: 0.0 };
        assert_eq!(Summary::weighted(&[3.0], &[1.0], &Dependence::NONE), one);
        assert_eq!(Summary::weighted(&[3.0; 4], &[0.25; 4], &PAIRS), one);
    }

    #[test]
    fn what_is_not_finite_has_no_summary() {
        for values in [&[][..], &[1.0, f64::NAN], &[1.0, f64::INFINITY]] {
            let found = Summary::weighted(values, &[0.5, 0.5], &Dependence::NONE);
            let Summary { mean, sd, q05, q50, q95, mc_error, sd_mc_error } = found;
            assert!([mean, sd, q05, q50, q95, mc_error, sd_mc_error].iter().all(|x| x.is_nan()), "{values:?}");
        }
    }

    /// Sizes at which squares, sums or differences leave what an `f64` holds.
    #[test]
    fn values_of_any_size_are_summarised() {
        let (values, weights) = ([1.0, -0.5, 0.75, 0.25], [0.1, 0.4, 0.3, 0.2]);
        let one = Summary::weighted(&values, &weights, &PAIRS);
        for power in [1023, 1000, 600, -600, -1000] {
            let size = 2.0_f64.powi(power);
            let Summary { mean, sd, q05, q50, q95, mc_error, sd_mc_error } =
                Summary::weighted(&values.map(|v| v * size), &weights, &PAIRS);
            let found = Summary {
                mean: mean / size,
                sd: sd / size,
                q05: q05 / size,
                q50: q50 / size,
                q95: q95 / size,
                mc_error: mc_error / size,
                sd_mc_error: sd_mc_error / size,
            };
            assert_eq!(found, one, "2^{power}");
        }
        let largest = Summary::weighted(&[f64::MAX; 3], &[0.3, 0.3, 0.4], &Dependence::NONE);
        close(largest.mean / f64::MAX, 1.0, 1e-15);
        let ends = Summary::weighted(&[f64::MAX, f64::MIN], &[0.5; 2], &Dependence::NONE);
        assert!(ends.mean == 0.0 && ends.sd >= f64::MAX && ends.q50 == 0.0, "{ends:?}");
        let least = Summary::weighted(&[5e-324, 0.0], &[0.5; 2], &Dependence::NONE);
        assert!(least.q95 > 0.0 && least.sd.is_finite(), "{least:?}");
    }

    #[test]
    fn a_covariance_is_of_any_size() {
        let pairs = [[1.0, 2.0], [-1.0, 0.5], [0.5, -1.0]];
        let weights = [0.5, 0.25, 0.25];
        // means 0.375 and 0.875; 0.5 * 0.625 * 1.125 + 0.25 * 1.375 * 0.375 - 0.25 * 0.125 * 1.875
        close(covariance(&pairs, &weights), 0.421_875, 1e-15);
        let (huge, tiny) = (2.0_f64.powi(1020), 2.0_f64.powi(-1000));
        let sized = |a: f64, b: f64| covariance(&pairs.map(|[f, g]| [a * f, b * g]), &weights);
        close(sized(huge, tiny) / 2.0_f64.powi(20), 0.421_875, 1e-15);
        assert_eq!((sized(huge, huge), sized(huge, -huge)), (f64::INFINITY, f64::NEG_INFINITY));
    }

    #[test]
    fn values_of_no_weight_do_not_count() {
        let few = Summary::weighted(&[1.0, 0.0, 2.0, 5.0], &[0.2, 0.2, 0.5, 0.1], &PAIRS);
        let nothing = [f64::NAN, f64::INFINITY];
        let values = [1.0, 0.0, nothing[0], nothing[1], 2.0, 5.0];
        assert_eq!(Summary::weighted(&values, &[0.2, 0.2, 0.0, 0.0, 0.5, 0.1], &PAIRS), few);
        assert!(Summary::weighted(&nothing, &[0.0; 2], &Dependence::NONE).mean.is_nan());
    }

    /// An even grid of normal quantiles, equally weighted; and normal draws from elsewhere, weighted.
    #[test]
    fn a_normal_distribution_is_summarised() {
        let n = 4000;
        let middle = |k: i32| (f64::from(k) + 0.5) / f64::from(n);
        let grid: Vec<f64> = (0..n).map(|k| 2.0 + 3.0 * normal_quantile(middle(k))).collect();
        let found = Summary::weighted(&grid, &vec![f64::from(n).recip(); grid.len()], &Dependence::NONE);
        close(found.mean, 2.0, 1e-6);
        close(found.sd, 3.0, 3e-3);
        for (q, z) in [(found.q05, -1.644_853_627), (found.q50, 0.0), (found.q95, 1.644_853_627)] {
            close(q, 2.0 + 3.0 * z, 1e-5);
        }
        close(found.mc_error, 3.0 / f64::from(n).sqrt(), 1e-4);
        // x uniform on (-14, 18) with weights in proportion to the normal density
        let uniform: Vec<f64> = (0..n).map(|k| 2.0 + 32.0 * (middle(k) - 0.5)).collect();
        let density: Vec<f64> = uniform.iter().map(|x| (-0.5 * ((x - 2.0) / 3.0).powi(2)).exp()).collect();
        let total: f64 = density.iter().sum();
        let weights: Vec<f64> = density.iter().map(|d| d / total).collect();
        let weighted = Summary::weighted(&uniform, &weights, &Dependence::NONE);
        close(weighted.mean, 2.0, 1e-9);
        close(weighted.sd, 3.0, 1e-4);
        close(weighted.q05, 2.0 - 3.0 * 1.644_853_627, 1e-3);
        close(weighted.q95, 2.0 + 3.0 * 1.644_853_627, 1e-3);
    }

    /// Means of 30 clusters of 4 values v = a_c + b, a ~ N(0, 1), b ~ N(0, 0.25), with weights exp(a_c / 2) a cluster:
    /// their spread over 2000 repetitions is what the mean `mc_error` says, and twice what it would be without clusters.
    #[test]
    fn the_error_of_a_mean_knows_of_clusters() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut normal = |sd: f64| sd * rng.sample::<f64, _>(rand_distr::StandardNormal);
        let repetitions = 2000;
        let (mut means, mut clustered, mut naive) = (Vec::new(), 0.0, 0.0);
        for _ in 0..repetitions {
            let (mut values, mut weights) = (Vec::new(), Vec::new());
            for _ in 0..30 {
                let own = normal(1.0);
                values.extend((0..4).map(|_| own + normal(0.5)));
                weights.extend([(0.5 * own).exp(); 4]);
            }
            let total: f64 = weights.iter().sum();
            for w in &mut weights {
                *w /= total;
            }
            let found = Summary::weighted(&values, &weights, &Dependence::Clusters(4));
            means.push(found.mean);
            clustered += found.mc_error / f64::from(repetitions);
            naive += Summary::weighted(&values, &weights, &Dependence::NONE).mc_error / f64::from(repetitions);
        }
        let equal = vec![f64::from(repetitions).recip(); means.len()];
        let spread = Summary::weighted(&means, &equal, &Dependence::NONE).sd;
        // the spread is known to 1.6%; the delta method is a little small with 30 clusters
        assert!((0.88..1.05).contains(&(clustered / spread)), "{clustered}, but means spread by {spread}");
        assert!(naive < 0.6 * spread, "{naive}, but means spread by {spread}");
    }
}
