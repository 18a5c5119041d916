//! What scores a task.

use crate::conditional::ask::TaskGiven;
use crate::conditional::grid::Grid;
use crate::conditional::mixture::Sample;
use crate::conditional::tree::NodeScorers;
use crate::conditional::tree::lattice::Lattices;
use crate::density::Density;
use crate::density::conditional::{Quadratic, SharedTheta};
use crate::density::program::Scorer;
use crate::numbers::pass::Derivatives;

/// How many proposals a task may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProposalEffort {
    /// The variance of ln Z_i that is aimed at.
    pub(crate) noise: f64,
    /// How many proposals of phi_i a theta may take in the end where that is not reached.
    pub(crate) most_grown: usize,
}

/// What scores a task, with derivatives and without, and what has been proposed for it.
pub(crate) struct Scorers<'f> {
    pub(super) posterior: TaskPosterior<'f>,
    pub(super) prior: Box<dyn Scorer + 'f>,
    pub(super) sample: Sample,
    pub(super) grid: Grid,
    /// For tasks whose latents form a tree.
    pub(super) by_node: NodeScorers<'f>,
    pub(super) lattices: Lattices,
    pub(super) effort: ProposalEffort,
}

/// ln p(D_i, phi_i | theta) as a function of the unconstrained phi_i.
pub(crate) struct TaskPosterior<'f> {
    pub(super) derivatives: Box<dyn Scorer + 'f>,
    pub(super) values: Box<dyn Scorer + 'f>,
    /// What is not visited.
    pub(super) closed: Option<ClosedGiven<'f>>,
    pub(super) quadratic: Quadratic,
    pub(super) unused: Derivatives,
}

/// The closed forms of tasks, quadratic in phi_i, under the fixed thetas.
#[derive(Clone, Copy)]
pub(crate) struct ClosedGiven<'f> {
    pub(super) density: &'f Density<'f>,
    pub(super) shared: &'f [SharedTheta],
}

impl ClosedGiven<'_> {
    fn expand(&self, at: TaskGiven, u: &[f64], out: &mut Quadratic) {
        self.density.closed_part_given(at.task, &self.shared[at.theta], u, out);
    }
}

impl TaskPosterior<'_> {
    /// The value; with derivatives in `out`.
    pub(super) fn expand(&mut self, at: TaskGiven, u: &[f64], out: &mut Derivatives) {
        self.derivatives.score(at.theta, at.task, u, out);
        if let Some(closed) = self.closed {
            closed.expand(at, u, &mut self.quadratic);
            self.quadratic.add_to(out);
        }
    }

    /// The value.
    pub(super) fn value(&mut self, at: TaskGiven, u: &[f64]) -> f64 {
        let visited = self.values.score(at.theta, at.task, u, &mut self.unused).total();
        let Some(closed) = self.closed else { return visited };
        closed.expand(at, u, &mut self.quadratic);
        visited + self.quadratic.value
    }
}
