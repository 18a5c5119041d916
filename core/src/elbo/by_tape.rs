//! Gradients of blocks too wide for lanes, by the tape.
//!
//! The transform of theta is recorded once a draw, then each task behind a mark: a sweep back to the mark gives the
//! task's own gradient, and the adjoints of what is before it, theta's constrained values, add up over the tasks until
//! one last sweep takes them to theta's coordinates.

use crate::density::program::{LogParts, Recorded, Recorder};
use crate::elbo::{Bound, ExpectedParts};
use crate::guide::{Guide, MeanField};
use crate::linalg::arrow::{Arrow, CHUNK};
use crate::linalg::ragged::add;
use crate::numbers::tape::Mark;
use rayon::prelude::*;
use std::ops::Range;

/// Draws handled together by one thread; as with [`CHUNK`], sums are taken in order.
const DRAWS_TOGETHER: usize = 8;

/// Means over draws of sampled log densities and of their gradients in (locs, `ln_scales`).
#[derive(Debug, Default)]
pub(crate) struct TapedSum {
    pub(crate) outside: LogParts,
    /// Theta's gradient, of everything; the tasks count with their weight.
    pub(crate) gradient: Vec<f64>,
    pub(crate) tasks: Vec<TaskSlope>,
}

/// Expected log densities of one task, and their gradient with its weight.
#[derive(Clone, Debug)]
pub(crate) struct TaskSlope {
    pub(crate) parts: LogParts,
    pub(crate) gradient: Vec<f64>,
}

impl TapedSum {
    fn empty(guide: &Guide, tasks: &[usize]) -> Self {
        let task = |&i: &usize| TaskSlope { parts: LogParts::default(), gradient: vec![0.0; 2 * guide.task(i).len()] };
        Self {
            outside: LogParts::default(),
            gradient: vec![0.0; 2 * guide.global.len()],
            tasks: tasks.iter().map(task).collect(),
        }
    }

    /// Adds another sum, whose tasks are those from `first` on here.
    fn add(&mut self, other: &Self, first: usize) {
        self.outside.add(1.0, other.outside);
        add(&mut self.gradient, &other.gradient);
        for (task, other) in self.tasks[first..].iter_mut().zip(&other.tasks) {
            task.parts.add(1.0, other.parts);
            add(&mut task.gradient, &other.gradient);
        }
    }
}

/// Some tasks, from their position in the batch, and some draws.
pub(super) struct TapeShare<'a> {
    pub(super) first: usize,
    pub(super) tasks: &'a [usize],
    pub(super) draws: Range<usize>,
    /// How often each task counts.
    weight: f64,
}

