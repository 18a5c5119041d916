//! Parameters: [`Param`] lets a distribution take constants (`f64`) and numbers alike, so that a constant costs no
//! derivative lanes.

use crate::numbers::form::Form;
use crate::numbers::number::{Number, Real};
use std::fmt::Debug;

/// What a distribution takes as a parameter or scores as a value: a constant `f64` or a [`Real<N>`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number that a model can compute with",
    label = "not a number of the model, `f64`, `f32`, a whole number, or a reference to one",
    note = "turn other types into numbers before the fit, in the struct that the plate runs over",
    note = "write `f64::from(u8::from(flag))` for a truth value, and `x.unwrap_or(0.0)` or `if let` for an `Option`"
)]
pub trait Param<N: Number>: Copy + Debug {
    /// The value itself.
    fn value(self) -> f64;
    /// The parameter as a `Real<N>`; a constant gets no derivatives.
    fn real(self) -> Real<N>;
    /// The number behind a `Real<N>`; `None` for a constant. Known at compile time, so branches on it vanish.
    fn varying(self) -> Option<N>;

    /// Whether derivatives with respect to this parameter are wanted; guards expensive partials.
    #[inline(always)]
    fn varies(self) -> bool {
        N::ORDER > 0 && self.varying().is_some()
    }

    /// The parameter's structure: see [`Number::form`].
    #[inline(always)]
    fn form(self) -> Form {
        match self.varying() {
            Some(number) => number.form(),
            None => Form::constant(self.value()),
        }
    }
}

impl<N: Number> Param<N> for Real<N> {
    #[inline(always)]
    fn value(self) -> f64 {
        self.0.value()
    }
    #[inline(always)]
    fn real(self) -> Real<N> {
        self
    }
    #[inline(always)]
    fn varying(self) -> Option<N> {
        Some(self.0)
    }
}

macro_rules! constant_param {
    ($($t:ty)*) => {$(
        impl<N: Number> Param<N> for $t {
            #[inline(always)]
            #[allow(clippy::cast_lossless, trivial_numeric_casts, reason = "one body for all types of numbers")]
            fn value(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn real(self) -> Real<N> {
                Real::constant(Param::<N>::value(self))
            }
            #[inline(always)]
            fn varying(self) -> Option<N> {
                None
            }
        }
    )*};
}
constant_param!(f64 f32 i8 i16 i32 i64 isize u8 u16 u32 u64 usize);

impl<N: Number, P: Param<N>> Param<N> for &P {
    #[inline(always)]
    fn value(self) -> f64 {
        (*self).value()
    }
    #[inline(always)]
    fn real(self) -> Real<N> {
        (*self).real()
    }
    #[inline(always)]
    fn varying(self) -> Option<N> {
        (*self).varying()
    }
}
