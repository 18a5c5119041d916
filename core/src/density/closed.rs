//! Sums of [`ClosedForm`]s, kept as sufficient statistics, and their exact expectation under the mean-field guide.
//!
//! With u_j ~ Normal(m_j, v_j) independent, and `a` affine, E\[a\] = a(m), E\[exp(a)\] = exp(a(m) + sum_j a_j^2 v_j / 2).
//! Squares with a common exponent are collected in the rows of an upper triangle R, one orthogonal rotation a term, so that
//! sum_n r_n^2 = |R (u, 1)|^2 without ever squaring the data, and
//!     E\[sum_n r_n^2\] = |R (m, 1)|^2 + sum_j v_j |R_j|^2   with R_j the column of coordinate j.
//! However many observations a block has, its cost is that of R. Squares of sums that have exponentials in them, such as
//! those of non-centred normals, are in [`mixed`].

pub(crate) mod collect;
pub(crate) mod derivatives;
mod exponent;
mod mixed;
mod mixed_derivatives;
mod triangle;
mod view;

use crate::linalg::envelope::Symmetric;
use collect::{ClosedSum, Rotated};
use exponent::{Exponent, expected_exp};
use mixed::{ClassPair, Feature, MixedGroup, twins};
use nalgebra::{DMatrix, DVector};
use triangle::Triangle;
pub(crate) use view::{BlockPoint, BlockView};

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

/// Which coordinates a sum names: constant + linear + sum over groups of sign * exp(exponent) * |R (u, 1)|^2, and over mixed
/// ones.
#[derive(Clone, Debug, Default, PartialEq)]
struct Layout {
    linear: Vec<usize>,
    groups: Vec<Group>,
    mixed: Vec<MixedGroup>,
}

#[derive(Clone, Debug, PartialEq)]
struct Group {
    sign: f64,
    exponent: Exponent,
    coordinates: Vec<usize>,
    rows: usize,
}

/// The closed-form sum of one block.
#[derive(Clone, Copy)]
pub(crate) struct ClosedBlock<'a> {
    layout: &'a Layout,
    numbers: &'a [f64],
}

impl ClosedTable {
    /// Adds a block, whose first coordinates stand for the `globals`.
    pub(crate) fn push(&mut self, sum: &ClosedSum, globals: &[usize]) {
        self.blocks.push((0, self.numbers.len()));
        self.numbers.push(sum.constant);
        self.numbers.extend(sum.linear.iter().map(|term| term.1));
        let mut layout = Layout { linear: sum.linear.iter().map(|term| term.0).collect(), ..Layout::default() };
        let (mixed, plain): (Vec<&Rotated>, _) = sum.groups.iter().partition(|group| group.is_mixed());
        for group in plain {
            self.numbers.extend(group.rows.iter().flatten());
            layout.groups.push(Group {
                sign: group.sign,
                exponent: self.exponent(group.exponent.clone(), globals),
                coordinates: group.features.iter().filter_map(|feature| feature.coordinate).collect(),
                rows: group.rows.len(),
            });
        }
        for group in mixed {
            self.numbers.extend(group.rows.iter().flatten());
            layout.mixed.push(self.mixed_group(group, globals));
        }
        let last = self.blocks.len() - 1;
        self.blocks[last].0 = position_or_push(&mut self.layouts, layout);
    }

    fn mixed_group(&mut self, group: &Rotated, globals: &[usize]) -> MixedGroup {
        let classes = group.num_classes();
        let pairs = (0..classes).flat_map(|a| (a..classes).map(move |b| [a, b]));
        let one = Feature { class: 0, coordinate: None };
        let features: Vec<Feature> = group.features.iter().copied().chain([one]).collect();
        let pair = |classes| ClassPair { classes, exponent: self.exponent(group.exponent_of(classes), globals) };
        let pairs = pairs.map(pair).collect();
        MixedGroup { sign: group.sign, classes, pairs, twins: twins(&features), features, rows: group.rows.len() }
    }

    /// The exponent of these terms, shared by all blocks if it is made of globals alone.
    fn exponent(&mut self, terms: Vec<(usize, f64)>, globals: &[usize]) -> Exponent {
        let named: Option<Vec<_>> = terms.iter().map(|&(j, c)| Some((*globals.get(j)?, c))).collect();
        let shared = named.filter(|_| !globals.is_empty()).map(|named| position_or_push(&mut self.shared, named));
        Exponent { terms, shared }
    }

