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
    /// ln p(D_new | all other data), and its Monte Carlo error.
    ln_evidence: f64,
    ln_evidence_error: f64,
}

impl NewWeights {
    /// Weighs draws of theta whose weights before sum to 1.
    pub(crate) fn new(answers: Vec<AnswerAt>, before: &[f64]) -> Result<Self, Error> {
        let ln_weights: Vec<f64> =
            answers.iter().zip(before).map(|(at, weight)| at.answer.ln_z + weight.ln()).collect();
        let smoothed = smooth(&ln_weights).ok_or_else(impossible)?;
        let draws = smoothed.weights.len() as f64;
        let ln_evidence = smoothed.ln_mean + draws.ln();
        let ln_evidence_error = (smoothed.effective.recip() - draws.recip()).max(0.0).sqrt();
        Ok(Self { answers, smoothed, ln_evidence, ln_evidence_error })
    }

    /// Weighs the draws of theta under which the task is possible.
    pub(crate) fn possible(answers: Vec<AnswerAt>, before: &[f64]) -> Result<Self, Error> {
        let (answers, before) = under_which_possible(answers, before);
        Self::new(answers, &before)
    }

    /// Leaves draws of theta that have learned from the task already the weights w that they have. What it adds to the evidence
    /// of the other tasks is, with r proportional to w / Z and smoothed, as leave-one-out has it
    ///     p(D_i | other data) = sum_s r_s Z_i(theta_s)
    pub(crate) fn of_one_among(answers: Vec<AnswerAt>, weights: &[f64]) -> Result<Self, Error> {
        let (answers, weights) = under_which_possible(answers, weights);
        let ln_weights: Vec<f64> = weights.iter().map(|w| w.ln()).collect();
        let ln_without: Vec<f64> = answers.iter().zip(&ln_weights).map(|(at, ln_w)| ln_w - at.answer.ln_z).collect();
        let smoothed = smooth(&ln_weights).ok_or_else(impossible)?;
        let without = smooth(&ln_without).ok_or_else(impossible)?.weights;
        let highest = answers.iter().fold(f64::NEG_INFINITY, |top, at| top.max(at.answer.ln_z));
        let terms: Vec<f64> =
            answers.iter().zip(&without).map(|(at, r)| r * (at.answer.ln_z - highest).exp()).collect();
        let total: f64 = terms.iter().sum();
        let influences = terms.iter().zip(&without).map(|(term, r)| term / total - r);
        let ln_evidence_error = influences.map(|influence| influence * influence).sum::<f64>().sqrt();
        Ok(Self { answers, smoothed, ln_evidence: highest + total.ln(), ln_evidence_error })
    }

    /// What the task's answers say of its evidence: the weights before sum to 1, those now are these times Z.
    pub(crate) fn evidence(&self) -> Evidence {
        let Self { answers, smoothed, ln_evidence, ln_evidence_error } = self;
        let proposals = answers.iter().zip(&smoothed.weights).map(|(at, weight)| (*weight, at.answer.weights.clone()));
        Evidence {
            draws: smoothed.weights.len(),
            k_hat: smoothed.k_hat,
            task_k_hat: vec![Judged::of(proposals.collect()).k_hat],
            effective_sample_size: smoothed.effective,
            ln_evidence: *ln_evidence,
            ln_evidence_error: *ln_evidence_error,
        }
    }
}

/// Leaves the draws of theta under which the task is possible alone.
fn under_which_possible(answers: Vec<AnswerAt>, weights: &[f64]) -> (Vec<AnswerAt>, Vec<f64>) {
    answers.into_iter().zip(weights).filter(|(at, _)| at.answer.ln_z > f64::NEG_INFINITY).unzip()
}

fn impossible() -> Error {
    Error::Unusable("the task has density 0 under every draw of the fit: its data are impossible there; fit it together with the others".to_owned())
}
