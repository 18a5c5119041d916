//! Local posteriors by a few steps of gradient ascent from the prior (Ravi & Beatson 2019, chapter 3).
//!
//! theta is a point. Locals are written phi = loc(theta) + scale(theta) z, so that the factor lambda = (loc, `ln_scale`) of
//! a task, in its z, starts at lambda_0 = 0: that is Normal(0, 1), the prior itself, whatever theta is. From there K steps
//! climb the task's own bound L_s on its support set; the outer bound L is taken on support and query together:
//!     lambda_{k+1} = lambda_k + rate * g,  g = dL_s / d lambda,
//!     maximise over (theta, ln rate):  sum_i L(lambda_K^i, theta) + ln p(theta).
//! With H the Hessian of L_s in lambda and B = d2 L_s / (d lambda d theta), the steps are differentiated along with them:
//!     S <- S + rate * (H S + B),           S = d lambda / d theta,
//!     T <- T + rate * (H T + diag(g)),     T = d lambda / d ln rate,
//!     dL / d theta += S' dL / d lambda,    dL / d ln rate = T' dL / d lambda.
//! The draws of L are fresh, and not those of L_s: steps that know the draws they are judged by would look too good.

use crate::amortise::training::Training;
use crate::amortise::{Amortised, Recognition};
use crate::elbo::{Bound, Slope};
use crate::error::Error;
use crate::guide::{Guide, MeanField};
use crate::linalg::arrow::{Arrow, TaskArrows};
use crate::model::Model;
use crate::model::subset::Subset;
use crate::optimize::plateau::{AdamMoments, ascend};
use crate::options::allowed::{MOST_DRAWS, Row, check};
use crate::options::{GlobalFactor, Options, Parameterisation};
use crate::progress::Progress;
use nalgebra::{DMatrix, DVector};

