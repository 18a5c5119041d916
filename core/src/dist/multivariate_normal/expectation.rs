//! E\[ln p(x)\] of normal x, in plain numbers. With z_0 = L^-1 (mean - loc), z_c = L^-1 root_c for every column of the root
//! of x's covariance and w = L^-T z:
//!
//! ```text
//! E[ln p] = -n ln(2 pi) / 2 - sum ln L_ii - sum_c z_c . z_c / 2
//! d E[ln p] = w_0 . dloc + sum_{j <= i} (sum_c w_ic z_jc) dL_ij - sum dL_ii / L_ii
//! ```

use crate::special::LN_SQRT_2PI;
use nalgebra::DMatrix;

/// The expectation at one L, with what its derivatives are made of.
#[derive(Debug)]
pub(super) struct Expectation {
    /// L, and 0 above its diagonal.
    tril: DMatrix<f64>,
    /// Columns z_0, z_1, ...
    z: DMatrix<f64>,
    /// Columns w_0, w_1, ...
    w: DMatrix<f64>,
}

impl Expectation {
    /// For mean - loc and the root of x's covariance; `None` unless the diagonal of `tril` is positive.
    pub(super) fn new(tril: DMatrix<f64>, residual: &[f64], root: &DMatrix<f64>) -> Option<Self> {
        if tril.diagonal().iter().any(|&diagonal| diagonal <= 0.0) {
            return None;
        }
        let mut z = DMatrix::zeros(residual.len(), 1 + root.ncols());
        z.column_mut(0).copy_from_slice(residual);
        z.columns_mut(1, root.ncols()).copy_from(root);
        let mut solved = tril.solve_lower_triangular_mut(&mut z);
        let mut w = z.clone();
        solved &= tril.tr_solve_lower_triangular_mut(&mut w);
        debug_assert!(solved, "the diagonal is positive");
        Some(Self { tril, z, w })
    }

    /// E\[ln p(x)\]
    pub(super) fn value(&self) -> f64 {
        let ln_det: f64 = self.tril.diagonal().iter().map(|diagonal| diagonal.ln()).sum();
        -(self.z.nrows() as f64) * LN_SQRT_2PI - ln_det - 0.5 * self.z.norm_squared()
    }

    /// Partial by loc_i.
    pub(super) fn by_loc(&self, i: usize) -> f64 {
        self.w[(i, 0)]
    }

    /// Partials by L, of use on and below the diagonal.
    pub(super) fn by_tril(&self) -> DMatrix<f64> {
        let mut partials = &self.w * self.z.transpose();
        for i in 0..self.tril.nrows() {
            partials[(i, i)] -= self.tril[(i, i)].recip();
        }
        partials
    }
}
