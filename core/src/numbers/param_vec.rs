//! Vectors of parameters: what a distribution over vectors takes where one over numbers takes a [`Param`].

use crate::numbers::number::Number;
use crate::numbers::param::Param;
use nalgebra::{Dim, Matrix, RawStorage, Scalar, U1};

/// A vector of constants or of numbers that vary: a slice, a `Vec`, an array, a nalgebra vector, a [`Repeat`], or a
/// reference to one.
pub trait ParamVec<N: Number> {
    /// The type of its entries.
    type Entry: Param<N>;

    /// Number of entries.
    fn len(&self) -> usize;

    /// Entry `i`, counted from 0. Panics when there is none.
    fn entry(&self, i: usize) -> Self::Entry;

    /// Whether there is no entry.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether derivatives with respect to an entry are wanted.
    #[inline(always)]
    fn varies(&self) -> bool {
        N::ORDER > 0 && (0..self.len()).any(|i| self.entry(i).varies())
    }
}

/// One parameter at every place: `Repeat(parameter, len)`.
///
/// ```
/// use hierarch::param_vec::{ParamVec, Repeat};
/// let zeros = Repeat(0.0, 3);
/// assert_eq!(ParamVec::<f64>::len(&zeros), 3);
/// assert_eq!(ParamVec::<f64>::entry(&zeros, 2), 0.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Repeat<P>(pub P, pub usize);

impl<N: Number, P: Param<N>> ParamVec<N> for Repeat<P> {
    type Entry = P;

    fn len(&self) -> usize {
        self.1
    }
    #[inline(always)]
    fn entry(&self, i: usize) -> P {
        debug_assert!(i < self.1, "entry {i} of {}", self.1);
        self.0
    }
}

impl<N: Number, P: Param<N>> ParamVec<N> for [P] {
    type Entry = P;

    fn len(&self) -> usize {
        self.len()
    }
    #[inline(always)]
    fn entry(&self, i: usize) -> P {
        self[i]
    }
}

impl<N: Number, P: Param<N>> ParamVec<N> for Vec<P> {
    type Entry = P;

    fn len(&self) -> usize {
        self.len()
    }
    #[inline(always)]
    fn entry(&self, i: usize) -> P {
        self[i]
    }
}

impl<N: Number, P: Param<N>, const K: usize> ParamVec<N> for [P; K] {
    type Entry = P;

    fn len(&self) -> usize {
        K
    }
    #[inline(always)]
    fn entry(&self, i: usize) -> P {
        self[i]
    }
}

impl<N: Number, P: Param<N> + Scalar, D: Dim, S: RawStorage<P, D>> ParamVec<N> for Matrix<P, D, U1, S> {
    type Entry = P;

    fn len(&self) -> usize {
        self.nrows()
    }
    #[inline(always)]
    fn entry(&self, i: usize) -> P {
        self[i]
    }
}

impl<N: Number, V: ParamVec<N> + ?Sized> ParamVec<N> for &V {
    type Entry = V::Entry;

    fn len(&self) -> usize {
        (**self).len()
    }
    #[inline(always)]
    fn entry(&self, i: usize) -> Self::Entry {
        (**self).entry(i)
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "sums and products of small whole numbers are exact")]
mod tests {
    use super::*;
    use crate::numbers::dual::{Dual, Dual2, Lanes};
    use crate::numbers::number::Real;
    use nalgebra::{DMatrix, DVector, SMatrix, SVector, Vector3};

    fn sum<N: Number>(v: impl ParamVec<N>) -> f64 {
        (0..v.len()).map(|i| v.entry(i).value()).sum()
    }

    #[test]
    fn every_kind_of_vector_has_the_same_entries() {
        let varying = [Real(Dual::<1>::constant(1.0)), Real(Dual::variable(2.0, 0)), Real(Dual::constant(4.0))];
        for total in [
            sum::<Dual<1>>([1.0, 2.0, 4.0]),
            sum::<Dual<1>>(&[1, 2, 4][..]),
            sum::<Dual<1>>(vec![1.0, 2.0, 4.0]),
            sum::<Dual<1>>(&varying.to_vec()),
            sum::<Dual<1>>(varying),
            sum::<Dual<1>>(Vector3::new(1.0, 2.0, 4.0)),
            sum::<Dual<1>>(&DVector::from_row_slice(&varying)),
            sum::<Dual<1>>(Repeat(3.5, 2)),
        ] {
            assert_eq!(total, 7.0);
        }
        assert!(!ParamVec::<Dual<1>>::varies(&[1.0]));
        assert!(varying.varies());
    }

    /// A model may compute with nalgebra's matrices, differentiated.
    #[test]
    fn nalgebra_computes_with_numbers() {
        type N = Dual<2>;
        let x = SVector::<Real<N>, 2>::new(Real(N::variable(3.0, 0)), Real(N::variable(-1.0, 1)));
        let a = SMatrix::<Real<N>, 2, 2>::new(x[0], Real(N::constant(2.0)), Real(N::constant(0.5)), x[1]);
        let y = a * x;
        assert_eq!([y[0].value(), y[1].value()], [7.0, 2.5]);
        assert_eq!(y[0].0.partials(), [6.0, 2.0]); // x0^2 + 2 x1
        assert_eq!(y[1].0.partials(), [0.5, -2.0]); // x0 / 2 + x1^2
        let quadratic = (x.transpose() * (a + a.transpose()) * x)[(0, 0)];
        assert_eq!(quadratic.value(), 2.0 * (27.0 - 7.5 - 1.0));
        assert_eq!((x * Real(N::constant(2.0)) - x).dot(&x).value(), 10.0);
    }

    #[test]
    fn nalgebra_computes_with_second_derivatives() {
        type N = Dual2<1, 1>;
        let t = Real(N::variable(2.0, 0));
        let matrix = DMatrix::from_row_slice(2, 2, &[t, t, Real(N::constant(1.0)), t]);
        let out = matrix * DVector::from_row_slice(&[t, Real(N::constant(3.0))]);
        assert_eq!(out[0].value(), 10.0); // t^2 + 3 t
        assert_eq!(out[0].0.partials(), [7.0]);
        assert_eq!(out[0].0.triangle(), [2.0]);
    }
}
