//! Local posteriors by a few steps of gradient ascent from the prior (Ravi & Beatson 2019, chapter 3).

use crate::amortise::Amortised;
use crate::amortise::steps::{Stepped, TaskFactor};
use crate::amortise::training::Training;
use crate::error::Error;
use crate::model::Model;
use crate::optimize::plateau::{AdamMoments, ascend};
use crate::options::allowed::{MOST_DRAWS, Row, check};
use crate::options::{GlobalFactor, Options, Parameterisation};
use crate::progress::Progress;

/// How [`GradientFit`] adapts and is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct GradientOptions {
    /// K, the steps of adaptation. Up to 100,000, and 5 by default; with 0 a task keeps its prior. Training remembers the
    /// factors of a batch at each of them.
    pub steps: usize,
    /// What the steps move.
    pub factor: TaskFactor,
    /// The rate of these steps before it is learned; `None` for the largest that the prior's own curvatures allow, for tasks
    /// of many latents one for all of them. Above 0 and at most 1,000,000.
    pub rate: Option<f64>,
    /// How many fixed draws the bound of a support set is averaged over where it has no closed form. Every task meets the
    /// same ones, in training and later, so that adaptation is one function of the data. From 1 to 100,000;
    /// 16 by default.
    pub draws: usize,
    /// What [`EncoderFit::train`](crate::EncoderFit::train) takes from them; `global` and `parameterisation` are fixed.
    pub options: Options,
}

impl Default for GradientOptions {
    fn default() -> Self {
        Self { steps: 5, factor: TaskFactor::default(), rate: None, draws: 16, options: Options::default() }
    }
}

/// Steps of adaptation.
const MOST_STEPS: usize = 100_000;
/// The rate of a step, in units of the latents' own coordinates.
const LARGEST_RATE: f64 = 1e6;

impl GradientOptions {
    fn check(&self) -> Result<(), Error> {
        check([
            Row::whole("GradientOptions::steps", self.steps, 0..=MOST_STEPS),
            Row::positive("GradientOptions::rate", self.rate.unwrap_or(1.0), LARGEST_RATE),
            Row::whole("GradientOptions::draws", self.draws, 1..=MOST_DRAWS),
        ])
    }
}

/// A model trained to be adapted by a few gradient steps.
///
/// Locals that are no location-scale family on the real line start at Normal(0, 1) in their unconstrained coordinates.
///
/// ```
/// # use hierarch::prelude::*;
/// use hierarch::{GradientFit, GradientOptions, Options};
///
/// pub struct Line { points: Vec<(f64, Option<f64>)> }
///
/// model! {
///     Lines(lines: &[Line]) {
///         steepness ~ Normal(0.0, 2.0);
///         for line in lines {
///             slope ~ Normal(steepness, 0.5);
///             for &(x, y) in &line.points {
///                 y ~ Normal(x * slope, 0.1);
///             }
///         }
///     }
/// }
///
/// # fn main() -> Result<(), hierarch::Error> {
/// let line = |slope: f64, known: [bool; 2]| Line {
///     points: [0.3, 0.6].into_iter().zip(known).map(|(x, known)| (x, known.then_some(slope * x))).collect(),
/// };
/// let slopes: Vec<f64> = (0..20).map(|i| 1.0 + 0.05 * f64::from(i)).collect();
/// // the query's data are missing in the support set
/// let support: Vec<Line> = slopes.iter().map(|&slope| line(slope, [true, false])).collect();
/// let full: Vec<Line> = slopes.iter().map(|&slope| line(slope, [true, true])).collect();
/// let (support, full) = (Lines::new(&support), Lines::new(&full));
/// let options = Options { max_iterations: Some(500), ..Options::default() };
/// let fit = GradientFit::train(&support, &full, &GradientOptions { options, ..GradientOptions::default() })?;
/// let slope = fit.adapt(&line(1.8, [true, false]))?.local().slope;
/// assert!((slope.mean - 1.8).abs() < 0.3, "{slope}");
/// # Ok(())
/// # }
/// ```
pub type GradientFit<'a, M> = Amortised<'a, M, Stepped>;

impl<'a, M: Model> GradientFit<'a, M> {
    /// Climbs the outer bound over theta and the rates. `support` and `full` have the same tasks, the query's data being
    /// missing in `support`.
    ///
    /// # Errors
    /// As for [`fit`](crate::Fittable::fit), for options that are not what they may be, for tasks with different numbers of
    /// latents, and for two models with different tasks.
    pub fn train(support: &'a M, full: &'a M, options: &GradientOptions) -> Result<Self, Error> {
        options.check()?;
        let GradientOptions { steps, factor, rate, draws, options } = options;
        let (global, parameterisation) = (GlobalFactor::Point, Parameterisation::NonCentred);
        let options = Options { global, parameterisation, ..options.clone() };
        let mut training = Training::new(support, &options)?;
        let other = Training::new(full, &options)?;
        if (full.num_tasks(), other.num_latents) != (support.num_tasks(), training.num_latents) {
            return Err(Error::Unusable("the support model and the full model have different tasks".to_owned()));
        }
        let mut how = Stepped { steps: *steps, factor: *factor, draws: *draws, ln_rate: Vec::new() };
        how.ln_rate =
            rate.map_or_else(|| how.first_ln_rate(&training), |rate| vec![rate.ln(); 2 * training.num_latents]);
        let (mut theta, mut rates) = (AdamMoments::new(training.global.len()), AdamMoments::new(how.ln_rate.len()));
        let adam = training.adam.clone();
        let ended = ascend(&options, &Progress::new(&options), &adam, |step, size| {
            let batch = training.batch(step);
            let outer = how.outer(&training, full, &batch, step);
            if outer.elbo.is_finite() {
                theta.step(outer.theta.as_slice(), size, |slot, by| training.global.loc[slot] += by);
                rates.step(outer.ln_rate.as_slice(), size, |slot, by| how.ln_rate[slot] += by);
            }
            outer.elbo
        });
        let elbo = Self::elbo_of(&training, full, &how);
        Ok(Self { training, how, ended, elbo })
    }

    /// The learned rates: of the L locs, then of the L log-scales.
    pub fn rates(&self) -> Vec<f64> {
        self.how.ln_rate.iter().map(|r| r.exp()).collect()
    }
}
