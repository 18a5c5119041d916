//! What a task is asked about a theta, and what it answers.

use nalgebra::{DMatrix, DVector};

/// What a task says of one theta: ln Z_i, and draws of phi_i.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// ln Z_i; -inf for a theta under which the task is impossible.
    pub(crate) ln_z: f64,
    pub(crate) draws: Vec<DVector<f64>>,
    pub(crate) mode: DVector<f64>,
    /// Weights of the proposals relative to their mean; empty where Z_i is exact.
    pub(crate) weights: Vec<f64>,
}

/// What a task says of the probability of its data under one theta.
#[derive(Clone, Debug)]
pub(crate) struct TaskEvidence {
    pub(crate) ln_z: f64,
    /// How noisy ln Z_i is, at most; 0 where it is exact.
    pub(crate) variance: f64,
    /// As those of an [`Answer`].
    pub(crate) weights: Vec<f64>,
}

/// What a task is asked.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) task: usize,
    /// The number of the fixed theta.
    pub(crate) theta: usize,
    pub(crate) guess: Guess<'a>,
    pub(crate) inner: Inner,
}

/// A task, and the number of a fixed theta.
#[derive(Clone, Copy, Debug)]
pub(super) struct TaskGiven {
    pub(super) task: usize,
    pub(super) theta: usize,
}

impl Ask<'_> {
    pub(super) fn at(&self) -> TaskGiven {
        TaskGiven { task: self.task, theta: self.theta }
    }
}

/// How many draws of phi_i are wanted, and how many proposals may be spent on them: a power of 2.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inner {
    pub(crate) wanted: usize,
    pub(crate) most: usize,
}

/// Where to look for phi_i given theta first, and the covariance to fall back on.
#[derive(Clone, Copy)]
pub(crate) struct Guess<'a> {
    pub(crate) start: &'a DVector<f64>,
    pub(crate) covariance: &'a DMatrix<f64>,
}
