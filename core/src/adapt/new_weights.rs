//! Draws of theta, weighted by what a new task says of them.

use crate::adapt::new_task::AnswerAt;
use crate::correct::judged::Judged;
use crate::error::Error;
use crate::fit::Evidence;
use crate::sampling::psis::{SmoothWeights, smooth};

/// A new task's answers for draws of theta, with the weights that these have given the task.
pub(crate) struct NewWeights {
    pub(crate) answers: Vec<AnswerAt>,
    pub(crate) smoothed: SmoothWeights,
}

impl NewWeights {
    /// Weighs draws of theta whose weights before sum to 1.
    pub(crate) fn new(answers: Vec<AnswerAt>, before: &[f64]) -> Result<Self, Error> {
        let ln_weights: Vec<f64> =
            answers.iter().zip(before).map(|(at, weight)| at.answer.ln_z + weight.ln()).collect();
        let impossible = || Error::Unusable("the new task has density 0 under every draw of the fit".to_owned());
        Ok(Self { smoothed: smooth(&ln_weights).ok_or_else(impossible)?, answers })
    }

    /// Weighs the draws of theta under which the task is possible.
    pub(crate) fn possible(answers: Vec<AnswerAt>, before: &[f64]) -> Result<Self, Error> {
        let pairs = answers.into_iter().zip(before);
        let (answers, before): (Vec<_>, Vec<f64>) = pairs.filter(|(at, _)| at.answer.ln_z > f64::NEG_INFINITY).unzip();
        Self::new(answers, &before)
    }

    /// What the task's answers say of its evidence: the weights before sum to 1, those now are these times Z.
    pub(crate) fn evidence(&self) -> Evidence {
        let Self { answers, smoothed } = self;
        let draws = smoothed.weights.len() as f64;
        let proposals = answers.iter().zip(&smoothed.weights).map(|(at, weight)| (*weight, at.answer.weights.clone()));
        Evidence {
            draws: smoothed.weights.len(),
            k_hat: smoothed.k_hat,
            task_k_hat: vec![Judged::of(proposals.collect()).k_hat],
            effective_sample_size: smoothed.effective,
            ln_evidence: smoothed.ln_mean + draws.ln(),
            ln_evidence_error: (smoothed.effective.recip() - draws.recip()).max(0.0).sqrt(),
        }
    }
}
