//! Intervals, a row each.

use crate::plots::chart::{Axis, Frame, Lines, Mark};
use crate::plots::picture::{Picture, PlotError};
use crate::plots::{POSTERIOR, SEEN, around};
use crate::posterior::summary::Summary;
use plotters::prelude::SeriesLabelPosition;
use plotters::style::{BLACK, Color};

/// Numbers with a name each, such as `fit.marginal(..)` of the items of a test: a row each with the median and the central 90%,
/// the first on top, around a dashed line at `line`. `axes` are what the numbers are, and what the names are of.
///
/// # Errors
/// [`PlotError::Drawing`].
pub fn intervals(title: &str, axes: [&str; 2], rows: &[(String, Summary)], line: f64) -> Result<Picture, PlotError> {
    Intervals { title, axes, rows, line, beside: None }.draw()
}

/// Rows of intervals, and what is around and beside them.
pub(super) struct Intervals<'a> {
    pub(super) title: &'a str,
    /// What the numbers are, and what the names are of.
    pub(super) axes: [&'a str; 2],
    pub(super) rows: &'a [(String, Summary)],
    /// Where the dashed line is.
    pub(super) line: f64,
    pub(super) beside: Option<Beside<'a>>,
}

/// Another number of each row.
#[derive(Clone, Copy)]
pub(super) struct Beside<'a> {
    /// What the key calls the intervals, and these numbers.
    pub(super) names: [&'a str; 2],
    pub(super) numbers: &'a [f64],
}

/// Pixels a row, at least and at most.
const ROW: (usize, usize) = (4, 26);
/// A picture is about so high, unless rows would be lower than they may be.
const HEIGHT: usize = 900;
/// Pixels of the key, above the rows.
const KEY: usize = 60;
/// Names stand at so many rows at most.
const MOST_NAMES: usize = 40;
/// About the width of a letter in pixels, and the letters of a name that there is room for.
const LETTER: u32 = 8;
const LONGEST: usize = 24;

impl Intervals<'_> {
    pub(super) fn draw(&self) -> Result<Picture, PlotError> {
        let Self { title, axes: [what, of_what], rows, line, beside } = *self;
        let n = rows.len();
        let each = (HEIGHT / n.max(1)).clamp(ROW.0, ROW.1);
        let above = if beside.is_some() { KEY.div_ceil(each) } else { 1 };
        let height = u32::try_from(100 + each * (n + above))
            .map_err(|_| PlotError::Drawing(format!("{n} rows are too many")))?;
        let others = beside.map_or(&[][..], |beside| beside.numbers);
        let x = around(rows.iter().flat_map(|(_, of)| [of.q05, of.q95]).chain(others.iter().copied()));
        // the first row is on top
        let at = |i: usize| -(i as f64);
        let y = at(n) + 0.2..above as f64;
        Picture::draw((760, height), |area| {
            let found = |y: &f64| (0..n).find(|&i| (at(i) - y).abs() < 1e-9);
            let name = |y: &f64| found(y).map_or_else(String::new, |i| rows[i].0.clone());
            let names = Axis {
                labels: (n + above).min(MOST_NAMES),
                lines: Lines::No,
                write: Some(&name),
                ..Axis::new(of_what, y.clone())
            };
            let longest = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).min(LONGEST);
            let room = Frame::default().beside + LETTER * u32::try_from(longest.saturating_sub(2)).unwrap_or(0);
            let frame = Frame { margin_right: 24, beside: room, ..Frame::default() };
            let mut chart = frame.chart(area, title, [Axis::new(what, x), names])?;
            chart.dashes([(line, y.start), (line, 0.6)], &BLACK.mix(0.5))?;
            for (i, (_, of)) in rows.iter().enumerate() {
                chart.bars([[(of.q05, at(i)), (of.q95, at(i))]], &POSTERIOR.mix(0.6))?;
                chart.dots([(of.q50, at(i))], 4, &POSTERIOR)?;
            }
            let Some(Beside { names: [of_rows, of_others], numbers }) = beside else { return Ok(()) };
            chart.dots(numbers.iter().enumerate().map(|(i, number)| (*number, at(i))), 3, &SEEN)?;
            chart.name(of_rows, Mark::Dot(4), &POSTERIOR)?;
            chart.name(of_others, Mark::Dot(3), &SEEN)?;
            chart.key(SeriesLabelPosition::UpperRight)
        })
    }
}
