//! Proposals that are like a Gaussian, and heavier in the tails.

use crate::linalg::gaussian::Gaussian;
use nalgebra::{DMatrix, DVector};

/// Proposals are this much wider than the Gaussian they come from, in up to so many coordinates; in more, where it would cost
/// most of them, less.
const WIDER: f64 = 0.1;
const FEW: f64 = 8.0;

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
        let few = (FEW / gaussian.mean.len().max(1) as f64).min(1.0);
        let wide = gaussian.widened(1.0 + WIDER * few);
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
