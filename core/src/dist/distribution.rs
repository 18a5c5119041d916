//! What a distribution is: [`Distribution`] over numbers, [`ContinuousDistribution`] for latents, [`VectorDistribution`]
//! over vectors.

use crate::dist::factored::Factored;
use crate::error::Invalid;
use crate::numbers::form::ClosedForm;
use crate::numbers::{Number, Param, Real};
use crate::support::{Continuous, FiniteSupport, Support, VectorSupport};
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

    /// The support, given the parameters.
    fn support(&self) -> Self::Support;

    /// Log of the density (of the mass, for a discrete distribution) at `x`. `-inf` is allowed, NaN is not.
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N>;

    /// Multiplies a product of densities by the one at `x`. What has a factor whose logarithm takes time leaves it to be taken
    /// once, of the product.
    #[inline(always)]
    fn multiply_into<X: Param<N>>(&self, x: X, product: &mut Factored<N>) {
        product.ln += self.ln_density(x);
    }

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
    note = "where the macro sees the distribution, `z ~ Bernoulli(p)` in the plate, a discrete latent is summed out",
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

/// A distribution that a discrete latent can have. Every [`Distribution`] with a finite support is one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the distribution of a discrete latent",
    label = "not a distribution over finitely many values"
)]
pub trait FiniteDistribution<N: Number>: Distribution<N> {
    /// How many values there are: 0, 1, ...
    fn num_values(&self) -> usize;
}

impl<N: Number, D: Distribution<N>> FiniteDistribution<N> for D
where
    D::Support: FiniteSupport,
{
    #[inline(always)]
    fn num_values(&self) -> usize {
        self.support().num_values()
    }
}

/// A distribution over vectors, with parameters in the algebra `N`.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a distribution over vectors")]
pub trait VectorDistribution<N: Number>: Clone {
    /// Where its vectors lie.
    type Support: VectorSupport;

    /// The support, given the parameters.
    fn support(&self) -> Self::Support;

    /// Log density at `x`, whose length the caller has checked.
    fn ln_density<X: Param<N>>(&self, x: &[X]) -> Real<N>;

    /// E\[ln p(x)\] of normal x with this mean and the covariance `root * root^T`, with first derivatives in the
    /// parameters, where it has a closed form; `root` has a row an entry of x. Only for distributions over all of R^n.
    fn expected_ln_density(&self, _mean: &[f64], _root: &DMatrix<f64>) -> Option<Real<N>> {
        None
    }

    /// Where it is a multivariate normal, appends its mean, and the Cholesky factor of its covariance as a packed lower
    /// triangle, row by row; true then. Only for distributions over all of R^n.
    fn as_normal(&self, _mean: &mut Vec<Real<N>>, _tril: &mut Vec<Real<N>>) -> bool {
        false
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
    last_of_path(std::any::type_name::<D>())
}

fn last_of_path(full: &str) -> String {
    let head = full.split('<').next().unwrap_or(full);
    head.rsplit("::").next().unwrap_or(head).to_owned()
}
