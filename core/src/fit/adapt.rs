//! Tasks never seen: the posterior of their phi, and predictions.
//!
//! p(phi | D_new, D) = E\[ p(phi | D_new, theta) \] over p(theta | D_new, D), and the latter weights the fit's draws of
//! theta by Z_new(theta) = p(D_new | theta). Newton's method in the task's block finds p(phi | D_new, theta): exactly
//! where it is Gaussian, by importance sampling around its mode otherwise.

use crate::conditional::{Conditionals, Guess, Inner};
use crate::elbo::{Objective, Shape, Written};
use crate::error::{Error, Place};
use crate::fit::{Fit, later, local_values, resample, summarise};
use crate::interpret::discover::Start;
use crate::interpret::log_density::{Counted, LogDensity};
use crate::interpret::simulate::{Simulate, Wanted};
use crate::model::{Globals, Latents, Locals, Model};
use crate::number::Real;
use crate::psis::smooth;
use crate::real::log_sum_exp;
use crate::subset::Subset;
use crate::summary::Summary;
use nalgebra::{DMatrix, DVector};
use rand::Rng;
use std::sync::OnceLock;

/// Draws of theta that a new task is adapted with, and draws of its phi for each.
const THETAS: usize = 64;
const PHIS: usize = 4;
/// Most proposals of phi a draw of theta.
const MOST_INNER: usize = 64;

/// The posterior of the latents of one task, joint with theta.
pub struct Adapted<'f, M: Model> {
    fit: &'f Fit<M>,
    /// theta and phi of each draw, constrained.
    draws: Vec<(Globals<M, f64>, Locals<M, f64>)>,
    weights: Vec<f64>,
    ln_evidence: f64,
}

/// A draw of theta and of one task's latents.
pub struct TaskDraw<M: Model> {
    /// theta.
    pub global: <M::Global as Latents>::Of<f64>,
    /// phi of the task.
    pub local: <M::Local as Latents>::Of<f64>,
}

impl<M: Model> TaskDraw<M> {
    fn of((theta, phi): &(Globals<M, f64>, Locals<M, f64>)) -> Self {
        let mut out = Self { global: Default::default(), local: Default::default() };
        M::Global::map(theta, &mut out.global, |x: &Real<f64>| x.0);
        M::Local::map(phi, &mut out.local, |x: &Real<f64>| x.0);
        out
    }
}

/// Predictive draws of one observation.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// Which observation.
    pub place: Place,
    /// Equally likely draws where the posterior's are; use `weights` otherwise.
    pub draws: Vec<f64>,
    /// Of the draws; they sum to 1.
    pub weights: Vec<f64>,
    /// Mean, standard deviation and quantiles of the draws.
    pub summary: Summary,
}

