//! Which sites have a closed form, and what is left to sampling.

use crate::density::blocks::BlockLayout;
use crate::density::closed::ClosedTable;
use crate::density::forms::{ClosedSums, Forms};
use crate::density::program::{Masks, Program};
use crate::linalg::arrow::CHUNK;
use crate::model::site_mask::SiteMask;
use crate::options::Estimator;
use rayon::prelude::*;

/// The closed forms of a program, and what they leave open.
pub(crate) struct Closing {
    /// Block 0 of the latents outside the plate, block 1 of the data there.
    pub(crate) outside: ClosedTable,
    /// Blocks 2 i and 2 i + 1 of task i likewise.
    pub(crate) tasks: ClosedTable,
    /// The sites that are left to sampling.
    pub(crate) open: Masks,
    /// By local site: whether it is a multivariate normal of a task's first coordinates given theta, wherever it is visited.
    pub(crate) normal: Vec<bool>,
}

/// What visits of the tasks found.
struct TaskForms {
    /// The closed forms of each task's sites that are not open.
    sums: Vec<ClosedSums>,
    /// The sites that must be open.
    open: SiteMask,
    /// Those that are in the sums.
    summed: SiteMask,
    normal: Vec<bool>,
}

impl TaskForms {
    /// Nothing yet of so many tasks.
    fn new(open: &SiteMask, tasks: usize) -> Self {
        Self {
            sums: Vec::with_capacity(tasks),
            open: open.clone(),
            summed: open.cleared(),
            normal: vec![true; open.latents.len()],
        }
    }

    fn add(&mut self, forms: &Forms, rename: impl Fn(usize) -> usize) {
        forms.mark_open(&mut self.open);
        forms.mark_closed(&self.open, &mut self.summed);
        forms.unmark_others(&mut self.normal);
        self.sums.push(forms.collect(&self.open, rename));
    }

    /// Whether some sum has forms of a site that must be open, as some visit of it has none.
    fn has_too_much(&self) -> bool {
        self.summed.overlaps(&self.open)
    }

    fn take(&mut self, later: Self) {
        self.sums.extend(later.sums);
        self.open.join(&later.open);
        self.summed.join(&later.summed);
        self.normal.iter_mut().zip(later.normal).for_each(|(a, b)| *a &= b);
    }
}

impl Closing {
    /// Takes every site that has a closed form wherever it is visited out of sampling.
    pub(crate) fn of(program: &dyn Program, layout: &BlockLayout, written: Masks, estimator: Estimator) -> Self {
        let mut open = written;
        for mask in [&mut open.outside, &mut open.tasks] {
            mask.latents.fill(estimator == Estimator::Sampled);
            mask.observed.fill(estimator != Estimator::ClosedForm);
        }
        let Masks { outside, tasks } = &mut open;
        program.forms_outside(layout, &outside.clone(), &mut |forms| {
            forms.mark_open(outside);
            tasks.observed.clone_from(&outside.observed);
        });
        // most often one turn: what a task leaves open, the first of its kind did already
        let TaskForms { sums, normal, .. } = loop {
            let found = task_forms(program, layout, &open);
            open.tasks.clone_from(&found.open);
            if !found.has_too_much() {
                break found;
            }
        };
        open.outside.observed.clone_from(&open.tasks.observed);
        let mut closing = Self { outside: ClosedTable::default(), tasks: ClosedTable::default(), open, normal };
        for ClosedSums { latents, data } in &sums {
            closing.tasks.push(latents, &layout.task_reads);
            closing.tasks.push(data, &layout.task_reads);
        }
        let Self { outside, open, .. } = &mut closing;
        program.forms_outside(layout, &open.outside, &mut |forms| {
            let ClosedSums { latents, data } = forms.collect(&open.outside, |j| j);
            outside.push(&latents, &[]);
            outside.push(&data, &[]);
        });
        closing
    }
}

/// The forms of every task.
fn task_forms(program: &dyn Program, layout: &BlockLayout, open: &Masks) -> TaskForms {
    let (globals, reads) = (layout.num_globals(), &layout.task_reads);
    let rename = |j: usize| match j.checked_sub(globals) {
        Some(local) => reads.len() + local,
        None => reads.binary_search(&j).expect("a task's form names only globals that the task reads"),
    };
    let tasks: Vec<usize> = (0..program.num_tasks()).collect();
    let chunks: Vec<TaskForms> = tasks
        .par_chunks(CHUNK)
        .map(|tasks| {
            let mut found = TaskForms::new(&open.tasks, tasks.len());
            program.forms_of(tasks, layout, open, &mut |forms| found.add(forms, rename));
            found
        })
        .collect();
    let mut found = TaskForms::new(&open.tasks, tasks.len());
    chunks.into_iter().for_each(|chunk| found.take(chunk));
    found
}
