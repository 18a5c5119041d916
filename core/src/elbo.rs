//! The evidence lower bound of a hierarchy, and its derivatives in the guide.
//!
//! elbo = E_q(theta)\[ sum_i ( E_q(phi_i)\[ln p(D_i | phi_i)\] - KL(q(phi_i) || p(phi_i | theta)) ) \] - KL(q(theta) || p(theta)),
//! the three kinds of term kept apart (Ravi & Beatson 2019, chapter 2). A KL is -E\[ln p\] - H(q). Each expectation of a
//! log density is taken in closed form where its site has one, and over draws u = loc + scale * noise otherwise
//! (Kingma & Welling 2014). With g and H the gradient and Hessian of a log density in u,
//!     d/d loc = g,  d/d ln_scale = g * noise * scale, and for the second derivatives H likewise on both sides, with
//!     g * noise * scale added on the diagonal of the ln_scale part.

use crate::density::closed::collect::ClosedSum;
use crate::density::closed::{ClosedTable, GuideDerivatives};
use crate::density::lanes::{Blocks, First, Order, Second, TaskBlock, Theta, globals};
use crate::density::wide::{self, WIDEST_LANES};
use crate::error::{Error, Place};
use crate::guide::{Guide, MeanField};
use crate::interpret::discover::{Discover, Level, Start, Visited};
use crate::interpret::log_density::LogDensity;
use crate::interpret::structure::{Found, Structure};
use crate::linalg::arrow::{Arrow, ArrowVector, CHUNK, TaskArrows};
use crate::model::{Globals, Locals, Model, Site};
use crate::numbers::form::{ClosedForm, Form, forgetting};
use crate::numbers::number::Real;
use crate::numbers::pass::Derivatives;
use crate::options::{Estimator, GlobalFactor, Options};
use crate::sampling::noise::Noise;
use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use rayon::prelude::*;
use std::ops::Range;

/// The terms of an ELBO, in nats, all constants included.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Elbo {
    /// E\[ln p(D_i | phi_i, theta)\] of each task.
    pub reconstruction: Vec<f64>,
    /// KL(q(phi_i) || p(phi_i | theta)) of each task, averaged over q(theta).
    pub local_kl: Vec<f64>,
    /// E\[ln p(D | theta)\] of the data outside the plate.
    pub global_reconstruction: f64,
    /// KL(q(theta) || p(theta)); for a point estimate -ln p(theta) of its unconstrained coordinates.
    pub global_kl: f64,
}

impl Elbo {
    /// The evidence lower bound: reconstructions less KL terms.
    pub fn total(&self) -> f64 {
        let tasks: f64 = self.reconstruction.iter().zip(&self.local_kl).map(|(r, kl)| r - kl).sum();
        tasks + self.global_reconstruction - self.global_kl
    }
}

/// The ELBO of a model as a function of its guide.
pub(crate) struct Objective<'a, M: Model> {
    pub(crate) model: &'a M,
    pub(crate) blocks: Blocks,
    /// M + 1 offsets of the tasks' unconstrained coordinates.
    pub(crate) offsets: Vec<usize>,
    /// How many tasks there are; more than the objective holds if its model is a subset of them.
    pub(crate) total_tasks: usize,
    /// The closed-form terms outside the plate: block 0 of the latents, block 1 of the data.
    closed_global: ClosedTable,
    /// Those of the tasks: blocks 2 i and 2 i + 1 of task i.
    closed_tasks: ClosedTable,
    /// The most unconstrained coordinates, and the most values, of any task.
    pub(crate) most: (usize, usize),
    /// What is left to sampling.
    pub(crate) sampled: Sampled,
}

/// A task's log density given theta where it is quadratic: its maximum, where that is, and minus its second derivatives.
#[derive(Clone, Debug)]
pub(crate) struct Conditional {
    pub(crate) value: f64,
    pub(crate) mean: DVector<f64>,
    pub(crate) precision: Cholesky<f64, Dyn>,
}

/// Nats above which a difference is not exact enough to be taken.
const CANCELLING: f64 = 1e5;

/// Value and derivatives of a quadratic function of phi_i at a point.
struct Quadratic {
    value: f64,
    gradient: DVector<f64>,
    curvature: DMatrix<f64>,
}

/// How an objective is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written<'a> {
    /// By local site: whether as loc + scale * u; false past the end.
    pub(crate) non_centred: &'a [bool],
    pub(crate) estimator: Estimator,
    /// Whether the log-Jacobian of theta counts.
    pub(crate) jacobian: bool,
}

