//! A task given theta where its closed forms, and a multivariate normal prior, make it Gaussian: ln p(D_i, phi_i | theta) is
//! quadratic in phi_i.
//!
//! With value v, gradient g and second derivatives -P at the origin, the mean is P^-1 g, and
//!     ln Z_i = v + g' P^-1 g / 2 - ln |P| / 2 + n ln(2 pi) / 2.

use crate::density::Density;
use crate::density::closed::{BlockPoint, ClosedBlock};
use crate::linalg::cholesky;
use crate::linalg::envelope::{Envelope, Symmetric};
use crate::linalg::gaussian::{Gaussian, inverse_transposed};
use crate::linalg::storage::{Adder, Storage};
use crate::numbers::pass::Derivatives;
use crate::special::LN_SQRT_2PI;
use nalgebra::{DMatrix, DVector};
use std::sync::Arc;

/// An unconstrained theta, and exp there of the exponents that tasks share.
#[derive(Clone, Debug)]
pub(crate) struct SharedTheta {
    pub(crate) u: Vec<f64>,
    exps: Vec<f64>,
}

impl SharedTheta {
    /// exp of the exponents that tasks share.
    pub(crate) fn exps(&self) -> &[f64] {
        &self.exps
    }
}

/// A task's log density given theta where it is quadratic: p(phi_i | D_i, theta) is normal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conditional {
    /// The maximum of ln p(D_i, phi_i | theta).
    pub(super) value: f64,
    pub(crate) mean: Vec<f64>,
    /// How the factor of the precision is kept.
    pub(super) storage: Storage,
    pub(super) factor: Vec<f64>,
}

/// Value and derivatives of a quadratic function of phi_i at a point: n numbers and a matrix.
#[derive(Default)]
pub(crate) struct Quadratic {
    pub(crate) value: f64,
    /// The coordinates of the block: the globals that the task reads, and its own.
    u: Vec<f64>,
    /// In all of them.
    pub(super) gradient: Vec<f64>,
    /// How the second derivatives are kept.
    pub(super) storage: Storage,
    pub(super) curvature: Vec<f64>,
}

/// A closed form at a point, whose second derivatives in the coordinates from `first` on are wanted.
struct Curved<'a> {
    block: &'a ClosedBlock<'a>,
    first: usize,
    point: BlockPoint<'a>,
}

impl Adder for Curved<'_> {
    #[inline]
    fn add_to(self, sum: &mut impl Symmetric) {
        self.block.add_curvature(self.first, self.point, sum);
    }
}

impl Conditional {
    /// ln p(D_i | theta).
    pub(crate) fn ln_z(&self) -> f64 {
        self.value - self.ln_det() + self.mean.len() as f64 * LN_SQRT_2PI
    }

    pub(crate) fn gaussian(&self) -> Gaussian {
        let n = self.mean.len();
        let root = inverse_transposed(&DMatrix::from_row_slice(n, n, &self.storage.lower(&self.factor)));
        Gaussian { mean: DVector::from_column_slice(&self.mean), root }
    }

    /// Appends the draw that a standard normal `z` stands for, which is used up: mean + x with F' x = z, F F' being the precision.
    pub(crate) fn draw_into(&self, z: &mut [f64], out: &mut Vec<f64>) {
        self.storage.solve_transposed(&self.factor, z);
        out.extend(self.mean.iter().zip(&*z).map(|(m, x)| m + x));
    }

    /// ln |F|.
    fn ln_det(&self) -> f64 {
        self.storage.ln_det(&self.factor)
    }
}

impl Quadratic {
    /// Adds it to a function of the same coordinates.
    pub(crate) fn add_to(&self, out: &mut Derivatives) {
        out.value += self.value;
        let own = &self.gradient[self.gradient.len() - out.gradient.len()..];
        out.gradient.iter_mut().zip(own).for_each(|(to, g)| *to += g);
        out.hessian.iter_mut().zip(&self.curvature).for_each(|(to, h)| *to += h);
    }

    /// Puts the factor of -curvature in place of it; false where that is not positive definite.
    pub(super) fn factorise(&mut self) -> bool {
        self.curvature.iter_mut().for_each(|c| *c = -*c);
        self.storage.factorise(&mut self.curvature)
    }
}

