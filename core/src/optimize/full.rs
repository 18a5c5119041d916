//! Locals with full covariance: q(phi_i | theta) is the normal at the mode of p(phi_i, D_i | theta), with its curvature.
//!
//! What is left is a bound on ln p(D) in q(theta) alone,
//!
//! ```text
//! E_q(theta)[ ln p(theta) + sum_i E_q(phi_i | theta)[ln p(phi_i, D_i | theta)] + H(q(phi_i | theta)) ] + H(q(theta))
//! ```
//!
//! over fixed draws of theta, and of each phi_i, as many as make the mean of any quadratic function exact. Where a task is
//! linear and Gaussian given theta its normal is the exact posterior, the terms in theta are ln p(D_i | theta), and their
//! gradient is that with the normals held (the envelope theorem): L-BFGS climbs the bound itself. Otherwise EM does:
//! the normals are held while L-BFGS climbs (Neal & Hinton 1998).

use crate::density::lanes::{Blocks, Second, TaskBlock, Theta};
use crate::density::mode::climb as climb_task;
use crate::density::wide::{add_adjoints, record_global};
use crate::elbo::{Elbo, Objective};
use crate::guide::{Guide, MeanField};
use crate::interpret::expected::Expected;
use crate::interpret::log_density::LogDensity;
use crate::linalg::arrow::ArrowVector;
use crate::linalg::ragged::Ragged;
use crate::model::{Globals, Model};
use crate::numbers::number::Real;
use crate::numbers::tape::{Mark, Taped};
use crate::optimize::history::History;
use crate::optimize::lbfgs::{LbfgsLimits, Saddles, gradient_norm, lbfgs, mean_square_step};
use crate::optimize::newton::{End, Ended};
use crate::sampling::noise::Noise;
use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;
use std::f64::consts::PI;

/// Tasks handled together by one thread.
const TASKS_TOGETHER: usize = 8;
/// A task is Gaussian given theta where its density differs from its expansion by no more than this, in nats.
const EXACT: f64 = 1e-6;
/// L-BFGS iterations in one M-step.
const STEPS_EACH: usize = 20;

/// q(phi_i | theta) for one theta.
#[derive(Clone, Debug)]
struct Normal {
    mean: DVector<f64>,
    /// A root of the covariance; `None` where the density has no strict maximum.
    root: Option<DMatrix<f64>>,
}

/// One task under its normal: expected log densities (latents, data), entropy, and how far from Gaussian it is, in nats.
#[derive(Clone, Copy, Debug, Default)]
struct Terms {
    parts: (f64, f64),
    entropy: f64,
    bend: f64,
}

/// The bound, its gradient in (locs, `ln_scales`) of theta, and the terms of its tasks, means over the draws of theta.
#[derive(Clone, Debug)]
struct Bound {
    global: (f64, f64),
    gradient: DVector<f64>,
    tasks: Vec<Terms>,
}

/// The bound as a function of q(theta), with the normals of every draw of theta and task.
struct Profile<'a, M: Model> {
    objective: &'a Objective<'a, M>,
    /// Theta held.
    given: Blocks,
    noise: &'a Noise,
    cubature: Noise,
    /// By draw of theta, then by task.
    normals: Vec<Vec<Normal>>,
    /// Whether every task is known to be Gaussian given theta.
    is_exact: bool,
    /// Whether that has been looked at, so that what has a closed form need not be sampled any more.
    bends_known: bool,
    /// All local sites but the first.
    but_first: Vec<bool>,
}

/// Whether the normals follow theta.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Normals {
    Follow,
    Held,
}

/// What to climb with.
pub(crate) struct FullSettings<'a> {
    /// Draws of theta.
    pub(crate) noise: &'a Noise,
    /// Others, to tell how far the answer depends on them.
    pub(crate) other: Option<&'a Noise>,
    pub(crate) most_iterations: usize,
    pub(crate) tolerance: f64,
    /// Whether EM is asked for even where L-BFGS can climb the bound itself.
    pub(crate) em: bool,
}

/// Where the climb ended.
pub(crate) struct FullEnded {
    pub(crate) ended: Ended,
    pub(crate) locals: FullLocals,
    /// How far other draws would move theta's means, in guide standard deviations.
    pub(crate) draws_error: f64,
}