impl<'a> Written<'a> {
    /// Everything centred and in closed form where possible.
    pub(crate) const CENTRED: Written<'static> =
        Written { non_centred: &[], estimator: Estimator::ClosedForm, jacobian: true };

    pub(crate) fn new(non_centred: &'a [bool], options: &Options) -> Self {
        Self { non_centred, estimator: options.estimator, jacobian: options.global == GlobalFactor::MeanField }
    }
}

/// Whether anything of a part is left to sampling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sampled {
    pub(crate) global: bool,
    pub(crate) tasks: bool,
}

/// What a model looks like, learned by a checked visit of all its data.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) global: Level,
    pub(crate) offsets: Vec<usize>,
    pub(crate) most_coordinates: usize,
    pub(crate) most_values: usize,
    /// Visits of observed sites and factors, in all tasks and outside them.
    pub(crate) num_observations: usize,
    pub(crate) local_identity: bool,
    /// By local site: whether it can be non-centred in every task.
    pub(crate) location_scale: Vec<bool>,
    /// By observed site: whether it is outside the plate.
    pub(crate) observed_outside: Vec<bool>,
    /// The first place with a density that is not finite at the visited point, with that density.
    pub(crate) not_finite: Option<(Place, f64)>,
}

/// What a visit of one task found: its latents, the number of its observations, and the first place where the density is
/// not finite.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) level: Level,
    pub(crate) count: usize,
    pub(crate) not_finite: Option<(Place, f64)>,
}

impl Shape {
    /// Visits the model at `start`, and checks all data and constants.
    pub(crate) fn discover<M: Model>(model: &M, start: &Start) -> Result<Self, Error> {
        let mut visit = Discover::new(start, None);
        let mut global = Default::default();
        model.global(&mut visit, &mut global);
        let num_observations = visit.num_observations();
        let observed_outside = (0..M::OBSERVED_SITES.len()).map(|id| visit.has_seen(id)).collect();
        let (level, error, mut not_finite) = visit.finish(M::GLOBAL_SITES);
        error.map_or(Ok(()), Err)?;
        if M::HAS_PLATE && model.num_tasks() == 0 {
            return Err(Error::NoTasks);
        }
        let mut shape = Self {
            global: level,
            offsets: vec![0],
            most_coordinates: 0,
            most_values: 0,
            num_observations,
            local_identity: true,
            location_scale: vec![true; M::LOCAL_SITES.len()],
            observed_outside,
            not_finite: None,
        };
        for i in 0..model.num_tasks() {
            let Visit { level, count, not_finite: unbounded } =
                Self::discover_task(model, &global, model.task(i), start, Some(i))?;
            not_finite = not_finite.or(unbounded);
            shape.num_observations += count;
            let end = shape.offsets[i] + level.num_coordinates();
            shape.offsets.push(end);
            shape.most_coordinates = shape.most_coordinates.max(level.num_coordinates());
            shape.most_values = shape.most_values.max(level.num_values());
            shape.local_identity &= level.identity.iter().all(|&x| x);
            for (all, here) in shape.location_scale.iter_mut().zip(&level.location_scale) {
                *all &= here;
            }
        }
        if shape.global.num_coordinates() + shape.offsets[shape.offsets.len() - 1] == 0 {
            return Err(Error::NoLatents);
        }
        shape.not_finite = not_finite;
        Ok(shape)
    }

    /// The shape of the model with some of its tasks only.
    pub(crate) fn of(&self, tasks: &[usize]) -> Self {
        let mut offsets = vec![0];
        for &i in tasks {
            offsets.push(offsets[offsets.len() - 1] + self.offsets[i + 1] - self.offsets[i]);
        }
        Self { offsets, ..self.clone() }
    }

    /// Visits one task, checking its data and constants.
    pub(crate) fn discover_task<M: Model>(
        model: &M,
        global: &Globals<M, Visited>,
        task: &M::Task,
        start: &Start,
        i: Option<usize>,
    ) -> Result<Visit, Error> {
        let mut visit = Discover::new(start, i);
        let mut local = Default::default();
        model.local(&mut visit, global, task, &mut local);
        if visit.error.is_none() {
            model.likelihood(&mut visit, global, &local, task);
        }
        let count = visit.num_observations();
        let (level, error, not_finite) = visit.finish(M::LOCAL_SITES);
        error.map_or(Ok(Visit { level, count, not_finite }), Err)
    }
}

