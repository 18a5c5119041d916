//! The posterior of one task's latents, joint with theta, and predictions from it.

use crate::density::conditional::Conditional;
use crate::density::program::Program;
use crate::density::shape::Shape;
use crate::density::{Density, Writing};
use crate::error::{Error, Place};
use crate::fit::report::{self, NamedLevel};
use crate::fit::{Evidence, Trust};
use crate::interpret::discover::Start;
use crate::interpret::log_density::LogDensity;
use crate::interpret::simulate::{Simulate, Wanted};
use crate::interpret::site_mask::SiteMask;
use crate::model::level::Level;
use crate::model::subset::Subset;
use crate::model::values::filled;
use crate::model::{Globals, Latents, Locals, Model};
use crate::numbers::number::Real;
use crate::numbers::real::log_sum_exp;
use crate::posterior::summary::Summary;
use crate::sampling::resample::resample;
use crate::sampling::stream::{Question, Stream};
use rand::Rng;
use std::fmt;
use std::sync::Arc;

/// The posterior of the latents of one task, joint with theta: weighted draws. `{adapted}` prints a table of it.
pub struct Adapted<'f, M: Model> {
    pub(crate) model: &'f M,
    pub(crate) seed: u64,
    /// Where the fit began.
    pub(crate) start: Start,
    /// What the task's latents look like.
    pub(crate) level: Level,
    pub(crate) draws: Vec<TaskDraw<M>>,
    /// Sum to 1.
    pub(crate) weights: Vec<f64>,
    /// That many draws in a row share a theta, and so are not independent of each other.
    pub(crate) cluster: usize,
    /// phi given each theta, where that is Gaussian; none where it is not, or not known.
    pub(crate) given_theta: Vec<AtTheta>,
    pub(crate) evidence: Option<Evidence>,
    pub(crate) trust: Trust,
}

/// A draw of theta, its weight, and p(phi | D, theta), in unconstrained coordinates.
pub(crate) struct AtTheta {
    pub(crate) theta: Vec<f64>,
    pub(crate) phi: Conditional,
    pub(crate) weight: f64,
}

/// A draw of theta and of one task's latents.
pub struct TaskDraw<M: Model> {
    /// theta; draws of phi given the same theta share it.
    pub global: Arc<<M::Global as Latents>::Of<f64>>,
    /// phi of the task.
    pub local: <M::Local as Latents>::Of<f64>,
}

impl<M: Model> Clone for TaskDraw<M> {
    fn clone(&self) -> Self {
        Self { global: Arc::clone(&self.global), local: self.local.clone() }
    }
}

impl<M: Model> fmt::Debug for TaskDraw<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskDraw").field("global", &self.global).field("local", &self.local).finish()
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

