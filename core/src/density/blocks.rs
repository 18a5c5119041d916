//! Which coordinates the blocks of a model have.

use crate::model::level::Level;
use crate::model::signature::Signature;

/// Which coordinates the log density of a task is differentiated in, and how the two blocks of it map to them.
#[derive(Clone, Debug)]
pub(crate) struct BlockLayout {
    /// The latents outside the plate.
    pub(crate) global: Level,
    /// Unconstrained coordinates of the globals that the prior of the locals reads.
    pub(crate) local_reads: Vec<usize>,
    /// Unconstrained coordinates of the globals that the likelihood reads directly.
    pub(crate) likelihood_reads: Vec<usize>,
    /// All globals a task reads, ascending; the first coordinates of a task's block.
    pub(crate) task_reads: Vec<usize>,
    /// No local site is non-centred, and x = u for every one.
    pub(crate) identity: bool,
    /// Whether tasks have discrete latents.
    pub(crate) has_classes: bool,
    /// The widest task.
    pub(crate) widest: Widest,
}

/// The most that any task has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Widest {
    /// Unconstrained coordinates.
    pub(crate) coordinates: usize,
    /// Constrained entries, those of discrete latents not counted.
    pub(crate) values: usize,
    /// Numbers that a table shows: entries, and probabilities of discrete latents.
    pub(crate) rows: usize,
}

impl BlockLayout {
    pub(crate) fn new(signature: &Signature, global: Level, widest: Widest) -> Self {
        let of_site = |&site: &usize| global.coordinates_of(&signature.global_sites[site]);
        let coordinates = |sites: &[usize]| sites.iter().flat_map(of_site).collect::<Vec<usize>>();
        let local_reads = coordinates(signature.local_reads);
        let likelihood_reads = coordinates(signature.likelihood_reads);
        let mut task_reads = [local_reads.clone(), likelihood_reads.clone()].concat();
        task_reads.sort_unstable();
        task_reads.dedup();
        let has_classes = signature.has_classes;
        Self { global, local_reads, likelihood_reads, task_reads, identity: false, has_classes, widest }
    }

    /// Whether the numbers of a task are its coordinates, and no others.
    pub(crate) fn are_values(&self) -> bool {
        self.identity && !self.has_classes
    }

    /// The layout with theta held fixed: a task's block has its own coordinates only.
    pub(crate) fn given_theta(&self) -> Self {
        Self { local_reads: Vec::new(), likelihood_reads: Vec::new(), task_reads: Vec::new(), ..self.clone() }
    }

    /// G, the number of unconstrained coordinates of theta.
    pub(crate) fn num_globals(&self) -> usize {
        self.global.num_coordinates()
    }
}
