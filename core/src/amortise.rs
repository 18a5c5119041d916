//! Local posteriors that are computed from a task's data, so that nothing is stored for any task.
//!
//! The factor q(phi_i) of the guide becomes a function of D_i that all tasks share, with learned parameters of its own.
//! Two such functions: a network that reads the data ([`EncoderFit`]; Kingma & Welling 2014), and a few steps of
//! gradient ascent from the prior ([`GradientFit`]; Ravi & Beatson 2019, chapter 3). Both are trained on the ELBO by
//! Adam over batches of tasks, and both then give the posterior of a task never seen at the same small cost.

pub mod encoder;
pub mod gradient;
pub mod mlp;
mod steps;
#[cfg(test)]
mod tests;
mod training;
mod weighing;

pub use encoder::{Encoded, Encoder, EncoderFit};
pub use gradient::{GradientFit, GradientOptions};
pub use mlp::Mlp;
pub use steps::{Stepped, TaskFactor};

use crate::adapt::adapted::Adapted;
use crate::density::program::Program;
use crate::elbo::Bound;
use crate::error::Error;
use crate::guide::MeanField;
use crate::model::subset::Subset;
use crate::model::values::filled;
use crate::model::{Latents, Model};
use crate::optimize::plateau::AdamEnd;
use crate::options::allowed::{Row, check};
use crate::posterior::columns::global_summaries;
use crate::posterior::summary::Summary;
use crate::verdict::Verdict;
use std::fmt;
use training::Training;

/// A model trained so that the posterior of any task is computed from its data. `R` says how: see [`EncoderFit`] and
/// [`GradientFit`].
///
/// Memory grows with neither tasks nor data. All tasks must have the same number of latents.
pub struct Amortised<'a, M: Model, R> {
    training: Training<'a, M>,
    how: R,
    ended: AdamEnd,
    elbo: f64,
}

/// The most draws that importance weights are given to.
const MOST_DRAWS: usize = 1_000_000;

/// An ELBO: what tasks have of it, and what is outside the plate.
struct Bounds {
    tasks: f64,
    outside: f64,
}

/// How the factor of a task is computed; implemented by [`Encoded`] and [`Stepped`], and by nothing else.
pub trait Recognition<M: Model>: Sync {
    /// How many numbers were learned for it, those of theta apart.
    fn num_parameters(&self) -> usize;
    /// The recognition model in words, for a report.
    fn describe(&self) -> String;
    /// Refuses a task of so many latent coordinates whose factor cannot be computed.
    #[doc(hidden)]
    fn check(&self, _task: &M::Task, _num_latents: usize) -> Result<(), Error> {
        Ok(())
    }
    /// The factors of some tasks, side by side.
    #[doc(hidden)]
    fn factors(&self, training: &Training<'_, M>, tasks: &[&M::Task]) -> MeanField;
}

impl<M: Model, R: Recognition<M>> Amortised<'_, M, R> {
    /// The ELBO over all tasks of `full`, each factor computed from the task of that number of `seen`.
    fn bounds(training: &Training<'_, M>, [seen, full]: [&M; 2], how: &R) -> Bounds {
        let all: Vec<usize> = (0..seen.num_tasks()).collect();
        let mut bounds = Bounds { tasks: 0.0, outside: 0.0 };
        for few in all.chunks(training.batch_size()) {
            let tasks: Vec<&M::Task> = few.iter().map(|&i| seen.task(i)).collect();
            let guide = training.guide(how.factors(training, &tasks));
            let full = Subset::with(full, few.iter().map(|&i| full.task(i)).collect());
            let density = training.density(&full);
            let bound = Bound::over(&density, training.fixed(training.options.draws, few.len()));
            let elbo = bound.value(&guide);
            bounds.outside = elbo.global_reconstruction - elbo.global_kl;
            bounds.tasks += elbo.total() - bounds.outside;
        }
        bounds
    }

    /// Its total.
    fn elbo_of(training: &Training<'_, M>, full: &M, how: &R) -> f64 {
        let Bounds { tasks, outside } = Self::bounds(training, [training.model, full], how);
        tasks + outside
    }

    /// Refuses a task whose factor cannot be computed.
    fn check(&self, task: &M::Task) -> Result<(), Error> {
        self.training.check(task)?;
        self.how.check(task, self.training.num_latents)
    }