/// How [`GradientFit`] adapts and is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct GradientOptions {
    /// K, the steps of adaptation. Up to 100,000, and 5 by default; with 0 a task keeps its prior.
    pub steps: usize,
    /// The rate of these steps before it is learned; `None` for the largest that the prior's own curvatures allow.
    /// Above 0 and at most 1,000,000.
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
        Self { steps: 5, rate: None, draws: 16, options: Options::default() }
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
        format!("{} gradient steps from the prior", self.steps)
    }

    fn factors(&self, training: &Training<'_, M>, tasks: &[&M::Task]) -> MeanField {
        let few = Subset::with(training.model, tasks.to_vec());
        let density = training.density(&few);
        let bound = Bound::over(&density, training.fixed(self.draws, 1));
        let mut guide = training.guide(MeanField::new(tasks.len() * training.num_latents, 0.0, 0.0));
        for _ in 0..self.steps {
            let Slope { gradient, .. } = bound.slope(&guide);
            for (i, gradient) in gradient.tasks.iter().enumerate() {
                self.step(&mut guide, i, gradient);
            }
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
        let GradientOptions { steps, rate, draws, options } = options;
        let (global, parameterisation) = (GlobalFactor::Point, Parameterisation::NonCentred);
        let options = Options { global, parameterisation, ..options.clone() };
        let mut training = Training::new(support, &options)?;
        let other = Training::new(full, &options)?;
        if (full.num_tasks(), other.num_latents) != (support.num_tasks(), training.num_latents) {
            return Err(Error::Unusable("the support model and the full model have different tasks".to_owned()));
        }
        let ln_rate =
            rate.map_or_else(|| first_ln_rate(&training, *draws), |rate| vec![rate.ln(); 2 * training.num_latents]);
        let mut how = Stepped { steps: *steps, draws: *draws, ln_rate };
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

/// ln(1 / max_i sum_t |H_st|) at the prior, for each slot s: then rate * H has no eigenvalue beyond 1.
fn first_ln_rate<M: Model>(training: &Training<'_, M>, draws: usize) -> Vec<f64> {
    let batch = training.batch(0);
    let few = training.some(&batch);
    let guide = training.guide(MeanField::new(batch.len() * training.num_latents, 0.0, 0.0));
    let density = training.density(&few);
    let arrow = Bound::over(&density, training.fixed(draws, 1)).expand(&guide).arrow;
    let slots = 2 * training.num_latents;
    let row = |hessian: &[f64], s: usize| hessian[s * slots..(s + 1) * slots].iter().map(|h| h.abs()).sum();
    let curvature = |s: usize| arrow.tasks.hessian.iter().map(|hessian| row(hessian, s)).fold(0.0, f64::max);
    (0..slots).map(|s| -curvature(s).ln()).collect()
}

/// An estimate of the outer bound, and its gradient.
pub(super) struct Outer {
    pub(super) elbo: f64,
    pub(super) theta: DVector<f64>,
    pub(super) ln_rate: DVector<f64>,
}

impl Stepped {
    /// The outer bound, from the tasks of a batch and the draws of a step, and its gradient through the steps.
    pub(super) fn outer<M: Model>(&self, training: &Training<'_, M>, full: &M, batch: &[usize], step: usize) -> Outer {
        let (support, full) = (training.some(batch), Subset::with(full, batch.iter().map(|&i| full.task(i)).collect()));
        let mut guide = training.guide(MeanField::new(batch.len() * training.num_latents, 0.0, 0.0));
        let inner = training.density(&support);
        let jacobians = self.differentiated(&Bound::over(&inner, training.fixed(self.draws, 1)), &mut guide);
        let outer = training.density_of_batch(&full);
        let bound = Bound::over(&outer, training.fresh(batch, step));
        let Slope { value: elbo, gradient } = bound.slope(&guide);
        let mut theta = gradient.global.rows(0, training.global.len()).into_owned();
        let mut ln_rate = DVector::zeros(self.ln_rate.len());
        let reads = &inner.layout.task_reads;
        for (jacobian, gradient) in jacobians.iter().zip(gradient.tasks.iter()) {
            let through = jacobian.tr_mul(&DVector::from_column_slice(gradient));
            reads.iter().zip(&through).for_each(|(&j, g)| theta[j] += g);
            ln_rate += through.rows(reads.len(), ln_rate.len());
        }
        Outer { elbo, theta, ln_rate }
    }

    /// Takes the steps; gives the derivatives (S, T) of each task's lambda_K in the globals it reads and in ln rate.
    fn differentiated(&self, support: &Bound<'_>, guide: &mut Guide) -> Vec<DMatrix<f64>> {
        let (slots, reads) = (self.ln_rate.len(), support.density.layout.task_reads.len());
        let mut jacobians = vec![DMatrix::zeros(slots, reads + slots); guide.num_tasks()];
        for _ in 0..self.steps {
            let Arrow { tasks, .. } = support.expand(guide).arrow;
            for (i, jacobian) in jacobians.iter_mut().enumerate() {
                self.differentiated_step(&tasks, i, reads, jacobian);
                self.step(guide, i, &tasks.gradient[i]);
            }
        }
        jacobians
    }

    /// (S, T) += rate * (H (S, T) + (B, diag(g))).
    fn differentiated_step(&self, tasks: &TaskArrows, i: usize, reads: usize, jacobian: &mut DMatrix<f64>) {
        let slots = self.ln_rate.len();
        let mut change = DMatrix::from_row_slice(slots, slots, &tasks.hessian[i]) * &*jacobian;
        let mut border = change.columns_mut(0, reads);
        border += DMatrix::from_row_slice(slots, 2 * reads, &tasks.border[i]).columns(0, reads);
        for (s, ln_rate) in self.ln_rate.iter().enumerate() {
            change[(s, reads + s)] += tasks.gradient[i][s];
            change.row_mut(s).scale_mut(ln_rate.exp());
        }
        *jacobian += change;
    }

    /// lambda += rate * g, of the task at that position.
    fn step(&self, guide: &mut Guide, i: usize, gradient: &[f64]) {
        let (first, n) = (guide.task(i).start, guide.task(i).len());
        for (s, (g, ln_rate)) in gradient.iter().zip(&self.ln_rate).enumerate() {
            let target = if s < n { &mut guide.local.loc[first + s] } else { &mut guide.local.ln_scale[first + s - n] };
            *target += ln_rate.exp() * g;
        }
    }
}
