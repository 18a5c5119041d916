//! Distributions: [`Distribution`] over numbers, [`VectorDistribution`] over vectors. One file a distribution.
//!
//! A distribution is a struct that holds its parameters, each a constant or a number that varies ([`Param`]). It works
//! as a prior and as a likelihood. Names, order and meaning of parameters follow Stan's functions reference.

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
pub mod dirichlet;
pub mod exponential;
pub mod flat;
pub mod gamma;
pub mod geometric;
pub mod gumbel;
pub mod half_cauchy;
pub mod half_normal;
pub mod inverse_gamma;
pub mod laplace;
pub mod lkj_cholesky;
mod location_scale;
pub mod log_normal;
pub mod logistic;
mod mass;
pub mod mixture;
pub mod multivariate_normal;
pub mod negative_binomial;
pub mod negative_binomial_2;
pub mod normal;
pub mod pareto;
pub mod poisson;
pub mod poisson_log;
#[cfg(test)]
mod reference;
pub mod scale_tril;
pub mod student_t;
pub mod truncated;
pub mod uniform;
pub mod weibull;
pub mod zero_inflated_poisson;

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
pub use dirichlet::Dirichlet;
pub use exponential::Exponential;
pub use flat::Flat;
pub use gamma::Gamma;
pub use geometric::Geometric;
pub use gumbel::Gumbel;
pub use half_cauchy::HalfCauchy;
pub use half_normal::HalfNormal;
pub use inverse_gamma::InverseGamma;
pub use laplace::Laplace;
pub use lkj_cholesky::LkjCholesky;
pub use log_normal::LogNormal;
pub use logistic::Logistic;
pub use mixture::{Components, Mixture};
pub use multivariate_normal::MultivariateNormal;
pub use negative_binomial::NegativeBinomial;
pub use negative_binomial_2::NegativeBinomial2;
pub use normal::Normal;
pub use pareto::Pareto;
pub use poisson::Poisson;
pub use poisson_log::PoissonLog;
pub use scale_tril::{DiagPreMultiply, Diagonal, ScaleTril, diag_pre_multiply};
pub use student_t::StudentT;
pub use truncated::{Region, Truncated};
pub use uniform::Uniform;
pub use weibull::Weibull;
pub use zero_inflated_poisson::ZeroInflatedPoisson;

use crate::error::Invalid;
use crate::numbers::form::ClosedForm;
use crate::numbers::number::{Number, Param, Real};
use crate::support::{Continuous, Support, VectorSupport};
use nalgebra::DMatrix;
use rand::Rng;

/// A distribution over numbers, with parameters in the algebra `N`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a distribution over numbers",
    note = "for a vector latent of a distribution of your own, write `w[..] ~ {Self}(...)`"
)]
pub trait Distribution<N: Number>: Clone {
    /// Where its values lie.
    type Support: Support<N>;

    /// Where its values lie, given the parameters.
    fn support(&self) -> Self::Support;

    /// Log of the density (of the mass, for a discrete distribution) at `x`. `-inf` is allowed, NaN is not.
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N>;

    /// Whether the parameters are valid; called before a fit, not while it runs.
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }

    /// A draw; `None` when the distribution has no sampler. Only simulation and prediction need one.
    fn sample<R: Rng + ?Sized>(&self, _rng: &mut R) -> Option<f64> {
        None
    }

    /// For a location-scale family on the real line: x = loc + scale * z, and the log density of the
    /// standardised `z`. Makes the non-centred parameterisation possible.
    #[inline(always)]
    fn non_centred(&self, _z: Real<N>) -> Option<(Real<N>, Real<N>)> {
        None
    }

    /// The log density of the standardised `z` of [`non_centred`](Self::non_centred), as in [`closed_form`](Self::closed_form).
    fn standard_closed_form<X: Param<N>>(&self, _z: X) -> Option<ClosedForm> {
        None
    }

    /// The log density at `x` as a form whose expectation is known, where there is one.
    /// Called with `N = `[`Form`](crate::numbers::form::Form); any other algebra gives `None`.
    fn closed_form<X: Param<N>>(&self, _x: X) -> Option<ClosedForm> {
        None
    }
}

