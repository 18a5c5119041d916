//! Local posteriors by a few steps of gradient ascent from the prior (Ravi & Beatson 2019, chapter 3).
//!
//! theta is a point. Locals are written phi = loc(theta) + scale(theta) z, so that the factor lambda = (loc, `ln_scale`) of
//! a task, in its z, starts at lambda_0 = 0: that is Normal(0, 1), the prior itself, whatever theta is. From there K steps
//! climb the task's own bound L_s on its support set; the outer bound L is taken on support and query together:
//!     lambda_{k+1} = lambda_k + rate * g_k,  g = dL_s / d lambda,
//!     maximise over (theta, ln rate):  sum_i L(lambda_K^i, theta) + ln p(theta).
//! The gradient goes through the steps, the last one first. With H the Hessian of L_s in lambda, B = d2 L_s / (d lambda
//! d theta), both at lambda_k, and a = dL / d lambda_{k+1},
//!     v = rate * a,  dL / d ln rate += v * g_k,  dL / d theta += B' v,  dL / d lambda_k = a + H v.
//! Only products with H and B are needed, which cost some gradients each, however wide a task is.
//! The draws of L are fresh, and not those of L_s: steps that know the draws they are judged by would look too good.

use crate::amortise::training::Training;
use crate::amortise::{Amortised, Recognition};
use crate::density::tape::WIDEST_LANES;
use crate::elbo::{Bound, Slope};
use crate::error::Error;
use crate::guide::{Guide, MeanField};
use crate::linalg::arrow::ArrowVector;
use crate::linalg::ragged::{Ragged, add};
use crate::model::Model;
use crate::model::subset::Subset;
use crate::optimize::plateau::{AdamMoments, ascend};
use crate::options::allowed::{MOST_DRAWS, Row, check};
use crate::options::{GlobalFactor, Options, Parameterisation};
use crate::progress::Progress;
use crate::sampling::noise::Noise;
use nalgebra::DVector;

/// How [`GradientFit`] adapts and is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct GradientOptions {
    /// K, the steps of adaptation. Up to 100,000; with 0 a task keeps its prior. Training remembers the factors of a batch at
    /// each of them.
    pub steps: usize,
    /// What the steps move.
    pub factor: TaskFactor,
    /// The rate of these steps before it is learned; `None` for the largest that the prior's own curvatures allow, for tasks
    /// of many latents one for all of them. Above 0 and at most 1,000,000.
    pub rate: Option<f64>,
    /// How many fixed draws the bound of a support set is averaged over where it has no closed form. Every task meets the
    /// same ones, in training and later, so that adaptation is one function of the data. From 1 to 100,000.
    pub draws: usize,
    /// What [`EncoderFit::train`](crate::EncoderFit::train) takes from them; `global` and `parameterisation` are fixed.
    pub options: Options,
}

/// What is known of a task's latents after the steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TaskFactor {
    /// Independent normals, which start at the prior (Ravi & Beatson 2019).
    #[default]
    MeanField,
    /// A point, which starts at the middle of the prior: with a learned start and learned rates, what Finn et al. 2017 and Li
    /// et al. 2017 train, but for the prior that the steps climb too.
    Point,
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

/// Gradient steps, each slot of lambda with a learned rate.
#[derive(Clone, Debug)]
pub struct Stepped {
    pub(super) steps: usize,
    pub(super) factor: TaskFactor,
    pub(super) draws: usize,
    /// By slot of lambda: L locs, then L log-scales.
    pub(super) ln_rate: Vec<f64>,
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

impl<M: Model> Recognition<M> for Stepped {
    fn num_parameters(&self) -> usize {
        self.ln_rate.len()
    }

    fn describe(&self) -> String {
        let of = if self.factor == TaskFactor::Point { " of a point" } else { "" };
        format!("{} gradient steps{of} from the prior", self.steps)
    }

    fn factors(&self, training: &Training<'_, M>, tasks: &[&M::Task]) -> MeanField {
        let few = Subset::with(training.model, tasks.to_vec());
        let density = training.density(&few);
        let bound = Bound::over(&density, self.noise(training));
        let mut guide = training.guide(self.factor.start(tasks.len() * training.num_latents));
        for _ in 0..self.steps {
            let Slope { gradient, .. } = bound.slope(&guide);
            self.step(&mut guide, &gradient.tasks);
        }
        guide.local
    }
}

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

/// An estimate of the outer bound, and its gradient.
pub(super) struct Outer {
    pub(super) elbo: f64,
    pub(super) theta: DVector<f64>,
    pub(super) ln_rate: DVector<f64>,
}

/// Steps of the power method, which is within some tenths of the largest curvature by then.
const POWER_STEPS: usize = 10;

impl TaskFactor {
    /// lambda_0, of so many coordinates.
    fn start(self, coordinates: usize) -> MeanField {
        let ln_scale = if self == Self::Point { f64::NEG_INFINITY } else { 0.0 };
        MeanField::new(coordinates, 0.0, ln_scale)
    }
}

impl Stepped {
    /// The draws that the bound of a support set is averaged over.
    fn noise<M: Model>(&self, training: &Training<'_, M>) -> Noise {
        match self.factor {
            TaskFactor::MeanField => training.fixed(self.draws, 1),
            TaskFactor::Point => Noise::none(training.noise_size(1)),
        }
    }

