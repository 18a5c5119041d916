//! Proposals that are like a Gaussian, and heavier in the tails.

use crate::linalg::gaussian::Gaussian;
use nalgebra::{DMatrix, DVector};

/// Proposals are this much wider than the Gaussian they come from.
const WIDER: f64 = 1.1;

/// A heavy-tailed relative of a Gaussian: mean + root z, with z a standardised proposal of the lattice's or the points' kind.
#[derive(Clone, Debug)]
pub(crate) struct HeavyTailed {
    /// The Gaussian, wider by `WIDER`.
    pub(crate) wide: Gaussian,
    /// ln |root|
    pub(crate) ln_det: f64,
}

impl HeavyTailed {
    pub(crate) fn new(gaussian: Gaussian) -> Self {
        let wide = gaussian.widened(WIDER);
        Self { ln_det: wide.ln_det(), wide }
    }

    /// The inverse of the root; `None` of a root that is singular, which stands for a point.
    pub(crate) fn inverse(&self) -> Option<DMatrix<f64>> {
        self.wide.root.clone().try_inverse()
    }

    /// ln q(u), given the inverse of the root and the log density of standardised proposals; `away` is working space.
    pub(crate) fn ln_density(
        &self,
        inverse: &DMatrix<f64>,
        u: &[f64],
        away: &mut DVector<f64>,
        standardised: fn(&DVector<f64>) -> f64,
    ) -> f64 {
        away.iter_mut().zip(u).zip(&self.wide.mean).for_each(|((away, u), mean)| *away = u - mean);
        standardised(&(inverse * &*away)) - self.ln_det
    }
}
