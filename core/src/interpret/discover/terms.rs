//! Visits of what is summed out: each term of a sum in turn.

use super::sums::{Around, MOST_CLASSES, OpenChain, Term, Whole};
use super::{Discover, Visited};
use crate::dist::{ChainDistribution, FiniteDistribution};
use crate::error::{Error, Invalid, Place};
use crate::interpret::classes::join_counts;
use crate::model::level::Counted;
use crate::model::{Chain, Site};
use crate::numbers::number::Real;
use crate::support::Shown;

impl Discover<'_> {
    /// Visits the values of a discrete latent, of these sites.
    pub(super) fn visit_values<D: FiniteDistribution<Visited>>(
        &mut self,
        sites: [&Site; 2],
        dist: &D,
        body: impl Fn(&mut Self, usize),
    ) {
        let found = dist.num_values();
        let counted = Counted { values: found, shown: Shown::Entries };
        let Some((place, around)) = self.begin_sum(sites, found, counted, dist.check()) else { return };
        let whole = self.terms(found, |visit, value| {
            visit.sums.begin_term(&around, value, dist.ln_density(value as f64));
            body(visit, value);
            visit.sums.end_term()
        });
        self.end_sum(&place, around, &whole);
        self.scored(place, whole.ln_density);
    }

    /// Visits what depends on a chain, of these sites.
    pub(super) fn visit_chain<D: ChainDistribution<Visited>>(
        &mut self,
        sites: [&Site; 2],
        chain: &Chain<D>,
        body: impl Fn(&mut Self),
    ) {
        let states = chain.dist.num_states();
        let counted = Counted { values: chain.len * states, shown: Shown::Rows(states) };
        let Some((place, around)) = self.begin_sum(sites, states, counted, chain.dist.check()) else { return };
        let entries = vec![Real::constant(0.0); chain.len * states];
        self.chain = Some(OpenChain { place: place.clone(), states, entries });
        let mut whole = Whole::default();
        self.sums.begin_term(&around, 0, Real::constant(0.0));
        body(self);
        whole.add(0, self.sums.end_term());
        self.end_sum(&place, around, &whole);
        let OpenChain { entries, .. } = self.chain.take().expect("it was opened");
        if self.error.is_none() {
            self.scored(place, whole.ln_density + chain.ln_total(&entries));
        }
    }

    /// Visits the values of an entry of the chain.
    pub(super) fn visit_entry(&mut self, t: usize, body: impl Fn(&mut Self, usize)) {
        let Some(OpenChain { place, states, entries }) = &self.chain else { return };
        let (place, states, len) = (place.clone(), *states, entries.len() / states);
        if t >= len {
            return self.fail(Error::Entry { place: Box::new(place), found: t, len });
        }
        let around = self.sums.begin_entry();
        let whole = self.terms(states, |visit, state| {
            visit.sums.begin_term(&around, state, Real::constant(0.0));
            body(visit, state);
            let term = visit.sums.end_term();
            if let Some(OpenChain { entries, .. }) = &mut visit.chain {
                entries[t * states + state] += term.ln_density;
            }
            term
        });
        self.end_sum(&place, around, &whole);
    }

    /// Begins the sum over a discrete latent or a chain, unless it may not be summed over.
    fn begin_sum(
        &mut self,
        [site, sum]: [&Site; 2],
        found: usize,
        counted: Counted,
        checked: Result<(), Invalid>,
    ) -> Option<(Place, Around)> {
        let place = self.place(sum);
        if !self.is_valid(&place, checked) {
            return None;
        }
        if let Some(chain) = self.chain.as_ref().map(|chain| chain.place.site) {
            self.fail(Error::WithinChain { place: Box::new(place), chain });
            return None;
        }
        let around = self.sums.begin(site, found, counted);
        if around.is_none() {
            self.fail(Error::Classes { place: Box::new(place.clone()), found, most: MOST_CLASSES });
        }
        around.map(|around| (place, around))
    }

    /// Visits the terms of a sum, which share the places of their data.
    fn terms(&mut self, values: usize, mut term: impl FnMut(&mut Self, usize) -> Term) -> Whole {
        let before = self.seen.clone();
        let mut whole = Whole::default();
        for value in 0..values {
            let after = std::mem::replace(&mut self.seen, before.clone());
            whole.add(value, term(self, value));
            join_counts(&mut self.seen, &after);
        }
        whole
    }

    /// Ends a sum, all of whose terms must have the same data.
    fn end_sum(&mut self, place: &Place, around: Around, whole: &Whole) {
        if let Some(value) = whole.uneven {
            self.fail(Error::Uneven { place: Box::new(place.clone()), value });
        }
        self.sums.end(around, whole);
    }
}
