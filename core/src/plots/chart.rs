//! A chart: its frame, its axes, and what is drawn between them. All pictures are made of these.

use crate::plots::picture::{Area, Drawn};
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use std::error::Error;
use std::ops::Range;

/// A place by the numbers on the axes.
pub type Point = (f64, f64);

/// The room around a chart, in pixels, and the sizes of what is written there.
#[derive(Clone, Copy)]
pub struct Frame {
    /// On all sides.
    pub margin: u32,
    /// On the right, where names may stand.
    pub margin_right: u32,
    /// For the labels of the x axis.
    pub below: u32,
    /// For the labels of the y axis.
    pub beside: u32,
    /// Of the title.
    pub title_size: i32,
    /// Of the names of axes.
    pub name_size: i32,
    /// Of the numbers at axes.
    pub label_size: i32,
    /// How dark the lines across the chart are, from 0 to 1.
    pub darkness: f64,
}

impl Default for Frame {
    fn default() -> Self {
        Self {
            margin: 12,
            margin_right: 12,
            below: 46,
            beside: 58,
            title_size: 20,
            name_size: 15,
            label_size: 15,
            darkness: 0.2,
        }
    }
}

/// What an axis shows, and how its numbers are written.
pub struct Axis<'a> {
    /// From its lower end to its upper.
    pub range: Range<f64>,
    /// What it shows.
    pub name: &'a str,
    /// About how many numbers stand at it.
    pub labels: usize,
    /// What stands at them.
    pub lines: Lines,
    /// How a number is written; plainly if `None`.
    pub write: Option<&'a dyn Fn(&f64) -> String>,
}

/// What stands at the numbers of an axis.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// Lines across the chart.
    Across,
    /// The numbers alone.
    No,
    /// Nothing; there is no axis either.
    NoAxis,
}

impl<'a> Axis<'a> {
    /// An axis with lines across.
    pub fn new(name: &'a str, range: Range<f64>) -> Self {
        Self { range, name, labels: 11, lines: Lines::Across, write: None }
    }
}

/// What stands before a name in the key of a chart.
#[derive(Clone, Copy)]
pub enum Mark {
    /// A line.
    Line,
    /// A dashed line.
    Dashes,
    /// An area.
    Band,
    /// A dot of that radius.
    Dot(i32),
}

/// A chart to draw in; its y axis has coordinates `Y`.
pub struct Chart<'a, Y: Ranged<ValueType = f64> = RangedCoordf64> {
    context: ChartContext<'a, SVGBackend<'a>, Cartesian2d<RangedCoordf64, Y>>,
}

impl Frame {
    /// A chart with this frame that fills the area.
    ///
    /// # Errors
    /// What plotters says of an area too small for it.
    pub fn chart<'a>(self, area: &Area<'a>, title: &str, [x, y]: [Axis<'_>; 2]) -> Result<Chart<'a>, Box<dyn Error>> {
        let range = y.range.clone();
        self.open(area, title, [x, y], range)
    }

    /// A chart with this frame whose y axis is logarithmic.
    ///
    /// # Errors
    /// As for [`chart`](Self::chart).
    pub fn log_chart<'a>(
        self,
        area: &Area<'a>,
        title: &str,
        [x, y]: [Axis<'_>; 2],
    ) -> Result<Chart<'a, LogCoord<f64>>, Box<dyn Error>> {
        let range = y.range.clone().log_scale();
        self.open(area, title, [x, y], range)
    }

    fn open<'a, R>(
        self,
        area: &Area<'a>,
        title: &str,
        [x, y]: [Axis<'_>; 2],
        y_range: R,
    ) -> Result<Chart<'a, R::CoordDescType>, Box<dyn Error>>
    where
        R: AsRangedCoord<Value = f64>,
        R::CoordDescType: ValueFormatter<f64> + Ranged<ValueType = f64>,
    {
        let mut context = ChartBuilder::on(area)
            .caption(title, ("sans-serif", self.title_size))
            .margin(self.margin)
            .margin_right(self.margin_right)
            .x_label_area_size(self.below)
            .y_label_area_size(self.beside)
            .build_cartesian_2d(x.range.clone(), y_range)?;
        let mut mesh = context.configure_mesh();
        mesh.bold_line_style(BLACK.mix(self.darkness)).light_line_style(TRANSPARENT);
        mesh.label_style(("sans-serif", self.label_size)).axis_desc_style(("sans-serif", self.name_size));
        mesh.y_desc(y.name).x_labels(x.labels).y_labels(y.labels);
        x.write.map(|write| mesh.x_label_formatter(write));
        y.write.map(|write| mesh.y_label_formatter(write));
        if x.lines != Lines::Across {
            mesh.disable_x_mesh();
        }
        if x.lines == Lines::NoAxis {
            mesh.disable_x_axis();
        } else {
            mesh.x_desc(x.name);
        }
        mesh.draw()?;
        drop(mesh);
        Ok(Chart { context })
    }
}

