//! From the blocks that a task is differentiated in to the task's own coordinates.
//!
//! With J = d(likelihood's coordinates) / d(task's coordinates): gradient J' g, Hessian J' H J + sum_k g_k d2 x_k.

use crate::numbers::pass::{Derivatives, Order, Pass};

/// One block's coordinates: the passes that cover them, and the slot of each in the task's own.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) n: usize,
    pub(crate) passes: Vec<Pass>,
    pub(crate) at: Vec<usize>,
}

impl Default for Route {
    fn default() -> Self {
        Self { n: usize::MAX, passes: Vec::new(), at: Vec::new() }
    }
}

impl Route {
    /// Lays the route for the globals in `reads` and `own` coordinates of the task behind them.
    pub(crate) fn lay(&mut self, reads: &[usize], own: usize, task_reads: &[usize], passes: fn(usize) -> Vec<Pass>) {
        if self.n != reads.len() + own {
            self.n = reads.len() + own;
            self.passes = passes(self.n);
            let slot = |j| task_reads.binary_search(j).expect("task_reads holds every read");
            self.at = reads.iter().map(slot).chain(task_reads.len()..task_reads.len() + own).collect();
        }
    }
}

/// Derivatives of the two blocks of a task, each in its own coordinates, and what joins them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chain {
    pub(crate) prior: Derivatives,
    pub(crate) data: Derivatives,
    /// d x / d (globals read, u), one a value of the task's latents; not needed where x = u.
    pub(crate) values: Vec<Derivatives>,
    pub(crate) prior_route: Route,
    pub(crate) data_route: Route,
    jacobian: Vec<f64>,
}

impl Chain {
    /// The derivatives of the value of that number, in n coordinates.
    pub(crate) fn value(values: &mut Vec<Derivatives>, entry: usize, n: usize, order: Order) -> &mut Derivatives {
        if values.len() == entry {
            values.push(Derivatives::default());
        }
        if values[entry].gradient.len() != n {
            values[entry].reset(n, order);
        }
        &mut values[entry]
    }

    /// Adds the derivatives of the likelihood, which reads so many globals, to those of the task.
    pub(crate) fn apply(&mut self, reads: usize, out: &mut Derivatives) {
        let (n, width) = (out.gradient.len(), self.data.gradient.len());
        self.jacobian.clear();
        self.jacobian.resize(width * n + n, 0.0);
        let (jacobian, product) = self.jacobian.split_at_mut(width * n);
        for i in 0..width {
            if i < reads {
                jacobian[i * n + self.data_route.at[i]] = 1.0;
            } else {
                for (d, slot) in self.values[i - reads].gradient.iter().zip(&self.prior_route.at) {
                    jacobian[i * n + slot] += d;
                }
            }
        }
        for (g, row) in self.data.gradient.iter().zip(jacobian.chunks(n.max(1))) {
            out.gradient.iter_mut().zip(row).for_each(|(out, j)| *out += g * j);
        }
        if out.hessian.is_empty() {
            return;
        }
        for i in 0..width {
            product.fill(0.0);
            for k in 0..width {
                let h = self.data.hessian[i * width + k];
                for (p, j) in product.iter_mut().zip(&jacobian[k * n..(k + 1) * n]) {
                    *p += h * j;
                }
            }
            for (j, out) in jacobian[i * n..(i + 1) * n].iter().zip(out.hessian.chunks_mut(n)) {
                out.iter_mut().zip(&*product).for_each(|(out, p)| *out += j * p);
            }
            if i >= reads {
                out.add_hessian(&self.values[i - reads], self.data.gradient[i], &self.prior_route.at);
            }
        }
    }
}
