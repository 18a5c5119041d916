//! A precision matrix and its factor, full or within an envelope.

use crate::linalg::cholesky;
use crate::linalg::envelope::{Envelope, Full, Symmetric, Within};
use std::borrow::Cow;
use std::sync::Arc;

/// How the numbers of a precision matrix and of its factor are kept.
#[derive(Clone, Debug)]
pub(crate) enum Storage {
    /// All n x n, row-major; the factor is L with L L' = P, lower triangular.
    Full(usize),
    /// The factor is R with R R' = P, upper triangular.
    Within(Arc<Envelope>),
}

impl Default for Storage {
    fn default() -> Self {
        Self::Full(0)
    }
}

impl Storage {
    /// How many numbers there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Full(n) => n * n,
            Self::Within(envelope) => envelope.len(),
        }
    }

    /// Hands such numbers to one who adds to them.
    #[inline]
    pub(crate) fn add_by(&self, numbers: &mut [f64], adder: impl Adder) {
        match self {
            Self::Full(n) => adder.add_to(&mut Full { n: *n, numbers }),
            Self::Within(envelope) => adder.add_to(&mut Within { envelope, numbers }),
        }
    }

    /// Puts the factor of P in place of P; false if P is not positive definite.
    pub(crate) fn factorise(&self, p: &mut [f64]) -> bool {
        match self {
            Self::Full(n) => cholesky::factorise(p, *n),
            Self::Within(envelope) => envelope.factorise(p),
        }
    }

    /// The solution of P X = B in place of B (n x columns).
    pub(crate) fn solve(&self, factor: &[f64], b: &mut [f64], columns: usize) {
        match self {
            Self::Full(n) => cholesky::solve(factor, *n, b, columns),
            Self::Within(envelope) => envelope.solve(factor, b, columns),
        }
    }

    /// The solution of F x = b in place of b, F being the factor.
    pub(crate) fn solve_factor(&self, factor: &[f64], b: &mut [f64]) {
        match self {
            Self::Full(n) => cholesky::solve_lower(factor, *n, b, 1),
            Self::Within(envelope) => envelope.solve_upper(factor, b, 1),
        }
    }

    /// The solution of F' x = b in place of b, F being the factor.
    pub(crate) fn solve_transposed(&self, factor: &[f64], b: &mut [f64]) {
        match self {
            Self::Full(_) => cholesky::solve_transposed(factor, b),
            Self::Within(envelope) => envelope.solve_transposed(factor, b, 1),
        }
    }

    /// ln |F|.
    pub(crate) fn ln_det(&self, factor: &[f64]) -> f64 {
        match self {
            Self::Full(n) => cholesky::ln_det(factor, *n),
            Self::Within(envelope) => envelope.ln_det(factor),
        }
    }

    /// L with L L' = P, all n x n numbers, row-major.
    pub(crate) fn lower<'a>(&self, factor: &'a [f64]) -> Cow<'a, [f64]> {
        match self {
            Self::Full(_) => Cow::Borrowed(factor),
            Self::Within(envelope) => {
                let r = envelope.full(factor);
                let n = r.len().isqrt();
                let row = |j: usize| &r[j * n..(j + 1) * n];
                let dot = |j: usize, k: usize| row(j).iter().zip(row(k)).map(|(a, b)| a * b).sum::<f64>();
                let mut p: Vec<f64> = (0..n * n).map(|at| dot(at / n, at % n)).collect();
                let is_positive = cholesky::factorise(&mut p, n);
                debug_assert!(is_positive, "the square of a root is positive definite");
                Cow::Owned(p)
            }
        }
    }
}

/// One who adds to a symmetric matrix, however that is kept.
pub(crate) trait Adder {
    fn add_to(self, sum: &mut impl Symmetric);
}
