//! Vectors of positive numbers: x = exp(u), entry by entry.

use crate::numbers::{Number, Real};
use crate::support::VectorSupport;

/// Vectors of that many positive finite numbers, as many coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PositiveVector(pub usize);

impl VectorSupport for PositiveVector {
    fn len(&self) -> usize {
        self.0
    }
    fn num_coordinates(&self) -> usize {
        self.0
    }
    fn contains(&self, x: &[f64]) -> bool {
        x.len() == self.0 && x.iter().all(|&x| x > 0.0 && x.is_finite())
    }
    fn describe(&self) -> String {
        format!("{} positive numbers", self.0)
    }

    /// ln |dx/du| = sum u
    fn constrain<N: Number>(&self, u: &[Real<N>], x: &mut Vec<Real<N>>) -> Real<N> {
        x.extend(u.iter().map(|u| u.exp()));
        u.iter().sum()
    }
    fn unconstrain(&self, x: &[f64], u: &mut Vec<f64>) {
        u.extend(x.iter().map(|x| x.ln()));
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "sums of whole numbers are exact")]
mod tests {
    use super::*;
    use crate::testing::check_vector_support;

    #[test]
    fn satisfies_the_laws_of_a_support() {
        check_vector_support(&PositiveVector(3));
    }

    #[test]
    fn is_the_exponential_of_each_coordinate() {
        let mut x = Vec::new();
        let ln_jacobian = PositiveVector(2).constrain::<f64>(&[Real(0.5), Real(-2.0)], &mut x);
        assert_eq!(x, [Real(0.5f64.exp()), Real((-2f64).exp())]);
        assert_eq!(ln_jacobian.value(), -1.5);
        assert!(PositiveVector(2).contains(&[1.0, 2.0]));
        assert!(!PositiveVector(2).contains(&[1.0, 0.0]));
        assert!(!PositiveVector(2).contains(&[1.0]));
    }
}
