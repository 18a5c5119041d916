//! Sums of [`ClosedForm`]s, kept as sufficient statistics, and their exact expectation under the mean-field guide.
//!
//! With u_j ~ Normal(m_j, v_j) independent, and `a` affine, E\[a\] = a(m), E\[exp(a)\] = exp(a(m) + sum_j a_j^2 v_j / 2).
//! Squares with a common exponent are collected in the rows of an upper triangle R, one orthogonal rotation a term, so that
//! sum_n r_n^2 = |R (u, 1)|^2 without ever squaring the data, and
//!     E\[sum_n r_n^2\] = |R (m, 1)|^2 + sum_j v_j |R_j|^2   with R_j the column of coordinate j.
//! However many observations a block has, its cost is that of R.

pub(crate) mod collect;

use collect::ClosedSum;
use nalgebra::DMatrix;

/// The closed-form sums of many blocks. Blocks of one layout share it; what differs are their numbers, side by side.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClosedTable {
    layouts: Vec<Layout>,
    /// Exponents made of globals alone, each once: every evaluation takes their exp once for all blocks.
    shared: Vec<Vec<(usize, f64)>>,
    /// Layout and first number of each block.
    blocks: Vec<(usize, usize)>,
    numbers: Vec<f64>,
}

/// Which coordinates a sum names: constant + linear + sum over groups of sign * exp(exponent) * |R (u, 1)|^2.
#[derive(Clone, Debug, Default, PartialEq)]
struct Layout {
    linear: Vec<usize>,
    groups: Vec<Group>,
}

#[derive(Clone, Debug, PartialEq)]
struct Group {
    sign: f64,
    exponent: Vec<(usize, f64)>,
    /// Where its exp stands among the shared ones, if it is one of them.
    shared: Option<usize>,
    coordinates: Vec<usize>,
    rows: usize,
}

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

impl ClosedTable {
    /// Adds a block, whose first coordinates stand for the `globals`.
    pub(crate) fn push(&mut self, sum: &ClosedSum, globals: &[usize]) {
        self.blocks.push((0, self.numbers.len()));
        self.numbers.push(sum.constant);
        self.numbers.extend(sum.linear.iter().map(|term| term.1));
        let mut layout = Layout { linear: sum.linear.iter().map(|term| term.0).collect(), groups: Vec::new() };
        for group in &sum.groups {
            let named: Option<Vec<_>> = group.exponent.iter().map(|&(j, c)| Some((*globals.get(j)?, c))).collect();
            let shared = named.filter(|_| !globals.is_empty()).map(|named| position_or_push(&mut self.shared, named));
            self.numbers.extend(group.rows.iter().flatten());
            layout.groups.push(Group {
                sign: group.sign,
                exponent: group.exponent.clone(),
                shared,
                coordinates: group.coordinates.clone(),
                rows: group.rows.len(),
            });
        }
        let last = self.blocks.len() - 1;
        self.blocks[last].0 = position_or_push(&mut self.layouts, layout);
    }

    /// E\[exp\] of each shared exponent, in the coordinates of the globals.
    pub(crate) fn shared(&self, loc: &[f64], variance: &[f64]) -> Vec<f64> {
        self.shared.iter().map(|exponent| expected_exp(exponent, loc, variance)).collect()
    }

    fn block(&self, i: usize) -> (&Layout, &[f64]) {
        let (layout, first) = self.blocks[i];
        (&self.layouts[layout], &self.numbers[first..])
    }

    /// Whether block i's sum is quadratic in its coordinates from `first` on, the others given.
    pub(crate) fn is_quadratic(&self, i: usize, first: usize) -> bool {
        let is_fixed = |group: &Group| group.exponent.iter().all(|&(j, _)| j < first);
        self.block(i).0.groups.iter().all(is_fixed)
    }

    /// Adds the second derivatives of block i's sum in its coordinates from `first` on; it must be quadratic in them.
    pub(crate) fn add_curvature(&self, i: usize, first: usize, at: (&[f64], &[f64]), hessian: &mut DMatrix<f64>) {
        let (layout, numbers) = self.block(i);
        let mut rest = &numbers[1 + layout.linear.len()..];
        for group in &layout.groups {
            let triangle = group.take_triangle(&mut rest);
            let factor = 2.0 * group.sign * group.exp_at(at.0, at.1);
            triangle.rows(|columns, row, _| {
                for (a, &j) in row.iter().zip(columns).filter(|(_, j)| **j >= first) {
                    for (b, &k) in row.iter().zip(columns).filter(|(_, k)| **k >= first) {
                        hessian[(j - first, k - first)] += factor * a * b;
                    }
                }
            });
        }
    }

