//! Moments of a density's derivatives over nodes, and what they say of its expectation.
//!
//! The slots of an expectation F(m, V) are m and a triangle X: slot m_a moves a node by e_a, slot X_ae by L e_a t_e. All first
//! and second derivatives of F in these are linear in the moments kept here.

use crate::numbers::dual::Lanes;
use crate::numbers::leaves::{LeafFunction, MOST_LEAVES};
use crate::numbers::pass::Order;

/// The entries of a triangle of the most leaves.
pub(super) const TRIANGLE: usize = MOST_LEAVES * (MOST_LEAVES + 1) / 2;

/// L, the root of a covariance.
pub(super) type Root = [[f64; MOST_LEAVES]; MOST_LEAVES];

/// F, and its derivatives in (m, X).
pub(super) struct Expectation<const S: usize> {
    pub(super) gradient: [f64; S],
    pub(super) hessian: [[f64; S]; S],
}

/// Moments of a density's derivatives in the leaves with (1, t): of its gradient with each, of its Hessian, a packed
/// triangle, with each product of two.
#[derive(Default)]
pub(super) struct Moments {
    first: [[f64; MOST_LEAVES]; MOST_LEAVES + 1],
    second: [[f64; TRIANGLE]; PAIRS],
}

/// Pairs of (1, t), packed as a triangle.
const PAIRS: usize = (MOST_LEAVES + 1) * (MOST_LEAVES + 2) / 2;

/// The place of an entry of a symmetric matrix in its packed lower triangle.
fn packed(a: usize, b: usize) -> usize {
    let (row, col) = (a.max(b), a.min(b));
    row * (row + 1) / 2 + col
}

impl Moments {
    /// Adds a node's share.
    #[inline]
    pub(super) fn add<const D: usize>(&mut self, order: Order, t: &[f64; D], f: &LeafFunction, weight: f64) {
        let with = |e: usize| if e == 0 { 1.0 } else { t[e - 1] };
        let mut pair = 0;
        for e in 0..=D {
            let weight = weight * with(e);
            self.first[e].iter_mut().zip(f.partials()).for_each(|(to, g)| *to += weight * g);
            if order == Order::Second {
                for f_of in 0..=e {
                    let weight = weight * with(f_of);
                    self.second[pair].iter_mut().zip(f.triangle()).for_each(|(to, h)| *to += weight * h);
                    pair += 1;
                }
            }
        }
    }
}

impl<const S: usize> Expectation<S> {
    /// The derivatives of a density of D leaves.
    pub(super) fn new<const D: usize>(order: Order, root: &Root, moments: &Moments) -> Self {
        let mut out = Self { gradient: [0.0; S], hessian: [[0.0; S]; S] };
        // the direction of each slot, and which of (1, t) it goes with
        let mut ways = [([0.0; D], 0); S];
        let mut slot = D;
        for a in 0..D {
            ways[a].0[a] = 1.0;
            for e in 0..=a {
                ways[slot] = (std::array::from_fn(|row| root[row][a]), e + 1);
                slot += 1;
            }
        }
        for (s, (way, e)) in ways.iter().enumerate() {
            out.gradient[s] = (0..D).map(|a| way[a] * moments.first[*e][a]).sum();
            if order == Order::First {
                continue;
            }
            for (r, (other, f)) in ways[..=s].iter().enumerate() {
                let second = &moments.second[packed(*e, *f)];
                let bent = |a: usize| (0..D).map(|b| second[packed(a, b)] * other[b]).sum::<f64>();
                let h = (0..D).map(|a| way[a] * bent(a)).sum();
                out.hessian[s][r] = h;
                out.hessian[r][s] = h;
            }
        }
        out.subtract_curvature_of_root::<D>();
        out
    }

    /// Subtracts what Phi(X_j X_k' + X_k X_j') takes of the second derivatives. With G the derivative in X, a full symmetric
    /// matrix by its lower triangle, that is sum over a, b, e of G_ab X_j,ae X_k,be.
    fn subtract_curvature_of_root<const D: usize>(&mut self) {
        let at = |a: usize, e: usize| D + packed(a, e);
        for a in 0..D {
            for b in 0..D {
                let g = self.gradient[at(a, b)];
                for e in 0..=a.min(b) {
                    self.hessian[at(a, e)][at(b, e)] -= g;
                }
            }
        }
    }
}
