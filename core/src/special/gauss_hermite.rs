//! Gauss-Hermite quadrature: E\[f(t)\] of a standard normal t as a weighted sum over n nodes, exact for polynomials of
//! degree 2 n - 1.
//!
//! The nodes are the eigenvalues of the tridiagonal matrix with zeros on the diagonal and sqrt(k) beside it; a weight is
//! the square of the first entry of an eigenvector (Golub & Welsch 1969). An even number of nodes leaves none at 0, where
//! it would hide the tails from what is averaged.

use nalgebra::{DMatrix, SymmetricEigen};

/// Nodes and weights of a standard normal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rule {
    /// Ascending, symmetric around 0.
    pub(crate) nodes: Vec<f64>,
    /// Of sum 1.
    pub(crate) weights: Vec<f64>,
}

impl Rule {
    /// The rule of so many nodes.
    pub(crate) fn of(count: usize) -> Self {
        let beside = |i: usize, j: usize| if i.abs_diff(j) == 1 { (i.max(j) as f64).sqrt() } else { 0.0 };
        let SymmetricEigen { eigenvectors, eigenvalues } = DMatrix::from_fn(count, count, beside).symmetric_eigen();
        let mut pairs: Vec<[f64; 2]> =
            (0..count).map(|k| [eigenvalues[k], eigenvectors[(0, k)] * eigenvectors[(0, k)]]).collect();
        pairs.sort_by(|a, b| a[0].total_cmp(&b[0]));
        // what is symmetric is made so to the last bit
        let mirrored = |k: usize| [0, 1].map(|of| pairs[count - 1 - k][of]);
        let both: Vec<[f64; 2]> =
            (0..count).map(|k| [0.5 * (pairs[k][0] - mirrored(k)[0]), 0.5 * (pairs[k][1] + mirrored(k)[1])]).collect();
        Self { nodes: both.iter().map(|pair| pair[0]).collect(), weights: both.iter().map(|pair| pair[1]).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_a_normal_are_exact() {
        for count in [1, 2, 4, 6, 12, 24, 48] {
            let rule = Rule::of(count);
            let mut expected = 1.0;
            for half in 0..count.min(8) {
                let power = i32::try_from(2 * half).expect("small");
                if half > 0 {
                    expected *= f64::from(power - 1);
                }
                let of =
                    |power: i32| -> f64 { rule.nodes.iter().zip(&rule.weights).map(|(t, w)| w * t.powi(power)).sum() };
                assert!((of(power) - expected).abs() < 1e-12 * expected, "{count} nodes, power {power}");
                assert!(of(power + 1).abs() < 1e-9 * expected, "{count} nodes, power {}", power + 1);
            }
        }
    }
}
