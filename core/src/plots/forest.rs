//! A forest: a latent of every task, and how far it is shrunk.

use crate::fit::Fit;
use crate::model::{Latents, Model};
use crate::plots::chart::{Axis, Frame, Lines, Mark};
use crate::plots::picture::{Picture, PlotError};
use crate::plots::{POSTERIOR, SEEN, around};
use crate::posterior::summary::Summary;
use plotters::prelude::SeriesLabelPosition;
use plotters::style::{BLACK, Color};

/// A number of each task: its median and its central 90%, the first task on top, around a dashed line at the mean of them all.
/// Where `raw` is not empty it holds what each task says by itself, which is drawn beside, for the shrinkage to be seen.
///
/// # Errors
/// [`PlotError::Drawing`], also where `raw` has another length than there are tasks.
pub fn forest<M: Model>(
    fit: &Fit<M>,
    name: &str,
    of: impl Fn(&<M::Local as Latents>::Of<Summary>) -> Summary,
    raw: &[f64],
) -> Result<Picture, PlotError> {
    let summaries: Vec<Summary> = (0..fit.model().num_tasks()).map(|i| of(&fit.local(i))).collect();
    let called = |i: usize| fit.model().task_label(i).unwrap_or_else(|| i.to_string());
    draw(name, &(0..summaries.len()).map(called).collect::<Vec<_>>(), &summaries, raw)
}

/// Pixels a task, at least and at most.
const TASK: (usize, usize) = (4, 26);
/// A forest is about so high, unless tasks would be lower than they may be.
const HEIGHT: usize = 900;
/// Pixels of the key, above the tasks.
const KEY: usize = 60;
/// About the width of a letter in pixels, and the letters of a task's name that there is room for.
const LETTER: u32 = 8;
const LONGEST: usize = 24;

fn draw(name: &str, tasks: &[String], summaries: &[Summary], raw: &[f64]) -> Result<Picture, PlotError> {
    let n = summaries.len();
    if !(raw.is_empty() || raw.len() == n) {
        return Err(PlotError::Drawing(format!("{} raw estimates of {n} tasks", raw.len())));
    }
    let each = (HEIGHT / n.max(1)).clamp(TASK.0, TASK.1);
    let above = if raw.is_empty() { 1 } else { KEY.div_ceil(each) };
    let height =
        u32::try_from(100 + each * (n + above)).map_err(|_| PlotError::Drawing(format!("{n} tasks are too many")))?;
    let ends = summaries.iter().flat_map(|of| [of.q05, of.q95]);
    let x = around(ends.chain(raw.iter().copied()));
    let mean = summaries.iter().map(|of| of.mean).sum::<f64>() / n as f64;
    // the first task is on top
    let at = |i: usize| -(i as f64);
    let y = at(n) + 0.2..above as f64;
    Picture::draw((760, height), |area| {
        let found = |y: &f64| (0..n).find(|&i| (at(i) - y).abs() < 1e-9);
        let task = |y: &f64| found(y).map_or_else(String::new, |i| tasks[i].clone());
        let rows =
            Axis { labels: (n + above).min(40), lines: Lines::No, write: Some(&task), ..Axis::new("task", y.clone()) };
        let title = format!("{name}: median and 90% of each task");
        let longest = tasks.iter().map(|name| name.chars().count()).max().unwrap_or(0).min(LONGEST);
        let beside = Frame::default().beside + LETTER * u32::try_from(longest.saturating_sub(2)).unwrap_or(0);
        let frame = Frame { margin_right: 24, beside, ..Frame::default() };
        let mut chart = frame.chart(area, &title, [Axis::new(name, x), rows])?;
        chart.dashes([(mean, y.start), (mean, 0.6)], &BLACK.mix(0.5))?;
        for (i, of) in summaries.iter().enumerate() {
            chart.bars([[(of.q05, at(i)), (of.q95, at(i))]], &POSTERIOR.mix(0.6))?;
            chart.dots([(of.q50, at(i))], 4, &POSTERIOR)?;
        }
        chart.dots(raw.iter().enumerate().map(|(i, raw)| (*raw, at(i))), 3, &SEEN)?;
        if raw.is_empty() {
            return Ok(());
        }
        chart.name("posterior", Mark::Dot(4), &POSTERIOR)?;
        chart.name("the task by itself", Mark::Dot(3), &SEEN)?;
        chart.key(SeriesLabelPosition::UpperRight)
    })
}