/// A distribution that a scalar latent can have. Every [`Distribution`] with a continuous support is one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the distribution of a latent",
    label = "not a continuous distribution over numbers",
    note = "a discrete latent must be summed out: `Mixture`, or `factor(log_sum_exp(...))`",
    note = "for a vector latent of a distribution of your own, write `w[..] ~ ...`"
)]
pub trait ContinuousDistribution<N: Number>: Distribution<N> {
    /// The value and the log-Jacobian at an unconstrained coordinate: see [`Continuous::constrain`].
    fn constrain(&self, u: Real<N>) -> (Real<N>, Real<N>);
    /// The unconstrained coordinate of a value: see [`Continuous::unconstrain`].
    fn unconstrain(&self, x: f64) -> f64;
}

impl<N: Number, D: Distribution<N>> ContinuousDistribution<N> for D
where
    D::Support: Continuous<N>,
{
    #[inline(always)]
    fn constrain(&self, u: Real<N>) -> (Real<N>, Real<N>) {
        self.support().constrain(u)
    }
    #[inline(always)]
    fn unconstrain(&self, x: f64) -> f64 {
        self.support().unconstrain(x)
    }
}

/// A distribution over vectors, with parameters in the algebra `N`.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a distribution over vectors")]
pub trait VectorDistribution<N: Number>: Clone {
    /// Where its vectors lie.
    type Support: VectorSupport;

    /// Where its vectors lie, given the parameters.
    fn support(&self) -> Self::Support;

    /// Log density at `x`, whose length the caller has checked.
    fn ln_density<X: Param<N>>(&self, x: &[X]) -> Real<N>;

    /// E\[ln p(x)\] of normal x with this mean and the covariance `root * root^T`, with first derivatives in the
    /// parameters, where it has a closed form; `root` has a row an entry of x. Only for distributions over all of R^n.
    fn expected_ln_density(&self, _mean: &[f64], _root: &DMatrix<f64>) -> Option<Real<N>> {
        None
    }

    /// Whether the parameters are valid; called before a fit, not while it runs.
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }

    /// Appends a draw to `x`; `None` when the distribution has no sampler.
    fn sample<R: Rng + ?Sized>(&self, _rng: &mut R, _x: &mut Vec<f64>) -> Option<()> {
        None
    }
}

/// The name of a distribution's type, without path and parameters: "Normal".
pub(crate) fn name_of<D>() -> String {
    let full = std::any::type_name::<D>();
    let head = full.split('<').next().unwrap_or(full);
    head.rsplit("::").next().unwrap_or(head).to_owned()
}

/// Refuses a parameter that is not finite.
pub(crate) fn finite<N: Number>(
    distribution: &'static str,
    name: &'static str,
    parameter: impl Param<N>,
) -> Result<(), Invalid> {
    require(distribution, name, parameter, f64::is_finite, "finite")
}

/// Refuses a parameter that is not a positive finite number.
pub(crate) fn positive<N: Number>(
    distribution: &'static str,
    name: &'static str,
    parameter: impl Param<N>,
) -> Result<(), Invalid> {
    require(distribution, name, parameter, |v| v > 0.0 && v.is_finite(), "positive and finite")
}

/// Refuses a parameter that does not satisfy `valid`.
pub(crate) fn require<N: Number>(
    distribution: &'static str,
    name: &'static str,
    parameter: impl Param<N>,
    valid: impl Fn(f64) -> bool,
    expected: &'static str,
) -> Result<(), Invalid> {
    let value = parameter.value();
    if valid(value) {
        return Ok(());
    }
    Err(Invalid { distribution, name, value, expected, varies: parameter.varies() })
}
