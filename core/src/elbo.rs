//! The evidence lower bound of a hierarchy, and its derivatives in the guide.
//!
//! elbo = E_q(theta)\[ sum_i ( E_q(phi_i)\[ln p(D_i | phi_i)\] - KL(q(phi_i) || p(phi_i | theta)) ) \] - KL(q(theta) || p(theta)),
//! the three kinds of term kept apart (Ravi & Beatson 2019, chapter 2). A KL is -E\[ln p\] - H(q). Each expectation of a
//! log density is taken in closed form where its site has one, over the nodes of a quadrature where it is a function of few
//! affine forms, and over draws u = loc + scale * noise otherwise (Kingma & Welling 2014).

mod by_tape;
mod derivatives;
mod eliminated;
mod expectation;
mod finder;
mod leaf_moments;
mod leaf_normal;
mod narrow;
pub(crate) mod nodes;
mod normals;
mod product;
pub(crate) mod profile;
mod quadrature;
mod shared_prior;
mod split;

use crate::density::Density;
use crate::density::program::LogParts;
use crate::elbo::nodes::Nodes;
use crate::guide::Guide;
use crate::linalg::arrow::{Arrow, ArrowVector};
use crate::numbers::pass::Order;
use crate::sampling::noise::Noise;

/// The terms of an ELBO, in nats, all constants included.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Elbo {
    /// E\[ln p(D_i | phi_i, theta)\] of each task.
    pub reconstruction: Vec<f64>,
    /// KL(q(phi_i) || p(phi_i | theta)) of each task, averaged over q(theta).
    pub local_kl: Vec<f64>,
    /// E\[ln p(D | theta)\] of the data outside the plate.
    pub global_reconstruction: f64,
    /// KL(q(theta) || p(theta)); for a point estimate -ln p(theta) of its unconstrained coordinates.
    pub global_kl: f64,
}

impl Elbo {
    /// The evidence lower bound: reconstructions less KL terms.
    pub fn total(&self) -> f64 {
        let tasks: f64 = self.reconstruction.iter().zip(&self.local_kl).map(|(r, kl)| r - kl).sum();
        tasks + self.global_reconstruction - self.global_kl
    }
}

/// The ELBO of a density as a function of its guide, sampled terms being averaged over fixed draws, others over nodes.
pub(crate) struct Bound<'a> {
    pub(crate) density: &'a Density<'a>,
    pub(crate) noise: Noise,
    pub(crate) nodes: Nodes,
}

/// Expected log densities under a guide, of the tasks asked about and of what is outside the plate.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExpectedParts {
    pub(crate) outside: LogParts,
    pub(crate) tasks: Vec<LogParts>,
}

/// An ELBO with its second-order expansion in the guide: slots (locs, `ln_scales`) at each level.
pub(crate) struct Expansion {
    pub(crate) elbo: Elbo,
    pub(crate) arrow: Arrow,
}

/// A bound with its gradient in the guide: slots (locs, `ln_scales`) at each level.
pub(crate) struct Slope {
    pub(crate) value: f64,
    pub(crate) gradient: ArrowVector,
}

impl<'a> Bound<'a> {
    /// The bound over `draws` fixed draws, made from the seed.
    pub(crate) fn new(density: &'a Density<'a>, draws: usize, seed: u64) -> Self {
        Self::over(density, Noise::fixed(density.noise_size(draws), density.num_tasks(), seed))
    }

    /// The bound over given draws.
    pub(crate) fn over(density: &'a Density<'a>, noise: Noise) -> Self {
        Self { density, noise, nodes: Nodes::first() }
    }

    /// The bound over other nodes.
    pub(crate) fn with_nodes(self, nodes: Nodes) -> Self {
        Self { nodes, ..self }
    }

    /// The ELBO: E\[ln p\] of what has a closed form, plus its sum over nodes or mean over draws of what has none, plus the entropy of the guide.
    pub(crate) fn value(&self, guide: &Guide) -> Elbo {
        let mut expected = self.exact_part(guide);
        self.add_sampled_part(guide, &mut expected);
        expected.with_entropy(guide)
    }

    /// The ELBO and its second-order expansion in the guide.
    pub(crate) fn expand(&self, guide: &Guide) -> Expansion {
        let all: Vec<usize> = (0..self.density.num_tasks()).collect();
        let (expected, arrow) = self.derivatives(Order::Second, guide, &all, 1.0);
        Expansion { elbo: expected.with_entropy(guide), arrow }
    }

    /// The ELBO and its gradient in the guide.
    pub(crate) fn slope(&self, guide: &Guide) -> Slope {
        let all: Vec<usize> = (0..self.density.num_tasks()).collect();
        self.slope_of(guide, &all)
    }

    /// An unbiased estimate of ELBO and gradient from some tasks, each weighted by (tasks there are) / (tasks given).
    pub(crate) fn slope_of(&self, guide: &Guide, batch: &[usize]) -> Slope {
        let weight = self.weight_of(batch);
        let (mut expected, mut arrow) = self.derivatives(Order::First, guide, batch, weight);
        if self.is_taped() {
            self.add_taped_part(guide, batch, &mut expected, &mut arrow);
        }
        let entropy = |(&i, parts): (&usize, &LogParts)| parts.total() + guide.local.entropy(guide.task(i));
        let locals: f64 = batch.iter().zip(&expected.tasks).map(entropy).sum();
        let outside = expected.outside;
        let value = weight * locals + outside.latents + outside.data + guide.global.entropy(0..guide.global.len());
        Slope { value, gradient: ArrowVector { global: arrow.global_gradient, tasks: arrow.tasks.gradient } }
    }

    /// How often each task of a batch counts.
    fn weight_of(&self, batch: &[usize]) -> f64 {
        if batch.is_empty() { 1.0 } else { self.density.total_tasks as f64 / batch.len() as f64 }
    }
}

impl ExpectedParts {
    /// The terms of the ELBO, with the entropy of the guide.
    pub(crate) fn with_entropy(&self, guide: &Guide) -> Elbo {
        let kl = |(i, parts): (usize, &LogParts)| -parts.latents - guide.local.entropy(guide.task(i));
        Elbo {
            reconstruction: self.tasks.iter().map(|parts| parts.data).collect(),
            local_kl: self.tasks.iter().enumerate().map(kl).collect(),
            global_reconstruction: self.outside.data,
            global_kl: -self.outside.latents - guide.global.entropy(0..guide.global.len()),
        }
    }
}
