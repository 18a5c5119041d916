//! Hierarchical Bayesian models written as code, and their posteriors in milliseconds.

extern crate self as hierarch;

mod block;
mod closed;
pub mod datum;
pub mod dist;
pub mod dual;
pub mod error;
pub mod form;
pub mod interpret;
pub mod model;
pub mod number;
pub mod real;
pub mod special;
pub mod support;
pub mod tasks;

/// What a model needs: `use hierarch::prelude::*;`.
pub mod prelude {
    pub use crate::dist::{
        Beta, Cauchy, Exponential, Gamma, Gumbel, HalfCauchy, HalfNormal, InverseGamma, Laplace, LogNormal, Logistic,
        Pareto, StudentT, Uniform, Weibull,
    };
    pub use crate::dist::{Distribution, Normal};
    pub use crate::number::{Number, Param, Real};
}
