//! Gradient steps from the prior to a task's factor, and derivatives through them.
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

use crate::amortise::Recognition;
use crate::amortise::training::Training;
use crate::density::tape::WIDEST_LANES;
use crate::elbo::{Bound, Slope};
use crate::guide::{Guide, MeanField};
use crate::linalg::arrow::ArrowVector;
use crate::linalg::ragged::{Ragged, add};
use crate::model::Model;
use crate::model::subset::Subset;
use crate::sampling::noise::Noise;
use nalgebra::DVector;

/// What is known of a task's latents after the steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TaskFactor {
    /// Independent normals, which start at the prior (Ravi & Beatson 2019).
    #[default]
    MeanField,
    /// A point, which starts at the middle of the prior: with a learned start and learned rates, what Finn et al. 2017 and Li
    /// et al. 2017 train, but for the prior that the steps climb too. In place of an ELBO there is then ln p(D, phi | theta) of
    /// these points, phi in units of its prior.
    Point,
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
    pub(super) fn first_ln_rate<M: Model>(&self, training: &Training<'_, M>) -> Vec<f64> {
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
