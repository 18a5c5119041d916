//! Weighted draws of the posterior, in unconstrained coordinates.

use crate::density::Density;
use crate::guide::Guide;
use crate::linalg::gaussian::{Gaussian, root};
use crate::posterior::gaussian::GaussianHierarchy;
use crate::posterior::mc_error::Dependence;
use crate::sampling::noise::{Noise, NoiseSize};
use crate::sampling::stream::Stream;
use std::borrow::Cow;
use std::ops::Range;

/// Draws of theta with weights, and as many of every task's phi, each phi given the theta of its number.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug)]
pub(crate) struct WeightedDraws {
    /// Row-major: a row a draw, or one row that all draws share.
    pub(crate) theta: Vec<f64>,
    pub(crate) globals: usize,
    /// Sum to 1.
    pub(crate) weights: Vec<f64>,
    pub(crate) locals: LocalDraws,
    /// How the coordinates of the locals are written, by site.
    pub(crate) non_centred: Vec<bool>,
    /// Whether the coordinates of locals are their values.
    pub(crate) are_values: bool,
    /// How the draws depend on each other.
    pub(crate) dependence: Dependence,
}

/// Batches of a chain that count as independent of each other.
pub(crate) const BATCHES: usize = 4;

/// Where draws of phi come from.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug)]
pub(crate) enum LocalDraws {
    /// One row-major table a task.
    Drawn(Vec<Vec<f64>>),
    /// Made on demand from the conditional Gaussian, keyed by the task.
    Gaussian { seed: u64 },
}

impl WeightedDraws {
    /// Equally weighted draws of a Gaussian around the guide's means, whose locals are written as `non_centred` says.
    pub(crate) fn gaussian(
        guide: &Guide,
        gaussian: &GaussianHierarchy,
        non_centred: &[bool],
        draws: usize,
        seed: u64,
    ) -> Self {
        let globals = guide.global.len();
        // a point is held once
        let size = NoiseSize { draws, globals: if guide.is_point() { 0 } else { globals }, locals: 0 };
        let noise = Noise::fixed(size, 0, Stream::apart(seed));
        let spread = gaussian.global.spreading();
        let drawn = |s: usize| {
            let away = spread(noise.theta(s));
            guide.global.loc.iter().zip(away.iter()).map(|(l, a)| l + a).collect::<Vec<_>>()
        };
        let theta =
            if guide.is_point() { guide.global.loc.clone() } else { (0..noise.draws).flat_map(drawn).collect() };
        let weights = vec![(noise.draws as f64).recip(); noise.draws];
        Self {
            theta,
            globals,
            weights,
            locals: LocalDraws::Gaussian { seed },
            non_centred: non_centred.to_vec(),
            are_values: false,
            dependence: Dependence::NONE,
        }
    }

    /// The states of equally long chains, row by row, in the coordinates of that density.
    pub(crate) fn of_chains(density: &Density<'_>, rows: &[&[f64]], steps: usize) -> Self {
        let (globals, offsets) = (density.num_globals(), &density.offsets);
        let columns = |range: Range<usize>| rows.iter().flat_map(|row| &row[range.clone()]).copied().collect();
        let tasks = (0..density.num_tasks()).map(|i| globals + offsets[i]..globals + offsets[i + 1]);
        Self {
            theta: columns(0..globals),
            globals,
            weights: vec![(rows.len() as f64).recip(); rows.len()],
            locals: LocalDraws::Drawn(tasks.map(columns).collect()),
            non_centred: density.open.tasks.non_centred.clone(),
            are_values: false,
            dependence: Dependence::Clusters(steps.div_ceil(BATCHES)),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.weights.len()
    }

    /// Whether all draws have one theta.
    pub(crate) fn is_shared(&self) -> bool {
        self.theta.len() == self.globals
    }

    /// theta of every draw.
    pub(crate) fn thetas(&self) -> Vec<Vec<f64>> {
        (0..self.len()).map(|draw| self.theta(draw).to_vec()).collect()
    }

    pub(crate) fn theta(&self, draw: usize) -> &[f64] {
        if self.is_shared() {
            return &self.theta;
        }
        &self.theta[draw * self.globals..(draw + 1) * self.globals]
    }

    /// All draws of task i's coordinates, row-major.
    pub(crate) fn task<'a>(&'a self, guide: &Guide, gaussian: &GaussianHierarchy, i: usize) -> Cow<'a, [f64]> {
        match &self.locals {
            LocalDraws::Drawn(tables) => Cow::Borrowed(&tables[i]),
            LocalDraws::Gaussian { seed } => {
                let mut rng = Stream::Given { task: i as u64 }.of(*seed);
                let root = root(&gaussian.tasks[i].covariance);
                let mut given = Gaussian { mean: gaussian.task_mean(guide, i, self.theta(0)), root };
                let rows = (0..self.len()).flat_map(|s| {
                    given.mean = gaussian.task_mean(guide, i, self.theta(s));
                    given.draw(&mut rng).iter().copied().collect::<Vec<_>>()
                });
                Cow::Owned(rows.collect())
            }
        }
    }
}
