//! The bandit, and acting on it by what has been learned of others like it.

use crate::wheel::{ARMS, Context, SAFE_ARM, any_context, mean_reward, pull, uniform_regret};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub(crate) const CELLS: usize = 4 * ARMS;

/// A pair of arm and quadrant is a cell.
pub(crate) fn cell(quadrant: usize, arm: usize) -> usize {
    quadrant * ARMS + arm
}

/// What is known of wheels before acting on a new one.
pub(crate) struct Learned {
    pub(crate) inner: [f64; CELLS],
    pub(crate) outer: [f64; CELLS],
    pub(crate) noise: f64,
    /// How far the steps of a wheel's cells are apart.
    pub(crate) spread: f64,
}

/// What chooses arms, and learns from what they pay.
trait Player {
    fn choose(&self, context: Context, rng: &mut ChaCha8Rng) -> usize;

    /// Whether a reward there has nothing to tell any more.
    fn knows(&self, radius: f64) -> bool;

    fn learn(&mut self, context: Context, arm: usize, reward: f64);
}

/// The posterior of a new wheel's edge, on a grid, given the rewards so far. It does not go through `adapt`, which starts
/// from all data of a task each time: here a reward is one multiplication a cell of the grid, for 80,000 of them.
struct Belief<'a> {
    learned: &'a Learned,
    policy: Policy,
    /// Of the edges (k + 1/2) / GRID; sum to 1.
    weights: Vec<f64>,
    /// Where they are not negligible.
    first: usize,
    last: usize,
}

pub(crate) const GRID: usize = 10_000;
/// Weights below this share of the whole are dropped.
const NEGLIGIBLE: f64 = 1e-15;
/// Spreads from an edge beyond which it is certain on which side of it a context lies.
const CERTAIN: f64 = 35.0;

fn edge(k: usize) -> f64 {
    (k as f64 + 0.5) / GRID as f64
}

fn sigmoid(t: f64) -> f64 {
    1.0 / (1.0 + (-t).exp())
}

impl<'a> Belief<'a> {
    /// Before any reward: an edge is uniform, as both models have it.
    fn new(learned: &'a Learned, policy: Policy) -> Self {
        Self { learned, policy, weights: vec![1.0 / GRID as f64; GRID], first: 0, last: GRID - 1 }
    }

    /// Whether a context's side is certain: 0 inside, 1 outside.
    fn certain(&self, radius: f64) -> Option<f64> {
        let margin = CERTAIN * self.learned.spread;
        match radius {
            r if r < edge(self.first) - margin => Some(0.0),
            r if r > edge(self.last) + margin => Some(1.0),
            _ => None,
        }
    }

    fn outside(&self, k: usize, radius: f64) -> f64 {
        sigmoid((radius - edge(k)) / self.learned.spread)
    }

    /// The probability of being outside, under the whole posterior or under one draw of it.
    fn probability(&self, radius: f64, rng: &mut impl Rng) -> f64 {
        self.certain(radius).unwrap_or_else(|| match self.policy {
            Policy::Greedy => (self.first..=self.last).map(|k| self.weights[k] * self.outside(k, radius)).sum(),
            Policy::Thompson => {
                let mut level = rng.random::<f64>();
                let drawn = (self.first..self.last).find(|&k| {
                    level -= self.weights[k];
                    level < 0.0
                });
                self.outside(drawn.unwrap_or(self.last), radius)
            }
        })
    }

    /// The arm of the highest expected reward.
    fn best_arm(&self, quadrant: usize, outside: f64) -> usize {
        let expected = |arm: usize| {
            let (inner, outer) = (self.learned.inner[cell(quadrant, arm)], self.learned.outer[cell(quadrant, arm)]);
            inner + (outer - inner) * outside
        };
        (0..ARMS).max_by(|&a, &b| expected(a).total_cmp(&expected(b))).expect("there are arms")
    }
}

impl Player for Belief<'_> {
    fn choose(&self, context: Context, rng: &mut ChaCha8Rng) -> usize {
        self.best_arm(context.quadrant, self.probability(context.radius, rng))
    }

    fn knows(&self, radius: f64) -> bool {
        self.certain(radius).is_some()
    }

    /// Bayes' rule.
    fn learn(&mut self, context: Context, arm: usize, reward: f64) {
        let c = cell(context.quadrant, arm);
        let ln_density = |level: f64| -0.5 * ((reward - level) / self.learned.noise).powi(2);
        let (inside, outside) = (ln_density(self.learned.inner[c]), ln_density(self.learned.outer[c]));
        let most = inside.max(outside);
        let (inside, outside) = ((inside - most).exp(), (outside - most).exp());
        for k in self.first..=self.last {
            let t = (context.radius - edge(k)) / self.learned.spread;
            self.weights[k] *= inside * sigmoid(-t) + outside * sigmoid(t);
        }
        let total: f64 = self.weights[self.first..=self.last].iter().sum();
        self.weights[self.first..=self.last].iter_mut().for_each(|w| *w /= total);
        while self.first < self.last && self.weights[self.first] < NEGLIGIBLE {
            self.first += 1;
        }
        while self.last > self.first && self.weights[self.last] < NEGLIGIBLE {
            self.last -= 1;
        }
    }
}

/// Thompson sampling by one who knows all but delta, which is uniform between the radii that rewards have bounded it by.
struct Bounds {
    lower: f64,
    upper: f64,
}

impl Player for Bounds {
    fn choose(&self, context: Context, rng: &mut ChaCha8Rng) -> usize {
        let delta = if self.knows(context.radius) { self.upper } else { rng.random_range(self.lower..self.upper) };
        if context.radius >= delta { context.quadrant } else { SAFE_ARM }
    }

    fn knows(&self, radius: f64) -> bool {
        radius <= self.lower || radius >= self.upper
    }

    fn learn(&mut self, context: Context, arm: usize, reward: f64) {
        match (arm == context.quadrant, reward > 25.0) {
            (true, true) => self.upper = context.radius,
            (true, false) => self.lower = context.radius,
            (false, _) => {}
        }
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Policy {
    Thompson,
    Greedy,
}

/// Cumulative regret on a new wheel after each number of steps, in percent of that of uniform play, by what was learned;
/// by one who knows all but delta if `None`.
pub(crate) fn play(learned: Option<(&Learned, Policy)>, delta: f64, steps: &[usize], run: u64) -> Vec<f64> {
    match learned {
        Some((learned, policy)) => play_as(Belief::new(learned, policy), delta, steps, run),
        None => play_as(Bounds { lower: 0.0, upper: 1.0 }, delta, steps, run),
    }
}

fn play_as(mut player: impl Player, delta: f64, steps: &[usize], run: u64) -> Vec<f64> {
    // all policies meet the same contexts
    let (mut contexts, mut rng) = (ChaCha8Rng::seed_from_u64(2 * run), ChaCha8Rng::seed_from_u64(2 * run + 1));
    let (mut regret, mut done) = (0.0, 0);
    let until = |n: &usize| {
        for _ in done..*n {
            let context = any_context(&mut contexts);
            let arm = player.choose(context, &mut rng);
            let best = mean_reward(delta, context, SAFE_ARM).max(mean_reward(delta, context, context.quadrant));
            regret += best - mean_reward(delta, context, arm);
            if !player.knows(context.radius) {
                let reward = pull(delta, context, arm, &mut rng);
                player.learn(context, arm, reward);
            }
        }
        done = *n;
        100.0 * regret / (*n as f64 * uniform_regret(delta))
    };
    steps.iter().map(until).collect()
}
