//! What chains say of themselves.

use crate::correct::chains::ByChains;

/// What the chains say of themselves that a posterior comes from.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chains {
    /// Whether they are chains of the globals alone, given which the locals are drawn; otherwise of all latents together.
    pub of_globals: bool,
    /// The largest R-hat of any of these: split chains, normal scores of ranks, and of distances from the median (Vehtari et al.
    /// 2021). Below 1.03 they agree.
    pub r_hat: f64,
    /// Draws of all chains together.
    pub draws: usize,
    /// The least effective sample size of any of them.
    pub effective_sample_size: f64,
    /// Which part of the trajectories left their path: where it is not next to nothing a region is hard to enter. Chains of the
    /// globals have none.
    pub divergent: f64,
}

impl Chains {
    pub(crate) fn of(found: &ByChains) -> Self {
        let (draws, convergence) = (found.posterior.len(), found.convergence);
        Self {
            of_globals: found.of_globals,
            r_hat: convergence.r_hat,
            draws,
            effective_sample_size: convergence.effective,
            divergent: found.divergent,
        }
    }
}