    /// E\[exp\] of each shared exponent, in the coordinates of the globals.
    pub(crate) fn shared(&self, loc: &[f64], variance: &[f64]) -> Vec<f64> {
        self.shared.iter().map(|exponent| expected_exp(exponent, loc, variance)).collect()
    }

    /// The block of that number.
    pub(crate) fn block(&self, i: usize) -> ClosedBlock<'_> {
        let (layout, first) = self.blocks[i];
        ClosedBlock { layout: &self.layouts[layout], numbers: &self.numbers[first..] }
    }
}

impl<'a> ClosedBlock<'a> {
    /// Constant and linear coefficients, and the numbers of the triangles behind them.
    fn split(&self) -> (&'a [f64], &'a [f64]) {
        self.numbers.split_at(1 + self.layout.linear.len())
    }

    /// Whether the sum is quadratic in the coordinates from `first` on, the others given.
    pub(crate) fn is_quadratic(&self, first: usize) -> bool {
        let Layout { groups, mixed, .. } = self.layout;
        groups.iter().all(|group| group.exponent.is_fixed(first)) && mixed.iter().all(|group| group.is_quadratic(first))
    }

    /// Calls `mark` with every coordinate that is named outside of exponents.
    pub(crate) fn mark_named(&self, mark: &mut dyn FnMut(usize)) {
        self.layout.linear.iter().for_each(|&j| mark(j));
        self.mark_squared(mark);
    }

    /// Calls `mark` with every coordinate that is a factor in a square.
    pub(crate) fn mark_squared(&self, mark: &mut dyn FnMut(usize)) {
        let Layout { groups, mixed, .. } = self.layout;
        let of_mixed = mixed.iter().flat_map(|group| &group.features).filter_map(|feature| feature.coordinate);
        groups.iter().flat_map(|group| &group.coordinates).copied().chain(of_mixed).for_each(mark);
    }

    /// Calls `mark` with every coordinate that an exponent names.
    pub(crate) fn mark_exponents(&self, mark: &mut dyn FnMut(usize)) {
        self.exponents().flat_map(|exponent| &exponent.terms).for_each(|&(j, _)| mark(j));
    }

    /// Calls `mark` with the number of every exponent that blocks share.
    pub(crate) fn mark_shared(&self, mark: &mut dyn FnMut(usize)) {
        self.exponents().filter_map(|exponent| exponent.shared).for_each(mark);
    }

