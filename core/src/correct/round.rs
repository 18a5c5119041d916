//! One round: draws of theta with their log weights, and what every task says of each.

use crate::guide::Guide;
use crate::posterior::draws::{LocalDraws, WeightedDraws};
use crate::posterior::gaussian::GaussianHierarchy;
use crate::sampling::psis::{k_hat_of_proposals, reliable_below, smooth};
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

/// Draws of theta from a proposal, their log weights but for the tasks, and what each task says.
#[derive(Default)]
pub(crate) struct Round {
    /// Row-major: a row a draw.
    pub(crate) theta: Vec<f64>,
    /// The coordinates of theta that were proposed: all but those that are Gaussian given these.
    pub(crate) proposed: Vec<f64>,
    pub(crate) ln_outside: Vec<f64>,
    pub(crate) tasks: Vec<TaskAnswers>,
    /// Whether it has fewer draws than it should as time was up.
    pub(crate) is_cut: bool,
}

/// What a task says of every draw of theta, and a draw of phi for each, row-major.
#[derive(Clone, Default)]
pub(crate) struct TaskAnswers {
    pub(crate) ln_z: Vec<f64>,
    pub(crate) phi: Vec<f64>,
    /// Weights of its proposals for some of the thetas.
    pub(crate) proposals: Vec<f64>,
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
}

/// Variance of a mean over its square, from the weights that its terms have in the sum:
/// Var(mean) / mean^2 = sum_s w_s^2 - 1 / n.
pub(crate) fn relative_variance(weights: &[f64]) -> f64 {
    (weights.iter().map(|w| w * w).sum::<f64>() - (weights.len() as f64).recip()).max(0.0)
}

/// A task's k-hat.
struct Judged {
    k_hat: f64,
    is_reliable: bool,
}

impl TaskAnswers {
    fn judge(&self) -> Judged {
        let k_hat = k_hat_of_proposals(self.proposals.iter().copied());
        Judged { k_hat, is_reliable: k_hat == 0.0 || k_hat < reliable_below(self.proposals.len()) }
    }

    /// Whether every estimate is the same.
    pub(crate) fn is_exact(&self) -> bool {
        self.ln_z.iter().all(|z| z.to_bits() == self.ln_z[0].to_bits())
    }
}

impl Round {
    /// How many draws of theta it has.
    pub(crate) fn len(&self) -> usize {
        self.ln_outside.len()
    }

    /// How many of its draws count.
    pub(crate) fn effective(&self) -> f64 {
        smooth(&self.ln_weights()).map_or(0.0, |smoothed| smoothed.effective)
    }

    pub(crate) fn ln_weights(&self) -> Vec<f64> {
        let mut ln_weights = self.ln_outside.clone();
        for task in &self.tasks {
            ln_weights.iter_mut().zip(&task.ln_z).for_each(|(w, z)| *w += z);
        }
        ln_weights
    }

    /// The draws with these weights, nothing being known against them.
    pub(crate) fn with_weights(self, weights: Vec<f64>) -> Reweighting {
        let Self { theta, tasks, is_cut, .. } = self;
        let judged: Vec<Judged> = tasks.iter().map(TaskAnswers::judge).collect();
        Reweighting {
            k_hat: 0.0,
            is_reliable: true,
            task_k_hat: judged.iter().map(|task| task.k_hat).collect(),
            doubtful_tasks: (0..tasks.len()).filter(|&i| !judged[i].is_reliable).collect(),
            is_cut,
            effective: weights.len() as f64,
            is_useless: false,
            not_finite: 0,
            ln_evidence: 0.0,
            ln_evidence_error: 0.0,
            posterior: WeightedDraws {
                globals: theta.len() / weights.len(),
                theta,
                weights,
                locals: LocalDraws::Drawn(tasks.into_iter().map(|task| task.phi).collect()),
                non_centred: Vec::new(),
                are_values: false,
            },
        }
    }
}
