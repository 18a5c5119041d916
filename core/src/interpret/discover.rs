//! Learns the shape of a model from one visit, and checks the data and the constants on the way.
//!
//! Where a value comes from: every unconstrained coordinate is given by the start. How it is transformed: by its support.
//! What is accumulated: for every latent site its coordinates and whether it can be non-centred, and the first error.

mod found;
mod start;
mod sums;
mod terms;

use crate::dist::{
    ChainDistribution, ContinuousDistribution, Distribution, FiniteDistribution, VectorDistribution, name_of,
};
use crate::error::{Error, Invalid, Place, TaskName};
use crate::model::level::Entries;
pub use crate::model::level::Level;
use crate::model::{Chain, Datum, Interpreter, Nest, Site, VectorDatum};
use crate::numbers::number::{Number, Real};
use crate::numbers::traced::Traced;
use crate::support::{Support, VectorSupport};
pub use found::{Entered, LevelVisit, NotFinite};
pub use start::Start;
use sums::{OpenChain, Sums};

/// The algebra of the visit: it tells what varies from what is constant, and what of the data or constants is not finite.
pub type Visited = Traced;

/// The state: what was found so far.
#[derive(Debug)]
pub struct Discover<'a> {
    start: &'a Start,
    task: Option<usize>,
    /// The shape of the level of the latents visited.
    pub level: Level,
    /// The turn of a nested plate that is being visited.
    node: Option<usize>,
    /// Latent numbers of each site so far.
    entries: Vec<usize>,
    /// Occurrences of each observed site.
    seen: Vec<usize>,
    /// The sums over discrete latents.
    sums: Sums,
    /// The chain whose paths are being summed over.
    chain: Option<OpenChain>,
    /// The first error met.
    pub error: Option<Error>,
    /// The first site whose log density is not finite.
    pub not_finite: Option<NotFinite>,
    /// The first one that a number enters which is not, though the log density is.
    unseen: Option<Entered>,
}

impl<'a> Discover<'a> {
    /// A visit with latents at `start`, of the given task or of the part outside the plate.
    pub fn new(start: &'a Start, task: Option<usize>) -> Self {
        Self {
            start,
            task,
            level: Level::default(),
            node: None,
            entries: Vec::new(),
            seen: Vec::new(),
            sums: Sums::default(),
            chain: None,
            error: None,
            not_finite: None,
            unseen: None,
        }
    }

    /// What was found of the level.
    pub fn finish(mut self) -> LevelVisit {
        self.level.give_classes(self.sums.classes());
        let Self { level, seen, error, not_finite, unseen, .. } = self;
        LevelVisit { level, seen, error, not_finite, unseen }
    }

    fn place(&self, site: &Site) -> Place {
        let task = self.task.map(TaskName::unlabelled);
        let node = self.level.path_to(self.node);
        Place { site: site.name, file: site.file, line: site.line, task, node, observation: None, entry: None }
    }

    /// The place of the next occurrence of an observed site.
    fn next_observation(&mut self, site: &Site) -> Place {
        Place { observation: Some(next_number(&mut self.seen, site)), ..self.place(site) }
    }

    fn fail(&mut self, error: Error) {
        self.error.get_or_insert(error);
    }

    /// Whether the parameters are valid; otherwise the distribution may not be asked anything.
    fn is_valid(&mut self, place: &Place, checked: Result<(), Invalid>) -> bool {
        let Err(invalid) = checked else { return true };
        let (place, at_start) = (Box::new(place.clone()), invalid.varies);
        self.fail(match invalid.culprit {
            Some(value) => Error::Covariate { place, value },
            None => Error::Parameter { place, invalid, at_start },
        });
        false
    }

    fn scored(&mut self, place: Place, ln_density: Real<Visited>) {
        let value = ln_density.value();
        // an infinite number may do no harm, and a constant -inf says that something is impossible
        let is_spoilt = |culprit: &f64| culprit.is_nan() || !(value.is_finite() || value == f64::NEG_INFINITY);
        let culprit = ln_density.0.culprit();
        match culprit.filter(is_spoilt) {
            Some(value) => self.fail(Error::Covariate { place: Box::new(place), value }),
            // a sum with a term that is zero is finite
            None if self.sums.add(ln_density) => {}
            None if value.is_finite() => {
                if let Some(value) = culprit {
                    self.unseen.get_or_insert(Entered { place, value });
                }
            }
            None => _ = self.not_finite.get_or_insert(NotFinite { place, value }),
        }
    }

    fn coordinate(&self, at: usize) -> Real<Visited> {
        Real::constant(self.start.coordinate(self.task, at))
    }
}

