//! The observations of a model as they are.
//!
//! What is accumulated: every observation that is there, with its place.

use crate::dist::{ChainDistribution, Distribution, FiniteDistribution, VectorDistribution};
use crate::error::{Place, TaskName};
use crate::interpret::given::{Given, Observer};
use crate::interpret::turns::Turns;
use crate::model::{Chain, Datum, Nest, Site, VectorDatum};

/// The state: what was seen of a task, or outside the plate.
#[derive(Debug, Default)]
pub(crate) struct Record {
    task: Option<usize>,
    turns: Turns,
    seen: Vec<usize>,
    /// The numbers; a vector's one after another.
    pub(crate) values: Vec<f64>,
    /// The place of each number.
    pub(crate) places: Vec<Place>,
    /// The place of each observation, of which a vector is one.
    pub(crate) observations: Vec<Place>,
}

impl Record {
    pub(crate) fn new(task: Option<usize>) -> Self {
        Self { task, ..Self::default() }
    }

    /// Calls the task by its label.
    pub(crate) fn label_task(&mut self, label: Option<&str>) {
        let places = self.places.iter_mut().chain(&mut self.observations);
        places.for_each(|place| place.label_task(|_| label.map(str::to_owned)));
    }

    /// Takes one occurrence of a site, if it is there.
    fn take(&mut self, site: &Site, data: Option<&[f64]>) {
        if self.seen.len() <= site.id {
            self.seen.resize(site.id + 1, 0);
        }
        let (task, node, observation) =
            (self.task.map(TaskName::unlabelled), self.turns.path(), Some(self.seen[site.id]));
        self.seen[site.id] += 1;
        let Some(data) = data else { return };
        let place = Place { site: site.name, file: site.file, line: site.line, task, node, observation, entry: None };
        self.values.extend(data);
        let entry = |k: usize| Place { entry: (data.len() > 1).then_some(k), ..place.clone() };
        self.places.extend((0..data.len()).map(entry));
        self.observations.push(place);
    }
}

impl Observer for Record {
    fn enter(&mut self, nest: &Nest, turn: usize, label: impl FnOnce() -> Option<String>) {
        self.turns.enter(nest, turn, label());
    }

    fn leave(&mut self) {
        self.turns.leave();
    }

    fn observe<D: Distribution<f64>>(&mut self, site: &Site, datum: impl Datum, _: D) {
        self.take(site, datum.datum().as_ref().map(std::slice::from_ref));
    }

    fn observe_vector<D: VectorDistribution<f64>>(&mut self, site: &Site, datum: impl VectorDatum, _: D) {
        self.take(site, datum.data().as_deref());
    }

    /// Every value has the same data.
    fn sum_out<'a, D: FiniteDistribution<f64>>(
        given: &mut Given<'a, Self>,
        _: &Site,
        _: D,
        body: impl Fn(&mut Given<'a, Self>, usize),
    ) {
        body(given, 0);
    }

    fn sum_chain<'a, D: ChainDistribution<f64>>(
        given: &mut Given<'a, Self>,
        _: &Site,
        _: Chain<D>,
        body: impl Fn(&mut Given<'a, Self>),
    ) {
        body(given);
    }

    fn given_entry<'a>(given: &mut Given<'a, Self>, _: usize, body: impl Fn(&mut Given<'a, Self>, usize)) {
        body(given, 0);
    }
}
