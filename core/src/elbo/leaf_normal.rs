//! The joint normal of a density's leaves under the guide, and expectations under it as functions of the guide.
//!
//! With leaves z_a = c_a0 + sum_j c_aj u_j and u_j ~ Normal(loc_j, v_j), v_j = exp(2 ln_scale_j), independent:
//!
//! ```text
//! z ~ Normal(m, V),  m_a = c_a(loc),  V = sum_j v_j c_j c_j' = L L'
//! F(m, V) = sum_q w_q f(m + L t_q)
//! ```
//!
//! over the nodes t_q and weights w_q of a cubature. The derivatives are those of this sum, not of the
//! integral, so that they agree with its value to the last digit. With w_j = L^-1 c_j, and Phi the lower triangle of a
//! matrix with its diagonal halved (Smith 1995),
//!
//! ```text
//! dL / d ln_scale_j = L X_j,                      X_j = v_j Phi(2 w_j w_j')
//! d2L / d ln_scale_j d ln_scale_k = L (2 X_j [j = k] - Phi(X_j X_k' + X_k X_j'))
//! ```
//!
//! so that all are taken in S = D + D (D + 1) / 2 slots, m and a triangle X, and chained by c_j and X_j. A direction in which
//! V is 0 has one node.

use crate::density::closed::BlockView;
use crate::density::closed::derivatives::GuideDerivatives;
use crate::elbo::nodes::{Cubature, Nodes};
use crate::numbers::dual::Lanes;
use crate::numbers::leaves::{self, LeafFunction, MOST_LEAVES};
use crate::numbers::number::Number;
use crate::numbers::pass::Order;

/// A pivot this small a part of a variance is 0 but for rounding.
const NO_PIVOT: f64 = 1e-14;

/// The entries of a triangle of the most leaves.
const TRIANGLE: usize = MOST_LEAVES * (MOST_LEAVES + 1) / 2;

/// A coordinate that leaves name.
#[derive(Clone, Copy, Debug)]
struct Touched {
    /// Its place in the block.
    slot: usize,
    /// Its coefficient in each leaf.
    c: [f64; MOST_LEAVES],
    /// X of it, a packed lower triangle.
    x: [f64; TRIANGLE],
}

/// The normal of the leaves, and the coordinates that they name.
#[derive(Clone, Debug, Default)]
pub(super) struct LeafNormal {
    mean: [f64; MOST_LEAVES],
    /// L.
    root: [[f64; MOST_LEAVES]; MOST_LEAVES],
    touched: Vec<Touched>,
}

/// F, and its derivatives in (m, X).
struct Expectation<const S: usize> {
    value: f64,
    gradient: [f64; S],
    hessian: [[f64; S]; S],
}

/// What is wanted of an expectation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Value,
    Derivatives(Order),
}

impl LeafNormal {
    /// The normal of the leaves that the density in hand has read, of which there are `count`; `slot` gives a coordinate's
    /// place in the block.
    pub(super) fn meet(&mut self, count: usize, seen: BlockView<'_>, slot: impl Fn(usize) -> usize) {
        self.touched.clear();
        let mut covariance = [[0.0; MOST_LEAVES]; MOST_LEAVES];
        for leaf in 0..count {
            let form = leaves::form(leaf);
            let mut mean = form.constant;
            form.with_terms(|terms| {
                for &(coordinate, c) in terms {
                    let slot = slot(coordinate);
                    mean += c * seen.loc[slot];
                    let known = || self.touched.iter().position(|touched| touched.slot == slot);
                    let at = (leaf > 0).then(known).flatten().unwrap_or_else(|| {
                        self.touched.push(Touched { slot, c: [0.0; MOST_LEAVES], x: [0.0; TRIANGLE] });
                        self.touched.len() - 1
                    });
                    self.touched[at].c[leaf] = c;
                }
            });
            self.mean[leaf] = mean;
        }
        for Touched { slot, c, .. } in &self.touched {
            for a in 0..count {
                for b in 0..=a {
                    covariance[a][b] += seen.variance[*slot] * c[a] * c[b];
                }
            }
        }
        self.factorise(count, &covariance);
        let root = self.root;
        for Touched { slot, c, x } in &mut self.touched {
            let w = solved(count, &root, c);
            for a in 0..count {
                for e in 0..=a {
                    let twice = if a == e { 1.0 } else { 2.0 };
                    x[a * (a + 1) / 2 + e] = twice * seen.variance[*slot] * w[a] * w[e];
                }
            }
        }
    }

    /// L of the covariance; a column of zeros where the pivot is 0.
    fn factorise(&mut self, count: usize, covariance: &[[f64; MOST_LEAVES]; MOST_LEAVES]) {
        self.root = [[0.0; MOST_LEAVES]; MOST_LEAVES];
        for col in 0..count {
            for row in col..count {
                let dot: f64 = (0..col).map(|k| self.root[row][k] * self.root[col][k]).sum();
                let rest = covariance[row][col] - dot;
                if row == col {
                    if rest <= NO_PIVOT * covariance[col][col] {
                        break;
                    }
                    self.root[col][col] = rest.sqrt();
                } else {
                    self.root[row][col] = rest / self.root[col][col];
                }
            }
        }
    }

    /// The expectation of the density in hand, which has `count` leaves, over these nodes; adds its
    /// derivatives to `out`. `None` if the density read more leaves on the way.
    pub(super) fn expect(
        &self,
        count: usize,
        nodes: Nodes,
        density: &dyn Fn() -> LeafFunction,
        wanted: Wanted,
        out: &mut GuideDerivatives,
    ) -> Option<f64> {
        match count {
            0 => Some(leaves::evaluate(density).value()),
            1 => self.expect_of::<1, 2>(nodes, density, wanted, out),
            2 => self.expect_of::<2, 5>(nodes, density, wanted, out),
            _ => self.expect_of::<3, 9>(nodes, density, wanted, out),
        }
    }

