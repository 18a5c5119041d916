//! Points that fill a cube evenly however many there are: a randomly shifted additive recurrence (Roberts 2018).
//!
//! Point k is shift + k (r^-1, r^-2, ..., r^-d) modulo 1, r being the root of x^(d + 1) = x + 1.

use rand::{Rng, RngExt};

/// Up to this many coordinates points fill space evenly; beyond, random ones do as well.
pub(crate) const MOST_EVEN: usize = 8;

/// A stream of points.
pub(crate) struct Recurrence {
    at: Vec<f64>,
    steps: Vec<f64>,
}

impl Recurrence {
    /// With a random shift, so that every point alone is uniform.
    pub(crate) fn shifted<R: Rng>(dimensions: usize, rng: &mut R) -> Self {
        let root = (0..64).fold(1.5_f64, |x, _| (1.0 + x).powf((1.0 + dimensions as f64).recip()));
        Self {
            at: (0..dimensions).map(|_| rng.random()).collect(),
            steps: (1..=dimensions).map(|j| root.powf(-(j as f64))).collect(),
        }
    }

    pub(crate) fn dimensions(&self) -> usize {
        self.at.len()
    }

    /// The next point, a coordinate after the other, none of them 0 or 1.
    pub(crate) fn point(&mut self) -> impl Iterator<Item = f64> {
        self.at.iter_mut().zip(&self.steps).map(|(at, step)| {
            *at = (*at + step).fract();
            at.clamp(1e-12, 1.0 - 1e-12)
        })
    }
}
