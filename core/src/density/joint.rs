//! The log joint density of all latents and data as a function of one unconstrained vector, with its gradient:
//! for a sampler or optimiser of your own.

use crate::density::closed::BlockPoint;
use crate::density::program::{Fixed, Program, Scorer, Scoring};
use crate::density::shape::Shape;
use crate::density::{Density, Writing};
use crate::error::Error;
use crate::interpret::discover::Start;
use crate::linalg::ragged::add;
use crate::model::Model;
use crate::model::subset::Subset;
use crate::numbers::pass::{Derivatives, Order};
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
#[doc(alias("nuts", "hmc", "gradient"))]
pub struct Joint<'a, M: Model> {
    density: Density<'a>,
    model: &'a M,
}

impl<'a, M: Model> Joint<'a, M> {
    /// The density of a model with its data, which are checked.
    ///
    /// Terms of closed form are kept as sufficient statistics, so that they cost the same for any number of
    /// observations; the others are visited with dual numbers.
    ///
    /// # Errors
    /// Data outside a support, invalid constants, no tasks, no latents, a density that is not finite at any start.
    pub fn new(model: &'a M) -> Result<Self, Error> {
        let density = Density::joint(Box::new(Subset::all(model)), Estimator::ClosedForm)?;
        Ok(Self { density, model })
    }

    /// The density of which every term is visited with dual numbers at each evaluation.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn by_dual_numbers(model: &'a M) -> Result<Self, Error> {
        let density = Density::joint(Box::new(Subset::all(model)), Estimator::Sampled)?;
        Ok(Self { density, model })
    }

    /// The density of a model of known shape, whose locals are written as `non_centred` says by site.
    pub(crate) fn written(model: &'a M, shape: &Shape, non_centred: &[bool]) -> Self {
        let writing = Writing { non_centred, ..Writing::CENTRED };
        Self { density: Density::new(Box::new(Subset::all(model)), shape, writing), model }
    }

    /// The model with its data.
    pub fn model(&self) -> &'a M {
        self.model
    }

    #[cfg(feature = "nuts")]
    pub(crate) fn density(&self) -> &Density<'a> {
        &self.density
    }

    /// Number of unconstrained coordinates, of theta and all tasks.
    pub fn num_coordinates(&self) -> usize {
        self.num_global_coordinates() + self.density.offsets[self.density.num_tasks()]
    }

    /// Number of unconstrained coordinates of theta; they come first.
    pub fn num_global_coordinates(&self) -> usize {
        self.density.num_globals()
    }

    /// The coordinates of task `i`.
    ///
    /// # Panics
    /// If there is no task `i`.
    pub fn task(&self, i: usize) -> Range<usize> {
        let globals = self.num_global_coordinates();
        globals + self.density.offsets[i]..globals + self.density.offsets[i + 1]
    }

    /// The log density at `u`; its gradient replaces the content of `gradient`.
    ///
    /// Neither is ever NaN. Where the density is 0, or cannot be told from 0 as a coordinate is too far out (a scale of
    /// e^-710, say), it is -inf and its gradient zero; of a finite one, an entry too large for an `f64` is 0.
    ///
    /// Tasks are spread over the threads of rayon's pool; the result is the same for any number of them.
    ///
    /// # Panics
    /// If `u` or `gradient` are not of length [`num_coordinates`](Self::num_coordinates).
    pub fn gradient(&self, u: &[f64], gradient: &mut [f64]) -> f64 {
        assert_eq!(u.len(), self.num_coordinates(), "u has one entry a coordinate");
        assert_eq!(gradient.len(), u.len(), "the gradient has one entry a coordinate");
        let value = self.density.joint_gradient(u, gradient);
        let is_finite = value.is_finite();
        gradient.iter_mut().filter(|g| !(is_finite && g.is_finite())).for_each(|g| *g = 0.0);
        if is_finite { value } else { f64::NEG_INFINITY }
    }
}

/// A theta that tasks are visited with.
struct At<'a> {
    theta: &'a [f64],
    exps: Vec<f64>,
    fixed: Option<Box<dyn Fixed + 'a>>,
}

/// The log density of a chunk of tasks, and its gradient in the globals they read.
struct ChunkGradient {
    value: f64,
    seen: Vec<f64>,
}

