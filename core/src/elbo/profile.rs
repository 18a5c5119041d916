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
//! gradient is that with the normals held (the envelope theorem).

use crate::density::Density;
use crate::density::blocks::BlockLayout;
use crate::density::program::{LogParts, Masks, Scoring};
use crate::elbo::Elbo;
use crate::elbo::by_tape::add_adjoints;
use crate::elbo::finder::{HeldThetas, NormalFinder};
use crate::elbo::normals::{Cubature, Knowledge, TaskAt, TaskNormal, Terms};
use crate::guide::{Guide, MeanField};
use crate::linalg::arrow::ArrowVector;
use crate::linalg::ragged::Ragged;
use crate::model::site_mask::SiteMask;
use crate::numbers::pass::Order;
use crate::numbers::tape::Mark;
use crate::sampling::noise::{Noise, NoiseSize};
use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;
use std::ops::Range;

/// Tasks handled together by one thread.
const TASKS_TOGETHER: usize = 8;
/// A task is Gaussian given theta where its density differs from its expansion by no more than this, in nats.
const EXACT: f64 = 1e-6;

/// The bound, its gradient in (locs, `ln_scales`) of theta, and the terms of its tasks, means over the draws of theta.
#[derive(Clone, Debug)]
pub(crate) struct ProfileBound {
    outside: LogParts,
    gradient: DVector<f64>,
    tasks: Vec<Terms>,
}

/// The bound as a function of q(theta), with the normals of every draw of theta and task.
pub(crate) struct Profile<'a> {
    density: &'a Density<'a>,
    /// Theta held.
    layout: BlockLayout,
    /// The mask under which every site of a task counts.
    all: SiteMask,
    /// All local sites but the first count.
    but_first: SiteMask,
    noise: &'a Noise,
    cubature: Noise,
    /// By draw of theta, then by task.
    normals: Vec<Vec<TaskNormal>>,
    knowledge: Knowledge,
    /// The density with closed forms, where they make every task Gaussian given theta.
    closed: Option<&'a Density<'a>>,
}

/// Whether the normals follow theta.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Normals {
    Follow,
    Held,
}

/// The locals of a profile given theta at its mean.
pub(crate) struct ProfileLocals {
    pub(crate) factor: MeanField,
    pub(crate) covariances: Vec<DMatrix<f64>>,
}

/// Some tasks under one draw of theta, which is given; those from 0 on have what is outside the plate as well.
struct ProfileShare<'u> {
    draw: usize,
    u: &'u [f64],
    tasks: Range<usize>,
}

impl ProfileBound {
    pub(crate) fn total(&self, guide: &Guide) -> f64 {
        let tasks: f64 = self.tasks.iter().map(|t| t.parts.latents + t.parts.data + t.entropy).sum();
        tasks + self.outside.latents + self.outside.data + guide.global.entropy(0..guide.global.len())
    }

    /// The terms of the ELBO.
    pub(crate) fn elbo(&self, guide: &Guide) -> Elbo {
        Elbo {
            reconstruction: self.tasks.iter().map(|t| t.parts.data).collect(),
            local_kl: self.tasks.iter().map(|t| -t.parts.latents - t.entropy).collect(),
            global_reconstruction: self.outside.data,
            global_kl: -self.outside.latents - guide.global.entropy(0..guide.global.len()),
        }
    }

    /// The gradient, in the shape that a guide without locals has.
    pub(crate) fn gradient(&self) -> ArrowVector {
        ArrowVector { global: self.gradient.clone(), tasks: Ragged::default() }
    }

    fn is_exact(&self) -> bool {
        self.tasks.iter().all(|t| t.bend < EXACT)
    }
}

impl<'a> Profile<'a> {
    /// The profile over draws of theta, whose normals are looked for from the locals of the guide on.
    pub(crate) fn new(density: &'a Density<'a>, guide: &Guide, noise: &'a Noise) -> Self {
        let most = density.layout.widest.coordinates;
        let start = |i: usize| TaskNormal::At(DVector::from_column_slice(&guide.local.loc[guide.task(i)]));
        let normals: Vec<TaskNormal> = (0..density.num_tasks()).map(start).collect();
        let all = Masks::all(&density.program.signature()).tasks;
        let mut but_first = all.clone();
        but_first.latents.iter_mut().take(1).for_each(|first| *first = false);
        Self {
            density,
            layout: density.layout.given_theta(),
            all,
            but_first,
            noise,
            // pairs of one orthogonal direction more than there are coordinates: exact for quadratics
            cubature: Noise::fixed(NoiseSize { draws: 2 * (most + 1), globals: 0, locals: most }, 1, 0),
            normals: vec![normals; noise.draws],
            knowledge: Knowledge::None,
            closed: None,
        }
    }

    /// The same whose normals follow theta, by the closed forms of another density where those say all of it.
    pub(crate) fn with_closed(self, closed: Option<&'a Density<'a>>) -> Self {
        let closed = closed.filter(|closed| closed.is_gaussian_given_theta());
        let knowledge = if closed.is_some() { Knowledge::Exact } else { self.knowledge };
        Self { knowledge, closed, ..self }
    }

    /// Evaluates the bound for the first time, which tells whether tasks are Gaussian given theta where that is not known.
    pub(crate) fn look(&mut self, guide: &Guide) -> ProfileBound {
        let bound = self.evaluate(guide, Normals::Follow);
        self.knowledge = if bound.is_exact() { Knowledge::Exact } else { Knowledge::Bent };
        bound
    }

