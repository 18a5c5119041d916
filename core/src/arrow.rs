//! The arrow-shaped matrix of a hierarchy: a block for theta, a block a task, a border between each task and theta.
//!
//! Eliminating the task blocks leaves a system of the size of theta, so that a solve costs O(M):
//!     A_i = -H_ii,  B_i = -H_ig,  S = -H_gg - sum_i B_i' A_i^-1 B_i,
//!     S p_g = g_g - sum_i B_i' A_i^-1 g_i,   p_i = A_i^-1 (g_i - B_i p_g).

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

/// Tasks handled together by one thread; sums are taken chunk by chunk, in order, whatever the number of threads.
pub(crate) const CHUNK: usize = 64;

/// Gradient and Hessian of a function with arrow-shaped Hessian.
#[derive(Clone, Debug)]
pub(crate) struct Arrow {
    pub(crate) global_gradient: DVector<f64>,
    pub(crate) global_hessian: DMatrix<f64>,
    /// Which global slots the border's columns stand for; common to all tasks.
    pub(crate) border_slots: Vec<usize>,
    pub(crate) tasks: Vec<TaskArrow>,
}

/// One task's gradient (n), Hessian (n x n) and border (n x `border_slots`).
#[derive(Clone, Debug)]
pub(crate) struct TaskArrow {
    pub(crate) gradient: DVector<f64>,
    pub(crate) hessian: DMatrix<f64>,
    pub(crate) border: DMatrix<f64>,
}

/// Which guides a step may move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moving {
    /// All of them.
    Both,
    /// Those of the locals: an E-step.
    Locals,
    /// That of theta: an M-step.
    Global,
}

/// A step, or any vector of the arrow's shape.
#[derive(Clone, Debug)]
pub(crate) struct ArrowVector {
    pub(crate) global: DVector<f64>,
    pub(crate) tasks: Vec<DVector<f64>>,
}

/// A factorised negative Hessian, damped or not.
#[derive(Clone, Debug)]
pub(crate) struct Factorised {
    /// Inverse of the Schur complement S: the global block of the inverse.
    pub(crate) global_inverse: DMatrix<f64>,
    border_slots: Vec<usize>,
    /// For each task A^-1 and W = A^-1 B.
    pub(crate) tasks: Vec<(DMatrix<f64>, DMatrix<f64>)>,
}

impl Arrow {
    /// Holds the guides that do not move: their gradient is taken as 0, and the borders with it.
    pub(crate) fn hold(&mut self, moving: Moving) {
        if moving == Moving::Both {
            return;
        }
        if moving == Moving::Locals {
            self.global_gradient.fill(0.0);
        }
        for task in &mut self.tasks {
            task.border.fill(0.0);
            if moving == Moving::Global {
                task.gradient.fill(0.0);
            }
        }
    }

    /// Factorises -H + damping * metric, where the metric is diagonal; `None` if that is not positive definite.
    pub(crate) fn factorise(&self, damping: f64, metric: &ArrowVector) -> Option<Factorised> {
        let eliminated: Option<Vec<_>> = self
            .tasks
            .par_chunks(CHUNK)
            .zip(metric.tasks.par_chunks(CHUNK))
            .map(|(tasks, metrics)| {
                let width = self.border_slots.len();
                let mut schur = DMatrix::zeros(width, width);
                let mut inverses = Vec::with_capacity(tasks.len());
                for (task, metric) in tasks.iter().zip(metrics) {
                    let mut a = -&task.hessian;
                    for (j, d) in metric.iter().enumerate() {
                        a[(j, j)] += damping * d;
                    }
                    let inverse = a.cholesky()?.inverse();
                    let w = &inverse * -&task.border;
                    schur.gemm_tr(1.0, &task.border, &w, 1.0);
                    inverses.push((inverse, w));
                }
                Some((schur, inverses))
            })
            .collect();
        let eliminated = eliminated?;
        let mut s = -&self.global_hessian;
        for (j, d) in metric.global.iter().enumerate() {
            s[(j, j)] += damping * d;
        }
        let mut tasks = Vec::with_capacity(self.tasks.len());
        for (schur, inverses) in eliminated {
            // -B' W = border' W
            for (a, &row) in self.border_slots.iter().enumerate() {
                for (b, &col) in self.border_slots.iter().enumerate() {
                    s[(row, col)] += schur[(a, b)];
                }
            }
            tasks.extend(inverses);
        }
        s = (&s + s.transpose()) * 0.5;
        let global_inverse = s.cholesky()?.inverse();
        Some(Factorised { global_inverse, border_slots: self.border_slots.clone(), tasks })
    }
}

impl Factorised {
    /// The p that solves (-H + damping) p = gradient of the arrow.
    pub(crate) fn solve(&self, arrow: &Arrow) -> ArrowVector {
        let mut right = arrow.global_gradient.clone();
        for (task, (_, w)) in arrow.tasks.iter().zip(&self.tasks) {
            let share = w.tr_mul(&task.gradient);
            for (s, &slot) in share.iter().zip(&self.border_slots) {
                right[slot] -= s;
            }
        }
        let global = &self.global_inverse * right;
        let seen = self.seen(&global);
        let tasks =
            arrow.tasks.par_iter().zip(&self.tasks).map(|(task, (inverse, w))| inverse * &task.gradient - w * &seen);
        ArrowVector { tasks: tasks.collect(), global }
    }

    /// The entries of a global vector that tasks see.
    fn seen(&self, global: &DVector<f64>) -> DVector<f64> {
        DVector::from_iterator(self.border_slots.len(), self.border_slots.iter().map(|&slot| global[slot]))
    }

    /// Blocks of the inverse that belong to task `i`: its own, and its rows against all global slots.
    pub(crate) fn task_covariance(&self, i: usize) -> (DMatrix<f64>, DMatrix<f64>) {
        let (inverse, w) = &self.tasks[i];
        let seen = DMatrix::from_fn(self.border_slots.len(), self.global_inverse.ncols(), |r, c| {
            self.global_inverse[(self.border_slots[r], c)]
        });
        let cross = -(w * &seen);
        let seen_cross =
            DMatrix::from_fn(cross.nrows(), self.border_slots.len(), |r, c| cross[(r, self.border_slots[c])]);
        (inverse - seen_cross * w.transpose(), cross)
    }
}
