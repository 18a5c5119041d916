//! Sums of squares of mixed forms, kept as sufficient statistics.
//!
//! A mixed form is affine in *features*, f_j = exp(e_c) u_j or exp(e_c), where the class c says with which exponent; class 0
//! has none. So squares of mixed forms with the same exponents are collected in the rows of a triangle as squares of affine
//! ones are. Where no exponent names a coordinate that is a factor, with R_c the columns of class c and u_c their
//! coordinates (1 where a feature has none),
//!     E\[exp(g) |R f|^2\] = sum_ab E\[exp(g + e_a + e_b)\] E\[(R_a u_a)' (R_b u_b)\],
//!     E\[(R_a u_a)' (R_b u_b)\] = (R_a m_a)' (R_b m_b) + sum of v_j R_j' R_k over columns j in a, k in b of one coordinate.

use crate::density::closed::exponent::Exponent;
use crate::density::closed::view::{BlockPoint, BlockView};
use crate::linalg::envelope::Symmetric;
use crate::numbers::form::MixedForm;

/// The most classes there are: one is that of the affine part.
pub(super) const MOST_CLASSES: usize = MixedForm::MOST_PRODUCTS + 1;

/// A number a pair of classes.
pub(super) type ByClasses = [[f64; MOST_CLASSES]; MOST_CLASSES];

/// A column of a triangle: exp of the exponent of a class, times a coordinate if it has one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Feature {
    pub(super) class: usize,
    pub(super) coordinate: Option<usize>,
}

/// sign * exp(exponent) * |R f|^2.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct MixedGroup {
    pub(super) sign: f64,
    pub(super) classes: usize,
    /// Classes a <= b, each pair once.
    pub(super) pairs: Vec<ClassPair>,
    /// The last is the constant 1.
    pub(super) features: Vec<Feature>,
    /// Pairs of features of one coordinate and two classes, ascending.
    pub(super) twins: Vec<[usize; 2]>,
    pub(super) rows: usize,
}

/// Two classes, and the group's exponent with theirs added.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ClassPair {
    pub(super) classes: [usize; 2],
    pub(super) exponent: Exponent,
}

/// What the derivatives of a group are made of, and space for them.
#[derive(Clone, Debug, Default)]
pub(super) struct Moments {
    /// By feature j and class b: R_j' R_b m_b.
    pub(super) along: Vec<[f64; MOST_CLASSES]>,
    /// R' R by features, row-major, the upper triangle only.
    pub(super) gram: Vec<f64>,
    /// E\[(R_a u_a)' (R_b u_b)\].
    pub(super) products: ByClasses,
    /// Space for coordinates, and for derivatives in their locs and `ln_scales`.
    pub(super) coordinates: Vec<usize>,
    pub(super) in_loc: Vec<f64>,
    pub(super) in_ln_scale: Vec<f64>,
}

impl Moments {
    /// Keeps the derivatives of a square in (loc, ln_scale) of a coordinate.
    pub(super) fn push_slopes(&mut self, coordinate: usize, [in_loc, in_ln_scale]: [f64; 2]) {
        self.coordinates.push(coordinate);
        self.in_loc.push(in_loc);
        self.in_ln_scale.push(in_ln_scale);
    }
}

impl ClassPair {
    /// How often the pair occurs in a square.
    pub(super) fn count(&self) -> f64 {
        if self.classes[0] == self.classes[1] { 1.0 } else { 2.0 }
    }
}

impl Feature {
    /// The value of its factor, given those of the coordinates.
    #[inline]
    pub(super) fn at(self, u: &[f64]) -> f64 {
        self.coordinate.map_or(1.0, |j| u[j])
    }

    /// The variance of its factor, given those of the coordinates.
    #[inline]
    pub(super) fn variance(self, variance: &[f64]) -> f64 {
        self.coordinate.map_or(0.0, |j| variance[j])
    }
}

/// The pairs of features of one coordinate and two classes.
pub(super) fn twins(features: &[Feature]) -> Vec<[usize; 2]> {
    let is_twin =
        |j: usize, k: usize| features[j].coordinate.is_some() && features[j].coordinate == features[k].coordinate;
    let pairs = (0..features.len()).flat_map(|k| (0..k).map(move |j| [j, k]));
    pairs.filter(|&[j, k]| is_twin(j, k)).collect()
}

