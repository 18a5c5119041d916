//! Derivatives of closed-form expectations in the guide.

use crate::density::closed::exponent::Exponent;
use crate::density::closed::mixed::Moments;
use crate::density::closed::triangle::Triangle;
use crate::density::closed::{BlockView, ClosedBlock, Group};
use crate::numbers::pass::{Derivatives, Order};

/// Value and derivatives of a block's part of the ELBO, in the guide's (loc, ln_scale) of n coordinates: 2n slots,
/// all locs first.
#[derive(Clone, Debug, Default)]
pub(crate) struct GuideDerivatives {
    pub(crate) n: usize,
    pub(crate) gradient: Vec<f64>,
    /// Row-major, 2n squared; empty when only first derivatives are wanted, or the Hessian times a direction.
    pub(crate) hessian: Vec<f64>,
    /// Empty unless only the Hessian times it is wanted.
    direction: Vec<f64>,
    /// The Hessian times the direction.
    pub(crate) product: Vec<f64>,
    space: Vec<f64>,
    /// Space for what mixed groups need.
    pub(super) moments: Moments,
}

/// First derivatives of an expected square in the locs and the `ln_scales` of some coordinates.
#[derive(Clone, Copy)]
pub(super) struct Slopes<'a> {
    pub(super) coordinates: &'a [usize],
    pub(super) in_loc: &'a [f64],
    pub(super) in_ln_scale: &'a [f64],
}

impl Slopes<'_> {
    /// Calls `f` with each coordinate, and the derivatives in its loc and its ln_scale.
    #[inline]
    fn each(self, mut f: impl FnMut(usize, f64, f64)) {
        let in_both = self.in_loc.iter().zip(self.in_ln_scale);
        self.coordinates.iter().zip(in_both).for_each(|(&j, (&in_loc, &in_ln_scale))| f(j, in_loc, in_ln_scale));
    }
}

impl GuideDerivatives {
    /// Zeroed, for n coordinates.
    pub(crate) fn reset(&mut self, n: usize, order: Order) {
        self.n = n;
        self.gradient.clear();
        self.gradient.resize(2 * n, 0.0);
        self.hessian.clear();
        self.hessian.resize(if order == Order::Second { 4 * n * n } else { 0 }, 0.0);
        self.direction.clear();
        self.product.clear();
    }

    /// Zeroed, for n coordinates, of second order along a direction only.
    pub(crate) fn reset_along(&mut self, n: usize, direction: impl IntoIterator<Item = f64>) {
        self.reset(n, Order::First);
        self.direction.extend(direction);
        self.product.resize(2 * n, 0.0);
    }

    /// Adds one draw's derivatives in u = loc + scale * noise; `spread` is noise * scale.
    pub(crate) fn add_draw(&mut self, out: &Derivatives, spread: &[f64], weight: f64) {
        let n = self.n;
        for (j, (g, e)) in out.gradient.iter().zip(spread).enumerate() {
            self.gradient[j] += weight * g;
            self.gradient[n + j] += weight * g * e;
        }
        if self.hessian.is_empty() {
            return;
        }
        for j in 0..n {
            for k in 0..n {
                let h = weight * out.hessian[j * n + k];
                self.hessian[j * 2 * n + k] += h;
                self.hessian[j * 2 * n + n + k] += h * spread[k];
                self.hessian[(n + j) * 2 * n + k] += h * spread[j];
                self.hessian[(n + j) * 2 * n + n + k] += h * spread[j] * spread[k];
            }
            self.hessian[(n + j) * 2 * n + n + j] += weight * out.gradient[j] * spread[j];
        }
    }

    /// Whether any second derivatives are wanted.
    pub(crate) fn is_second(&self) -> bool {
        !self.hessian.is_empty() || !self.direction.is_empty()
    }

    #[inline]
    pub(crate) fn add_second(&mut self, row: usize, col: usize, value: f64) {
        if self.direction.is_empty() {
            self.hessian[row * 2 * self.n + col] += value;
        } else {
            self.product[row] += value * self.direction[col];
        }
    }

    /// Adds a second derivative in two slots that are not the same.
    #[inline]
    pub(crate) fn add_both(&mut self, row: usize, col: usize, value: f64) {
        self.add_second(row, col, value);
        self.add_second(col, row, value);
    }

    /// Adds the derivatives of factor * Q, where factor is E = E\[exp(exponent)\] up to a constant, given Q and Q'; but not
    /// those that Q'' has in two locs.
    ///
    /// With l = ln E the gradient is E (Q' + Q l'), the Hessian E (Q'' + Q' l'^T + l' Q'^T + Q (l' l'^T + l'')). Q is linear
    /// in the variances exp(2 ln_scale), so that in an ln_scale Q'' is twice Q'.
    pub(super) fn add_product(
        &mut self,
        exponent: &Exponent,
        [factor, square]: [f64; 2],
        slopes: Slopes<'_>,
        variance: &[f64],
    ) {
        let (n, value) = (self.n, factor * square);
        slopes.each(|j, in_loc, in_ln_scale| {
            self.gradient[j] += factor * in_loc;
            self.gradient[n + j] += factor * in_ln_scale;
        });
        exponent.slots(n, variance).for_each(|(slot, dl)| self.gradient[slot] += value * dl);
        if !self.is_second() {
            return;
        }
        for (row, dl) in exponent.slots(n, variance) {
            slopes.each(|j, in_loc, in_ln_scale| {
                self.add_both(row, j, factor * in_loc * dl);
                self.add_both(row, n + j, factor * in_ln_scale * dl);
            });
            for (col, dl_col) in exponent.slots(n, variance) {
                self.add_second(row, col, value * dl * dl_col);
            }
        }
        for &(j, c) in &exponent.terms {
            self.add_second(n + j, n + j, value * 2.0 * c * c * variance[j]);
        }
        slopes.each(|j, _, in_ln_scale| self.add_second(n + j, n + j, factor * 2.0 * in_ln_scale));
    }

    /// Adds `factor` times the outer product of a row with itself in the locs of its coordinates.
    fn add_square(&mut self, columns: &[usize], row: &[f64], factor: f64) {
        if !self.direction.is_empty() {
            let along: f64 = row.iter().zip(columns).map(|(r, &k)| r * self.direction[k]).sum();
            row.iter().zip(columns).for_each(|(r, &j)| self.product[j] += factor * along * r);
            return;
        }
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
        for group in &self.layout.mixed {
            value += group.derivatives(group.take_numbers(&mut rest), seen, out);
        }
        value
    }
}

impl Group {
    /// sign E Q with E = E\[exp\] and Q the expected square. With v = exp(2 ln_scale), Q' is 2 R_j' R (m, 1) in a loc and
    /// 2 v_j |R_j|^2 in an ln_scale, and Q'' is 2 R_j' R_k in two locs.
    fn derivatives(&self, triangle: Triangle<'_>, seen: BlockView<'_>, out: &mut GuideDerivatives) -> f64 {
        let factor = self.sign * self.exponent.expected_exp(seen);
        // Q' by slot, all locs first
        let mut dq = std::mem::take(&mut out.space);
        let square = triangle.expand_square(seen, &mut dq);
        let (in_loc, in_ln_scale) = dq.split_at(self.coordinates.len());
        let slopes = Slopes { coordinates: &self.coordinates, in_loc, in_ln_scale };
        out.add_product(&self.exponent, [factor, square], slopes, seen.variance);
        if out.is_second() {
            triangle.rows(|columns, row, _| out.add_square(columns, row, 2.0 * factor));
        }
        out.space = dq;
        factor * square
    }
}