impl<'a, M: Model> Objective<'a, M> {
    /// The objective of a model of known shape.
    pub(crate) fn new(model: &'a M, shape: &Shape, written: Written<'_>) -> Self {
        let mut blocks = Blocks::new::<M>(shape.global.clone(), shape.local_identity);
        let mut non_centred = written.non_centred.to_vec();
        non_centred.resize(M::LOCAL_SITES.len(), false);
        blocks.set_non_centred(non_centred, shape.local_identity);
        blocks.global_jacobian = written.jacobian;
        let mut out = Self {
            model,
            blocks,
            offsets: shape.offsets.clone(),
            total_tasks: shape.offsets.len() - 1,
            closed_global: ClosedTable::default(),
            closed_tasks: ClosedTable::default(),
            most: (shape.most_coordinates, shape.most_values),
            sampled: Sampled { global: true, tasks: true },
        };
        out.close(written.estimator);
        let open = |outside: bool| {
            out.blocks
                .observed
                .iter()
                .zip(&shape.observed_outside)
                .any(|(&sampled, &place)| sampled && place == outside)
        };
        out.sampled = Sampled {
            global: out.blocks.global_latents.contains(&true) || open(true),
            tasks: out.num_tasks() > 0 && (out.blocks.local_latents.contains(&true) || open(false)),
        };
        out
    }

    /// Takes every site that has a closed form wherever it is visited out of sampling.
    fn close(&mut self, estimator: Estimator) {
        let latents_sampled = estimator == Estimator::Sampled;
        let mut sampled = Sites {
            latents: vec![latents_sampled; M::LOCAL_SITES.len()],
            observed: vec![estimator != Estimator::ClosedForm; M::OBSERVED_SITES.len()],
        };
        self.blocks.global_latents = vec![latents_sampled; M::GLOBAL_SITES.len()];
        forgetting(|| {
            let (found, _) = self.found_outside();
            found.mark_open(&mut self.blocks.global_latents, &mut sampled.observed);
        });
        // most often one turn: what a task leaves open, the first of its kind did already
        let sums = loop {
            let (sums, open) = self.closed_sums(&sampled);
            if open == sampled {
                break sums;
            }
            sampled = open;
        };
        sums.iter().flatten().for_each(|sum| self.closed_tasks.push(sum, &self.blocks.task_reads));
        forgetting(|| {
            let (found, _) = self.found_outside();
            let [latents, data] = found.collect(&self.blocks.global_latents, &sampled.observed, |j| j);
            self.closed_global.push(&latents, &[]);
            self.closed_global.push(&data, &[]);
        });
        self.blocks.local_latents = sampled.latents;
        self.blocks.observed = sampled.observed;
    }

    /// The forms of the part outside the plate, and of the globals.
    fn found_outside(&self) -> (Forms, Globals<M, Form>) {
        let zeros = vec![0.0; self.num_globals()];
        let centred = vec![false; M::GLOBAL_SITES.len()];
        let mut visit = Structure::new(&zeros, 0, &centred, self.blocks.global_jacobian);
        let mut global = Default::default();
        self.model.global(&mut visit, &mut global);
        (Forms { latents: visit.latents, observed: visit.observed }, global)
    }

    /// The closed forms of each task's sites that are not sampled, and which sites must be.
    fn closed_sums(&self, sampled: &Sites) -> (Vec<[ClosedSum; 2]>, Sites) {
        let zeros = vec![0.0; self.most.0];
        let (globals, reads) = (self.num_globals(), &self.blocks.task_reads);
        let rename = |j: usize| match j.checked_sub(globals) {
            Some(local) => reads.len() + local,
            None => reads.binary_search(&j).expect("a task's form names only globals that the task reads"),
        };
        let visit_task = |i: usize, global: &Globals<M, Form>, open: &mut Sites| {
            let mut visit = Structure::new(&zeros, globals, &self.blocks.non_centred, true);
            let mut local = Default::default();
            self.model.local(&mut visit, global, self.model.task(i), &mut local);
            self.model.likelihood(&mut visit, global, &local, self.model.task(i));
            let found = Forms { latents: visit.latents, observed: visit.observed };
            found.mark_open(&mut open.latents, &mut open.observed);
            found.collect(&open.latents, &open.observed, rename)
        };
        let tasks: Vec<usize> = (0..self.num_tasks()).collect();
        let chunks: Vec<(Vec<[ClosedSum; 2]>, Sites)> = tasks
            .par_chunks(CHUNK)
            .map(|tasks| {
                forgetting(|| {
                    let (mut open, (_, global)) = (sampled.clone(), self.found_outside());
                    let sums = tasks.iter().map(|&i| forgetting(|| visit_task(i, &global, &mut open)));
                    (sums.collect(), open)
                })
            })
            .collect();
        let mut open = sampled.clone();
        let mut sums = Vec::with_capacity(tasks.len());
        for (of_chunk, open_here) in chunks {
            sums.extend(of_chunk);
            open.join(&open_here);
        }
        (sums, open)
    }

