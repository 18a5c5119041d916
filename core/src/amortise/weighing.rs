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
use crate::sampling::noise::{Noise, NoiseSize};
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
        // no two tasks have the same draws, or their errors would add up
        let own = factor.loc.iter().fold(0, |key: u64, loc| key.rotate_left(7) ^ loc.to_bits());
        let (size, seed) = (self.noise_size(draws), Stream::apart(self.options.seed));
        let noise = if self.is_point() {
            Noise::fresh_at_point(NoiseSize { globals: 0, ..size }, &[0], seed, own)
        } else {
            Noise::fresh(size, &[0], seed, own)
        };
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
        let thetas: Vec<Vec<f64>> = (0..self.different(noise)).map(|s| self.theta(noise, s)).collect();
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
        if self.is_point() { 1 } else { noise.draws }
    }

    fn theta(&self, noise: &Noise, draw: usize) -> Vec<f64> {
        if self.is_point() { self.global.loc.clone() } else { self.global.at(noise.theta(draw)) }
    }

    fn drawn(&self, task: &M::Task, factor: &MeanField, noise: &Noise, weighed: Weighed) -> Adapted<'_, M> {
        let program = Subset::one(self.model, task);
        let mask = unscored(&Signature::of::<M>(), &self.non_centred);
        let of_theta = |s: usize| {
            let theta = program.plain_globals(&self.theta(noise, s));
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

#[cfg(test)]
mod tests {
    use crate::amortise::encoder::Encoded;
    use crate::amortise::training::Training;
    use crate::amortise::{Amortised, Mlp};
    use crate::options::{Estimator, GlobalFactor, Options};
    use crate::prelude::*;
    use nalgebra::{DMatrix, DVector};

    model! {
        /// Probabilistic principal components (Tipping & Bishop 1999), of three numbers and two components.
        Components(rows: &[Vec<f64>]) {
            w[_ in 0..6] ~ Normal(0.0, 1.0);
            b[_ in 0..3] ~ Normal(0.0, 1.0);
            for row in rows {
                z[_ in 0..2] ~ Normal(0.0, 1.0);
                let mean = dense(&w, &b, &z);
                for k in 0..3 {
                    row[k] ~ Normal(mean[k], NOISE);
                }
            }
        }
    }

    const NOISE: f64 = 0.6;
    const WEIGHTS: [f64; 6] = [0.9, -0.4, 0.3, 1.1, -0.5, 0.7];
    const BIASES: [f64; 3] = [0.2, -0.1, 0.4];

    /// With Lambda = 1 + W' W / noise^2 the posterior of z is Normal(Lambda^-1 W' (x - b) / noise^2, Lambda^-1), and the
    /// best mean-field factor has variances 1 / Lambda_ll, (sum_l ln Lambda_ll - ln det Lambda) / 2 nats from it.
    #[test]
    fn bound_and_evidence_of_principal_components_are_known() {
        let rows = [vec![0.3, 1.2, -0.9], vec![-0.4, 0.2, 1.5], vec![2.0, -1.0, 0.1]];
        let model = Components::new(&rows);
        let (w, b) = (DMatrix::from_row_slice(3, 2, &WEIGHTS), DVector::from_row_slice(&BIASES));
        let precision = DMatrix::identity(2, 2) + w.tr_mul(&w) / NOISE.powi(2);
        let to_mean = precision.clone().try_inverse().expect("positive") * w.transpose() / NOISE.powi(2);
        let shift = -(&to_mean * &b);
        let covariance = &w * w.transpose() + DMatrix::identity(3, 3) * NOISE.powi(2);
        let inverse = covariance.clone().try_inverse().expect("positive");
        let of_row = |row: &Vec<f64>| {
            let x = DVector::from_row_slice(row) - &b;
            -0.5 * (x.dot(&(&inverse * &x)) + (covariance.clone() * std::f64::consts::TAU).determinant().ln())
        };
        let gap = 0.5 * (precision.diagonal().map(f64::ln).sum() - precision.determinant().ln());

        // rows of means, then of ln scales, then biases
        let mut weights: Vec<f64> = to_mean.transpose().as_slice().to_vec();
        weights.extend([0.0; 6]);
        weights.extend(shift.iter());
        weights.extend(precision.diagonal().iter().map(|p| -0.5 * p.ln()));
        for estimator in [Estimator::ClosedForm, Estimator::ClosedKl, Estimator::Sampled] {
            let options = Options { estimator, global: GlobalFactor::Point, ..Options::default() };
            let mut training = Training::new(&model, &options).expect("the data are valid");
            training.global.loc = [&WEIGHTS[..], &BIASES].concat();
            let how = Encoded::new(Mlp::new(3, &[], 2, Vec::clone), weights.clone());
            let bound = Amortised::bounds(&training, [&model, &model], &how).tasks;
            let expected = rows.iter().map(of_row).sum::<f64>() - 3.0 * gap;
            assert!((bound - expected).abs() < 1e-9, "{estimator:?}: {bound} and {expected}");
            for row in &rows {
                let factor = crate::amortise::Recognition::<Components<'_>>::factors(&how, &training, &[row]);
                let found = training.corrected(row, &factor, 4000).expect("possible");
                let evidence = found.evidence().expect("weights were used");
                let off = (evidence.ln_evidence - of_row(row)).abs();
                // fails by chance once in 10,000 seeds, for three rows
                assert!(off < 4.0 * evidence.ln_evidence_error && evidence.ln_evidence_error < 0.03, "{evidence:?}");
                let mean = &to_mean * (DVector::from_row_slice(row) - &b);
                let z = &found.local().z;
                assert!((z[0].mean - mean[0]).abs() < 0.05 && (z[1].mean - mean[1]).abs() < 0.05, "{z:?} {mean}");
                let inverse = precision.clone().try_inverse().expect("positive");
                assert!((z[0].sd / inverse[(0, 0)].sqrt() - 1.0).abs() < 0.1, "{z:?}");
            }
        }
    }
}
