//! The wheel bandit itself (Riquelme et al. 2018).

use rand::{Rng, RngExt};

pub(crate) const ARMS: usize = 5;
pub(crate) const SAFE_ARM: usize = 4;
const NOISE: f64 = 0.01;
pub(crate) const DELTAS: [f64; 5] = [0.5, 0.7, 0.9, 0.95, 0.99];

/// What is known of a context, a point of the disk.
#[derive(Clone, Copy)]
pub(crate) struct Context {
    pub(crate) quadrant: usize,
    pub(crate) radius: f64,
}

pub(crate) struct Triple {
    pub(crate) context: Context,
    pub(crate) arm: usize,
    pub(crate) reward: f64,
}

/// The bandit itself: the arm numbered like the quadrant is the one that pays outside.
pub(crate) fn mean_reward(delta: f64, context: Context, arm: usize) -> f64 {
    match arm {
        SAFE_ARM => 1.2,
        _ if arm == context.quadrant && context.radius > delta => 50.0,
        _ => 1.0,
    }
}

pub(crate) fn pull(delta: f64, context: Context, arm: usize, rng: &mut impl Rng) -> f64 {
    mean_reward(delta, context, arm) + NOISE * rng.sample::<f64, _>(rand_distr::StandardNormal)
}

/// Uniform in the disk.
pub(crate) fn any_context(rng: &mut impl Rng) -> Context {
    Context { quadrant: rng.random_range(0..4), radius: rng.random::<f64>().sqrt() }
}

/// 562 triples of random context and arm from each of 64 wheels.
pub(crate) fn training_wheels(rng: &mut impl Rng) -> Vec<Vec<Triple>> {
    let mut wheel = |_| {
        let delta: f64 = rng.random();
        let triple = |_| {
            let (context, arm) = (any_context(rng), rng.random_range(0..ARMS));
            Triple { context, arm, reward: pull(delta, context, arm, rng) }
        };
        (0..562).map(triple).collect()
    };
    (0..64).map(&mut wheel).collect()
}

/// The expected regret of uniform play, a step.
pub(crate) fn uniform_regret(delta: f64) -> f64 {
    39.16 * (1.0 - delta * delta) + 0.16 * delta * delta
}
