//! Rewrites a task's coordinates from one parameterisation to another.
//!
//! Where a value comes from: the next coordinate, written as `from` says. How it is transformed: at a site that the two
//! write differently, by x = loc + scale * u or back. What is accumulated: the coordinates as `to` writes them, and the
//! log-scales of their guides, which move by ln scale.

use crate::dist::{ContinuousDistribution, Distribution, VectorDistribution};
use crate::model::{Datum, Interpreter, Site, VectorDatum};
use crate::numbers::number::Real;
use crate::support::VectorSupport;

/// Two ways to write latents: by local site, whether as loc + scale * u.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rewriting<'a> {
    pub(crate) from: &'a [bool],
    pub(crate) to: &'a [bool],
}

/// The state: coordinates still to be read, and those written.
#[derive(Debug)]
pub(crate) struct Rewrite<'a> {
    from: &'a [bool],
    to: &'a [bool],
    /// Mean and log-scale of each coordinate.
    read: (&'a [f64], &'a [f64]),
    pub(crate) loc: Vec<f64>,
    pub(crate) ln_scale: Vec<f64>,
}

impl<'a> Rewrite<'a> {
    /// A visit of a task with the coordinates `loc`, whose guides have the log-scales `ln_scale`; by site whether it is non-centred.
    pub(crate) fn new(from: &'a [bool], to: &'a [bool], loc: &'a [f64], ln_scale: &'a [f64]) -> Self {
        Self { from, to, read: (loc, ln_scale), loc: Vec::new(), ln_scale: Vec::new() }
    }

    /// Reads the next coordinates and writes them unchanged.
    fn copy(&mut self, count: usize) -> Vec<Real<f64>> {
        let range = self.loc.len()..self.loc.len() + count;
        self.loc.extend_from_slice(&self.read.0[range.clone()]);
        self.ln_scale.extend_from_slice(&self.read.1[range.clone()]);
        self.read.0[range].iter().map(|&u| Real(u)).collect()
    }
}

impl Interpreter for Rewrite<'_> {
    type N = f64;

    fn sample<D: ContinuousDistribution<f64>>(&mut self, site: &Site, dist: D) -> Real<f64> {
        let at = self.loc.len();
        let u = self.copy(1)[0];
        let by_hand = |z: f64| dist.non_centred(Real(z)).map(|(x, _)| x.0);
        let Some((loc, unit)) = by_hand(0.0).zip(by_hand(1.0)) else { return dist.constrain(u).0 };
        let scale = unit - loc;
        let x = if self.from[site.id] { loc + scale * u.0 } else { dist.constrain(u).0.0 };
        match (self.from[site.id], self.to[site.id]) {
            (false, true) => {
                self.loc[at] = (x - loc) / scale;
                self.ln_scale[at] -= scale.ln();
            }
            (true, false) => {
                self.loc[at] = x;
                self.ln_scale[at] += scale.ln();
            }
            _ => {}
        }
        Real(x)
    }

    fn sample_vector<D: VectorDistribution<f64>>(&mut self, _: &Site, dist: D, out: &mut Vec<Real<f64>>) {
        out.clear();
        let support = dist.support();
        support.constrain(&self.copy(support.num_coordinates()), out);
    }

    fn observe<D: Distribution<f64>>(&mut self, _: &Site, _: impl Datum, _: D) {}

    fn observe_vector<D: VectorDistribution<f64>>(&mut self, _: &Site, _: impl VectorDatum, _: D) {}

    fn factor(&mut self, _: &Site, _: Real<f64>) {}
}
