//! Sums and inner products whose type follows from their terms, so that a body needs no annotation.

use crate::numbers::number::{Number, Real};
use crate::numbers::param::Param;

/// What [`sum`] adds up: a number of a model, which gives one, or a plain number, which gives an `f64`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number that `sum` or `dot` can add up",
    note = "terms are numbers of the model, `f64`, `f32`, whole numbers, or references to one"
)]
pub trait Term: Copy {
    /// The type of the sum.
    type Sum;

    /// The sum of all terms, from the first on; 0 for none.
    fn sum(terms: impl Iterator<Item = Self>) -> Self::Sum;
}

/// What [`dot`] multiplies by a `B`: a number of a model if one of the two is, else an `f64`.
#[diagnostic::on_unimplemented(
    message = "`dot` cannot multiply `{Self}` by `{B}`",
    note = "entries are numbers of the model, `f64`, `f32` or whole numbers"
)]
pub trait Times<B>: Copy {
    /// The type of the product.
    type Product: Term<Sum = Self::Product> + From<f64>;

    /// `self * other`.
    fn times(self, other: B) -> Self::Product;
}

/// A number that does not vary.
pub trait Plain: Copy {
    /// The number as `f64`.
    fn plain(self) -> f64;
}

/// The sum of numbers, latent or plain; 0 for none. Beside [`Iterator::sum`] it needs no annotation of its type.
///
/// ```
/// # use hierarch::prelude::*;
/// model! {
///     pub Lines(rows: &[([f64; 2], f64)]) {
///         beta[_ in 0..2] ~ Normal(0.0, 1.0);
///         sigma ~ HalfNormal(1.0);
///         for (x, y) in rows {
///             let eta = sum(x.iter().zip(beta).map(|(x, b)| *b * x.ln()));
///             y ~ Normal(eta.exp(), sigma);
///         }
///     }
/// }
/// assert_eq!(sum([0.5, 1.0]), 1.5);
/// ```
#[inline(always)]
pub fn sum<T: Term>(terms: impl IntoIterator<Item = T>) -> T::Sum {
    T::sum(terms.into_iter())
}

/// The inner product sum_k a_k b_k of two lists, each of latents or of data: slices, arrays, `Vec`s, nalgebra vectors.
///
/// ```
/// # use hierarch::prelude::*;
/// pub struct Row {
///     pub x: Vec<f64>,
///     pub y: bool,
/// }
///
/// model! {
///     pub Regression(rows: &[Row], width: usize) {
///         beta[_ in 0..width] ~ Normal(0.0, 1.0);
///         for row in rows {
///             row.y ~ BernoulliLogit(dot(&beta, &row.x));
///         }
///     }
/// }
/// assert_eq!(dot(&[1.0, 2.0], &[3, 4]), 11.0);
/// ```
///
/// Lists of different lengths have no product: it is NaN, and a fit tells at which site of which task it enters.
#[doc(alias("design matrix", "linear predictor"))]
#[inline(always)]
pub fn dot<A: Times<B>, B: Copy>(a: &(impl AsRef<[A]> + ?Sized), b: &(impl AsRef<[B]> + ?Sized)) -> A::Product {
    let (a, b) = (a.as_ref(), b.as_ref());
    if a.len() != b.len() {
        return f64::NAN.into();
    }
    sum(a.iter().zip(b).map(|(&a, &b)| a.times(b)))
}

impl<N: Number> Term for Real<N> {
    type Sum = Self;

    #[inline(always)]
    fn sum(terms: impl Iterator<Item = Self>) -> Self {
        terms.sum()
    }
}

impl<T: Term> Term for &T {
    type Sum = T::Sum;

    #[inline(always)]
    fn sum(terms: impl Iterator<Item = Self>) -> T::Sum {
        T::sum(terms.copied())
    }
}

impl<N: Number, P: Param<N>> Times<P> for Real<N> {
    type Product = Self;

    #[inline(always)]
    fn times(self, other: P) -> Self {
        self * other
    }
}

impl<N: Number, A: Plain> Times<Real<N>> for A {
    type Product = Real<N>;

    #[inline(always)]
    fn times(self, other: Real<N>) -> Real<N> {
        self.plain() * other
    }
}

impl<A: Plain, B: Plain> Times<B> for A {
    type Product = f64;

    #[inline(always)]
    fn times(self, other: B) -> f64 {
        self.plain() * other.plain()
    }
}

macro_rules! plain {
    ($($t:ty)*) => {$(
        impl Plain for $t {
            #[inline(always)]
            fn plain(self) -> f64 {
                Param::<f64>::value(self)
            }
        }

        impl Term for $t {
            type Sum = f64;

            #[inline(always)]
            fn sum(terms: impl Iterator<Item = Self>) -> f64 {
                terms.map(Plain::plain).fold(0.0, |sum, term| sum + term)
            }
        }
    )*};
}
plain!(f64 f32 i8 i16 i32 i64 isize u8 u16 u32 u64 usize);

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "sums and products of small whole numbers are exact")]
mod tests {
    use super::*;
    use crate::numbers::dual::{Dual, Lanes};
    use nalgebra::{DVector, Vector2};

    #[test]
    fn plain_numbers_add_up_as_plain_numbers() {
        assert_eq!(sum([1u8, 2, 3].iter()), 6.0);
        assert_eq!(sum(&[0.5_f32, 0.25]), 0.75);
        assert_eq!(sum(Vec::<f64>::new()), 0.0);
        assert_eq!(dot(&[2_u32, 3], &[0.5, 1.0]), 4.0);
    }

    #[test]
    fn products_with_numbers_that_vary_carry_their_derivatives() {
        let beta = [Real(Dual::<2>::variable(3.0, 0)), Real(Dual::variable(-1.0, 1))];
        let products = [
            dot(&beta, &[5.0, 7.0]),
            dot(&[5.0, 7.0], &beta[..]),
            dot(&beta, &vec![5.0_f32, 7.0]),
            dot(&beta, [5_i64, 7].as_slice()),
            dot(&beta.to_vec(), &Vector2::new(5.0, 7.0)),
            dot(&DVector::from_row_slice(&beta), &&[5.0, 7.0][..]),
        ];
        for product in products {
            assert_eq!((product.value(), product.0.partials()), (8.0, &[5.0, 7.0][..]));
        }
        let square = dot(&beta, &beta);
        assert_eq!((square.value(), square.0.partials()), (10.0, &[6.0, -2.0][..]));
        assert_eq!(sum(&beta).exp().0.partials(), [2.0_f64.exp(); 2]);
    }

    #[test]
    fn lists_of_different_lengths_have_no_product() {
        assert!(dot(&[1.0], &[1.0, 2.0]).is_nan());
        assert!(dot(&[Real(1.0)], &[] as &[f64]).value().is_nan());
    }
}