impl<Y: Ranged<ValueType = f64>> Chart<'_, Y> {
    /// A line through points.
    ///
    /// # Errors
    /// Those of what is drawn on.
    pub fn line(&mut self, points: impl IntoIterator<Item = Point>, style: impl Into<ShapeStyle>) -> Drawn {
        self.context.draw_series(LineSeries::new(points, style.into()))?;
        Ok(())
    }

    /// A line with a bead at each of its points.
    ///
    /// # Errors
    /// Those of what is drawn on.
    pub fn beads(&mut self, points: impl IntoIterator<Item = Point>, color: &impl Color) -> Drawn {
        self.context.draw_series(LineSeries::new(points, color.stroke_width(2)).point_size(4))?;
        Ok(())
    }

    /// A dashed line through points.
    ///
    /// # Errors
    /// Those of what is drawn on.
    pub fn dashes(&mut self, points: impl IntoIterator<Item = Point>, color: &impl Color) -> Drawn {
        let points: Vec<Point> = points.into_iter().collect();
        self.context.draw_series(DashedLineSeries::new(points, 5, 4, color.stroke_width(1)))?;
        Ok(())
    }

    /// Dots of a radius in pixels.
    ///
    /// # Errors
    /// Those of what is drawn on.
    pub fn dots(&mut self, points: impl IntoIterator<Item = Point>, radius: i32, color: &impl Color) -> Drawn {
        let dot = |at| Circle::new(at, radius, color.filled());
        self.context.draw_series(points.into_iter().map(dot))?;
        Ok(())
    }

    /// Dots, each with a radius of its own.
    ///
    /// # Errors
    /// Those of what is drawn on.
    pub fn bubbles(&mut self, bubbles: impl IntoIterator<Item = (Point, f64)>, color: &impl Color) -> Drawn {
        let bubble = |(at, radius): (Point, f64)| Circle::new(at, radius, color.filled());
        self.context.draw_series(bubbles.into_iter().map(bubble))?;
        Ok(())
    }

    /// What is between two edges of the same direction.
    ///
    /// # Errors
    /// Those of what is drawn on.
    pub fn band(&mut self, [one, other]: [Vec<Point>; 2], color: &impl Color) -> Drawn {
        let outline: Vec<Point> = one.into_iter().chain(other.into_iter().rev()).collect();
        self.context.draw_series([Polygon::new(outline, color.to_rgba())])?;
        Ok(())
    }

    /// Straight lines between two points each.
    ///
    /// # Errors
    /// Those of what is drawn on.
    pub fn bars(&mut self, ends: impl IntoIterator<Item = [Point; 2]>, color: &impl Color) -> Drawn {
        let bar = |ends: [Point; 2]| PathElement::new(ends, color.stroke_width(2));
        self.context.draw_series(ends.into_iter().map(bar))?;
        Ok(())
    }

    /// A text whose upper left corner is at a point.
    ///
    /// # Errors
    /// Those of what is drawn on.
    pub fn text(&mut self, text: &str, at: Point, size: i32, color: &impl Color) -> Drawn {
        let font = ("sans-serif", size).into_font().color(color);
        self.context.draw_series([Text::new(text.to_owned(), at, font)])?;
        Ok(())
    }

    /// Adds a line to the key.
    ///
    /// # Errors
    /// Those of what is drawn on.
    pub fn name(&mut self, name: impl Into<String>, mark: Mark, color: &impl Color) -> Drawn {
        let color = color.to_rgba();
        let named = self.context.draw_series(std::iter::empty::<Circle<Point, i32>>())?.label(name);
        match mark {
            Mark::Line => named.legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2))),
            Mark::Dashes => named.legend(move |(x, y)| DashedPathElement::new([(x, y), (x + 18, y)], 5, 4, color)),
            Mark::Band => named.legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 18, y + 5)], color.filled())),
            Mark::Dot(radius) => named.legend(move |(x, y)| Circle::new((x + 13 - radius, y), radius, color.filled())),
        };
        Ok(())
    }

    /// Writes the key.
    ///
    /// # Errors
    /// Those of what is drawn on.
    pub fn key(&mut self, corner: SeriesLabelPosition) -> Drawn {
        let mut labels = self.context.configure_series_labels();
        labels.position(corner).background_style(WHITE.mix(0.9)).border_style(BLACK.mix(0.2));
        labels.label_font(("sans-serif", 14)).draw()?;
        Ok(())
    }

    /// Where a point is, in pixels of the whole picture.
    pub fn pixel(&self, at: Point) -> (i32, i32) {
        self.context.backend_coord(&at)
    }
}
