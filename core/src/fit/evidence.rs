//! What the importance correction says of itself.

use crate::correct::reweighting::Reweighting;

/// What the importance correction says of itself. Log densities are in nats, all constants included.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// Pareto k-hat of the weights of theta; below 0.7 they are reliable, or of S draws below 1 - 1 / log10(S) if that is
    /// less. 0 where there is one theta alone.
    pub k_hat: f64,
    /// Pareto k-hat of each task's own weights; 0 where none are needed, and where they are so even (more than half of the proposals
    /// count) that there is no tail to judge.
    pub task_k_hat: Vec<f64>,
    /// Weighted draws of theta that the rest comes from. Not [`Options::posterior_draws`](crate::Options::posterior_draws) where the correction stopped
    /// early or had to be cheaper.
    pub draws: usize,
    /// Effective sample size of the weighted draws; where there is one theta alone, the least of any task.
    pub effective_sample_size: f64,
    /// Estimate of ln p(D) in nats, or of ln p(D | theta) where the guide holds theta at a point. Only as good as the weights:
    /// `k_hat` tells.
    pub ln_evidence: f64,
    /// Monte Carlo standard error of `ln_evidence`, in nats.
    pub ln_evidence_error: f64,
}

impl Evidence {
    /// Becomes the evidence of the data and one task more, of which `learned` tells.
    pub(crate) fn learn(&mut self, learned: &Self) {
        self.k_hat = self.k_hat.max(learned.k_hat);
        self.effective_sample_size = learned.effective_sample_size;
        self.ln_evidence += learned.ln_evidence;
        self.ln_evidence_error = self.ln_evidence_error.hypot(learned.ln_evidence_error);
    }

    pub(crate) fn of(c: &Reweighting) -> Self {
        Self {
            k_hat: c.k_hat,
            task_k_hat: c.task_k_hat.clone(),
            draws: c.posterior.len(),
            effective_sample_size: c.effective,
            ln_evidence: c.ln_evidence,
            ln_evidence_error: c.ln_evidence_error,
        }
    }
}
