//! One task given theta: ln p(D_i | theta), and draws of phi_i.
//!
//! Exact from sufficient statistics where the closed forms make the task Gaussian given theta. Otherwise ascent finds the
//! mode, or the modes; where the density is quadratic around it, that is exact too, and else importance sampling from
//! heavy-tailed proposals of the modes' curvature does the rest. Locals are written centred here, whatever the guide does.

mod answer;
pub(crate) mod memory;
pub(crate) mod mixture;
mod modes;
#[cfg(test)]
mod tests;

use crate::density::Density;
use crate::density::blocks::BlockLayout;
use crate::density::conditional::SharedTheta;
use crate::density::program::{Fixed, Program, Scorer, Scoring};
use crate::interpret::site_mask::SiteMask;
use crate::numbers::pass::{Derivatives, Order};
use memory::TaskMemory;
use mixture::Sample;
use nalgebra::{DMatrix, DVector};
use rand_chacha::ChaCha8Rng;

/// The variance of sum_i ln Z_i that is aimed at, and the most that any task may have of it.
const NOISE: f64 = 0.05;
const NOISE_OF_ONE: f64 = 0.01;

/// The tasks of a (centred) density given theta.
pub(crate) struct Conditionals<'a> {
    pub(crate) density: &'a Density<'a>,
    /// Only phi_i varies.
    layout: BlockLayout,
    /// The mask under which every site counts.
    all: SiteMask,
    /// The mask under which all but the data count: p(phi_i | theta).
    prior: SiteMask,
    is_gaussian: bool,
    /// The variance of ln Z_i that is aimed at.
    noise: f64,
    /// How many proposals of phi_i a theta may take in the end where that is not reached.
    most_grown: usize,
}

/// Some fixed thetas, of which tasks are asked one after another.
pub(crate) struct FixedThetas<'c> {
    conditionals: &'c Conditionals<'c>,
    u: Vec<Vec<f64>>,
    known: Answering<'c>,
}

/// What makes answers under the fixed thetas.
enum Answering<'c> {
    /// The closed forms, as tasks are Gaussian given theta.
    Closed(Vec<SharedTheta>),
    /// Visits of the tasks, with derivatives in phi and without.
    Visits { derivatives: Box<dyn Fixed + 'c>, values: Box<dyn Fixed + 'c> },
}

/// What a task says of one theta: ln Z_i, and draws of phi_i.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// ln Z_i; -inf for a theta under which the task is impossible.
    pub(crate) ln_z: f64,
    pub(crate) draws: Vec<DVector<f64>>,
    pub(crate) mode: DVector<f64>,
    /// Weights of the proposals relative to their mean; empty where Z_i is exact.
    pub(crate) weights: Vec<f64>,
}

/// What a task is asked.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) task: usize,
    /// The number of the fixed theta.
    pub(crate) theta: usize,
    pub(crate) guess: Guess<'a>,
    pub(crate) inner: Inner,
}

/// How many draws of phi_i are wanted, and how many proposals may be spent on them: a power of 2.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inner {
    pub(crate) wanted: usize,
    pub(crate) most: usize,
}

/// Where to look for phi_i given theta first, and the covariance to fall back on.
#[derive(Clone, Copy)]
pub(crate) struct Guess<'a> {
    pub(crate) start: &'a DVector<f64>,
    pub(crate) covariance: &'a DMatrix<f64>,
}

/// Asks tasks; it has buffers of its own.
pub(crate) enum Asker<'f> {
    Closed { density: &'f Density<'f>, shared: &'f [SharedTheta] },
    Visits { thetas: &'f FixedThetas<'f>, scorers: Box<Scorers<'f>> },
}

/// What scores a task, with derivatives and without, and what has been proposed for it.
pub(crate) struct Scorers<'f> {
    conditionals: &'f Conditionals<'f>,
    posterior: Box<dyn Scorer + 'f>,
    prior: Box<dyn Scorer + 'f>,
    values: Box<dyn Scorer + 'f>,
    unused: Derivatives,
    sample: Sample,
}

impl<'a> Conditionals<'a> {
    pub(crate) fn new(density: &'a Density<'a>) -> Self {
        let signature = density.program.signature();
        let all = SiteMask::all(signature.local_sites.len(), signature.observed_sites.len());
        Self {
            density,
            layout: density.layout.given_theta(),
            prior: all.without_data(),
            all,
            is_gaussian: density.is_gaussian_given_theta(),
            noise: (NOISE / density.num_tasks().max(1) as f64).min(NOISE_OF_ONE),
            most_grown: 0,
        }
    }

    /// Where the proposals asked for are too few, their number may grow to as many as this.
    pub(crate) fn growing_to(self, most_grown: usize) -> Self {
        Self { most_grown, ..self }
    }

    /// Fixes theta at these unconstrained values.
    pub(crate) fn fix(&self, u: Vec<Vec<f64>>) -> FixedThetas<'_> {
        let program: &dyn Program = &*self.density.program;
        let known = if self.is_gaussian {
            Answering::Closed(u.iter().map(|u| self.density.share(u)).collect())
        } else {
            Answering::Visits {
                derivatives: program.fix(Scoring::Derivatives(Order::Second), &self.layout, &u),
                values: program.fix(Scoring::Value, &self.layout, &u),
            }
        };
        FixedThetas { conditionals: self, u, known }
    }
}

impl FixedThetas<'_> {
    /// What asks tasks about these thetas.
    pub(crate) fn asker(&self) -> Asker<'_> {
        let Conditionals { all, prior, .. } = self.conditionals;
        match &self.known {
            Answering::Closed(shared) => Asker::Closed { density: self.conditionals.density, shared },
            Answering::Visits { derivatives, values } => {
                let scorers = Box::new(Scorers {
                    conditionals: self.conditionals,
                    posterior: derivatives.scorer(all),
                    prior: derivatives.scorer(prior),
                    values: values.scorer(all),
                    unused: Derivatives::default(),
                    sample: Sample::default(),
                });
                Asker::Visits { thetas: self, scorers }
            }
        }
    }
}

impl Asker<'_> {
    /// ln Z_i(theta) and draws of phi_i given theta; the memory is that of the task.
    pub(crate) fn answer(&mut self, ask: &Ask<'_>, memory: &mut TaskMemory, rng: &mut ChaCha8Rng) -> Answer {
        match self {
            Self::Closed { density, shared } => match density.conditional(ask.task, &shared[ask.theta]) {
                Some(given) => answer::gaussian(given.value, given.gaussian(), Vec::new(), ask.inner.wanted, rng),
                None => answer::impossible(ask),
            },
            Self::Visits { thetas, scorers } => scorers.answer(ask, &thetas.u[ask.theta], memory, rng),
        }
    }
}
