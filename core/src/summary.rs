//! Summaries of weighted draws.

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
}

impl Summary {
    /// Of values with weights that sum to 1. Any value that is not finite makes every field NaN.
    pub(crate) fn weighted(values: &[f64], weights: &[f64]) -> Self {
        if values.is_empty() || values.iter().any(|v| !v.is_finite()) {
            return Self {
                mean: f64::NAN,
                sd: f64::NAN,
                q05: f64::NAN,
                q50: f64::NAN,
                q95: f64::NAN,
                mc_error: f64::NAN,
            };
        }
        let mean: f64 = values.iter().zip(weights).map(|(v, w)| v * w).sum();
        let variance: f64 = values.iter().zip(weights).map(|(v, w)| w * (v - mean) * (v - mean)).sum();
        // delta-method variance of a self-normalised mean
        let error: f64 = values.iter().zip(weights).map(|(v, w)| w * w * (v - mean) * (v - mean)).sum();
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
        let [q05, q50, q95] = [0.05, 0.5, 0.95].map(|level| quantile(values, weights, &order, level));
        Self { mean, sd: variance.sqrt(), q05, q50, q95, mc_error: error.sqrt() }
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
