//! What a correction starts from, and what it finds.

use crate::correct::certificate::Compared;
use crate::correct::judged::Judged;
use crate::correct::pool::{Pool, ProposalWeights, TaskAnswers};
use crate::correct::precision::Precision;
use crate::correct::proposal::Part;
use crate::correct::scores::Scores;
use crate::guide::Guide;
use crate::linalg::gaussian::Gaussian;
use crate::posterior::draws::{LocalDraws, WeightedDraws};
use crate::posterior::gaussian::GaussianHierarchy;
use crate::posterior::mc_error::Dependence;
use nalgebra::DVector;

/// What a correction starts from.
pub(crate) struct Basis<'a> {
    pub(crate) guide: &'a Guide,
    pub(crate) gaussian: &'a GaussianHierarchy,
    /// By task, where phi_i is in centred coordinates when theta is at the guide's mean.
    pub(crate) modes_at_mean: &'a [DVector<f64>],
    /// Gaussians of theta around its other modes, if there are any.
    pub(crate) other_modes: &'a [Gaussian],
}

impl Basis<'_> {
    /// Whether there is but one theta: a point, or none at all.
    pub(crate) fn is_fixed(&self) -> bool {
        self.guide.is_point() || self.guide.global.is_empty()
    }

    /// What it says of some coordinates of theta.
    pub(crate) fn proposal_of(&self, at: &[usize]) -> Option<Part> {
        let mean = DVector::from_column_slice(&self.guide.global.loc);
        Part::new(Gaussian { mean, root: self.gaussian.global.root() }.marginal(at)?)
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
    /// What chains say of it, if any looked.
    pub(crate) compared: Option<Compared>,
    /// How well the draws satisfy what gradients must.
    pub(crate) scores: Option<Scores>,
}

/// Variance of a mean over its square, from the weights that its terms have in the sum: the influence of one is w_s - 1 / n.
pub(crate) fn relative_variance(weights: &[f64], dependence: &Dependence) -> f64 {
    let n = weights.len();
    let [squared] = dependence.squared_errors(n, |s| [weights[s] - (n as f64).recip()]);
    squared
}

impl Reweighting {
    /// The draws with these weights, nothing being known against them.
    pub(crate) fn with_weights(pool: Pool, weights: Vec<f64>) -> Self {
        let dependence = pool.dependence();
        let Pool { theta, tasks, globals, is_cut, .. } = pool;
        let of_draws = |of: &ProposalWeights| (weights[of.draw], of.weights.clone());
        let judge = |task: &TaskAnswers| Judged::of(task.proposals.iter().map(of_draws).collect());
        let judged: Vec<Judged> = tasks.iter().map(judge).collect();
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
            compared: None,
            scores: None,
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