    /// Posterior summaries of the globals, under q(theta).
    pub fn global(&self) -> <M::Global as Latents>::Of<Summary> {
        let thetas = self.training.thetas(self.training.options.posterior_draws);
        let program = Subset::all(self.training.model);
        let weights = vec![(thetas.len() as f64).recip(); thetas.len()];
        let summaries = global_summaries(&program, thetas.iter().map(Vec::as_slice), &weights);
        filled::<M::Global, _, _>(&program.plain_globals(&thetas[0]), summaries)
    }

    /// q(theta), in unconstrained coordinates.
    pub fn global_guide(&self) -> &MeanField {
        &self.training.global
    }

    /// The posterior of the latents of any task, seen in training or not: summaries, draws and predictions.
    ///
    /// # Errors
    /// Data outside their support, invalid constants, another number of latents than the tasks of the training, what the
    /// encoder cannot read.
    pub fn adapt(&self, task: &M::Task) -> Result<Adapted<'_, M>, Error> {
        let factor = self.factor(task)?;
        Ok(self.training.adapted(task, &factor, &self.how.describe()))
    }

    /// q(phi | D) of any task, in unconstrained coordinates; of a location-scale local that is written non-centred, in its z.
    ///
    /// # Errors
    /// As for [`adapt`](Self::adapt).
    pub fn factor(&self, task: &M::Task) -> Result<MeanField, Error> {
        self.check(task)?;
        Ok(self.how.factors(&self.training, &[task]))
    }

    /// The posterior of the latents of any task by importance weights of that many draws, at most 1,000,000, from the
    /// factor that is computed for it, and in `evidence` an estimate of ln E\[p(D | theta)\] under q(theta), of which the ELBO
    /// is a lower bound (Rezende, Mohamed & Wierstra 2014, appendix E). `trust` says whether the factor is good enough.
    ///
    /// # Errors
    /// As for [`adapt`](Self::adapt), a number of draws out of range, a factor that is a point, and a task of density 0 under
    /// every draw.
    pub fn correct(&self, task: &M::Task, draws: usize) -> Result<Adapted<'_, M>, Error> {
        check([Row::whole("Amortised::correct: draws", draws, 1..=MOST_DRAWS)])?;
        let factor = self.factor(task)?;
        if factor.ln_scale.contains(&f64::NEG_INFINITY) {
            return Err(Error::Unusable(
                "a point has no draws to weigh: train with `TaskFactor::MeanField`".to_owned(),
            ));
        }
        self.training.corrected(task, &factor, draws)
    }

    /// The evidence lower bound of the tasks of another model, such as those that the training has not seen, in nats: the
    /// sum over its tasks, without what is outside the plate.
    ///
    /// # Errors
    /// As for [`adapt`](Self::adapt), of the first task that has one.
    pub fn elbo_of_tasks(&self, model: &M) -> Result<f64, Error> {
        for i in 0..model.num_tasks() {
            self.check(model.task(i)).map_err(|error| error.of_task(Subset::all(model).task_name(i)))?;
        }
        Ok(Self::bounds(&self.training, [model, model], &self.how).tasks)
    }

    /// The evidence lower bound over all tasks, with the computed factors.
    pub fn elbo(&self) -> f64 {
        self.elbo
    }

    /// Whether the training converged, and if not, why and what to try.
    pub fn verdict(&self) -> &Verdict {
        &self.ended.verdict
    }

    /// Steps of Adam that the training took.
    pub fn steps(&self) -> usize {
        self.ended.steps
    }

    /// The mean ELBO over each window of steps.
    pub fn trace(&self) -> &[f64] {
        &self.ended.trace
    }

    /// How many numbers the fit holds: those of q(theta), and those that all tasks share.
    pub fn num_parameters(&self) -> usize {
        let scales = self.training.global.ln_scale.iter().filter(|s| s.is_finite()).count();
        self.training.global.len() + scales + self.how.num_parameters()
    }
}

impl<M: Model, R: Recognition<M>> fmt::Display for Amortised<'_, M, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} after {} Adam steps on {} of {} tasks each, {} parameters, local posteriors by {}, ELBO {:.3}",
            self.ended.verdict,
            self.ended.steps,
            self.training.batch_size(),
            self.training.model.num_tasks(),
            self.num_parameters(),
            self.how.describe(),
            self.elbo
        )
    }
}
