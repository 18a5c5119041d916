//! From a model to its posterior: [`Fittable::fit`], its [`Options`], and the [`Fit`] it gives.

pub mod report;
pub mod trust;

pub use crate::adapt::adapted::{Adapted, Prediction, TaskDraw};
pub use trust::Trust;

use crate::correct::effort::effort;
use crate::correct::importance::{Attempt, Basis, Corrected, correct};
use crate::correct::linear_response::{Identity, LinearResponse};
use crate::density::lanes::globals;
use crate::elbo::{Elbo, Objective, Shape, Written};
use crate::error::Error;
use crate::guide::Guide;
use crate::interpret::discover::Start;
use crate::interpret::log_density::{Counted, LogDensity};
use crate::model::draw::{Draw, LazyDraw};
use crate::model::subset::Subset;
use crate::model::{Globals, Latents, Model};
use crate::numbers::number::Real;
use crate::optimize::choose::rewritten;
use crate::optimize::climb::{Climbed, Settings, climb};
use crate::options::{Correction, GlobalFactor, Options};
use crate::posterior::Posterior;
use crate::posterior::summary::Summary;
use crate::posterior::thetas::Thetas;
use crate::posterior::view::View;
use crate::sampling::noise::keyed;
use crate::verdict::Verdict;
use nalgebra::DVector;
use rand::Rng;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// How many random starts are tried when the density is not finite at 0.
const RANDOM_STARTS: u64 = 20;

/// Every model can be fitted.
pub trait Fittable: Model + Sized {
    /// The posterior, by the default method; see [`Options`].
    ///
    /// # Errors
    /// Data outside a support, invalid constants, no tasks, a density that is not finite at any start: see [`Error`].
    fn fit(self) -> Result<Fit<Self>, Error> {
        self.fit_with(&Options::default())
    }

    /// The posterior, by the method that `options` describe.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit).
    fn fit_with(self, options: &Options) -> Result<Fit<Self>, Error> {
        match options.threads {
            None => Fit::new(self, options),
            Some(threads) => rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .map_err(|e| Error::Unusable(format!("cannot start {threads} threads: {e}")))?
                .install(|| Fit::new(self, options)),
        }
    }
}

impl<M: Model> Fittable for M {}

/// The posterior of a model's latents, with what is needed to judge it.
pub struct Fit<M: Model> {
    pub(crate) model: M,
    pub(crate) options: Options,
    pub(crate) shape: Shape,
    /// Where the fit began.
    pub(crate) start: Start,
    pub(crate) climbed: Climbed,
    pub(crate) gaussian: LinearResponse,
    pub(crate) posterior: Posterior,
    pub(crate) evidence: Option<Evidence>,
    pub(crate) trust: Trust,
    pub(crate) explained: Vec<(&'static str, bool)>,
    pub(crate) times: Times,
    /// How many tasks were absorbed since.
    pub(crate) absorbed: usize,
    /// Draws of theta that new tasks are adapted with, chosen at the first of them.
    pub(crate) thetas: OnceLock<Thetas>,
    /// Where some tasks have their phi, found at the first adaptation that needs it.
    pub(crate) centres: OnceLock<Vec<DVector<f64>>>,
}

/// What the importance correction says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// Pareto k-hat of the weights of theta; below 0.7 they are reliable, or of S draws below 1 - 1 / log10(S) if that is
    /// less. 0 where there is one theta alone.
    pub k_hat: f64,
    /// Of each task's own weights; 0 where none are needed, and where they are so even (more than half of the proposals
    /// count) that there is no tail to judge.
    pub task_k_hat: Vec<f64>,
    /// Weighted draws of theta that the rest comes from. Not [`Options::posterior_draws`] where the correction stopped
    /// early or had to be cheaper.
    pub draws: usize,
    /// Effective sample size of the weighted draws; where there is one theta alone, the least of any task.
    pub effective_sample_size: f64,
    /// Estimate of ln p(D), or of ln p(D | theta) where the guide holds theta at a point. Only as good as the weights:
    /// `k_hat` tells.
    pub ln_evidence: f64,
    /// Its Monte Carlo standard error.
    pub ln_evidence_error: f64,
}

/// How long the parts of a fit took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    /// Reading the data and maximising the ELBO, covariances included.
    pub climb: Duration,
    /// The importance correction.
    pub correction: Duration,
}

