//! One task given theta: ln p(D_i | theta), and draws of phi_i.
//!
//! Exact from sufficient statistics where the closed forms make the task Gaussian given theta. Otherwise ascent finds the
//! mode, or the modes; where the density is quadratic around it, that is exact too. Else one or two latents are summed over
//! a grid, and of more importance sampling from heavy-tailed proposals of the modes' curvature does the rest. Locals are
//! written centred here, whatever the guide does.

mod answer;
mod ask;
mod grid;
pub(crate) mod memory;
pub(crate) mod mixture;
mod modes;
mod quadrature;
mod scorers;
mod spacing;
#[cfg(test)]
mod tests;
pub(crate) mod trend;

use crate::density::Density;
use crate::density::blocks::BlockLayout;
use crate::density::conditional::SharedTheta;
use crate::density::program::{Fixed, Program, Scoring};
use crate::model::site_mask::SiteMask;
use crate::numbers::pass::{Derivatives, Order};
pub(crate) use ask::{Answer, Ask, Guess, Inner};
use grid::Grid;
use memory::TaskMemory;
use mixture::Sample;
use rand_chacha::ChaCha8Rng;
use scorers::{ProposalEffort, Scorers};

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
    effort: ProposalEffort,
}

/// Some fixed thetas, of which tasks are asked one after another.
pub(crate) struct FixedThetas<'c> {
    conditionals: &'c Conditionals<'c>,
    /// By theta, the coordinates that tasks read.
    reads: Vec<Vec<f64>>,
    known: Answering<'c>,
}

/// What makes answers under the fixed thetas.
enum Answering<'c> {
    /// The closed forms, as tasks are Gaussian given theta.
    Closed(Vec<SharedTheta>),
    /// Visits of the tasks, with derivatives in phi and without.
    Visits { derivatives: Box<dyn Fixed + 'c>, values: Box<dyn Fixed + 'c> },
}

/// Asks tasks; it has buffers of its own.
pub(crate) enum Asker<'f> {
    Closed { density: &'f Density<'f>, shared: &'f [SharedTheta] },
    Visits { thetas: &'f FixedThetas<'f>, scorers: Box<Scorers<'f>> },
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
            effort: ProposalEffort {
                noise: (NOISE / density.num_tasks().max(1) as f64).min(NOISE_OF_ONE),
                most_grown: 0,
            },
        }
    }

    /// Where the proposals asked for are too few, their number may grow to as many as this.
    pub(crate) fn growing_to(self, most_grown: usize) -> Self {
        Self { effort: ProposalEffort { most_grown, ..self.effort }, ..self }
    }

    /// Fixes theta at these unconstrained values.
    pub(crate) fn fix(&self, u: &[Vec<f64>]) -> FixedThetas<'_> {
        let program: &dyn Program = &*self.density.program;
        let known = if self.is_gaussian {
            Answering::Closed(u.iter().map(|u| self.density.share(u)).collect())
        } else {
            Answering::Visits {
                derivatives: program.fix(Scoring::Derivatives(Order::Second), &self.layout, u),
                values: program.fix(Scoring::Value, &self.layout, u),
            }
        };
        let read = |u: &Vec<f64>| self.density.layout.task_reads.iter().map(|&j| u[j]).collect();
        FixedThetas { conditionals: self, reads: u.iter().map(read).collect(), known }
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
                    posterior: derivatives.scorer(all),
                    prior: derivatives.scorer(prior),
                    values: values.scorer(all),
                    unused: Derivatives::default(),
                    sample: Sample::default(),
                    grid: Grid::default(),
                    effort: self.conditionals.effort,
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
            Self::Visits { thetas, scorers } => scorers.answer(ask, &thetas.reads[ask.theta], memory, rng),
        }
    }
}
