//! Pictures of what a fit believes of a function, beside the function.

use hierarch::Summary;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use std::error::Error;

#[path = "figure.rs"]
mod figure;

const BAND: RGBColor = RGBColor(86, 180, 233);
const LINE: RGBColor = RGBColor(0, 80, 150);
const POINT: RGBColor = RGBColor(213, 94, 0);

/// Of a function of one variable.
pub(crate) struct Panel {
    pub(crate) title: String,
    /// x, the true function there, and what is believed of it.
    pub(crate) curve: Vec<(f64, f64, Summary)>,
    /// The points it was adapted to.
    pub(crate) context: Vec<(f64, f64)>,
    pub(crate) y: std::ops::Range<f64>,
}

/// Four panels.
pub(crate) fn save(name: &str, panels: &[Panel; 4]) -> Result<(), Box<dyn Error>> {
    figure::save(name, (1000, 720), |area| {
        panels.iter().zip(area.split_evenly((2, 2))).try_for_each(|(panel, area)| panel.draw(&area))
    })
}

impl Panel {
    /// Mean and 90% band, the function itself, and the points.
    fn draw(&self, area: &figure::Area<'_>) -> Result<(), Box<dyn Error>> {
        let x = self.curve[0].0..self.curve[self.curve.len() - 1].0;
        let mut chart = ChartBuilder::on(area)
            .caption(&self.title, ("sans-serif", 18))
            .margin(8)
            .margin_right(18)
            .x_label_area_size(36)
            .y_label_area_size(44)
            .build_cartesian_2d(x, self.y.clone())?;
        let mut mesh = chart.configure_mesh();
        mesh.light_line_style(TRANSPARENT).x_labels(6).y_labels(6).label_style(("sans-serif", 13));
        mesh.axis_desc_style(("sans-serif", 15)).x_desc("x").y_desc("y").draw()?;
        let (low, high) = (self.y.start, self.y.end);
        let inside = move |y: f64| y.clamp(low, high);
        let lower = self.curve.iter().map(|p| (p.0, inside(p.2.q05)));
        let upper = self.curve.iter().rev().map(|p| (p.0, inside(p.2.q95)));
        chart
            .draw_series([Polygon::new(lower.chain(upper).collect::<Vec<_>>(), BAND.mix(0.45))])?
            .label("90% of the posterior")
            .legend(|(x, y)| Rectangle::new([(x, y - 5), (x + 18, y + 5)], BAND.mix(0.45).filled()));
        chart
            .draw_series(LineSeries::new(self.curve.iter().map(|p| (p.0, inside(p.2.mean))), LINE.stroke_width(2)))?
            .label("its mean")
            .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], LINE.stroke_width(2)));
        chart
            .draw_series(DashedLineSeries::new(self.curve.iter().map(|p| (p.0, inside(p.1))), 5, 4, BLACK.into()))?
            .label("the function")
            .legend(|(x, y)| DashedPathElement::new([(x, y), (x + 18, y)], 5, 4, BLACK));
        chart
            .draw_series(self.context.iter().map(|&at| Circle::new(at, 4, POINT.filled())))?
            .label("what was seen of it")
            .legend(|(x, y)| Circle::new((x + 9, y), 4, POINT.filled()));
        figure::legend(&mut chart, SeriesLabelPosition::UpperLeft)
    }
}
