//! Tasks never seen: the posterior of their phi, and predictions.
//!
//! p(phi | D_new, D) = E\[ p(phi | D_new, theta) \] over p(theta | D_new, D), and the latter weights the fit's draws of
//! theta by Z_new(theta) = p(D_new | theta). A few draws of theta stand for all of the fit's; see `posterior/thetas.rs` for which.

pub mod adapted;
pub(crate) mod asking;
pub(crate) mod new_task;
mod new_weights;
pub mod prediction;

use crate::density::program::{Program, unscored};
use crate::error::Error;
use crate::fit::{Fit, Trust};
use crate::interpret::classify::Say;
use crate::interpret::simulate::{Places, Simulate, Wanted};
use crate::model::Model;
use crate::model::level::Level;
use crate::model::signature::Signature;
use crate::model::subset::Subset;
use crate::model::tasks::must_be_one;
use crate::model::values::values_of;
use crate::options::AdaptOptions;
use crate::sampling::stream::{Question, Stream};
use adapted::{Adapted, AtTheta, TaskDraw};
use asking::{Asking, Standing, TaskKnowledge};
use new_task::AnswerAt;
use new_weights::NewWeights;
use prediction::Prediction;
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

    /// The posterior of phi for a task that was not part of the fit, with as many draws as `options` say.
    ///
    /// # Errors
    /// As for [`adapt`](Self::adapt), and options that are not what they may be.
    pub fn adapt_with(&self, task: &M::Task, options: &AdaptOptions) -> Result<Adapted<'_, M>, Error> {
        options.check()?;
        let (all, new) = (Subset::all(&self.model), Subset::one(&self.model, task));
        Ok(self.as_known(&new, self.asking(&all).adapt(&new, Standing::New, options)?))
    }

    /// The posterior of phi for task `i` of the fit as it is now, with other data than it had: another visit of a known
    /// patient, a new school of a known area. What the old data said of theta is taken back, and what the new ones say put
    /// in its place; the fit itself stays as it is.
    ///
    /// # Errors
    /// As for [`adapt`](Self::adapt).
    ///
    /// # Panics
    /// If there is no task `i`.
    #[track_caller]
    pub fn readapt(&self, i: usize, task: &M::Task) -> Result<Adapted<'_, M>, Error> {
        must_be_one(i, self.model.num_tasks());
        let (all, new) = (Subset::all(&self.model), Subset::one(&self.model, task));
        Ok(self.as_known(&new, self.asking(&all).adapt(&new, Standing::Instead(i), &AdaptOptions::default())?))
    }

    pub(crate) fn as_known(&self, new: &Subset<'_, M>, known: TaskKnowledge) -> Adapted<'_, M> {
        let TaskKnowledge { level, weighed, cluster, evidence, trust } = known;
        let mut adapted = Adapted { cluster, evidence: Some(evidence), ..self.without_draws(level, trust) };
        adapted.take(new, weighed);
        adapted
    }

    pub(crate) fn asking<'f>(&'f self, program: &'f Subset<'f, M>) -> Asking<'f> {
        Asking { program, solution: &self.solution, later: &self.found_later }
    }

    /// Predictive draws of the missing observations of task `i`.
    ///
    /// # Errors
    /// A distribution without a sampler.
    ///
    /// # Panics
    /// If there is no task `i`.
    #[track_caller]
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
    #[track_caller]
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
        let program = Subset::one(&self.model, task);
        let posterior = &self.solution.draws;
        let mut rng = Stream::Question(Question::Unseen).of(self.solution.options.seed);
        let draws = (0..posterior.len()).map(|s| {
            let theta = program.plain_globals(posterior.theta(s));
            let mut run = Simulate::new(&mut rng, Wanted::All, None, Places::Known);
            let mut phi = Default::default();
            self.model.local(&mut run, &theta, task, &mut phi);
            run.error.map_or(Ok(()), Err)?;
            let global = Arc::new(values_of::<M::Global>(&theta));
            Ok(TaskDraw::new(global, program.classified(&theta, phi, 0, Say::Nothing)))
        });
        Ok(self.as_adapted(draws.collect::<Result<_, _>>()?, task))
    }

    /// The posterior of the latents of task `i` of the fit, as if it had been adapted to.
    ///
    /// # Panics
    /// If there is no task `i`.
    #[track_caller]
    pub fn seen(&self, i: usize) -> Adapted<'_, M> {
        must_be_one(i, self.model.num_tasks());
        let posterior = self.posterior();
        let source = posterior.typed();
        let draws = (0..self.solution.draws.len()).map(|s| {
            let theta = source.theta(s);
            TaskDraw::new(Arc::new(values_of::<M::Global>(&theta)), source.classified(s, &theta, i))
        });
        self.as_adapted(draws.collect(), self.model.task(i))
    }

    /// A draw of the task's phi for each of the fit's own draws of theta.
    fn as_adapted(&self, draws: Vec<TaskDraw<M>>, task: &M::Task) -> Adapted<'_, M> {
        let level = Subset::one(&self.model, task).task_level(&self.solution.start, 0);
        let weights = self.solution.draws.weights.clone();
        Adapted { draws, weights, ..self.without_draws(level, self.solution.trust.clone()) }
    }

    /// A task of which there are no draws yet.
    fn without_draws(&self, level: Level, trust: Trust) -> Adapted<'_, M> {
        Adapted {
            model: &self.model,
            seed: self.solution.options.seed,
            start: self.solution.start,
            level,
            draws: Vec::new(),
            weights: Vec::new(),
            cluster: 1,
            given_theta: Vec::new(),
            evidence: None,
            trust,
        }
    }

    /// Learns from a task never seen: the draws of theta are weighted by what the task says of them, and evidence and
    /// trust are those of all tasks from now on.
    ///
    /// The task itself is not stored; `adapt` gives its own latents. Returns the k-hat of the new weights; where it is too
    /// large (see [`Evidence`](crate::Evidence)) the fit has learned more than its draws can tell, is called doubtful from then on, and
    /// should be made anew with the task among the data.
    ///
    /// # Errors
    /// As for [`adapt`](Self::adapt); and where q(theta) is a point, which learns nothing from a task.
    pub fn absorb(&mut self, task: &M::Task) -> Result<f64, Error> {
        if self.guide().is_point() {
            return Err(Error::Unusable(
                "q(theta) is a point (`Options::global`), which a task does not move: fit anew with the task among the data".to_owned(),
            ));
        }
        let weighed = self.asking(&Subset::all(&self.model)).learn(&Subset::one(&self.model, task))?;
        let learned = weighed.evidence();
        self.solution.absorb(&learned, weighed.smoothed.weights);
        self.found_later.thetas = OnceLock::new();
        Ok(learned.k_hat)
    }
}

impl<M: Model> Adapted<'_, M> {
    /// Takes the draws of a task's answers.
    fn take(&mut self, program: &Subset<'_, M>, NewWeights { answers, smoothed, .. }: NewWeights) {
        let centred = unscored(&Signature::of::<M>(), &vec![false; M::LOCAL_SITES.len()]);
        for (AnswerAt { theta, answer, given_theta }, weight) in answers.into_iter().zip(smoothed.weights) {
            let globals = program.plain_globals(&theta);
            let global = Arc::new(values_of::<M::Global>(&globals));
            for phi in &answer.draws {
                let local = program.plain_locals(&globals, &centred, 0, phi.as_slice());
                self.draws.push(TaskDraw::new(Arc::clone(&global), local));
                self.weights.push(weight / answer.draws.len() as f64);
            }
            self.given_theta.extend(given_theta.map(|phi| AtTheta { theta, phi, weight }));
        }
    }
}
