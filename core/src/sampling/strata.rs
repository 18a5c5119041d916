//! Uniform numbers that are spread evenly over a stretch of draws, one coordinate at a time (McKay, Beckman & Conover 1979).
//!
//! In every block of draws each coordinate takes each of as many strata once, in random order: what is a sum of functions of
//! one coordinate has next to no noise, and nothing else has more.

use crate::special::normal_quantile;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Draws of a block.
const BLOCK: usize = 64;

/// A stream of points of a cube.
#[derive(Default)]
pub(crate) struct Strata {
    /// Row-major: a row a point, of those not handed out yet.
    left: Vec<f64>,
}

impl Strata {
    /// The next point of n coordinates, none of them 0 or 1, is handed to `take` one after another.
    pub(crate) fn next(&mut self, n: usize, rng: &mut ChaCha8Rng, take: impl FnMut(f64)) {
        if self.left.len() < n {
            self.refill(n, rng);
        }
        self.left.drain(self.left.len() - n..).for_each(take);
    }

    /// The standard normal numbers that the next point stands for are appended to `out`.
    pub(crate) fn normals(&mut self, n: usize, rng: &mut ChaCha8Rng, out: &mut Vec<f64>) {
        self.next(n, rng, |u| out.push(normal_quantile(u)));
    }

    fn refill(&mut self, n: usize, rng: &mut ChaCha8Rng) {
        self.left.clear();
        self.left.resize(BLOCK * n, 0.0);
        for j in 0..n {
            for row in 0..BLOCK {
                // Fisher & Yates from the inside out
                let other = rng.random_range(0..=row);
                self.left[row * n + j] = self.left[other * n + j];
                self.left[other * n + j] = (row as f64 + rng.random::<f64>()) / BLOCK as f64;
            }
        }
        self.left.iter_mut().for_each(|u| *u = u.clamp(1e-12, 1.0 - 1e-12));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampling::stream::keyed;

    #[test]
    fn every_stratum_is_met_once_in_a_block() {
        let mut rng = keyed(1, 2, 3);
        let mut strata = Strata::default();
        for _ in 0..3 {
            let mut met = vec![[0; BLOCK]; 2];
            for _ in 0..BLOCK {
                let mut j = 0;
                strata.next(2, &mut rng, |u| {
                    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and BLOCK")]
                    let stratum = (u * BLOCK as f64) as usize;
                    met[j][stratum] += 1;
                    j += 1;
                });
                assert_eq!(j, 2);
            }
            assert!(met.iter().flatten().all(|&count| count == 1), "{met:?}");
        }
    }

    #[test]
    fn coordinates_are_independent() {
        let mut rng = keyed(4, 5, 6);
        let mut strata = Strata::default();
        let (mut product, blocks) = (0.0, 100);
        for _ in 0..blocks * BLOCK {
            let mut point = Vec::new();
            strata.next(2, &mut rng, |u| point.push(u - 0.5));
            product += 144.0 * point[0] * point[1] / 12.0;
        }
        // a mean of products, standardised: an error of 1 / 80
        assert!((product / (blocks * BLOCK) as f64).abs() < 4.0 / 80.0);
    }
}
