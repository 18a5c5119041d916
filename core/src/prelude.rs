//! What a model needs: `use hierarch::prelude::*;`. Without it a model's distributions are not found, nor is `fit`.
//!
//! | | |
//! |---|---|
//! | the language | [`model!`](macro@model), [`Fittable`] with `fit` |
//! | distributions | all of [`dist`](crate::dist), with [`Diagonal`] and [`diag_pre_multiply`] for covariances, and the traits [`Distribution`], [`VectorDistribution`] and [`Cdf`] |
//! | where values lie | [`RealLine`], [`Positive`], [`Lower`], [`Upper`], [`Interval`], [`Ordered`], [`Simplex`] |
//! | numbers, for functions of your own | [`Number`], [`Real`], [`Param`], [`Repeat`] |
//! | functions | [`dense`], [`dot`], [`sum`], [`log_sum_exp`] |

pub use crate::dist::{Bernoulli, BernoulliLogit, BetaBinomial, Binomial, BinomialLogit, Categorical};
pub use crate::dist::{
    Beta, Cauchy, Exponential, Gamma, Gumbel, HalfCauchy, HalfNormal, InverseGamma, Laplace, LogNormal, Logistic,
    Pareto, SkewNormal, StudentT, Uniform, VonMises, Weibull,
};
pub use crate::dist::{
    CategoricalLogit, Geometric, NegativeBinomial, NegativeBinomial2, NegativeBinomial2Log, OrderedLogistic, Poisson,
    PoissonLog,
};
pub use crate::dist::{Cdf, Distribution, Normal};
pub use crate::dist::{Censored, Flat, Hurdle, Markov, Mixture, Shifted, Truncated, ZeroInflated};
pub use crate::dist::{Diagonal, Dirichlet, LkjCholesky, MultivariateNormal, VectorDistribution, diag_pre_multiply};
pub use crate::fit::Fittable;
pub use crate::number::{Number, Param, Real};
pub use crate::numbers::dense::dense;
pub use crate::numbers::param_vec::Repeat;
pub use crate::numbers::real::log_sum_exp;
pub use crate::numbers::sums::{dot, sum};
pub use crate::support::{Interval, Lower, Ordered, Positive, RealLine, Simplex, Upper};
pub use hierarch_macros::model;
