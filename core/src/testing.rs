//! A kit that tests distributions, supports and functions of duals: for your own as well as for the built-in ones.
//!
//! Each check panics with a sentence that names what fails, and where. Two forms give the point:
//! `Normal(1.0, 2.0)`, where every argument varies, and `|p| Binomial(10, p), [0.3]`, where what follows the bars
//! is any expression in the named parameters (of a type that implements [`Param<N>`](crate::number::Param)) and
//! constants, and the values are in the brackets. Values may be any expressions, such as the variable of a loop.
//!
//! ```
//! use hierarch::prelude::*;
//! use hierarch::support::Positive;
//! use hierarch::check_distribution;
//!
//! /// p(x) = shape x^(shape - 1) exp(-x^shape)
//! #[derive(Clone)]
//! struct UnitWeibull<S>(S);
//!
//! impl<N: Number, S: Param<N>> Distribution<N> for UnitWeibull<S> {
//!     type Support = Positive;
//!     fn support(&self) -> Positive {
//!         Positive
//!     }
//!     fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
//!         if x.value() <= 0.0 {
//!             return Real::constant(f64::NEG_INFINITY);
//!         }
//!         let (x, shape) = (x.real(), self.0.real());
//!         shape.ln() + (shape - 1.0) * x.ln() - x.pow(shape)
//!     }
//! }
//!
//! check_distribution!(UnitWeibull(1.5));
//! ```

mod coordinate;
mod difference;
mod distribution;
mod erased;
mod expectation;
mod function;
mod grid;
mod pair;
mod point;
mod sampler;
mod vector;
mod vector_support;

pub use distribution::{check_continuous_distribution, check_discrete_distribution};
pub use erased::{Build, BuildContinuous, BuildVector, Visit, VisitVector};
pub use function::{Function, check_gradient};
pub use vector::{check_vector_distribution, check_vector_support};

/// Checks a distribution over the points of a continuous support.
///
/// The density integrates to 1 and is the sampler's (failure rate below 1e-6, fixed seed); it is -inf outside the
/// support and never NaN; the support's maps invert each other and have the right log-Jacobian; first and second
/// derivatives with respect to the value and every parameter agree with differences; values are the same bits in every
/// algebra, whichever parameters are constants; the closed-form expectation and the non-centred form, if any, are right.
///
/// See [the module](crate::testing) for the two forms. Panics with the first check that fails.
///
/// ```
/// use hierarch::{check_distribution, dist::Normal};
/// check_distribution!(Normal(1.0, 2.0));
/// check_distribution!(|scale| Normal(0.0, scale), [2.0]);
/// ```
#[macro_export]
macro_rules! check_distribution {
    ($($case:tt)*) => { $crate::__testing_case!(continuous $($case)*) };
}

/// Checks a distribution over whole numbers: the checks of [`check_distribution!`](crate::check_distribution) that
/// make sense, with a sum for the integral.
///
/// ```
/// use hierarch::{check_discrete_distribution, dist::Binomial};
/// check_discrete_distribution!(|p| Binomial(10, p), [0.3]);
/// ```
#[macro_export]
macro_rules! check_discrete_distribution {
    ($($case:tt)*) => { $crate::__testing_case!(discrete $($case)*) };
}

/// Checks a distribution over vectors.
///
/// Its support passes [`check_vector_support`]; the density integrates to 1 (with up to three coordinates) and agrees
/// with the sampler (Stein's identity, failure rate below 1e-5, fixed seed); first and second derivatives with respect
/// to the coordinates and every parameter agree with differences; values are the same bits in every algebra.
///
/// ```
/// use hierarch::check_vector_distribution;
/// use hierarch::dist::{Distribution, Normal, VectorDistribution};
/// use hierarch::number::{Number, Param, Real};
/// use hierarch::support::RealVector;
///
/// #[derive(Clone)]
/// struct Walk<S>(S);
///
/// impl<N: Number, S: Param<N>> VectorDistribution<N> for Walk<S> {
///     type Support = RealVector;
///     fn support(&self) -> RealVector {
///         RealVector(2)
///     }
///     fn ln_density<X: Param<N>>(&self, x: &[X]) -> Real<N> {
///         Normal(0.0, self.0).ln_density(x[0]) + Normal(x[0], self.0).ln_density(x[1])
///     }
/// }
///
/// check_vector_distribution!(Walk(0.5));
/// ```
#[macro_export]
macro_rules! check_vector_distribution {
    ($($case:tt)*) => { $crate::__testing_case!(vector $($case)*) };
}

