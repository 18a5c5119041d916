//! Exponents of groups of squares, and what exp of them is expected to be.

use crate::density::closed::view::{BlockPoint, BlockView};

/// An affine exponent without a constant.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Exponent {
    /// Pairs of coordinate and coefficient.
    pub(super) terms: Vec<(usize, f64)>,
    /// Where its exp stands among the shared ones, if it is one of them.
    pub(super) shared: Option<usize>,
}

impl Exponent {
    /// exp of it at a point.
    #[inline]
    pub(super) fn exp_at(&self, BlockPoint { u, exps }: BlockPoint<'_>) -> f64 {
        match self.shared {
            Some(at) => exps[at],
            None => self.terms.iter().map(|&(j, c)| c * u[j]).sum::<f64>().exp(),
        }
    }

    /// E\[exp\] under the guide.
    #[inline]
    pub(super) fn expected_exp(&self, BlockView { loc, variance, exps }: BlockView<'_>) -> f64 {
        self.shared.map_or_else(|| expected_exp(&self.terms, loc, variance), |at| exps[at])
    }

    /// Whether it names no coordinate from `first` on.
    pub(super) fn is_fixed(&self, first: usize) -> bool {
        self.terms.iter().all(|&(j, _)| j < first)
    }

    /// Its slots among those of n coordinates, all locs first, with the derivative of ln E\[exp\] in each.
    pub(super) fn slots<'a>(&'a self, n: usize, variance: &'a [f64]) -> impl Iterator<Item = (usize, f64)> + 'a {
        self.terms.iter().flat_map(move |&(j, c)| [(j, c), (n + j, c * c * variance[j])])
    }
}

/// E\[exp(sum of c u_j)\] = exp(sum of c m_j + c^2 v_j / 2).
pub(super) fn expected_exp(terms: &[(usize, f64)], loc: &[f64], variance: &[f64]) -> f64 {
    terms.iter().map(|&(j, c)| c * loc[j] + 0.5 * c * c * variance[j]).sum::<f64>().exp()
}