    fn expect_of<const D: usize, const S: usize>(
        &self,
        nodes: Nodes,
        density: &dyn Fn() -> LeafFunction,
        wanted: Wanted,
        out: &mut GuideDerivatives,
    ) -> Option<f64> {
        let mut sum = Expectation::<S> { value: 0.0, gradient: [0.0; S], hessian: [[0.0; S]; S] };
        // the directions that V has
        let (mut directions, mut found) = ([0; D], 0);
        for a in (0..D).filter(|&a| self.root[a][a] > 0.0) {
            directions[found] = a;
            found += 1;
        }
        let Cubature { nodes, weights } = nodes.of(found);
        for (node, &weight) in nodes.iter().zip(weights) {
            let mut t = [0.0; D];
            directions[..found].iter().zip(node).for_each(|(&a, node)| t[a] = *node);
            let z: [f64; D] =
                std::array::from_fn(|a| self.mean[a] + (0..=a).map(|e| self.root[a][e] * t[e]).sum::<f64>());
            leaves::move_to(&z);
            let f = leaves::evaluate(density);
            sum.value += weight * f.value();
            if let Wanted::Derivatives(order) = wanted {
                sum.add_node(order, &self.along::<D, S>(&t), &f, weight);
            }
        }
        if leaves::count() != Some(D) {
            return None;
        }
        if let Wanted::Derivatives(order) = wanted {
            sum.subtract_curvature_of_root::<D>();
            self.chain::<D, S>(order, &sum, out);
        }
        Some(sum.value)
    }

    /// How a node moves with each slot of (m, X): e_a, and L e_a t_e.
    fn along<const D: usize, const S: usize>(&self, t: &[f64; D]) -> [[f64; D]; S] {
        let mut along = [[0.0; D]; S];
        let mut slot = D;
        for a in 0..D {
            along[a][a] = 1.0;
            for t in &t[..=a] {
                for (row, along) in along[slot].iter_mut().enumerate().skip(a) {
                    *along = self.root[row][a] * t;
                }
                slot += 1;
            }
        }
        along
    }

    /// Adds the derivatives in (loc, `ln_scale`) of the coordinates touched.
    fn chain<const D: usize, const S: usize>(&self, order: Order, sum: &Expectation<S>, out: &mut GuideDerivatives) {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let (n, width) = (out.n, 2 * out.n);
        for Touched { slot, c, x } in &self.touched {
            let by_ln_scale = dot(&sum.gradient[D..], x);
            out.gradient[*slot] += dot(&sum.gradient[..D], c);
            out.gradient[n + slot] += by_ln_scale;
            if order == Order::First {
                continue;
            }
            let mut row = [[0.0; S]; 2];
            for (k, hessian) in sum.hessian.iter().enumerate() {
                let of = if k < D { 0 } else { 1 };
                let factor = if k < D { c[k] } else { x[k - D] };
                row[of].iter_mut().zip(hessian).for_each(|(to, h)| *to += factor * h);
            }
            for (row, first) in row.iter().zip([*slot * width, (n + slot) * width]) {
                for Touched { slot, c, x } in &self.touched {
                    out.hessian[first + slot] += dot(&row[..D], c);
                    out.hessian[first + n + slot] += dot(&row[D..], x);
                }
            }
            out.hessian[(n + slot) * width + n + slot] += 2.0 * by_ln_scale;
        }
    }
}

/// L^-1 c, 0 in the directions that L has not.
fn solved(count: usize, root: &[[f64; MOST_LEAVES]; MOST_LEAVES], c: &[f64; MOST_LEAVES]) -> [f64; MOST_LEAVES] {
    let mut w = [0.0; MOST_LEAVES];
    for a in (0..count).filter(|&a| root[a][a] > 0.0) {
        let dot: f64 = (0..a).map(|e| root[a][e] * w[e]).sum();
        w[a] = (c[a] - dot) / root[a][a];
    }
    w
}

impl<const S: usize> Expectation<S> {
    /// Adds a node's share in the derivatives; it moves `along` the slots.
    fn add_node<const D: usize>(&mut self, order: Order, along: &[[f64; D]; S], f: &LeafFunction, weight: f64) {
        let partials = f.partials();
        for (to, along) in self.gradient.iter_mut().zip(along) {
            *to += weight * (0..D).map(|a| along[a] * partials[a]).sum::<f64>();
        }
        if order == Order::First {
            return;
        }
        let triangle = f.triangle();
        let second = |a: usize, b: usize| triangle[a.max(b) * (a.max(b) + 1) / 2 + a.min(b)];
        for (to, of) in self.hessian.iter_mut().zip(along) {
            let bent: [f64; D] = std::array::from_fn(|a| weight * (0..D).map(|b| second(a, b) * of[b]).sum::<f64>());
            for (to, along) in to.iter_mut().zip(along) {
                *to += (0..D).map(|a| bent[a] * along[a]).sum::<f64>();
            }
        }
    }

    /// Subtracts what Phi(X_j X_k' + X_k X_j') takes of the second derivatives. With G the derivative in X, a full symmetric
    /// matrix by its lower triangle, that is sum over a, b, e of G_ab X_j,ae X_k,be.
    fn subtract_curvature_of_root<const D: usize>(&mut self) {
        let at = |a: usize, e: usize| D + a * (a + 1) / 2 + e;
        for a in 0..D {
            for b in 0..D {
                let g = self.gradient[at(a.max(b), a.min(b))];
                for e in 0..=a.min(b) {
                    self.hessian[at(a, e)][at(b, e)] -= g;
                }
            }
        }
    }
}
