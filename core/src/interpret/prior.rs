//! The normal that a task's first latents have given theta.
//!
//! Where a value comes from: it is 0. How it is transformed: by its support. What is accumulated: mean and root of the
//! first site, which no other latent of the task can have a say in, if it is a vector whose distribution is a normal.

use crate::dist::multivariate_normal::natural::natural_parameters;
use crate::dist::{ChainDistribution, ContinuousDistribution, Distribution, FiniteDistribution, VectorDistribution};
use crate::model::{Chain, Datum, Interpreter, Site, VectorDatum};
use crate::numbers::number::{Number, Real};
use crate::support::VectorSupport;

/// The state: coordinates passed so far, and where mean and Cholesky factor are appended.
#[derive(Clone, Debug, Default)]
pub struct FirstNormal<N: Number> {
    next: usize,
    /// Its mean.
    pub mean: Vec<Real<N>>,
    /// The Cholesky factor of its covariance, a packed lower triangle.
    pub tril: Vec<Real<N>>,
    /// Whether the first site was a normal.
    pub found: bool,
}

impl<N: Number> FirstNormal<N> {
    /// Forgets everything, before another visit.
    pub(crate) fn restart(&mut self) {
        self.next = 0;
        self.mean.clear();
        self.tril.clear();
        self.found = false;
    }

    /// Its natural parameters; none if there was no normal.
    pub(crate) fn natural_parameters(&self) -> Vec<Real<N>> {
        if self.found { natural_parameters(&self.mean, &self.tril) } else { Vec::new() }
    }
}

impl<N: Number> Interpreter for FirstNormal<N> {
    type N = N;

    fn sample<D: ContinuousDistribution<N>>(&mut self, _: &Site, dist: D) -> Real<N> {
        self.next += 1;
        dist.constrain(Real::constant(0.0)).0
    }

    fn sample_vector<D: VectorDistribution<N>>(&mut self, _: &Site, dist: D, out: &mut Vec<Real<N>>) {
        if self.next == 0 {
            self.found = dist.as_normal(&mut self.mean, &mut self.tril);
        }
        let support = dist.support();
        self.next += support.num_coordinates();
        out.clear();
        support.constrain(&vec![Real::constant(0.0); support.num_coordinates()], out);
    }

    fn observe<D: Distribution<N>>(&mut self, _: &Site, _: impl Datum, _: D) {}

    fn observe_vector<D: VectorDistribution<N>>(&mut self, _: &Site, _: impl VectorDatum, _: D) {}

    fn factor(&mut self, _: &Site, _: Real<N>) {}

    fn sum_out<D: FiniteDistribution<N>>(&mut self, _: &Site, _: &Site, _: D, _: impl Fn(&mut Self, usize)) {}

    fn sum_chain<D: ChainDistribution<N>>(&mut self, _: &Site, _: &Site, _: Chain<D>, _: impl Fn(&mut Self)) {}

    fn given_entry(&mut self, _: usize, _: impl Fn(&mut Self, usize)) {}
}
