//! Rows of parameters: what a chain takes as the probabilities of its steps.

use crate::numbers::number::Number;
use crate::numbers::param::Param;
use crate::numbers::param_vec::ParamVec;
use nalgebra::{Dim, Matrix, RawStorage, Scalar};

/// A matrix of constants or of numbers that vary: an array, slice or `Vec` of rows, each a [`ParamVec`]; a nalgebra matrix; or a
/// reference to one.
pub trait ParamRows<N: Number> {
    /// The type of its entries.
    type Entry: Param<N>;

    /// Number of rows.
    fn num_rows(&self) -> usize;

    /// Number of entries in row `i`, counted from 0. Panics when there is none.
    fn row_len(&self, i: usize) -> usize;

    /// Entry `j` of row `i`, counted from 0. Panics when there is none.
    fn entry(&self, i: usize, j: usize) -> Self::Entry;
}

/// One row of some.
pub(crate) struct Row<'a, R>(pub(crate) &'a R, pub(crate) usize);

impl<N: Number, R: ParamRows<N>> ParamVec<N> for Row<'_, R> {
    type Entry = R::Entry;

    fn len(&self) -> usize {
        self.0.row_len(self.1)
    }
    #[inline(always)]
    fn entry(&self, i: usize) -> R::Entry {
        self.0.entry(self.1, i)
    }
}

macro_rules! rows {
    ($([$($generics:tt)*] $rows:ty),*) => {$(
        impl<N: Number, V: ParamVec<N>, $($generics)*> ParamRows<N> for $rows {
            type Entry = V::Entry;

            fn num_rows(&self) -> usize {
                self.len()
            }
            fn row_len(&self, i: usize) -> usize {
                self[i].len()
            }
            #[inline(always)]
            fn entry(&self, i: usize, j: usize) -> V::Entry {
                self[i].entry(j)
            }
        }
    )*};
}
rows!([] [V], [] Vec<V>, [const K: usize] [V; K]);

impl<N: Number, P: Param<N> + Scalar, R: Dim, C: Dim, S: RawStorage<P, R, C>> ParamRows<N> for Matrix<P, R, C, S> {
    type Entry = P;

    fn num_rows(&self) -> usize {
        self.nrows()
    }
    fn row_len(&self, _: usize) -> usize {
        self.ncols()
    }
    #[inline(always)]
    fn entry(&self, i: usize, j: usize) -> P {
        self[(i, j)]
    }
}

impl<N: Number, R: ParamRows<N> + ?Sized> ParamRows<N> for &R {
    type Entry = R::Entry;

    fn num_rows(&self) -> usize {
        (**self).num_rows()
    }
    fn row_len(&self, i: usize) -> usize {
        (**self).row_len(i)
    }
    #[inline(always)]
    fn entry(&self, i: usize, j: usize) -> Self::Entry {
        (**self).entry(i, j)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::Matrix2;

    fn entries(rows: impl ParamRows<f64>) -> Vec<f64> {
        let at = (0..rows.num_rows()).flat_map(|i| (0..rows.row_len(i)).map(move |j| (i, j)));
        at.map(|(i, j)| rows.entry(i, j).value()).collect()
    }

    #[test]
    fn every_kind_of_rows_has_the_same_entries() {
        let (a, b) = ([0.25, 0.75], [0.5, 0.5]);
        let expected = [0.25, 0.75, 0.5, 0.5];
        assert_eq!(entries([a, b]), expected);
        assert_eq!(entries([&a[..], &b[..]]), expected);
        assert_eq!(entries(vec![a.to_vec(), b.to_vec()]), expected);
        assert_eq!(entries([a, b].as_slice()), expected);
        assert_eq!(entries(Matrix2::new(0.25, 0.75, 0.5, 0.5)), expected);
    }
}
