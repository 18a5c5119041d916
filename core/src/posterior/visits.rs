//! The data of a model, visited given draws of its posterior.

use crate::interpret::given::{Given, Observer};
use crate::interpret::record::Record;
use crate::model::{Globals, Latents, Model};
use crate::numbers::Real;
use crate::posterior::columns::Source;
use crate::posterior::draws::WeightedDraws;
use crate::posterior::lazy::TypedSource;

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
        let mut phi = Default::default();
        M::Local::map(&self.source.local(draw, theta, i), &mut phi, |x: &f64| Real(*x));
        self.model.likelihood(&mut Given::likelihood(observer), theta, &phi, self.model.task(i));
    }
}
