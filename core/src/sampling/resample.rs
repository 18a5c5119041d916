//! Equally weighted draws from weighted ones.

use rand::{Rng, RngExt};

/// Systematic resampling: n indices in proportion to the weights, in random order of use.
pub(crate) fn resample<R: Rng + ?Sized>(weights: &[f64], n: usize, rng: &mut R) -> Vec<usize> {
    let mut out = Vec::with_capacity(n);
    let offset = rng.random::<f64>();
    let (mut at, mut cumulative) = (0, weights.first().copied().unwrap_or(0.0));
    for k in 0..n {
        let level = (k as f64 + offset) / n as f64;
        while cumulative < level && at + 1 < weights.len() {
            at += 1;
            cumulative += weights[at];
        }
        out.push(at);
    }
    for k in (1..out.len()).rev() {
        out.swap(k, rng.random_range(0..=k));
    }
    out
}
