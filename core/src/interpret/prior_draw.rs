//! A draw of the globals from their priors, as unconstrained coordinates: where else a climb may start.
//!
//! Where a value comes from: a draw of its distribution; of one that cannot be drawn from, a coordinate between -1 and 1. How it is
//! transformed: by the inverse of its support. What is accumulated: the coordinates.

use crate::dist::{ContinuousDistribution, VectorDistribution};
use crate::model::{Interpreter, Site};
use crate::numbers::Real;
use crate::support::VectorSupport;
use rand::{Rng, RngExt};

/// The state: the generator, and the coordinates so far.
pub(crate) struct PriorDraw<'a> {
    rng: &'a mut dyn Rng,
    pub(crate) coordinates: Vec<f64>,
}

impl<'a> PriorDraw<'a> {
    pub(crate) fn new(rng: &'a mut dyn Rng) -> Self {
        Self { rng, coordinates: Vec::new() }
    }

    fn anywhere(&mut self) -> f64 {
        self.rng.random_range(-1.0..1.0)
    }
}

impl Interpreter for PriorDraw<'_> {
    type N = f64;

    fn sample<D: ContinuousDistribution<f64>>(&mut self, _: &Site, dist: D) -> Real<f64> {
        let draw = dist.check().ok().and_then(|()| dist.sample(self.rng));
        let drawn = draw.map(|x| dist.unconstrain(x)).filter(|u| u.is_finite());
        let u = drawn.unwrap_or_else(|| self.anywhere());
        self.coordinates.push(u);
        dist.constrain(Real(u)).0
    }

    fn sample_vector<D: VectorDistribution<f64>>(&mut self, _: &Site, dist: D, out: &mut Vec<Real<f64>>) {
        let (support, mut x, mut u) = (dist.support(), Vec::new(), Vec::new());
        if dist.check().is_ok() && dist.sample(self.rng, &mut x).is_some() {
            support.unconstrain(&x, &mut u);
        }
        if u.len() != support.num_coordinates() || u.iter().any(|u| !u.is_finite()) {
            u = (0..support.num_coordinates()).map(|_| self.anywhere()).collect();
        }
        out.clear();
        support.constrain(&u.iter().map(|&u| Real(u)).collect::<Vec<_>>(), out);
        self.coordinates.extend(u);
    }

    passes_data_by!(f64);
}
