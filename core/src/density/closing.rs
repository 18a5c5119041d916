//! Which sites have a closed form, which are averaged over nodes, and what is left to draws.

use crate::density::blocks::BlockLayout;
use crate::density::closed::ClosedTable;
use crate::density::explained::Taken;
use crate::density::forms::{ClosedSums, Forms, LeafCount, LeafCounts};
use crate::density::program::{Masks, Program, Scoring, Structured};
use crate::interpret::structure::Absent;
use crate::linalg::arrow::CHUNK;
use crate::model::Site;
use crate::model::signature::Signature;
use crate::model::site_mask::SiteMask;
use crate::numbers::expression::forgetting;
use crate::options::Estimator;
use rayon::prelude::*;
use std::sync::Arc;

/// The closed forms outside the plate, and what they leave open: the same whatever tasks there are.
#[derive(Clone)]
pub(crate) struct OutsideForms {
    /// Block 0 of the latents, block 1 of the data.
    pub(crate) table: Arc<ClosedTable>,
    open: SiteMask,
    leaves: LeafCounts,
}

/// The closed forms of a program, and what they leave open.
#[derive(Clone)]
pub(crate) struct Closing {
    /// Those outside the plate.
    pub(crate) outside: Arc<ClosedTable>,
    /// Blocks 2 i and 2 i + 1 of task i likewise.
    pub(crate) tasks: ClosedTable,
    /// The sites without a closed form.
    pub(crate) open: Masks,
    /// The leaves of those outside the plate.
    pub(crate) leaves_outside: LeafCounts,
    /// The leaves of those in it.
    pub(crate) leaves_of_tasks: LeafCounts,
    /// By local site: whether it is a multivariate normal of a task's first coordinates given theta, wherever it is visited.
    pub(crate) normal: Vec<bool>,
    /// Whether that is the same for all tasks.
    pub(crate) has_shared_prior: bool,
}

/// Whether the sums of closed forms are wanted, or known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sums {
    Wanted,
    Known,
}

/// What visits of all tasks found.
struct TaskForms {
    sums: Vec<ClosedSums>,
    open: SiteMask,
    /// The sites with forms in the sums.
    summed: SiteMask,
    leaves: LeafCounts,
    normal: Vec<bool>,
}

/// The masks, with the sites open that an estimator does not look at.
fn opened(mut masks: Masks, estimator: Estimator) -> Masks {
    for mask in [&mut masks.outside, &mut masks.tasks] {
        mask.latents.fill(estimator == Estimator::Sampled);
        mask.observed.fill(estimator != Estimator::ClosedForm);
    }
    masks
}

impl OutsideForms {
    /// Takes every site that has a closed form wherever it is visited out of the open ones.
    pub(crate) fn of(program: &dyn Program, layout: &BlockLayout, written: Masks, estimator: Estimator) -> Self {
        let mut open = opened(written, estimator);
        let mut found = open.outside.clone();
        see_outside(program, layout, &open, estimator, |forms| forms.mark_open(&mut found));
        open.outside = found;
        let (mut table, mut leaves) = (ClosedTable::default(), LeafCounts::none(&open.outside));
        see_outside(program, layout, &open, estimator, |forms| {
            let ClosedSums { latents, data } = forms.collect(&open.outside, |j| j);
            table.push(&latents, &[]);
            table.push(&data, &[]);
            forms.count_leaves(&mut leaves);
        });
        Self { table: Arc::new(table), open: open.outside, leaves }
    }
}