impl Interpreter for Discover<'_> {
    type N = Visited;

    fn enter(&mut self, nest: &Nest, turn: usize, label: impl FnOnce() -> Option<String>) {
        let name = label().unwrap_or_else(|| turn.to_string());
        self.node = Some(self.level.add_node(nest, self.node, name));
    }

    fn leave(&mut self) {
        self.node = self.node.and_then(|node| self.level.around(node));
    }

    fn sample<D: ContinuousDistribution<Visited>>(&mut self, site: &Site, dist: D) -> Real<Visited> {
        let entry = next_number(&mut self.entries, site);
        let place = Place { entry: (entry > 0).then_some(entry), ..self.place(site) };
        let u = self.coordinate(self.level.num_coordinates());
        if !self.is_valid(&place, dist.check()) {
            self.level.add(site, self.node, Entries { location_scale: false, identity: false, ..Entries::ONE });
            return u;
        }
        let (x, ln_jacobian) = dist.constrain(u);
        self.scored(place, dist.ln_density(x) + ln_jacobian);
        let location_scale = dist.non_centred(u).is_some();
        let entries = Entries { location_scale, identity: is_identity(&dist), ..Entries::ONE };
        self.level.add(site, self.node, entries);
        x
    }

    fn sample_vector<D: VectorDistribution<Visited>>(&mut self, site: &Site, dist: D, out: &mut Vec<Real<Visited>>) {
        let place = self.place(site);
        // later sites may ask for its entries, of which there are as many whatever the parameters
        self.is_valid(&place, dist.check());
        out.clear();
        let support = dist.support();
        let from = self.level.num_coordinates();
        let u: Vec<_> = (from..from + support.num_coordinates()).map(|at| self.coordinate(at)).collect();
        let ln_jacobian = support.constrain(&u, out);
        if self.error.is_none() {
            self.scored(place, dist.ln_density(out) + ln_jacobian);
        }
        let identity = *out == u && ln_jacobian == Real::constant(0.0);
        let (coordinates, values, shown) = (u.len(), out.len(), support.shown());
        self.level.add(site, self.node, Entries { coordinates, values, location_scale: false, identity, shown });
    }

    fn observe<D: Distribution<Visited>>(&mut self, site: &Site, datum: impl Datum, dist: D) {
        let place = self.next_observation(site);
        let is_valid = self.is_valid(&place, dist.check());
        self.sums.see(site, datum.datum().map(|_| 1));
        let Some(value) = datum.datum().filter(|_| is_valid) else { return };
        let support = dist.support();
        if !support.contains(value) {
            let (place, expected) = (Box::new(place.clone()), support.describe());
            self.fail(Error::Observation { place, value, distribution: name_of::<D>(), expected });
        }
        self.scored(place, dist.ln_density(value));
    }

    fn observe_vector<D: VectorDistribution<Visited>>(&mut self, site: &Site, datum: impl VectorDatum, dist: D) {
        let place = self.next_observation(site);
        let is_valid = self.is_valid(&place, dist.check());
        self.sums.see(site, datum.data().map(|data| data.len()));
        let Some(data) = datum.data().filter(|_| is_valid) else { return };
        let (support, distribution) = (dist.support(), name_of::<D>());
        if support.len() != data.len() {
            let (expected, found) = (support.len(), data.len());
            self.fail(Error::Length { place: Box::new(place), found, expected, distribution });
            return;
        }
        if !support.contains(&data) {
            let value = data.iter().copied().find(|v| !v.is_finite()).or(data.first().copied()).unwrap_or(f64::NAN);
            let (place, expected) = (Box::new(place.clone()), support.describe());
            self.fail(Error::Observation { place, value, distribution, expected });
        }
        if self.error.is_none() {
            self.scored(place, dist.ln_density(&data));
        }
    }

    fn factor(&mut self, site: &Site, term: Real<Visited>) {
        let place = self.next_observation(site);
        self.scored(place, term);
    }

    fn declare(&mut self, site: &Site) {
        self.level.add(site, self.node, Entries::CLASSES);
    }

    fn sum_out<D: FiniteDistribution<Visited>>(
        &mut self,
        site: &Site,
        sum: &Site,
        dist: D,
        body: impl Fn(&mut Self, usize),
    ) {
        self.visit_values([site, sum], &dist, body);
    }

    fn sum_chain<D: ChainDistribution<Visited>>(
        &mut self,
        site: &Site,
        sum: &Site,
        chain: Chain<D>,
        body: impl Fn(&mut Self),
    ) {
        self.visit_chain([site, sum], &chain, body);
    }

    fn given_entry(&mut self, t: usize, body: impl Fn(&mut Self, usize)) {
        self.visit_entry(t, body);
    }
}

/// How often the site was met before, of those that are counted; it is met now.
fn next_number(met: &mut Vec<usize>, site: &Site) -> usize {
    if met.len() <= site.id {
        met.resize(site.id + 1, 0);
    }
    met[site.id] += 1;
    met[site.id] - 1
}

/// Whether constraining changes nothing, seen at two points.
fn is_identity<N: Number>(dist: &impl ContinuousDistribution<N>) -> bool {
    [-0.75, 1.25].iter().all(|&u| {
        let (x, ln_jacobian) = dist.constrain(Real::constant(u));
        x.value().to_bits() == u.to_bits() && ln_jacobian.value() == 0.0
    })
}
