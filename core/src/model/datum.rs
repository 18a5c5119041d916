//! What a model can observe, and how its structs of latents are mapped: the impls of the kernel's small traits.

use crate::model::{Datum, Field, Latents, Value, VectorDatum};
use nalgebra::storage::{IsContiguous, Storage};
use nalgebra::{Dim, Matrix, Scalar, U1};
use std::borrow::Cow;

macro_rules! datum {
    ($($t:ty)*) => {$(
        impl Datum for $t {
            #[inline(always)]
            #[allow(clippy::cast_lossless, trivial_numeric_casts, reason = "one body for all types of numbers")]
            fn datum(&self) -> Option<f64> {
                Some(*self as f64)
            }
        }
    )*};
}
datum!(f64 f32 i8 i16 i32 i64 isize u8 u16 u32 u64 usize);

impl Datum for bool {
    #[inline(always)]
    fn datum(&self) -> Option<f64> {
        Some(f64::from(u8::from(*self)))
    }
}

impl<D: Datum> Datum for Option<D> {
    #[inline(always)]
    fn datum(&self) -> Option<f64> {
        self.as_ref().and_then(Datum::datum)
    }
}

impl<D: Datum + ?Sized> Datum for &D {
    #[inline(always)]
    fn datum(&self) -> Option<f64> {
        (**self).datum()
    }
}

impl VectorDatum for [f64] {
    fn data(&self) -> Option<Cow<'_, [f64]>> {
        Some(Cow::Borrowed(self))
    }
}

impl VectorDatum for [f32] {
    fn data(&self) -> Option<Cow<'_, [f64]>> {
        Some(self.iter().copied().map(f64::from).collect())
    }
}

impl<T> VectorDatum for Vec<T>
where
    [T]: VectorDatum,
{
    fn data(&self) -> Option<Cow<'_, [f64]>> {
        self.as_slice().data()
    }
}

impl<T, const K: usize> VectorDatum for [T; K]
where
    [T]: VectorDatum,
{
    fn data(&self) -> Option<Cow<'_, [f64]>> {
        self.as_slice().data()
    }
}

impl<T: Scalar, R: Dim, S: Storage<T, R> + IsContiguous> VectorDatum for Matrix<T, R, U1, S>
where
    [T]: VectorDatum,
{
    fn data(&self) -> Option<Cow<'_, [f64]>> {
        self.as_slice().data()
    }
}

impl<D: VectorDatum> VectorDatum for Option<D> {
    fn data(&self) -> Option<Cow<'_, [f64]>> {
        self.as_ref().and_then(VectorDatum::data)
    }
}

impl<D: VectorDatum + ?Sized> VectorDatum for &D {
    fn data(&self) -> Option<Cow<'_, [f64]>> {
        (**self).data()
    }
}

/// No latents.
impl Latents for () {
    type Of<R: Value> = ();
    fn map<R: Value, S: Value>((): &(), (): &mut (), _: impl FnMut(&R) -> S) {}
}

impl<R: Value, S: Value> Field<R, S, S> for R {
    #[inline(always)]
    fn map_into(&self, to: &mut S, f: &mut impl FnMut(&R) -> S) {
        *to = f(self);
    }
}

impl<R: Value, S: Value> Field<R, S, Vec<S>> for Vec<R> {
    #[inline(always)]
    fn map_into(&self, to: &mut Vec<S>, f: &mut impl FnMut(&R) -> S) {
        to.clear();
        to.extend(self.iter().map(f));
    }
}

impl<R: Value, S: Value> Field<R, S, Vec<Vec<S>>> for Vec<Vec<R>> {
    fn map_into(&self, to: &mut Vec<Vec<S>>, f: &mut impl FnMut(&R) -> S) {
        to.resize_with(self.len(), Vec::new);
        self.iter().zip(to).for_each(|(from, to)| from.map_into(to, f));
    }
}