    fn exponents(&self) -> impl Iterator<Item = &'a Exponent> {
        let Layout { groups, mixed, .. } = self.layout;
        let of_mixed = mixed.iter().flat_map(|group| group.pairs.iter().map(|pair| &pair.exponent));
        groups.iter().map(|group| &group.exponent).chain(of_mixed)
    }

    /// Calls `mark` with every coordinate of a square that has an exponent.
    pub(crate) fn mark_scaled(&self, mark: &mut dyn FnMut(usize)) {
        let scaled = self.layout.groups.iter().filter(|group| !group.exponent.terms.is_empty());
        scaled.flat_map(|group| &group.coordinates).for_each(|&j| mark(j));
    }

    /// Calls `see` with coordinates from `first` on that meet in a square, less `first`.
    pub(crate) fn meetings(&self, first: usize, see: &mut dyn FnMut(&[usize])) {
        let (_, mut rest) = self.split();
        let mut together = Vec::new();
        for group in &self.layout.groups {
            group.take_triangle(&mut rest).rows(|columns, row, _| {
                let named = row.iter().zip(columns).filter(|(r, j)| **r != 0.0 && **j >= first);
                together.clear();
                together.extend(named.map(|(_, j)| j - first));
                see(&together);
            });
        }
        for group in &self.layout.mixed {
            group.rows(group.take_numbers(&mut rest), |column, row| {
                together.clear();
                together.extend(group.named(column, row, first).map(|(_, _, j)| j));
                see(&together);
            });
        }
    }

    /// Adds the second derivatives of the sum in the coordinates from `first` on; it must be quadratic in them.
    pub(crate) fn add_curvature(&self, first: usize, at: BlockPoint<'_>, hessian: &mut impl Symmetric) {
        let (_, mut rest) = self.split();
        for group in &self.layout.groups {
            let triangle = group.take_triangle(&mut rest);
            let factor = 2.0 * group.sign * group.exponent.exp_at(at);
            triangle.rows(|columns, row, _| {
                // in a tree most entries are 0
                let named = || row.iter().zip(columns).filter(|(r, j)| **r != 0.0 && **j >= first);
                for (a, &j) in named() {
                    named().for_each(|(b, &k)| hessian.add(j - first, k - first, factor * a * b));
                }
            });
        }
        for group in &self.layout.mixed {
            group.add_curvature(group.take_numbers(&mut rest), first, at, hessian);
        }
    }

    /// What the coordinates from `first` on, normal around the point with the covariance `root * root'`, add to the sum's value
    /// at the point when the expectation is taken, the root being upper triangular; the gradient of that in the others is
    /// added to `gradient`. `None` where groups are mixed; the sum must be quadratic in them.
    pub(crate) fn spread(
        &self,
        first: usize,
        at: BlockPoint<'_>,
        root: &DMatrix<f64>,
        gradient: &mut [f64],
    ) -> Option<f64> {
        let (_, mut rest) = self.split();
        let (mut own, mut value) = (DVector::zeros(root.nrows()), 0.0);
        for group in &self.layout.groups {
            let mut square = 0.0;
            group.take_triangle(&mut rest).rows(|columns, row, _| {
                own.fill(0.0);
                let named = row.iter().zip(columns).filter(|(_, j)| **j >= first);
                named.for_each(|(r, &j)| own[j - first] = *r);
                let along = |c: usize| root.column(c).rows(0, c + 1).dot(&own.rows(0, c + 1));
                square += (0..root.ncols()).map(|c| along(c).powi(2)).sum::<f64>();
            });
            let part = group.sign * group.exponent.exp_at(at) * square;
            group.exponent.terms.iter().for_each(|&(j, c)| gradient[j] += c * part);
            value += part;
        }
        self.layout.mixed.is_empty().then_some(value)
    }

    /// The expectation of the sum.
    pub(crate) fn value(&self, seen: BlockView<'_>) -> f64 {
        let (head, mut rest) = self.split();
        let mut value = head[0] + self.layout.linear.iter().zip(&head[1..]).map(|(&j, c)| c * seen.loc[j]).sum::<f64>();
        for group in &self.layout.groups {
            let triangle = group.take_triangle(&mut rest);
            value += group.sign * group.exponent.expected_exp(seen) * triangle.square(seen.loc, seen.variance);
        }
        for group in &self.layout.mixed {
            value += group.value(group.take_numbers(&mut rest), seen);
        }
        value
    }

    /// The sum itself at a point; adds its gradient to `gradient`.
    #[inline]
    pub(crate) fn at_point(&self, BlockPoint { u, exps }: BlockPoint<'_>, gradient: &mut [f64]) -> f64 {
        let (head, mut rest) = self.split();
        let mut value = head[0];
        for (&j, c) in self.layout.linear.iter().zip(&head[1..]) {
            value += c * u[j];
            gradient[j] += c;
        }
        for group in &self.layout.groups {
            let triangle = group.take_triangle(&mut rest);
            let factor = group.sign * group.exponent.exp_at(BlockPoint { u, exps });
            let mut square = 0.0;
            triangle.rows(|columns, row, constant| {
                let mut residual = constant;
                row.iter().zip(columns).for_each(|(r, &j)| residual += r * u[j]);
                square += residual * residual;
                let twice = 2.0 * factor * residual;
                row.iter().zip(columns).for_each(|(r, &j)| gradient[j] += twice * r);
            });
            let part = factor * square;
            group.exponent.terms.iter().for_each(|&(j, c)| gradient[j] += c * part);
            value += part;
        }
        for group in &self.layout.mixed {
            value += group.at_point(group.take_numbers(&mut rest), BlockPoint { u, exps }, gradient);
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

impl Group {
    /// The group's triangle, taken off the front of the numbers.
    #[inline]
    fn take_triangle<'a>(&'a self, numbers: &mut &'a [f64]) -> Triangle<'a> {
        let (width, rows) = (self.coordinates.len() + 1, self.rows);
        let (own, rest) = numbers.split_at(rows * width - rows * rows.saturating_sub(1) / 2);
        *numbers = rest;
        Triangle { coordinates: &self.coordinates, rows, numbers: own }
    }
}