    /// The expectation of block i's sum, given mean and variance of its coordinates, and the shared exponents'.
    pub(crate) fn value(&self, i: usize, loc: &[f64], variance: &[f64], shared: &[f64]) -> f64 {
        let (layout, numbers) = self.block(i);
        let (head, mut rest) = numbers.split_at(1 + layout.linear.len());
        let mut value = head[0] + layout.linear.iter().zip(&head[1..]).map(|(&j, c)| c * loc[j]).sum::<f64>();
        for group in &layout.groups {
            let triangle = group.take_triangle(&mut rest);
            value += group.sign * group.expected_exp(loc, variance, shared) * triangle.square(loc, variance);
        }
        value
    }

    /// The expectation; adds its derivatives in (loc, ln_scale) to `out`.
    pub(crate) fn derivatives(
        &self,
        i: usize,
        loc: &[f64],
        variance: &[f64],
        shared: &[f64],
        out: &mut GuideDerivatives,
    ) -> f64 {
        let (layout, numbers) = self.block(i);
        let (head, mut rest) = numbers.split_at(1 + layout.linear.len());
        let mut value = head[0];
        for (&j, c) in layout.linear.iter().zip(&head[1..]) {
            value += c * loc[j];
            out.gradient[j] += c;
        }
        for group in &layout.groups {
            let triangle = group.take_triangle(&mut rest);
            value += group.derivatives(triangle, loc, variance, shared, out);
        }
        value
    }

    /// Block i's sum itself at the point `u`; adds its gradient to `gradient`. `shared` holds the shared exponents' exp.
    #[inline]
    pub(crate) fn at_point(&self, i: usize, u: &[f64], shared: &[f64], gradient: &mut [f64]) -> f64 {
        let (layout, numbers) = self.block(i);
        let (head, mut rest) = numbers.split_at(1 + layout.linear.len());
        let mut value = head[0];
        for (&j, c) in layout.linear.iter().zip(&head[1..]) {
            value += c * u[j];
            gradient[j] += c;
        }
        for group in &layout.groups {
            let triangle = group.take_triangle(&mut rest);
            let factor = group.sign * group.exp_at(u, shared);
            let mut square = 0.0;
            triangle.rows(|columns, row, constant| {
                let mut residual = constant;
                row.iter().zip(columns).for_each(|(r, &j)| residual += r * u[j]);
                square += residual * residual;
                let twice = 2.0 * factor * residual;
                row.iter().zip(columns).for_each(|(r, &j)| gradient[j] += twice * r);
            });
            let part = factor * square;
            group.exponent.iter().for_each(|&(j, c)| gradient[j] += c * part);
            value += part;
        }
        value
    }
}

/// How many known things a new one is compared with; where there are more, most are different anyway.
const COMPARED: usize = 64;

fn position_or_push<T: PartialEq>(all: &mut Vec<T>, one: T) -> usize {
    all.iter().take(COMPARED).position(|known| *known == one).unwrap_or_else(|| {
        all.push(one);
        all.len() - 1
    })
}

fn expected_exp(exponent: &[(usize, f64)], loc: &[f64], variance: &[f64]) -> f64 {
    exponent.iter().map(|&(j, c)| c * loc[j] + 0.5 * c * c * variance[j]).sum::<f64>().exp()
}

/// The first rows of an upper triangle, packed; the last column belongs to the constant 1.
#[derive(Clone, Copy)]
struct Triangle<'a> {
    coordinates: &'a [usize],
    rows: usize,
    numbers: &'a [f64],
}

impl Triangle<'_> {
    fn width(&self) -> usize {
        self.coordinates.len() + 1
    }

    /// Calls `f` with each row: the coordinates it names, their entries, the entry of the constant.
    #[inline]
    fn rows(&self, mut f: impl FnMut(&[usize], &[f64], f64)) {
        let mut rest = self.numbers;
        for row in 0..self.rows {
            let (here, below) = rest.split_at(self.width() - row);
            f(&self.coordinates[row..], &here[..here.len() - 1], here[here.len() - 1]);
            rest = below;
        }
    }

    /// |R (m, 1)|^2 + sum_j v_j |R_j|^2.
    fn square(&self, loc: &[f64], variance: &[f64]) -> f64 {
        let mut square = 0.0;
        self.rows(|columns, row, constant| {
            let residual = constant + row.iter().zip(columns).map(|(r, &j)| r * loc[j]).sum::<f64>();
            square += residual * residual + row.iter().zip(columns).map(|(r, &j)| r * r * variance[j]).sum::<f64>();
        });
        square
    }
}

