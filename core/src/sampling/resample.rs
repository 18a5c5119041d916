//! Equally weighted draws from weighted ones.

use rand::{Rng, RngExt};

/// Systematic resampling: n indices in proportion to the weights, which need not sum to 1, ascending and evenly spread;
/// `None` if all are 0.
pub(crate) fn systematic<R: Rng + ?Sized>(weights: &[f64], n: usize, rng: &mut R) -> Option<Vec<usize>> {
    let last = weights.iter().rposition(|&w| w > 0.0)?;
    Some(picked(weights, n, last, rng.random()).collect())
}

/// n indices up to `last`, one in each n-th of the sum of the weights, at `offset` of the way through it; ascending.
pub(crate) fn picked(weights: &[f64], n: usize, last: usize, offset: f64) -> impl Iterator<Item = usize> {
    let total: f64 = weights.iter().sum();
    let (mut at, mut below) = (0, weights[0]);
    (0..n).map(move |k| {
        let level = total * (k as f64 + offset) / n as f64;
        while below <= level && at < last {
            at += 1;
            below += weights[at];
        }
        at
    })
}

/// Systematic resampling in random order of use; the weights must not all be 0.
pub(crate) fn resample<R: Rng + ?Sized>(weights: &[f64], n: usize, rng: &mut R) -> Vec<usize> {
    let mut picked = systematic(weights, n, rng).expect("some weight is positive");
    for k in (1..picked.len()).rev() {
        picked.swap(k, rng.random_range(0..=k));
    }
    picked
}
