//! A task given theta where its closed forms make it Gaussian: ln p(D_i, phi_i | theta) is quadratic in phi_i.

use crate::density::Density;
use crate::density::closed::{BlockPoint, ClosedBlock};
use crate::linalg::gaussian::{Gaussian, ln_determinant};
use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

/// A task's log density given theta where it is quadratic: its maximum, where that is, and minus its second derivatives.
#[derive(Clone, Debug)]
pub(crate) struct Conditional {
    pub(crate) value: f64,
    pub(crate) mean: DVector<f64>,
    pub(crate) precision: Cholesky<f64, Dyn>,
}

impl Conditional {
    /// p(phi_i | D_i, theta).
    pub(crate) fn gaussian(&self) -> Gaussian {
        Gaussian::of_precision(self.mean.clone(), &self.precision)
    }
}

/// Nats above which a difference is not exact enough to be taken.
const CANCELLING: f64 = 1e5;

/// An unconstrained theta, and exp there of the exponents that tasks share.
#[derive(Clone, Debug)]
pub(crate) struct SharedTheta {
    pub(crate) u: Vec<f64>,
    exps: Vec<f64>,
}

/// Value and derivatives of a quadratic function of phi_i at a point.
struct Quadratic {
    value: f64,
    gradient: DVector<f64>,
    curvature: DMatrix<f64>,
}

impl Density<'_> {
    /// A theta to ask tasks about that are Gaussian given it.
    pub(crate) fn share(&self, theta: &[f64]) -> SharedTheta {
        SharedTheta { u: theta.to_vec(), exps: self.shared_at(theta) }
    }

    /// p(phi_i | theta) p(D_i | phi_i, theta) as a Gaussian in the task's coordinates, if its closed forms are one.
    pub(crate) fn conditional(&self, i: usize, theta: &SharedTheta) -> Option<Conditional> {
        let task = self.closed_task(i);
        let origin = DVector::zeros(self.offsets[i + 1] - self.offsets[i]);
        let Quadratic { value, gradient, curvature } = self.quadratic(&[task.latents, task.data], theta, &origin);
        let precision = (-curvature).cholesky()?;
        let mut mean = precision.solve(&gradient);
        let mut raised = 0.5 * mean.dot(&gradient);
        let mut value = value;
        if raised > CANCELLING {
            // the difference of two large numbers: around where the mean seems to be it is that of two small ones
            let around = self.quadratic(&[task.latents, task.data], theta, &mean);
            let step = precision.solve(&around.gradient);
            (value, raised) = (around.value, 0.5 * step.dot(&around.gradient));
            mean += step;
        }
        let value = value + raised;
        Some(Conditional { value, mean, precision })
    }

    /// ln E\[ p(D_i | phi_i, theta) \] over a Gaussian phi_i, where the task's closed forms are Gaussian in phi_i: with value v,
    /// gradient g and curvature -H at the mean, and the precision P of phi_i,
    ///     v + (g' (P + H)^-1 g + ln |P| - ln |P + H|) / 2.
    pub(crate) fn ln_expected_likelihood(&self, i: usize, theta: &SharedTheta, phi: &Conditional) -> Option<f64> {
        let Quadratic { value, gradient, curvature } = self.quadratic(&[self.closed_task(i).data], theta, &phi.mean);
        let root = phi.precision.l_dirty().lower_triangle();
        let sum = (&root * root.transpose() - curvature).cholesky()?;
        let raised = 0.5 * gradient.dot(&sum.solve(&gradient));
        Some(value + raised + ln_determinant(&root) - ln_determinant(sum.l_dirty()))
    }

    /// The sum of some of a task's closed forms, which must be quadratic in phi_i, around the point `at` of phi_i.
    fn quadratic(&self, closed: &[ClosedBlock<'_>], theta: &SharedTheta, at: &DVector<f64>) -> Quadratic {
        let reads = self.layout.task_reads.len();
        let u: Vec<f64> = self.layout.task_reads.iter().map(|&j| theta.u[j]).chain(at.iter().copied()).collect();
        let point = BlockPoint { u: &u, exps: &theta.exps };
        let mut gradient = vec![0.0; u.len()];
        let mut curvature = DMatrix::zeros(at.len(), at.len());
        let mut value = 0.0;
        for block in closed {
            value += block.at_point(point, &mut gradient);
            block.add_curvature(reads, point, &mut curvature);
        }
        Quadratic { value, gradient: DVector::from_column_slice(&gradient[reads..]), curvature }
    }

    /// Whether every task is Gaussian given theta, by its closed forms alone.
    pub(crate) fn is_gaussian_given_theta(&self) -> bool {
        let reads = self.layout.task_reads.len();
        let is_quadratic = |i: usize| {
            let task = self.closed_task(i);
            task.latents.is_quadratic(reads) && task.data.is_quadratic(reads)
        };
        !self.samples_tasks && (0..self.num_tasks()).all(is_quadratic)
    }
}
