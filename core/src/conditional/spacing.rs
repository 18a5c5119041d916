//! How far apart the nodes of a task's grids may be.

use std::f64::consts::SQRT_2;
use std::ops::ControlFlow;

/// Standard deviations between nodes: at first, and at most.
const FIRST: f64 = 0.75;
const WIDE: f64 = 1.5;
const NARROWEST: f64 = 0.375;
/// How often nodes are laid closer for one theta.
const MOST_HALVINGS: i32 = 3;
/// One of so many grids may be too coarse, after so many.
const RARE: usize = 12;
const SEEN: usize = 4;
/// So many grids of the first spacing tell how wide they may be.
const TOLD: usize = 4;
/// The relative variance of Z from a grid of twice the spacing that is tolerated: of the widest grids, and of finer ones.
const ROUGH: f64 = 0.1;
const ROUGH_OF_FINE: f64 = 0.02;
/// A task whose first grids all failed gets no more.
const HOPELESS: usize = 8;
/// One grid is good for so many draws, and has so many nodes for each if there are several.
const DRAWS: usize = 16;
const NODES_OF_DRAW: f64 = 4.0;
/// Nodes of a grid over a normal in one and in two dimensions, spacing 1.
const NODES: [f64; 2] = [9.0, 65.0];

/// What a task's earlier grids taught.
#[derive(Clone, Default)]
pub(crate) struct GridSpacing {
    known: Option<f64>,
    told: usize,
    /// Sum of the relative variances of Z from grids of twice the first spacing.
    variance: f64,
    failed: usize,
    /// Grids since the spacing was last changed, and how many of them were too coarse.
    grids: usize,
    coarse: usize,
    has_succeeded: bool,
    /// Whether the log density bent upwards anywhere along the nodes of the first grids: tails may be heavy.
    pub(crate) bends_upwards: bool,
}

impl GridSpacing {
    /// Whether the first grids are yet to be told from.
    pub(crate) fn is_learning(&self) -> bool {
        self.known.is_none()
    }

    /// Whether the first grids told of tails as light as a log-concave density has.
    pub(crate) fn falls_ever_faster(&self) -> bool {
        self.known.is_some() && !self.bends_upwards
    }

    /// Whether no grid will do.
    pub(crate) fn is_hopeless(&self) -> bool {
        !self.has_succeeded && self.failed >= HOPELESS
    }

    pub(crate) fn fail(&mut self) {
        self.failed += 1;
    }

    /// The spacing for the next grid.
    pub(crate) fn next(&mut self) -> f64 {
        self.grids += 1;
        self.known.unwrap_or(FIRST)
    }

    /// The spacing for a grid of n dimensions that so many draws are wanted of.
    pub(crate) fn for_draws(&mut self, n: usize, draws: usize) -> f64 {
        let spacing = self.next();
        if draws <= 1 {
            return spacing;
        }
        let nodes = NODES_OF_DRAW * Self::draws_of_one(draws) as f64;
        spacing.min((NODES[n - 1] / nodes).powf((n as f64).recip()))
    }

    /// How many of the draws one grid gives.
    pub(crate) fn draws_of_one(draws: usize) -> usize {
        draws.min(DRAWS)
    }

    /// Whether Z of a grid is right enough, where one of twice the spacing has this relative variance.
    pub(crate) fn is_fine_enough(spacing: f64, variance_of_coarser: f64) -> bool {
        variance_of_coarser < if spacing > 1.0 { ROUGH } else { ROUGH_OF_FINE }
    }

    /// What is summed at this spacing, or at a finer one as long as `sum` goes on; `None` where it fails, or finds none fine enough.
    pub(crate) fn refined<T>(&mut self, spacing: f64, mut sum: impl FnMut(f64) -> ControlFlow<Option<T>>) -> Option<T> {
        for halvings in 0..=MOST_HALVINGS {
            if let ControlFlow::Break(summed) = sum(spacing * 0.5_f64.powi(halvings)) {
                if halvings == 1 && summed.is_some() {
                    self.narrow();
                }
                return summed;
            }
        }
        None
    }

    /// A grid was too coarse by little, and the next is finer, as will be those of later thetas: grids that are made finer only
    /// where they meet a peak would make Z too small. What is too coarse by more lies where nothing was expected.
    fn narrow(&mut self) {
        self.coarse += 1;
        if RARE * self.coarse > RARE * SEEN + self.grids {
            self.known = self.known.map(|known| (known / SQRT_2).max(NARROWEST));
            (self.coarse, self.grids) = (0, 0);
        }
    }

    /// Learns from the first grids how wide they may be for a relative variance of Z of `aimed`: where it is v with a
    /// spacing of h, it is no more than v^r with h / r, whatever is analytic.
    pub(crate) fn learn(&mut self, spacing: f64, variance_of_coarser: f64, aimed: f64) {
        self.has_succeeded = true;
        if self.known.is_some() || spacing < FIRST {
            return;
        }
        self.told += 1;
        self.variance += variance_of_coarser;
        if self.told == TOLD {
            let v = self.variance / TOLD as f64;
            let is_quiet = |ratio: &f64| v.powf(*ratio) <= 0.5 * aimed;
            let ratio = [1.0, SQRT_2, 2.0, 4.0].into_iter().find(is_quiet);
            self.known = Some(WIDE / ratio.unwrap_or(4.0));
        }
    }
}