impl Bound<'_> {
    /// Adds the mean over draws of what is sampled, and its gradient.
    pub(super) fn add_taped_part(
        &self,
        guide: &Guide,
        batch: &[usize],
        expected: &mut ExpectedParts,
        arrow: &mut Arrow,
    ) {
        let sum = self.taped_sum(guide, batch);
        expected.outside.add(1.0, sum.outside);
        add(arrow.global_gradient.as_mut_slice(), &sum.gradient);
        for (i, (parts, task)) in expected.tasks.iter_mut().zip(sum.tasks).enumerate() {
            parts.add(1.0, task.parts);
            add(&mut arrow.tasks.gradient[i], &task.gradient);
        }
    }

    /// The mean over draws of what is sampled of a batch, and its gradient.
    pub(crate) fn taped_sum(&self, guide: &Guide, batch: &[usize]) -> TapedSum {
        let shares = self.tape_shares(batch);
        let sums: Vec<TapedSum> = shares.par_iter().map(|share| self.taped_share(guide, share)).collect();
        let mut out = TapedSum::empty(guide, batch);
        shares.iter().zip(&sums).for_each(|(share, sum)| out.add(sum, share.first));
        out
    }

    /// Who does what of a batch.
    pub(super) fn tape_shares<'a>(&self, batch: &'a [usize]) -> Vec<TapeShare<'a>> {
        let (draws, weight) = (self.noise.draws, self.weight_of(batch));
        let groups = || (0..draws).step_by(DRAWS_TOGETHER).map(|s| s..(s + DRAWS_TOGETHER).min(draws));
        let tasks = if self.density.draws.tasks { batch } else { &[] };
        // the first share of each group also scores what is outside the plate
        let firsts = (0..tasks.len().max(1)).step_by(CHUNK);
        let of = |first: usize| {
            let tasks = &tasks[first..(first + CHUNK).min(tasks.len())];
            groups().map(move |draws| TapeShare { first, tasks, draws, weight })
        };
        firsts.flat_map(of).collect()
    }

    fn taped_share(&self, guide: &Guide, share: &TapeShare<'_>) -> TapedSum {
        let (density, noise) = (self.density, &self.noise);
        let each = (noise.draws as f64).recip();
        let mut out = TapedSum::empty(guide, share.tasks);
        let mut tape = Tape { recorder: density.program.recorder(), own: Vec::new() };
        let scored = if share.first == 0 && density.draws.outside {
            density.drawn.outside.clone()
        } else {
            density.drawn.outside.cleared()
        };
        let mut leaves = Vec::new();
        for s in share.draws.clone() {
            let mark = Mark::with_leaves::<1>(guide.global.at(noise.theta(s)), &mut leaves);
            let outside = tape.recorder.outside(&leaves, &scored);
            out.outside.add(each, outside.values());
            for (position, (&i, task)) in share.tasks.iter().zip(&mut out.tasks).enumerate() {
                let draw = noise.local(share.first + position, s);
                self.add_taped_task(guide, &mut tape, TapedDraw { task: i, noise: draw, weight: share.weight }, task);
            }
            mark.sweep(outside.total());
            add_adjoints(&mark, &guide.global, noise.theta(s), each, &mut out.gradient);
        }
        out
    }

    /// Adds a draw's share in the mean of a task's log density and in its gradient; what the task owes to theta is left in
    /// the adjoints before.
    fn add_taped_task(&self, guide: &Guide, tape: &mut Tape<'_>, draw: TapedDraw<'_>, out: &mut TaskSlope) {
        let each = (self.noise.draws as f64).recip();
        let scale = |j: usize| guide.local.ln_scale[j].exp();
        let range = guide.task(draw.task);
        let u = range.clone().zip(draw.noise).map(|(j, e)| guide.local.loc[j] + scale(j) * e);
        let Tape { recorder, own } = tape;
        let mark = Mark::with_leaves::<1>(u, own);
        let parts = recorder.task(draw.task, own, &self.density.drawn.tasks);
        mark.sweep(parts.total() * draw.weight);
        out.parts.add(each, parts.values());
        let n = own.len();
        mark.adjoints(n, |(l, adjoint)| {
            out.gradient[l] += each * adjoint;
            out.gradient[n + l] += each * adjoint * draw.noise[l] * scale(range.start + l);
        });
    }
}

/// What records one task after another, and the leaves of the last.
struct Tape<'r> {
    recorder: Box<dyn Recorder + 'r>,
    own: Vec<Recorded>,
}

/// A draw of a task's noise, and how often the task counts.
#[derive(Clone, Copy)]
struct TapedDraw<'a> {
    task: usize,
    noise: &'a [f64],
    weight: f64,
}

/// Adds a draw's share in the gradient in theta's (locs, `ln_scales`), from the adjoints of the leaves behind the mark.
pub(super) fn add_adjoints(mark: &Mark, factor: &MeanField, noise: &[f64], share: f64, gradient: &mut [f64]) {
    let n = factor.len();
    mark.adjoints(n, |(j, adjoint)| {
        gradient[j] += share * adjoint;
        gradient[n + j] += share * adjoint * noise[j] * factor.ln_scale[j].exp();
    });
}