impl Group {
    /// The group's triangle, taken off the front of the numbers.
    #[inline]
    fn take_triangle<'a>(&'a self, numbers: &mut &'a [f64]) -> Triangle<'a> {
        let (width, rows) = (self.coordinates.len() + 1, self.rows);
        let (own, rest) = numbers.split_at(rows * width - rows * rows.saturating_sub(1) / 2);
        *numbers = rest;
        Triangle { coordinates: &self.coordinates, rows, numbers: own }
    }

    /// exp(exponent) at the point `u`.
    #[inline]
    fn exp_at(&self, u: &[f64], shared: &[f64]) -> f64 {
        match self.shared {
            Some(at) => shared[at],
            None => self.exponent.iter().map(|&(j, c)| c * u[j]).sum::<f64>().exp(),
        }
    }

    fn expected_exp(&self, loc: &[f64], variance: &[f64], shared: &[f64]) -> f64 {
        self.shared.map_or_else(|| expected_exp(&self.exponent, loc, variance), |at| shared[at])
    }

    /// With E = exp(l), value = sign E Q: gradient sign E (Q' + Q l'), Hessian
    /// sign E (Q'' + Q' l'^T + l' Q'^T + Q (l' l'^T + l'')). With v = exp(2 ln_scale), Q' is 2 R_j' R (m, 1) in a loc and
    /// 2 v_j |R_j|^2 in an ln_scale, and Q'' is 2 R_j' R_k in two locs and 4 v_j |R_j|^2 in an ln_scale.
    fn derivatives(
        &self,
        triangle: Triangle<'_>,
        loc: &[f64],
        variance: &[f64],
        shared: &[f64],
        out: &mut GuideDerivatives,
    ) -> f64 {
        let (n, second) = (out.n, !out.hessian.is_empty());
        let factor = self.sign * self.expected_exp(loc, variance, shared);
        let mut square = 0.0;
        // Q' by slot, all locs first
        let mut dq = std::mem::take(&mut out.space);
        dq.clear();
        dq.resize(2 * self.coordinates.len(), 0.0);
        let (along, norms) = dq.split_at_mut(self.coordinates.len());
        triangle.rows(|columns, row, constant| {
            let first = along.len() - row.len();
            let residual = constant + row.iter().zip(columns).map(|(r, &j)| r * loc[j]).sum::<f64>();
            square += residual * residual;
            for (a, (r, &j)) in row.iter().zip(columns).enumerate() {
                square += r * r * variance[j];
                along[first + a] += 2.0 * r * residual;
                norms[first + a] += 2.0 * r * r * variance[j];
                if second {
                    let scaled = factor * 2.0 * r;
                    row.iter().zip(columns).for_each(|(r, &k)| out.hessian[j * 2 * n + k] += scaled * r);
                }
            }
        });
        let slots = || self.coordinates.iter().copied().chain(self.coordinates.iter().map(|j| n + j));
        slots().zip(&dq).for_each(|(slot, dq)| out.gradient[slot] += factor * dq);
        for (row, dl) in self.exponent_slots(n, variance) {
            out.gradient[row] += factor * square * dl;
            if second {
                for (col, dq) in slots().zip(&dq) {
                    out.add_second(row, col, factor * dq * dl);
                    out.add_second(col, row, factor * dq * dl);
                }
                for (col, dl_col) in self.exponent_slots(n, variance) {
                    out.add_second(row, col, factor * square * dl * dl_col);
                }
            }
        }
        if second {
            for &(j, c) in &self.exponent {
                out.add_second(n + j, n + j, factor * square * 2.0 * c * c * variance[j]);
            }
            for (&j, dq) in self.coordinates.iter().zip(&dq[self.coordinates.len()..]) {
                out.add_second(n + j, n + j, factor * 2.0 * dq);
            }
        }
        out.space = dq;
        factor * square
    }

    /// The slots of the exponent, with l' of each.
    fn exponent_slots<'a>(&'a self, n: usize, variance: &'a [f64]) -> impl Iterator<Item = (usize, f64)> + 'a {
        self.exponent.iter().flat_map(move |&(j, c)| [(j, c), (n + j, c * c * variance[j])])
    }
}
