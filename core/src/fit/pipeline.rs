//! From a model to its posterior, in five stages: discover, climb, respond, correct, judge.

use crate::correct::chains::{ByChains, CONVERGED, by_chains};
use crate::correct::effort::Effort;
use crate::correct::importance::{Attempt, corrected};
use crate::correct::linear_response::{Identity, linear_response};
use crate::correct::reweighting::Basis;
use crate::density::program::Program;
use crate::density::shape::{Shape, ShapeAtStart};
use crate::density::{Density, Writing};
use crate::error::Error;
use crate::fit::doubts::{failure, poor_weights};
use crate::fit::imprecise::Naming;
use crate::fit::judgement::Judgement;
#[cfg(feature = "serde")]
use crate::fit::saved::load;
use crate::fit::solution::{Solution, Times};
use crate::fit::{Certificate, Chains, Evidence, Fit};
use crate::interpret::simulated::{Simulated, simulate};
use crate::linalg::gaussian::Gaussian;
use crate::model::Model;
use crate::model::subset::Subset;
use crate::optimize::choose::modes_at_mean;
use crate::optimize::climb;
use crate::optimize::modes::{Modes, OtherModes};
use crate::optimize::starts::from_other_starts;
use crate::optimize::summit::{Settings, Summit};
use crate::options::{Correction, GlobalFactor, LocalFactor, Options};
use crate::posterior::gaussian::GaussianHierarchy;
use crate::progress::Progress;
use nalgebra::DVector;
use rand::Rng;
use std::num::NonZero;
use std::time::Instant;

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
    /// As for [`fit`](Self::fit), and options that are not what they may be.
    fn fit_with(self, options: &Options) -> Result<Fit<Self>, Error> {
        let solution = solve_on_threads(&Subset::all(&self), options)?;
        Ok(Fit::with(self, solution))
    }

    /// The fit of this model with these data that [`save`](Fit::save) has written to a file, to the bit. Behind the feature
    /// `serde`.
    ///
    /// # Errors
    /// [`Error::File`] where the file cannot be read, is no saved fit, is damaged or of another version, or holds a fit of another
    /// model, of other tasks or other data: its [`FileError`](crate::FileError) says which. Errors of the model's own data are those of
    /// [`fit`](Self::fit).
    #[cfg(feature = "serde")]
    fn load(self, path: impl AsRef<std::path::Path>) -> Result<Fit<Self>, Error> {
        load(self, path.as_ref())
    }

    /// A draw of all latents from their priors, and of data in place of all that the model holds, missing ones too: what the
    /// model says before it sees data. The data serve for their number, and as covariates, constants and conditions; factors
    /// have no say.
    ///
    /// ```
    /// # use hierarch::prelude::*;
    /// # use rand::SeedableRng;
    /// # fn main() -> Result<(), hierarch::Error> {
    /// model! {
    ///     Coins(heads: &[(Option<u32>, u32)]) {
    ///         spread ~ HalfNormal(1.0);
    ///         for &(heads, tosses) in heads {
    ///             log_odds ~ Normal(0.0, spread);
    ///             heads ~ BinomialLogit(tosses, log_odds);
    ///         }
    ///     }
    /// }
    /// let coins = Coins::new(&[(None, 10), (None, 20)]);
    /// let drawn = coins.simulate(&mut rand_chacha::ChaCha8Rng::seed_from_u64(1))?;
    /// assert!(drawn.latents.global.spread > 0.0 && drawn.latents.local.len() == 2);
    /// assert!(drawn.data.task(1)[0] <= 20.0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::NoSampler`] for a distribution that cannot be drawn from, such as [`Flat`](crate::dist::Flat).
    fn simulate<R: Rng>(&self, rng: &mut R) -> Result<Simulated<Self>, Error> {
        simulate(self, rng)
    }
}

impl<M: Model> Fittable for M {}

/// Threads that are started for each that the machine runs at once: more would wait for each other, for seconds.
const MOST_THREADS_EACH: usize = 4;

/// The whole way, on as many threads as the options say.
fn solve_on_threads(program: &dyn Program, options: &Options) -> Result<Solution, Error> {
    options.check()?;
    if options.correction == Correction::Chains && !can_chain(options) {
        let [option, value, allowed] =
            ["Options::correction", "Chains", "another one where `global` or `locals` is not `MeanField`"]
                .map(str::to_owned);
        return Err(Error::Option { option, task: None, value, allowed });
    }
    let Some(threads) = options.threads else { return solve(program, options) };
    let at_once = std::thread::available_parallelism().map_or(1, NonZero::get);
    let threads = threads.min(MOST_THREADS_EACH * at_once);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|e| Error::Unusable(format!("cannot start {threads} threads: {e}")))?;
    pool.install(|| solve(program, options))
}

/// What linear response, or what stands in for it, makes of a guide.
struct Response {
    gaussian: GaussianHierarchy,
    /// Whether it is linear response.
    is_linear: bool,
}

