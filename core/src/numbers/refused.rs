//! What cannot stand on the left of a [`Real<N>`], nor be compared with one, so that the compiler says what can.
//!
//! These operators hold under a condition that nothing meets. Of a literal the compiler drops them, as their condition fails, and
//! finds the one type that remains; of an `f32` they are the only ones, and their condition has a message.

use crate::numbers::number::{Number, Real};
use crate::numbers::param::Param;
use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Sub};

/// No number is.
#[diagnostic::on_unimplemented(
    message = "`{T}` cannot stand on the left of a latent, or of what is computed with one",
    label = "on the left of a latent stands an `f64`, a literal or another latent",
    note = "write `f64::from(x) * latent` (`x as f64` where `from` does not know the type)",
    note = "or the latent first, `latent * x`: on its right any number may stand"
)]
pub trait OnTheRightOf<T> {}

macro_rules! refused {
    ($($c:ty)*) => {$(
        refused!(@operators $c, $c);
        refused!(@operators &$c, $c);
    )*};
    (@operators $left:ty, $c:ty) => {
        refused!(@operator $left, $c, Add add);
        refused!(@operator $left, $c, Sub sub);
        refused!(@operator $left, $c, Mul mul);
        refused!(@operator $left, $c, Div div);
    };
    (@operator $left:ty, $c:ty, $op:ident $method:ident) => {
        #[doc(hidden)]
        impl<N: Number> $op<Real<N>> for $left
        where
            Real<N>: OnTheRightOf<$c>,
        {
            type Output = Real<N>;
            fn $method(self, other: Real<N>) -> Real<N> {
                $op::$method(Param::<N>::value(self), other)
            }
        }
        #[doc(hidden)]
        impl<N: Number> $op<&Real<N>> for $left
        where
            Real<N>: OnTheRightOf<$c>,
        {
            type Output = Real<N>;
            fn $method(self, other: &Real<N>) -> Real<N> {
                $op::$method(self, *other)
            }
        }
    };
}
refused!(f32 i8 i16 i64 isize u8 u16 u32 u64 usize);

/// No number decides: a branch on a latent makes the density a step.
#[diagnostic::on_unimplemented(
    message = "a latent, or what is computed with one, cannot be compared with `{Self}`",
    label = "an `if` decides by data alone",
    note = "a branch on a latent makes the density a step, which no derivative sees: `sigmoid` makes it smooth",
    note = "of two kinds, let a discrete latent decide: `kind ~ Bernoulli(p)` in the plate"
)]
pub trait Decides {}

#[doc(hidden)]
impl<N: Number, C: Decides> PartialEq<C> for Real<N> {
    fn eq(&self, _: &C) -> bool {
        false
    }
}

#[doc(hidden)]
impl<N: Number, C: Decides> PartialOrd<C> for Real<N> {
    fn partial_cmp(&self, _: &C) -> Option<Ordering> {
        None
    }
}
