//! Derivatives of closed-form expectations in the guide.

use crate::density::closed::triangle::Triangle;
use crate::density::closed::{BlockView, ClosedBlock, Group};
use crate::numbers::pass::Order;

/// Value and derivatives of a block's part of the ELBO, in the guide's (loc, ln_scale) of n coordinates: 2n slots,
/// all locs first.
#[derive(Clone, Debug, Default)]
pub(crate) struct GuideDerivatives {
    pub(crate) n: usize,
    pub(crate) gradient: Vec<f64>,
    /// Row-major, 2n squared; empty when only first derivatives are wanted.
    pub(crate) hessian: Vec<f64>,
    space: Vec<f64>,
}

impl GuideDerivatives {
    /// Zeroed, for n coordinates.
    pub(crate) fn reset(&mut self, n: usize, order: Order) {
        self.n = n;
        self.gradient.clear();
        self.gradient.resize(2 * n, 0.0);
        self.hessian.clear();
        self.hessian.resize(if order == Order::Second { 4 * n * n } else { 0 }, 0.0);
    }

    fn add_second(&mut self, row: usize, col: usize, value: f64) {
        self.hessian[row * 2 * self.n + col] += value;
    }

    /// Adds `factor` times the outer product of a row with itself in the locs of its coordinates.
    fn add_square(&mut self, columns: &[usize], row: &[f64], factor: f64) {
        let width = 2 * self.n;
        for (r, &j) in row.iter().zip(columns) {
            let scaled = factor * r;
            row.iter().zip(columns).for_each(|(r, &k)| self.hessian[j * width + k] += scaled * r);
        }
    }
}

impl ClosedBlock<'_> {
    /// The expectation of the sum; adds its derivatives in (loc, ln_scale) to `out`.
    pub(crate) fn derivatives(&self, seen: BlockView<'_>, out: &mut GuideDerivatives) -> f64 {
        let (head, mut rest) = self.split();
        let mut value = head[0];
        for (&j, c) in self.layout.linear.iter().zip(&head[1..]) {
            value += c * seen.loc[j];
            out.gradient[j] += c;
        }
        for group in &self.layout.groups {
            let triangle = group.take_triangle(&mut rest);
            value += group.derivatives(triangle, seen, out);
        }
        value
    }
}

impl Group {
    /// With E = exp(l), value = sign E Q: gradient sign E (Q' + Q l'), Hessian
    /// sign E (Q'' + Q' l'^T + l' Q'^T + Q (l' l'^T + l'')). With v = exp(2 ln_scale), Q' is 2 R_j' R (m, 1) in a loc and
    /// 2 v_j |R_j|^2 in an ln_scale, and Q'' is 2 R_j' R_k in two locs and 4 v_j |R_j|^2 in an ln_scale.
    fn derivatives(&self, triangle: Triangle<'_>, seen: BlockView<'_>, out: &mut GuideDerivatives) -> f64 {
        let factor = self.sign * self.expected_exp(seen);
        // Q' by slot, all locs first
        let mut dq = std::mem::take(&mut out.space);
        let square = triangle.expand_square(seen, &mut dq);
        self.slots(out.n).zip(&dq).for_each(|(slot, dq)| out.gradient[slot] += factor * dq);
        for (slot, dl) in self.exponent_slots(out.n, seen.variance) {
            out.gradient[slot] += factor * square * dl;
        }
        if !out.hessian.is_empty() {
            triangle.rows(|columns, row, _| out.add_square(columns, row, 2.0 * factor));
            self.add_second([factor * square, factor], &dq, seen.variance, out);
        }
        out.space = dq;
        factor * square
    }

    /// Adds the second derivatives but for Q'' in two locs, given sign E Q, sign E, and Q' by slot.
    fn add_second(&self, [value, factor]: [f64; 2], dq: &[f64], variance: &[f64], out: &mut GuideDerivatives) {
        let n = out.n;
        for (row, dl) in self.exponent_slots(n, variance) {
            for (col, dq) in self.slots(n).zip(dq) {
                out.add_second(row, col, factor * dq * dl);
                out.add_second(col, row, factor * dq * dl);
            }
            for (col, dl_col) in self.exponent_slots(n, variance) {
                out.add_second(row, col, value * dl * dl_col);
            }
        }
        for &(j, c) in &self.exponent {
            out.add_second(n + j, n + j, value * 2.0 * c * c * variance[j]);
        }
        for (&j, dq) in self.coordinates.iter().zip(&dq[self.coordinates.len()..]) {
            out.add_second(n + j, n + j, factor * 2.0 * dq);
        }
    }

    /// The slots of the coordinates, all locs first.
    fn slots(&self, n: usize) -> impl Iterator<Item = usize> + '_ {
        self.coordinates.iter().copied().chain(self.coordinates.iter().map(move |j| n + j))
    }

    /// The slots of the exponent, with l' of each.
    fn exponent_slots<'a>(&'a self, n: usize, variance: &'a [f64]) -> impl Iterator<Item = (usize, f64)> + 'a {
        self.exponent.iter().flat_map(move |&(j, c)| [(j, c), (n + j, c * c * variance[j])])
    }
}
