//! The part of a task's density given theta that is a multivariate normal of its first coordinates.
//!
//! With K the inverse of the Cholesky factor L of the covariance, the precision is P = K' K and
//!     ln p(x) = -n ln(2 pi) / 2 - sum ln L_ii - (x - mean)' P (x - mean) / 2.

use crate::special::LN_SQRT_2PI;

/// A normal of the first coordinates of a task: of none as long as it is empty.
#[derive(Default)]
pub(crate) struct NormalPrior {
    pub(crate) mean: Vec<f64>,
    /// L, a packed lower triangle, row by row; once inverted it is K.
    pub(crate) tril: Vec<f64>,
    /// P, n x n, of which the lower triangle is used.
    precision: Vec<f64>,
    /// The log density at the mean.
    top: f64,
    /// x - mean.
    away: Vec<f64>,
}

impl NormalPrior {
    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.mean.clear();
        self.tril.clear();
        self.top = 0.0;
    }

    /// Takes the precision from L, which is used up; false where that has no positive diagonal.
    pub(crate) fn invert(&mut self) -> bool {
        let n = self.mean.len();
        self.top = -(n as f64) * LN_SQRT_2PI;
        self.precision.clear();
        self.precision.resize(n * n, 0.0);
        for i in 0..n {
            let (above, rest) = self.tril.split_at_mut(i * (i + 1) / 2);
            let row = &mut rest[..=i];
            let diagonal = row[i];
            // also false for NaN
            if !(diagonal > 0.0 && diagonal.is_finite()) {
                return false;
            }
            self.top -= diagonal.ln();
            invert_row(above, row);
            for (a, scale) in row.iter().enumerate() {
                self.precision[a * n..=a * n + a].iter_mut().zip(&*row).for_each(|(p, k)| *p += scale * k);
            }
        }
        true
    }

    /// Adds the log density at the task's coordinates `at`: its gradient in them, and its second derivatives to the n x n of
    /// all of them. Returns the value.
    pub(crate) fn expand(&mut self, at: &[f64], gradient: &mut [f64], curvature: &mut [f64]) -> f64 {
        let (n, all) = (self.mean.len(), at.len());
        self.away.clear();
        self.away.extend(at.iter().zip(&self.mean).map(|(x, m)| x - m));
        let mut square = 0.0;
        for i in 0..n {
            let row = &self.precision[i * n..=i * n + i];
            let away = self.away[i];
            let mut dot = 0.0;
            for (j, p) in row[..i].iter().enumerate() {
                dot += p * self.away[j];
                gradient[j] -= p * away;
                curvature[i * all + j] -= p;
                curvature[j * all + i] -= p;
            }
            gradient[i] -= dot + row[i] * away;
            curvature[i * all + i] -= row[i];
            square += away * (2.0 * dot + row[i] * away);
        }
        self.top - 0.5 * square
    }
}

/// The row of L becomes that of K, whose rows above are given: K_ij = -sum_{j <= k < i} L_ik K_kj / L_ii, K_ii = 1 / L_ii.
fn invert_row(above: &[f64], row: &mut [f64]) {
    let (last, factors) = row.split_last_mut().expect("a row has a diagonal entry");
    *last = last.recip();
    let mut start = 0;
    for k in 0..factors.len() {
        let factor = -factors[k] * *last;
        factors[k] = 0.0;
        factors[..=k].iter_mut().zip(&above[start..=start + k]).for_each(|(to, of)| *to += factor * of);
        start += k + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::{MultivariateNormal, VectorDistribution};
    use crate::numbers::Real;
    use nalgebra::DMatrix;

    const MEAN: [f64; 3] = [0.5, -1.0, 2.0];
    const TRIL: [f64; 6] = [1.5, 0.3, 0.8, -0.4, 0.5, 2.0];

    /// Of four coordinates the last has no part in it.
    #[test]
    fn is_the_density_with_its_derivatives() {
        let prior_of_dist = MultivariateNormal(MEAN, TRIL);
        let mut prior = NormalPrior { mean: MEAN.to_vec(), tril: TRIL.to_vec(), ..NormalPrior::default() };
        let (mut mean, mut tril): (Vec<Real<f64>>, Vec<Real<f64>>) = Default::default();
        assert!(prior_of_dist.as_normal(&mut mean, &mut tril) && mean == MEAN.map(Real) && tril == TRIL.map(Real));
        assert!(prior.invert());
        let at = [1.0, 0.25, -0.5, 7.0];
        let (mut gradient, mut curvature) = ([0.0; 4], [0.0; 16]);
        let value = prior.expand(&at, &mut gradient, &mut curvature);
        let expected: Real<f64> = prior_of_dist.ln_density(&at[..3]);
        assert!((value - expected.value()).abs() < 1e-13, "{value} is not {expected:?}");
        let l = DMatrix::from_fn(3, 3, |i, j| if j <= i { TRIL[i * (i + 1) / 2 + j] } else { 0.0 });
        let precision = (&l * l.transpose()).try_inverse().expect("positive definite");
        for i in 0..4 {
            let row = |j: usize| if i < 3 && j < 3 { precision[(i, j)] } else { 0.0 };
            let slope: f64 = (0..3).map(|j| row(j) * (MEAN[j] - at[j])).sum();
            assert!((gradient[i] - slope).abs() < 1e-13, "{} is not {slope}", gradient[i]);
            (0..4).for_each(|j| assert!((curvature[4 * i + j] + row(j)).abs() < 1e-13));
        }
    }

    #[test]
    fn a_diagonal_that_is_not_positive_has_no_precision() {
        for diagonal in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let mut prior =
                NormalPrior { mean: vec![0.0; 2], tril: vec![1.0, 0.5, diagonal], ..NormalPrior::default() };
            assert!(!prior.invert(), "{diagonal}");
        }
    }
}
