//! One task given theta: ln p(D_i | theta), and draws of phi_i.
//!
//! Exact from sufficient statistics where closed forms and a normal prior make the task Gaussian given theta. Otherwise ascent finds the
//! mode, or the modes; where the density is quadratic around it, that is exact too. Else one or two latents are summed over
//! a grid, those of nested plates over a lattice each, and of others importance sampling from heavy-tailed proposals of the modes' curvature does the rest. Locals are
//! written centred here, whatever the guide does.

mod answer;
mod ask;
mod frame;
mod grid;
pub(crate) mod memory;
pub(crate) mod mixture;
mod modes;
mod quadrature;
mod scorers;
mod spacing;
#[cfg(test)]
mod tests;
mod tree;
mod trend;

use crate::density::Density;
use crate::density::blocks::BlockLayout;
use crate::density::conditional::{Conditional, Quadratic, SharedTheta};
use crate::density::elimination::{Eliminator, GaussianThetas};
use crate::density::program::{Fixed, Program, Scoring};
use crate::model::site_mask::SiteMask;
use crate::numbers::pass::{Derivatives, Order};
pub(crate) use ask::{Answer, Ask, Guess, Inner, TaskEvidence};
use grid::Grid;
use memory::TaskMemory;
use mixture::Sample;
use rand_chacha::ChaCha8Rng;
use scorers::{ClosedGiven, ProposalEffort, Scorers, TaskPosterior};
pub(crate) use spacing::GridSpacing;
use tree::NodeScorers;
use tree::lattice::Lattices;

/// The variance of sum_i ln Z_i that is aimed at, and the most that any task may have of it.
const NOISE: f64 = 0.05;
const NOISE_OF_ONE: f64 = 0.01;

/// The tasks of a (centred) density given theta.
pub(crate) struct Conditionals<'a> {
    pub(crate) density: &'a Density<'a>,
    /// Only phi_i varies.
    layout: BlockLayout,
    /// The sites that are visited: all but those whose closed forms are quadratic in phi_i, if some data are among them.
    visited: SiteMask,
    /// The mask under which all but the data count: p(phi_i | theta).
    prior: SiteMask,
    /// The mask under which only the data count: p(D_i | phi_i, theta).
    data: SiteMask,
    takes_closed_forms: bool,
    is_gaussian: bool,
    effort: ProposalEffort,
}

/// Some fixed thetas, of which tasks are asked one after another.
pub(crate) struct FixedThetas<'c> {
    conditionals: &'c Conditionals<'c>,
    known: Answering<'c>,
}

/// What makes answers under the fixed thetas.
enum Answering<'c> {
    /// The closed forms, as tasks are Gaussian given theta.
    Closed(GaussianThetas<'c>),
    /// Visits of the tasks, with derivatives in phi and without, and closed forms where they take some.
    Visits {
        derivatives: Box<dyn Fixed + 'c>,
        values: Box<dyn Fixed + 'c>,
        shared: Vec<SharedTheta>,
        /// By theta, the coordinates that tasks read.
        reads: Vec<Vec<f64>>,
    },
}

/// What is known of a task for the thetas asked about so far.
pub(crate) struct Known<'k> {
    /// A draw for each, row-major.
    pub(crate) phi: &'k mut Vec<f64>,
    pub(crate) weights: &'k mut Vec<f64>,
}

/// Asks tasks; it has buffers of its own.
pub(crate) enum Asker<'f> {
    Closed { eliminator: Box<Eliminator<'f>>, z: Vec<f64> },
    Visits { reads: &'f [Vec<f64>], scorers: Box<Scorers<'f>> },
}

impl<'a> Conditionals<'a> {
    pub(crate) fn new(density: &'a Density<'a>) -> Self {
        let signature = density.program.signature();
        let all = SiteMask::all(signature.local_sites.len(), signature.observed_sites.len());
        let takes_closed_forms = density.has_closed_data() && density.is_closed_part_quadratic();
        Self {
            density,
            layout: density.layout.given_theta(),
            prior: all.without_data(),
            data: all.without_latents(),
            visited: if takes_closed_forms { density.open.tasks.clone() } else { all },
            takes_closed_forms,
            is_gaussian: density.is_gaussian_given_theta(),
            effort: ProposalEffort {
                noise: (NOISE / density.total_tasks.max(1) as f64).min(NOISE_OF_ONE),
                most_grown: 0,
            },
        }
    }

    /// Where the proposals asked for are too few, their number may grow to as many as this.
    pub(crate) fn growing_to(self, most_grown: usize) -> Self {
        Self { effort: ProposalEffort { most_grown, ..self.effort }, ..self }
    }

