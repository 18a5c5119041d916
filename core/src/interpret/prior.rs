//! The normal that a task's first latents have given theta.
//!
//! Where a value comes from: it is 0. How it is transformed: by its support. What is accumulated: mean and root of the
//! first site, which no other latent of the task can have a say in, if it is a vector whose distribution is a normal.

use crate::dist::{ChainDistribution, ContinuousDistribution, Distribution, FiniteDistribution, VectorDistribution};
use crate::model::{Chain, Datum, Interpreter, Site, VectorDatum};
use crate::numbers::number::Real;
use crate::support::VectorSupport;

/// The state: coordinates passed so far, and where mean and Cholesky factor are appended.
#[derive(Debug)]
pub struct FirstNormal<'a> {
    next: usize,
    mean: &'a mut Vec<f64>,
    tril: &'a mut Vec<f64>,
    /// Whether the first site was a normal.
    pub found: bool,
}

impl<'a> FirstNormal<'a> {
    /// A visit that appends what it finds to the mean, and to the packed lower triangle of the root.
    pub fn new(mean: &'a mut Vec<f64>, tril: &'a mut Vec<f64>) -> Self {
        Self { next: 0, mean, tril, found: false }
    }
}

impl Interpreter for FirstNormal<'_> {
    type N = f64;

    fn sample<D: ContinuousDistribution<f64>>(&mut self, _: &Site, dist: D) -> Real<f64> {
        self.next += 1;
        dist.constrain(Real(0.0)).0
    }

    fn sample_vector<D: VectorDistribution<f64>>(&mut self, _: &Site, dist: D, out: &mut Vec<Real<f64>>) {
        if self.next == 0 {
            self.found = dist.as_normal(self.mean, self.tril);
        }
        let support = dist.support();
        self.next += support.num_coordinates();
        out.clear();
        support.constrain(&vec![Real(0.0); support.num_coordinates()], out);
    }

    fn observe<D: Distribution<f64>>(&mut self, _: &Site, _: impl Datum, _: D) {}

    fn observe_vector<D: VectorDistribution<f64>>(&mut self, _: &Site, _: impl VectorDatum, _: D) {}

    fn factor(&mut self, _: &Site, _: Real<f64>) {}

    fn sum_out<D: FiniteDistribution<f64>>(&mut self, _: &Site, _: &Site, _: D, _: impl Fn(&mut Self, usize)) {}

    fn sum_chain<D: ChainDistribution<f64>>(&mut self, _: &Site, _: &Site, _: Chain<D>, _: impl Fn(&mut Self)) {}

    fn given_entry(&mut self, _: usize, _: impl Fn(&mut Self, usize)) {}
}
