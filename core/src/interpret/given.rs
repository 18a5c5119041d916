//! Visits the data of a model whose latents are known.
//!
//! Where a value comes from: the next unconstrained coordinate. How it is transformed: by its support. What is
//! accumulated: what an [`Observer`] makes of the data.

use crate::dist::{ChainDistribution, ContinuousDistribution, Distribution, FiniteDistribution, VectorDistribution};
use crate::model::{Chain, Datum, Interpreter, Nest, Site, VectorDatum};
use crate::numbers::Real;
use crate::support::VectorSupport;

/// What is done with the data of a model whose latents are known.
pub(crate) trait Observer {
    /// A turn of a nested plate begins.
    fn enter(&mut self, _nest: &Nest, _turn: usize, _label: impl FnOnce() -> Option<String>) {}

    /// The turn that was entered last ends.
    fn leave(&mut self) {}

    /// `place ~ dist` for a datum, or a missing one.
    fn observe<D: Distribution<f64>>(&mut self, site: &Site, datum: impl Datum, dist: D);

    /// `place ~ dist` for a vector of data.
    fn observe_vector<D: VectorDistribution<f64>>(&mut self, site: &Site, datum: impl VectorDatum, dist: D);

    /// `factor(term)`, which is nobody's data.
    fn factor(&mut self, _term: f64) {}

    /// The sum over a discrete latent: `body` visits the data for one of its values.
    fn sum_out<'a, D: FiniteDistribution<f64>>(
        given: &mut Given<'a, Self>,
        site: &Site,
        dist: D,
        body: impl Fn(&mut Given<'a, Self>, usize),
    ) where
        Self: Sized;

    /// The sum over a chain of discrete latents: `body` visits the data, those of an entry by [`given_entry`](Self::given_entry).
    fn sum_chain<'a, D: ChainDistribution<f64>>(
        given: &mut Given<'a, Self>,
        site: &Site,
        chain: Chain<D>,
        body: impl Fn(&mut Given<'a, Self>),
    ) where
        Self: Sized;

    /// The data of an entry of a chain: `body` visits them for one of its values.
    fn given_entry<'a>(given: &mut Given<'a, Self>, t: usize, body: impl Fn(&mut Given<'a, Self>, usize))
    where
        Self: Sized;
}

/// The state: coordinates still to be read, and who looks at the data.
pub(crate) struct Given<'a, O> {
    coordinates: &'a [f64],
    pub(crate) observer: &'a mut O,
}

impl<'a, O> Given<'a, O> {
    /// An interpreter for the part of a model that declares latents, which reads their unconstrained `coordinates` in order.
    pub(crate) fn new(coordinates: &'a [f64], observer: &'a mut O) -> Self {
        Self { coordinates, observer }
    }

    /// An interpreter for a likelihood, which declares none.
    pub(crate) fn likelihood(observer: &'a mut O) -> Self {
        Self::new(&[], observer)
    }

    fn read(&mut self, count: usize) -> &'a [f64] {
        let (read, rest) = self.coordinates.split_at(count);
        self.coordinates = rest;
        read
    }
}

impl<O: Observer> Interpreter for Given<'_, O> {
    type N = f64;

    fn sample<D: ContinuousDistribution<f64>>(&mut self, _: &Site, dist: D) -> Real<f64> {
        dist.constrain(Real(self.read(1)[0])).0
    }

    fn sample_vector<D: VectorDistribution<f64>>(&mut self, _: &Site, dist: D, out: &mut Vec<Real<f64>>) {
        out.clear();
        let support = dist.support();
        let u: Vec<Real<f64>> = self.read(support.num_coordinates()).iter().map(|u| Real(*u)).collect();
        support.constrain(&u, out);
    }

    fn observe<D: Distribution<f64>>(&mut self, site: &Site, datum: impl Datum, dist: D) {
        self.observer.observe(site, datum, dist);
    }

    fn observe_vector<D: VectorDistribution<f64>>(&mut self, site: &Site, datum: impl VectorDatum, dist: D) {
        self.observer.observe_vector(site, datum, dist);
    }

    fn factor(&mut self, _: &Site, term: Real<f64>) {
        self.observer.factor(term.0);
    }

    fn sum_out<D: FiniteDistribution<f64>>(&mut self, site: &Site, _: &Site, dist: D, body: impl Fn(&mut Self, usize)) {
        O::sum_out(self, site, dist, body);
    }

    fn sum_chain<D: ChainDistribution<f64>>(
        &mut self,
        site: &Site,
        _: &Site,
        chain: Chain<D>,
        body: impl Fn(&mut Self),
    ) {
        O::sum_chain(self, site, chain, body);
    }

    fn given_entry(&mut self, t: usize, body: impl Fn(&mut Self, usize)) {
        O::given_entry(self, t, body);
    }

    fn enter(&mut self, nest: &Nest, turn: usize, label: impl FnOnce() -> Option<String>) {
        self.observer.enter(nest, turn, label);
    }

    fn leave(&mut self) {
        self.observer.leave();
    }
}
