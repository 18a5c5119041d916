//! Collects closed forms into sufficient statistics.

use crate::numbers::form::{Affine, ClosedForm, ExponentialTerm};

/// Terms share rows of up to this many coordinates, or of twice their own number.
const NARROW: usize = 16;

/// The sum of the closed forms of a block, in the coordinates 0..n of that block.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClosedSum {
    pub(super) constant: f64,
    pub(super) linear: Vec<(usize, f64)>,
    pub(super) groups: Vec<Rotated>,
}

/// sign * exp(exponent) * |R (u, 1)|^2.
#[derive(Clone, Debug)]
pub(super) struct Rotated {
    pub(super) sign: f64,
    pub(super) exponent: Vec<(usize, f64)>,
    pub(super) coordinates: Vec<usize>,
    /// Row r from column r on; the last column belongs to the constant 1. No more rows than columns.
    pub(super) rows: Vec<Vec<f64>>,
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
        let renamed = |form: &Affine| -> Vec<(usize, f64)> {
            form.terms().into_iter().filter(|t| t.1 != 0.0).map(|(j, c)| (rename(j), c)).collect()
        };
        let (exponent, square, sign) = (renamed(&term.exponent), renamed(&term.square), term.factor.signum());
        let fits = |group: &Rotated| {
            let new = square.iter().filter(|t| !group.coordinates.contains(&t.0)).count();
            group.sign.to_bits() == sign.to_bits()
                && group.exponent == exponent
                && group.coordinates.len() + new <= NARROW.max(2 * square.len())
        };
        let at = self.groups.iter().position(fits).unwrap_or_else(|| {
            self.groups.push(Rotated { sign, exponent, coordinates: Vec::new(), rows: Vec::new() });
            self.groups.len() - 1
        });
        let weight = (term.factor.abs() * term.exponent.constant.exp()).sqrt();
        self.groups[at].add_row(&square, term.square.constant, weight);
    }
}

impl Rotated {
    /// Rotates the row weight * (coefficients, constant) into the others.
    fn add_row(&mut self, coefficients: &[(usize, f64)], constant: f64, weight: f64) {
        for &(j, _) in coefficients {
            if !self.coordinates.contains(&j) {
                // as the first column, so that every row still starts at its own
                self.coordinates.insert(0, j);
                if !self.rows.is_empty() {
                    self.rows.insert(0, vec![0.0; self.coordinates.len() + 1]);
                }
            }
        }
        let width = self.coordinates.len() + 1;
        let mut row = vec![0.0; width];
        for &(j, c) in coefficients {
            let column = self.coordinates.iter().position(|&k| k == j).expect("the coordinate was just added");
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