impl Closing {
    /// Takes every site of the tasks that has a closed form wherever it is visited out of the open ones.
    pub(crate) fn of(
        program: &dyn Program,
        layout: &BlockLayout,
        written: Masks,
        estimator: Estimator,
        outside: OutsideForms,
    ) -> Self {
        let mut open = opened(written, estimator);
        open.tasks.observed.clone_from(&outside.open.observed);
        open.outside = outside.open;
        // most often one turn more than none: what a task leaves open, the first of its kind did already
        let mut known = None;
        let forms = loop {
            let mut forms =
                see_tasks(program, layout, &open, estimator, known.as_ref().map_or(Sums::Wanted, |_| Sums::Known));
            let is_last = forms.open == open.tasks;
            // a sum with forms of a site that must be open, as some visit of it has none, has too much
            known = known.or_else(|| (!forms.summed.overlaps(&forms.open)).then(|| std::mem::take(&mut forms.sums)));
            open.tasks.clone_from(&forms.open);
            if is_last && let Some(sums) = known {
                break TaskForms { sums, ..forms };
            }
        };
        open.outside.observed.clone_from(&open.tasks.observed);
        let mut tasks = ClosedTable::default();
        for ClosedSums { latents, data } in &forms.sums {
            tasks.push(latents, &layout.task_reads);
            tasks.push(data, &layout.task_reads);
        }
        let (leaves_of_tasks, normal) = (forms.leaves, forms.normal);
        let is_drawn =
            |(id, normal): (usize, &bool)| *normal && open.tasks.latents[id] && leaves_of_tasks.latents[id].is_none();
        let has_shared_prior = estimator == Estimator::ClosedForm
            && normal.iter().enumerate().any(is_drawn)
            && is_prior_shared(program, layout, &open.tasks);
        Self {
            has_shared_prior,
            outside: outside.table,
            tasks,
            open,
            leaves_outside: outside.leaves,
            leaves_of_tasks,
            normal,
        }
    }
}

impl Closing {
    /// That of so many tasks with the forms of the one it is of.
    pub(crate) fn of_many(&self, tasks: usize) -> Self {
        Self { tasks: self.tasks.repeated(tasks), ..self.clone() }
    }

    /// The open sites that are functions of few leaves.
    pub(crate) fn integrated(&self) -> Masks {
        self.of_leaves(|count| count.is_some())
    }

    /// The open sites that are not, but for a prior that all tasks share.
    pub(crate) fn drawn(&self) -> Masks {
        let mut drawn = self.of_leaves(|count| count.is_none());
        if self.has_shared_prior {
            drawn.tasks.latents.iter_mut().zip(&self.normal).for_each(|(drawn, normal)| *drawn &= !normal);
        }
        drawn
    }

    fn of_leaves(&self, is_such: impl Fn(LeafCount) -> bool) -> Masks {
        let marked = |open: &[bool], counts: &[LeafCount]| -> Vec<bool> {
            open.iter().zip(counts).map(|(&open, &count)| open && is_such(count)).collect()
        };
        let level = |open: &SiteMask, leaves: &LeafCounts| SiteMask {
            latents: marked(&open.latents, &leaves.latents),
            observed: marked(&open.observed, &leaves.observed),
            ..open.clone()
        };
        Masks {
            outside: level(&self.open.outside, &self.leaves_outside),
            tasks: level(&self.open.tasks, &self.leaves_of_tasks),
        }
    }

    /// How the expectation of each site is taken.
    pub(crate) fn explain(&self, signature: &Signature) -> Vec<Taken> {
        let Self { open: Masks { outside, tasks }, leaves_outside, leaves_of_tasks, .. } = self;
        let level = |sites: &'static [Site], open: &[bool], counts: &[LeafCount]| -> Vec<Taken> {
            let taken = |id: usize| match counts[id] {
                Some(dimensions) if open[id] && dimensions > 0 => Taken::Quadrature { dimensions },
                None if open[id] => Taken::Sampled,
                _ => Taken::ClosedForm,
            };
            sites.iter().map(|site| taken(site.id)).collect()
        };
        let mut observed = leaves_of_tasks.clone();
        observed.join(leaves_outside);
        [
            level(signature.global_sites, &outside.latents, &leaves_outside.latents),
            level(signature.local_sites, &tasks.latents, &leaves_of_tasks.latents),
            level(signature.observed_sites, &tasks.observed, &observed.observed),
        ]
        .concat()
    }
}