/// The whole way.
fn solve(program: &dyn Program, options: &Options) -> Result<Solution, Error> {
    let (started, progress) = (Instant::now(), Progress::new(options));
    progress.stage("looking at the data", 0);
    let ShapeAtStart { shape, start } = Shape::find(program, options)?;
    let asked = Asked { program, shape: &shape, options, progress: &progress };
    let settings = Settings { options, shape: &shape, start, progress: &progress };
    let Modes { best: climbed, others, .. } = from_other_starts(program, &settings, climb(program, &settings));
    progress.stage("linear response", 0);
    let response = respond(&climbed, &shape, options);
    let mut times = Times { climb: started.elapsed(), ..Times::default() };
    let attempt = asked.chained(asked.correct(&climbed, &others, &response.gaussian), &climbed);
    progress.stage("judging", 0);
    times.correction = started.elapsed().saturating_sub(times.climb);
    let linear = response.is_linear.then_some(&response.gaussian);
    let trust =
        Judgement { options, shape: &shape, program, linear, climbed: &climbed, others: &others, attempt: &attempt }
            .judge();
    let (evidence, chains) = (attempt.ran().map(Evidence::of), attempt.chains().map(Chains::of));
    let naming = Naming { program, globals: &shape.global };
    let used = attempt.ran().filter(|_| trust.is_corrected());
    let certificate = used.and_then(|corrected| Certificate::of_weights(corrected, &naming));
    let Response { gaussian, .. } = response;
    let draws = match attempt {
        Attempt::Ran(corrected) if trust.is_corrected() => corrected.posterior,
        Attempt::Chained { found, .. } => found.posterior,
        _ => climbed.draws_of(&gaussian, options),
    };
    Ok(Solution {
        options: options.clone(),
        shape,
        start,
        climbed,
        gaussian,
        draws,
        evidence,
        trust,
        certificate,
        chains,
        times,
        absorbed: 0,
    })
}

/// The covariances that go with the guide: by linear response where that is wanted and possible.
fn respond(climbed: &Summit, shape: &Shape, options: &Options) -> Response {
    let linear = (options.correction != Correction::MeanField)
        .then(|| linear_response(&climbed.guide, climbed.arrow.as_ref()?, &Identity::of(shape)))
        .flatten();
    let is_linear = linear.is_some();
    let gaussian = linear.unwrap_or_else(|| match &climbed.locals {
        Some(locals) => GaussianHierarchy::given_theta(&climbed.guide, locals.covariances.iter().cloned()),
        None => GaussianHierarchy::mean_field(&climbed.guide),
    });
    Response { gaussian, is_linear }
}

/// What is asked for, and of what.
struct Asked<'a> {
    program: &'a dyn Program,
    shape: &'a Shape,
    options: &'a Options,
    progress: &'a Progress,
}

impl Asked<'_> {
    /// The importance correction, where it is wanted and can be afforded.
    fn correct(
        &self,
        climbed: &Summit,
        others: &OtherModes,
        gaussian: &GaussianHierarchy,
    ) -> (Attempt, Option<ByChains>) {
        let Self { program, shape, options, progress } = *self;
        match options.correction {
            Correction::MeanField | Correction::LinearResponse | Correction::Chains => (Attempt::NotAsked, None),
            Correction::Auto | Correction::Importance => {
                let jacobian = options.global == GlobalFactor::MeanField;
                let centred = Density::new(program.all(), shape, Writing { jacobian, ..Writing::CENTRED });
                let Some(effort) = Effort::of(options, shape) else { return (Attempt::TooLarge, None) };
                progress.stage_within(effort.budget, "correction", effort.usual());
                let modes = modes_at_mean(program, climbed);
                let other_modes: Vec<Gaussian> = others.apart.iter().map(|other| self.around(other)).collect();
                let basis = Basis { guide: &climbed.guide, gaussian, modes_at_mean: &modes, other_modes: &other_modes };
                corrected(&centred, &basis, effort, progress)
            }
        }
    }

    /// The Gaussian of theta around another mode.
    fn around(&self, other: &Summit) -> Gaussian {
        let root = respond(other, self.shape, self.options).gaussian.global.root();
        Gaussian { mean: DVector::from_column_slice(&other.guide.global.loc), root }
    }

    /// Chains in place of weights, where they are asked for or weights failed: those of theta that were `walked`, or of all latents;
    /// what was attempted before where they find no more.
    fn chained(&self, (before, walked): (Attempt, Option<ByChains>), climbed: &Summit) -> Attempt {
        let Self { program, shape, options, progress } = *self;
        if let (Some(found), Some(weights)) = (walked, before.ran()) {
            return Attempt::Chained { found: Box::new(found), since: Some(poor_weights(weights, program)) };
        }
        let is_asked = options.correction == Correction::Chains;
        let failure = if options.correction == Correction::Auto { failure(&before, program) } else { None };
        if !is_asked && (failure.is_none() || !can_chain(options)) {
            return before;
        }
        let Some(effort) = Effort::of(options, shape) else { return Attempt::TooLarge };
        let writing = Writing::new(&climbed.open.tasks.non_centred, options);
        let density = Density::new(program.all(), shape, writing);
        progress.stage_within(effort.budget, "chains", effort.usual());
        match by_chains(&density, &climbed.guide, &effort, progress) {
            Ok(found) if is_asked || found.convergence.r_hat < CONVERGED => {
                Attempt::Chained { found: Box::new(found), since: failure }
            }
            Err(needed) if is_asked => Attempt::TooCostly(needed),
            _ => before,
        }
    }
}

/// Whether all latents have a distribution that chains could start from.
fn can_chain(options: &Options) -> bool {
    options.global == GlobalFactor::MeanField && options.locals == LocalFactor::MeanField
}
