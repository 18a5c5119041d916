//! Collects closed forms into sufficient statistics.

use crate::form::{Affine, ClosedForm, Exponential};

/// Coordinates in one triangle; a term that would widen it further starts another.
const WIDEST: usize = 16;

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
    /// Row-major square of `coordinates.len() + 1`; the last column belongs to the constant 1.
    triangle: Vec<f64>,
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
        let fits = |group: &Rotated| {
            let new = square.iter().filter(|t| !group.coordinates.contains(&t.0)).count();
            group.sign.to_bits() == sign.to_bits()
                && group.exponent == exponent
                && group.coordinates.len() + new <= WIDEST
        };
        let at = self.groups.iter().position(fits).unwrap_or_else(|| {
            self.groups.push(Rotated { sign, exponent, coordinates: Vec::new(), triangle: vec![0.0] });
            self.groups.len() - 1
        });
        let weight = (term.factor.abs() * term.exponent.constant.exp()).sqrt();
        self.groups[at].add_row(&square, term.square.constant, weight);
    }
}

impl Rotated {
    fn width(&self) -> usize {
        self.coordinates.len() + 1
    }

    /// The entries on and above the diagonal, row by row.
    pub(super) fn upper_triangle(&self) -> impl Iterator<Item = f64> + '_ {
        let width = self.width();
        (0..width).flat_map(move |row| self.triangle[row * width + row..(row + 1) * width].iter().copied())
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
}
