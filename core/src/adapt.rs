//! Tasks never seen: the posterior of their phi, and predictions.
//!
//! p(phi | D_new, D) = E\[ p(phi | D_new, theta) \] over p(theta | D_new, D), and the latter weights the fit's draws of
//! theta by Z_new(theta) = p(D_new | theta). A few draws of theta stand for all of the fit's; see `thetas.rs` for which.

pub mod adapted;
pub(crate) mod new_task;

use crate::adapt::adapted::{Adapted, AtTheta, Prediction, TaskDraw};
use crate::adapt::new_task::Told;
use crate::conditional::Inner;
use crate::error::Error;
use crate::fit::report::task_level;
use crate::fit::{Evidence, Fit, Trust, later, local_values, plain};
use crate::interpret::simulate::{Simulate, Wanted};
use crate::model::{Globals, Latents, Model};
use crate::numbers::number::Real;
use crate::options::AdaptOptions;
use crate::posterior::thetas::Thetas;
use crate::sampling::psis::{Smoothed, k_hat_of_proposals, smooth};
use std::sync::{Arc, OnceLock};

impl<M: Model> Fit<M> {
    /// The posterior of phi for a task that was not part of the fit, without refitting.
    ///
    /// Data of the task that are `None` are missing; a task whose data are all missing gets its prior given what was
    /// learned of theta. Every task is met with the same random numbers: differences between tasks have the less noise
    /// for it, but what Monte Carlo error there is, tasks share.
    ///
    /// # Errors
    /// Data outside their support, invalid constants; a density that is zero for every draw of theta.
    pub fn adapt(&self, task: &M::Task) -> Result<Adapted<'_, M>, Error> {
        self.adapt_with(task, &AdaptOptions::default())
    }

    /// The same with as many draws as `options` say.
    ///
    /// # Errors
    /// As for [`adapt`](Self::adapt).
    ///
    /// # Panics
    /// If `options` ask for no draws, or allow no proposals.
    pub fn adapt_with(&self, task: &M::Task, options: &AdaptOptions) -> Result<Adapted<'_, M>, Error> {
        let AdaptOptions { global_draws, mut local_draws, max_proposals } = *options;
        assert!(global_draws > 0 && local_draws > 0 && max_proposals > 0, "a posterior needs draws");
        let mut cluster = local_draws;
        let is_fixed = self.guide().is_point() || self.guide().global.is_empty();
        if is_fixed {
            // all draws of theta are the same, and those of phi independent
            (local_draws, cluster) = (global_draws * local_draws, 1);
        }
        let choose = || {
            if is_fixed {
                return Thetas::fixed(&self.posterior);
            }
            Thetas::of(&self.posterior, global_draws, &mut later(self.options.seed, 1))
        };
        let own;
        let thetas = if is_fixed || global_draws == AdaptOptions::default().global_draws {
            self.thetas.get_or_init(choose)
        } else {
            own = choose();
            &own
        };
        let inner = Inner { wanted: local_draws, most: max_proposals };
        let told = self.ask(task, thetas.iter().map(|draw| draw.0), inner, &mut later(self.options.seed, 0))?;
        let (thetas, told): (Vec<_>, Vec<_>) =
            thetas.iter().zip(told).filter(|(_, told)| told.ln_z > f64::NEG_INFINITY).unzip();
        let ln_weights: Vec<f64> = told.iter().zip(&thetas).map(|(told, theta)| told.ln_z + theta.1.ln()).collect();
        let smoothed = smooth(&ln_weights).ok_or_else(impossible)?;
        let mut evidence = evidence_of(&smoothed, &told);
        if is_fixed {
            // the draws of phi are what there is
            evidence =
                Evidence { k_hat: 0.0, draws: local_draws, effective_sample_size: local_draws as f64, ..evidence };
        }
        let centred = vec![false; M::LOCAL_SITES.len()];
        let mut draws = Vec::with_capacity(told.len() * local_draws);
        let mut weights = Vec::with_capacity(draws.capacity());
        let mut given_theta = Vec::with_capacity(told.len());
        for ((told, (u, _)), weight) in told.into_iter().zip(thetas).zip(smoothed.weights) {
            let global = shared::<M>(&told.theta);
            for phi in &told.phis {
                let local = local_values(&self.model, &centred, &told.theta, task, phi.as_slice());
                draws.push(TaskDraw { global: Arc::clone(&global), local });
                weights.push(weight / local_draws as f64);
            }
            given_theta.extend(told.given_theta.map(|phi| AtTheta { theta: u.to_vec(), phi, weight }));
        }
        Ok(Adapted {
            model: &self.model,
            seed: self.options.seed,
            start: self.start,
            level: task_level(&self.model, &self.start, task),
            draws,
            weights,
            cluster,
            given_theta,
            trust: Trust::of_task(&self.trust, &evidence),
            evidence: Some(evidence),
        })
    }

    /// Predictive draws of the missing observations of task `i`.
    ///
    /// # Errors
    /// A distribution without a sampler.
    ///
    /// # Panics
    /// If there is no task `i`.
    pub fn predict(&self, i: usize) -> Result<Vec<Prediction>, Error> {
        self.seen(i).predictions(self.model.task(i), Some(i), Wanted::Missing)
    }

    /// Draws of all observations of task `i` as if they were made again: for checks of the model.
    ///
    /// # Errors
    /// A distribution without a sampler.
    ///
    /// # Panics
    /// If there is no task `i`.
    pub fn replicate(&self, i: usize) -> Result<Vec<Prediction>, Error> {
        self.seen(i).predictions(self.model.task(i), Some(i), Wanted::All)
    }

    /// Predictive draws of the missing observations of a task of which nothing else is known: its data are taken as
    /// missing, whatever they are.
    ///
    /// # Errors
    /// A distribution without a sampler, or invalid constants.
    pub fn predict_new(&self, task: &M::Task) -> Result<Vec<Prediction>, Error> {
        self.unseen(task)?.predictions(task, None, Wanted::All)
    }

    /// The latents of a task of which nothing is known yet: its data are taken as missing, whatever they are.
    ///
    /// # Errors
    /// A distribution of a local latent without a sampler, or invalid constants.
    pub fn unseen(&self, task: &M::Task) -> Result<Adapted<'_, M>, Error> {
        let mut rng = later(self.options.seed, 2);
        let draws = (0..self.posterior.len()).map(|s| {
            let theta = self.plain_globals(self.posterior.theta(s));
            let mut run = Simulate::new(&mut rng, Wanted::All, None, false);
            let mut phi = Default::default();
            self.model.local(&mut run, &theta, task, &mut phi);
            let mut local = Default::default();
            M::Local::map(&phi, &mut local, |x: &Real<f64>| x.0);
            run.error.map_or(Ok(TaskDraw { global: shared::<M>(&theta), local }), Err)
        });
        Ok(self.as_adapted(draws.collect::<Result<_, _>>()?, task))
    }

    /// The posterior of the latents of task `i` of the fit, as if it had been adapted to.
    ///
    /// # Panics
    /// If there is no task `i`.
    pub fn seen(&self, i: usize) -> Adapted<'_, M> {
        let source = self.view().source();
        let draws = (0..self.posterior.len()).map(|s| {
            let theta = source.theta(s);
            TaskDraw { local: source.local(s, &theta, i), global: shared::<M>(&theta) }
        });
        self.as_adapted(draws.collect(), self.model.task(i))
    }

    /// A draw of the task's phi for each of the fit's own draws of theta.
    fn as_adapted(&self, draws: Vec<TaskDraw<M>>, task: &M::Task) -> Adapted<'_, M> {
        Adapted {
            model: &self.model,
            seed: self.options.seed,
            start: self.start,
            level: task_level(&self.model, &self.start, task),
            draws,
            weights: self.posterior.weights.clone(),
            cluster: 1,
            given_theta: Vec::new(),
            evidence: None,
            trust: self.trust.clone(),
        }
    }

    /// Learns from a task never seen: the draws of theta are weighted by what the task says of them, and evidence and
    /// trust are those of all tasks from now on.
    ///
    /// The task itself is not stored; `adapt` gives its own latents. Returns the k-hat of the new weights; where it is too
    /// large (see [`Evidence`]) the fit has learned more than its draws can tell, is called doubtful from then on, and
    /// should be made anew with the task among the data.
    ///
    /// # Errors
    /// As for [`adapt`](Self::adapt); and where q(theta) is a point, which learns nothing from a task.
    pub fn absorb(&mut self, task: &M::Task) -> Result<f64, Error> {
        if self.guide().is_point() {
            return Err(Error::Unusable(
                "q(theta) is a point, which a task does not move: fit anew with the task among the data".to_owned(),
            ));
        }
        let inner = Inner { wanted: 0, most: AdaptOptions::default().max_proposals };
        let thetas = (0..self.posterior.len()).map(|s| self.posterior.theta(s));
        let told = self.ask(task, thetas, inner, &mut later(self.options.seed, 3))?;
        let weighted = told.iter().zip(&self.posterior.weights);
        let ln_weights: Vec<f64> = weighted.map(|(told, weight)| told.ln_z + weight.ln()).collect();
        let smoothed = smooth(&ln_weights).ok_or_else(impossible)?;
        let learned = evidence_of(&smoothed, &told);
        self.posterior.weights = smoothed.weights;
        self.thetas = OnceLock::new();
        self.absorbed += 1;
        self.trust.learn(&learned, self.absorbed);
        if let Some(evidence) = &mut self.evidence {
            evidence.learn(&learned);
        }
        Ok(learned.k_hat)
    }
}

/// What a task's answers for draws of theta say of its evidence, given the smoothed weights of these draws: those before,
/// which sum to 1, times Z.
fn evidence_of<M: Model>(smoothed: &Smoothed, told: &[Told<M>]) -> Evidence {
    let draws = smoothed.weights.len() as f64;
    Evidence {
        draws: smoothed.weights.len(),
        k_hat: smoothed.k_hat,
        task_k_hat: vec![k_hat_of_proposals(told.iter().flat_map(|told| told.weights.iter().copied()))],
        effective_sample_size: smoothed.effective,
        ln_evidence: smoothed.ln_mean + draws.ln(),
        ln_evidence_error: (smoothed.effective.recip() - draws.recip()).max(0.0).sqrt(),
    }
}

fn impossible() -> Error {
    Error::Unusable("the new task has density 0 under every draw of the fit".to_owned())
}

fn shared<M: Model>(theta: &Globals<M, f64>) -> Arc<<M::Global as Latents>::Of<f64>> {
    Arc::new(plain::<M>(theta))
}
