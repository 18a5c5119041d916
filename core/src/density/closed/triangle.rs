//! Upper triangles as rows of numbers.

use crate::density::closed::BlockView;

/// The first rows of an upper triangle, packed; the last column belongs to the constant 1.
#[derive(Clone, Copy)]
pub(super) struct Triangle<'a> {
    pub(super) coordinates: &'a [usize],
    pub(super) rows: usize,
    pub(super) numbers: &'a [f64],
}

impl Triangle<'_> {
    fn width(&self) -> usize {
        self.coordinates.len() + 1
    }

    /// Calls `f` with each row: the coordinates it names, their entries, the entry of the constant.
    #[inline]
    pub(super) fn rows(&self, mut f: impl FnMut(&[usize], &[f64], f64)) {
        let mut rest = self.numbers;
        for row in 0..self.rows {
            let (here, below) = rest.split_at(self.width() - row);
            f(&self.coordinates[row..], &here[..here.len() - 1], here[here.len() - 1]);
            rest = below;
        }
    }

    /// |R (m, 1)|^2 + sum_j v_j |R_j|^2.
    pub(super) fn square(&self, loc: &[f64], variance: &[f64]) -> f64 {
        let mut square = 0.0;
        self.rows(|columns, row, constant| {
            let residual = constant + row.iter().zip(columns).map(|(r, &j)| r * loc[j]).sum::<f64>();
            square += residual * residual + row.iter().zip(columns).map(|(r, &j)| r * r * variance[j]).sum::<f64>();
        });
        square
    }

    /// The square's expectation; its derivatives by slot, all locs first, replace the content of `dq`.
    pub(super) fn expand_square(&self, BlockView { loc, variance, .. }: BlockView<'_>, dq: &mut Vec<f64>) -> f64 {
        dq.clear();
        dq.resize(2 * self.coordinates.len(), 0.0);
        let (along, norms) = dq.split_at_mut(self.coordinates.len());
        let mut square = 0.0;
        self.rows(|columns, row, constant| {
            let first = along.len() - row.len();
            let residual = constant + row.iter().zip(columns).map(|(r, &j)| r * loc[j]).sum::<f64>();
            square += residual * residual;
            for (a, (r, &j)) in row.iter().zip(columns).enumerate() {
                square += r * r * variance[j];
                along[first + a] += 2.0 * r * residual;
                norms[first + a] += 2.0 * r * r * variance[j];
            }
        });
        square
    }
}
