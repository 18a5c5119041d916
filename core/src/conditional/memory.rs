//! What earlier draws of theta taught about a task: where its modes are, and how many proposals it takes.

use crate::conditional::mixture::Sample;
use crate::conditional::spacing::GridSpacing;
use crate::conditional::tree::{Tree, TreeSearch};
use crate::conditional::trend::Trend;
use crate::density::mode::Mode;
use crate::linalg::gaussian::Gaussian;
use crate::sampling::strata::Strata;
use nalgebra::{DMatrix, DVector};
use std::sync::Arc;

/// Batches of 2^0, 2^1, ... proposals are compared; the least are those of this power.
const FEWEST: u32 = 2;
/// So many full samples tell how noisy they are, and smaller ones.
const FULL_SAMPLES: usize = 4;
/// A full sample grows by no more than this power of 2 at a time.
const MOST_GROWTH: u32 = 3;

/// Starts kept for the next theta, none within so many standard deviations of a mode.
const MOST_KEPT: usize = 8;
const NEAR: f64 = 1.5;

/// What is remembered of one task.
#[expect(clippy::struct_excessive_bools, reason = "four things that are true of a task or not, in any combination")]
pub(crate) struct TaskMemory {
    /// Answers given so far.
    pub(crate) answers: u64,
    /// Whether the density has been quadratic so far.
    pub(crate) may_be_gaussian: bool,
    /// Whether the density has been log-concave wherever it was looked at.
    pub(crate) is_concave: bool,
    /// Whether weights were bad at any theta.
    pub(crate) is_bad: bool,
    /// Starts from the prior used so far.
    pub(crate) starts: usize,
    /// Where the mode of the prior was.
    pub(crate) prior: Option<DVector<f64>>,
    /// Whether it had several modes at any theta.
    pub(crate) has_had_many_modes: bool,
    /// Where modes were.
    pub(crate) modes: Vec<DVector<f64>>,
    /// Where the density is, by theta: its mode, and of few latents how wide it is as well.
    pub(crate) trend: Trend,
    pub(crate) spacing: GridSpacing,
    /// Whether its latents form a tree.
    pub(super) tree: TreeSearch,
    /// Uniform numbers that draws of phi are made of.
    pub(crate) strata: Strata,
    pub(crate) past: PastDraws,
    /// Proposals of a full sample; 0 before the first.
    full: usize,
    full_samples: usize,
    /// Sum over full samples of the variance of ln Z from one of them.
    noise_of_full: f64,
    /// By power of 2, the sum of variances of ln Z from so many proposals; where one component is all it takes.
    noise: Vec<f64>,
}

impl Default for TaskMemory {
    fn default() -> Self {
        Self {
            answers: 0,
            may_be_gaussian: true,
            is_concave: true,
            is_bad: false,
            starts: 0,
            prior: None,
            has_had_many_modes: false,
            modes: Vec::new(),
            trend: Trend::default(),
            spacing: GridSpacing::default(),
            tree: TreeSearch::ToCome,
            strata: Strata::default(),
            past: PastDraws::default(),
            full: 0,
            full_samples: 0,
            noise_of_full: 0.0,
            noise: Vec::new(),
        }
    }
}

impl TaskMemory {
    /// Other thetas follow than those before, closer to each other: what goes with theta is learned anew.
    pub(crate) fn turn_to_other_thetas(&mut self) {
        self.trend = Trend::default();
        self.strata = Strata::default();
    }

    /// Whether it is time to look for modes that nobody has seen: the more seldom, the more answers there are.
    pub(crate) fn is_time_to_look(&self) -> bool {
        self.answers == 0
            || (self.answers.is_power_of_two() && (self.answers.ilog2().is_multiple_of(2) || !self.is_concave))
    }

    /// Whether it has answered, and its density was quadratic every time.
    pub(crate) fn is_known_as_gaussian(&self) -> bool {
        self.may_be_gaussian && self.answers > 0
    }

    /// Whether a grid of n latents will find all that counts: in a plane with several modes others may hide.
    pub(crate) fn fits_grid(&self, n: usize) -> bool {
        n == 1 || !self.has_had_many_modes
    }

    /// The tree that its latents are known to form.
    pub(super) fn tree(&self) -> Option<Arc<Tree>> {
        match &self.tree {
            TreeSearch::Found(tree) => Some(Arc::clone(tree)),
            TreeSearch::ToCome | TreeSearch::NoTree => None,
        }
    }

    /// Whether a proposal at the mode is all it takes.
    pub(crate) fn is_easy(&self) -> bool {
        self.is_concave && !self.is_bad
    }

