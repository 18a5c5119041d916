//! Lower-triangular scales: the Cholesky factor L of a covariance L L^T, in the forms a model writes one.

mod diagonal;
mod pre_multiplied;

pub use diagonal::{Diagonal, OnDiagonal};
pub use pre_multiplied::{DiagPreMultiply, Product, diag_pre_multiply};

use crate::dist::check::{check_len, finite, require};
use crate::error::Invalid;
use crate::numbers::{Number, Param};
use nalgebra::{Dim, Matrix, RawStorage, Scalar};

/// The Cholesky factor of a covariance: lower triangular with a positive diagonal.
///
/// A slice, `Vec` or array is the packed lower triangle, row by row: (0,0), (1,0), (1,1), (2,0)..., n (n + 1) / 2
/// entries, constants or numbers; a nalgebra matrix is read below and on its diagonal. [`Diagonal`] has scales
/// only, [`diag_pre_multiply`] scales and a correlation.
pub trait ScaleTril<N: Number> {
    /// The type of its entries.
    type Entry: Param<N>;

    /// n, the number of rows.
    fn dim(&self) -> usize;

    /// The entry in row `i`, column `j`, where `j <= i`.
    fn entry(&self, i: usize, j: usize) -> Self::Entry;

    /// Whether its shape is right, its entries finite and its diagonal positive. `name` is the parameter it is.
    fn check(&self, distribution: &'static str, name: &'static str) -> Result<(), Invalid>;

    /// Whether derivatives with respect to an entry are wanted.
    #[inline(always)]
    fn varies(&self) -> bool {
        N::ORDER > 0 && (0..self.dim()).any(|i| (0..=i).any(|j| self.entry(i, j).varies()))
    }

    /// Adds `partial * d entry(i, j)`; second derivatives may be left out.
    #[inline(always)]
    fn add_entry(&self, to: &mut N, i: usize, j: usize, partial: f64) {
        if let Some(entry) = self.entry(i, j).varying() {
            to.add_partial(entry, partial);
        }
    }

    /// Adds the sum of `partial(i, j) * d entry(i, j)` over the triangle, with second derivatives.
    #[inline(always)]
    fn add_partials(&self, to: &mut N, partial: impl Fn(usize, usize) -> f64) {
        for i in 0..self.dim() {
            for j in 0..=i {
                if let Some(entry) = self.entry(i, j).varying() {
                    to.add_partial(entry, partial(i, j));
                }
            }
        }
    }
}

macro_rules! packed {
    ($([$($generics:tt)*] $packed:ty),*) => {$(
        impl<N: Number, P: Param<N>, $($generics)*> ScaleTril<N> for $packed {
            type Entry = P;

            fn dim(&self) -> usize {
                ((8 * self.len() + 1).isqrt() - 1) / 2
            }
            #[inline(always)]
            fn entry(&self, i: usize, j: usize) -> P {
                self[triangular(i) + j]
            }
            fn check(&self, distribution: &'static str, name: &'static str) -> Result<(), Invalid> {
                let wanted = triangular(ScaleTril::<N>::dim(self));
                check_len(distribution, name, self.len(), wanted, "of length n (n + 1) / 2")?;
                check_entries::<N>(distribution, name, self)
            }
        }
    )*};
}
packed!([] [P], [] Vec<P>, [const K: usize] [P; K]);

impl<N: Number, P: Param<N> + Scalar, R: Dim, C: Dim, S: RawStorage<P, R, C>> ScaleTril<N> for Matrix<P, R, C, S> {
    type Entry = P;

    fn dim(&self) -> usize {
        self.nrows()
    }
    #[inline(always)]
    fn entry(&self, i: usize, j: usize) -> P {
        self[(i, j)]
    }
    fn check(&self, distribution: &'static str, name: &'static str) -> Result<(), Invalid> {
        check_len(distribution, name, self.ncols(), self.nrows(), "of as many columns as rows")?;
        check_entries::<N>(distribution, name, self)
    }
}

impl<N: Number, T: ScaleTril<N> + ?Sized> ScaleTril<N> for &T {
    type Entry = T::Entry;