    /// How each site's expectation is taken: pairs of site and whether it is in closed form.
    pub(crate) fn explain(&self) -> Vec<(&'static Site, bool)> {
        let level = |sites: &'static [Site], sampled: &[bool]| -> Vec<_> {
            sites.iter().map(|site| (site, !sampled[site.id])).collect()
        };
        [
            level(M::GLOBAL_SITES, &self.blocks.global_latents),
            level(M::LOCAL_SITES, &self.blocks.local_latents),
            level(M::OBSERVED_SITES, &self.blocks.observed),
        ]
        .concat()
    }

    pub(crate) fn num_tasks(&self) -> usize {
        self.offsets.len() - 1
    }

    pub(crate) fn num_globals(&self) -> usize {
        self.blocks.global.num_coordinates()
    }

    /// What all tasks share.
    fn seen(&self, guide: &Guide) -> Seen {
        let variance: Vec<f64> = guide.global.ln_scale.iter().map(|s| (2.0 * s).exp()).collect();
        let read = |of: &[f64]| self.blocks.task_reads.iter().map(|&j| of[j]).collect();
        Seen {
            loc: read(&guide.global.loc),
            exps: self.closed_tasks.shared(&guide.global.loc, &variance),
            variance: read(&variance),
        }
    }

    /// The terms of the ELBO.
    pub(crate) fn value(&self, guide: &Guide, noise: &Noise) -> Elbo {
        let thetas: Vec<_> = if self.sampled.tasks {
            draws(&guide.global, noise).map(|u| globals(self.model, &u, |_, u| Real(u))).collect()
        } else {
            Vec::new()
        };
        let weight = (noise.draws as f64).recip();
        let seen = self.seen(guide);
        let tasks: Vec<(f64, f64)> = (0..self.num_tasks())
            .into_par_iter()
            .with_min_len(CHUNK)
            .map_init(<(Moments, Locals<M, f64>)>::default, |(moments, local), i| {
                moments.fill(&seen, guide, i);
                let closed = |block| self.closed_tasks.value(block, &moments.loc, &moments.variance, &seen.exps);
                let mut parts = (closed(2 * i), closed(2 * i + 1));
                let range = guide.task(i);
                for (s, theta) in thetas.iter().enumerate() {
                    let u: Vec<Real<f64>> = range
                        .clone()
                        .zip(noise.local(i, s))
                        .map(|(j, e)| Real(guide.local.loc[j] + guide.local.ln_scale[j].exp() * e))
                        .collect();
                    let mut run = LogDensity::new(&u, self.blocks.counted());
                    self.model.local(&mut run, theta, self.model.task(i), local);
                    self.model.likelihood(&mut run, theta, local, self.model.task(i));
                    parts.0 += weight * run.latents.value();
                    parts.1 += weight * run.data.value();
                }
                parts
            })
            .collect();
        let mut global = self.closed_global_value(guide);
        if self.sampled.global {
            for u in draws(&guide.global, noise) {
                let (latents, data) = self.blocks.global_value(self.model, &u);
                global.0 += weight * latents;
                global.1 += weight * data;
            }
        }
        Self::collect_elbo(guide, &tasks, global)
    }

    fn closed_global_value(&self, guide: &Guide) -> (f64, f64) {
        let variance: Vec<f64> = guide.global.ln_scale.iter().map(|s| (2.0 * s).exp()).collect();
        let closed = |block| self.closed_global.value(block, &guide.global.loc, &variance, &[]);
        (closed(0), closed(1))
    }

    /// The terms, from each block's expected log densities of latents and of data.
    fn collect_elbo(guide: &Guide, tasks: &[(f64, f64)], global: (f64, f64)) -> Elbo {
        Elbo {
            reconstruction: tasks.iter().map(|t| t.1).collect(),
            local_kl: tasks.iter().enumerate().map(|(i, t)| -t.0 - guide.local.entropy(guide.task(i))).collect(),
            global_reconstruction: global.1,
            global_kl: -global.0 - guide.global.entropy(0..guide.global.len()),
        }
    }

    /// The terms of the ELBO and its second-order expansion in the guide: slots (locs, ln_scales) at each level.
    pub(crate) fn expand(&self, guide: &Guide, noise: &Noise) -> (Elbo, Arrow) {
        let all: Vec<usize> = (0..self.num_tasks()).collect();
        let (tasks, global, arrow) = self.derivatives::<Second>(guide, noise, &all, 1.0);
        (Self::collect_elbo(guide, &tasks, global), arrow)
    }

    /// An unbiased estimate of the gradient from some tasks, each weighted by (tasks there are) / (tasks given).
    pub(crate) fn gradient(&self, guide: &Guide, noise: &Noise, batch: &[usize]) -> (f64, ArrowVector) {
        let weight = if batch.is_empty() { 1.0 } else { self.total_tasks as f64 / batch.len() as f64 };
        let (mut tasks, mut global, mut arrow) = self.derivatives::<First>(guide, noise, batch, weight);
        if self.by_tape() {
            let sum = wide::sampled(self, guide, noise, (batch, weight));
            global = (global.0 + sum.global.0, global.1 + sum.global.1);
            arrow.global_gradient += DVector::from_vec(sum.gradient);
            for (i, (parts, (more, gradient))) in tasks.iter_mut().zip(sum.tasks).enumerate() {
                *parts = (parts.0 + more.0, parts.1 + more.1);
                arrow.tasks.gradient[i].iter_mut().zip(gradient).for_each(|(to, from)| *to += from);
            }
        }
        let entropy = |(&i, t): (&usize, &(f64, f64))| t.0 + t.1 + guide.local.entropy(guide.task(i));
        let locals: f64 = batch.iter().zip(&tasks).map(entropy).sum();
        let elbo = weight * locals + global.0 + global.1 + guide.global.entropy(0..guide.global.len());
        (elbo, ArrowVector { global: arrow.global_gradient, tasks: arrow.tasks.gradient })
    }

    /// Whether first derivatives of what is sampled come from the tape, since there are too many for lanes.
    fn by_tape(&self) -> bool {
        let widest = self.num_globals().max(self.blocks.task_reads.len() + self.most.0);
        widest > WIDEST_LANES && (self.sampled.global || self.sampled.tasks)
    }

    /// Expected log densities (latents, data) of the given tasks and of the part outside the plate, and the derivatives of
    /// the ELBO; the tasks count `weight` times.
    #[allow(clippy::type_complexity)]
    fn derivatives<O: Order>(
        &self,
        guide: &Guide,
        noise: &Noise,
        batch: &[usize],
        weight: f64,
    ) -> (Vec<(f64, f64)>, (f64, f64), Arrow) {
        let globals = self.num_globals();
        let reads = &self.blocks.task_reads;
        let border_slots: Vec<usize> = reads.iter().copied().chain(reads.iter().map(|j| globals + j)).collect();
        let by_lanes = O::SECOND || !self.by_tape();
        let thetas: Vec<Theta<M, O>> = if self.sampled.tasks && by_lanes {
            draws(&guide.global, noise).map(|u| self.blocks.theta(self.model, &u, self.most)).collect()
        } else {
            Vec::new()
        };
        let seen = self.seen(guide);
        let chunks: Vec<_> = batch
            .par_chunks(CHUNK)
            .enumerate()
            .map(|(chunk, tasks)| {
                let mut block = TaskBlock::<M, O>::new(self.model, &self.blocks);
                let (mut moments, mut sum) = (Moments::default(), GuideDerivatives::default());
                let mut split = Split::new(reads.len(), O::SECOND);
                let mut values = Vec::with_capacity(tasks.len());
                for (position, &i) in tasks.iter().enumerate() {
                    let position = chunk * CHUNK + position;
                    moments.fill(&seen, guide, i);
                    let at = (&mut moments, &*thetas, &*seen.exps);
                    values.push(self.task_sum(guide, noise, (i, position), at, &mut block, &mut sum));
                    split.take(&sum, weight);
                }
                (values, split)
            })
            .collect();
        let (global, mut sum) = self.global_sum::<O>(guide, noise);
        entropy_gradient(&mut sum, &guide.global.ln_scale, 0);
        let width = 2 * globals;
        let mut arrow = Arrow {
            global_gradient: DVector::from_column_slice(&sum.gradient),
            global_hessian: DMatrix::from_row_slice(width, if O::SECOND { width } else { 0 }, &sum.hessian),
            border_slots,
            tasks: TaskArrows::default(),
        };
        let mut values = Vec::with_capacity(batch.len());
        for (chunk_values, split) in chunks {
            values.extend(chunk_values);
            split.join(&mut arrow);
        }
        (values, global, arrow)
    }

    /// One task's expected log densities, with its derivatives in `sum`, entropy included.
    fn task_sum<O: Order>(
        &self,
        guide: &Guide,
        noise: &Noise,
        (i, position): (usize, usize),
        (moments, thetas, exps): (&mut Moments, &[Theta<M, O>], &[f64]),
        block: &mut TaskBlock<'_, M, O>,
        sum: &mut GuideDerivatives,
    ) -> (f64, f64) {
        let Moments { loc, variance, spread, u } = moments;
        let reads = self.blocks.task_reads.len();
        sum.reset(loc.len(), O::SECOND);
        let mut closed = |block| self.closed_tasks.derivatives(block, loc, variance, exps, sum);
        let mut parts = (closed(2 * i), closed(2 * i + 1));
        let weight = (noise.draws as f64).recip();
        for (s, theta) in thetas.iter().enumerate() {
            let global_noise = self.blocks.task_reads.iter().map(|&j| noise.theta(s)[j]);
            let noise = global_noise.chain(noise.local(position, s).iter().copied());
            spread.clear();
            spread.extend(noise.zip(&*variance).map(|(noise, variance)| noise * variance.sqrt()));
            u.clear();
            u.extend(loc.iter().zip(&*spread).skip(reads).map(|(loc, spread)| loc + spread));
            block.evaluate(theta, self.model.task(i), u);
            parts.0 += weight * block.parts.0;
            parts.1 += weight * block.parts.1;
            add_draw(sum, &block.out, spread, weight);
        }
        entropy_gradient(sum, &guide.local.ln_scale[guide.task(i)], reads);
        parts
    }

    /// Closed-form part of ln p(phi_i | theta) + ln |dx/du| + ln p(D_i | phi_i, theta) at the point `u` of a task's block;
    /// adds its gradient.
    #[inline]
    pub(crate) fn closed_at(&self, i: usize, u: &[f64], shared: &[f64], gradient: &mut [f64]) -> f64 {
        let closed = &self.closed_tasks;
        closed.at_point(2 * i, u, shared, gradient) + closed.at_point(2 * i + 1, u, shared, gradient)
    }

    /// p(phi_i | theta) p(D_i | phi_i, theta) as a Gaussian in the task's coordinates, if its closed forms are one.
    pub(crate) fn conditional(&self, i: usize, theta: &[f64], shared: &[f64]) -> Option<Conditional> {
        let origin = DVector::zeros(self.offsets[i + 1] - self.offsets[i]);
        let Quadratic { value, gradient, curvature } = self.quadratic([2 * i, 2 * i + 1], (theta, shared), &origin);
        let precision = (-curvature).cholesky()?;
        let mut mean = precision.solve(&gradient);
        let mut raised = 0.5 * mean.dot(&gradient);
        let mut value = value;
        if raised > CANCELLING {
            // the difference of two large numbers: around where the mean seems to be it is that of two small ones
            let around = self.quadratic([2 * i, 2 * i + 1], (theta, shared), &mean);
            let step = precision.solve(&around.gradient);
            (value, raised) = (around.value, 0.5 * step.dot(&around.gradient));
            mean += step;
        }
        let value = value + raised;
        Some(Conditional { value, mean, precision })
    }

    /// ln E\[ p(D_i | phi_i, theta) \] over a Gaussian phi_i, where the task's closed forms are Gaussian in phi_i: with value v,
    /// gradient g and curvature -H at the mean, and the precision P of phi_i,
    ///     v + (g' (P + H)^-1 g + ln |P| - ln |P + H|) / 2.
    pub(crate) fn ln_expected_likelihood(&self, i: usize, theta: &[f64], phi: &Conditional) -> Option<f64> {
        let shared = self.shared_at(theta);
        let Quadratic { value, gradient, curvature } = self.quadratic([2 * i + 1], (theta, &shared), &phi.mean);
        let root = phi.precision.l_dirty().lower_triangle();
        let sum = (&root * root.transpose() - curvature).cholesky()?;
        let half_ln_det = |root: &DMatrix<f64>| root.diagonal().iter().map(|d| d.ln()).sum::<f64>();
        let raised = 0.5 * gradient.dot(&sum.solve(&gradient));
        Some(value + raised + half_ln_det(&root) - half_ln_det(sum.l_dirty()))
    }

    /// The sum of some of task i's closed forms, which must be quadratic in phi_i, around the point `at` of phi_i.
    fn quadratic<const N: usize>(
        &self,
        closed: [usize; N],
        (theta, shared): (&[f64], &[f64]),
        at: &DVector<f64>,
    ) -> Quadratic {
        let reads = self.blocks.task_reads.len();
        let point: Vec<f64> = self.blocks.task_reads.iter().map(|&j| theta[j]).chain(at.iter().copied()).collect();
        let mut gradient = vec![0.0; point.len()];
        let mut curvature = DMatrix::zeros(at.len(), at.len());
        let mut value = 0.0;
        for block in closed {
            value += self.closed_tasks.at_point(block, &point, shared, &mut gradient);
            self.closed_tasks.add_curvature(block, reads, (&point, shared), &mut curvature);
        }
        Quadratic { value, gradient: DVector::from_column_slice(&gradient[reads..]), curvature }
    }

    /// Whether every task is Gaussian given theta, by its closed forms alone.
    pub(crate) fn is_gaussian_given_theta(&self) -> bool {
        let reads = self.blocks.task_reads.len();
        !self.sampled.tasks && (0..2 * self.num_tasks()).all(|block| self.closed_tasks.is_quadratic(block, reads))
    }

    /// The same of the part outside the plate.
    pub(crate) fn closed_global_at(&self, theta: &[f64], gradient: &mut [f64]) -> f64 {
        self.closed_global.at_point(0, theta, &[], gradient) + self.closed_global.at_point(1, theta, &[], gradient)
    }

    /// exp of the exponents that tasks share, at a point.
    pub(crate) fn shared_at(&self, theta: &[f64]) -> Vec<f64> {
        self.closed_tasks.shared(theta, &vec![0.0; theta.len()])
    }

    /// The part outside the plate: expected log densities and derivatives, entropy not included.
    fn global_sum<O: Order>(&self, guide: &Guide, noise: &Noise) -> ((f64, f64), GuideDerivatives) {
        let second = O::SECOND;
        let mut sum = GuideDerivatives::default();
        sum.reset(self.num_globals(), second);
        let variance: Vec<f64> = guide.global.ln_scale.iter().map(|s| (2.0 * s).exp()).collect();
        let mut closed = |block| self.closed_global.derivatives(block, &guide.global.loc, &variance, &[], &mut sum);
        let mut parts = (closed(0), closed(1));
        if self.sampled.global && (second || !self.by_tape()) {
            let weight = (noise.draws as f64).recip();
            let mut block = Derivatives::default();
            for (s, u) in draws(&guide.global, noise).enumerate() {
                let (latents, data) = self.blocks.global::<M, O>(self.model, &u, &mut block);
                parts.0 += weight * latents;
                parts.1 += weight * data;
                let spread: Vec<f64> = noise.theta(s).iter().zip(&variance).map(|(e, v)| e * v.sqrt()).collect();
                add_draw(&mut sum, &block, &spread, weight);
            }
        }
        (parts, sum)
    }
}

