//! A forest: a latent of every task, and how far it is shrunk.

use crate::fit::Fit;
use crate::model::{Latents, Model};
use crate::plots::intervals::{Beside, Intervals};
use crate::plots::picture::{Picture, PlotError};
use crate::posterior::summary::Summary;

/// A number of each task: its median and its central 90%, the first task on top, around a dashed line at the mean of them all.
/// Where `raw` is not empty it holds what each task says by itself, which is drawn beside, for the shrinkage to be seen.
///
/// # Errors
/// [`PlotError::Drawing`], also where there are no tasks, or `raw` has another length than there are.
pub fn forest<M: Model>(
    fit: &Fit<M>,
    name: &str,
    of: impl Fn(&<M::Local as Latents>::Of<Summary>) -> Summary,
    raw: &[f64],
) -> Result<Picture, PlotError> {
    let called = |i: usize| fit.model().task_label(i).unwrap_or_else(|| i.to_string());
    let tasks: Vec<_> = (0..fit.model().num_tasks()).map(|i| (called(i), of(&fit.local(i)))).collect();
    draw(name, &tasks, raw)
}

fn draw(name: &str, tasks: &[(String, Summary)], raw: &[f64]) -> Result<Picture, PlotError> {
    let n = tasks.len();
    if n == 0 {
        return Err(PlotError::Drawing("a forest is of tasks, of which there are none".to_owned()));
    }
    if !(raw.is_empty() || raw.len() == n) {
        return Err(PlotError::Drawing(format!("{} raw estimates of {n} tasks", raw.len())));
    }
    let beside = Beside { names: ["posterior", "the task by itself"], numbers: raw };
    let forest = Intervals {
        title: &format!("{name}: median and 90% of each task"),
        axes: [name, "task"],
        rows: tasks,
        line: tasks.iter().map(|(_, of)| of.mean).sum::<f64>() / n as f64,
        beside: (!raw.is_empty()).then_some(beside),
    };
    forest.draw()
}
