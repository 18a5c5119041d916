//! Vectors of positive numbers that sum to 1: x = softmax(z), where z is `u` in an orthonormal basis of the vectors
//! that sum to 0 (the inverse of the isometric log-ratio transform, Egozcue et al. 2003, as in Stan).
//!
//! ```text
//! z_j = sum_{k > j} u_k / sqrt(k (k + 1)) - j u_j / sqrt(j (j + 1)), with k = 1..n-1 and j = 0..n-1
//! ```

use crate::numbers::{Number, Real};
use crate::support::VectorSupport;

/// How far from 1 the entries may sum, as in Stan.
const TOLERANCE: f64 = 1e-8;

/// Vectors of that many positive numbers that sum to 1; one coordinate fewer. Coordinates 0 give the uniform point.
///
/// ```
/// use hierarch::number::Real;
/// use hierarch::support::{Simplex, VectorSupport};
/// let mut x = Vec::new();
/// Simplex(4).constrain::<f64>(&[Real(0.0); 3], &mut x);
/// assert_eq!(x, [Real(0.25); 4]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Simplex(pub usize);

impl VectorSupport for Simplex {
    fn len(&self) -> usize {
        self.0
    }
    fn num_coordinates(&self) -> usize {
        self.0.saturating_sub(1)
    }
    fn contains(&self, x: &[f64]) -> bool {
        x.len() == self.0 && x.iter().all(|&x| x > 0.0) && (x.iter().sum::<f64>() - 1.0).abs() <= TOLERANCE
    }
    fn describe(&self) -> String {
        format!("{} positive numbers that sum to 1", self.0)
    }

    /// The Jacobian is that of the first n - 1 entries: ln |dx/du| = sum ln x + ln(n) / 2 = ln(n) / 2 - n ln(sum exp z), for z sums to 0.
    fn constrain<N: Number>(&self, u: &[Real<N>], x: &mut Vec<Real<N>>) -> Real<N> {
        let (n, start) = (self.0, x.len());
        let mut later = Real::constant(0.0);
        for k in (0..n).rev() {
            let step = if k == 0 { later } else { u[k - 1] * basis_norm(k) };
            x.push(if k == 0 { later } else { later - step * k as f64 });
            later += step;
        }
        let z = &mut x[start..];
        z.reverse();
        let largest = z.iter().fold(f64::NEG_INFINITY, |m, z| m.max(z.value()));
        let mut sum = Real::constant(0.0);
        for z in &mut *z {
            *z = (*z - largest).exp();
            sum += *z;
        }
        let recip = sum.recip();
        for z in z {
            *z *= recip;
        }
        0.5 * (n as f64).ln() - (sum.ln() + largest) * n as f64
    }

    /// `u_k = (sum_{j < k} ln x_j - k ln x_k) / sqrt(k (k + 1))`
    fn unconstrain(&self, x: &[f64], u: &mut Vec<f64>) {
        let mut earlier = 0.0;
        for k in 1..self.0 {
            earlier += x[k - 1].ln();
            u.push((earlier - k as f64 * x[k].ln()) * basis_norm(k));
        }
    }
}

/// The vector (1, ..., 1, -k, 0, ..., 0) with k ones has the norm of the reciprocal of this.
fn basis_norm(k: usize) -> f64 {
    ((k * (k + 1)) as f64).sqrt().recip()
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "one entry is exactly 1")]
mod tests {
    use super::*;
    use crate::testing::check_vector_support;

    #[test]
    fn satisfies_the_laws_of_a_support() {
        check_vector_support(&Simplex(2));
        check_vector_support(&Simplex(3));
        check_vector_support(&Simplex(5));
    }

    #[test]
    fn coordinates_zero_are_the_uniform_point() {
        let mut x = Vec::new();
        let ln_jacobian = Simplex(3).constrain::<f64>(&[Real(0.0); 2], &mut x);
        for x in &x {
            assert!((x.value() - 1.0 / 3.0).abs() < 1e-15);
        }
        // sqrt(n) times the product of the entries
        assert!((ln_jacobian.value() - (3f64.sqrt() / 27.0).ln()).abs() < 1e-14);
    }

    #[test]
    fn one_entry_is_1_and_needs_no_coordinate() {
        let mut x = Vec::new();
        assert_eq!(Simplex(1).num_coordinates(), 0);
        assert_eq!(Simplex(1).constrain::<f64>(&[], &mut x).value(), 0.0);
        assert_eq!(x, [Real(1.0)]);
    }

    #[test]
    fn two_entries_are_a_logistic_function() {
        let mut x = Vec::new();
        Simplex(2).constrain::<f64>(&[Real(0.7)], &mut x);
        assert!((x[0].value() - crate::special::sigmoid(2f64.sqrt() * 0.7)).abs() < 1e-15);
    }

    #[test]
    fn far_coordinates_stay_on_the_simplex() {
        let mut x = Vec::new();
        let ln_jacobian = Simplex(3).constrain::<f64>(&[Real(300.0), Real(-500.0)], &mut x);
        assert!(ln_jacobian.value().is_finite());
        assert!((x.iter().map(|x| x.value()).sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn contains_no_boundary() {
        assert!(Simplex(2).contains(&[0.25, 0.75]));
        for outside in [&[0.0, 1.0][..], &[0.5, 0.6], &[0.2, 0.3, 0.5], &[f64::NAN, 1.0], &[-0.5, 1.5]] {
            assert!(!Simplex(2).contains(outside), "{outside:?}");
        }
    }
}
