//! How much effort an importance correction may take.

use crate::correct::precision::{PRECISE, Precision};
use crate::density::shape::Shape;
use crate::options::{CertifyOptions, Correction, Options};
use crate::sampling::psis::SmoothWeights;
use std::time::Duration;

/// Most proposals of phi a draw of theta at first, and where a task's estimates remain noisy.
const MOST_INNER: usize = 64;
const MOST_GROWN: usize = 1024;
/// So many times the draws asked for may be taken where few of them count.
const MOST_TIMES: usize = 10;
/// So many times are taken where tails are reached too seldom.
const TIMES_OF_TAILS: usize = 4;
/// Unless it is asked for, a correction keeps no more numbers than these: half a gigabyte.
const MOST_NUMBERS: usize = 1 << 26;
/// Draws of theta at least: fewer have no tail that k-hat could judge.
pub(crate) const FEWEST_DRAWS: usize = 100;

/// So large a part of the draws asked for is to count in the end; ...
const ENOUGH: f64 = 0.7;
/// ... of more tasks than these, each of which answers for every draw, so large a part: means are known to a twentieth of a
/// standard deviation by default.
const MANY_TASKS: usize = 500;
const ENOUGH_OF_MANY: f64 = 0.4;

/// Where time is short one of so many thetas prepares.
const PREPARING: usize = 4;

/// How much effort goes in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Draws of theta in a round, at most; in the first a quarter of them.
    pub(crate) draws: usize,
    /// How many are to count.
    pub(crate) enough: f64,
    /// The most of them, where so few count that more are wanted.
    pub(crate) most_draws: usize,
    /// Most proposals of phi_i a draw of theta at first, and in the end where estimates of Z_i are noisy.
    pub(crate) most_inner: usize,
    pub(crate) most_grown: usize,
    /// How long it may take, if that matters.
    pub(crate) budget: Option<Duration>,
    pub(crate) seed: u64,
    /// Whether chains look at the posterior as well: not by default where every theta costs so many answers.
    pub(crate) walks: bool,
    /// Whether very many tasks answer for every theta.
    pub(crate) of_many: bool,
}

impl Effort {
    /// What the options allow for a model of that shape; `None` where even the fewest draws are too many to keep.
    pub(crate) fn of(options: &Options, shape: &Shape) -> Option<Self> {
        Self::of_tasks(options, shape.num_tasks(), shape.num_locals())
    }

    /// What they allow for so many tasks, of whose locals so many numbers are kept a draw.
    pub(crate) fn of_tasks(options: &Options, tasks: usize, locals: usize) -> Option<Self> {
        let is_limited = options.correction != Correction::Importance;
        let most = if is_limited { MOST_NUMBERS / locals.max(1) } else { usize::MAX };
        let draws = options.posterior_draws.max(FEWEST_DRAWS).min(most);
        let is_large = is_limited && tasks > MANY_TASKS;
        let enough = if is_large { ENOUGH_OF_MANY } else { ENOUGH };
        (draws >= FEWEST_DRAWS).then_some(Self {
            draws,
            enough: enough * draws as f64,
            most_draws: (MOST_TIMES * draws).min(most),
            most_inner: MOST_INNER,
            most_grown: MOST_GROWN,
            budget: is_limited.then_some(options.correction_budget),
            seed: options.seed,
            walks: !is_large,
            of_many: is_large,
        })
    }

    /// What chains may take that certify an answer: as many thetas as are asked for, as long as that takes.
    pub(crate) fn of_certificate(options: &CertifyOptions) -> Self {
        let CertifyOptions { thetas: draws, seed } = *options;
        Self {
            draws,
            enough: draws as f64,
            most_draws: draws,
            most_inner: MOST_INNER,
            most_grown: MOST_GROWN,
            budget: None,
            seed,
            walks: true,
            of_many: false,
        }
    }

    /// Whether states of chains may be the answer: not where weights are asked for, which take as long as they take.
    pub(crate) fn may_turn_to_chains(&self) -> bool {
        self.walks && self.budget.is_some()
    }

    /// How many times the draws that there are it takes until enough of them count, and what they tell is precise; and until there
    /// are several times those asked for, where tails are reached too seldom for errors to be known.
    pub(crate) fn times_wanted(&self, precision: &Precision, smoothed: &SmoothWeights) -> f64 {
        let draws = smoothed.weights.len() as f64;
        let worst = precision.worst_within(self.most_draws as f64 / draws);
        let of_tails = if precision.unreached.is_empty() { 0.0 } else { (TIMES_OF_TAILS * self.draws) as f64 / draws };
        (worst / PRECISE).powi(2).max(self.enough / smoothed.effective).max(of_tails)
    }

    /// The same where there is time for so many thetas only, some of which prepare.
    pub(crate) fn within(self, affordable: Option<usize>) -> Self {
        let Some(thetas) = affordable.filter(|&thetas| thetas < self.usual()) else { return self };
        let draws = (thetas - thetas / PREPARING).clamp(FEWEST_DRAWS, self.draws);
        Self { draws, enough: self.enough * draws as f64 / self.draws as f64, ..self }
    }

    /// The same around so many modes: chains do not get from one to another, so that they know nothing of shares.
    pub(crate) fn around(self, modes: usize) -> Self {
        Self { walks: self.walks && modes == 1, ..self }
    }

    /// Whether there are fewer draws than asked for as more are too many to keep.
    pub(crate) fn is_short_of_memory(options: &Options, shape: &Shape) -> bool {
        options.correction == Correction::Auto && options.posterior_draws > MOST_NUMBERS / shape.num_locals().max(1)
    }

    /// Thetas that a correction without obstacles asks about.
    pub(crate) fn usual(&self) -> usize {
        self.draws + self.draws / 4
    }
}