impl<M: Model> Fit<M> {
    fn new(model: M, options: &Options) -> Result<Self, Error> {
        let started = Instant::now();
        let all = Subset::all(&model);
        let (shape, start) = find_start(&all, options)?;
        let climbed = climb(&all, &Settings { options, shape: &shape, start });
        let objective = Objective::new(&all, &shape, Written::new(&climbed.non_centred, options));
        let explained = objective.explain().into_iter().map(|(site, closed)| (site.name, closed)).collect();
        let linear = (options.correction != Correction::MeanField)
            .then(|| LinearResponse::new(&climbed.guide, climbed.arrow.as_ref()?, &Identity::of(&shape)))
            .flatten();
        let gaussian = linear.clone().unwrap_or_else(|| match &climbed.locals {
            Some(locals) => LinearResponse::given_theta(&climbed.guide, locals.covariances.iter().cloned()),
            None => LinearResponse::mean_field(&climbed.guide),
        });
        let mut times = Times { climb: started.elapsed(), ..Times::default() };
        let attempt = match options.correction {
            Correction::MeanField | Correction::LinearResponse => Attempt::NotAsked,
            Correction::Auto | Correction::Importance => {
                let written = Written { jacobian: options.global == GlobalFactor::MeanField, ..Written::CENTRED };
                let centred = Objective::new(&all, &shape, written);
                let (guide, centres) = (&climbed.guide, centres(&all, &climbed));
                let basis = Basis { guide, gaussian: &gaussian, centres: &centres };
                let effort = effort(&centred, &shape, options);
                effort.map_or(Attempt::TooCostly, |effort| correct(&centred, &basis, effort))
            }
        };
        times.correction = started.elapsed().saturating_sub(times.climb);
        let trust = Trust::judge::<M>((options, &shape), (linear.as_ref(), &climbed), &attempt);
        let evidence = attempt.ran().map(Evidence::of);
        let posterior = match attempt {
            Attempt::Ran(c) if trust.is_corrected() => c.posterior,
            _ => {
                let written = (&*climbed.non_centred, options.seed);
                Posterior::gaussian(&climbed.guide, &gaussian, options.posterior_draws, written)
            }
        };
        Ok(Self {
            options: options.clone(),
            shape,
            start,
            climbed,
            gaussian,
            posterior,
            evidence,
            trust,
            explained,
            times,
            absorbed: 0,
            thetas: OnceLock::new(),
            centres: OnceLock::new(),
            model,
        })
    }

    /// The model with its data.
    pub fn model(&self) -> &M {
        &self.model
    }

    /// The evidence lower bound at the guide, with its terms.
    pub fn elbo(&self) -> &Elbo {
        &self.climbed.elbo
    }

    /// The mean-field guide that maximises it.
    pub fn guide(&self) -> &Guide {
        &self.climbed.guide
    }

    /// Whether the optimiser converged, and if not, why and what to try.
    pub fn verdict(&self) -> &Verdict {
        &self.climbed.verdict
    }

    /// Whether to believe the posterior.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// What the importance correction found, if it ran.
    pub fn evidence(&self) -> Option<&Evidence> {
        self.evidence.as_ref()
    }

    /// Iterations the optimiser took.
    pub fn iterations(&self) -> usize {
        self.climbed.iterations
    }

    /// Norm of the ELBO's gradient where it stopped, in the guide's own metric (nats).
    pub fn gradient_norm(&self) -> f64 {
        self.climbed.gradient_norm
    }

    /// The ELBO at the start and after each iteration (for Adam, its mean over each window of steps).
    pub fn trace(&self) -> &[f64] {
        &self.climbed.trace
    }

    /// The fixed draws that sampled terms were averaged over (0 where every term has a closed form), and how far other
    /// draws would move a mean, in standard deviations of the guide (or the logarithm of a standard deviation, which counts
    /// half).
    pub fn draws_error(&self) -> (usize, f64) {
        (self.climbed.draws, self.climbed.draws_error)
    }

    /// How long the parts of the fit took.
    pub fn times(&self) -> Times {
        self.times
    }

