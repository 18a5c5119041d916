//! Whether what is said with 80% confidence is right in 80% of all cases.

use crate::assess::reliability::{Bin, Reliability};
use crate::plots::PALETTE;
use crate::plots::chart::{Axis, Frame, Mark};
use crate::plots::picture::{Picture, PlotError};
use plotters::prelude::SeriesLabelPosition;
use plotters::style::{BLACK, Color};

/// Bins with a smaller share of all predictions are not shown: they are noise.
const LEAST: f64 = 0.01;

/// A reliability diagram of forecasts of the same events, each with its name: in each bin of confidence the share of predictions
/// that came true, beside the diagonal on which it should be. A dot's area shows how many predictions its bin holds; bins with
/// less than a hundredth of them are left out. The key has the expected calibration errors.
///
/// ```
/// # use hierarch::{assess::reliability::Reliability, plots};
/// # fn main() -> Result<(), plots::PlotError> {
/// let (confidence, correct) = ([0.55, 0.6, 0.7, 0.8, 0.9, 0.95], [true, false, true, true, true, true]);
/// let diagram = Reliability::new(&confidence, &correct, 5);
/// let picture = plots::reliability("rain tomorrow", &[("model", &diagram)])?;
/// # assert!(picture.svg().contains("model (ECE 13.3%)"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`PlotError::Drawing`], also where a forecast holds no predictions.
pub fn reliability(title: &str, forecasts: &[(&str, &Reliability)]) -> Result<Picture, PlotError> {
    let shown = forecasts.iter().map(|(name, forecast)| shown(name, forecast)).collect::<Result<Vec<_>, _>>()?;
    // dots are drawn whole
    let lowest = shown.iter().flatten().map(|dot| dot.at.0.min(dot.at.1)).fold(0.9, f64::min);
    let low = (10.0 * lowest - 0.25).floor().max(0.0) / 10.0;
    let percent = |x: &f64| format!("{:.0}%", 100.0 * x);
    Picture::draw((560, 520), |area| {
        let axes = ["confidence", "predictions that came true"].map(|name| Axis {
            labels: 6,
            write: Some(&percent),
            ..Axis::new(name, low..1.0)
        });
        let mut chart = Frame { beside: 66, margin_right: 28, ..Frame::default() }.chart(area, title, axes)?;
        chart.line([(low, low), (1.0, 1.0)], BLACK.mix(0.4))?;
        for ((dots, (name, forecast)), color) in shown.iter().zip(forecasts).zip(PALETTE.iter().cycle()) {
            chart.line(dots.iter().map(|dot| dot.at), color.stroke_width(2))?;
            chart.bubbles(dots.iter().map(|dot| (dot.at, dot.radius)), &color.mix(0.7))?;
            let said = format!("{name} (ECE {:.1}%)", 100.0 * forecast.expected_error());
            chart.name(said, Mark::Dot(5), color)?;
        }
        chart.key(SeriesLabelPosition::LowerRight)
    })
}

/// A bin in the picture.
struct Dot {
    at: (f64, f64),
    /// In pixels.
    radius: f64,
}

fn shown(name: &str, forecast: &Reliability) -> Result<Vec<Dot>, PlotError> {
    let count = |bin: &Bin| bin.count as f64;
    let all: f64 = forecast.bins.iter().map(count).sum();
    if all == 0.0 {
        return Err(PlotError::Drawing(format!("`{name}` holds no predictions")));
    }
    let share = |bin: &Bin| count(bin) / all;
    let dot = |bin: &Bin| Dot { at: (bin.confidence, bin.accuracy), radius: 3.0 + 14.0 * share(bin).sqrt() };
    Ok(forecast.bins.iter().filter(|bin| share(bin) >= LEAST).map(dot).collect())
}