    /// Whether every task is known to be Gaussian given theta.
    pub(crate) fn is_exact(&self) -> bool {
        self.knowledge == Knowledge::Exact
    }

    /// The bound at q(theta).
    pub(crate) fn evaluate(&mut self, guide: &Guide, mode: Normals) -> ProfileBound {
        let tasks = self.density.num_tasks();
        let thetas: Vec<Vec<f64>> = (0..self.noise.draws).map(|s| guide.global.at(self.noise.theta(s))).collect();
        let us = &thetas;
        let ends = |first: usize| first..(first + TASKS_TOGETHER).min(tasks);
        let firsts = || (0..tasks.max(1)).step_by(TASKS_TOGETHER);
        let shares: Vec<ProfileShare<'_>> = (0..thetas.len())
            .flat_map(|draw| firsts().map(move |first| ProfileShare { draw, u: &us[draw], tasks: ends(first) }))
            .collect();
        let each = (thetas.len() as f64).recip();
        let mut out = ProfileBound {
            outside: LogParts::default(),
            gradient: DVector::zeros(2 * guide.global.len()),
            tasks: vec![Terms::default(); tasks],
        };
        let sums: Vec<_> = {
            let held = self.hold(&thetas);
            shares.par_iter().map(|share| self.share(guide, &held, share, mode)).collect()
        };
        for (share, (bound, normals)) in shares.into_iter().zip(sums) {
            out.outside.add(1.0, bound.outside);
            out.gradient += bound.gradient;
            for (to, from) in out.tasks[share.tasks.clone()].iter_mut().zip(bound.tasks) {
                to.parts.add(each, from.parts);
                to.entropy += each * from.entropy;
                to.bend = to.bend.max(from.bend);
            }
            self.normals[share.draw].splice(share.tasks, normals);
        }
        let spread = guide.global.ln_scale.iter().enumerate().filter(|(_, s)| s.is_finite());
        spread.for_each(|(j, _)| out.gradient[guide.global.len() + j] += 1.0);
        out
    }

    /// Theta held at these values.
    fn hold(&self, thetas: &[Vec<f64>]) -> HeldThetas<'_> {
        if let Some(closed) = self.closed {
            return HeldThetas::Closed(closed, closed.fix_gaussian(thetas));
        }
        let scoring = Scoring::Derivatives(Order::Second);
        HeldThetas::Visited(self.density.program.fix(scoring, &self.layout, thetas))
    }

    fn share(
        &self,
        guide: &Guide,
        held: &HeldThetas<'_>,
        share: &ProfileShare<'_>,
        mode: Normals,
    ) -> (ProfileBound, Vec<TaskNormal>) {
        let u = share.u;
        let each = (self.noise.draws as f64).recip();
        let mut recorder = self.density.program.recorder();
        let mut finder = held.finder(&self.all, &self.cubature);
        let none = self.density.open.outside.cleared();
        let scored = if share.tasks.start == 0 { &self.density.open.outside } else { &none };
        let cubature = Cubature {
            points: &self.cubature,
            open: &self.density.open.tasks,
            but_first: &self.but_first,
            knowledge: self.knowledge,
        };
        let mut leaves = Vec::new();
        let mark = Mark::with_leaves::<1>(u.iter().copied(), &mut leaves);
        let outside = recorder.outside(&leaves, scored);
        let (mut tasks, mut normals) = (Vec::new(), Vec::new());
        for i in share.tasks.clone() {
            let at = TaskAt { task: i, draw: share.draw };
            let mut normal = self.normals[share.draw][i].clone();
            if mode == Normals::Follow {
                normal = finder.normal(at, normal.mean(), self.knowledge);
            }
            tasks.push(finder.terms(at, &normal, &cubature, &mut *recorder));
            normals.push(normal);
        }
        mark.sweep(outside.total());
        let mut gradient = DVector::zeros(2 * u.len());
        add_adjoints(&mark, &guide.global, self.noise.theta(share.draw), each, gradient.as_mut_slice());
        if let NormalFinder::Eliminated(eliminated) = finder {
            let noise = self.noise.theta(share.draw);
            for (&j, owed) in self.density.layout.task_reads.iter().zip(&eliminated.owed) {
                gradient[j] += each * owed;
                gradient[u.len() + j] += each * owed * noise[j] * guide.global.ln_scale[j].exp();
            }
        }
        let mut parts = LogParts::default();
        parts.add(each, outside.values());
        (ProfileBound { outside: parts, gradient, tasks }, normals)
    }

    /// The locals given theta at its mean.
    pub(crate) fn locals(&self, guide: &Guide) -> ProfileLocals {
        let held = self.hold(std::slice::from_ref(&guide.global.loc));
        let normals: Vec<TaskNormal> = (0..self.density.num_tasks())
            .into_par_iter()
            .map(|task| {
                let start = self.normals[0][task].mean();
                held.finder(&self.all, &self.cubature).normal(TaskAt { task, draw: 0 }, start, self.knowledge)
            })
            .collect();
        let mut out = ProfileLocals { factor: MeanField::default(), covariances: Vec::with_capacity(normals.len()) };
        for normal in normals {
            let n = normal.mean().len();
            let covariance = match &normal {
                TaskNormal::Found(gaussian) => gaussian.covariance(),
                TaskNormal::At(_) => DMatrix::identity(n, n),
            };
            out.factor.loc.extend(normal.mean().iter());
            out.factor.ln_scale.extend(covariance.diagonal().iter().map(|v| 0.5 * v.ln()));
            out.covariances.push(covariance);
        }
        out
    }
}
