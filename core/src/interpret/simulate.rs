//! Draws from a model: latents from their priors, data from their distributions. With latents already known, running only
//! the part with the data predicts.
//!
//! Where a value comes from: a draw of its distribution; one beyond the largest number is that number. How it is
//! transformed: not at all. What is accumulated: the draws of missing data, or of all.

mod hidden;

use crate::dist::{
    ChainDistribution, ContinuousDistribution, Distribution, FiniteDistribution, VectorDistribution, name_of,
};
use crate::error::{Error, Invalid, Place, TaskName};
use crate::interpret::classes::{Classes, Replay};
use crate::interpret::given::{Given, Observer};
use crate::interpret::turns::Turns;
use crate::model::{Chain, Datum, Interpreter, Nest, Site, VectorDatum};
use crate::numbers::Real;
use crate::support::VectorSupport;
use rand::Rng;

/// Which data are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The missing observations (`None`).
    Missing,
    /// All, as if none had been observed.
    All,
    /// Those that are there, as if they were made again.
    Observed,
}

impl Wanted {
    fn includes(self, is_missing: bool) -> bool {
        match self {
            Self::Missing => is_missing,
            Self::All => true,
            Self::Observed => !is_missing,
        }
    }
}

/// Whether the places of drawn numbers are noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Places {
    /// Places are noted.
    Noted,
    /// Places are known already, or of no interest.
    Known,
}

/// The state: the generator, of whatever type, and what was drawn.
pub struct Simulate<'a> {
    rng: &'a mut dyn Rng,
    wanted: Wanted,
    pub(crate) task: Option<usize>,
    turns: Turns,
    seen: Vec<usize>,
    /// Drawn numbers; a vector's one after another.
    pub drawn: Vec<f64>,
    /// The place of each drawn number; filled only if wanted.
    pub places: Vec<Place>,
    noted: Places,
    /// What is known of the classes of discrete latents from data, in place of their distributions.
    known: Replay<'a>,
    /// The chain that is being drawn from, with the path that was drawn.
    path: Option<(Site, Vec<usize>)>,
    /// The classes that were drawn, each with probability 1.
    pub(crate) classes: Vec<Classes>,
    /// The first distribution that could not be sampled.
    pub error: Option<Error>,
}

impl<'a> Simulate<'a> {
    /// An interpreter that has drawn nothing yet.
    pub fn new(rng: &'a mut dyn Rng, wanted: Wanted, task: Option<usize>, noted: Places) -> Self {
        Self {
            rng,
            wanted,
            task,
            turns: Turns::default(),
            seen: Vec::new(),
            drawn: Vec::new(),
            places: Vec::new(),
            noted,
            known: Replay::default(),
            path: None,
            classes: Vec::new(),
            error: None,
        }
    }

    /// Draws the classes of discrete latents from what is known of them.
    pub(crate) fn knowing(self, known: &'a [Classes]) -> Self {
        Self { known: Replay::new(known), ..self }
    }

    fn place(&self, site: &Site, observation: Option<usize>) -> Place {
        let task = self.task.map(TaskName::unlabelled);
        let node = self.turns.path();
        Place { site: site.name, file: site.file, line: site.line, task, node, observation, entry: None }
    }

    fn next_place(&mut self, site: &Site) -> Place {
        if self.seen.len() <= site.id {
            self.seen.resize(site.id + 1, 0);
        }
        self.seen[site.id] += 1;
        self.place(site, Some(self.seen[site.id] - 1))
    }

    fn fail(&mut self, error: Error) {
        self.error.get_or_insert(error);
    }

    /// Whether a distribution can be drawn from: its parameters are valid.
    fn is_valid(&mut self, place: &Place, checked: Result<(), Invalid>) -> bool {
        let Err(invalid) = checked else { return true };
        self.fail(Error::Parameter { place: Box::new(place.clone()), invalid, at_start: false });
        false
    }

    /// In place of a draw that could not be made.
    fn no_draw<D>(&mut self, place: &Place) -> f64 {
        self.fail(Error::NoSampler { place: Box::new(place.clone()), distribution: name_of::<D>() });
        f64::NAN
    }

    /// Keeps the places of what has been drawn since there were `from` numbers.
    fn record(&mut self, place: &Place, from: usize) {
        if self.noted == Places::Noted {
            let is_vector = self.drawn.len() - from > 1;
            let place = |k: usize| Place { entry: is_vector.then_some(k), ..place.clone() };
            self.places.extend((0..self.drawn.len() - from).map(place));
        }
    }
}

/// A draw as far as an `f64` holds it.
fn held(draw: f64) -> f64 {
    draw.clamp(f64::MIN, f64::MAX)
}