/// At these values of every coordinate of theta it is seen whether tasks have the same prior.
const SEEN_AT: [f64; 2] = [0.0, 0.7];

/// Whether the normal of all tasks' first coordinates is the same, given any theta.
fn is_prior_shared(program: &dyn Program, layout: &BlockLayout, open: &SiteMask) -> bool {
    if layout.task_reads.is_empty() {
        return false;
    }
    let thetas = SEEN_AT.map(|u| vec![u; layout.num_globals()]);
    let fixed = program.fix(Scoring::Value, layout, &thetas);
    let mut scorer = fixed.scorer(open);
    let first = scorer.priors(SEEN_AT.len(), 0);
    let mut others = (1..program.num_tasks()).map(|task| scorer.priors(SEEN_AT.len(), task));
    others.all(|other| other.iter().zip(&first).all(|(a, b)| a.mean == b.mean && a.tril == b.tril))
}

/// Calls `f` with what is found outside the plate, given what is known to be open.
fn see_outside(
    program: &dyn Program,
    layout: &BlockLayout,
    open: &Masks,
    estimator: Estimator,
    f: impl FnOnce(&Forms<'_>),
) {
    forgetting(|| {
        let mut forms = Forms::new(&open.outside, estimator);
        program.structure(open, &vec![0.0; layout.num_globals()], &mut forms);
        f(&forms);
    });
}

/// The closed forms of each task's sites that are not open, which sites must be, and how many leaves those have.
fn see_tasks(program: &dyn Program, layout: &BlockLayout, open: &Masks, estimator: Estimator, sums: Sums) -> TaskForms {
    let (globals, reads) = (layout.num_globals(), &layout.task_reads);
    let rename = |j: usize| match j.checked_sub(globals) {
        Some(local) => reads.len() + local,
        None => reads.binary_search(&j).expect("a task's form names only globals that the task reads"),
    };
    let tasks: Vec<usize> = (0..program.num_tasks()).collect();
    let see = |tasks: &[usize]| {
        let mut out = TaskForms::none(open);
        out.leaves.observed.fill((estimator == Estimator::ClosedForm).then_some(0));
        let (at, zeros) = (vec![0.0; globals], vec![0.0; layout.widest.coordinates]);
        forgetting(|| {
            let structured = program.structure(open, &at, &mut Absent);
            let mut forms = Forms::new(&open.tasks, estimator);
            for &i in tasks {
                forms.clear();
                forgetting(|| {
                    see_task(&*structured, (i, &zeros), estimator, &mut forms);
                    forms.mark_open(&mut out.open);
                    forms.unmark_others(&mut out.normal);
                    forms.count_leaves(&mut out.leaves);
                    if sums == Sums::Wanted {
                        forms.mark_summed(&out.open, &mut out.summed);
                        out.sums.push(forms.collect(&out.open, rename));
                    }
                });
            }
        });
        out
    };
    let chunks: Vec<TaskForms> = tasks.par_chunks(CHUNK).map(see).collect();
    let mut out = TaskForms::none(open);
    for TaskForms { sums, open, summed, leaves, normal } in chunks {
        out.sums.extend(sums);
        out.open.join(&open);
        out.summed.join(&summed);
        out.leaves.join(&leaves);
        out.normal.iter_mut().zip(normal).for_each(|(a, b)| *a &= b);
    }
    out
}

/// Visits a task at `u`; data that are sampled whatever they are need not be looked at.
fn see_task(structured: &dyn Structured, (task, u): (usize, &[f64]), estimator: Estimator, forms: &mut Forms<'_>) {
    if estimator == Estimator::ClosedForm {
        structured.task(task, u, forms);
    } else {
        structured.latents(task, u, forms);
    }
}

impl TaskForms {
    fn none(open: &Masks) -> Self {
        let normal = vec![true; open.tasks.latents.len()];
        Self {
            sums: Vec::new(),
            open: open.tasks.clone(),
            summed: open.tasks.cleared(),
            leaves: LeafCounts::none(&open.tasks),
            normal,
        }
    }
}
