//! The joint normal of a density's leaves under the guide, and expectations under it as functions of the guide.
//!
//! With leaves z_a = c_a0 + sum_j c_aj u_j and u_j ~ Normal(loc_j, v_j), v_j = exp(2 ln_scale_j), independent:
//!
//! ```text
//! z ~ Normal(m, V),  m_a = c_a(loc),  V = sum_j v_j c_j c_j' = L L'
//! F(m, V) = sum_q w_q f(m + L t_q)
//! ```
//!
//! over the nodes t_q and weights w_q of a cubature. The derivatives are those of this sum, so that they agree with its
//! value to the last digit. With w_j = L^-1 c_j, and Phi a lower triangle with its diagonal halved (Smith 1995),
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
use crate::elbo::leaf_moments::{Expectation, Moments, Root, TRIANGLE};
use crate::elbo::nodes::{Cubature, SiteNodes};
use crate::numbers::leaves::{self, LeafFunction, MOST_LEAVES};
use crate::numbers::number::Number;
use crate::numbers::pass::Order;

/// A pivot this small a part of a variance is 0 but for rounding.
const NO_PIVOT: f64 = 1e-14;

/// A coordinate that leaves name.
#[derive(Clone, Copy, Debug)]
struct Touched {
    /// Its place in the block.
    slot: usize,
    /// Its coefficient in each leaf.
    c: [f64; MOST_LEAVES],
}

/// How the slots of (m, X) move with a loc or an `ln_scale`: those that do, and how far.
#[derive(Clone, Copy, Debug)]
struct Column {
    /// The coordinate's place in the block.
    slot: usize,
    is_ln_scale: bool,
    len: usize,
    moves: [(usize, f64); TRIANGLE],
}

impl Column {
    fn new(slot: usize, is_ln_scale: bool, moves: impl Iterator<Item = (usize, f64)>) -> Self {
        let mut column = Self { slot, is_ln_scale, len: 0, moves: [(0, 0.0); TRIANGLE] };
        for (at, by) in moves.filter(|(_, by)| *by != 0.0) {
            column.moves[column.len] = (at, by);
            column.len += 1;
        }
        column
    }

    fn dot(&self, of: &[f64]) -> f64 {
        self.moves[..self.len].iter().map(|&(at, by)| by * of[at]).sum()
    }

    /// Its slot among the 2 n of the guide.
    fn of_guide(&self, n: usize) -> usize {
        if self.is_ln_scale { n + self.slot } else { self.slot }
    }
}

/// The normal of the leaves, and the coordinates that they name.
#[derive(Clone, Debug, Default)]
pub(super) struct LeafNormal {
    mean: [f64; MOST_LEAVES],
    /// L.
    root: Root,
    touched: Vec<Touched>,
    columns: Vec<Column>,
}

/// What is wanted of an expectation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Value,
    Derivatives(Order),
}

