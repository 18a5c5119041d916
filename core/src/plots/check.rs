//! A predictive check.

use crate::assess::Check;
use crate::plots::chart::{Axis, Frame, Lines, Mark, Point};
use crate::plots::picture::{Picture, PlotError};
use crate::plots::{POSTERIOR, SEEN, around};
use plotters::prelude::SeriesLabelPosition;
use plotters::style::Color;

/// Bins of a histogram.
const BINS: u32 = 40;

/// A histogram of a statistic's replications, and a line where it is observed.
///
/// # Errors
/// [`PlotError::Drawing`].
pub fn check(check: &Check, name: &str) -> Result<Picture, PlotError> {
    let x = around(check.replicated.iter().copied().chain([check.observed]));
    let width = (x.end - x.start) / f64::from(BINS);
    let share = |k: u32| -> f64 {
        let from = x.start + width * f64::from(k);
        let is_inside = |t: f64| (from..from + width).contains(&t);
        check.replicated.iter().zip(&check.weights).filter(|(t, _)| is_inside(**t)).map(|(_, w)| w).sum()
    };
    let shares: Vec<f64> = (0..BINS).map(share).collect();
    let top = shares.iter().fold(0.0_f64, |top, share| top.max(*share));
    let corner = |k: u32| x.start + width * f64::from(k);
    Picture::draw((720, 420), |area| {
        let height = Axis { lines: Lines::No, ..Axis::new("share of replications", 0.0..1.08 * top.max(0.01)) };
        let title = format!("{name}: p = {:.3}", check.p_value);
        let axes = [Axis::new(name, x.clone()), height];
        let mut chart = Frame { beside: 66, margin_right: 24, ..Frame::default() }.chart(area, &title, axes)?;
        for (k, share) in (0..BINS).zip(&shares).filter(|(_, share)| **share > 0.0) {
            let edge = |y: f64| -> Vec<Point> { vec![(corner(k), y), (corner(k + 1), y)] };
            chart.band([edge(0.0), edge(*share)], &POSTERIOR.mix(0.5))?;
        }
        chart.bars([[(check.observed, 0.0), (check.observed, 1.08 * top.max(0.01))]], &SEEN)?;
        chart.name("replicated", Mark::Band, &POSTERIOR.mix(0.5))?;
        chart.name("observed", Mark::Line, &SEEN)?;
        chart.key(SeriesLabelPosition::UpperRight)
    })
}
