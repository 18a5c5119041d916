//! Collects closed forms into sufficient statistics.

use crate::density::closed::mixed::Feature;
use crate::numbers::form::{Affine, ClosedForm, ExponentialTerm};

/// Terms share rows of up to this many coordinates, or of twice their own number.
const NARROW: usize = 16;

/// The sum of the closed forms of a block, in the coordinates 0..n of that block.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClosedSum {
    pub(super) constant: f64,
    pub(super) linear: Vec<(usize, f64)>,
    pub(super) groups: Vec<Rotated>,
    /// Space for a row that is to be added.
    row: FeatureRow,
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

/// exp(exponent) * (a mixed form as coefficients of features)^2.
#[derive(Clone, Debug, Default)]
struct FeatureRow {
    exponent: Vec<(usize, f64)>,
    classes: Vec<Vec<(usize, f64)>>,
    coefficients: Vec<(Feature, f64)>,
    constant: f64,
    /// Space for the row as columns of a triangle.
    columns: Vec<f64>,
}

impl FeatureRow {
    /// Makes it the row of a term, its coordinates renamed.
    fn fill(&mut self, term: &ExponentialTerm, rename: impl Fn(usize) -> usize) {
        self.exponent.clear();
        push_renamed(&term.exponent, &mut self.exponent, &rename);
        self.classes.clear();
        self.coefficients.clear();
        self.constant = 0.0;
        self.add(0, &term.square.affine, &rename);
        term.square.each_product(|product| {
            let mut exponent = Vec::new();
            push_renamed(&product.exponent, &mut exponent, &rename);
            let class = if exponent.is_empty() { 0 } else { self.class_of(exponent) };
            self.add(class, &product.factor, &rename);
        });
    }

    fn class_of(&mut self, exponent: Vec<(usize, f64)>) -> usize {
        1 + self.classes.iter().position(|known| *known == exponent).unwrap_or_else(|| {
            self.classes.push(exponent);
            self.classes.len() - 1
        })
    }

    /// Adds a factor of that class.
    fn add(&mut self, class: usize, factor: &Affine, rename: impl Fn(usize) -> usize) {
        factor.each_term(|&(j, c)| {
            if c != 0.0 {
                self.coefficients.push((Feature { class, coordinate: Some(rename(j)) }, c));
            }
        });
        match (class, factor.constant) {
            (0, constant) => self.constant += constant,
            (_, 0.0) => {}
            (_, constant) => self.coefficients.push((Feature { class, coordinate: None }, constant)),
        }
    }

    /// How many of its features a group does not have.
    fn num_new(&self, group: &Rotated) -> usize {
        self.coefficients.iter().filter(|t| !group.features.contains(&t.0)).count()
    }

    /// Whether it may share the rows of a group.
    fn fits(&self, group: &Rotated) -> bool {
        group.exponent == self.exponent
            && group.classes == self.classes
            && group.features.len() + self.num_new(group) <= NARROW.max(2 * self.coefficients.len())
    }
}

/// Adds the terms that count, their coordinates renamed.
fn push_renamed(form: &Affine, terms: &mut Vec<(usize, f64)>, rename: impl Fn(usize) -> usize) {
    form.each_term(|&(j, c)| {
        if c != 0.0 {
            terms.push((rename(j), c));
        }
    });
}

impl ClosedSum {
    /// Adds a term, its coordinates renamed by `rename`.
    pub(crate) fn add(&mut self, form: &ClosedForm, rename: impl Fn(usize) -> usize) {
        self.constant += form.affine.constant;
        form.affine.each_term(|&(coordinate, coefficient)| {
            let coordinate = rename(coordinate);
            match self.linear.iter_mut().find(|t| t.0 == coordinate) {
                Some(term) => term.1 += coefficient,
                None => self.linear.push((coordinate, coefficient)),
            }
        });
        if let Some(exponential) = &form.exponential {
            self.add_exponential(exponential, rename);
        }
    }

    fn add_exponential(&mut self, term: &ExponentialTerm, rename: impl Fn(usize) -> usize) {
        let Self { groups, row, .. } = self;
        row.fill(term, rename);
        let sign = term.factor.signum();
        let fits = |group: &Rotated| group.sign.to_bits() == sign.to_bits() && row.fits(group);
        let at = groups.iter().position(fits).unwrap_or_else(|| {
            let (exponent, classes) = (row.exponent.clone(), row.classes.clone());
            groups.push(Rotated { sign, exponent, classes, features: Vec::new(), rows: Vec::new() });
            groups.len() - 1
        });
        let weight = (term.factor.abs() * term.exponent.constant.exp()).sqrt();
        groups[at].add_row(row, weight);
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

    /// Rotates weight * the row into the others.
    fn add_row(&mut self, new: &mut FeatureRow, weight: f64) {
        for &(feature, _) in &new.coefficients {
            if !self.features.contains(&feature) {
                // as the first column, so that every row still starts at its own
                self.features.insert(0, feature);
                if !self.rows.is_empty() {
                    self.rows.insert(0, vec![0.0; self.features.len() + 1]);
                }
            }
        }
        let (width, row) = (self.features.len() + 1, &mut new.columns);
        row.clear();
        row.resize(width, 0.0);
        for (feature, c) in &new.coefficients {
            let column = self.features.iter().position(|known| known == feature).expect("the feature was just added");
            row[column] += weight * c;
        }
        row[width - 1] = weight * new.constant;
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
        let left = &row[self.rows.len()..];
        if left.iter().any(|&x| x != 0.0) {
            self.rows.push(left.to_vec());
        }
    }
}
