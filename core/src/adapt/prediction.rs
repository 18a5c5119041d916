//! Predictions from the posterior of one task's latents, and how well they do.

use crate::adapt::adapted::{Adapted, AtTheta};
use crate::density::program::Program;
use crate::density::shape::Shape;
use crate::density::{Density, Writing};
use crate::error::{Error, Place};
use crate::interpret::classes::Classes;
use crate::interpret::classify::{Classify, Say};
use crate::interpret::log_density::LogDensity;
use crate::interpret::simulate::{Places, Simulate, Wanted};
use crate::model::site_mask::SiteMask;
use crate::model::subset::Subset;
use crate::model::{Globals, Locals, Model};
use crate::numbers::number::Real;
use crate::numbers::real::log_sum_exp;
use crate::posterior::summary::Summary;
use crate::sampling::stream::{Question, Stream};

/// Predictive draws of one observation.
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[derive(Clone, Debug)]
pub struct Prediction {
    /// Which observation.
    pub place: Place,
    /// Equally likely draws where the posterior's are; use `weights` otherwise.
    pub draws: Vec<f64>,
    /// Weights of the draws; they sum to 1.
    pub weights: Vec<f64>,
    /// Mean, standard deviation and quantiles of the draws.
    pub summary: Summary,
}

impl<M: Model> Adapted<'_, M> {
    /// Predictive draws of the missing observations of `query`, a task with the same latents: the support set's, say.
    /// Nothing is drawn for an observation that is there; [`replicate`](Self::replicate) draws those as well.
    ///
    /// # Errors
    /// A distribution without a sampler, or invalid constants.
    pub fn predict(&self, query: &M::Task) -> Result<Vec<Prediction>, Error> {
        self.predictions(query, None, Wanted::Missing)
    }

    /// Predictive draws of all observations of `query`, a task with the same latents: whatever they are, they are taken
    /// as missing.
    ///
    /// # Errors
    /// A distribution without a sampler, or invalid constants.
    pub fn replicate(&self, query: &M::Task) -> Result<Vec<Prediction>, Error> {
        self.predictions(query, None, Wanted::All)
    }

    /// ln p(data of `query` | what was adapted to) in nats, jointly, integrated over phi and theta: for held-out data of the same
    /// task.
    ///
    /// phi is integrated in closed form where the task is Gaussian given theta. Elsewhere the density is averaged over
    /// the draws, which are too few for a query that says much more of phi than the task did: its observations one by one,
    /// or more draws ([`AdaptOptions`](crate::AdaptOptions)), then do better.
    ///
    /// Draws under which the density is no number do not count; where it has a pole under some, it is infinite.
    ///
    /// # Errors
    /// Data of the query outside their support, or invalid constants.
    pub fn ln_predictive(&self, query: &M::Task) -> Result<f64, Error> {
        let single = Subset::one(self.model, query);
        let shape = Shape::discover(&single, &self.start).map_err(Error::of_new_task)?;
        let exact = exact_ln_predictive(&self.given_theta, &single, &shape);
        Ok(exact.unwrap_or_else(|| self.average_ln_predictive(query)))
    }

    fn average_ln_predictive(&self, query: &M::Task) -> f64 {
        let mut terms = Vec::with_capacity(self.draws.len());
        self.for_each_as_real(|theta, phi, classes, weight| {
            terms.push(ln_likelihood(self.model, theta, phi, classes, query) + weight.ln());
        });
        ln_sum(&terms)
    }

    pub(super) fn predictions(
        &self,
        task: &M::Task,
        i: Option<usize>,
        wanted: Wanted,
    ) -> Result<Vec<Prediction>, Error> {
        let question = i.map_or(Question::PredictNew, |i| Question::Predict { task: i as u64 });
        let mut rng = Stream::Question(question).of(self.seed);
        let mut places = Vec::new();
        let mut columns: Vec<Vec<f64>> = Vec::new();
        let mut failed = Ok(());
        let label = |i: usize| self.model.task_label(i);
        self.for_each_as_real(|theta, phi, classes, _| {
            let is_first = columns.is_empty();
            let noted = if is_first { Places::Noted } else { Places::Known };
            let mut run = Simulate::new(&mut rng, wanted, i, noted).knowing(classes);
            self.model.likelihood(&mut run, theta, phi, task);
            if let (Some(error), Ok(())) = (run.error, &failed) {
                failed = Err(error.label_task(label));
            }
            if is_first {
                places = run.places;
                for place in &mut places {
                    place.label_task(label);
                }
                columns = vec![Vec::with_capacity(self.draws.len()); run.drawn.len()];
            }
            columns.iter_mut().zip(run.drawn).for_each(|(column, value)| column.push(value));
        });
        failed?;
        let prediction = |(place, draws): (Place, Vec<f64>)| Prediction {
            place,
            summary: self.summary(&draws),
            draws,
            weights: self.weights.clone(),
        };
        Ok(places.into_iter().zip(columns).map(prediction).collect())
    }
}

/// ln p(D | phi, theta) of a task of whose discrete latents something may be known.
fn ln_likelihood<M: Model>(
    model: &M,
    theta: &Globals<M, f64>,
    phi: &Locals<M, f64>,
    known: &[Classes],
    task: &M::Task,
) -> f64 {
    if M::HAS_CLASSES {
        let mut run = Classify::new(known, Say::All);
        model.likelihood(&mut run, theta, phi, task);
        return run.ln_density;
    }
    let all = SiteMask::all(M::LOCAL_SITES.len(), M::OBSERVED_SITES.len());
    let mut run = LogDensity::<f64>::new(&[], &all);
    model.likelihood(&mut run, theta, phi, task);
    run.data().value()
}

fn exact_ln_predictive(given_theta: &[AtTheta], query: &dyn Program, shape: &Shape) -> Option<f64> {
    let known = given_theta.first()?;
    let density = Density::new(query.all(), shape, Writing::CENTRED);
    if !density.is_gaussian_given_theta() || density.offsets[1] != known.phi.mean.len() {
        return None;
    }
    let term = |given: &AtTheta| {
        let ln_density = density.ln_expected_likelihood(0, &density.share(&given.theta), &given.phi)?;
        Some(ln_density + given.weight.ln())
    };
    let terms: Vec<f64> = given_theta.iter().map(term).collect::<Option<_>>()?;
    Some(ln_sum(&terms))
}

/// ln of the sum of exponentials, of which those that are no number do not count.
fn ln_sum(terms: &[f64]) -> f64 {
    if terms.contains(&f64::INFINITY) {
        return f64::INFINITY;
    }
    log_sum_exp(terms.iter().filter(|term| !term.is_nan()).map(|term| Real(*term))).value()
}
