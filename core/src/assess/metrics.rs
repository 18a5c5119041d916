//! How good predictions of numbers are: errors and calibration, and their means over runs or tasks.

use std::fmt;

/// A mean over runs or tasks with its standard error.
///
/// ```
/// use hierarch::assess::metrics::Estimate;
/// let rmse = Estimate::of(&[0.1, 0.2, 0.3]);
/// assert_eq!(format!("{rmse:.2}"), "0.20 +- 0.06");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Mean of the values; NaN for none.
    pub mean: f64,
    /// Standard error of the mean; NaN for fewer than two values.
    pub std_error: f64,
}

impl Estimate {
    /// The mean of values that are independent of each other.
    pub fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
        Self { mean, std_error: (squares / (n - 1.0) / n).sqrt() }
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(3);
        let text = format!("{:.digits$} +- {:.digits$}", self.mean, self.std_error);
        write!(f, "{text:>0$}", f.width().unwrap_or(0))
    }
}

/// Mean squared error of predictions.
///
/// # Panics
/// If the two differ in length.
pub fn mean_squared_error(predicted: &[f64], actual: &[f64]) -> f64 {
    assert_eq!(predicted.len(), actual.len(), "one prediction for each value");
    predicted.iter().zip(actual).map(|(p, a)| (p - a) * (p - a)).sum::<f64>() / actual.len() as f64
}

/// Root mean square error of predictions.
///
/// # Panics
/// If the two differ in length.
pub fn rmse(predicted: &[f64], actual: &[f64]) -> f64 {
    mean_squared_error(predicted, actual).sqrt()
}

/// Predictive probability of a value at most `y`, from weighted draws; a draw equal to `y` counts half.
///
/// # Panics
/// If `draws` and `weights` differ in length.
pub fn predictive_cdf(draws: &[f64], weights: &[f64], y: f64) -> f64 {
    assert_eq!(draws.len(), weights.len(), "one weight for each draw");
    let total: f64 = weights.iter().sum();
    let below = draws.iter().zip(weights).map(|(&draw, weight)| {
        let share = if draw < y {
            1.0
        } else if draw > y {
            0.0
        } else {
            0.5
        };
        share * weight
    });
    below.sum::<f64>() / total
}

/// Calibration error of the predictions for one task (Rothfuss et al. 2021, appendix; their code).
///
/// `cdf_at_actual` holds, for each test point, the predictive probability of a value at most the actual one. At 20
/// levels from 0.05 to 0.95 the fraction of these at most the level is compared with the level; the result is the root
/// mean square of the differences. It is averaged over tasks, and its floor is not 0: errors within a task are dependent.
pub fn calibration_error(cdf_at_actual: &[f64]) -> f64 {
    const LEVELS: u32 = 20;
    let n = cdf_at_actual.len() as f64;
    let squares = (0..LEVELS).map(|k| {
        let level = 0.05 + 0.9 * f64::from(k) / f64::from(LEVELS - 1);
        let fraction = cdf_at_actual.iter().filter(|&&p| p <= level).count() as f64 / n;
        (fraction - level) * (fraction - level)
    });
    (squares.sum::<f64>() / f64::from(LEVELS)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    }

    #[test]
    fn a_mean_has_a_standard_error() {
        let Estimate { mean, std_error } = Estimate::of(&[1.0, 2.0, 6.0]);
        close(mean, 3.0);
        // variance (4 + 1 + 9) / 2 = 7
        close(std_error, (7.0_f64 / 3.0).sqrt());
        assert!(Estimate::of(&[1.0]).std_error.is_nan());
        assert_eq!(format!("{:>16}", Estimate { mean: 0.1234, std_error: 0.01 }), "  0.123 +- 0.010");
    }

    #[test]
    fn errors_of_predictions() {
        close(mean_squared_error(&[1.0, 2.0, 3.0], &[1.0, 4.0, 2.0]), 5.0 / 3.0);
        close(rmse(&[1.0, 2.0], &[4.0, 6.0]), 12.5_f64.sqrt());
    }

    #[test]
    fn the_cdf_of_weighted_draws() {
        let (draws, weights) = ([3.0, 1.0, 2.0], [0.2, 0.5, 0.3]);
        close(predictive_cdf(&draws, &weights, 0.0), 0.0);
        close(predictive_cdf(&draws, &weights, 1.5), 0.5);
        close(predictive_cdf(&draws, &weights, 2.0), 0.65);
        close(predictive_cdf(&draws, &weights, 9.0), 1.0);
        close(predictive_cdf(&[0.0, 1.0], &[1.0, 3.0], 0.5), 0.25);
    }

    #[test]
    fn calibration_of_a_regression() {
        // all actual values above all predictions: no fraction is above 0, so the rms of the levels themselves
        let levels: Vec<f64> = (0..20).map(|k| 0.05 + 0.9 * f64::from(k) / 19.0).collect();
        let rms = (levels.iter().map(|l| l * l).sum::<f64>() / 20.0).sqrt();
        close(calibration_error(&[1.0; 7]), rms);
        // half below every level, half above: |1/2 - level|
        let rms = (levels.iter().map(|l| (0.5 - l) * (0.5 - l)).sum::<f64>() / 20.0).sqrt();
        close(calibration_error(&[0.0, 1.0]), rms);
        // evenly spread
        let even: Vec<f64> = (0..1000).map(|i| (f64::from(i) + 0.5) / 1000.0).collect();
        assert!(calibration_error(&even) < 1e-3);
    }
}
