//! Which sites have a closed form, and what is left to sampling.

use crate::density::blocks::BlockLayout;
use crate::density::closed::ClosedTable;
use crate::density::forms::ClosedSums;
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
        let sums = loop {
            let (sums, found) = closed_sums(program, layout, &open);
            if found == open.tasks {
                break sums;
            }
            open.tasks = found;
        };
        open.outside.observed.clone_from(&open.tasks.observed);
        let mut closing = Self { outside: ClosedTable::default(), tasks: ClosedTable::default(), open };
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

/// The closed forms of each task's sites that are not open, and which sites must be.
fn closed_sums(program: &dyn Program, layout: &BlockLayout, open: &Masks) -> (Vec<ClosedSums>, SiteMask) {
    let (globals, reads) = (layout.num_globals(), &layout.task_reads);
    let rename = |j: usize| match j.checked_sub(globals) {
        Some(local) => reads.len() + local,
        None => reads.binary_search(&j).expect("a task's form names only globals that the task reads"),
    };
    let tasks: Vec<usize> = (0..program.num_tasks()).collect();
    let chunks: Vec<(Vec<ClosedSums>, SiteMask)> = tasks
        .par_chunks(CHUNK)
        .map(|tasks| {
            let (mut sums, mut found) = (Vec::with_capacity(tasks.len()), open.tasks.clone());
            program.forms_of(tasks, layout, open, &mut |forms| {
                forms.mark_open(&mut found);
                sums.push(forms.collect(&found, rename));
            });
            (sums, found)
        })
        .collect();
    let mut found = open.tasks.clone();
    let mut sums = Vec::with_capacity(tasks.len());
    for (of_chunk, found_here) in chunks {
        sums.extend(of_chunk);
        found.join(&found_here);
    }
    (sums, found)
}