impl<M: Model> Adapted<'_, M> {
    /// Posterior summaries of the task's latents.
    pub fn local(&self) -> <M::Local as Latents>::Of<Summary> {
        let first = self.draws.first().map(|draw| filled::<M::Local, _, _>(&draw.local, self.summaries()));
        first.unwrap_or_default()
    }

    /// Posterior summaries of the latents' numbers, in order.
    fn summaries(&self) -> Vec<Summary> {
        let mut columns: Vec<Vec<f64>> = vec![Vec::new(); self.level.num_values()];
        for draw in &self.draws {
            let mut at = columns.iter_mut();
            let place = |x: &f64| at.next().expect("one column a number").push(*x);
            M::Local::map(&draw.local, &mut Default::default(), place);
        }
        columns.iter().map(|values| self.summary(values)).collect()
    }

    /// Every draw with its weight; the weights sum to 1. For many functions of the latents one pass over the draws does
    /// what a [`marginal`](Self::marginal) each would do slower.
    ///
    /// ```
    /// # use hierarch::prelude::*;
    /// # fn main() -> Result<(), hierarch::Error> {
    /// model! {
    ///     Lines(tasks: &[Vec<(f64, f64)>]) {
    ///         mean ~ Normal(0.0, 5.0);
    ///         spread ~ HalfNormal(1.0);
    ///         for task in tasks {
    ///             slope ~ Normal(mean, spread);
    ///             for &(x, y) in task {
    ///                 y ~ Normal(slope * x, 0.5);
    ///             }
    ///         }
    ///     }
    /// }
    /// let tasks = [vec![(1.0, 2.1), (2.0, 3.8)], vec![(1.0, 1.2), (3.0, 2.7)], vec![(2.0, 3.1)]];
    /// let fit = Lines::new(&tasks).fit()?;
    /// let adapted = fit.adapt(&vec![(1.0, 1.7)])?;
    /// let xs: Vec<f64> = (0..200).map(|k| 0.05 * f64::from(k)).collect();
    /// let mut curve = vec![0.0; xs.len()];
    /// for (draw, weight) in adapted.weighted_draws() {
    ///     for (mean, x) in curve.iter_mut().zip(&xs) {
    ///         *mean += weight * draw.local.slope * x;
    ///     }
    /// }
    /// let one_by_one = adapted.marginal(|draw| draw.local.slope * xs[7]).mean;
    /// assert!((curve[7] - one_by_one).abs() < 1e-12);
    /// # Ok(())
    /// # }
    /// ```
    pub fn weighted_draws(&self) -> impl ExactSizeIterator<Item = (&TaskDraw<M>, f64)> {
        self.draws.iter().zip(self.weights.iter().copied())
    }

    /// Draws of theta and of the task's latents, equally weighted.
    pub fn draws<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Vec<TaskDraw<M>> {
        resample(&self.weights, n, rng).into_iter().map(|s| self.draws[s].clone()).collect()
    }

    /// The posterior of any function of theta and of the task's latents.
    pub fn marginal(&self, f: impl Fn(&TaskDraw<M>) -> f64) -> Summary {
        let values: Vec<f64> = self.draws.iter().map(f).collect();
        self.summary(&values)
    }

    /// What the weights of an adaptation say: how many draws count, k-hat of those of theta and (as its only task's) of the
    /// proposals of phi, and ln p(data of the task | data of the fit) as `ln_evidence`. `None` where nothing was adapted to.
    pub fn evidence(&self) -> Option<&Evidence> {
        self.evidence.as_ref()
    }

    /// Whether to believe it.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

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

    /// ln p(data of `query` | what was adapted to), jointly, integrated over phi and theta: for held-out data of the same
    /// task.
    ///
    /// phi is integrated in closed form where the task is Gaussian given theta. Elsewhere the density is averaged over
    /// the draws, which are too few for a query that says much more of phi than the task did: its observations one by one,
    /// or more draws ([`AdaptOptions`](crate::AdaptOptions)), then do better.
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
        let all = SiteMask::all(M::LOCAL_SITES.len(), M::OBSERVED_SITES.len());
        let mut terms = Vec::with_capacity(self.draws.len());
        self.for_each_as_real(|theta, phi, weight| {
            let mut run = LogDensity::<f64>::new(&[], &all);
            self.model.likelihood(&mut run, theta, phi, query);
            terms.push(run.data + weight.ln());
        });
        log_sum_exp(terms).value()
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
        self.for_each_as_real(|theta, phi, _| {
            let is_first = columns.is_empty();
            let mut run = Simulate::new(&mut rng, wanted, i, is_first);
            self.model.likelihood(&mut run, theta, phi, task);
            if let (Some(error), Ok(())) = (run.error, &failed) {
                failed = Err(error);
            }
            if is_first {
                places = run.places;
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

    fn summary(&self, values: &[f64]) -> Summary {
        Summary::clustered(values, &self.weights, self.cluster)
    }

    /// Calls `f` with theta, phi and weight of each draw, as a model's parts take them.
    fn for_each_as_real(&self, mut f: impl FnMut(&Globals<M, f64>, &Locals<M, f64>, f64)) {
        let (mut theta, mut phi) = Default::default();
        let mut last: Option<&Arc<_>> = None;
        for (draw, weight) in self.weighted_draws() {
            if !last.is_some_and(|last| Arc::ptr_eq(last, &draw.global)) {
                M::Global::map(&draw.global, &mut theta, |x: &f64| Real(*x));
                last = Some(&draw.global);
            }
            M::Local::map(&draw.local, &mut phi, |x: &f64| Real(*x));
            f(&theta, &phi, weight);
        }
    }
}

fn exact_ln_predictive(given_theta: &[AtTheta], query: &dyn Program, shape: &Shape) -> Option<f64> {
    let known = given_theta.first()?;
    let density = Density::new(query.all(), shape, Writing::CENTRED);
    if !density.is_gaussian_given_theta() || density.offsets[1] != known.phi.mean.len() {
        return None;
    }
    let term = |given: &AtTheta| {
        let ln_density = density.ln_expected_likelihood(0, &density.share(&given.theta), &given.phi)?;
        Some(Real(ln_density + given.weight.ln()))
    };
    let terms: Vec<Real<f64>> = given_theta.iter().map(term).collect::<Option<_>>()?;
    Some(log_sum_exp(terms).value())
}

impl<M: Model> fmt::Display for Adapted<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (clusters, belief) = (self.draws.len() / self.cluster, report::belief(&self.trust));
        write!(f, "posterior of one task, {belief}: {} draws, {clusters} of them independent", self.draws.len())?;
        if let Some(e) = &self.evidence {
            let Evidence { k_hat, effective_sample_size, ln_evidence, .. } = e;
            write!(f, ", k-hat {k_hat:.2}, effective {effective_sample_size:.0}, ln evidence {ln_evidence:.3}")?;
        }
        report::notes(f, &self.trust)?;
        let level = NamedLevel { level: &self.level, sites: M::LOCAL_SITES, task: None };
        report::table(f, &level.rows(&self.summaries(), None))
    }
}