impl MixedGroup {
    /// The group's triangle, taken off the front of the numbers.
    pub(super) fn take_numbers<'a>(&self, numbers: &mut &'a [f64]) -> &'a [f64] {
        let (width, rows) = (self.features.len(), self.rows);
        let (own, rest) = numbers.split_at(rows * width - rows * rows.saturating_sub(1) / 2);
        *numbers = rest;
        own
    }

    /// Whether it is quadratic in the coordinates from `first` on.
    pub(super) fn is_quadratic(&self, first: usize) -> bool {
        self.pairs.iter().all(|pair| pair.exponent.is_fixed(first))
    }

    /// Calls `f` with each row and the number of its first column.
    #[inline]
    pub(super) fn rows<'a>(&self, numbers: &'a [f64], mut f: impl FnMut(usize, &'a [f64])) {
        let mut rest = numbers;
        for row in 0..self.rows {
            let (here, below) = rest.split_at(self.features.len() - row);
            f(row, here);
            rest = below;
        }
    }

    /// exp of the exponent of each pair of classes.
    pub(super) fn exps(&self, exp: impl Fn(&Exponent) -> f64) -> ByClasses {
        let mut exps = ByClasses::default();
        for ClassPair { classes: [a, b], exponent } in &self.pairs {
            let exp = exp(exponent);
            (exps[*a][*b], exps[*b][*a]) = (exp, exp);
        }
        exps
    }

    /// The part of a row in each class, given the coordinates.
    #[inline]
    pub(super) fn parts(&self, first: usize, row: &[f64], u: &[f64]) -> [f64; MOST_CLASSES] {
        let mut parts = [0.0; MOST_CLASSES];
        row.iter().zip(&self.features[first..]).for_each(|(r, feature)| parts[feature.class] += r * feature.at(u));
        parts
    }

    /// The expectation.
    pub(super) fn value(&self, numbers: &[f64], seen: BlockView<'_>) -> f64 {
        let exps = self.exps(|exponent| exponent.expected_exp(seen));
        let mut value = 0.0;
        self.rows(numbers, |first, row| {
            let parts = self.parts(first, row, seen.loc);
            for a in 0..self.classes {
                value += parts[a] * (0..self.classes).map(|b| exps[a][b] * parts[b]).sum::<f64>();
            }
            for (r, feature) in row.iter().zip(&self.features[first..]) {
                value += exps[feature.class][feature.class] * r * r * feature.variance(seen.variance);
            }
            for &[j, k] in self.twins.iter().filter(|twin| twin[0] >= first) {
                let (feature, twin) = (self.features[j], self.features[k]);
                let both = row[j - first] * row[k - first] * feature.variance(seen.variance);
                value += 2.0 * exps[feature.class][twin.class] * both;
            }
        });
        self.sign * value
    }

    /// The group at a point; adds its gradient.
    pub(super) fn at_point(&self, numbers: &[f64], at: BlockPoint<'_>, gradient: &mut [f64]) -> f64 {
        let exps = self.exps(|exponent| exponent.exp_at(at));
        let mut products = ByClasses::default();
        self.rows(numbers, |first, row| {
            let parts = self.parts(first, row, at.u);
            let mut pulls = [0.0; MOST_CLASSES];
            for a in 0..self.classes {
                for b in 0..self.classes {
                    pulls[a] += 2.0 * self.sign * exps[a][b] * parts[b];
                    products[a][b] += parts[a] * parts[b];
                }
            }
            for (r, feature) in row.iter().zip(&self.features[first..]) {
                feature.coordinate.into_iter().for_each(|j| gradient[j] += r * pulls[feature.class]);
            }
        });
        let mut value = 0.0;
        for pair in &self.pairs {
            let [a, b] = pair.classes;
            let part = self.sign * pair.count() * exps[a][b] * products[a][b];
            pair.exponent.terms.iter().for_each(|&(j, c)| gradient[j] += c * part);
            value += part;
        }
        value
    }

    /// Adds the second derivatives in the coordinates from `first` on; the group must be quadratic in them.
    pub(super) fn add_curvature(
        &self,
        numbers: &[f64],
        first: usize,
        at: BlockPoint<'_>,
        hessian: &mut impl Symmetric,
    ) {
        let exps = self.exps(|exponent| exponent.exp_at(at));
        self.rows(numbers, |column, row| {
            for (r, a, j) in self.named(column, row, first) {
                for (s, b, k) in self.named(column, row, first) {
                    hessian.add(j, k, 2.0 * self.sign * exps[a][b] * r * s);
                }
            }
        });
    }

    /// Of the entries of a row, from that column on, those of coordinates from `first` on: entry, class, coordinate less `first`.
    pub(super) fn named<'a>(
        &'a self,
        column: usize,
        row: &'a [f64],
        first: usize,
    ) -> impl Iterator<Item = (f64, usize, usize)> + 'a {
        let features = row.iter().zip(&self.features[column..]).filter(|(r, _)| **r != 0.0);
        features.filter_map(move |(r, f)| Some((*r, f.class, f.coordinate?.checked_sub(first)?)))
    }
}
