//! Hierarchical Bayesian models written as code, and their posteriors in milliseconds.
//!
//! Write a model with [`model!`], call [`fit`](Fittable::fit), read the [`Fit`]:
//!
//! ```
//! use hierarch::prelude::*;
//!
//! model! {
//!     /// Coins from one mint.
//!     pub Coins(heads: &[(u32, u32)]) {
//!         centre ~ Normal(0.0, 1.0);
//!         spread ~ HalfNormal(1.0);
//!         for &(heads, tosses) in heads {
//!             log_odds ~ Normal(centre, spread);
//!             heads ~ BinomialLogit(tosses, log_odds);
//!         }
//!     }
//! }
//!
//! # fn main() -> Result<(), hierarch::Error> {
//! let fit = Coins::new(&[(7, 10), (4, 10), (5, 10)]).fit()?;
//! assert!(fit.verdict().is_converged());
//! println!("{} +- {}", fit.global().centre.mean, fit.global().centre.sd);
//! # Ok(())
//! # }
//! ```
//!
//! Where things are: the language in [`model!`]; what a fit can be told in [`Options`]; what it gives in [`Fit`];
//! distributions in [`dist`], and how to test your own in [`testing`]; the kernel that the macro expands to in
//! [`mod@model`]; the bound in [`elbo`]; the log density for other samplers in [`joint`]; local posteriors from a network
//! or from gradient steps in [`amortise`].

extern crate self as hierarch;

pub mod amortise;
mod arrow;
mod block;
mod cholesky;
mod closed;
mod conditional;
pub mod datum;
pub mod dist;
pub mod draw;
pub mod dual;
pub mod elbo;
pub mod error;
pub mod fit;
pub mod form;
pub mod guide;
mod importance;
pub mod interpret;
pub mod joint;
mod linear_response;
pub mod metrics;
pub mod model;
mod noise;
pub mod number;
mod optimize;
pub mod options;
pub mod param_vec;
mod pass;
mod posterior;
mod progress;
mod psis;
mod ragged;
pub mod real;
mod recurrence;
mod scratch;
pub mod special;
mod subset;
pub mod summary;
pub mod support;
mod tape;
pub mod tasks;
pub mod testing;
pub mod verdict;
mod wide;

pub use amortise::{Amortised, Encoder, EncoderFit, GradientFit, GradientOptions, Mlp};
pub use draw::{Draw, LazyDraw};
pub use elbo::Elbo;
pub use error::Error;
pub use fit::{Adapted, Evidence, Fit, Fittable, Prediction, TaskDraw, Trust};
pub use hierarch_macros::model;
pub use joint::Joint;
pub use model::Model;
pub use options::{
    AdamOptions, AdaptOptions, Correction, Estimator, GlobalFactor, LocalFactor, Optimiser, Options, Parameterisation,
};
pub use summary::Summary;
pub use verdict::Verdict;

/// What a model needs: `use hierarch::prelude::*;`.
pub mod prelude {
    pub use crate::dist::{Bernoulli, BernoulliLogit, BetaBinomial, Binomial, BinomialLogit, Categorical};
    pub use crate::dist::{
        Beta, Cauchy, Exponential, Gamma, Gumbel, HalfCauchy, HalfNormal, InverseGamma, Laplace, LogNormal, Logistic,
        Pareto, StudentT, Uniform, Weibull,
    };
    pub use crate::dist::{CategoricalLogit, Geometric, NegativeBinomial, NegativeBinomial2, Poisson, PoissonLog};
    pub use crate::dist::{
        Diagonal, Dirichlet, LkjCholesky, MultivariateNormal, VectorDistribution, diag_pre_multiply,
    };
    pub use crate::dist::{Distribution, Normal};
    pub use crate::dist::{Flat, Mixture, Truncated, ZeroInflatedPoisson};
    pub use crate::fit::Fittable;
    pub use crate::number::{Number, Param, Real};
    pub use crate::param_vec::Repeat;
    pub use crate::real::log_sum_exp;
    pub use crate::support::{Interval, Lower, Ordered, Positive, RealLine, Simplex, Upper};
    pub use hierarch_macros::model;
}

/// The README's programs are tested.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
