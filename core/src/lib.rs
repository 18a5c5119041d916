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
//! how well a model predicts, and checks of it, in [`assess`]; distributions in [`dist`], and how to test your own in
//! [`testing`]; the kernel that the macro expands to in [`mod@model`]; the bound in [`elbo`]; the log density for other
//! samplers in [`joint`]; local posteriors from a network or from gradient steps in [`amortise`]; pictures in `plots`, behind
//! the feature of that name.

extern crate self as hierarch;

pub mod adapt;
pub mod amortise;
pub mod assess;
mod conditional;
mod correct;
mod density;
pub mod dist;
pub mod elbo;
pub mod error;
pub mod fit;
pub mod guide;
pub mod interpret;
mod linalg;
pub mod model;
mod numbers;
mod optimize;
pub mod options;
#[cfg(feature = "plots")]
pub mod plots;
mod posterior;
mod private;
mod progress;
mod sampling;
pub mod special;
pub mod support;
pub mod testing;
pub mod verdict;

pub use density::joint;
pub use model::datum;
pub use numbers::{dual, form, nodal, param_vec, real, traced};

/// Numbers over an algebra, what may stand for them, and densities differentiated in their own arguments.
pub mod number {
    pub use crate::numbers::number::*;
    pub use crate::numbers::{Args, Jet, Param};
}

pub use posterior::summary;

/// What the plate of a model can run over, and how a long table becomes that.
pub mod tasks {
    pub use crate::model::grouped::{Group, Groups, grouped};
    pub use crate::model::tasks::{Numbers, Tasks};
}

/// Draws of everything a model does not know, and data as numbers.
pub mod draw {
    pub use crate::interpret::dataset::Dataset;
    pub use crate::interpret::simulated::Simulated;
    pub use crate::model::draw::Draw;
    pub use crate::posterior::lazy::{LazyDraw, LazyLocals};
}

pub use adapt::adapted::{Adapted, TaskDraw};
pub use adapt::prediction::Prediction;
pub use amortise::{Amortised, Encoder, EncoderFit, GradientFit, GradientOptions, Mlp};
pub use assess::{By, Check, Comparison, Elpd, compare};
pub use density::{Explained, Taken};
pub use draw::{Dataset, Draw, LazyDraw, Simulated};
pub use elbo::Elbo;
pub use error::Error;
pub use fit::{
    Certificate, Chains, DrawsError, DrawsTable, Evidence, Fit, Fittable, NamedSummary, NumberName, Trust, WorstTask,
};
pub use hierarch_macros::model;
pub use joint::Joint;
pub use model::Model;
pub use options::{
    AdamOptions, AdaptOptions, CertifyOptions, Correction, Estimator, GlobalFactor, LocalFactor, Optimiser, Options,
    Parameterisation,
};
pub use posterior::view::Posterior;
pub use summary::Summary;
pub use verdict::Verdict;

// Behind all other modules: the compiler names an item by the first one that has it.
pub mod prelude;

#[doc(hidden)]
pub mod __private {
    pub use crate::private::*;
}

/// The README's programs are tested.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// And those of the page on tasks never seen.
#[cfg(doctest)]
#[doc = include_str!("../../docs/meta_learning.md")]
struct MetaLearning;