impl Interpreter for Simulate<'_> {
    type N = f64;

    fn enter(&mut self, nest: &Nest, turn: usize, label: impl FnOnce() -> Option<String>) {
        Observer::enter(self, nest, turn, label);
    }

    fn leave(&mut self) {
        Observer::leave(self);
    }

    fn sample<D: ContinuousDistribution<f64>>(&mut self, site: &Site, dist: D) -> Real<f64> {
        let place = self.place(site, None);
        let draw = if self.is_valid(&place, dist.check()) { dist.sample(self.rng) } else { None };
        Real(draw.map_or_else(|| self.no_draw::<D>(&place), held))
    }

    fn sample_vector<D: VectorDistribution<f64>>(&mut self, site: &Site, dist: D, out: &mut Vec<Real<f64>>) {
        let place = self.place(site, None);
        let mut draw = Vec::new();
        if !self.is_valid(&place, dist.check()) || dist.sample(self.rng, &mut draw).is_none() {
            draw = vec![self.no_draw::<D>(&place); dist.support().len()];
        }
        out.clear();
        out.extend(draw.into_iter().map(|x| Real(held(x))));
    }

    fn observe<D: Distribution<f64>>(&mut self, site: &Site, datum: impl Datum, dist: D) {
        let place = self.next_place(site);
        if self.wanted.includes(datum.datum().is_none()) {
            let from = self.drawn.len();
            let draw = if self.is_valid(&place, dist.check()) { dist.sample(self.rng) } else { None };
            let number = draw.map_or_else(|| self.no_draw::<D>(&place), held);
            self.drawn.push(number);
            self.record(&place, from);
        }
    }

    fn observe_vector<D: VectorDistribution<f64>>(&mut self, site: &Site, datum: impl VectorDatum, dist: D) {
        let place = self.next_place(site);
        if self.wanted.includes(datum.data().is_none()) {
            let from = self.drawn.len();
            let was_sampled = self.is_valid(&place, dist.check()) && dist.sample(self.rng, &mut self.drawn).is_some();
            if !was_sampled {
                let number = self.no_draw::<D>(&place);
                self.drawn.push(number);
            }
            self.drawn[from..].iter_mut().for_each(|x| *x = held(*x));
            self.record(&place, from);
        }
    }

    fn factor(&mut self, _: &Site, _: Real<f64>) {}

    fn sum_out<D: FiniteDistribution<f64>>(&mut self, site: &Site, _: &Site, dist: D, body: impl Fn(&mut Self, usize)) {
        let begun = self.begin_class(site, &dist);
        body(self, begun.value);
        self.end_class(begun);
    }

    fn sum_chain<D: ChainDistribution<f64>>(
        &mut self,
        site: &Site,
        _: &Site,
        chain: Chain<D>,
        body: impl Fn(&mut Self),
    ) {
        self.begin_path(site, &chain);
        body(self);
        self.end_path();
    }

    fn given_entry(&mut self, t: usize, body: impl Fn(&mut Self, usize)) {
        let state = self.entry_of_path(t);
        body(self, state);
    }
}

impl Observer for Simulate<'_> {
    fn enter(&mut self, nest: &Nest, turn: usize, label: impl FnOnce() -> Option<String>) {
        // draw after draw, numbers serve
        let label = if self.noted == Places::Noted { label() } else { None };
        self.turns.enter(nest, turn, label);
    }

    fn leave(&mut self) {
        self.turns.leave();
    }

    fn observe<D: Distribution<f64>>(&mut self, site: &Site, datum: impl Datum, dist: D) {
        Interpreter::observe(self, site, datum, dist);
    }

    fn observe_vector<D: VectorDistribution<f64>>(&mut self, site: &Site, datum: impl VectorDatum, dist: D) {
        Interpreter::observe_vector(self, site, datum, dist);
    }

    fn sum_out<'a, D: FiniteDistribution<f64>>(
        given: &mut Given<'a, Self>,
        site: &Site,
        dist: D,
        body: impl Fn(&mut Given<'a, Self>, usize),
    ) {
        let begun = given.observer.begin_class(site, &dist);
        body(given, begun.value);
        given.observer.end_class(begun);
    }

    fn sum_chain<'a, D: ChainDistribution<f64>>(
        given: &mut Given<'a, Self>,
        site: &Site,
        chain: Chain<D>,
        body: impl Fn(&mut Given<'a, Self>),
    ) {
        given.observer.begin_path(site, &chain);
        body(given);
        given.observer.end_path();
    }

    fn given_entry<'a>(given: &mut Given<'a, Self>, t: usize, body: impl Fn(&mut Given<'a, Self>, usize)) {
        let state = given.observer.entry_of_path(t);
        body(given, state);
    }
}
