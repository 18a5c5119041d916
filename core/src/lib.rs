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
//! # Words
//!
//! A *site* is a `~`: a latent, or an observation where data stand on its left. The *plate* is the `for` that declares latents;
//! each of its turns is a *task* (a coin, a school, a patient), and a `for` with latents in it is a nested plate. Latents
//! outside the plate are the *globals*, theta for short; those of a task are its *locals*, phi. The *guide* is the normal
//! approximation that a fit starts from, one independent normal a latent; its fit to the posterior is measured by the *ELBO*,
//! a lower bound of ln p(data), in nats.
//!
//! # Where things are
//!
//! | | |
//! |---|---|
//! | the language | [`model!`], what a latent can do in it ([`number::Real`]), [`dot`](number::dot) and [`sum`](number::sum), the [`prelude`] |
//! | data | [`tasks::grouped`] makes tasks of a long table; [`tasks::Tasks`] is what else a plate runs over |
//! | distributions | [`dist`], where their values lie ([`support`]); your own: [`Distribution`](dist::Distribution), tested by [`testing`] |
//! | to fit | [`Fittable`], [`Options`], [`Error`] |
//! | what a fit found | [`Fit`], [`Summary`], [`Posterior`], [`DrawsTable`], [`Draw`] |
//! | whether to believe it | [`Trust`], [`Verdict`], [`Certificate`], [`Evidence`], [`Chains`] |
//! | tasks that do not fit in memory | [`shards`], [`Fit::over_shards`] |
//! | tasks never seen | [`Fit::adapt`], [`Adapted`], [`Prediction`]; by a network or by gradient steps: [`amortise`] |
//! | to compare and to check | [`assess`]: leave-one-out, WAIC, [`compare`], predictive checks, scores, calibration |
//! | pictures | `plots`, behind the feature of that name |
//! | files | `Fit::save` and `Fittable::load`, behind the feature `serde`; for ArviZ: `arviz`, behind the feature of that name |
//! | for other samplers | [`Joint`], the log density and its gradient; `nuts`, behind the feature of that name, is a second opinion |
//! | for authors of the crate's insides | the kernel that [`model!`] expands to, [`mod@model`], and its meanings, [`interpret`]; the bound, [`elbo`], and the [`guide`]; the algebras of numbers, [`number`], [`dual`], [`form`], [`nodal`], [`traced`], [`real`], [`param_vec`], [`param_rows`]; [`special`] functions |
//!
//! # What do I know of the task, and what do I want?
//!
//! | the task is | its latents | draws of its data |
//! |---|---|---|
//! | in the fit | [`Fit::local`], [`Fit::local_of`] a label, [`Fit::seen`] | [`Fit::predict`] what is missing, [`Fit::replicate`] all of it |
//! | in the fit, with other data by now | [`Fit::readapt`] | [`Adapted::predict`], [`Adapted::replicate`] |
//! | new, with data | [`Fit::adapt`] | [`Adapted::predict`], [`Adapted::replicate`] |
//! | new, without data | [`Fit::unseen`] | [`Fit::predict_new`] |
//! | new, and the globals should learn from it | [`Fit::absorb`] | |

extern crate self as hierarch;

pub mod adapt;
pub mod amortise;
#[cfg(feature = "arviz")]
pub mod arviz;
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
#[cfg(feature = "nuts")]
pub mod nuts;
mod optimize;
pub mod options;
#[cfg(feature = "plots")]
pub mod plots;
mod posterior;
mod private;
mod progress;
mod sampling;
pub mod shards;
pub mod special;
pub mod support;
pub mod testing;
pub mod verdict;

#[doc(inline)]
pub use density::joint;
#[doc(inline)]
pub use model::datum;
#[doc(inline)]
pub use numbers::{dual, form, nodal, param_rows, param_vec, real, traced};

/// Numbers over an algebra, what may stand for them, and densities differentiated in their own arguments.
pub mod number {
    pub use crate::numbers::dense::{Layer, dense};
    pub use crate::numbers::number::*;
    pub use crate::numbers::sums::{Plain, Term, Times, dot, sum};
    pub use crate::numbers::{Args, Jet, Param};
}

#[doc(inline)]
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

#[doc(inline)]
pub use adapt::adapted::{Adapted, TaskDraw};
#[doc(inline)]
pub use adapt::prediction::Prediction;
#[doc(inline)]
pub use amortise::{Amortised, Encoder, EncoderFit, GradientFit, GradientOptions, Mlp, TaskFactor};
#[doc(inline)]
pub use assess::{By, Check, Comparison, Elpd, compare};
#[doc(inline)]
pub use density::{Explained, Taken};
#[doc(inline)]
pub use draw::{Dataset, Draw, LazyDraw, Simulated};
#[doc(inline)]
pub use elbo::Elbo;
#[doc(inline)]
pub use error::{Error, FileError, TaskName};
#[doc(inline)]
pub use fit::{
    Certificate, Chains, DrawsError, DrawsTable, Evidence, Fit, Fittable, NamedSummary, NumberName, Trust, WorstTask,
};
#[doc(inline)]
pub use hierarch_macros::model;
#[doc(inline)]
pub use joint::Joint;
#[doc(inline)]
pub use model::Model;
#[doc(inline)]
pub use options::{
    AdamOptions, AdaptOptions, CertifyOptions, Correction, Estimator, GlobalFactor, LocalFactor, Optimiser, Options,
    Parameterisation,
};
#[doc(inline)]
pub use posterior::view::Posterior;
#[doc(inline)]
pub use summary::Summary;
#[doc(inline)]
pub use verdict::Verdict;

/// The random numbers of `draws` and `simulate`: [`rand`](https://docs.rs/rand), of the version that they take.
pub use rand;

// Behind all other modules: the compiler names an item by the first one that has it.
pub mod prelude;

#[doc(hidden)]
pub mod __private {
    pub use crate::private::*;
}

/// The programs of the README and of the pages in `docs/` are tested.
#[cfg(doctest)]
mod pages {
    macro_rules! pages {
        ($($name:ident $path:literal)*) => {$(
            #[doc = include_str!(concat!("../../", $path))]
            struct $name;
        )*};
    }
    // with the features that its programs use
    #[cfg(all(feature = "arviz", feature = "plots", feature = "serde"))]
    pages! {
        Readme "README.md"
    }
    pages! {
        ForLme4Users "docs/for_lme4_users.md"
        ForPymcUsers "docs/for_pymc_users.md"
        ForStanUsers "docs/for_stan_users.md"
        Limitations "docs/limitations.md"
        MetaLearning "docs/meta_learning.md"
        Million "docs/million.md"
        OwnOrBorrow "docs/own_or_borrow.md"
        QuestionsToAFit "docs/questions_to_a_fit.md"
        WritingADistribution "docs/writing_a_distribution.md"
    }
}