    /// Keeps where the modes are now; what merges at this theta, or is negligible, may be apart at the next.
    pub(crate) fn remember(&mut self, modes: &[Mode]) {
        if self.is_concave {
            self.modes.clear();
        }
        self.has_had_many_modes |= modes.len() > 1;
        let near = |kept: &DVector<f64>| modes.iter().any(|mode| mode.distance_squared(kept) < NEAR * NEAR);
        self.modes.retain(|kept| !near(kept));
        self.modes.splice(0..0, modes.iter().map(|mode| mode.at.clone()));
        self.modes.truncate(MOST_KEPT);
    }

    /// How many proposals keep the variance of ln Z below `variance`; a full sample, of `most` at first, as
    /// long as that is not known.
    pub(crate) fn proposals(&mut self, variance: f64, least: usize, most: usize) -> usize {
        if self.full == 0 {
            self.full = most;
        }
        if self.full_samples < FULL_SAMPLES {
            return self.full;
        }
        let quiet = |noise: &f64| *noise <= variance * FULL_SAMPLES as f64;
        let fewest = FEWEST as usize;
        let power = self.noise.iter().skip(fewest).position(quiet);
        power.map_or(self.full, |p| 1 << (p + fewest)).clamp(least.min(self.full), self.full)
    }

    /// How noisy a full sample is, and how noisy smaller ones are: blocks of 2^m proposals of a lattice are lattices, so how
    /// their means differ tells. Full samples grow where the variance of ln Z is more than `tolerable`; that is looked at
    /// again and again, as the noise of few may be small by chance.
    ///
    /// What is learned serves later thetas, so that every Z remains unbiased.
    pub(crate) fn learn_noise(&mut self, sample: &Sample, count: usize, tolerable: f64, most_grown: usize) {
        if count < self.full || sample.ln_z == f64::NEG_INFINITY {
            return;
        }
        self.full_samples += 1;
        self.noise_of_full += sample.variance();
        if let [_] = sample.components[..]
            && self.full_samples <= FULL_SAMPLES
        {
            let powers = sample.len().ilog2();
            self.noise.resize(powers as usize, 0.0);
            for power in FEWEST..powers {
                let means =
                    sample.weights.chunks_exact(1 << power).map(|block| block.iter().sum::<f64>() / block.len() as f64);
                let blocks = means.len() as f64;
                self.noise[power as usize] += means.map(|m| (m - 1.0) * (m - 1.0)).sum::<f64>() / (blocks - 1.0);
            }
        }
        let is_time = self.full_samples >= FULL_SAMPLES && self.full_samples.is_power_of_two();
        let excess = self.noise_of_full / (tolerable * self.full_samples as f64);
        if is_time && excess > 1.0 && self.full < most_grown {
            let mut growth = (1..=MOST_GROWTH).map(|power| 1 << power);
            let enough = |growth: &usize| *growth as f64 >= excess;
            self.full = (self.full * growth.find(enough).unwrap_or(1 << MOST_GROWTH)).min(most_grown);
            self.forget_noise();
        }
    }

    /// Goes on as if no full sample had been seen.
    pub(crate) fn forget_noise(&mut self) {
        self.full_samples = 0;
        self.noise_of_full = 0.0;
        self.noise.clear();
    }
}

/// The moments of the draws of phi for earlier thetas.
#[derive(Default)]
pub(crate) struct PastDraws {
    seen: usize,
    mean: DVector<f64>,
    /// Sum of squares and products of what differs from the mean.
    scatter: DMatrix<f64>,
}

impl PastDraws {
    /// So many draws a coordinate, and one, make a covariance.
    const ENOUGH: usize = 4;

    pub(crate) fn learn(&mut self, draw: &DVector<f64>) {
        let n = draw.len();
        if self.seen == 0 {
            (self.mean, self.scatter) = (DVector::zeros(n), DMatrix::zeros(n, n));
        }
        self.seen += 1;
        let away = draw - &self.mean;
        let share = (self.seen as f64).recip();
        self.mean.axpy(share, &away, 1.0);
        self.scatter.ger(1.0 - share, &away, &away, 1.0);
    }

    /// The Gaussian of the draws' moments, once there are enough.
    pub(crate) fn gaussian(&self) -> Option<Gaussian> {
        let enough = self.seen >= Self::ENOUGH * (self.mean.len() + 1);
        let covariance = enough.then(|| &self.scatter / self.seen as f64)?;
        Some(Gaussian { mean: self.mean.clone(), root: covariance.cholesky()?.unpack() })
    }
}
