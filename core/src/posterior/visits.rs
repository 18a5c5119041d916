//! The data of a model, visited given draws of its posterior.

use crate::density::typed::Classified;
use crate::error::Error;
use crate::interpret::classes::Classes;
use crate::interpret::given::{Given, Observer};
use crate::interpret::record::Record;
use crate::interpret::simulate::{Places, Simulate, Wanted};
use crate::model::{Globals, Model};
use crate::posterior::columns::Source;
use crate::posterior::draws::WeightedDraws;
use crate::posterior::lazy::TypedSource;
use rand::Rng;

/// A model with latents from its posterior.
pub(crate) struct Visits<'f, M: Model> {
    model: &'f M,
    draws: &'f WeightedDraws,
    source: TypedSource<'f, M>,
    thetas: Vec<Globals<M, f64>>,
}

impl<'f, M: Model> Visits<'f, M> {
    pub(crate) fn new(model: &'f M, from: Source<'f>) -> Self {
        let source = TypedSource::new(model, from);
        let thetas = (0..from.draws.len()).map(|s| source.theta(s)).collect();
        Self { model, draws: from.draws, source, thetas }
    }

    /// How many draws there are.
    pub(crate) fn num_draws(&self) -> usize {
        self.thetas.len()
    }

    /// What is outside the plate, then each task.
    pub(crate) fn parts(&self) -> impl Iterator<Item = Option<usize>> {
        std::iter::once(None).chain((0..self.model.num_tasks()).map(Some))
    }

    /// The data of a part, at places that say what tasks are called.
    pub(crate) fn record(&self, part: Option<usize>) -> Record {
        let mut record = Record::new(part);
        self.visit(part, 0, &mut record);
        record.label_task(part.and_then(|i| self.model.task_label(i)).as_deref());
        record
    }

    /// Shows the data of a part to an observer, given the draw of that number.
    pub(crate) fn visit<O: Observer>(&self, part: Option<usize>, draw: usize, observer: &mut O) {
        let Some(i) = part else {
            self.model.global(&mut Given::new(self.draws.theta(draw), observer), &mut Default::default());
            return;
        };
        let theta = &self.thetas[draw];
        let phi = self.classified(i, draw);
        self.model.likelihood(&mut Given::likelihood(observer), theta, &phi.latents, self.model.task(i));
    }

    /// Every number that is observed drawn again, given the draw of that number.
    pub(crate) fn replicate(&self, draw: usize, rng: &mut dyn Rng) -> Result<Vec<f64>, Error> {
        let mut values = Vec::new();
        for part in self.parts() {
            let known = self.classes(part, draw);
            let mut run = Simulate::new(rng, Wanted::Observed, part, Places::Known).knowing(&known);
            self.visit(part, draw, &mut run);
            if let Some(error) = run.error {
                return Err(error.label_task(|i| self.model.task_label(i)));
            }
            values.append(&mut run.drawn);
        }
        Ok(values)
    }

    /// What is known in that draw of the classes of a part's discrete latents.
    fn classes(&self, part: Option<usize>, draw: usize) -> Vec<Classes> {
        match part {
            Some(i) if M::HAS_CLASSES => self.classified(i, draw).classes,
            _ => Vec::new(),
        }
    }

    fn classified(&self, i: usize, draw: usize) -> Classified<M> {
        self.source.classified(draw, &self.thetas[draw], i)
    }
}
