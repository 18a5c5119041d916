//! Draws of a task's latents from the factor that was computed for it, as they are or with importance weights.
//!
//! With draws of theta from q(theta) and of phi from q(phi | D),
//!
//! ```text
//! w_s = p(D, phi_s | theta_s) / q(phi_s | D),  E[w_s] = E[p(D | theta)] under q(theta),  E[ln w_s] = the task's ELBO
//! ```

use crate::adapt::adapted::{Adapted, TaskDraw};
use crate::amortise::training::Training;
use crate::density::program::{Masks, Program, Scoring, unscored};
use crate::error::Error;
use crate::fit::{Evidence, Trust};
use crate::guide::MeanField;
use crate::model::Model;
use crate::model::signature::Signature;
use crate::model::site_mask::SiteMask;
use crate::model::subset::Subset;
use crate::model::values::values_of;
use crate::numbers::pass::Derivatives;
use crate::options::Correction;
use crate::sampling::noise::Noise;
use crate::sampling::psis::{SmoothWeights, smooth};
use crate::sampling::stream::Stream;
use std::f64::consts::PI;
use std::sync::Arc;

/// What draws weigh, and what that says.
struct Weighed {
    weights: Vec<f64>,
    evidence: Option<Evidence>,
    trust: Trust,
}

/// The step of fresh draws that no training comes to.
const STEP: u64 = u64::MAX;

impl<M: Model> Training<'_, M> {
    /// Draws of theta, and of the latents of a task with the given factor, computed by what `how` names.
    pub(super) fn adapted(&self, task: &M::Task, factor: &MeanField, how: &str) -> Adapted<'_, M> {
        let noise = self.fixed(self.options.posterior_draws, 1);
        let weights = vec![(noise.draws as f64).recip(); noise.draws];
        let trust = Trust {
            method: Correction::MeanField,
            is_reliable: false,
            is_doubtful: true,
            doubtful_tasks: Vec::new(),
            notes: vec![format!("mean-field, by {how}, and not corrected")],
        };
        self.drawn(task, factor, &noise, Weighed { weights, evidence: None, trust })
    }

    /// Draws from the factor with the weights that make them draws of the posterior.
    pub(super) fn corrected(&self, task: &M::Task, factor: &MeanField, draws: usize) -> Result<Adapted<'_, M>, Error> {
        let noise = Noise::fresh(self.noise_size(draws), &[0], Stream::apart(self.options.seed), STEP);
        let impossible = || Error::Unusable("the task has density 0 under every draw of its factor".to_owned());
        let smoothed = smooth(&self.ln_weights(task, factor, &noise)).ok_or_else(impossible)?;
        let is_reliable = smoothed.is_reliable();
        let doubt = format!("the factor is a poor proposal (k-hat {:.2})", smoothed.k_hat);
        let SmoothWeights { weights, k_hat, effective, ln_mean, .. } = smoothed;
        let evidence = Evidence {
            k_hat,
            task_k_hat: vec![k_hat],
            draws,
            effective_sample_size: effective,
            ln_evidence: ln_mean,
            ln_evidence_error: (effective.recip() - (draws as f64).recip()).max(0.0).sqrt(),
        };
        let trust = Trust {
            method: Correction::Importance,
            is_reliable,
            is_doubtful: !is_reliable,
            doubtful_tasks: Vec::new(),
            notes: (!is_reliable).then_some(doubt).into_iter().collect(),
        };
        Ok(self.drawn(task, factor, &noise, Weighed { weights, evidence: Some(evidence), trust }))
    }

    /// ln p(D, phi | theta) - ln q(phi | D) of each draw.
    fn ln_weights(&self, task: &M::Task, factor: &MeanField, noise: &Noise) -> Vec<f64> {
        let single = Subset::one(self.model, task);
        let density = self.density(&single);
        let masks = Masks::all(&single.signature());
        let mask = SiteMask { non_centred: self.non_centred.clone(), ..masks.tasks };
        let thetas: Vec<Vec<f64>> = (0..self.different(noise)).map(|s| self.global.at(noise.theta(s))).collect();
        let fixed = single.fix(Scoring::Value, &density.layout, &thetas);
        let (mut scorer, mut out) = (fixed.scorer(&mask), Derivatives::default());
        let ln_volume = factor.ln_scale.iter().map(|ln_scale| ln_scale + 0.5 * (2.0 * PI).ln()).sum::<f64>();
        let of_draw = |s: usize| {
            let noise = &noise.local(0, s)[..factor.len()];
            let ln_q = -0.5 * noise.iter().map(|e| e * e).sum::<f64>() - ln_volume;
            scorer.score(s.min(thetas.len() - 1), 0, &factor.at(noise), &mut out).total() - ln_q
        };
        (0..noise.draws).map(of_draw).collect()
    }

    /// How many of the draws of theta differ.
    fn different(&self, noise: &Noise) -> usize {
        let is_point = self.global.ln_scale.iter().all(|s| *s == f64::NEG_INFINITY);
        if is_point { 1 } else { noise.draws }
    }

    fn drawn(&self, task: &M::Task, factor: &MeanField, noise: &Noise, weighed: Weighed) -> Adapted<'_, M> {
        let program = Subset::one(self.model, task);
        let mask = unscored(&Signature::of::<M>(), &self.non_centred);
        let of_theta = |s: usize| {
            let theta = program.plain_globals(&self.global.at(noise.theta(s)));
            (Arc::new(values_of::<M::Global>(&theta)), theta)
        };
        let mut last = of_theta(0);
        let draw = |s: usize| {
            if (1..self.different(noise)).contains(&s) {
                last = of_theta(s);
            }
            let (values, theta) = &last;
            let local = program.plain_locals(theta, &mask, 0, &factor.at(noise.local(0, s)));
            TaskDraw::new(Arc::clone(values), local)
        };
        let Weighed { weights, evidence, trust } = weighed;
        Adapted {
            model: self.model,
            seed: self.options.seed,
            start: self.start,
            level: program.task_level(&self.start, 0),
            draws: (0..noise.draws).map(draw).collect(),
            weights,
            cluster: 1,
            given_theta: Vec::new(),
            evidence,
            trust,
        }
    }
}