    /// Every task is visited, whatever closed forms there are: what one says does not depend on which others are here.
    pub(crate) fn by_visits(self) -> Self {
        let signature = self.density.program.signature();
        let visited = SiteMask::all(signature.local_sites.len(), signature.observed_sites.len());
        Self { visited, takes_closed_forms: false, is_gaussian: false, ..self }
    }

    /// Fixes theta at these unconstrained values.
    pub(crate) fn fix(&self, u: &[Vec<f64>]) -> FixedThetas<'_> {
        let program: &dyn Program = &*self.density.program;
        let share = || u.iter().map(|u| self.density.share(u)).collect();
        let read = |u: &Vec<f64>| self.density.layout.task_reads.iter().map(|&j| u[j]).collect();
        let known = if self.is_gaussian {
            Answering::Closed(self.density.fix_gaussian(u))
        } else {
            Answering::Visits {
                derivatives: program.fix(Scoring::Derivatives(Order::Second), &self.layout, u),
                values: program.fix(Scoring::Value, &self.layout, u),
                shared: if self.takes_closed_forms { share() } else { Vec::new() },
                reads: u.iter().map(read).collect(),
            }
        };
        FixedThetas { conditionals: self, known }
    }
}

impl FixedThetas<'_> {
    /// What asks tasks about these thetas.
    pub(crate) fn asker(&self) -> Asker<'_> {
        let Conditionals { density, visited, prior, data, .. } = self.conditionals;
        match &self.known {
            Answering::Closed(thetas) => Asker::Closed { eliminator: Box::new(thetas.eliminator()), z: Vec::new() },
            Answering::Visits { derivatives, values, shared, reads } => {
                let posterior = TaskPosterior {
                    derivatives: derivatives.scorer(visited),
                    values: values.scorer(visited),
                    closed: shared.first().map(|_| ClosedGiven { density, shared }),
                    quadratic: Quadratic::default(),
                    unused: Derivatives::default(),
                };
                let scorers = Box::new(Scorers {
                    posterior,
                    prior: derivatives.scorer(prior),
                    sample: Sample::default(),
                    grid: Grid::default(),
                    by_node: NodeScorers::new(values.scorer(prior), values.scorer(data)),
                    lattices: Lattices::default(),
                    effort: self.conditionals.effort,
                });
                Asker::Visits { reads, scorers }
            }
        }
    }
}

impl Asker<'_> {
    /// Whether answers may come from weighted proposals.
    pub(crate) fn may_propose(&self) -> bool {
        matches!(self, Self::Visits { .. })
    }

    /// ln Z_i(theta) and draws of phi_i given theta, of a task that closed forms alone do not answer for.
    pub(crate) fn answer(&mut self, ask: &Ask<'_>, memory: &mut TaskMemory, rng: &mut ChaCha8Rng) -> Option<Answer> {
        match self {
            Self::Closed { .. } => None,
            Self::Visits { reads, scorers } => Some(scorers.answer(ask, &reads[ask.theta], memory, rng)),
        }
    }

    /// ln Z_i(theta) alone. The memory is that of the task.
    pub(crate) fn evidence(&mut self, ask: &Ask<'_>, memory: &mut TaskMemory, rng: &mut ChaCha8Rng) -> TaskEvidence {
        match self {
            Self::Closed { eliminator, .. } => {
                let given = eliminator.eliminate(ask.task, ask.theta);
                let ln_z = given.map_or(f64::NEG_INFINITY, Conditional::ln_z);
                TaskEvidence { ln_z, variance: 0.0, weights: Vec::new() }
            }
            Self::Visits { reads, scorers } => {
                let Answer { ln_z, weights, .. } = scorers.answer(ask, &reads[ask.theta], memory, rng);
                let variance = if weights.is_empty() { 0.0 } else { scorers.sample.variance() };
                TaskEvidence { ln_z, variance, weights }
            }
        }
    }

    /// ln Z_i(theta); a draw of phi_i given theta, and the weights of what it was picked from, are added to what is known.
    /// The memory is that of the task.
    pub(crate) fn sample(
        &mut self,
        ask: &Ask<'_>,
        memory: &mut TaskMemory,
        rng: &mut ChaCha8Rng,
        known: &mut Known<'_>,
    ) -> f64 {
        match self {
            Self::Closed { eliminator, z } => {
                let Some(conditional) = eliminator.eliminate(ask.task, ask.theta) else {
                    known.phi.extend(ask.guess.start.iter());
                    return f64::NEG_INFINITY;
                };
                z.clear();
                memory.strata.normals(conditional.mean.len(), rng, z);
                conditional.draw_into(z, known.phi);
                conditional.ln_z()
            }
            Self::Visits { reads, scorers } => {
                let answer = scorers.answer(ask, &reads[ask.theta], memory, rng);
                known.phi.extend(answer.draws[0].iter());
                known.weights.extend(answer.weights);
                answer.ln_z
            }
        }
    }
}
