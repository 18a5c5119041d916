//! Scores a model over any algebra.
//!
//! Where a value comes from: the next unconstrained coordinate. How it is transformed: by the support of its
//! distribution, or by loc + scale * u at a non-centred site. What is accumulated: ln p + ln |dx/du| of the latents, and
//! the log density of the data, of those sites that the [`SiteMask`] marks.

use crate::dist::{
    ChainDistribution, ContinuousDistribution, Distribution, Factored, FiniteDistribution, VectorDistribution,
};
use crate::interpret::by_node::ByNode;
use crate::interpret::entry_table::EntryTable;
use crate::interpret::prior::FirstNormal;
use crate::model::site_mask::SiteMask;
use crate::model::{Chain, Datum, Interpreter, Nest, Site, VectorDatum};
use crate::numbers::{Number, Param, Real};
use crate::support::VectorSupport;

/// The state: coordinates still to be read, and the two sums.
#[derive(Debug)]
pub struct LogDensity<'a, N: Number> {
    coordinates: &'a [Real<N>],
    next: usize,
    mask: &'a SiteMask,
    /// Whether a term of a sum over a discrete latent is being scored, in which everything counts.
    summing: bool,
    /// Where sums are kept apart by the turns of nested plates, if that is wanted.
    by_node: Option<&'a mut ByNode>,
    /// Where the prior of the first site is told, if that is wanted.
    first: Option<&'a mut FirstNormal<N>>,
    /// Of the chain that is being summed over, ln p(data | state).
    entries: EntryTable<Real<N>>,
    /// Sum of ln p(x) + ln |dx/du| over the counted latent sites.
    pub latents: Real<N>,
    /// Product of the densities of the counted observations, and of the counted factors.
    data: Factored<N>,
}

impl<'a, N: Number> LogDensity<'a, N> {
    /// An interpreter that reads the unconstrained `coordinates` in order.
    #[inline(always)]
    pub fn new(coordinates: &'a [Real<N>], mask: &'a SiteMask) -> Self {
        Self {
            coordinates,
            next: 0,
            mask,
            summing: false,
            by_node: None,
            first: None,
            entries: EntryTable::new(),
            latents: Real::constant(0.0),
            data: Factored::one(),
        }
    }

    /// The same, which hands what it sums to the turns of nested plates.
    pub(crate) fn by_node(coordinates: &'a [Real<N>], mask: &'a SiteMask, sums: &'a mut ByNode) -> Self {
        Self { by_node: Some(sums), ..Self::new(coordinates, mask) }
    }

    /// The same, which tells the prior of the first site as well.
    pub(crate) fn telling(coordinates: &'a [Real<N>], mask: &'a SiteMask, first: &'a mut FirstNormal<N>) -> Self {
        first.restart();
        Self { first: Some(first), ..Self::new(coordinates, mask) }
    }

    /// Hands what was summed since the last turn began or ended to the turn it belongs to.
    #[inline(always)]
    pub(crate) fn hand_over(&mut self) {
        if let Some(sums) = &mut self.by_node {
            sums.add((self.latents + self.data.ln_density()).value());
            sums.claim(self.next);
            (self.latents, self.data) = (Real::constant(0.0), Factored::one());
        }
    }

    /// All latents were visited, and the data come next.
    pub(crate) fn end_latents(&mut self) {
        self.hand_over();
        self.by_node.iter_mut().for_each(|sums| sums.start_over());
    }

    /// Sum of the log densities of the counted observations, and of the counted factors.
    #[inline(always)]
    pub fn data(&self) -> Real<N> {
        self.data.ln_density()
    }

    #[inline(always)]
    fn read(&mut self, count: usize) -> &'a [Real<N>] {
        let read = &self.coordinates[self.next..self.next + count];
        self.next += count;
        read
    }

    /// Whether an observation counts.
    #[inline(always)]
    fn counts(&self, site: &Site) -> bool {
        self.summing || self.mask.observed[site.id]
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
        if self.next == 0
            && let Some(first) = &mut self.first
        {
            first.set(&dist);
        }
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
        if self.counts(site)
            && let Some(y) = datum.datum()
        {
            dist.multiply_into(y, &mut self.data);
        }
    }

    #[inline(always)]
    fn observe_vector<D: VectorDistribution<N>>(&mut self, site: &Site, datum: impl VectorDatum, dist: D) {
        if self.counts(site)
            && let Some(y) = datum.data()
        {
            self.data.ln += dist.ln_density(&y);
        }
    }

    #[inline(always)]
    fn factor(&mut self, site: &Site, term: Real<N>) {
        if self.counts(site) {
            self.data.ln += term.real();
        }
    }

    #[inline(always)]
    fn sum_out<D: FiniteDistribution<N>>(&mut self, _: &Site, sum: &Site, dist: D, body: impl Fn(&mut Self, usize)) {
        if !self.counts(sum) {
            return;
        }
        let (outer, was_summing) = (self.data, self.summing);
        self.summing = true;
        let mut total = Real::constant(f64::NEG_INFINITY);
        for class in 0..dist.num_values() {
            self.data = dist.ln_density(class as f64).into();
            body(self, class);
            total = total.ln_add_exp(self.data.ln_density());
        }
        self.summing = was_summing;
        self.data = outer;
        self.data.ln += total;
    }

    #[inline(always)]
    fn enter(&mut self, nest: &Nest, turn: usize, _: impl FnOnce() -> Option<String>) {
        if self.by_node.is_some() && !self.summing {
            self.hand_over();
            self.by_node.iter_mut().for_each(|sums| sums.enter(nest, turn));
        }
    }

    #[inline(always)]
    fn leave(&mut self) {
        if self.by_node.is_some() && !self.summing {
            self.hand_over();
            self.by_node.iter_mut().for_each(|sums| sums.leave());
        }
    }

    #[inline(always)]
    fn sum_chain<D: ChainDistribution<N>>(&mut self, _: &Site, sum: &Site, chain: Chain<D>, body: impl Fn(&mut Self)) {
        if !self.counts(sum) {
            return;
        }
        let was_summing = std::mem::replace(&mut self.summing, true);
        self.entries.begin(chain.len, chain.dist.num_states(), Real::constant(0.0));
        body(self);
        self.data.ln += chain.ln_total(&self.entries.numbers);
        self.summing = was_summing;
    }

    #[inline(always)]
    fn given_entry(&mut self, t: usize, body: impl Fn(&mut Self, usize)) {
        let outer = self.data;
        for state in 0..self.entries.states {
            self.data = Factored::one();
            body(self, state);
            self.entries.add(t, state, self.data.ln_density());
        }
        self.data = outer;
    }
}
