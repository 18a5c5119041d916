//! Operators of [`Real<N>`]: arithmetic with numbers, with constants and with references to either.
//!
//! On the right one impl takes every [`Param`], so that the type of a literal does not matter to the type of the result.
//! On the left the compiler must find the one impl by the literal's kind: `f64` for `2.0`, `i32` for `2`, and no other.

use crate::numbers::number::{Number, Real};
use crate::numbers::param::Param;
use std::iter::{Product, Sum};
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

macro_rules! operator {
    ($op:ident $method:ident $assign:ident $assign_method:ident, $by_constant:expr, $constant_by:expr) => {
        /// By a number, a constant or a reference to either.
        impl<N: Number, P: Param<N>> $op<P> for Real<N> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: P) -> Self {
                Self(match other.varying() {
                    Some(number) => N::$method(self.0, number),
                    None => $by_constant(self.0, other.value()),
                })
            }
        }
        impl<N: Number, P: Param<N>> $op<P> for &Real<N> {
            type Output = Real<N>;
            #[inline(always)]
            fn $method(self, other: P) -> Real<N> {
                $op::$method(*self, other)
            }
        }
        impl<N: Number, P: Param<N>> $assign<P> for Real<N> {
            #[inline(always)]
            fn $assign_method(&mut self, other: P) {
                *self = $op::$method(*self, other);
            }
        }
        operator!(@constant f64, $op $method, $constant_by);
        operator!(@constant &f64, $op $method, $constant_by);
        operator!(@constant i32, $op $method, $constant_by);
        operator!(@constant &i32, $op $method, $constant_by);
    };
    (@constant $c:ty, $op:ident $method:ident, $constant_by:expr) => {
        impl<N: Number> $op<Real<N>> for $c {
            type Output = Real<N>;
            #[inline(always)]
            fn $method(self, other: Real<N>) -> Real<N> {
                Real($constant_by(Param::<N>::value(self), other.0))
            }
        }
        impl<N: Number> $op<&Real<N>> for $c {
            type Output = Real<N>;
            #[inline(always)]
            fn $method(self, other: &Real<N>) -> Real<N> {
                $op::$method(self, *other)
            }
        }
    };
}
operator!(Add add AddAssign add_assign, N::shift, |c: f64, x: N| x.shift(c));
operator!(Sub sub SubAssign sub_assign, |x: N, c: f64| x.shift(-c), |c: f64, x: N| x.scale(-1.0).shift(c));
operator!(Mul mul MulAssign mul_assign, N::scale, |c: f64, x: N| x.scale(c));
operator!(Div div DivAssign div_assign, |x: N, c: f64| x.scale(c.recip()), |c: f64, x: N| x.recip().scale(c));

impl<N: Number> Neg for Real<N> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self(self.0.scale(-1.0))
    }
}

impl<N: Number> Neg for &Real<N> {
    type Output = Real<N>;
    #[inline(always)]
    fn neg(self) -> Real<N> {
        -*self
    }
}

impl<N: Number> Sum for Real<N> {
    #[inline(always)]
    fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
        terms.fold(Self::constant(0.0), Add::add)
    }
}

impl<'a, N: Number> Sum<&'a Real<N>> for Real<N> {
    #[inline(always)]
    fn sum<I: Iterator<Item = &'a Self>>(terms: I) -> Self {
        terms.copied().sum()
    }
}

impl<N: Number> Product for Real<N> {
    #[inline(always)]
    fn product<I: Iterator<Item = Self>>(factors: I) -> Self {
        factors.fold(Self::constant(1.0), Mul::mul)
    }
}

impl<N: Number> From<f64> for Real<N> {
    #[inline(always)]
    fn from(value: f64) -> Self {
        Self::constant(value)
    }
}

impl<N: Number> num_traits::Zero for Real<N> {
    #[inline(always)]
    fn zero() -> Self {
        Self::constant(0.0)
    }
    #[inline(always)]
    fn is_zero(&self) -> bool {
        *self == Self::constant(0.0)
    }
}

impl<N: Number> num_traits::One for Real<N> {
    #[inline(always)]
    fn one() -> Self {
        Self::constant(1.0)
    }
}
