//! Sums of [`ClosedForm`]s, kept as sufficient statistics, and their exact expectation under the mean-field guide.
//!
//! With u_j ~ Normal(m_j, v_j) independent, and `a` affine, E\[a\] = a(m), E\[exp(a)\] = exp(a(m) + sum_j a_j^2 v_j / 2).
//! Squares with a common exponent are collected in an upper triangle R, one orthogonal rotation a term, so that
//! sum_n r_n^2 = |R (u, 1)|^2 without ever squaring the data, and
//!     E\[sum_n r_n^2\] = |R (m, 1)|^2 + sum_j v_j |R_j|^2   with R_j the column of coordinate j.
//! However many observations a block has, its cost is that of R.

use crate::form::{Affine, ClosedForm, Exponential};

/// Coordinates in one triangle; a term that would widen it further starts another.
const WIDEST: usize = 16;

/// The sum of the closed forms of a block, in the coordinates 0..n of that block.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClosedSum {
    constant: f64,
    linear: Vec<(usize, f64)>,
    groups: Vec<Group>,
}

/// sign * exp(exponent) * |R (u, 1)|^2.
#[derive(Clone, Debug)]
struct Group {
    sign: f64,
    exponent: Vec<(usize, f64)>,
    coordinates: Vec<usize>,
    /// Row-major square of `coordinates.len() + 1`; the last column belongs to the constant 1.
    triangle: Vec<f64>,
}

/// Value and derivatives of a block's part of the ELBO, in the guide's (loc, ln_scale) of n coordinates: 2n slots,
/// all locs first.
#[derive(Clone, Debug, Default)]
pub(crate) struct GuideDerivatives {
    pub(crate) n: usize,
    pub(crate) gradient: Vec<f64>,
    /// Row-major, 2n squared; empty when only first derivatives are wanted.
    pub(crate) hessian: Vec<f64>,
}

impl GuideDerivatives {
    /// Zeroed, for n coordinates.
    pub(crate) fn reset(&mut self, n: usize, second: bool) {
        self.n = n;
        self.gradient.clear();
        self.gradient.resize(2 * n, 0.0);
        self.hessian.clear();
        self.hessian.resize(if second { 4 * n * n } else { 0 }, 0.0);
    }

    fn add_second(&mut self, row: usize, col: usize, value: f64) {
        self.hessian[row * 2 * self.n + col] += value;
    }
}

impl ClosedSum {
    /// Adds a term, its coordinates renamed by `rename`.
    pub(crate) fn add(&mut self, form: &ClosedForm, rename: impl Fn(usize) -> usize) {
        self.constant += form.affine.constant;
        for &(coordinate, coefficient) in form.affine.terms() {
            let coordinate = rename(coordinate);
            match self.linear.iter_mut().find(|t| t.0 == coordinate) {
                Some(term) => term.1 += coefficient,
                None => self.linear.push((coordinate, coefficient)),
            }
        }
        if let Some(exponential) = &form.exponential {
            self.add_exponential(exponential, rename);
        }
    }

    fn add_exponential(&mut self, term: &Exponential, rename: impl Fn(usize) -> usize) {
        let renamed = |form: &Affine| -> Vec<(usize, f64)> {
            form.terms().iter().filter(|t| t.1 != 0.0).map(|&(j, c)| (rename(j), c)).collect()
        };
        let (exponent, square, sign) = (renamed(&term.exponent), renamed(&term.square), term.factor.signum());
        let fits = |group: &Group| {
            let new = square.iter().filter(|t| !group.coordinates.contains(&t.0)).count();
            group.sign == sign && group.exponent == exponent && group.coordinates.len() + new <= WIDEST
        };
        let at = self.groups.iter().position(fits).unwrap_or_else(|| {
            self.groups.push(Group { sign, exponent, coordinates: Vec::new(), triangle: vec![0.0] });
            self.groups.len() - 1
        });
        let weight = (term.factor.abs() * term.exponent.constant.exp()).sqrt();
        self.groups[at].add_row(&square, term.square.constant, weight);
    }

    /// The expectation, given mean and variance of each coordinate.
    pub(crate) fn value(&self, loc: &[f64], variance: &[f64]) -> f64 {
        let linear: f64 = self.linear.iter().map(|&(j, c)| c * loc[j]).sum();
        let groups: f64 = self.groups.iter().map(|g| g.sign * g.expected_exp(loc, variance) * g.square(loc, variance)).sum();
        self.constant + linear + groups
    }

    /// The expectation; adds its derivatives in (loc, ln_scale) to `out`.
    pub(crate) fn derivatives(&self, loc: &[f64], variance: &[f64], out: &mut GuideDerivatives) -> f64 {
        for &(j, c) in &self.linear {
            out.gradient[j] += c;
        }
        for group in &self.groups {
            group.derivatives(loc, variance, out);
        }
        self.value(loc, variance)
    }
}

impl Group {
    fn width(&self) -> usize {
        self.coordinates.len() + 1
    }

