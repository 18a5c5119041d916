//! Rewrites a task's coordinates from one parameterisation to another.
//!
//! Where a value comes from: the next coordinate, written as `from` says. How it is transformed: at a site that the two
//! write differently, by x = loc + scale * u or back. What is accumulated: the coordinates as `to` writes them, and the
//! log-scales of their guides, which move by ln scale.

use crate::dist::{ContinuousDistribution, VectorDistribution};
use crate::model::{Interpreter, Site};
use crate::numbers::number::Real;
use crate::support::VectorSupport;

/// Two ways to write latents: by local site, whether as loc + scale * u.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rewriting<'a> {
    pub(crate) from: &'a [bool],
    pub(crate) to: &'a [bool],
}

/// The guide of one task's coordinates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FactorOf<'a> {
    pub(crate) loc: &'a [f64],
    pub(crate) ln_scale: &'a [f64],
}

/// The state: coordinates still to be read, and those written.
#[derive(Debug)]
pub(crate) struct Rewrite<'a> {
    how: Rewriting<'a>,
    /// The guide of the coordinates to be read.
    read: FactorOf<'a>,
    pub(crate) loc: Vec<f64>,
    pub(crate) ln_scale: Vec<f64>,
}

impl<'a> Rewrite<'a> {
    /// A visit of a task whose coordinates have that guide.
    pub(crate) fn new(how: Rewriting<'a>, read: FactorOf<'a>) -> Self {
        Self { how, read, loc: Vec::new(), ln_scale: Vec::new() }
    }

    /// Reads the next coordinates and writes them unchanged.
    fn copy(&mut self, count: usize) -> Vec<Real<f64>> {
        let range = self.loc.len()..self.loc.len() + count;
        self.loc.extend_from_slice(&self.read.loc[range.clone()]);
        self.ln_scale.extend_from_slice(&self.read.ln_scale[range.clone()]);
        self.read.loc[range].iter().map(|&u| Real(u)).collect()
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
        let x = if self.how.from[site.id] { loc + scale * u.0 } else { dist.constrain(u).0.0 };
        match (self.how.from[site.id], self.how.to[site.id]) {
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

    passes_data_by!(f64);
}
