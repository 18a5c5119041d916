//! From a model to its posterior, in five stages: discover, climb, respond, correct, judge.

use crate::correct::effort::effort;
use crate::correct::importance::{Attempt, correct};
use crate::correct::linear_response::{Identity, linear_response};
use crate::correct::round::Basis;
use crate::density::program::Program;
use crate::density::shape::{FoundShape, Shape};
use crate::density::{Density, Writing};
use crate::error::Error;
use crate::fit::solution::{Solution, Times};
use crate::fit::trust::Judgement;
use crate::fit::{Evidence, Fit};
use crate::model::Model;
use crate::model::subset::Subset;
use crate::optimize::choose::modes_at_mean;
use crate::optimize::climb;
use crate::optimize::climbed::{Climbed, Settings};
use crate::options::{Correction, GlobalFactor, Options};
use crate::posterior::draws::WeightedDraws;
use crate::posterior::gaussian::GaussianHierarchy;
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

impl<M: Model> Fit<M> {
    fn new(model: M, options: &Options) -> Result<Self, Error> {
        let solution = solve(&Subset::all(&model), options)?;
        Ok(Self::with(model, solution))
    }
}

/// What linear response, or what stands in for it, makes of a guide.
struct Response {
    gaussian: GaussianHierarchy,
    /// Whether it is linear response.
    is_linear: bool,
}

/// The whole way.
fn solve(program: &dyn Program, options: &Options) -> Result<Solution, Error> {
    let started = Instant::now();
    let FoundShape { shape, start } = Shape::find(program, options)?;
    let climbed = climb(program, &Settings { options, shape: &shape, start });
    let Response { gaussian, is_linear } = respond(&climbed, &shape, options);
    let mut times = Times { climb: started.elapsed(), ..Times::default() };
    let attempt = corrected(program, &shape, &climbed, &gaussian, options);
    times.correction = started.elapsed().saturating_sub(times.climb);
    let linear = is_linear.then_some(&gaussian);
    let signature = program.signature();
    let trust = Judgement { options, shape: &shape, signature, linear, climbed: &climbed, attempt: &attempt }.trust();
    let evidence = attempt.ran().map(Evidence::of);
    let draws = match attempt {
        Attempt::Ran(c) if trust.is_corrected() => c.posterior,
        _ => {
            let non_centred = &climbed.open.tasks.non_centred;
            WeightedDraws::gaussian(&climbed.guide, &gaussian, non_centred, options.posterior_draws, options.seed)
        }
    };
    let options = options.clone();
    Ok(Solution { options, shape, start, climbed, gaussian, draws, evidence, trust, times, absorbed: 0 })
}

/// The covariances that go with the guide: by linear response where that is wanted and possible.
fn respond(climbed: &Climbed, shape: &Shape, options: &Options) -> Response {
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

/// The importance correction, where it is wanted and can be afforded.
fn corrected(
    program: &dyn Program,
    shape: &Shape,
    climbed: &Climbed,
    gaussian: &GaussianHierarchy,
    options: &Options,
) -> Attempt {
    match options.correction {
        Correction::MeanField | Correction::LinearResponse => Attempt::NotAsked,
        Correction::Auto | Correction::Importance => {
            let jacobian = options.global == GlobalFactor::MeanField;
            let centred = Density::new(program.all(), shape, Writing { jacobian, ..Writing::CENTRED });
            let Some(effort) = effort(&centred, shape, options) else { return Attempt::TooCostly };
            let centres = modes_at_mean(program, climbed);
            correct(&centred, &Basis { guide: &climbed.guide, gaussian, centres: &centres }, effort)
        }
    }
}