/// What is wanted, and over which nodes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) nodes: SiteNodes,
    pub(super) wanted: Wanted,
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
                        self.touched.push(Touched { slot, c: [0.0; MOST_LEAVES] });
                        self.touched.len() - 1
                    });
                    self.touched[at].c[leaf] = c;
                }
            });
            self.mean[leaf] = mean;
        }
        for Touched { slot, c } in &self.touched {
            for a in 0..count {
                for b in 0..=a {
                    covariance[a][b] += seen.variance[*slot] * c[a] * c[b];
                }
            }
        }
        self.factorise(count, &covariance);
        self.columns.clear();
        for Touched { slot, c } in &self.touched {
            let w = solved(count, &self.root, c);
            let triangle = (0..count).flat_map(|a| (0..=a).map(move |e| (a, e)));
            let x = triangle.enumerate().map(|(at, (a, e))| {
                let twice = if a == e { 1.0 } else { 2.0 };
                (count + at, twice * seen.variance[*slot] * w[a] * w[e])
            });
            self.columns.push(Column::new(*slot, false, c[..count].iter().copied().enumerate()));
            self.columns.push(Column::new(*slot, true, x));
        }
    }

    /// L of the covariance; a column of zeros where the pivot is 0.
    fn factorise(&mut self, count: usize, covariance: &Root) {
        self.root = [[0.0; MOST_LEAVES]; MOST_LEAVES];
        for col in 0..count {
            let rest = |root: &Root, row: usize| {
                covariance[row][col] - (0..col).map(|k| root[row][k] * root[col][k]).sum::<f64>()
            };
            let pivot = rest(&self.root, col);
            if pivot > NO_PIVOT * covariance[col][col] {
                let below: [f64; MOST_LEAVES] = std::array::from_fn(|row| rest(&self.root, row) / pivot.sqrt());
                for (row, below) in self.root[..count].iter_mut().zip(below).skip(col) {
                    row[col] = below;
                }
            }
        }
    }

    /// The expectation of the density in hand, which has `count` leaves, over these nodes; adds its
    /// derivatives to `out`. `None` if the density read more leaves on the way.
    pub(super) fn expect(
        &self,
        count: usize,
        asked: Asked,
        density: &dyn Fn() -> LeafFunction,
        out: &mut GuideDerivatives,
    ) -> Option<f64> {
        match count {
            0 => Some(leaves::evaluate(density).value()),
            1 => self.expect_of::<1, 2>(asked, density, out),
            2 => self.expect_of::<2, 5>(asked, density, out),
            _ => self.expect_of::<3, 9>(asked, density, out),
        }
    }

    fn expect_of<const D: usize, const S: usize>(
        &self,
        asked: Asked,
        density: &dyn Fn() -> LeafFunction,
        out: &mut GuideDerivatives,
    ) -> Option<f64> {
        let mut moments = Moments::default();
        let mut value = 0.0;
        let (mut directions, mut found) = ([0; D], 0);
        for a in self.directions(D) {
            directions[found] = a;
            found += 1;
        }
        let Cubature { nodes, weights } = asked.nodes.cubature(D, &directions[..found]);
        for (node, &weight) in nodes.iter().zip(weights) {
            let mut t = [0.0; D];
            directions[..found].iter().zip(node).for_each(|(&a, node)| t[a] = *node);
            self.move_to(&t);
            let f = leaves::evaluate(density);
            value += weight * f.value();
            if let Wanted::Derivatives(order) = asked.wanted {
                moments.add::<D>(order, &t, &f, weight);
            }
        }
        if leaves::count() != Some(D) {
            return None;
        }
        if let Wanted::Derivatives(order) = asked.wanted {
            self.chain::<S>(order, &Expectation::new::<D>(order, &self.root, &moments), out);
        }
        Some(value)
    }

    /// The directions that V has, of so many leaves.
    pub(super) fn directions(&self, count: usize) -> impl Iterator<Item = usize> {
        (0..count).filter(|&a| self.root[a][a] > 0.0)
    }

    /// Moves the leaves to m + L t.
    pub(super) fn move_to<const D: usize>(&self, t: &[f64; D]) {
        let z: [f64; D] = std::array::from_fn(|a| self.mean[a] + (0..=a).map(|e| self.root[a][e] * t[e]).sum::<f64>());
        leaves::move_to(&z);
    }

    /// Adds the derivatives in (loc, `ln_scale`) of the coordinates touched.
    fn chain<const S: usize>(&self, order: Order, sum: &Expectation<S>, out: &mut GuideDerivatives) {
        let n = out.n;
        for (j, column) in self.columns.iter().enumerate() {
            let slot = column.of_guide(n);
            let by_slot = column.dot(&sum.gradient);
            out.gradient[slot] += by_slot;
            if order == Order::First {
                continue;
            }
            let mut row = [0.0; S];
            for &(at, by) in &column.moves[..column.len] {
                row.iter_mut().zip(&sum.hessian[at]).for_each(|(to, h)| *to += by * h);
            }
            for other in &self.columns[..j] {
                let (to, h) = (other.of_guide(n), other.dot(&row));
                out.add_both(slot, to, h);
            }
            let bent = if column.is_ln_scale { 2.0 * by_slot } else { 0.0 };
            out.add_second(slot, slot, column.dot(&row) + bent);
        }
    }
}

/// L^-1 c, 0 in the directions that L has not.
fn solved(count: usize, root: &Root, c: &[f64; MOST_LEAVES]) -> [f64; MOST_LEAVES] {
    let mut w = [0.0; MOST_LEAVES];
    for a in (0..count).filter(|&a| root[a][a] > 0.0) {
        let dot: f64 = (0..a).map(|e| root[a][e] * w[e]).sum();
        w[a] = (c[a] - dot) / root[a][a];
    }
    w
}
