//! What a correction starts from, and what it finds.

use crate::correct::pool::{Pool, TaskAnswers};
use crate::correct::precision::Precision;
use crate::guide::Guide;
use crate::posterior::draws::{LocalDraws, WeightedDraws};
use crate::posterior::gaussian::GaussianHierarchy;
use crate::posterior::mc_error::Dependence;
use crate::sampling::psis::{k_hat_of_proposals, reliable_below};
use nalgebra::DVector;

/// What a correction starts from.
pub(crate) struct Basis<'a> {
    pub(crate) guide: &'a Guide,
    pub(crate) gaussian: &'a GaussianHierarchy,
    /// By task, where phi_i is in centred coordinates when theta is at the guide's mean.
    pub(crate) modes_at_mean: &'a [DVector<f64>],
}

impl Basis<'_> {
    /// Whether there is but one theta: a point, or none at all.
    pub(crate) fn is_fixed(&self) -> bool {
        self.guide.is_point() || self.guide.global.is_empty()
    }
}

/// What the correction found.
#[derive(Clone, Debug)]
pub(crate) struct Reweighting {
    pub(crate) posterior: WeightedDraws,
    pub(crate) k_hat: f64,
    /// Whether k-hat is small enough for as many draws.
    pub(crate) is_reliable: bool,
    pub(crate) task_k_hat: Vec<f64>,
    /// Tasks whose own k-hat is too large.
    pub(crate) doubtful_tasks: Vec<usize>,
    pub(crate) effective: f64,
    /// Whether the draws are too few that count to be used; it stops early where it sees that coming.
    pub(crate) is_useless: bool,
    /// Whether there are fewer draws than were wanted as time was up.
    pub(crate) is_cut: bool,
    /// Draws of theta that do not count as their density is not finite.
    pub(crate) not_finite: usize,
    pub(crate) ln_evidence: f64,
    pub(crate) ln_evidence_error: f64,
    /// How precisely it tells the latents.
    pub(crate) precision: Precision,
}

/// Variance of a mean over its square, from the weights that its terms have in the sum: the influence of one is w_s - 1 / n.
pub(crate) fn relative_variance(weights: &[f64], dependence: &Dependence) -> f64 {
    let n = weights.len();
    let [squared] = dependence.squared_errors(n, |s| [weights[s] - (n as f64).recip()]);
    squared
}

/// What a task's own weights are worth.
struct Judged {
    k_hat: f64,
    is_doubtful: bool,
}

/// Thetas of which the posterior has less than this, all together, do not tell against a task.
const NEGLIGIBLE: f64 = 0.01;
/// Noise of ln Z_i with less than this variance shows in the weights of theta, and there alone: a task is not to be doubted for it
/// unless its weights have no mean.
const QUIET: f64 = 0.05;

impl TaskAnswers {
    /// Of draws with these weights.
    fn judge(&self, weights: &[f64]) -> Judged {
        let total: f64 = self.proposals.iter().map(|of| weights[of.draw]).sum();
        let mut counting: Vec<_> = self.proposals.iter().filter(|of| !of.weights.is_empty()).collect();
        counting.sort_by(|a, b| weights[a.draw].total_cmp(&weights[b.draw]));
        let mut below = 0.0;
        counting.retain(|of| {
            below += weights[of.draw];
            below > NEGLIGIBLE * total
        });
        let pooled: Vec<f64> = counting.iter().flat_map(|of| of.weights.iter().copied()).collect();
        let k_hat = k_hat_of_proposals(pooled.iter().copied());
        let noise = counting.iter().map(|of| weights[of.draw] * variance_of_mean(&of.weights)).sum::<f64>() / total;
        let is_poor = k_hat != 0.0 && k_hat >= reliable_below(pooled.len());
        Judged { k_hat, is_doubtful: is_poor && (noise > QUIET || k_hat >= 1.0) }
    }
}

/// The relative variance of the mean of independent weights whose mean is about 1.
fn variance_of_mean(weights: &[f64]) -> f64 {
    let n = weights.len() as f64;
    let mean = weights.iter().sum::<f64>() / n;
    weights.iter().map(|w| (w / mean - 1.0).powi(2)).sum::<f64>() / (n * n)
}

impl Reweighting {
    /// The draws with these weights, nothing being known against them.
    pub(crate) fn with_weights(pool: Pool, weights: Vec<f64>) -> Self {
        let dependence = pool.dependence();
        let Pool { theta, tasks, globals, is_cut, .. } = pool;
        let judged: Vec<Judged> = tasks.iter().map(|task| task.judge(&weights)).collect();
        Self {
            k_hat: 0.0,
            is_reliable: true,
            task_k_hat: judged.iter().map(|task| task.k_hat).collect(),
            doubtful_tasks: (0..tasks.len()).filter(|&i| judged[i].is_doubtful).collect(),
            is_cut,
            effective: weights.len() as f64,
            is_useless: false,
            not_finite: 0,
            ln_evidence: 0.0,
            ln_evidence_error: 0.0,
            precision: Precision::default(),
            posterior: WeightedDraws {
                globals,
                theta,
                weights,
                locals: LocalDraws::Drawn(tasks.into_iter().map(|task| task.phi).collect()),
                non_centred: Vec::new(),
                are_values: false,
                dependence,
            },
        }
    }
}