impl<M: Model> Fit<M> {
    /// The posterior of phi for a task that was not part of the fit, without refitting.
    ///
    /// Data of the task that are `None` are missing; a task whose data are all missing gets its prior given what was
    /// learned of theta.
    ///
    /// # Errors
    /// Data outside their support, invalid constants; a density that is zero for every draw of theta.
    pub fn adapt(&self, task: &M::Task) -> Result<Adapted<'_, M>, Error> {
        let single = Subset::one(&self.model, task);
        let shape = Shape::discover(&single, &Start::Zero).map_err(Error::of_new_task)?;
        let objective = Objective::new(&single, &shape, Written::CENTRED);
        let conditionals = Conditionals::new(&objective);
        let thetas =
            self.thetas.get_or_init(|| resample(&self.posterior.weights, THETAS, &mut later(self.options.seed, 1)));
        let centred = vec![false; M::LOCAL_SITES.len()];
        let mut rng = later(self.options.seed, 0);
        let n = objective.offsets[1];
        let (mut centre, wide) = (DVector::zeros(n), DMatrix::identity(n, n));
        let mut workspace = conditionals.workspace();
        let (mut ln_weights, mut draws) = (Vec::with_capacity(THETAS * PHIS), Vec::with_capacity(THETAS * PHIS));
        for &s in thetas {
            let theta = conditionals.fix(self.posterior.theta(s));
            let guess = Guess { start: &centre, covariance: &wide };
            let inner = Inner { wanted: PHIS, most: MOST_INNER };
            let answer = conditionals.answer(0, &theta, &guess, inner, &mut workspace, &mut rng);
            for u in &answer.draws {
                ln_weights.push(answer.ln_z);
                draws.push((theta.plain.clone(), local_reals(&self.model, &centred, &theta.plain, task, u.as_slice())));
            }
            // the next draw of theta puts phi near to where this one did
            centre = answer.mode;
        }
        let smoothed = smooth(&ln_weights).ok_or_else(impossible)?;
        Ok(Adapted { fit: self, draws, weights: smoothed.weights, ln_evidence: smoothed.ln_mean })
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
    /// A distribution of a local latent without a sampler.
    pub fn unseen(&self, task: &M::Task) -> Result<Adapted<'_, M>, Error> {
        let mut rng = later(self.options.seed, 2);
        let mut draws = Vec::with_capacity(self.posterior.len());
        for s in 0..self.posterior.len() {
            let theta = self.plain_globals(self.posterior.theta(s));
            let mut run = Simulate::new(&mut rng, Wanted::All, None, false);
            let mut phi = Default::default();
            self.model.local(&mut run, &theta, task, &mut phi);
            run.error.map_or(Ok(()), Err)?;
            draws.push((theta, phi));
        }
        Ok(Adapted { fit: self, draws, weights: self.posterior.weights.clone(), ln_evidence: 0.0 })
    }

    /// The posterior of the latents of task `i` of the fit, as if it had been adapted to.
    ///
    /// # Panics
    /// If there is no task `i`.
    pub fn seen(&self, i: usize) -> Adapted<'_, M> {
        let table = self.posterior.task(&self.climbed.guide, &self.gaussian, i);
        let width = self.climbed.guide.task(i).len();
        let draws = (0..self.posterior.len()).map(|s| {
            let theta = self.plain_globals(self.posterior.theta(s));
            let phi = local_reals(
                &self.model,
                &self.posterior.non_centred,
                &theta,
                self.model.task(i),
                &table[s * width..(s + 1) * width],
            );
            (theta, phi)
        });
        Adapted { fit: self, draws: draws.collect(), weights: self.posterior.weights.clone(), ln_evidence: 0.0 }
    }

    /// Learns from a task never seen: the draws of theta are weighted by what the task says of them.
    ///
    /// The task itself is not stored; `adapt` gives its own latents. Returns the k-hat of the new weights: above 0.7 the
    /// fit has learned more than its draws can tell, and should be made anew with the task among the data.
    ///
    /// # Errors
    /// As for [`adapt`](Self::adapt).
    pub fn absorb(&mut self, task: &M::Task) -> Result<f64, Error> {
        let single = Subset::one(&self.model, task);
        let shape = Shape::discover(&single, &Start::Zero).map_err(Error::of_new_task)?;
        let objective = Objective::new(&single, &shape, Written::CENTRED);
        let conditionals = Conditionals::new(&objective);
        let mut rng = later(self.options.seed, 3);
        let n = objective.offsets[1];
        let (mut centre, wide) = (DVector::zeros(n), DMatrix::identity(n, n));
        let mut workspace = conditionals.workspace();
        let mut ln_weights = Vec::with_capacity(self.posterior.len());
        for (s, weight) in self.posterior.weights.iter().enumerate() {
            let theta = conditionals.fix(self.posterior.theta(s));
            let guess = Guess { start: &centre, covariance: &wide };
            let inner = Inner { wanted: 1, most: MOST_INNER };
            let answer = conditionals.answer(0, &theta, &guess, inner, &mut workspace, &mut rng);
            ln_weights.push(weight.ln() + answer.ln_z);
            centre = answer.mode;
        }
        let smoothed = smooth(&ln_weights).ok_or_else(impossible)?;
        self.posterior.weights = smoothed.weights;
        self.thetas = OnceLock::new();
        Ok(smoothed.k_hat)
    }
}

