//! Distributions: [`Distribution`] over numbers, [`VectorDistribution`] over vectors. One file a distribution.
//!
//! A distribution is a struct that holds its parameters, each a constant or a number that varies
//! ([`Param`](crate::number::Param)). It works
//! as a prior and as a likelihood. Names, order and meaning of parameters follow Stan's functions reference.
//!
//! | of | distributions |
//! |---|---|
//! | real numbers | [`Normal`], [`StudentT`], [`Cauchy`], [`Logistic`], [`Laplace`], [`Gumbel`], [`SkewNormal`] |
//! | positive numbers | [`HalfNormal`], [`HalfCauchy`], [`LogNormal`], [`Exponential`], [`Gamma`], [`InverseGamma`], [`Weibull`], [`Pareto`] |
//! | an interval, a circle | [`Uniform`], [`Beta`], [`VonMises`] |
//! | counts | [`Poisson`], [`PoissonLog`], [`NegativeBinomial`], [`NegativeBinomial2`], [`NegativeBinomial2Log`], [`Geometric`] |
//! | yes or no, and of how many | [`Bernoulli`], [`BernoulliLogit`], [`Binomial`], [`BinomialLogit`], [`BetaBinomial`] |
//! | categories, ordered ones last | [`Categorical`], [`CategoricalLogit`], [`OrderedLogistic`] |
//! | vectors | [`MultivariateNormal`], [`Dirichlet`], [`LkjCholesky`] |
//! | another one that is truncated, censored, shifted, or has zeros of its own | [`Truncated`], [`Censored`], [`Shifted`], [`ZeroInflated`], [`Hurdle`] |
//! | a chain of hidden states | [`Markov`] |
//! | several, or none | [`Mixture`], [`Flat`] |
//!
//! A distribution function, a [`Cdf`], have [`Normal`], [`StudentT`], [`Cauchy`], [`Logistic`], [`Laplace`], [`Gumbel`],
//! [`LogNormal`], [`Exponential`], [`Gamma`], [`InverseGamma`], [`Weibull`], [`Uniform`], [`Beta`], the counts but for
//! [`BetaBinomial`], and what is truncated, censored or shifted of these.

pub mod bernoulli;
pub mod bernoulli_logit;
pub mod beta;
pub mod beta_binomial;
pub mod binomial;
pub mod binomial_logit;
pub mod categorical;
pub mod categorical_logit;
pub mod cauchy;
pub mod cdf;
pub mod censored;
mod check;
pub mod dirichlet;
mod distribution;
mod draw;
pub mod exponential;
mod factored;
pub mod flat;
pub mod gamma;
pub mod geometric;
pub mod gumbel;
pub mod half_cauchy;
pub mod half_normal;
pub mod hurdle;
pub mod inverse_gamma;
pub mod laplace;
pub mod lkj_cholesky;
mod location_scale;
pub mod log_normal;
pub mod logistic;
pub mod markov;
mod mass;
pub mod mixture;
pub mod multivariate_normal;
pub mod negative_binomial;
pub mod negative_binomial_2;
pub mod negative_binomial_2_log;
pub mod normal;
pub mod ordered_logistic;
pub mod pareto;
pub mod poisson;
pub mod poisson_log;
#[cfg(test)]
mod reference;
mod region;
pub mod scale_tril;
pub mod shifted;
pub mod skew_normal;
pub mod student_t;
pub mod truncated;
pub mod uniform;
pub mod von_mises;
pub mod weibull;
pub mod zero_inflated;

pub use bernoulli::Bernoulli;
pub use bernoulli_logit::BernoulliLogit;
pub use beta::Beta;
pub use beta_binomial::BetaBinomial;
pub use binomial::Binomial;
pub use binomial_logit::BinomialLogit;
pub use categorical::Categorical;
pub use categorical_logit::CategoricalLogit;
pub use cauchy::Cauchy;
pub use cdf::Cdf;
pub use censored::Censored;
pub use dirichlet::Dirichlet;
pub(crate) use distribution::name_of;
pub use distribution::{ContinuousDistribution, Distribution, FiniteDistribution, VectorDistribution};
pub use exponential::Exponential;
pub use factored::Factored;
pub use flat::Flat;
pub use gamma::Gamma;
pub use geometric::Geometric;
pub use gumbel::Gumbel;
pub use half_cauchy::HalfCauchy;
pub use half_normal::HalfNormal;
pub use hurdle::Hurdle;
pub use inverse_gamma::InverseGamma;
pub use laplace::Laplace;
pub use lkj_cholesky::LkjCholesky;
pub use log_normal::LogNormal;
pub use logistic::Logistic;
pub use markov::{ChainDistribution, Markov};
pub use mixture::{Components, Mixture};
pub use multivariate_normal::MultivariateNormal;
pub use negative_binomial::NegativeBinomial;
pub use negative_binomial_2::NegativeBinomial2;
pub use negative_binomial_2_log::NegativeBinomial2Log;
pub use normal::Normal;
pub use ordered_logistic::OrderedLogistic;
pub use pareto::Pareto;
pub use poisson::Poisson;
pub use poisson_log::PoissonLog;
pub use region::Region;
pub use scale_tril::{DiagPreMultiply, Diagonal, ScaleTril, diag_pre_multiply};
pub use shifted::Shifted;
pub use skew_normal::SkewNormal;
pub use student_t::StudentT;
pub use truncated::Truncated;
pub use uniform::Uniform;
pub use von_mises::VonMises;
pub use weibull::Weibull;
pub use zero_inflated::ZeroInflated;