/// The draws of one level: u = loc + scale * noise.
fn draws<'a>(factor: &'a MeanField, noise: &'a Noise) -> impl Iterator<Item = Vec<f64>> + 'a {
    (0..noise.draws).map(|s| factor.at(noise.theta(s)))
}

/// A flag a site of a task: local latents, and observations.
#[derive(Clone, Debug, PartialEq)]
struct Sites {
    latents: Vec<bool>,
    observed: Vec<bool>,
}

impl Sites {
    fn join(&mut self, other: &Self) {
        self.latents.iter_mut().zip(&other.latents).for_each(|(a, b)| *a |= b);
        self.observed.iter_mut().zip(&other.observed).for_each(|(a, b)| *a |= b);
    }
}

/// The forms that a visit found.
struct Forms {
    latents: Vec<Found>,
    observed: Vec<Found>,
}

impl Forms {
    /// Marks the sites with a visit that has no closed form.
    fn mark_open(&self, latents: &mut [bool], observed: &mut [bool]) {
        self.latents.iter().for_each(|(id, form)| latents[*id] |= form.is_none());
        self.observed.iter().for_each(|(id, form)| observed[*id] |= form.is_none());
    }

    /// The sums of the forms of sites that are not sampled, latents and observations.
    fn collect(&self, latents: &[bool], observed: &[bool], rename: impl Fn(usize) -> usize) -> [ClosedSum; 2] {
        let sum = |found: &[Found], sampled: &[bool]| {
            let mut sum = ClosedSum::default();
            let closed = found.iter().filter(|(id, _)| !sampled[*id]).filter_map(|(_, form)| form.as_ref());
            closed.for_each(|form: &ClosedForm| sum.add(form, &rename));
            sum
        };
        [sum(&self.latents, latents), sum(&self.observed, observed)]
    }
}

