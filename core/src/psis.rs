//! Pareto-smoothed importance sampling (Vehtari, Simpson, Gelman, Yao & Gabry 2024).
//!
//! The largest weights are replaced by the expected order statistics of a generalised Pareto distribution fitted to them
//! (Zhang & Stephens 2009). Its shape k tells how far to trust the estimates: below 0.7 they are reliable.

/// Smoothed log weights, normalised so that the weights sum to 1.
#[derive(Clone, Debug)]
pub(crate) struct Smoothed {
    pub(crate) weights: Vec<f64>,
    /// k-hat; infinite where there are too few draws to fit a tail.
    pub(crate) k_hat: f64,
    /// 1 / sum of squared weights.
    pub(crate) effective: f64,
    /// ln of the mean of the raw weights: what they estimate of the normalising constant.
    pub(crate) ln_mean: f64,
}

/// Smooths raw log weights; -inf is a weight of 0. `None` if no weight is positive.
pub(crate) fn smooth(ln_weights: &[f64]) -> Option<Smoothed> {
    let n = ln_weights.len();
    let top = ln_weights.iter().copied().filter(|w| !w.is_nan()).fold(f64::NEG_INFINITY, f64::max);
    if !top.is_finite() {
        return None;
    }
    let mut weights: Vec<f64> = ln_weights.iter().map(|w| if w.is_nan() { 0.0 } else { (w - top).exp() }).collect();
    let ln_mean = top + (weights.iter().sum::<f64>() / n as f64).ln();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let tail = (0.2 * n as f64).min(3.0 * (n as f64).sqrt()).ceil() as usize;
    let k_hat = smooth_tail(&mut weights, tail);
    let total: f64 = weights.iter().sum();
    for w in &mut weights {
        *w /= total;
    }
    let effective = weights.iter().map(|w| w * w).sum::<f64>().recip();
    Some(Smoothed { weights, k_hat, effective, ln_mean })
}

/// Replaces the `tail` largest weights (the largest is 1) by Pareto quantiles; returns k-hat.
fn smooth_tail(weights: &mut [f64], tail: usize) -> f64 {
    if tail < 5 || weights.len() <= tail {
        return f64::INFINITY;
    }
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_unstable_by(|&a, &b| weights[a].total_cmp(&weights[b]));
    let largest = &order[order.len() - tail..];
    let cutoff = weights[order[order.len() - tail - 1]];
    let excess: Vec<f64> = largest.iter().map(|&i| weights[i] - cutoff).collect();
    // all but equal weights have no tail
    if excess[tail - 1] <= 1e-12 * weights[order[order.len() - 1]] {
        return 0.0;
    }
    let (k, sigma) = fit_pareto(&excess);
    if k.is_finite() {
        for (rank, &i) in largest.iter().enumerate() {
            let p = (rank as f64 + 0.5) / tail as f64;
            let quantile =
                if k.abs() < 1e-12 { -sigma * (-p).ln_1p() } else { sigma * (-k * (-p).ln_1p()).exp_m1() / k };
            weights[i] = (cutoff + quantile).min(1.0);
        }
    }
    k
}

/// Shape and scale of a generalised Pareto distribution from ascending excesses, with the weak prior on k that Vehtari et al.
/// use (10 observations at 0.5).
fn fit_pareto(excess: &[f64]) -> (f64, f64) {
    let n = excess.len() as f64;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let grid = 30 + n.sqrt() as usize;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let quartile = excess[((n / 4.0 + 0.5).floor() as usize).max(1) - 1].max(f64::MIN_POSITIVE);
    let largest = excess[excess.len() - 1];
    let shape_at = |b: f64| excess.iter().map(|x| (-b * x).ln_1p()).sum::<f64>() / n;
    let points: Vec<f64> = (1..=grid)
        .map(|j| largest.recip() + (1.0 - (grid as f64 / (j as f64 - 0.5)).sqrt()) / (3.0 * quartile))
        .collect();
    let ln_likelihood: Vec<f64> = points
        .iter()
        .map(|&b| {
            let k = shape_at(b);
            n * ((-b / k).ln() - k - 1.0)
        })
        .collect();
    let weight = |j: usize| ln_likelihood.iter().map(|l| (l - ln_likelihood[j]).exp()).sum::<f64>().recip();
    let b: f64 = points.iter().enumerate().map(|(j, b)| b * weight(j)).sum();
    let k = shape_at(b);
    let sigma = -k / b;
    ((k * n + 0.5 * 10.0) / (n + 10.0), sigma)
}
