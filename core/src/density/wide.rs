//! Derivatives of blocks too wide for lanes, by the tape: what they cost does not grow with the number of coordinates.
//!
//! The transform of theta is recorded once a draw, then each task behind a mark: a sweep back to the mark gives the
//! task's own gradient, and the adjoints of what is before it, theta's constrained values, add up over the tasks until
//! one last sweep takes them to theta's coordinates.

use crate::density::lanes::Blocks;
use crate::elbo::Objective;
use crate::guide::{Guide, MeanField};
use crate::interpret::log_density::LogDensity;
use crate::linalg::arrow::CHUNK;
use crate::model::{Globals, Model};
use crate::numbers::number::Real;
use crate::numbers::pass::Derivatives;
use crate::numbers::tape::{Mark, Taped};
use crate::sampling::noise::Noise;
use rayon::prelude::*;
use std::ops::Range;

/// Blocks of more coordinates than this are differentiated by the tape.
pub(crate) const WIDEST_LANES: usize = 24;
/// The same for second derivatives of a task in its own coordinates.
pub(crate) const WIDEST_SECOND: usize = 8;
/// Draws handled together by one thread; as with [`CHUNK`], sums are taken in order.
const DRAWS_TOGETHER: usize = 8;

/// Means over draws of sampled log densities (latents, data) and of their gradients in (locs, `ln_scales`).
#[derive(Debug, Default)]
pub(crate) struct Sum {
    /// Outside the plate.
    pub(crate) global: (f64, f64),
    /// Theta's gradient, of everything; the tasks count with their weight.
    pub(crate) gradient: Vec<f64>,
    /// By task of the batch; the gradients with their weight.
    pub(crate) tasks: Vec<((f64, f64), Vec<f64>)>,
}

impl Sum {
    fn add(&mut self, other: &Self, first: usize) {
        add_parts(&mut self.global, other.global, 1.0);
        add_scaled(&mut self.gradient, &other.gradient, 1.0);
        for (task, other) in self.tasks[first..].iter_mut().zip(&other.tasks) {
            add_parts(&mut task.0, other.0, 1.0);
            add_scaled(&mut task.1, &other.1, 1.0);
        }
    }
}

fn add_parts(to: &mut (f64, f64), from: (f64, f64), factor: f64) {
    to.0 += factor * from.0;
    to.1 += factor * from.1;
}

fn add_scaled(to: &mut [f64], from: &[f64], factor: f64) {
    to.iter_mut().zip(from).for_each(|(t, f)| *t += factor * f);
}

/// Some tasks, from their position in the batch, and some draws.
struct Share<'a> {
    first: usize,
    tasks: &'a [usize],
    draws: Range<usize>,
}

/// The part of the objective that is sampled, tasks counting `weight` times.
pub(crate) fn sampled<M: Model>(
    objective: &Objective<'_, M>,
    guide: &Guide,
    noise: &Noise,
    (batch, weight): (&[usize], f64),
) -> Sum {
    let groups = || (0..noise.draws).step_by(DRAWS_TOGETHER).map(|s| s..(s + DRAWS_TOGETHER).min(noise.draws));
    let tasks = if objective.sampled.tasks { batch } else { &[] };
    // the first share of each group also scores what is outside the plate
    let firsts = (0..tasks.len().max(1)).step_by(CHUNK);
    let shares: Vec<Share<'_>> = firsts
        .flat_map(|first| {
            let tasks = &tasks[first..(first + CHUNK).min(tasks.len())];
            groups().map(move |draws| Share { first, tasks, draws })
        })
        .collect();
    let sums: Vec<Sum> = shares.par_iter().map(|share| sum(objective, guide, noise, (share, weight))).collect();
    let empty = |&i: &usize| ((0.0, 0.0), vec![0.0; 2 * guide.task(i).len()]);
    let mut out =
        Sum { gradient: vec![0.0; 2 * guide.global.len()], tasks: batch.iter().map(empty).collect(), ..Sum::default() };
    shares.iter().zip(&sums).for_each(|(share, sum)| out.add(sum, share.first));
    out
}

