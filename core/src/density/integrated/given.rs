//! Tasks given w: what remains of them once all is integrated.

use crate::density::bordered::Extent;
use crate::density::integrated::{Integrated, Integration, TaskRoom};

/// The tasks given theta.
pub(crate) struct TasksGiven {
    /// By task: ln p(D_i | theta).
    pub(crate) ln_z: Vec<f64>,
    /// E\[phi_i\], one task behind the other.
    means: Vec<f64>,
    factors: Vec<f64>,
}

/// A task given w: phi = phi_0 + P_ii^-1 g_i + G d + e, with G = -P_ii^-1 P_iw and the precision P_ii of e.
pub(in crate::density) struct GivenW<'a> {
    extent: &'a Extent,
    /// G, and a column more.
    solved: &'a [f64],
    factor: &'a [f64],
}

impl Integrated {
    /// A task given w.
    pub(in crate::density) fn given_w<'s>(&'s self, integration: &'s Integration, i: usize) -> GivenW<'s> {
        let TaskRoom { extent, first, .. } = &integration.tasks[i];
        let solved = &self.solved[first.solved..][..extent.coordinates * (extent.seats.len() + 1)];
        GivenW { extent, solved, factor: &self.factors[first.factor..][..extent.storage.len()] }
    }

    /// By task, E\[phi_i\] where w is so far from w_0.
    pub(in crate::density) fn means_given(&self, integration: &Integration, step: &[f64]) -> Vec<f64> {
        let mut means = Vec::with_capacity(integration.phi.len());
        (0..integration.tasks.len()).for_each(|i| means.extend(self.given_w(integration, i).means(step)));
        means
    }

    /// The tasks where w is so far from w_0.
    pub(crate) fn tasks_given(&self, integration: &Integration, step: &[f64]) -> TasksGiven {
        let (mut ln_z, mut d) = (self.ln_z.clone(), Vec::new());
        for (ln_z, TaskRoom { extent, first, .. }) in ln_z.iter_mut().zip(&integration.tasks) {
            d.clear();
            d.extend(extent.seats.iter().map(|seat| step[seat.of_w]));
            let mut triangle = &self.curvatures[first.curvature..];
            for (r, d_r) in d.iter().enumerate() {
                let (row, below) = triangle.split_at(r + 1);
                let bent = row[..r].iter().zip(&d).map(|(c, d)| c * d).sum::<f64>() + 0.5 * row[r] * d_r;
                *ln_z += d_r * (self.slopes[first.seat + r] - bent);
                triangle = below;
            }
        }
        TasksGiven { ln_z, means: self.means_given(integration, step), factors: self.factors.clone() }
    }
}

impl<'a> GivenW<'a> {
    pub(in crate::density) fn coordinates(&self) -> usize {
        self.extent.coordinates
    }

    /// E\[phi_i\] where w is so far from w_0.
    fn means(self, step: &'a [f64]) -> impl Iterator<Item = f64> {
        let Self { extent: Extent { seats, .. }, solved, .. } = self;
        let mean = move |row: &[f64]| {
            row[seats.len()] + row.iter().zip(seats).map(|(x, seat)| x * step[seat.of_w]).sum::<f64>()
        };
        solved.chunks_exact(seats.len() + 1).map(mean)
    }

    /// Adds c' G to the coefficients of w, and puts those of e, in units of a root of its covariance, in place of c.
    pub(in crate::density) fn take_apart(&self, c: &mut [f64], of_w: &mut Vec<(usize, f64)>) {
        let seats = &self.extent.seats;
        for (c, row) in c.iter().zip(self.solved.chunks_exact(seats.len() + 1)) {
            of_w.extend(seats.iter().zip(row).map(|(seat, g)| (seat.of_w, c * g)));
        }
        self.extent.storage.solve_factor(self.factor, c);
    }
}

impl TasksGiven {
    /// Appends the draw of phi that a standard normal z stands for, which is used up.
    pub(crate) fn draw_into(&self, TaskRoom { extent, first, .. }: &TaskRoom, z: &mut [f64], out: &mut Vec<f64>) {
        let factor = &self.factors[first.factor..][..extent.storage.len()];
        extent.storage.solve_transposed(factor, z);
        out.extend(self.means[first.coordinate..].iter().zip(&*z).map(|(m, x)| m + x));
    }
}
