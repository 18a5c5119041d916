//! Finds the classes of a task's discrete latents, given its other latents.
//!
//! Where a value comes from: nothing is drawn in a likelihood. What is accumulated: ln p(D | phi, theta), and of every
//! discrete latent the probabilities of its values,
//!     P(k | D) = p(k) p(D | k) / sum_j p(j) p(D | j),
//! of a chain of them the law of its path given D.

use crate::dist::{ChainDistribution, ContinuousDistribution, Distribution, FiniteDistribution, VectorDistribution};
use crate::interpret::classes::{Classes, Known, Replay};
use crate::interpret::entry_table::EntryTable;
use crate::model::{Chain, Datum, Interpreter, Site, VectorDatum};
use crate::numbers::Real;
use crate::numbers::real::log_sum_exp;
use crate::support::VectorSupport;

/// Whether data and factors have a say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Say {
    All,
    /// The data are taken as missing.
    Nothing,
}

/// The state: what is known from elsewhere, and what was found.
#[derive(Debug)]
pub(crate) struct Classify<'a> {
    /// In place of the distributions.
    known: Replay<'a>,
    say: Say,
    /// ln p(D | phi, theta).
    pub(crate) ln_density: f64,
    /// Of the chain that is being summed over, ln p(D | state).
    entries: EntryTable<f64>,
    /// The classes met, in order.
    pub(crate) found: Vec<Classes>,
}

impl<'a> Classify<'a> {
    /// A visit of a likelihood, of whose discrete latents something may be `known` from other data.
    pub(crate) fn new(known: &'a [Classes], say: Say) -> Self {
        Self { known: Replay::new(known), say, ln_density: 0.0, entries: EntryTable::new(), found: Vec::new() }
    }

    fn add(&mut self, ln_density: Option<Real<f64>>) {
        if self.say == Say::All {
            self.ln_density += ln_density.map_or(0.0, |ln_density| ln_density.0);
        }
    }
}

impl Interpreter for Classify<'_> {
    type N = f64;

    fn sample<D: ContinuousDistribution<f64>>(&mut self, _: &Site, dist: D) -> Real<f64> {
        dist.constrain(Real(0.0)).0
    }

    fn sample_vector<D: VectorDistribution<f64>>(&mut self, _: &Site, dist: D, out: &mut Vec<Real<f64>>) {
        let support = dist.support();
        out.clear();
        support.constrain(&vec![Real(0.0); support.num_coordinates()], out);
    }

    fn observe<D: Distribution<f64>>(&mut self, _: &Site, datum: impl Datum, dist: D) {
        self.add(datum.datum().map(|y| dist.ln_density(y)));
    }

    fn observe_vector<D: VectorDistribution<f64>>(&mut self, _: &Site, datum: impl VectorDatum, dist: D) {
        self.add(datum.data().map(|y| dist.ln_density(&y)));
    }

    fn factor(&mut self, _: &Site, term: Real<f64>) {
        self.add(Some(term));
    }

    fn sum_out<D: FiniteDistribution<f64>>(&mut self, site: &Site, _: &Site, dist: D, body: impl Fn(&mut Self, usize)) {
        let known = self.known.next();
        let (ln_density, known_next) = (self.ln_density, self.known);
        let found = std::mem::take(&mut self.found);
        let (mut terms, mut inner) = (Vec::new(), Vec::new());
        for value in 0..dist.num_values() {
            self.ln_density = match known.and_then(Classes::probabilities) {
                Some(known) => known.get(value).map_or(f64::NEG_INFINITY, |p| p.ln()),
                None => dist.ln_density(value as f64).0,
            };
            self.known = Replay::within(known, value);
            body(self, value);
            terms.push(self.ln_density);
            inner.push(std::mem::take(&mut self.found));
        }
        let total = log_sum_exp(terms.iter().map(|term| Real(*term))).0;
        let probabilities = terms.iter().map(|term| (term - total).exp()).collect();
        (self.found, self.known, self.ln_density) = (found, known_next, ln_density + total);
        self.found.push(Classes { site: site.id, known: Known::Value { probabilities, inner } });
    }

    fn sum_chain<D: ChainDistribution<f64>>(
        &mut self,
        site: &Site,
        _: &Site,
        chain: Chain<D>,
        body: impl Fn(&mut Self),
    ) {
        let law = self.known.next_law(chain.law());
        self.entries.begin(chain.len, law.states(), 0.0);
        body(self);
        let (given, ln_total) = law.given(&self.entries.numbers);
        self.ln_density += ln_total;
        self.found.push(Classes { site: site.id, known: Known::Path(given) });
    }

    fn given_entry(&mut self, t: usize, body: impl Fn(&mut Self, usize)) {
        let outer = self.ln_density;
        for state in 0..self.entries.states {
            self.ln_density = 0.0;
            body(self, state);
            self.entries.add(t, state, self.ln_density);
        }
        self.ln_density = outer;
    }
}