/// Checks the derivatives of a function that is generic over the number type.
///
/// ```
/// use hierarch::{check_gradient, prelude::*};
/// fn line<N: Number>(a: Real<N>, b: Real<N>, x: Real<N>) -> Real<N> {
///     a + b * x
/// }
/// check_gradient!(line(1.0, 2.0, 3.0));
/// check_gradient!(|x| x.sin() * x.exp(), [0.3]);
/// ```
#[macro_export]
macro_rules! check_gradient {
    (|$($name:ident),* $(,)?| $body:expr, $values:expr $(,)?) => {{
        struct Case;
        impl $crate::testing::Function for Case {
            fn call<N: $crate::number::Number>(&self, x: &[$crate::number::Real<N>]) -> $crate::number::Real<N> {
                let [$($name),*] = *x else { unreachable!("as many values as names") };
                $body
            }
        }
        $crate::testing::check_gradient(stringify!($body), &Case, &$values);
    }};
    ($function:ident($($value:expr),* $(,)?) $(,)?) => {{
        struct Case;
        impl $crate::testing::Function for Case {
            fn call<N: $crate::number::Number>(&self, x: &[$crate::number::Real<N>]) -> $crate::number::Real<N> {
                let mut x = x.iter().copied();
                $function($($crate::__testing_next!(x $value)),*)
            }
        }
        $crate::testing::check_gradient(stringify!($function), &Case, &[$($value as f64),*]);
    }};
}

/// One parameter of the short form; the value's tokens only count.
#[doc(hidden)]
#[macro_export]
macro_rules! __testing_next {
    ($iterator:ident $value:expr) => {
        $iterator.next().expect("as many parameters as values")
    };
}

/// Makes a type that builds the distribution from parameters in any algebra, and hands it to the check.
#[doc(hidden)]
#[macro_export]
macro_rules! __testing_case {
    ($kind:ident || $build:expr, $values:expr $(,)?) => { $crate::__testing_case!($kind | | $build, $values) };
    ($kind:ident |$($name:ident),* $(,)?| $build:expr, $values:expr $(,)?) => {{
        struct Case;
        $crate::__testing_build!($kind p { let [$($name),*] = *p else { unreachable!("as many values as names") }; } $build);
        $crate::__testing_check!($kind)(stringify!($build), &Case, &$values);
    }};
    ($kind:ident $dist:ident($($value:expr),* $(,)?) $(,)?) => {{
        struct Case;
        $crate::__testing_build!($kind p { let mut p = p.iter().copied(); } $dist($($crate::__testing_next!(p $value)),*));
        $crate::__testing_check!($kind)(stringify!($dist), &Case, &[$($value as f64),*]);
    }};
}

#[doc(hidden)]
#[macro_export]
macro_rules! __testing_check {
    (continuous) => {
        $crate::testing::check_continuous_distribution
    };
    (discrete) => {
        $crate::testing::check_discrete_distribution
    };
    (vector) => {
        $crate::testing::check_vector_distribution
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __testing_build {
    (vector $p:ident { $($bind:tt)* } $build:expr) => {
        impl $crate::testing::BuildVector for Case {
            fn visit<N: $crate::number::Number, P: $crate::number::Param<N>, V: $crate::testing::VisitVector<N>>(
                &self,
                $p: &[P],
                visit: V,
            ) -> V::Out {
                $($bind)*
                visit.visit($build)
            }
        }
    };
    (discrete $p:ident { $($bind:tt)* } $build:expr) => {
        impl $crate::testing::Build for Case {
            fn visit<N: $crate::number::Number, P: $crate::number::Param<N>, V: $crate::testing::Visit<N>>(
                &self,
                $p: &[P],
                visit: V,
            ) -> V::Out {
                $($bind)*
                visit.visit($build)
            }
        }
    };
    (continuous $p:ident { $($bind:tt)* } $build:expr) => {
        $crate::__testing_build!(discrete $p { $($bind)* } $build);
        impl $crate::testing::BuildContinuous for Case {
            fn constrain<N: $crate::number::Number>(
                &self,
                $p: &[$crate::number::Real<N>],
                u: $crate::number::Real<N>,
            ) -> ($crate::number::Real<N>, $crate::number::Real<N>) {
                $($bind)*
                $crate::support::Continuous::<N>::constrain(&$crate::dist::Distribution::<N>::support(&$build), u)
            }
            fn unconstrain(&self, $p: &[f64], x: f64) -> f64 {
                $($bind)*
                $crate::support::Continuous::<f64>::unconstrain(&$crate::dist::Distribution::<f64>::support(&$build), x)
            }
        }
    };
}
