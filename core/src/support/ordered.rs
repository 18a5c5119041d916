//! Increasing vectors: the first entry is `u_0`, each next one lies `exp(u_k)` above the one before, as in Stan.

use crate::numbers::{Number, Real};
use crate::support::VectorSupport;

/// Vectors of that many increasing numbers, as many coordinates. Cut points, or the means of a mixture's components.
///
/// ```
/// use hierarch::number::Real;
/// use hierarch::support::{Ordered, VectorSupport};
/// let mut x = Vec::new();
/// Ordered(3).constrain::<f64>(&[Real(-1.0), Real(0.0), Real(0.0)], &mut x);
/// assert_eq!(x, [Real(-1.0), Real(0.0), Real(1.0)]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ordered(pub usize);

impl VectorSupport for Ordered {
    fn len(&self) -> usize {
        self.0
    }
    fn num_coordinates(&self) -> usize {
        self.0
    }
    fn contains(&self, x: &[f64]) -> bool {
        x.len() == self.0 && x.iter().all(|x| x.is_finite()) && x.windows(2).all(|pair| pair[0] < pair[1])
    }
    fn describe(&self) -> String {
        format!("{} increasing numbers", self.0)
    }

    /// ln |dx/du| = sum of all u but the first
    fn constrain<N: Number>(&self, u: &[Real<N>], x: &mut Vec<Real<N>>) -> Real<N> {
        let mut ln_jacobian = Real::constant(0.0);
        let Some((&first, steps)) = u.split_first() else { return ln_jacobian };
        let mut entry = first;
        x.push(entry);
        for &step in steps {
            entry += step.exp();
            ln_jacobian += step;
            x.push(entry);
        }
        ln_jacobian
    }
    fn unconstrain(&self, x: &[f64], u: &mut Vec<f64>) {
        u.extend(x.first());
        u.extend(x.windows(2).map(|pair| (pair[1] - pair[0]).ln()));
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "sums of whole numbers are exact")]
mod tests {
    use super::*;
    use crate::testing::check_vector_support;

    #[test]
    fn satisfies_the_laws_of_a_support() {
        check_vector_support(&Ordered(1));
        check_vector_support(&Ordered(4));
    }

    #[test]
    fn appends_to_what_is_there() {
        let mut x = vec![Real(9.0)];
        let ln_jacobian = Ordered(2).constrain::<f64>(&[Real(1.0), Real(2.0)], &mut x);
        assert_eq!(x, [Real(9.0), Real(1.0), Real(1.0 + 2f64.exp())]);
        assert_eq!(ln_jacobian.value(), 2.0);
    }

    #[test]
    fn contains_no_ties() {
        assert!(Ordered(3).contains(&[-1.0, 0.0, 5.0]));
        assert!(Ordered(0).contains(&[]));
        for outside in [&[0.0, 0.0, 1.0][..], &[1.0, 0.0, 2.0], &[0.0, 1.0], &[0.0, f64::NAN, 1.0]] {
            assert!(!Ordered(3).contains(outside), "{outside:?}");
        }
    }
}
