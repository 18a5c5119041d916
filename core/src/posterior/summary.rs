//! Summaries of weighted draws.

use crate::posterior::mc_error::{Dependence, Moments};
use std::fmt;

/// What is known of a quantity: posterior mean, standard deviation and quantiles.
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
    pub(crate) fn weighted(values: &[f64], weights: &[f64], dependence: &Dependence) -> Self {
        let counting = || (0..values.len()).filter(|&i| weights[i] > 0.0);
        if counting().next().is_none() || counting().any(|i| !values[i].is_finite()) {
            return Self {
                mean: f64::NAN,
                sd: f64::NAN,
                q05: f64::NAN,
                q50: f64::NAN,
                q95: f64::NAN,
                mc_error: f64::NAN,
                sd_mc_error: f64::NAN,
            };
        }
        let Moments { mean, sd, error_of_mean, error_of_sd } = Moments::of(values, weights, dependence);
        let mut order: Vec<usize> = counting().collect();
        order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
        let [q05, q50, q95] = [0.05, 0.5, 0.95].map(|level| quantile(values, weights, &order, level));
        Self { mean, sd, q05, q50, q95, mc_error: error_of_mean, sd_mc_error: error_of_sd }
    }
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