    /// How each site's expectation is taken: its name, and whether in closed form (sampled otherwise).
    pub fn explain(&self) -> &[(&'static str, bool)] {
        &self.explained
    }

    /// Which local sites the guide writes as loc + scale * u.
    pub fn non_centred(&self) -> impl Iterator<Item = &'static str> + '_ {
        M::LOCAL_SITES.iter().filter(|site| self.climbed.non_centred[site.id]).map(|site| site.name)
    }

    /// Posterior summaries of the globals, in a struct of the model's own: `fit.global().tau.mean`.
    pub fn global(&self) -> <M::Global as Latents>::Of<Summary> {
        self.view().global()
    }

    /// Posterior summaries of the latents of task `i`: `fit.local(3).theta.sd`.
    ///
    /// # Panics
    /// If there is no task `i`.
    pub fn local(&self, i: usize) -> <M::Local as Latents>::Of<Summary> {
        self.view().local(i)
    }

    /// Draws of all latents from the posterior, equally weighted.
    pub fn draws<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Vec<Draw<M>> {
        self.view().draws(n, rng)
    }

    /// The posterior of any function of the latents.
    ///
    /// ```
    /// # use hierarch::prelude::*;
    /// # fn main() -> Result<(), hierarch::Error> {
    /// model! {
    ///     Coins(heads: &[(u32, u32)]) {
    ///         spread ~ HalfNormal(1.0);
    ///         for &(heads, tosses) in heads {
    ///             log_odds ~ Normal(0.0, spread);
    ///             heads ~ BinomialLogit(tosses, log_odds);
    ///         }
    ///     }
    /// }
    /// let fit = Coins::new(&[(7, 10), (4, 10), (5, 10)]).fit()?;
    /// let difference = fit.marginal(|d| d.local[0].log_odds - d.local[1].log_odds);
    /// assert!(difference.mean > 0.0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn marginal(&self, f: impl Fn(&LazyDraw<'_, M>) -> f64) -> Summary {
        self.view().marginal(f)
    }

    /// Posterior covariance of any two functions of the latents.
    pub fn covariance(&self, f: impl Fn(&LazyDraw<'_, M>) -> f64, g: impl Fn(&LazyDraw<'_, M>) -> f64) -> f64 {
        self.view().covariance(f, g)
    }

    /// The same posterior by other means: the mean-field guide as it is, or with linear-response covariances.
    pub fn uncorrected(&self, correction: Correction) -> Uncorrected<'_, M> {
        let gaussian = match correction {
            Correction::MeanField => LinearResponse::mean_field(&self.climbed.guide),
            _ => self.gaussian.clone(),
        };
        let posterior = Posterior::gaussian(
            &self.climbed.guide,
            &gaussian,
            self.options.posterior_draws,
            (&self.climbed.non_centred, self.options.seed),
        );
        Uncorrected { fit: self, gaussian, posterior }
    }

    /// The fit's own posterior.
    pub(crate) fn view(&self) -> View<'_, M> {
        View { fit: self, gaussian: &self.gaussian, posterior: &self.posterior }
    }

    pub(crate) fn plain_globals(&self, theta: &[f64]) -> Globals<M, f64> {
        globals(&self.model, theta, |_, u| Real(u))
    }
}

/// theta as plain numbers.
pub(crate) fn plain<M: Model>(theta: &Globals<M, f64>) -> <M::Global as Latents>::Of<f64> {
    let mut out = Default::default();
    M::Global::map(theta, &mut out, |x: &Real<f64>| x.0);
    out
}

/// The latents of a task at unconstrained coordinates `u`, written as `non_centred` says.
pub(crate) fn local_values<M: Model>(
    model: &M,
    non_centred: &[bool],
    theta: &Globals<M, f64>,
    task: &M::Task,
    u: &[f64],
) -> <M::Local as Latents>::Of<f64> {
    let flags = vec![false; M::LOCAL_SITES.len()];
    let coordinates: Vec<Real<f64>> = u.iter().map(|&u| Real(u)).collect();
    let counted = Counted { non_centred, latents: &flags, observed: &[], jacobian: true };
    let mut local = Default::default();
    model.local(&mut LogDensity::new(&coordinates, counted), theta, task, &mut local);
    let mut out = Default::default();
    M::Local::map(&local, &mut out, |x: &Real<f64>| x.0);
    out
}

/// Where the guide puts phi of each of the model's tasks, the first of the guide's, when theta is at its mean; in centred
/// coordinates.
pub(crate) fn centres<M: Model>(model: &M, climbed: &Climbed) -> Vec<DVector<f64>> {
    let centred = vec![false; M::LOCAL_SITES.len()];
    let guide = rewritten(model, &climbed.guide.first(model.num_tasks()), (&climbed.non_centred, &centred));
    (0..guide.num_tasks()).map(|i| DVector::from_column_slice(&guide.local.loc[guide.task(i)])).collect()
}