impl Density<'_> {
    /// A theta to ask tasks about that are Gaussian given it.
    pub(crate) fn share(&self, theta: &[f64]) -> SharedTheta {
        SharedTheta { u: theta.to_vec(), exps: self.shared_at(theta) }
    }

    /// ln E\[ p(D_i | phi_i, theta) \] over a Gaussian phi_i, where the task's closed forms are Gaussian in phi_i: with value v,
    /// gradient g and curvature -H at the mean, and the precision P of phi_i,
    ///     v + (g' (P + H)^-1 g + ln |P| - ln |P + H|) / 2.
    pub(crate) fn ln_expected_likelihood(&self, i: usize, theta: &SharedTheta, phi: &Conditional) -> Option<f64> {
        let (n, reads) = (phi.mean.len(), self.layout.task_reads.len());
        let l = phi.storage.lower(&phi.factor);
        let mut of_data = Quadratic { storage: Storage::Full(n), ..Quadratic::default() };
        self.expand_quadratic(&[self.closed_task(i).data], theta, &phi.mean, &mut of_data);
        for r in 0..n {
            for c in 0..n {
                let until = r.min(c) + 1;
                let [row, col] = [r, c].map(|at| &l[at * n..at * n + until]);
                of_data.curvature[r * n + c] -= row.iter().zip(col).map(|(a, b)| a * b).sum::<f64>();
            }
        }
        if !of_data.factorise() {
            return None;
        }
        let mut solved = of_data.gradient[reads..].to_vec();
        cholesky::solve(&of_data.curvature, n, &mut solved, 1);
        let raised = 0.5 * solved.iter().zip(&of_data.gradient[reads..]).map(|(s, g)| s * g).sum::<f64>();
        Some(of_data.value + raised + phi.ln_det() - cholesky::ln_det(&of_data.curvature, n))
    }

    /// The closed forms of a task, which must be quadratic in phi_i, at the point `u` of phi_i.
    pub(crate) fn closed_part_given(&self, i: usize, theta: &SharedTheta, u: &[f64], out: &mut Quadratic) {
        let task = self.closed_task(i);
        out.storage = Storage::Full(u.len());
        self.expand_quadratic(&[task.latents, task.data], theta, u, out);
    }

    /// The sum of some of a task's closed forms, which must be quadratic in phi_i, around the point `at` of phi_i.
    pub(super) fn expand_quadratic(
        &self,
        closed: &[ClosedBlock<'_>],
        theta: &SharedTheta,
        at: &[f64],
        out: &mut Quadratic,
    ) {
        let reads = self.layout.task_reads.len();
        let Quadratic { value, u, gradient, storage, curvature } = out;
        u.clear();
        u.extend(self.layout.task_reads.iter().map(|&j| theta.u[j]).chain(at.iter().copied()));
        gradient.clear();
        gradient.resize(u.len(), 0.0);
        curvature.clear();
        curvature.resize(storage.len(), 0.0);
        let point = BlockPoint { u, exps: &theta.exps };
        *value = 0.0;
        for block in closed {
            *value += block.at_point(point, gradient);
            storage.add_by(curvature, Curved { block, first: reads, point });
        }
    }

    /// How the precision of a task given theta is kept: within an envelope, if its coordinates are many of which few meet.
    pub(crate) fn storage(&self, i: usize) -> Storage {
        let envelopes = self.envelopes.get_or_init(|| (0..self.num_tasks()).map(|i| self.envelope(i)).collect());
        match &envelopes[i] {
            Some(envelope) => Storage::Within(envelope.clone()),
            None => Storage::Full(self.offsets[i + 1] - self.offsets[i]),
        }
    }

    fn envelope(&self, i: usize) -> Option<Arc<Envelope>> {
        // a prior without closed form is full
        if self.has_open_priors() {
            return None;
        }
        let (task, reads) = (self.closed_task(i), self.layout.task_reads.len());
        let envelope = Envelope::of(self.offsets[i + 1] - self.offsets[i], |see| {
            task.latents.meetings(reads, see);
            task.data.meetings(reads, see);
        });
        envelope.map(Arc::new)
    }

    /// Whether every task is Gaussian given theta, by its closed forms and normal priors alone.
    pub(crate) fn is_gaussian_given_theta(&self) -> bool {
        !self.has_open_data() && self.are_open_priors_normal() && self.is_closed_part_quadratic()
    }

    /// Whether the closed forms of every task are quadratic in phi_i.
    pub(crate) fn is_closed_part_quadratic(&self) -> bool {
        let reads = self.layout.task_reads.len();
        let is_quadratic = |i: usize| {
            let task = self.closed_task(i);
            task.latents.is_quadratic(reads) && task.data.is_quadratic(reads)
        };
        (0..self.num_tasks()).all(is_quadratic)
    }
}