/// What is known of the locals beyond the guide.
#[derive(Clone, Debug)]
pub(crate) struct FullLocals {
    /// Of each task given theta at its mean.
    pub(crate) covariances: Vec<DMatrix<f64>>,
    /// Whether every task is linear and Gaussian given theta.
    pub(crate) is_exact: bool,
}

/// Climbs from `guide`, whose locals are where Newton's method starts. The objective has all its terms sampled.
pub(crate) fn full<M: Model>(
    objective: &Objective<'_, M>,
    guide: &Guide,
    settings: &FullSettings<'_>,
    mut watch: impl FnMut(usize, f64),
) -> FullEnded {
    let FullSettings { most_iterations, tolerance, .. } = *settings;
    let mut profile = Profile::new(objective, guide, settings.noise);
    let mut theta = Guide { global: guide.global.clone(), local: MeanField::default(), offsets: vec![0] };
    let mut bound = profile.evaluate(&theta, Normals::Follow);
    (profile.is_exact, profile.bends_known) = (bound.is_exact(), true);
    let mode = if profile.is_exact && !settings.em { Normals::Follow } else { Normals::Held };
    let mut trace = vec![bound.total(&theta)];
    let (mut iterations, mut history) = (0, History::default());
    let (gradient_norm, end) = loop {
        let left = most_iterations - iterations;
        let limits = match mode {
            Normals::Follow => LbfgsLimits { iterations: left, tolerance, saddles: Saddles::Leave },
            Normals::Held => {
                let iterations = STEPS_EACH.min(left);
                LbfgsLimits { iterations, tolerance: 0.3 * tolerance, saddles: Saddles::Ignore }
            }
        };
        history.visit(iterations, &theta);
        let value = |theta: &Guide| {
            let bound = profile.evaluate(theta, mode);
            (bound.total(theta), bound.arrow())
        };
        let step = lbfgs(theta, limits, value, |step, elbo| watch(iterations + step, elbo));
        theta = step.guide;
        iterations += step.iterations.max(1);
        trace.extend_from_slice(&step.trace[1..]);
        bound = profile.evaluate(&theta, Normals::Follow);
        if mode == Normals::Follow {
            history = step.history;
            break (step.gradient_norm, step.end);
        }
        let norm = gradient_norm(&theta, &bound.arrow());
        if norm <= tolerance {
            break (norm, End::Converged);
        }
        if iterations >= most_iterations || !norm.is_finite() {
            break (norm, End::Stopped);
        }
    };
    let draws_error = settings.other.map_or(0.0, |noise| {
        let other = Profile::new(objective, guide, noise).evaluate(&theta, Normals::Follow);
        (0.5 * mean_square_step(&theta, &other.arrow())).sqrt()
    });
    let (local, covariances) = profile.locals(&theta);
    let guide = Guide { local, offsets: objective.offsets.clone(), ..theta };
    let locals = FullLocals { covariances, is_exact: profile.is_exact };
    let ended = Ended { elbo: bound.elbo(&guide), guide, arrow: None, iterations, gradient_norm, end, trace, history };
    FullEnded { ended, locals, draws_error }
}

impl Normal {
    fn entropy(&self) -> f64 {
        let ln_det = |root: &DMatrix<f64>| root.diagonal().iter().map(|d| d.abs().ln()).sum::<f64>();
        let each = 0.5 * (1.0 + (2.0 * PI).ln());
        self.root.as_ref().map_or(f64::NEG_INFINITY, |root| ln_det(root) + each * self.mean.len() as f64)
    }
}

impl Bound {
    fn total(&self, guide: &Guide) -> f64 {
        let tasks: f64 = self.tasks.iter().map(|t| t.parts.0 + t.parts.1 + t.entropy).sum();
        tasks + self.global.0 + self.global.1 + guide.global.entropy(0..guide.global.len())
    }

    fn is_exact(&self) -> bool {
        self.tasks.iter().all(|t| t.bend < EXACT)
    }

    fn elbo(&self, guide: &Guide) -> Elbo {
        Elbo {
            reconstruction: self.tasks.iter().map(|t| t.parts.1).collect(),
            local_kl: self.tasks.iter().map(|t| -t.parts.0 - t.entropy).collect(),
            global_reconstruction: self.global.1,
            global_kl: -self.global.0 - guide.global.entropy(0..guide.global.len()),
        }
    }

