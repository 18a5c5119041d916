//! The log density of each observation, given all latents.
//!
//! What is accumulated: ln p of every observation that is there, a vector's as that of one.

use crate::dist::{Distribution, VectorDistribution};
use crate::interpret::given::Observer;
use crate::model::{Datum, Site, VectorDatum};

/// The state: the log densities so far.
#[derive(Debug, Default)]
pub(crate) struct Pointwise {
    pub(crate) ln_densities: Vec<f64>,
}

impl Observer for Pointwise {
    fn observe<D: Distribution<f64>>(&mut self, _: &Site, datum: impl Datum, dist: D) {
        self.ln_densities.extend(datum.datum().map(|y| dist.ln_density(y).value()));
    }

    fn observe_vector<D: VectorDistribution<f64>>(&mut self, _: &Site, datum: impl VectorDatum, dist: D) {
        self.ln_densities.extend(datum.data().map(|y| dist.ln_density(&y).value()));
    }
}
