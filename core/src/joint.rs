//! The log joint density of all latents and data as a function of one unconstrained vector, with its gradient:
//! for a sampler or optimiser of your own.

use crate::arrow::CHUNK;
use crate::block::{Blocks, Derivatives, First, TaskBlock};
use crate::elbo::Shape;
use crate::error::Error;
use crate::interpret::discover::Start;
use crate::model::Model;
use rayon::prelude::*;
use std::ops::Range;

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
/// assert_eq!(gradient, [4.0]);
/// # Ok(())
/// # }
/// ```
pub struct Joint<'a, M: Model> {
    model: &'a M,
    blocks: Blocks,
    offsets: Vec<usize>,
    most: (usize, usize),
}

impl<'a, M: Model> Joint<'a, M> {
    /// The density of a model with its data, which are checked.
    pub fn new(model: &'a M) -> Result<Self, Error> {
        let shape = Shape::discover(model, &Start::Zero)?;
        Ok(Self {
            model,
            blocks: Blocks::new::<M>(shape.global.clone(), shape.local_identity),
            offsets: shape.offsets.clone(),
            most: (shape.most_coordinates, shape.most_values),
        })
    }

    /// Number of unconstrained coordinates, of theta and all tasks.
    pub fn num_coordinates(&self) -> usize {
        self.task(self.offsets.len() - 1).start
    }

    /// Number of unconstrained coordinates of theta; they come first.
    pub fn num_global_coordinates(&self) -> usize {
        self.blocks.global.num_coordinates()
    }

    /// The coordinates of task `i`.
    pub fn task(&self, i: usize) -> Range<usize> {
        let globals = self.num_global_coordinates();
        let end = self.offsets.get(i + 1).unwrap_or(&self.offsets[i]);
        globals + self.offsets[i]..globals + end
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
        let mut outside = Derivatives::default();
        self.blocks.global::<M, First>(self.model, theta, &mut outside);
        global_gradient.copy_from_slice(&outside.gradient);
        let mut value = outside.value;
        let fixed = self.blocks.theta::<M, First>(self.model, theta, self.most);
        let tasks = self.offsets.len() - 1;
        let chunks = self.chunks_of(local_gradient);
        let sums: Vec<(f64, Vec<f64>)> = chunks
            .into_par_iter()
            .enumerate()
            .map(|(chunk, own_gradient)| {
                let mut block = TaskBlock::<M, First>::new(self.model, &self.blocks);
                let shared = self.blocks.task_reads.len();
                let (mut value, mut seen) = (0.0, vec![0.0; shared]);
                let first = self.offsets[chunk * CHUNK];
                for i in chunk * CHUNK..((chunk + 1) * CHUNK).min(tasks) {
                    let range = self.offsets[i]..self.offsets[i + 1];
                    block.evaluate(&fixed, self.model.task(i), &phi[range.clone()]);
                    value += block.out.value;
                    let (of_theta, of_phi) = block.out.gradient.split_at(shared);
                    seen.iter_mut().zip(of_theta).for_each(|(sum, g)| *sum += g);
                    own_gradient[range.start - first..range.end - first].copy_from_slice(of_phi);
                }
                (value, seen)
            })
            .collect();
        for (part, seen) in sums {
            value += part;
            for (&j, g) in self.blocks.task_reads.iter().zip(seen) {
                global_gradient[j] += g;
            }
        }
        value
    }

    /// The local gradient in the pieces that belong to each chunk of tasks.
    fn chunks_of<'g>(&self, mut local_gradient: &'g mut [f64]) -> Vec<&'g mut [f64]> {
        let tasks = self.offsets.len() - 1;
        let mut chunks = Vec::with_capacity(tasks.div_ceil(CHUNK));
        for first in (0..tasks).step_by(CHUNK) {
            let len = self.offsets[(first + CHUNK).min(tasks)] - self.offsets[first];
            let (piece, rest) = local_gradient.split_at_mut(len);
            chunks.push(piece);
            local_gradient = rest;
        }
        chunks
    }
}
