//! The arrow-shaped matrix of a hierarchy: a block for theta, a block a task, a border between each task and theta.
//!
//! Eliminating the task blocks leaves a system of the size of theta, so that a solve costs O(M):
//!     A_i = -H_ii,  B_i = -H_ig,  S = -H_gg - sum_i B_i' A_i^-1 B_i,
//!     S p_g = g_g - sum_i B_i' A_i^-1 g_i,   p_i = A_i^-1 (g_i - B_i p_g).

use crate::linalg::cholesky;
use crate::linalg::ragged::{Ragged, add};
use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

/// Tasks handled together by one thread; sums are taken chunk by chunk, in order, whatever the number of threads.
pub(crate) const CHUNK: usize = 64;

/// Gradient and Hessian of a function with arrow-shaped Hessian.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug)]
pub(crate) struct Arrow {
    pub(crate) global_gradient: DVector<f64>,
    pub(crate) global_hessian: DMatrix<f64>,
    /// Which global slots the borders' columns stand for; common to all tasks.
    pub(crate) border_slots: Vec<usize>,
    pub(crate) tasks: TaskArrows,
}

/// For each task its gradient (n), its Hessian (n x n) and its border (n x `border_slots`), row by row; the latter two
/// are empty where only gradients were taken.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, Default)]
pub(crate) struct TaskArrows {
    pub(crate) gradient: Ragged,
    pub(crate) hessian: Ragged,
    pub(crate) border: Ragged,
}

impl TaskArrows {
    pub(crate) fn append(&mut self, other: &Self) {
        self.gradient.append(&other.gradient);
        self.hessian.append(&other.hessian);
        self.border.append(&other.border);
    }
}

/// Which guides a step may move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moving {
    /// All guides.
    Both,
    /// The guides of the locals: an E-step.
    Locals,
    /// The guide of theta: an M-step.
    Global,
}

/// A step, or any vector of the arrow's shape.
#[derive(Clone, Debug)]
pub(crate) struct ArrowVector {
    pub(crate) global: DVector<f64>,
    pub(crate) tasks: Ragged,
}

impl ArrowVector {
    /// Zeros, of so many numbers of theta, and of each task.
    pub(crate) fn zeros(globals: usize, tasks: impl IntoIterator<Item = usize>) -> Self {
        let mut zeros = Ragged::default();
        tasks.into_iter().for_each(|width| zeros.push(std::iter::repeat_n(0.0, width)));
        Self { global: DVector::zeros(globals), tasks: zeros }
    }

    /// Adds another, whose tasks are those from `first` on here.
    pub(crate) fn add(&mut self, other: &Self, first: usize) {
        add(self.global.as_mut_slice(), other.global.as_slice());
        other.tasks.iter().enumerate().for_each(|(i, from)| add(&mut self.tasks[first + i], from));
    }

    /// The numbers of theta, then those of each task.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &f64> {
        self.global.iter().chain(&self.tasks.numbers)
    }

    /// All numbers, to be changed.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut f64> {
        self.global.iter_mut().chain(&mut self.tasks.numbers)
    }

    /// The sum of products of numbers at the same place.
    pub(crate) fn dot(&self, other: &Self) -> f64 {
        self.iter().zip(other.iter()).map(|(a, b)| a * b).sum()
    }

    /// The longest move of a log-scale, of a step whose levels are (locs, `ln_scales`).
    pub(crate) fn longest_ln_scale(&self) -> f64 {
        let longest = |p: &[f64]| p.iter().skip(p.len() / 2).fold(0.0, |a: f64, b| a.max(b.abs()));
        self.tasks.iter().map(longest).fold(longest(self.global.as_slice()), f64::max)
    }
}

/// The tasks of a negative Hessian as eliminated.
#[derive(Clone, Debug)]
pub(crate) struct Eliminated {
    border_slots: Vec<usize>,
    /// For each task the Cholesky factor of A, and W = A^-1 B, row by row.
    factors: Ragged,
    w: Ragged,
}

