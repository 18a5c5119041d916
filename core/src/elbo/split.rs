//! Derivatives of tasks, split into each one's own part and their share of the global one.

use crate::density::closed::derivatives::GuideDerivatives;
use crate::linalg::arrow::{Arrow, TaskArrows};
use crate::numbers::pass::Order;
use std::ops::Range;

/// The derivatives of a chunk of tasks, split into each one's own part and their share of the global one.
pub(super) struct Split {
    reads: usize,
    tasks: TaskArrows,
    gradient: Vec<f64>,
    hessian: Vec<f64>,
}

impl Split {
    pub(super) fn new(reads: usize, order: Order) -> Self {
        let hessian = if order == Order::Second { 4 * reads * reads } else { 0 };
        Self { reads, tasks: TaskArrows::default(), gradient: vec![0.0; 2 * reads], hessian: vec![0.0; hessian] }
    }

    /// Adds a task, which counts `weight` times.
    pub(super) fn take(&mut self, sum: &GuideDerivatives, weight: f64) {
        let (n, reads) = (sum.n, self.reads);
        let (own, seen) = ([reads..n, n + reads..2 * n], [0..reads, n..n + reads]);
        let add = |to: &mut [f64], row: &[f64]| {
            // half by half, for the vectoriser
            for (to, slots) in to.chunks_exact_mut(reads.max(1)).zip(&seen) {
                to.iter_mut().zip(&row[slots.clone()]).for_each(|(to, x)| *to += weight * x);
            }
        };
        let push = |to: &mut Vec<f64>, row: &[f64], slots: &[Range<usize>; 2]| {
            for slots in slots {
                to.extend(row[slots.clone()].iter().map(|x| weight * x));
            }
        };
        add(&mut self.gradient, &sum.gradient);
        self.tasks.gradient.push_with(|to| push(to, &sum.gradient, &own));
        if sum.hessian.is_empty() {
            return;
        }
        let rows = |slots: &[Range<usize>; 2]| slots.clone().into_iter().flatten();
        let row = |slot: usize| &sum.hessian[slot * 2 * n..(slot + 1) * 2 * n];
        for (to, slot) in self.hessian.chunks_exact_mut(2 * reads.max(1)).zip(rows(&seen)) {
            add(to, row(slot));
        }
        self.tasks.hessian.push_with(|to| rows(&own).for_each(|slot| push(to, row(slot), &own)));
        self.tasks.border.push_with(|to| rows(&own).for_each(|slot| push(to, row(slot), &seen)));
    }

    /// Adds the chunk to the whole.
    pub(super) fn join(&self, arrow: &mut Arrow) {
        arrow.tasks.append(&self.tasks);
        for (a, &row) in arrow.border_slots.iter().enumerate() {
            arrow.global_gradient[row] += self.gradient[a];
            for (&col, h) in
                arrow.border_slots.iter().zip(&self.hessian[(a * 2 * self.reads).min(self.hessian.len())..])
            {
                arrow.global_hessian[(row, col)] += h;
            }
        }
    }
}
