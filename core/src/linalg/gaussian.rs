//! One Gaussian for every use: a mean, and a root of the covariance.
//!
//! With the covariance R R', a draw is mean + R z with z standard normal, and
//!     ln N(u) = -|R^-1 (u - mean)|^2 / 2 - ln |R| - n ln(2 pi) / 2,   H = ln |R| + n (1 + ln(2 pi)) / 2.

use crate::special::LN_SQRT_2PI;
use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// A Gaussian of n coordinates.
#[derive(Clone, Debug)]
pub(crate) struct Gaussian {
    pub(crate) mean: DVector<f64>,
    /// R, triangular, with R R' the covariance.
    pub(crate) root: DMatrix<f64>,
}

impl Gaussian {
    /// The Gaussian of the precision with this Cholesky factor L: R is the inverse transpose of L.
    pub(crate) fn of_precision(mean: DVector<f64>, precision: &Cholesky<f64, Dyn>) -> Self {
        Self { root: root_of_precision(precision), mean }
    }

    /// That of some of its coordinates; `None` where they have no covariance.
    pub(crate) fn marginal(&self, at: &[usize]) -> Option<Self> {
        let covariance = self.covariance().select_rows(at).select_columns(at);
        Some(Self { mean: self.mean.select_rows(at), root: covariance.cholesky()?.unpack() })
    }

    /// The Gaussian with R times as wide.
    pub(crate) fn widened(self, times: f64) -> Self {
        Self { root: self.root * times, ..self }
    }

    /// ln |R|.
    pub(crate) fn ln_det(&self) -> f64 {
        ln_determinant(&self.root)
    }

    /// ln of the integral of exp(-|z|^2 / 2) over u: what a density of 0 at the mean is short of one that integrates to 1.
    pub(crate) fn ln_volume(&self) -> f64 {
        self.ln_det() + self.mean.len() as f64 * LN_SQRT_2PI
    }

    /// The entropy, in nats.
    pub(crate) fn entropy(&self) -> f64 {
        self.ln_det() + (0.5 + LN_SQRT_2PI) * self.mean.len() as f64
    }

    /// R R'.
    pub(crate) fn covariance(&self) -> DMatrix<f64> {
        &self.root * self.root.transpose()
    }

    /// mean + R z.
    pub(crate) fn at(&self, z: &DVector<f64>) -> DVector<f64> {
        &self.mean + &self.root * z
    }

    /// A draw.
    pub(crate) fn draw(&self, rng: &mut ChaCha8Rng) -> DVector<f64> {
        self.at(&standard_normal(self.mean.len(), rng))
    }
}

/// n independent standard normal draws.
pub(crate) fn standard_normal(n: usize, rng: &mut ChaCha8Rng) -> DVector<f64> {
    DVector::from_fn(n, |_, _| rng.sample::<f64, _>(rand_distr::StandardNormal))
}

/// ln |det| of a triangular matrix.
pub(crate) fn ln_determinant(root: &DMatrix<f64>) -> f64 {
    root.diagonal().iter().map(|d| d.abs().ln()).sum()
}

/// Lower-triangular root of a covariance; of one that is not positive definite, zero.
pub(crate) fn root(covariance: &DMatrix<f64>) -> DMatrix<f64> {
    covariance.clone().cholesky().map_or_else(|| covariance.map(|_| 0.0), Cholesky::unpack)
}

/// A root of the covariance whose inverse is given: the inverse transpose of the precision's root.
pub(crate) fn root_of_precision(precision: &Cholesky<f64, Dyn>) -> DMatrix<f64> {
    inverse_transposed(precision.l_dirty())
}

/// The inverse transpose of a lower triangle; what is above the diagonal does not count.
pub(crate) fn inverse_transposed(l: &DMatrix<f64>) -> DMatrix<f64> {
    let n = l.nrows();
    let mut root = DMatrix::identity(n, n);
    let solved = l.tr_solve_lower_triangular_mut(&mut root);
    debug_assert!(solved, "the diagonal of a Cholesky factor is positive");
    root
}

/// Mean and covariance of weighted points.
#[derive(Clone, Debug)]
pub(crate) struct Moments {
    pub(crate) mean: DVector<f64>,
    pub(crate) covariance: DMatrix<f64>,
}

impl Moments {
    /// The Gaussian of these; `None` where the covariance is not positive definite.
    pub(crate) fn gaussian(self) -> Option<Gaussian> {
        Some(Gaussian { mean: self.mean, root: self.covariance.cholesky()?.unpack() })
    }

    /// Moments of the points that `points` yields (twice) with their weights, which need not sum to 1.
    pub(crate) fn of<'a, I: Iterator<Item = (&'a [f64], f64)>>(n: usize, points: impl Fn() -> I) -> Self {
        let total: f64 = points().map(|(_, weight)| weight).sum();
        let mut mean = DVector::zeros(n);
        for (u, weight) in points() {
            let share = weight / total;
            mean.iter_mut().zip(u).for_each(|(m, u)| *m += u * share);
        }
        let mut covariance = DMatrix::zeros(n, n);
        let mut away = DVector::zeros(n);
        for (u, weight) in points() {
            away.iter_mut().zip(u.iter().zip(&mean)).for_each(|(away, (u, m))| *away = u - m);
            covariance.ger(weight / total, &away, &away, 1.0);
        }
        Self { mean, covariance }
    }
}