    fn dim(&self) -> usize {
        (**self).dim()
    }
    #[inline(always)]
    fn entry(&self, i: usize, j: usize) -> Self::Entry {
        (**self).entry(i, j)
    }
    fn check(&self, distribution: &'static str, name: &'static str) -> Result<(), Invalid> {
        (**self).check(distribution, name)
    }
    #[inline(always)]
    fn add_entry(&self, to: &mut N, i: usize, j: usize, partial: f64) {
        (**self).add_entry(to, i, j, partial);
    }
    #[inline(always)]
    fn add_partials(&self, to: &mut N, partial: impl Fn(usize, usize) -> f64) {
        (**self).add_partials(to, partial);
    }
}

/// The number of entries in the first `rows` rows of a lower triangle.
#[inline(always)]
fn triangular(rows: usize) -> usize {
    rows * (rows + 1) / 2
}

fn check_entries<N: Number>(
    distribution: &'static str,
    name: &'static str,
    tril: &(impl ScaleTril<N> + ?Sized),
) -> Result<(), Invalid> {
    for i in 0..tril.dim() {
        (0..i).try_for_each(|j| finite::<N>(distribution, name, tril.entry(i, j)))?;
        let expected = "positive and finite on its diagonal";
        require::<N>(distribution, name, tril.entry(i, i), |v| v > 0.0 && v.is_finite(), expected)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbers::Real;
    use crate::numbers::dual::Dual;
    use nalgebra::Matrix2;

    #[test]
    fn a_packed_triangle_knows_its_rows() {
        for (len, rows) in [(0, 0), (1, 1), (2, 1), (3, 2), (5, 2), (6, 3), (10, 4), (20_100, 200)] {
            let triangle = vec![1.0; len];
            assert_eq!(ScaleTril::<f64>::dim(&triangle), rows);
            assert_eq!(ScaleTril::<f64>::check(&triangle, "D", "scale_tril").is_ok(), len == triangular(rows));
        }
    }

    #[test]
    fn every_form_has_the_same_entries() {
        fn entries<N: Number>(tril: impl ScaleTril<N>) -> Vec<f64> {
            (0..tril.dim()).flat_map(|i| (0..=i).map(move |j| (i, j))).map(|(i, j)| tril.entry(i, j).value()).collect()
        }
        let scales = [Real(Dual::<1>::constant(2.0)), Real(Dual::constant(10.0))];
        assert_eq!(entries::<f64>(&[2.0, 6.0, 8.0]), [2.0, 6.0, 8.0]);
        assert_eq!(entries::<f64>(Matrix2::new(2.0, 99.0, 6.0, 8.0)), [2.0, 6.0, 8.0]);
        assert_eq!(entries::<Dual<1>>(diag_pre_multiply(&scales, [1.0, 0.6, 0.8])), [2.0, 6.0, 8.0]);
        assert_eq!(entries::<Dual<1>>(Diagonal(&scales)), [2.0, 0.0, 10.0]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        fn check(tril: impl ScaleTril<f64>) -> String {
            tril.check("D", "scale_tril").map_or_else(|invalid| invalid.to_string(), |()| "valid".into())
        }
        assert_eq!(check([1.0, -3.0, 1.0]), "valid");
        assert_eq!(check([1.0, 0.0]), "`scale_tril` of D must be of length n (n + 1) / 2, but is 2");
        assert_eq!(check([1.0, 0.0, -2.0]), "`scale_tril` of D must be positive and finite on its diagonal, but is -2");
        assert_eq!(check(Diagonal([1.0, 0.0])), "`scales` of D must be positive and finite, but is 0");
        assert_eq!(
            check(diag_pre_multiply([1.0], [1.0, 0.0, 1.0])),
            "`scales.len()` of D must be the number of rows of `corr_tril`, but is 1"
        );
        assert_eq!(
            check(diag_pre_multiply([1.0, 1.0], [1.0, f64::NAN, 1.0])),
            "`corr_tril` of D must be finite, but is NaN"
        );
    }
}