    fn arrow(&self) -> ArrowVector {
        ArrowVector { global: self.gradient.clone(), tasks: Ragged::default() }
    }
}

impl<'a, M: Model> Profile<'a, M> {
    fn new(objective: &'a Objective<'a, M>, guide: &Guide, noise: &'a Noise) -> Self {
        let most = objective.most.0;
        let start = |i: usize| Normal { mean: DVector::from_column_slice(&guide.local.loc[guide.task(i)]), root: None };
        let normals: Vec<Normal> = (0..objective.num_tasks()).map(start).collect();
        Self {
            objective,
            given: objective.blocks.given_theta::<M>(),
            noise,
            // pairs of one orthogonal direction more than there are coordinates: exact for quadratics
            cubature: Noise::fixed(2 * (most + 1), 0, most, 1, 0),
            normals: vec![normals; noise.draws],
            is_exact: false,
            bends_known: false,
            but_first: (0..M::LOCAL_SITES.len()).map(|site| site > 0).collect(),
        }
    }

    fn evaluate(&mut self, guide: &Guide, mode: Normals) -> Bound {
        let tasks = self.objective.num_tasks();
        let thetas: Vec<(Vec<f64>, Theta<M, Second>)> = (0..self.noise.draws)
            .map(|s| guide.global.at(self.noise.theta(s)))
            .map(|u| (u.clone(), self.given.theta(self.objective.model, &u, self.objective.most)))
            .collect();
        let firsts = || (0..tasks.max(1)).step_by(TASKS_TOGETHER);
        let shares: Vec<(usize, usize)> =
            (0..thetas.len()).flat_map(|s| firsts().map(move |first| (s, first))).collect();
        let sums: Vec<_> = shares
            .par_iter()
            .map(|&(s, first)| {
                let range = first..(first + TASKS_TOGETHER).min(tasks);
                self.share(guide, (s, &thetas[s]), range, mode)
            })
            .collect();
        let each = (thetas.len() as f64).recip();
        let mut out = Bound {
            global: (0.0, 0.0),
            gradient: DVector::zeros(2 * guide.global.len()),
            tasks: vec![Terms::default(); tasks],
        };
        for ((s, first), (bound, normals)) in shares.into_iter().zip(sums) {
            out.global.0 += bound.global.0;
            out.global.1 += bound.global.1;
            out.gradient += bound.gradient;
            for (to, from) in out.tasks[first..].iter_mut().zip(bound.tasks) {
                to.parts.0 += each * from.parts.0;
                to.parts.1 += each * from.parts.1;
                to.entropy += each * from.entropy;
                to.bend = to.bend.max(from.bend);
            }
            self.normals[s].splice(first..first + normals.len(), normals);
        }
        let point = guide.global.ln_scale.iter().enumerate().filter(|(_, s)| s.is_finite());
        point.for_each(|(j, _)| out.gradient[guide.global.len() + j] += 1.0);
        out
    }

    /// Some tasks under one draw of theta; the share of the first tasks has what is outside the plate as well.
    fn share(
        &self,
        guide: &Guide,
        (s, (u, theta)): (usize, &(Vec<f64>, Theta<M, Second>)),
        range: std::ops::Range<usize>,
        mode: Normals,
    ) -> (Bound, Vec<Normal>) {
        let Objective { model, blocks, .. } = self.objective;
        let each = (self.noise.draws as f64).recip();
        let mut leaves = Vec::new();
        let mark = Mark::with_leaves::<1>(u.iter().copied(), &mut leaves);
        let (global, [latents, data]) = record_global(*model, blocks, &leaves, range.start == 0);
        let mut block = TaskBlock::new(*model, &self.given);
        let (mut terms, mut normals) = (Vec::new(), Vec::new());
        for i in range {
            let mut normal = self.normals[s][i].clone();
            if mode == Normals::Follow {
                normal = self.follow(model.task(i), theta, normal.mean, &mut block);
            }
            terms.push(self.task(i, &global, &normal));
            normals.push(normal);
        }
        mark.sweep(latents + data);
        let mut gradient = DVector::zeros(2 * u.len());
        add_adjoints(&mark, &guide.global, (self.noise.theta(s), each), gradient.as_mut_slice());
        (Bound { global: (each * latents.value(), each * data.value()), gradient, tasks: terms }, normals)
    }

