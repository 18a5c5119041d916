//! The data of a fit's model, visited given draws of its posterior.

use crate::density::typed::Classified;
use crate::fit::Fit;
use crate::interpret::classes::Classes;
use crate::interpret::given::{Given, Observer};
use crate::model::{Globals, Model};
use crate::posterior::lazy::TypedSource;

/// A fit's model with latents from its posterior.
pub(super) struct Visits<'f, M: Model> {
    fit: &'f Fit<M>,
    source: TypedSource<'f, M>,
    thetas: Vec<Globals<M, f64>>,
}

impl<'f, M: Model> Visits<'f, M> {
    pub(super) fn new(fit: &'f Fit<M>) -> Self {
        let source = TypedSource::new(&fit.model, fit.solution.source());
        let thetas = (0..fit.solution.draws.len()).map(|s| source.theta(s)).collect();
        Self { fit, source, thetas }
    }

    /// How many draws there are.
    pub(super) fn num_draws(&self) -> usize {
        self.thetas.len()
    }

    /// What is outside the plate, then each task.
    pub(super) fn parts(&self) -> impl Iterator<Item = Option<usize>> {
        std::iter::once(None).chain((0..self.fit.model.num_tasks()).map(Some))
    }

    /// Shows the data of a part to an observer, given the draw of that number.
    pub(super) fn visit<O: Observer>(&self, part: Option<usize>, draw: usize, observer: &mut O) {
        let model = &self.fit.model;
        let Some(i) = part else {
            let theta = self.fit.solution.draws.theta(draw);
            model.global(&mut Given::new(theta, observer), &mut Default::default());
            return;
        };
        let theta = &self.thetas[draw];
        let phi = self.classified(i, draw);
        model.likelihood(&mut Given::likelihood(observer), theta, &phi.latents, model.task(i));
    }

    /// What is known in that draw of the classes of a part's discrete latents.
    pub(super) fn classes(&self, part: Option<usize>, draw: usize) -> Vec<Classes> {
        match part {
            Some(i) if M::HAS_CLASSES => self.classified(i, draw).classes,
            _ => Vec::new(),
        }
    }

    fn classified(&self, i: usize, draw: usize) -> Classified<M> {
        self.source.classified(draw, &self.thetas[draw], i)
    }
}
