//! The expectation of the first latent of a task under a normal, in closed form.
//!
//! Where a value comes from: the normal's mean. How it is transformed: by its support. What is accumulated: E\[ln p\] of the
//! first site, which no other latent of the task can have a say in, if it is a vector whose distribution knows it.

use crate::dist::{ContinuousDistribution, VectorDistribution};
use crate::model::{Interpreter, Site};
use crate::numbers::number::{Number, Real};
use crate::support::VectorSupport;
use nalgebra::{DMatrix, DVector};

/// The state: the normal (mean, root of its covariance), the next coordinate, and what was found.
#[derive(Debug)]
pub struct Expected<'a, N: Number> {
    mean: &'a DVector<f64>,
    root: &'a DMatrix<f64>,
    next: usize,
    /// E\[ln p\] of the first site.
    pub found: Option<Real<N>>,
}

impl<'a, N: Number> Expected<'a, N> {
    /// A visit of a task whose unconstrained coordinates have this mean and the covariance `root * root^T`.
    pub fn new(mean: &'a DVector<f64>, root: &'a DMatrix<f64>) -> Self {
        Self { mean, root, next: 0, found: None }
    }

    fn read(&mut self, count: usize) -> Vec<Real<N>> {
        let read = self.mean.as_slice()[self.next..self.next + count].iter().map(|&u| Real::constant(u)).collect();
        self.next += count;
        read
    }
}

impl<N: Number> Interpreter for Expected<'_, N> {
    type N = N;

    fn sample<D: ContinuousDistribution<N>>(&mut self, _: &Site, dist: D) -> Real<N> {
        dist.constrain(self.read(1)[0]).0
    }

    fn sample_vector<D: VectorDistribution<N>>(&mut self, _: &Site, dist: D, out: &mut Vec<Real<N>>) {
        let (support, first) = (dist.support(), self.next);
        let u = self.read(support.num_coordinates());
        if first == 0 {
            let root = self.root.rows(0, u.len()).into_owned();
            self.found = dist.expected_ln_density(&self.mean.as_slice()[..u.len()], &root);
        }
        out.clear();
        support.constrain(&u, out);
    }

    passes_data_by!(N);
}
