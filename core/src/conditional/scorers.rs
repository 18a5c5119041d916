//! What scores a task.

use crate::conditional::grid::Grid;
use crate::conditional::mixture::Sample;
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
    pub(super) posterior: Box<dyn Scorer + 'f>,
    pub(super) prior: Box<dyn Scorer + 'f>,
    pub(super) values: Box<dyn Scorer + 'f>,
    pub(super) unused: Derivatives,
    pub(super) sample: Sample,
    pub(super) grid: Grid,
    pub(super) effort: ProposalEffort,
}
