//! The trace of the ELBO.

use crate::fit::Fit;
use crate::model::Model;
use crate::plots::chart::{Axis, Frame};
use crate::plots::picture::{Picture, PlotError};
use crate::plots::{POSTERIOR, around};
use plotters::style::Color;

/// The ELBO at the start and after each iteration, in nats; what it climbed before its last third is cut off where it would
/// hide the rest.
///
/// # Errors
/// [`PlotError::Drawing`].
pub fn trace<M: Model>(fit: &Fit<M>) -> Result<Picture, PlotError> {
    draw(fit.trace())
}

fn draw(trace: &[f64]) -> Result<Picture, PlotError> {
    let last = trace.last().copied().unwrap_or(0.0);
    let late = &trace[2 * trace.len() / 3..];
    let spread = late.iter().fold(1.0_f64, |spread, elbo| spread.max((last - elbo).abs()));
    let shown = |elbo: f64| elbo.max(last - 20.0 * spread);
    let points: Vec<(f64, f64)> = trace.iter().enumerate().map(|(k, elbo)| (k as f64, shown(*elbo))).collect();
    let iteration = |x: &f64| format!("{x:.0}");
    Picture::draw((720, 420), |area| {
        let labels = trace.len().clamp(2, 11);
        let iterations = 0.0..(trace.len().max(2) - 1) as f64;
        let axes = [
            Axis { labels, write: Some(&iteration), ..Axis::new("iteration", iterations) },
            Axis::new("ELBO, nats", around(points.iter().map(|point| point.1))),
        ];
        let mut chart =
            Frame { beside: 72, margin_right: 24, ..Frame::default() }.chart(area, "Evidence lower bound", axes)?;
        chart.line(points.iter().copied(), POSTERIOR.stroke_width(2))?;
        chart.dots(points.iter().copied(), 3, &POSTERIOR)
    })
}
