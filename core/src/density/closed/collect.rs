//! Collects closed forms into sufficient statistics.

use crate::density::closed::mixed::Feature;
use crate::numbers::form::{Affine, ClosedForm, ExponentialTerm, MixedForm};

/// Terms share rows of up to this many coordinates, or of twice their own number.
const NARROW: usize = 16;

/// The sum of the closed forms of a block, in the coordinates 0..n of that block.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClosedSum {
    pub(super) constant: f64,
    pub(super) linear: Vec<(usize, f64)>,
    pub(super) groups: Vec<Rotated>,
}

/// sign * exp(exponent) * |R (f, 1)|^2, with features f.
#[derive(Clone, Debug)]
pub(super) struct Rotated {
    pub(super) sign: f64,
    pub(super) exponent: Vec<(usize, f64)>,
    /// The exponents of the features of each class but the first, which has none.
    classes: Vec<Vec<(usize, f64)>>,
    pub(super) features: Vec<Feature>,
    /// Row r from column r on; the last column belongs to the constant 1. No more rows than columns.
    pub(super) rows: Vec<Vec<f64>>,
}

/// A mixed form as coefficients of features.
struct FeatureRow {
    classes: Vec<Vec<(usize, f64)>>,
    coefficients: Vec<(Feature, f64)>,
    constant: f64,
}

impl FeatureRow {
    fn of(form: &MixedForm, rename: impl Fn(usize) -> usize) -> Self {
        let mut row = Self { classes: Vec::new(), coefficients: Vec::new(), constant: form.affine.constant };
        row.add(0, &form.affine, &rename);
        for product in form.products() {
            let exponent = renamed(&product.exponent, &rename);
            let class = if exponent.is_empty() { 0 } else { row.class_of(exponent) };
            row.add(class, &product.factor, &rename);
            let feature = Feature { class, coordinate: None };
            match (class, product.factor.constant) {
                (0, constant) => row.constant += constant,
                (_, constant) => row.coefficients.extend((constant != 0.0).then_some((feature, constant))),
            }
        }
        row
    }

    fn class_of(&mut self, exponent: Vec<(usize, f64)>) -> usize {
        1 + self.classes.iter().position(|known| *known == exponent).unwrap_or_else(|| {
            self.classes.push(exponent);
            self.classes.len() - 1
        })
    }

    /// Adds the terms of a factor.
    fn add(&mut self, class: usize, factor: &Affine, rename: impl Fn(usize) -> usize) {
        let terms = renamed(factor, rename).into_iter();
        self.coefficients.extend(terms.map(|(j, c)| (Feature { class, coordinate: Some(j) }, c)));
    }
}

/// The terms that count, their coordinates renamed.
fn renamed(form: &Affine, rename: impl Fn(usize) -> usize) -> Vec<(usize, f64)> {
    form.terms().into_iter().filter(|t| t.1 != 0.0).map(|(j, c)| (rename(j), c)).collect()
}

impl ClosedSum {
    /// Adds a term, its coordinates renamed by `rename`.
    pub(crate) fn add(&mut self, form: &ClosedForm, rename: impl Fn(usize) -> usize) {
        self.constant += form.affine.constant;
        for (coordinate, coefficient) in form.affine.terms() {
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

    fn add_exponential(&mut self, term: &ExponentialTerm, rename: impl Fn(usize) -> usize) {
        let FeatureRow { classes, coefficients, constant } = FeatureRow::of(&term.square, &rename);
        let (exponent, sign) = (renamed(&term.exponent, &rename), term.factor.signum());
        let fits = |group: &Rotated| {
            let new = coefficients.iter().filter(|t| !group.features.contains(&t.0)).count();
            group.sign.to_bits() == sign.to_bits()
                && group.exponent == exponent
                && group.classes == classes
                && group.features.len() + new <= NARROW.max(2 * coefficients.len())
        };
        let at = self.groups.iter().position(fits).unwrap_or_else(|| {
            self.groups.push(Rotated { sign, exponent, classes, features: Vec::new(), rows: Vec::new() });
            self.groups.len() - 1
        });
        let weight = (term.factor.abs() * term.exponent.constant.exp()).sqrt();
        self.groups[at].add_row(&coefficients, constant, weight);
    }
}

impl Rotated {
    /// Whether any feature has an exponent.
    pub(super) fn is_mixed(&self) -> bool {
        !self.classes.is_empty()
    }

    /// How many classes of features there are.
    pub(super) fn num_classes(&self) -> usize {
        1 + self.classes.len()
    }

    /// The group's exponent with those of two classes added.
    pub(super) fn exponent_of(&self, classes: [usize; 2]) -> Vec<(usize, f64)> {
        let mut sum = self.exponent.clone();
        for class in classes.into_iter().filter_map(|class| class.checked_sub(1)) {
            for &(j, c) in &self.classes[class] {
                match sum.iter_mut().find(|term| term.0 == j) {
                    Some(term) => term.1 += c,
                    None => sum.push((j, c)),
                }
            }
        }
        sum.retain(|term| term.1 != 0.0);
        sum
    }

    /// Rotates the row weight * (coefficients, constant) into the others.
    fn add_row(&mut self, coefficients: &[(Feature, f64)], constant: f64, weight: f64) {
        for &(feature, _) in coefficients {
            if !self.features.contains(&feature) {
                // as the first column, so that every row still starts at its own
                self.features.insert(0, feature);
                if !self.rows.is_empty() {
                    self.rows.insert(0, vec![0.0; self.features.len() + 1]);
                }
            }
        }
        let width = self.features.len() + 1;
        let mut row = vec![0.0; width];
        for (feature, c) in coefficients {
            let column = self.features.iter().position(|known| known == feature).expect("the feature was just added");
            row[column] += weight * c;
        }
        row[width - 1] = weight * constant;
        for (pivot, above) in self.rows.iter_mut().enumerate() {
            if row[pivot] == 0.0 {
                continue;
            }
            let radius = above[0].hypot(row[pivot]);
            let (cos, sin) = (above[0] / radius, row[pivot] / radius);
            for (above, below) in above.iter_mut().zip(&mut row[pivot..]) {
                (*above, *below) = (cos * *above + sin * *below, cos * *below - sin * *above);
            }
        }
        let left = row.split_off(self.rows.len());
        if left.iter().any(|&x| x != 0.0) {
            self.rows.push(left);
        }
    }
}