/// Adds one draw's derivatives in u to those in (loc, ln_scale); `spread` is noise * scale.
#[inline(always)]
fn add_draw(sum: &mut GuideDerivatives, block: &Derivatives, spread: &[f64], weight: f64) {
    let n = sum.n;
    for (j, (g, e)) in block.gradient.iter().zip(spread).enumerate() {
        sum.gradient[j] += weight * g;
        sum.gradient[n + j] += weight * g * e;
    }
    if sum.hessian.is_empty() {
        return;
    }
    for j in 0..n {
        for k in 0..n {
            let h = weight * block.hessian[j * n + k];
            sum.hessian[j * 2 * n + k] += h;
            sum.hessian[j * 2 * n + n + k] += h * spread[k];
            sum.hessian[(n + j) * 2 * n + k] += h * spread[j];
            sum.hessian[(n + j) * 2 * n + n + k] += h * spread[j] * spread[k];
        }
        sum.hessian[(n + j) * 2 * n + n + j] += weight * block.gradient[j] * spread[j];
    }
}

/// d H(q) / d ln_scale = 1 for the coordinates from `first` on. A point's ln_scale is held fixed: its slot gets a zero
/// gradient and a Hessian of -1.
fn entropy_gradient(sum: &mut GuideDerivatives, ln_scale: &[f64], first: usize) {
    let n = sum.n;
    for (j, ln_scale) in ln_scale.iter().enumerate() {
        let slot = n + first + j;
        if ln_scale.is_finite() {
            sum.gradient[slot] += 1.0;
        } else if !sum.hessian.is_empty() {
            sum.hessian[slot * 2 * n + slot] = -1.0;
        }
    }
}

