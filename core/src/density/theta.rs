//! Theta as numbers that tasks are differentiated with.

use crate::density::blocks::BlockLayout;
use crate::density::order::{LikelihoodN, LocalN, TypedOrder};
use crate::interpret::log_density::LogDensity;
use crate::model::subset::Subset;
use crate::model::{Globals, Model};
use crate::numbers::number::{Number, Real};
use crate::numbers::pass::passes;

/// A theta as dual numbers, one struct of globals a pass of each block.
pub(crate) struct Theta<M: Model, O: TypedOrder> {
    pub(crate) local: Vec<Globals<M, LocalN<M, O>>>,
    pub(crate) likelihood: Vec<Globals<M, LikelihoodN<M, O>>>,
}

impl<M: Model, O: TypedOrder> Theta<M, O> {
    /// The unconstrained `theta`, ready for derivatives of tasks of the layout.
    pub(crate) fn new(program: &Subset<'_, M>, layout: &BlockLayout, theta: &[f64]) -> Self {
        let position = |reads: &[usize], j: usize| reads.iter().position(|&r| r == j);
        let local = passes::<LocalN<M, O>>(layout.local_reads.len() + layout.widest.coordinates);
        let likelihood = passes::<LikelihoodN<M, O>>(layout.likelihood_reads.len() + layout.widest.values);
        let local = local.iter().map(|pass| {
            globals(program, theta, |j, u| match position(&layout.local_reads, j) {
                Some(at) => pass.seed(u, at),
                None => Real::constant(u),
            })
        });
        let likelihood = likelihood.iter().map(|pass| {
            globals(program, theta, |j, u| match position(&layout.likelihood_reads, j) {
                Some(at) => pass.seed(u, at),
                None => Real::constant(u),
            })
        });
        Self { local: local.collect(), likelihood: likelihood.collect() }
    }
}

/// The globals at the unconstrained `theta`, each coordinate seeded by `seed`; nothing is scored.
pub(crate) fn globals<M: Model, N: Number>(
    program: &Subset<'_, M>,
    theta: &[f64],
    seed: impl Fn(usize, f64) -> Real<N>,
) -> Globals<M, N> {
    let coordinates: Vec<Real<N>> = theta.iter().enumerate().map(|(j, &u)| seed(j, u)).collect();
    let mut out = Default::default();
    program.model.global(&mut LogDensity::new(&coordinates, &program.unscored), &mut out);
    out
}
