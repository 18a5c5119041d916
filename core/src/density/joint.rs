//! The log joint density of all latents and data as a function of one unconstrained vector, with its gradient:
//! for a sampler or optimiser of your own.

use crate::density::lanes::{First, TaskBlock};
use crate::elbo::{Objective, Shape, Written};
use crate::error::Error;
use crate::interpret::discover::Start;
use crate::model::Model;
use crate::numbers::pass::Derivatives;
use crate::options::Estimator;
use rayon::prelude::*;
use std::ops::Range;

/// Tasks a thread takes at a time; sums are taken in this order whatever the number of threads.
const TASKS: usize = 256;

/// ln p(theta, phi, D) + ln |dx/du| in unconstrained coordinates u: those of theta first, then task by task.
///
/// ```
/// use hierarch::Joint;
/// use hierarch::prelude::*;
///
/// model! {
///     Mean(data: &[f64]) {
///         mu ~ Normal(0.0, 10.0);
///         for &y in data {
///             y ~ Normal(mu, 1.0);
///         }
///     }
/// }
/// # fn main() -> Result<(), hierarch::Error> {
/// let model = Mean::new(&[1.0, 3.0]);
/// let joint = Joint::new(&model)?;
/// let mut gradient = vec![0.0; joint.num_coordinates()];
/// joint.gradient(&[0.0], &mut gradient);
/// assert!((gradient[0] - 4.0).abs() < 1e-12);
/// # Ok(())
/// # }
/// ```
pub struct Joint<'a, M: Model> {
    objective: Objective<'a, M>,
}

impl<'a, M: Model> Joint<'a, M> {
    /// The density of a model with its data, which are checked.
    ///
    /// Terms of closed form are kept as sufficient statistics, so that they cost the same for any number of
    /// observations; the others are visited with dual numbers.
    pub fn new(model: &'a M) -> Result<Self, Error> {
        Self::with_estimator(model, Estimator::ClosedForm)
    }

    /// The same, every term visited with dual numbers at each evaluation.
    pub fn by_dual_numbers(model: &'a M) -> Result<Self, Error> {
        Self::with_estimator(model, Estimator::Sampled)
    }

    fn with_estimator(model: &'a M, estimator: Estimator) -> Result<Self, Error> {
        let shape = Shape::discover(model, &Start::Zero)?;
        Ok(Self { objective: Objective::new(model, &shape, Written { estimator, ..Written::CENTRED }) })
    }

    /// Number of unconstrained coordinates, of theta and all tasks.
    pub fn num_coordinates(&self) -> usize {
        self.num_global_coordinates() + self.objective.offsets[self.objective.num_tasks()]
    }

    /// Number of unconstrained coordinates of theta; they come first.
    pub fn num_global_coordinates(&self) -> usize {
        self.objective.num_globals()
    }

    /// The coordinates of task `i`.
    pub fn task(&self, i: usize) -> Range<usize> {
        let globals = self.num_global_coordinates();
        globals + self.objective.offsets[i]..globals + self.objective.offsets[i + 1]
    }

    /// The log density at `u`; its gradient replaces the content of `gradient`.
    ///
    /// Tasks are spread over the threads of rayon's pool; the result is the same for any number of them.
    ///
    /// # Panics
    /// If `u` or `gradient` are not of length [`num_coordinates`](Self::num_coordinates).
    pub fn gradient(&self, u: &[f64], gradient: &mut [f64]) -> f64 {
        assert_eq!(u.len(), self.num_coordinates(), "u has one entry a coordinate");
        assert_eq!(gradient.len(), u.len(), "the gradient has one entry a coordinate");
        let (theta, phi) = u.split_at(self.num_global_coordinates());
        let (global_gradient, local_gradient) = gradient.split_at_mut(theta.len());
        let Objective { model, blocks, offsets, most, sampled, .. } = &self.objective;
        global_gradient.fill(0.0);
        let mut value = self.objective.closed_global_at(theta, global_gradient);
        if sampled.global {
            let mut outside = Derivatives::default();
            blocks.global::<M, First>(model, theta, &mut outside);
            value += outside.value;
            global_gradient.iter_mut().zip(&outside.gradient).for_each(|(sum, g)| *sum += g);
        }
        let fixed = sampled.tasks.then(|| blocks.theta::<M, First>(model, theta, *most));
        let shared = self.objective.shared_at(theta);
        let tasks = self.objective.num_tasks();
        let reads = blocks.task_reads.len();
        let sums: Vec<(f64, Vec<f64>)> = self
            .chunks_of(local_gradient)
            .into_par_iter()
            .enumerate()
            .map(|(chunk, own_gradient)| {
                let mut block = fixed.as_ref().map(|fixed| (TaskBlock::<M, First>::new(model, blocks), fixed));
                let mut gradient = Vec::new();
                let mut point: Vec<f64> = blocks.task_reads.iter().map(|&j| theta[j]).collect();
                let (mut value, mut seen) = (0.0, vec![0.0; reads]);
                let first = offsets[chunk * TASKS];
                for i in chunk * TASKS..((chunk + 1) * TASKS).min(tasks) {
                    let range = offsets[i]..offsets[i + 1];
                    let u = &phi[range.clone()];
                    point.truncate(reads);
                    point.extend_from_slice(u);
                    gradient.clear();
                    gradient.resize(point.len(), 0.0);
                    value += self.objective.closed_at(i, &point, &shared, &mut gradient);
                    if let Some((block, fixed)) = &mut block {
                        block.evaluate(fixed, model.task(i), u);
                        value += block.out.value;
                        gradient.iter_mut().zip(&block.out.gradient).for_each(|(sum, g)| *sum += g);
                    }
                    let (of_theta, of_phi) = gradient.split_at(reads);
                    seen.iter_mut().zip(of_theta).for_each(|(sum, g)| *sum += g);
                    own_gradient[range.start - first..range.end - first].copy_from_slice(of_phi);
                }
                (value, seen)
            })
            .collect();
        for (part, seen) in sums {
            value += part;
            for (&j, g) in blocks.task_reads.iter().zip(seen) {
                global_gradient[j] += g;
            }
        }
        value
    }

    /// The local gradient in the pieces that belong to each chunk of tasks.
    fn chunks_of<'g>(&self, mut local_gradient: &'g mut [f64]) -> Vec<&'g mut [f64]> {
        let (tasks, offsets) = (self.objective.num_tasks(), &self.objective.offsets);
        let mut chunks = Vec::with_capacity(tasks.div_ceil(TASKS));
        for first in (0..tasks).step_by(TASKS) {
            let len = offsets[(first + TASKS).min(tasks)] - offsets[first];
            let (piece, rest) = local_gradient.split_at_mut(len);
            chunks.push(piece);
            local_gradient = rest;
        }
        chunks
    }
}