/// What the tasks see of the guide of theta: moments of the coordinates they read, E\[exp\] of the exponents they share.
struct Seen {
    loc: Vec<f64>,
    variance: Vec<f64>,
    exps: Vec<f64>,
}

/// loc and variance of a task's block: the globals it reads, then its own coordinates; and space for a draw of it.
#[derive(Default)]
struct Moments {
    loc: Vec<f64>,
    variance: Vec<f64>,
    spread: Vec<f64>,
    u: Vec<f64>,
}

impl Moments {
    fn fill(&mut self, seen: &Seen, guide: &Guide, i: usize) {
        self.loc.clone_from(&seen.loc);
        self.loc.extend_from_slice(&guide.local.loc[guide.task(i)]);
        self.variance.clone_from(&seen.variance);
        self.variance.extend(guide.local.ln_scale[guide.task(i)].iter().map(|s| (2.0 * s).exp()));
    }
}

/// The derivatives of a chunk of tasks, split into each one's own part and their share of the global one.
struct Split {
    reads: usize,
    tasks: TaskArrows,
    gradient: Vec<f64>,
    hessian: Vec<f64>,
}

impl Split {
    fn new(reads: usize, second: bool) -> Self {
        let hessian = if second { 4 * reads * reads } else { 0 };
        Self { reads, tasks: TaskArrows::default(), gradient: vec![0.0; 2 * reads], hessian: vec![0.0; hessian] }
    }

