//! How good predictions are.

use hierarch::assess::metrics::{Estimate, calibration_error, rmse};

/// RMSE and calibration error.
pub(crate) type Scores = [f64; 2];

/// Of several tasks.
pub(crate) fn mean(scores: &[Scores]) -> Scores {
    [0, 1].map(|k| scores.iter().map(|s| s[k]).sum::<f64>() / scores.len() as f64)
}

/// Predictions of test points: their means, and the predictive probability of a value at most the actual one.
#[derive(Default)]
pub(crate) struct Predictions {
    pub(crate) actual: Vec<f64>,
    pub(crate) mean: Vec<f64>,
    pub(crate) cdf: Vec<f64>,
}

impl Predictions {
    pub(crate) fn scores(&self) -> Scores {
        [rmse(&self.mean, &self.actual), calibration_error(&self.cdf)]
    }
}

/// What is printed of a method: computed here in several environments, or published.
pub(crate) enum Row<'a> {
    Ours(&'static str, &'a [Scores]),
    Published(&'static str, Scores),
}

/// RMSE and calibration error over environments.
pub(crate) fn estimates(scores: &[Scores]) -> [Estimate; 2] {
    [0, 1].map(|k| Estimate::of(&scores.iter().map(|s| s[k]).collect::<Vec<_>>()))
}

pub(crate) fn print(title: &str, rows: &[Row]) {
    println!("\n{title:54} {:>17} {:>17}", "RMSE", "calibration error");
    for row in rows {
        match row {
            Row::Ours(name, scores) => {
                let [rmse, calibration] = estimates(scores);
                println!("{name:54} {rmse:>17} {calibration:>17}");
            }
            Row::Published(name, [rmse, calibration]) => {
                println!("published: {name:43} {rmse:>8.3} {calibration:>17.3}");
            }
        }
    }
}
