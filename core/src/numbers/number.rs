//! What a model computes with: [`Real<N>`], a number whose algebra `N` may carry derivatives.
//!
//! A model body is written once over `Real<N>`. With `N = f64` it evaluates, with [`Dual`](crate::numbers::dual::Dual) it
//! differentiates, with [`Form`] it tells its structure. The rules of differentiation, of a function and of a pair:
//!
//! ```text
//! d f(a) = f' d a,  d2 f(a) = f' d2 a + f'' d a d a'
//! d (a b) = b d a + a d b,  d2 (a b) = b d2 a + a d2 b + d a d b' + d b d a'
//! ```

pub use crate::numbers::elementary::Elementary;
use crate::numbers::form::Form;
use std::fmt::Debug;

/// An algebra of real numbers: a value, and whatever travels with it.
///
/// An algebra has to say how a constant, a shift, and the three `add_*` act on what travels; sums, products and
/// quotients follow. There is no ordering: what needs a branch takes [`value`](Number::value) explicitly.
pub trait Number: Copy + Debug + Default + PartialEq + Send + Sync + 'static {
    /// The highest derivative carried: 0, 1 or 2.
    const ORDER: usize;

    /// A number that does not vary.
    fn constant(value: f64) -> Self;
    /// The value itself.
    fn value(self) -> f64;
    /// A number computed from others by their values alone, whose shares in its derivatives are added next.
    #[inline(always)]
    fn computed(value: f64) -> Self {
        Self::constant(value)
    }

    /// The number among data and constants that is not finite and made this one what it is, where an algebra knows.
    #[inline(always)]
    fn culprit(self) -> Option<f64> {
        None
    }

    /// `self + shift` for a constant.
    fn shift(self, shift: f64) -> Self;
    /// Adds `partial * d arg`: one argument's share in a first derivative (and in a second one, by its own curvature).
    fn add_partial(&mut self, arg: Self, partial: f64);
    /// Adds `partial * d arg` to the first derivative alone; the second one of the number is not asked for then.
    #[inline(always)]
    fn add_first(&mut self, arg: Self, partial: f64) {
        self.add_partial(arg, partial);
    }
    /// Adds `partial * d a d a'`: one argument's share in a second derivative.
    fn add_square(&mut self, a: Self, partial: f64);
    /// Adds `partial * (d a d b' + d b d a')`: a pair of arguments' share in a second derivative.
    fn add_cross(&mut self, a: Self, b: Self, partial: f64);

    /// `f(self)` for a function that an algebra may want to evaluate elsewhere, too.
    #[inline(always)]
    fn elementary(self, f: Elementary) -> Self {
        let [value, first, second] = f.at(self.value());
        self.chain(value, first, second)
    }

    /// The number as a distribution reads it, where an algebra would do that work for every use of it.
    #[inline(always)]
    fn settled(self) -> Self {
        self
    }

    /// `f(self)`, given `f` and its first two derivatives at the value of `self`.
    #[inline(always)]
    fn chain(self, f: f64, first: f64, second: f64) -> Self {
        let mut out = Self::constant(f);
        out.add_partial(self, first);
        if second != 0.0 {
            out.add_square(self, second);
        }
        out
    }

    /// `self + other`.
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        let mut out = self.shift(other.value());
        out.add_partial(other, 1.0);
        out
    }

    /// `self - other`.
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        let mut out = self.shift(-other.value());
        out.add_partial(other, -1.0);
        out
    }

    /// `self * other`.
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        let mut out = self.chain(self.value() * other.value(), other.value(), 0.0);
        out.add_partial(other, self.value());
        out.add_cross(self, other, 1.0);
        out
    }

    /// `self / other`.
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        let recip = other.value().recip();
        let value = self.value() / other.value();
        let mut out = self.chain(value, recip, 0.0);
        out.add_partial(other, -value * recip);
        out.add_cross(self, other, -recip * recip);
        out.add_square(other, 2.0 * value * recip * recip);
        out
    }

    /// `self * factor` for a constant.
    #[inline(always)]
    fn scale(self, factor: f64) -> Self {
        self.chain(self.value() * factor, factor, 0.0)
    }

    /// e to the power of `self`.
    #[inline(always)]
    fn exp(self) -> Self {
        self.elementary(Elementary::Exp)
    }

    /// Natural logarithm.
    #[inline(always)]
    fn ln(self) -> Self {
        self.elementary(Elementary::Ln)
    }

    /// `1 / self`.
    #[inline(always)]
    fn recip(self) -> Self {
        self.elementary(Elementary::Recip)
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
        self.elementary(Elementary::Powf(power))
    }

    /// The outputs of a dense layer whose numbers of weights, biases and inputs go together.
    #[inline]
    fn dense(layer: &impl DenseLayer<Self>) -> Vec<Real<Self>> {
        layer.joined()
    }

    /// The structure of this number as an expression in the latents, where the algebra keeps one.
    #[inline(always)]
    fn form(self) -> Form {
        Form::opaque(self.value())
    }
}

/// A dense layer as an algebra sees it; implemented by [`Layer`](crate::number::Layer).
pub trait DenseLayer<N: Number> {
    /// The values of the weights, and the numbers of those that vary.
    fn weights(&self) -> impl ExactSizeIterator<Item = (f64, Option<N>)> + Clone;
    /// The same of the biases.
    fn biases(&self) -> impl ExactSizeIterator<Item = (f64, Option<N>)> + Clone;
    /// The same of the inputs.
    fn inputs(&self) -> impl ExactSizeIterator<Item = (f64, Option<N>)> + Clone;
    /// The outputs, each by operations on numbers one after another.
    fn by_operations(&self) -> Vec<Real<N>>;
    /// The outputs, each a value with the shares of its arguments in its derivatives.
    fn joined(&self) -> Vec<Real<N>>;
    /// The outputs, of which `opaque` makes those with more than `most` products of two numbers that vary.
    fn unless_wide(&self, most: usize, opaque: impl Fn(f64) -> N) -> Vec<Real<N>>;
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
/// Mixes with itself; with constants of any type that is a [`Param`](crate::number::Param) on its right (`slope * row.x` of an
/// `f32`, `slope / 2`); with `f64` and `i32` on its left (`2.0 * slope`, `1 - p`); and with references to all of these.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Real<N: Number>(pub N);
