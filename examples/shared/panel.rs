//! Pictures of what a fit believes of a function, beside the function.

use hierarch::Summary;
use plotters::prelude::*;
use std::error::Error;

#[path = "figure.rs"]
mod figure;

use figure::{Axis, Frame, Mark, Picture};

const BAND: RGBColor = RGBColor(86, 180, 233);
const LINE: RGBColor = RGBColor(0, 80, 150);
const POINT: RGBColor = RGBColor(213, 94, 0);

const FRAME: Frame = Frame {
    margin: 8,
    margin_right: 18,
    below: 36,
    beside: 44,
    title_size: 18,
    name_size: 15,
    label_size: 13,
    darkness: 0.2,
};

/// What is believed of a function of one variable.
pub(crate) struct Panel {
    pub(crate) title: String,
    /// x, the true function there, and what is believed of it.
    pub(crate) curve: Vec<(f64, f64, Summary)>,
    /// The points it was adapted to.
    pub(crate) context: Vec<(f64, f64)>,
    pub(crate) y: std::ops::Range<f64>,
}

/// Saves a picture of four panels.
pub(crate) fn save(name: &str, panels: &[Panel; 4]) -> Result<(), Box<dyn Error>> {
    let picture = Picture::draw((1000, 720), |area| {
        panels.iter().zip(area.split_evenly((2, 2))).try_for_each(|(panel, area)| panel.draw(&area))
    })?;
    figure::save(name, &picture)
}

impl Panel {
    /// Mean and 90% band, the function itself, and the points.
    fn draw(&self, area: &figure::Area<'_>) -> Result<(), Box<dyn Error>> {
        let x = self.curve[0].0..self.curve[self.curve.len() - 1].0;
        let axes = [Axis { labels: 6, ..Axis::new("x", x) }, Axis { labels: 6, ..Axis::new("y", self.y.clone()) }];
        let mut chart = FRAME.chart(area, &self.title, axes)?;
        let inside = |y: f64| y.clamp(self.y.start, self.y.end);
        let along = |value: fn(&(f64, f64, Summary)) -> f64| -> Vec<(f64, f64)> {
            self.curve.iter().map(|p| (p.0, inside(value(p)))).collect()
        };
        chart.band([along(|p| p.2.q05), along(|p| p.2.q95)], &BAND.mix(0.45))?;
        chart.line(along(|p| p.2.mean), LINE.stroke_width(2))?;
        chart.dashes(along(|p| p.1), &BLACK)?;
        chart.dots(self.context.iter().copied(), 4, &POINT)?;
        chart.name("90% of the posterior", Mark::Band, &BAND.mix(0.45))?;
        chart.name("its mean", Mark::Line, &LINE)?;
        chart.name("the function", Mark::Dashes, &BLACK)?;
        chart.name("what was seen of it", Mark::Dot(4), &POINT)?;
        chart.key(SeriesLabelPosition::UpperLeft)
    }
}