/// A posterior without the importance correction, for comparison.
pub struct Uncorrected<'a, M: Model> {
    fit: &'a Fit<M>,
    gaussian: LinearResponse,
    posterior: Posterior,
}

impl<M: Model> Uncorrected<'_, M> {
    fn view(&self) -> View<'_, M> {
        View { fit: self.fit, gaussian: &self.gaussian, posterior: &self.posterior }
    }

    /// Summaries of the globals.
    pub fn global(&self) -> <M::Global as Latents>::Of<Summary> {
        self.view().global()
    }

    /// Summaries of the latents of task `i`.
    ///
    /// # Panics
    /// If there is no task `i`.
    pub fn local(&self, i: usize) -> <M::Local as Latents>::Of<Summary> {
        self.view().local(i)
    }

    /// Draws of all latents, equally weighted.
    pub fn draws<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Vec<Draw<M>> {
        self.view().draws(n, rng)
    }

    /// The posterior of any function of the latents.
    pub fn marginal(&self, f: impl Fn(&LazyDraw<'_, M>) -> f64) -> Summary {
        self.view().marginal(f)
    }

    /// The covariance of any two functions of the latents.
    pub fn covariance(&self, f: impl Fn(&LazyDraw<'_, M>) -> f64, g: impl Fn(&LazyDraw<'_, M>) -> f64) -> f64 {
        self.view().covariance(f, g)
    }
}

impl Evidence {
    /// Of the data and one task more, of which `learned` tells.
    pub(crate) fn learn(&mut self, learned: &Self) {
        self.k_hat = self.k_hat.max(learned.k_hat);
        self.effective_sample_size = learned.effective_sample_size;
        self.ln_evidence += learned.ln_evidence;
        self.ln_evidence_error = self.ln_evidence_error.hypot(learned.ln_evidence_error);
    }

    fn of(c: &Corrected) -> Self {
        Self {
            k_hat: c.k_hat,
            task_k_hat: c.task_k_hat.clone(),
            draws: c.posterior.len(),
            effective_sample_size: c.effective,
            ln_evidence: c.ln_evidence,
            ln_evidence_error: c.ln_evidence_error,
        }
    }
}

/// The model's shape, seen from a start where its density is finite.
pub(crate) fn find_start<M: Model>(model: &M, options: &Options) -> Result<(Shape, Start), Error> {
    let mut first = None;
    for number in 0..=RANDOM_STARTS {
        let start = match options.random_start {
            None if number == 0 => Start::Zero,
            None => Start::Random(number),
            Some(asked) => Start::Random(asked.wrapping_add(number << 32)),
        };
        let error = match Shape::discover(model, &start) {
            Ok(Shape { not_finite: Some((place, value)), .. }) => {
                Error::NotFinite { place: Box::new(place), value, tried: RANDOM_STARTS }
            }
            Ok(shape) => return Ok((shape, start)),
            Err(error @ Error::Parameter { at_start: true, .. }) => error,
            Err(error) => return Err(error),
        };
        first.get_or_insert(error);
    }
    Err(first.expect("at least one start was tried"))
}

/// Summaries of draws of a struct of latents, number by number.
pub(crate) fn summarise<L: Latents>(
    draws: impl Iterator<Item = L::Of<f64>>,
    summary: impl Fn(&[f64]) -> Summary,
) -> L::Of<Summary> {
    let mut columns: Vec<Vec<f64>> = Vec::new();
    let mut shape = Default::default();
    for draw in draws {
        let mut at = 0;
        L::map(&draw, &mut shape, |x: &f64| {
            if columns.len() == at {
                columns.push(Vec::new());
            }
            columns[at].push(*x);
            at += 1;
        });
    }
    let mut columns = columns.iter();
    let mut out = Default::default();
    L::map(&shape, &mut out, |(): &()| summary(columns.next().expect("one column a number")));
    out
}

/// The generator of a fit's own later questions (prediction, adaptation), apart from those of the fit.
pub(crate) fn later(seed: u64, question: u64) -> rand_chacha::ChaCha8Rng {
    keyed(seed, u64::MAX - 3, question)
}
