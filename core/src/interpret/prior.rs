//! The normal that a task's first latents have given theta.

use crate::dist::VectorDistribution;
use crate::dist::multivariate_normal::natural::natural_parameters;
use crate::numbers::number::{Number, Real};

/// Mean and root of the covariance of the first site, which no other latent of the task can have a say in, if it is a vector
/// whose distribution is a normal.
#[derive(Clone, Debug, Default)]
pub(crate) struct FirstNormal<N: Number> {
    /// Its mean.
    pub(crate) mean: Vec<Real<N>>,
    /// The Cholesky factor of its covariance, a packed lower triangle.
    pub(crate) tril: Vec<Real<N>>,
    /// Whether the first site was a normal.
    pub(crate) found: bool,
}

impl<N: Number> FirstNormal<N> {
    /// Forgets everything, before another visit.
    pub(crate) fn restart(&mut self) {
        self.mean.clear();
        self.tril.clear();
        self.found = false;
    }

    /// The distribution of the first site.
    pub(super) fn set(&mut self, dist: &impl VectorDistribution<N>) {
        self.found = dist.as_normal(&mut self.mean, &mut self.tril);
    }

    /// Its natural parameters; none if there was no normal.
    pub(crate) fn natural_parameters(&self) -> Vec<Real<N>> {
        if self.found { natural_parameters(&self.mean, &self.tril) } else { Vec::new() }
    }
}