    /// Rotates the row weight * (coefficients, constant) into the triangle.
    fn add_row(&mut self, coefficients: &[(usize, f64)], constant: f64, weight: f64) {
        for &(j, _) in coefficients {
            if !self.coordinates.contains(&j) {
                self.widen(j);
            }
        }
        let width = self.width();
        let mut row = [0.0; WIDEST + 1];
        for &(j, c) in coefficients {
            let column = self.coordinates.iter().position(|&k| k == j).expect("the coordinate was just added");
            row[column] += weight * c;
        }
        row[width - 1] = weight * constant;
        for pivot in 0..width {
            if row[pivot] == 0.0 {
                continue;
            }
            let diagonal = self.triangle[pivot * width + pivot];
            let radius = diagonal.hypot(row[pivot]);
            let (cos, sin) = (diagonal / radius, row[pivot] / radius);
            for (column, below) in row.iter_mut().enumerate().take(width).skip(pivot) {
                let above = &mut self.triangle[pivot * width + column];
                (*above, *below) = (cos * *above + sin * *below, cos * *below - sin * *above);
            }
        }
    }

    /// A new coordinate as the first column, so that the triangle stays one.
    fn widen(&mut self, coordinate: usize) {
        let (old, new) = (self.width(), self.width() + 1);
        let mut triangle = vec![0.0; new * new];
        for row in 0..old {
            triangle[(row + 1) * new + 1..(row + 2) * new].copy_from_slice(&self.triangle[row * old..(row + 1) * old]);
        }
        self.triangle = triangle;
        self.coordinates.insert(0, coordinate);
    }

    fn expected_exp(&self, loc: &[f64], variance: &[f64]) -> f64 {
        self.exponent.iter().map(|&(j, c)| c * loc[j] + 0.5 * c * c * variance[j]).sum::<f64>().exp()
    }

    /// R (m, 1).
    fn residual(&self, loc: &[f64]) -> [f64; WIDEST + 1] {
        let width = self.width();
        let mut out = [0.0; WIDEST + 1];
        for row in 0..width {
            let r = &self.triangle[row * width..(row + 1) * width];
            out[row] = r[width - 1] + (row..width - 1).map(|col| r[col] * loc[self.coordinates[col]]).sum::<f64>();
        }
        out
    }

    /// R_j' R_k.
    fn gram(&self, j: usize, k: usize) -> f64 {
        let width = self.width();
        (0..=j.min(k)).map(|row| self.triangle[row * width + j] * self.triangle[row * width + k]).sum()
    }

    fn square(&self, loc: &[f64], variance: &[f64]) -> f64 {
        let spread = self.coordinates.iter().enumerate().map(|(col, &j)| variance[j] * self.gram(col, col)).sum::<f64>();
        self.residual(loc).iter().map(|r| r * r).sum::<f64>() + spread
    }

    /// With E = exp(l), value = sign E Q: gradient sign E (Q' + Q l'), Hessian
    /// sign E (Q'' + Q' l'^T + l' Q'^T + Q (l' l'^T + l'')), and v = exp(2 ln_scale).
    fn derivatives(&self, loc: &[f64], variance: &[f64], out: &mut GuideDerivatives) {
        let n = out.n;
        let (residual, square) = (self.residual(loc), self.square(loc, variance));
        let factor = self.sign * self.expected_exp(loc, variance);
        let width = self.width();
        // slots in use, with l' and Q' of each; l'' and Q'' are diagonal in the ln_scale slots
        let mut slots: Vec<(usize, f64, f64)> = Vec::with_capacity(2 * (self.exponent.len() + self.coordinates.len()));
        for &(j, c) in &self.exponent {
            slots.push((j, c, 0.0));
            slots.push((n + j, c * c * variance[j], 0.0));
        }
        for (col, &j) in self.coordinates.iter().enumerate() {
            let along: f64 = (0..=col).map(|row| self.triangle[row * width + col] * residual[row]).sum();
            slots.push((j, 0.0, 2.0 * along));
            slots.push((n + j, 0.0, 2.0 * variance[j] * self.gram(col, col)));
        }
        for &(slot, dl, dq) in &slots {
            out.gradient[slot] += factor * (dq + square * dl);
        }
        if out.hessian.is_empty() {
            return;
        }
        for &(row, dl_row, dq_row) in &slots {
            for &(col, dl_col, dq_col) in &slots {
                out.add_second(row, col, factor * (dq_row * dl_col + dl_row * dq_col + square * dl_row * dl_col));
            }
        }
        for &(j, c) in &self.exponent {
            out.add_second(n + j, n + j, factor * square * 2.0 * c * c * variance[j]);
        }
        for (a, &j) in self.coordinates.iter().enumerate() {
            out.add_second(n + j, n + j, factor * 4.0 * variance[j] * self.gram(a, a));
            for (b, &k) in self.coordinates.iter().enumerate() {
                out.add_second(j, k, factor * 2.0 * self.gram(a, b));
            }
        }
    }
}
