//! Scores a model over any algebra.
//!
//! Where a value comes from: the next unconstrained coordinate. How it is transformed: by the support of its
//! distribution, or by loc + scale * u at a non-centred site. What is accumulated: ln p + ln |dx/du| of the latents, and
//! the log density of the data, of those sites that the [`SiteMask`] marks.

use crate::dist::{ContinuousDistribution, Distribution, VectorDistribution};
use crate::model::site_mask::SiteMask;
use crate::model::{Datum, Interpreter, Site, VectorDatum};
use crate::numbers::{Number, Param, Real};
use crate::support::VectorSupport;

/// The state: coordinates still to be read, and the two sums.
#[derive(Debug)]
pub struct LogDensity<'a, N: Number> {
    coordinates: &'a [Real<N>],
    next: usize,
    mask: &'a SiteMask,
    /// Sum of ln p(x) + ln |dx/du| over the counted latent sites.
    pub latents: Real<N>,
    /// Sum of the log densities of the counted observations, and of the counted factors.
    pub data: Real<N>,
}

impl<'a, N: Number> LogDensity<'a, N> {
    /// An interpreter that reads the unconstrained `coordinates` in order.
    #[inline(always)]
    pub fn new(coordinates: &'a [Real<N>], mask: &'a SiteMask) -> Self {
        Self { coordinates, next: 0, mask, latents: Real::constant(0.0), data: Real::constant(0.0) }
    }

    #[inline(always)]
    fn read(&mut self, count: usize) -> &'a [Real<N>] {
        let read = &self.coordinates[self.next..self.next + count];
        self.next += count;
        read
    }
}

impl<N: Number> Interpreter for LogDensity<'_, N> {
    type N = N;

    #[inline(always)]
    fn sample<D: ContinuousDistribution<N>>(&mut self, site: &Site, dist: D) -> Real<N> {
        let u = self.read(1)[0];
        let counts = self.mask.latents[site.id];
        if self.mask.non_centred[site.id]
            && let Some((x, ln_density)) = dist.non_centred(u)
        {
            if counts {
                self.latents += ln_density;
            }
            return x;
        }
        let (x, ln_jacobian) = dist.constrain(u);
        if counts {
            self.latents += dist.ln_density(x);
            if self.mask.jacobian {
                self.latents += ln_jacobian;
            }
        }
        x
    }

    #[inline(always)]
    fn sample_vector<D: VectorDistribution<N>>(&mut self, site: &Site, dist: D, out: &mut Vec<Real<N>>) {
        out.clear();
        let support = dist.support();
        let ln_jacobian = support.constrain(self.read(support.num_coordinates()), out);
        if self.mask.latents[site.id] {
            self.latents += dist.ln_density(out);
            if self.mask.jacobian {
                self.latents += ln_jacobian;
            }
        }
    }

    #[inline(always)]
    fn observe<D: Distribution<N>>(&mut self, site: &Site, datum: impl Datum, dist: D) {
        if self.mask.observed[site.id]
            && let Some(y) = datum.datum()
        {
            self.data += dist.ln_density(y);
        }
    }

    #[inline(always)]
    fn observe_vector<D: VectorDistribution<N>>(&mut self, site: &Site, datum: impl VectorDatum, dist: D) {
        if self.mask.observed[site.id]
            && let Some(y) = datum.data()
        {
            self.data += dist.ln_density(&y);
        }
    }

    #[inline(always)]
    fn factor(&mut self, site: &Site, term: Real<N>) {
        if self.mask.observed[site.id] {
            self.data += term.real();
        }
    }
}