fn sum<M: Model>(
    objective: &Objective<'_, M>,
    guide: &Guide,
    noise: &Noise,
    (share, weight): (&Share<'_>, f64),
) -> Sum {
    let Objective { model, blocks, .. } = objective;
    let scores_global = share.first == 0 && objective.sampled.global;
    let each = (noise.draws as f64).recip();
    let mut out = Sum { gradient: vec![0.0; 2 * guide.global.len()], ..Sum::default() };
    out.tasks.extend(share.tasks.iter().map(|&i| ((0.0, 0.0), vec![0.0; 2 * guide.task(i).len()])));
    let (mut leaves, mut own, mut local) = (Vec::new(), Vec::new(), Default::default());
    for s in share.draws.clone() {
        let mark = Mark::with_leaves::<1>(guide.global.at(noise.theta(s)), &mut leaves);
        let (global, [latents, data]) = record_global(*model, blocks, &leaves, scores_global);
        add_parts(&mut out.global, (latents.value(), data.value()), each);
        for (position, (&i, task)) in share.tasks.iter().zip(&mut out.tasks).enumerate() {
            let draw = noise.local(share.first + position, s);
            let scale = |j: usize| guide.local.ln_scale[j].exp();
            let u = guide.task(i).zip(draw).map(|(j, e)| guide.local.loc[j] + scale(j) * e);
            let behind = Mark::with_leaves(u, &mut own);
            let mut run = LogDensity::new(&own, blocks.counted());
            model.local(&mut run, &global, model.task(i), &mut local);
            if blocks.observed.contains(&true) {
                model.likelihood(&mut run, &global, &local, model.task(i));
            }
            behind.sweep((run.latents + run.data) * weight);
            add_parts(&mut task.0, (run.latents.value(), run.data.value()), each);
            let n = own.len();
            behind.adjoints(n, |(l, adjoint)| {
                task.1[l] += each * adjoint;
                task.1[n + l] += each * adjoint * draw[l] * scale(guide.offsets[i] + l);
            });
        }
        mark.sweep(latents + data);
        add_adjoints(&mark, &guide.global, (noise.theta(s), each), &mut out.gradient);
    }
    out
}

/// Adds the share of a draw of theta in the gradient in (locs, `ln_scales`), from the adjoints of its leaves.
pub(crate) fn add_adjoints(mark: &Mark, factor: &MeanField, (noise, share): (&[f64], f64), gradient: &mut [f64]) {
    let n = factor.len();
    mark.adjoints(n, |(j, adjoint)| {
        gradient[j] += share * adjoint;
        gradient[n + j] += share * adjoint * noise[j] * factor.ln_scale[j].exp();
    });
}

/// The globals, and the log densities of latents and data outside the plate, 0 if they are not to be scored.
pub(crate) fn record_global<M: Model, const ORDER: usize>(
    model: &M,
    blocks: &Blocks,
    leaves: &[Real<Taped<ORDER>>],
    scores: bool,
) -> (Globals<M, Taped<ORDER>>, [Real<Taped<ORDER>>; 2]) {
    let none = vec![false; M::GLOBAL_SITES.len().max(M::OBSERVED_SITES.len())];
    let mut counted = blocks.counted_global(&none);
    if !scores {
        (counted.latents, counted.observed) = (&none, &none);
    }
    let mut global = Default::default();
    let mut run = LogDensity::new(leaves, counted);
    model.global(&mut run, &mut global);
    (global, [run.latents, run.data])
}

/// ln p(phi, D | theta) of one task at the unconstrained `u`, theta held: value, gradient and Hessian in `u` into `out`;
/// the two parts of the value.
pub(crate) fn expand_task<M: Model>(
    (model, blocks): (&M, &Blocks),
    held: &Globals<M, Taped<2>>,
    task: &M::Task,
    u: &[f64],
    out: &mut Derivatives,
) -> (f64, f64) {
    let (mut own, mut local) = (Vec::new(), Default::default());
    let mark = Mark::with_leaves(u.iter().copied(), &mut own);
    let mut run = LogDensity::new(&own, blocks.counted());
    model.local(&mut run, held, task, &mut local);
    model.likelihood(&mut run, held, &local, task);
    mark.sweep(run.latents + run.data);
    out.reset(u.len(), true);
    out.value = run.latents.value() + run.data.value();
    mark.adjoints(u.len(), |(l, adjoint)| out.gradient[l] = *adjoint);
    mark.add_hessian(u.len(), &mut out.hessian);
    (run.latents.value(), run.data.value())
}