/// Blocks of an inverse that belong to one task.
pub(crate) struct TaskCovariance {
    /// The task's own slots.
    pub(crate) own: DMatrix<f64>,
    /// The task's slots against all global ones.
    pub(crate) cross: DMatrix<f64>,
}

/// A factorised negative Hessian, damped or not.
#[derive(Clone, Debug)]
pub(crate) struct Factorised {
    /// Inverse of the Schur complement S: the global block of the inverse.
    pub(crate) global_inverse: DMatrix<f64>,
    border_slots: Vec<usize>,
    /// For each task the Cholesky factor of A, and W = A^-1 B, row by row.
    factors: Ragged,
    w: Ragged,
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
        self.tasks.border.numbers.fill(0.0);
        if moving == Moving::Global {
            self.tasks.gradient.numbers.fill(0.0);
        }
    }

    /// The Hessian times a vector of the tasks' slots.
    pub(crate) fn times(&self, tasks: &Ragged) -> ArrowVector {
        let mut product = ArrowVector::zeros(self.global_gradient.len(), tasks.iter().map(<[f64]>::len));
        for (i, v) in tasks.iter().enumerate() {
            for (to, row) in product.tasks[i].iter_mut().zip(self.tasks.hessian[i].chunks_exact(v.len())) {
                *to += row.iter().zip(v).map(|(h, v)| h * v).sum::<f64>();
            }
            for (row, v) in self.tasks.border[i].chunks_exact(self.border_slots.len().max(1)).zip(v) {
                self.border_slots.iter().zip(row).for_each(|(&slot, b)| product.global[slot] += b * v);
            }
        }
        product
    }

    /// The gradient.
    pub(crate) fn gradient(&self) -> ArrowVector {
        ArrowVector { global: self.global_gradient.clone(), tasks: self.tasks.gradient.clone() }
    }

    /// Factorises -H + damping * metric, where the metric is diagonal; `None` if that is not positive definite.
    pub(crate) fn factorise(&self, damping: f64, metric: &ArrowVector) -> Option<Factorised> {
        let (s, Eliminated { border_slots, factors, w }) = self.eliminate(damping, metric)?;
        Some(Factorised { global_inverse: s.cholesky()?.inverse(), border_slots, factors, w })
    }

    /// The Schur complement of -H + damping * metric, and the tasks as eliminated; `None` if a task's block is not
    /// positive definite.
    pub(crate) fn eliminate(&self, damping: f64, metric: &ArrowVector) -> Option<(DMatrix<f64>, Eliminated)> {
        let width = self.border_slots.len();
        let tasks = self.tasks.hessian.len();
        let eliminated: Option<Vec<_>> = (0..tasks.div_ceil(CHUNK))
            .into_par_iter()
            .map(|chunk| {
                let mut schur = DMatrix::zeros(width, width);
                let (mut factors, mut w) = (Ragged::with_capacity(CHUNK), Ragged::with_capacity(CHUNK));
                for i in chunk * CHUNK..tasks.min((chunk + 1) * CHUNK) {
                    let (metric, border) = (&metric.tasks[i], &self.tasks.border[i]);
                    let n = metric.len();
                    factors.push(self.tasks.hessian[i].iter().map(|h| -h));
                    let a = &mut factors[i % CHUNK];
                    metric.iter().enumerate().for_each(|(j, d)| a[j * n + j] += damping * d);
                    if !cholesky::factorise(a, n) {
                        return None;
                    }
                    w.push(border.iter().map(|b| -b));
                    let w = &mut w[i % CHUNK];
                    cholesky::solve(a, n, w, width);
                    add_transposed_product(schur.as_mut_slice(), border, w, width);
                }
                Some((schur, factors, w))
            })
            .collect();
        let mut s = -&self.global_hessian;
        for (j, d) in metric.global.iter().enumerate() {
            s[(j, j)] += damping * d;
        }
        let (mut factors, mut w) = (Ragged::with_capacity(tasks), Ragged::with_capacity(tasks));
        for (schur, factors_here, w_here) in eliminated? {
            // -B' W = border' W
            for (a, &row) in self.border_slots.iter().enumerate() {
                for (b, &col) in self.border_slots.iter().enumerate() {
                    s[(row, col)] += schur[(a, b)];
                }
            }
            factors.append(&factors_here);
            w.append(&w_here);
        }
        s = (&s + s.transpose()) * 0.5;
        Some((s, Eliminated { border_slots: self.border_slots.clone(), factors, w }))
    }
}

