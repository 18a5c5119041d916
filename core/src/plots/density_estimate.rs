//! A density from weighted draws, by a Gaussian kernel.
//!
//! ```text
//! p(x) = sum_s w_s N(x | x_s, h),   h = 0.9 min(sd, (q75 - q25) / 1.34) n^(-1/5)   (Silverman 1986, equation 3.31)
//! ```
//!
//! with the effective number n of the draws. Where no draw is below 0 the kernel is reflected there, so that what is positive
//! has no density below it, and keeps what it has beside it.

/// A density that can be asked for its values.
pub(super) struct DensityEstimate<'a> {
    draws: &'a [f64],
    weights: &'a [f64],
    width: f64,
    is_positive: bool,
}

impl<'a> DensityEstimate<'a> {
    /// From draws whose weights sum to 1; `None` where they are no numbers, or all the same.
    pub(super) fn of(draws: &'a [f64], weights: &'a [f64]) -> Option<Self> {
        let mean: f64 = draws.iter().zip(weights).map(|(x, w)| w * x).sum();
        let sd = draws.iter().zip(weights).map(|(x, w)| w * (x - mean).powi(2)).sum::<f64>().sqrt();
        let spread = (quantile(draws, weights, 0.75) - quantile(draws, weights, 0.25)) / 1.34;
        let least = if spread > 0.0 { sd.min(spread) } else { sd };
        let effective = weights.iter().map(|w| w * w).sum::<f64>().recip();
        let width = 0.9 * least * effective.powf(-0.2);
        let is_positive = draws.iter().all(|x| *x >= 0.0);
        let is_wide = width > 1e-9 * draws.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
        (width.is_finite() && is_wide).then_some(Self { draws, weights, width, is_positive })
    }

    pub(super) fn at(&self, x: f64) -> f64 {
        let kernel = |away: f64| (-0.5 * (away / self.width).powi(2)).exp();
        let reflected = |draw: f64| if self.is_positive { kernel(x + draw) } else { 0.0 };
        let sum: f64 = self.draws.iter().zip(self.weights).map(|(d, w)| w * (kernel(x - d) + reflected(*d))).sum();
        if self.is_positive && x < 0.0 { 0.0 } else { sum / (self.width * (2.0 * std::f64::consts::PI).sqrt()) }
    }
}

/// The least draw with at least that much weight up to it.
pub(super) fn quantile(draws: &[f64], weights: &[f64], level: f64) -> f64 {
    let mut order: Vec<usize> = (0..draws.len()).collect();
    order.sort_by(|&a, &b| draws[a].total_cmp(&draws[b]));
    let mut sum = 0.0;
    let reached = order.iter().find(|&&s| {
        sum += weights[s];
        sum >= level
    });
    reached.or(order.last()).map_or(f64::NAN, |&s| draws[s])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::special::normal_quantile;

    fn even(n: u32) -> impl Iterator<Item = f64> {
        (0..n).map(move |k| normal_quantile((f64::from(k) + 0.5) / f64::from(n)))
    }

    /// A normal's estimate is a normal whose variance has grown by that of the kernel.
    #[test]
    fn a_normal_density_is_found() {
        let (draws, weights): (Vec<f64>, Vec<f64>) = even(2000).map(|z| (3.0 + 2.0 * z, 1.0 / 2000.0)).unzip();
        let density = DensityEstimate::of(&draws, &weights).expect("they differ");
        let sd = 2.0_f64.hypot(density.width);
        for x in [-1.0, 2.0, 3.0, 5.5] {
            let exact = (-0.5 * ((x - 3.0) / sd).powi(2)).exp() / (sd * (2.0 * std::f64::consts::PI).sqrt());
            assert!((density.at(x) - exact).abs() < 1e-3 * exact, "{x}: {}, not {exact}", density.at(x));
        }
    }

    #[test]
    fn what_is_positive_has_no_density_below_zero_and_all_of_it_above() {
        let (draws, weights): (Vec<f64>, Vec<f64>) = even(2000).map(|z| (z.abs(), 1.0 / 2000.0)).unzip();
        let density = DensityEstimate::of(&draws, &weights).expect("they differ");
        let total: f64 = (0..8000).map(|k| density.at(0.001 * (f64::from(k) + 0.5)) * 0.001).sum();
        assert!((total - 1.0).abs() < 1e-3 && density.at(-0.1) == 0.0, "{total}");
        // a half normal has twice a normal's density at 0
        assert!((density.at(0.0) - 0.798).abs() < 0.03, "{}", density.at(0.0));
    }

    #[test]
    fn weights_count_and_one_value_has_no_density() {
        assert!(DensityEstimate::of(&[2.0; 5], &[0.2; 5]).is_none());
        let (draws, weights) = ([5.0, 1.0, 3.0], [0.5, 0.2, 0.3]);
        for (level, expected) in [(0.1, 1.0), (0.5, 3.0), (0.6, 5.0)] {
            assert!((quantile(&draws, &weights, level) - expected).abs() < 1e-12, "{level}");
        }
    }
}
