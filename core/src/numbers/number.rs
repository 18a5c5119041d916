//! What a model computes with: [`Real<N>`], a number whose algebra `N` may carry derivatives.
//!
//! A model body is written once over `Real<N>`. With `N = f64` it evaluates, with [`Dual`](crate::numbers::dual::Dual) it
//! differentiates, with [`Form`] it tells its structure. [`Param`] lets a distribution take
//! constants (`f64`) and numbers alike, so that a constant costs no derivative lanes.

use crate::numbers::form::Form;
use std::fmt::Debug;

/// An algebra of real numbers: a value, and whatever travels with it.
///
/// There is no ordering: what needs a branch takes [`value`](Number::value) explicitly.
pub trait Number: Copy + Debug + Default + PartialEq + Send + Sync + 'static {
    /// The highest derivative carried: 0, 1 or 2.
    const ORDER: usize;

    /// A number that does not vary.
    fn constant(value: f64) -> Self;
    /// The value itself.
    fn value(self) -> f64;
    /// `self + other`.
    fn add(self, other: Self) -> Self;
    /// `self - other`.
    fn sub(self, other: Self) -> Self;
    /// `self * other`.
    fn mul(self, other: Self) -> Self;
    /// `self / other`.
    fn div(self, other: Self) -> Self;
    /// `self + shift` for a constant.
    fn shift(self, shift: f64) -> Self;
    /// `self * factor` for a constant.
    fn scale(self, factor: f64) -> Self;
    /// `f(self)`, given `f` and its first two derivatives at the value of `self`.
    fn chain(self, f: f64, first: f64, second: f64) -> Self;
    /// Adds `partial * d arg`: one argument's share in a first derivative (and in a second one, by its own curvature).
    fn add_partial(&mut self, arg: Self, partial: f64);
    /// Adds `partial * d a d a'`: one argument's share in a second derivative.
    fn add_square(&mut self, a: Self, partial: f64);
    /// Adds `partial * (d a d b' + d b d a')`: a pair of arguments' share in a second derivative.
    fn add_cross(&mut self, a: Self, b: Self, partial: f64);

    /// e to the power of `self`.
    #[inline(always)]
    fn exp(self) -> Self {
        let e = self.value().exp();
        self.chain(e, e, e)
    }

    /// Natural logarithm.
    #[inline(always)]
    fn ln(self) -> Self {
        let recip = self.value().recip();
        self.chain(self.value().ln(), recip, -recip * recip)
    }

    /// `1 / self`.
    #[inline(always)]
    fn recip(self) -> Self {
        let r = self.value().recip();
        self.chain(r, -r * r, 2.0 * r * r * r)
    }

    /// Square root.
    #[inline(always)]
    fn sqrt(self) -> Self {
        let root = self.value().sqrt();
        let first = 0.5 / root;
        self.chain(root, first, -0.5 * first / self.value())
    }

    /// `self` to a constant power.
    #[inline(always)]
    fn powf(self, power: f64) -> Self {
        let x = self.value();
        let first = power * x.powf(power - 1.0);
        self.chain(x.powf(power), first, power * (power - 1.0) * x.powf(power - 2.0))
    }

    /// The structure of this number as an expression in the latents, where the algebra keeps one.
    #[inline(always)]
    fn form(self) -> Form {
        Form::opaque(self.value())
    }
}

impl Number for f64 {
    const ORDER: usize = 0;

    #[inline(always)]
    fn constant(value: f64) -> Self {
        value
    }
    #[inline(always)]
    fn value(self) -> f64 {
        self
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self + other
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self - other
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self * other
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        self / other
    }
    #[inline(always)]
    fn shift(self, shift: f64) -> Self {
        self + shift
    }
    #[inline(always)]
    fn scale(self, factor: f64) -> Self {
        self * factor
    }
    #[inline(always)]
    fn chain(self, f: f64, _: f64, _: f64) -> Self {
        f
    }
    #[inline(always)]
    fn add_partial(&mut self, _: Self, _: f64) {}
    #[inline(always)]
    fn add_square(&mut self, _: Self, _: f64) {}
    #[inline(always)]
    fn add_cross(&mut self, _: Self, _: Self, _: f64) {}
}

/// A number in a model: latents are of this type, and whatever is computed from them.
///
/// Mixes freely with `f64` (`2.0 * slope`, `slope / x`), with references, and with itself.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Real<N: Number>(pub N);

/// What a distribution takes as a parameter or scores as a value: a constant `f64` or a [`Real<N>`].
pub trait Param<N: Number>: Copy + Debug {
    /// The value itself.
    fn value(self) -> f64;
    /// The same number as a `Real<N>`; a constant gets no derivatives.
    fn real(self) -> Real<N>;
    /// The number behind a `Real<N>`; `None` for a constant. Known at compile time, so branches on it vanish.
    fn varying(self) -> Option<N>;

    /// Whether derivatives with respect to this parameter are wanted; guards expensive partials.
    #[inline(always)]
    fn varies(self) -> bool {
        N::ORDER > 0 && self.varying().is_some()
    }

    /// Its structure: see [`Number::form`].
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
            #[allow(clippy::cast_lossless, trivial_numeric_casts)]
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

/// A function's value and its partial derivatives with respect to its `A` arguments, all at one point.
///
/// A distribution of closed form fills one with plain `f64` arithmetic and [joins](Args::join) it to its arguments;
/// what no argument asks for is removed by the compiler.
#[derive(Clone, Copy, Debug)]
pub struct Jet<const A: usize> {
    /// The function.
    pub value: f64,
    /// `first[i]` = d f / d arg i.
    pub first: [f64; A],
    /// `second[i][j]` = d2 f / d arg i d arg j; only `j <= i` is read.
    pub second: [[f64; A]; A],
}

/// A tuple of arguments, to which a [`Jet`] is joined by the chain rule.
pub trait Args<N: Number, const A: usize> {
    /// The number whose value and derivatives are the jet's, chained through the arguments' own.
    fn join(self, jet: &Jet<A>) -> Real<N>;
}

macro_rules! args {
    ($a:literal: $($p:ident $i:tt),*; $($row:tt $col:tt),*) => {
        impl<N: Number, $($p: Param<N>),*> Args<N, $a> for ($($p,)*) {
            #[inline(always)]
            fn join(self, jet: &Jet<$a>) -> Real<N> {
                let mut out = N::constant(jet.value);
                if N::ORDER >= 1 {
                    $(if let Some(arg) = self.$i.varying() {
                        out.add_partial(arg, jet.first[$i]);
                    })*
                }
                if N::ORDER >= 2 {
                    $(if let Some(arg) = self.$i.varying() {
                        out.add_square(arg, jet.second[$i][$i]);
                    })*
                    $(if let (Some(a), Some(b)) = (self.$row.varying(), self.$col.varying()) {
                        out.add_cross(a, b, jet.second[$row][$col]);
                    })*
                }
                Real(out)
            }
        }
    };
}
args!(1: P0 0; );
args!(2: P0 0, P1 1; 1 0);
args!(3: P0 0, P1 1, P2 2; 1 0, 2 0, 2 1);
args!(4: P0 0, P1 1, P2 2, P3 3; 1 0, 2 0, 2 1, 3 0, 3 1, 3 2);