impl Eliminated {
    /// The step of the tasks that goes with a step of theta: p_i = -A_i^-1 B_i p_g.
    pub(crate) fn with_tasks(&self, global: DVector<f64>) -> ArrowVector {
        let width = self.border_slots.len();
        let seen: Vec<f64> = self.border_slots.iter().map(|&slot| global[slot]).collect();
        let mut tasks = Ragged::with_capacity(self.w.len());
        for (w, factor) in self.w.iter().zip(self.factors.iter()) {
            let row = |r: usize| &w[r * width..(r + 1) * width];
            let moved = |r: usize| -row(r).iter().zip(&seen).map(|(w, s)| w * s).sum::<f64>();
            tasks.push((0..factor.len().isqrt()).map(moved));
        }
        ArrowVector { global, tasks }
    }
}

/// sum += A' B, of matrices with that many columns; A' B is symmetric here, so that its order does not matter.
fn add_transposed_product(sum: &mut [f64], a: &[f64], b: &[f64], columns: usize) {
    for (a, b) in a.chunks_exact(columns.max(1)).zip(b.chunks_exact(columns.max(1))) {
        for (a, sum) in a.iter().zip(sum.chunks_exact_mut(columns)) {
            sum.iter_mut().zip(b).for_each(|(sum, b)| *sum += a * b);
        }
    }
}

impl Factorised {
    /// The p that solves (-H + damping) p = gradient of the arrow.
    pub(crate) fn solve(&self, arrow: &Arrow) -> ArrowVector {
        self.solve_for(arrow.gradient())
    }

    /// The p that solves (-H + damping) p = g, of any g.
    pub(crate) fn solve_for(&self, ArrowVector { global: mut right, mut tasks }: ArrowVector) -> ArrowVector {
        let width = self.border_slots.len();
        for (gradient, w) in tasks.iter().zip(self.w.iter()) {
            for (g, row) in gradient.iter().zip(w.chunks_exact(width.max(1))) {
                row.iter().zip(&self.border_slots).for_each(|(w, &slot)| right[slot] -= w * g);
            }
        }
        let global = &self.global_inverse * right;
        let seen: Vec<f64> = self.border_slots.iter().map(|&slot| global[slot]).collect();
        for i in 0..tasks.len() {
            let p = &mut tasks[i];
            cholesky::solve(&self.factors[i], p.len(), p, 1);
            for (p, row) in p.iter_mut().zip(self.w[i].chunks_exact(width.max(1))) {
                *p -= row.iter().zip(&seen).map(|(w, s)| w * s).sum::<f64>();
            }
        }
        ArrowVector { global, tasks }
    }

    /// Blocks of the inverse that belong to task `i`.
    pub(crate) fn task_covariance(&self, i: usize) -> TaskCovariance {
        let width = self.border_slots.len();
        let n = self.factors[i].len().isqrt();
        let w = DMatrix::from_row_slice(n, width, &self.w[i]);
        let mut inverse = DMatrix::identity(n, n);
        cholesky::solve(&self.factors[i], n, inverse.as_mut_slice(), n);
        let seen =
            DMatrix::from_fn(width, self.global_inverse.ncols(), |r, c| self.global_inverse[(self.border_slots[r], c)]);
        let cross = -(&w * &seen);
        let seen_cross = DMatrix::from_fn(n, width, |r, c| cross[(r, self.border_slots[c])]);
        TaskCovariance { own: inverse - seen_cross * w.transpose(), cross }
    }
}