fn impossible() -> Error {
    Error::Unusable("the new task has density 0 under every draw of the fit".to_owned())
}

fn local_reals<M: Model>(
    model: &M,
    non_centred: &[bool],
    theta: &Globals<M, f64>,
    task: &M::Task,
    u: &[f64],
) -> Locals<M, f64> {
    let mut out = Default::default();
    M::Local::map(&local_values(model, non_centred, theta, task, u), &mut out, |x: &f64| Real(*x));
    out
}

impl<M: Model> Adapted<'_, M> {
    /// Posterior summaries of the task's latents.
    pub fn local(&self) -> <M::Local as Latents>::Of<Summary> {
        let draws = self.draws.iter().map(|(_, phi)| {
            let mut out = Default::default();
            M::Local::map(phi, &mut out, |x: &Real<f64>| x.0);
            out
        });
        summarise::<M::Local>(draws, &self.weights)
    }

    /// Draws of theta and of the task's latents, equally weighted.
    pub fn draws<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Vec<TaskDraw<M>> {
        let picked = resample(&self.weights, n, rng).into_iter();
        picked.map(|s| TaskDraw::of(&self.draws[s])).collect()
    }

    /// The posterior of any function of theta and of the task's latents.
    pub fn marginal(&self, f: impl Fn(&TaskDraw<M>) -> f64) -> Summary {
        let values: Vec<f64> = self.draws.iter().map(|draw| f(&TaskDraw::of(draw))).collect();
        Summary::weighted(&values, &self.weights)
    }

    /// ln p(data of the task | data of the fit), as adapted; 0 for a task of the fit itself.
    pub fn ln_evidence(&self) -> f64 {
        self.ln_evidence
    }

    /// Predictive draws of the missing observations of `query`, a task with the same latents: the support set's, say.
    ///
    /// # Errors
    /// A distribution without a sampler.
    pub fn predict(&self, query: &M::Task) -> Result<Vec<Prediction>, Error> {
        self.predictions(query, None, Wanted::Missing)
    }

    /// ln p(data of `query` | what was adapted to), integrated over phi and theta: for held-out data of the same task.
    pub fn ln_predictive(&self, query: &M::Task) -> f64 {
        let flags = vec![true; M::OBSERVED_SITES.len()];
        let counted = Counted { non_centred: &[], latents: &[], observed: &flags, jacobian: true };
        let terms = self.draws.iter().zip(&self.weights).map(|((theta, phi), weight)| {
            let mut run = LogDensity::<f64>::new(&[], counted);
            self.fit.model.likelihood(&mut run, theta, phi, query);
            run.data + weight.ln()
        });
        log_sum_exp(terms).value()
    }

    fn predictions(&self, task: &M::Task, i: Option<usize>, wanted: Wanted) -> Result<Vec<Prediction>, Error> {
        let mut rng = later(self.fit.options.seed, 4 + i.map_or(u64::MAX - 4, |i| i as u64));
        let mut places = Vec::new();
        let mut columns: Vec<Vec<f64>> = Vec::new();
        for (s, (theta, phi)) in self.draws.iter().enumerate() {
            let mut run = Simulate::new(&mut rng, wanted, i, s == 0);
            self.fit.model.likelihood(&mut run, theta, phi, task);
            run.error.map_or(Ok(()), Err)?;
            if s == 0 {
                places = run.places;
                columns = vec![Vec::with_capacity(self.draws.len()); run.drawn.len()];
            }
            columns.iter_mut().zip(run.drawn).for_each(|(column, value)| column.push(value));
        }
        let prediction = |(place, draws): (Place, Vec<f64>)| Prediction {
            place,
            summary: Summary::weighted(&draws, &self.weights),
            draws,
            weights: self.weights.clone(),
        };
        Ok(places.into_iter().zip(columns).map(prediction).collect())
    }
}