    /// Rates with which rate * H has no eigenvalue much beyond 1 at the prior: for each slot s the least of
    /// 1 / sum_t |H_st| over tasks, or where blocks are wide, of 1 / |largest eigenvalue|.
    fn first_ln_rate<M: Model>(&self, training: &Training<'_, M>) -> Vec<f64> {
        let batch = training.batch(0);
        let few = training.some(&batch);
        let guide = training.guide(self.factor.start(batch.len() * training.num_latents));
        let density = training.density(&few);
        let bound = Bound::over(&density, self.noise(training));
        let slots = 2 * training.num_latents;
        if density.widest_block() > WIDEST_LANES {
            let mut v = bound.slope(&guide).gradient.tasks;
            let mut largest = 1.0;
            for _ in 0..POWER_STEPS {
                for i in 0..v.len() {
                    let norm = v[i].iter().map(|x| x * x).sum::<f64>().sqrt();
                    v[i].iter_mut().for_each(|x| *x /= norm.max(f64::MIN_POSITIVE));
                }
                v = bound.product(&guide, &v, &few).tasks;
                largest = v.iter().map(|v| v.iter().map(|x| x * x).sum::<f64>().sqrt()).fold(0.0, f64::max);
            }
            return vec![-largest.ln(); slots];
        }
        let arrow = bound.expand(&guide).arrow;
        let row = |hessian: &[f64], s: usize| hessian[s * slots..(s + 1) * slots].iter().map(|h| h.abs()).sum();
        let curvature = |s: usize| arrow.tasks.hessian.iter().map(|hessian| row(hessian, s)).fold(0.0, f64::max);
        (0..slots).map(|s| -curvature(s).ln()).collect()
    }

    /// The outer bound, from the tasks of a batch and the draws of a step, and its gradient through the steps.
    pub(super) fn outer<M: Model>(&self, training: &Training<'_, M>, full: &M, batch: &[usize], step: usize) -> Outer {
        let (support, full) = (training.some(batch), Subset::with(full, batch.iter().map(|&i| full.task(i)).collect()));
        let mut guide = training.guide(self.factor.start(batch.len() * training.num_latents));
        let inner = training.density(&support);
        let inner = Bound::over(&inner, self.noise(training));
        let path = self.path(&inner, &mut guide);
        let outer = training.density_of_batch(&full);
        let bound = Bound::over(&outer, training.fresh(batch, step));
        let Slope { value: elbo, gradient: ArrowVector { global: mut theta, tasks: mut adjoint } } =
            bound.slope(&guide);
        let mut ln_rate = DVector::zeros(self.ln_rate.len());
        for (local, gradient) in path.into_iter().rev() {
            let mut scaled = adjoint.clone();
            for i in 0..scaled.len() {
                for (s, v) in scaled[i].iter_mut().enumerate() {
                    *v *= self.ln_rate[s].exp();
                    ln_rate[s] += *v * gradient[i][s];
                }
            }
            let ArrowVector { global, tasks } = inner.product(&training.guide(local), &scaled, &support);
            theta += global;
            add(&mut adjoint.numbers, &tasks.numbers);
        }
        Outer { elbo, theta: theta.rows(0, training.global.len()).into_owned(), ln_rate }
    }

    /// Takes the steps; gives the factors before each, and their gradient.
    fn path(&self, support: &Bound<'_>, guide: &mut Guide) -> Vec<(MeanField, Ragged)> {
        let step = |_| {
            let before = guide.local.clone();
            let Slope { gradient: ArrowVector { tasks, .. }, .. } = support.slope(guide);
            self.step(guide, &tasks);
            (before, tasks)
        };
        (0..self.steps).map(step).collect()
    }

    /// lambda += rate * g, of all tasks.
    fn step(&self, guide: &mut Guide, gradient: &Ragged) {
        let rates: Vec<f64> = self.ln_rate.iter().map(|r| r.exp()).collect();
        for (i, gradient) in gradient.iter().enumerate() {
            let task = guide.task(i);
            let MeanField { loc, ln_scale } = &mut guide.local;
            let slots = loc[task.clone()].iter_mut().chain(&mut ln_scale[task]);
            slots.zip(gradient.iter().zip(&rates)).for_each(|(to, (g, rate))| *to += rate * g);
        }
    }
}