/// What visits tasks one after another, and the gradient of the last in (globals read, u).
struct Visitor<'a> {
    at: &'a At<'a>,
    scorer: Option<Box<dyn Scorer + 'a>>,
    point: Vec<f64>,
    gradient: Vec<f64>,
    out: Derivatives,
}

impl<'a> Density<'a> {
    fn joint(program: Box<dyn Program + 'a>, estimator: Estimator) -> Result<Self, Error> {
        let shape = Shape::discover(&*program, &Start::Zero)?;
        Ok(Self::new(program, &shape, Writing { estimator, ..Writing::CENTRED }))
    }

    /// The log density at the unconstrained `u` of theta and all tasks; its gradient replaces the content of `gradient`.
    pub(crate) fn joint_gradient(&self, u: &[f64], gradient: &mut [f64]) -> f64 {
        let (theta, phi) = u.split_at(self.num_globals());
        let (global_gradient, local_gradient) = gradient.split_at_mut(theta.len());
        global_gradient.fill(0.0);
        let mut value = self.closed_outside().at_point(BlockPoint { u: theta, exps: &[] }, global_gradient);
        if self.samples_outside {
            let mut outside = Derivatives::default();
            self.program.expand_outside(Order::First, &self.open.outside, theta, &mut outside);
            value += outside.value;
            add(global_gradient, &outside.gradient);
        }
        let scoring = Scoring::Derivatives(Order::First);
        let fixed = self.samples_tasks.then(|| self.program.fix(scoring, &self.layout, &[theta.to_vec()]));
        let at = At { theta, exps: self.shared_at(theta), fixed };
        let sums: Vec<ChunkGradient> = self
            .chunks_of(local_gradient)
            .into_par_iter()
            .enumerate()
            .map(|(chunk, own_gradient)| self.chunk_gradient(&at, phi, chunk, own_gradient))
            .collect();
        for ChunkGradient { value: part, seen } in sums {
            value += part;
            for (&j, g) in self.layout.task_reads.iter().zip(seen) {
                global_gradient[j] += g;
            }
        }
        value
    }

    /// The log density of a chunk of tasks; their own gradient replaces the content of `own_gradient`, that in the globals
    /// they read is returned.
    fn chunk_gradient(&self, at: &At<'_>, phi: &[f64], chunk: usize, own_gradient: &mut [f64]) -> ChunkGradient {
        let offsets = &self.offsets;
        let reads = &self.layout.task_reads;
        let mut visitor = Visitor {
            at,
            scorer: at.fixed.as_deref().map(|fixed| fixed.scorer(&self.open.tasks)),
            point: reads.iter().map(|&j| at.theta[j]).collect(),
            gradient: Vec::new(),
            out: Derivatives::default(),
        };
        let (mut value, mut seen) = (0.0, vec![0.0; reads.len()]);
        let first = offsets[chunk * TASKS];
        for i in chunk * TASKS..((chunk + 1) * TASKS).min(self.num_tasks()) {
            let range = offsets[i]..offsets[i + 1];
            visitor.point.truncate(reads.len());
            value += self.task_gradient(i, &phi[range.clone()], &mut visitor);
            let (of_theta, of_phi) = visitor.gradient.split_at(reads.len());
            add(&mut seen, of_theta);
            own_gradient[range.start - first..range.end - first].copy_from_slice(of_phi);
        }
        ChunkGradient { value, seen }
    }

    /// The log density of one task at the unconstrained `u`; its gradient is left in the visitor.
    fn task_gradient(&self, i: usize, u: &[f64], visitor: &mut Visitor<'_>) -> f64 {
        let Visitor { at, scorer, point, gradient, out } = visitor;
        point.extend_from_slice(u);
        gradient.clear();
        gradient.resize(point.len(), 0.0);
        let mut value = self.closed_task(i).at_point(BlockPoint { u: point, exps: &at.exps }, gradient);
        if let Some(scorer) = scorer {
            scorer.score(0, i, u, out);
            value += out.value;
            add(gradient, &out.gradient);
        }
        value
    }

    /// The local gradient in the pieces that belong to each chunk of tasks.
    fn chunks_of<'g>(&self, mut local_gradient: &'g mut [f64]) -> Vec<&'g mut [f64]> {
        let (tasks, offsets) = (self.num_tasks(), &self.offsets);
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