    /// Adds a task, which counts `weight` times.
    fn take(&mut self, sum: &GuideDerivatives, weight: f64) {
        let (n, reads) = (sum.n, self.reads);
        let (own, seen) = ([reads..n, n + reads..2 * n], [0..reads, n..n + reads]);
        let add = |to: &mut [f64], row: &[f64]| {
            let picked = row[seen[0].clone()].iter().chain(&row[seen[1].clone()]);
            to.iter_mut().zip(picked).for_each(|(to, x)| *to += weight * x);
        };
        let push = |to: &mut Vec<f64>, row: &[f64], slots: &[Range<usize>; 2]| {
            for slots in slots {
                to.extend(row[slots.clone()].iter().map(|x| weight * x));
            }
        };
        add(&mut self.gradient, &sum.gradient);
        self.tasks.gradient.push_with(|to| push(to, &sum.gradient, &own));
        if sum.hessian.is_empty() {
            return;
        }
        let rows = |slots: &[Range<usize>; 2]| slots.clone().into_iter().flatten();
        let row = |slot: usize| &sum.hessian[slot * 2 * n..(slot + 1) * 2 * n];
        for (to, slot) in self.hessian.chunks_exact_mut(2 * reads.max(1)).zip(rows(&seen)) {
            add(to, row(slot));
        }
        self.tasks.hessian.push_with(|to| rows(&own).for_each(|slot| push(to, row(slot), &own)));
        self.tasks.border.push_with(|to| rows(&own).for_each(|slot| push(to, row(slot), &seen)));
    }

    /// Adds the chunk to the whole.
    fn join(&self, arrow: &mut Arrow) {
        arrow.tasks.append(&self.tasks);
        for (a, &row) in arrow.border_slots.iter().enumerate() {
            arrow.global_gradient[row] += self.gradient[a];
            for (&col, h) in
                arrow.border_slots.iter().zip(&self.hessian[(a * 2 * self.reads).min(self.hessian.len())..])
            {
                arrow.global_hessian[(row, col)] += h;
            }
        }
    }
}
