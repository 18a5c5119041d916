//! Cholesky factors of correlation matrices, from their partial correlations tanh(u) (Lewandowski, Kurowicka & Joe
//! 2009; Stan's transform). Row i of the factor is a unit vector with a positive last entry:
//!
//! ```text
//! x_ij = tanh(u_ij) prod_{k < j} sech(u_ik) for j < i, and x_ii = prod_{k < i} sech(u_ik)
//! ```
//!
//! Products of sech = sqrt(1 - tanh^2) instead of Stan's differences of squares: nothing cancels when a row nears the
//! boundary.

use crate::numbers::{Number, Real};
use crate::support::{Shown, VectorSupport};

/// How far from 1 the square of a row's norm may be, as in Stan.
const TOLERANCE: f64 = 1e-8;

/// Cholesky factors of correlation matrices of that dimension d.
///
/// A point is the lower triangle, packed row by row: (0,0), (1,0), (1,1), (2,0)..., d (d + 1) / 2 entries. It has
/// d (d - 1) / 2 coordinates, one for each entry below the diagonal; coordinates 0 give the identity.
///
/// ```
/// use hierarch::number::Real;
/// use hierarch::support::{CholeskyCorr, VectorSupport};
/// let mut x = Vec::new();
/// CholeskyCorr(2).constrain::<f64>(&[Real(0.6f64.atanh())], &mut x);
/// let [_, correlation, diagonal] = x[..] else { unreachable!() };
/// assert!((correlation.value() - 0.6).abs() < 1e-15 && (diagonal.value() - 0.8).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CholeskyCorr(pub usize);

impl VectorSupport for CholeskyCorr {
    fn len(&self) -> usize {
        self.0 * (self.0 + 1) / 2
    }
    fn num_coordinates(&self) -> usize {
        self.0 * self.0.saturating_sub(1) / 2
    }
    fn contains(&self, x: &[f64]) -> bool {
        x.len() == self.len() && rows(x).all(is_unit_row)
    }
    fn shown(&self) -> Shown {
        Shown::Correlations(self.0)
    }
    fn describe(&self) -> String {
        format!("the Cholesky factor of a {0} x {0} correlation matrix, its lower triangle row by row", self.0)
    }

    /// The Jacobian is that of the entries below the diagonal, as in Stan:
    /// `ln |dx/du| = sum_{j < i} (i - j + 1) ln sech(u_ij)`. The sech of
    /// a coordinate is in its own entry's derivative twice (tanh' = sech^2), and once in each between it and the diagonal.
    fn constrain<N: Number>(&self, u: &[Real<N>], x: &mut Vec<Real<N>>) -> Real<N> {
        let mut ln_jacobian = Real::constant(0.0);
        let mut u = u.iter();
        for i in 0..self.0 {
            let mut rest = Real::constant(1.0);
            for (j, &u) in u.by_ref().take(i).enumerate() {
                x.push(rest * u.tanh());
                rest *= sech(u);
                ln_jacobian += ln_sech(u) * (i - j + 1) as f64;
            }
            x.push(rest);
        }
        ln_jacobian
    }

    /// `sinh(u_ij)` is `x_ij` over the norm of the entries right of it in its row.
    fn unconstrain(&self, x: &[f64], u: &mut Vec<f64>) {
        for row in rows(x) {
            let (&diagonal, below) = row.split_last().expect("a row has a diagonal entry");
            let start = u.len();
            let mut right = diagonal;
            for x in below.iter().rev() {
                u.push((x / right).asinh());
                right = right.hypot(*x);
            }
            u[start..].reverse();
        }
    }
}

/// The rows of a packed lower triangle.
fn rows(mut triangle: &[f64]) -> impl Iterator<Item = &[f64]> {
    (1..).map_while(move |len| {
        let (row, rest) = triangle.split_at_checked(len)?;
        triangle = rest;
        Some(row)
    })
}

fn is_unit_row(row: &[f64]) -> bool {
    let norm: f64 = row.iter().map(|x| x * x).sum();
    (norm - 1.0).abs() <= TOLERANCE && row.last().is_some_and(|&diagonal| diagonal > 0.0)
}

/// 1 / cosh(u), of any magnitude.
fn sech<N: Number>(u: Real<N>) -> Real<N> {
    let e = (-u.value().abs()).exp();
    let (s, t) = (2.0 * e / (1.0 + e * e), u.value().tanh());
    u.chain(s, -s * t, s * (2.0 * t * t - 1.0))
}

/// ln(1 / cosh(u)), of any magnitude.
fn ln_sech<N: Number>(u: Real<N>) -> Real<N> {
    let (size, t) = (u.value().abs(), u.value().tanh());
    u.chain(std::f64::consts::LN_2 - size - (-2.0 * size).exp().ln_1p(), -t, t * t - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_vector_support;

    #[test]
    fn satisfies_the_laws_of_a_support() {
        check_vector_support(&CholeskyCorr(2));
        check_vector_support(&CholeskyCorr(3));
        check_vector_support(&CholeskyCorr(5));
    }

    fn constrain(d: usize, u: &[f64]) -> (Vec<f64>, f64) {
        let u: Vec<_> = u.iter().map(|&u| Real(u)).collect();
        let mut x = Vec::new();
        let ln_jacobian = CholeskyCorr(d).constrain::<f64>(&u, &mut x);
        (x.iter().map(|x| x.value()).collect(), ln_jacobian.value())
    }

    #[test]
    fn coordinates_zero_are_the_identity() {
        assert_eq!(constrain(3, &[0.0; 3]), (vec![1.0, 0.0, 1.0, 0.0, 0.0, 1.0], 0.0));
    }

    /// Stan's own formula, with differences of squares.
    #[test]
    fn agrees_with_the_recursion_of_stan() {
        let u = [0.3, -0.8, 1.1, 0.2, -0.4, 0.9];
        let (x, ln_jacobian) = constrain(4, &u);
        let mut expected: f64 = u.iter().map(|u: &f64| (1.0 - u.tanh().powi(2)).ln()).sum();
        let mut coordinates = u.iter();
        for (i, row) in rows(&x).enumerate() {
            let mut squares: f64 = 0.0;
            for (j, u) in coordinates.by_ref().take(i).enumerate() {
                expected += if j == 0 { 0.0 } else { 0.5 * (1.0 - squares).ln() };
                assert!((row[j] - u.tanh() * (1.0 - squares).sqrt()).abs() < 1e-15);
                squares += row[j] * row[j];
            }
            assert!((row[i] - (1.0 - squares).sqrt()).abs() < 1e-15);
        }
        assert!((ln_jacobian - expected).abs() < 1e-14);
    }

    #[test]
    fn far_coordinates_come_back() {
        let u = [18.0, -25.0, 30.0];
        let (x, ln_jacobian) = constrain(3, &u);
        let mut back = Vec::new();
        CholeskyCorr(3).unconstrain(&x, &mut back);
        assert!(ln_jacobian.is_finite());
        for (u, back) in u.iter().zip(&back) {
            assert!((u - back).abs() < 1e-12, "{u} {back}");
        }
    }

    #[test]
    fn contains_unit_rows_with_a_positive_diagonal() {
        assert!(CholeskyCorr(2).contains(&[1.0, 0.6, 0.8]));
        for outside in [&[1.0, 0.6, 0.7][..], &[1.0, 0.6, -0.8], &[1.0, 1.0, 0.0], &[1.0, 0.6], &[1.0, f64::NAN, 0.8]] {
            assert!(!CholeskyCorr(2).contains(outside), "{outside:?}");
        }
    }
}