    /// The terms of one task; what they owe to theta is left in the adjoints before.
    fn task(&self, i: usize, global: &Globals<M, Taped<1>>, normal: &Normal) -> Terms {
        let Objective { model, blocks, .. } = self.objective;
        let Some(root) = &normal.root else {
            return Terms { entropy: f64::NEG_INFINITY, ..Terms::default() };
        };
        let n = normal.mean.len();
        let each = (self.cubature.draws as f64).recip();
        let mut out = Terms { entropy: normal.entropy(), ..Terms::default() };
        let mut counted = blocks.counted();
        if self.bends_known {
            let mark = Mark::here();
            let mut run = Expected::new(&normal.mean, root);
            model.local(&mut run, global, model.task(i), &mut Default::default());
            if let Some(expected) = run.found {
                mark.sweep(expected);
                out.parts.0 = expected.value();
                counted.latents = &self.but_first;
            }
        }
        let (mut values, mut local) = (Vec::with_capacity(self.cubature.draws), Default::default());
        let z = DMatrix::from_fn(n, self.cubature.draws, |j, k| self.cubature.local(0, k)[j]);
        let away = root * &z;
        for (z, away) in z.column_iter().zip(away.column_iter()) {
            let u: Vec<Real<Taped<1>>> =
                normal.mean.iter().zip(away.iter()).map(|(mean, away)| Real::constant(mean + away)).collect();
            let mark = Mark::here();
            let mut run = LogDensity::new(&u, counted);
            model.local(&mut run, global, model.task(i), &mut local);
            model.likelihood(&mut run, global, &local, model.task(i));
            mark.sweep((run.latents + run.data) * each);
            out.parts.0 += each * run.latents.value();
            out.parts.1 += each * run.data.value();
            values.push((run.latents + run.data).value() + 0.5 * z.norm_squared());
        }
        // of a Gaussian all of these are the density at the mode
        let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| (v.min(l), v.max(h)));
        if !self.bends_known {
            out.bend = (high - low) / (1.0 + low.abs());
        }
        out
    }

    /// The normal at the mode of a task given theta, looked for from `start`; of a Gaussian, one step away.
    fn follow(
        &self,
        task: &M::Task,
        theta: &Theta<M, Second>,
        start: DVector<f64>,
        block: &mut TaskBlock<'_, M, Second>,
    ) -> Normal {
        let n = start.len();
        let (mean, precision) = if self.is_exact {
            block.evaluate(theta, task, start.as_slice());
            let precision = (-DMatrix::from_column_slice(n, n, &block.out.hessian)).cholesky();
            let step = precision.as_ref().map(|p| p.solve(&DVector::from_column_slice(&block.out.gradient)));
            (step.map_or_else(|| start.clone(), |step| &start + step), precision)
        } else {
            let mode = climb_task(start, |u, out| {
                block.evaluate(theta, task, u.as_slice());
                std::mem::swap(&mut block.out, out);
            });
            (mode.at, mode.precision)
        };
        let root = precision.map(|precision| {
            let mut root = DMatrix::identity(n, n);
            let solved = precision.l_dirty().tr_solve_lower_triangular_mut(&mut root);
            debug_assert!(solved, "the diagonal of a Cholesky factor is positive");
            root
        });
        Normal { mean, root }
    }

    /// The locals given theta at its mean, and their covariances.
    fn locals(&self, guide: &Guide) -> (MeanField, Vec<DMatrix<f64>>) {
        let theta = self.given.theta(self.objective.model, &guide.global.loc, self.objective.most);
        let normals: Vec<Normal> = (0..self.objective.num_tasks())
            .into_par_iter()
            .map(|i| {
                let mut block = TaskBlock::new(self.objective.model, &self.given);
                self.follow(self.objective.model.task(i), &theta, self.normals[0][i].mean.clone(), &mut block)
            })
            .collect();
        let mut local = MeanField::default();
        let mut covariances = Vec::with_capacity(normals.len());
        for Normal { mean, root } in normals {
            let root = root.unwrap_or_else(|| DMatrix::identity(mean.len(), mean.len()));
            let covariance = &root * root.transpose();
            local.loc.extend(mean.iter());
            local.ln_scale.extend(covariance.diagonal().iter().map(|v| 0.5 * v.ln()));
            covariances.push(covariance);
        }
        (local, covariances)
    }
}

#[cfg(test)]
mod tests;
