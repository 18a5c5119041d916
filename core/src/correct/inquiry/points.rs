//! Points that thetas of a round are made of.

use crate::correct::proposal::Part;
use crate::sampling::lattice::Points;
use crate::sampling::strata::Strata;
use nalgebra::DVector;
use rand_chacha::ChaCha8Rng;

/// A stream of points that thetas are made of.
pub(super) struct ProposedPoints<'r> {
    pub(super) points: Points,
    /// How many coordinates of theta are Gaussian given the others.
    pub(super) of_w: usize,
    pub(super) strata: Strata,
    pub(super) rng: &'r mut ChaCha8Rng,
}

/// Coordinates that are proposed, and standard normal numbers for the others.
pub(super) struct ThetaPoint {
    pub(super) proposed: DVector<f64>,
    pub(super) z: Vec<f64>,
}

impl ProposedPoints<'_> {
    pub(super) fn next(&mut self, part: &Part) -> ThetaPoint {
        let proposed = part.heavy.wide.at(&self.points.next(self.rng));
        let mut z = Vec::with_capacity(self.of_w);
        if self.of_w > 0 {
            self.strata.normals(self.of_w, self.rng, &mut z);
        }
        ThetaPoint { proposed, z }
    }
}
