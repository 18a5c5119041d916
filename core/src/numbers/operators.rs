//! Operators of [`Real<N>`]: arithmetic with numbers, with `f64` and with references to either.

use crate::numbers::number::{Number, Real};
use std::iter::{Product, Sum};
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

macro_rules! operator {
    ($op:ident $method:ident $assign:ident $assign_method:ident, $by_f64:expr, $f64_by:expr) => {
        impl<N: Number> $op for Real<N> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(N::$method(self.0, other.0))
            }
        }
        impl<N: Number> $op<f64> for Real<N> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: f64) -> Self {
                Self($by_f64(self.0, other))
            }
        }
        impl<N: Number> $op<Real<N>> for f64 {
            type Output = Real<N>;
            #[inline(always)]
            fn $method(self, other: Real<N>) -> Real<N> {
                Real($f64_by(self, other.0))
            }
        }
        operator!(@by_reference $op $method Real<N>, Real<N>);
        operator!(@by_reference $op $method Real<N>, f64);
        operator!(@by_reference $op $method f64, Real<N>);
        impl<N: Number> $assign for Real<N> {
            #[inline(always)]
            fn $assign_method(&mut self, other: Self) {
                *self = $op::$method(*self, other);
            }
        }
        impl<N: Number> $assign<f64> for Real<N> {
            #[inline(always)]
            fn $assign_method(&mut self, other: f64) {
                *self = $op::$method(*self, other);
            }
        }
    };
    (@by_reference $op:ident $method:ident $a:ty, $b:ty) => {
        impl<N: Number> $op<&$b> for $a {
            type Output = Real<N>;
            #[inline(always)]
            fn $method(self, other: &$b) -> Real<N> {
                $op::$method(self, *other)
            }
        }
        impl<N: Number> $op<$b> for &$a {
            type Output = Real<N>;
            #[inline(always)]
            fn $method(self, other: $b) -> Real<N> {
                $op::$method(*self, other)
            }
        }
        impl<N: Number> $op<&$b> for &$a {
            type Output = Real<N>;
            #[inline(always)]
            fn $method(self, other: &$b) -> Real<N> {
                $op::$method(*self, *other)
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
