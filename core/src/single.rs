//! A model with one task in place of its own: what adapting to a new task works on.

use crate::elbo::{Objective, Shape, Written};
use crate::model::{Interpreter, Model, Of, Site};
use crate::options::Estimator;

/// The model, and the task.
pub(crate) struct Single<'a, M: Model> {
    pub(crate) model: &'a M,
    pub(crate) task: &'a M::Task,
}

impl<'a, M: Model> Single<'a, M> {
    /// Its centred objective.
    pub(crate) fn objective(&'a self, shape: &Shape) -> Objective<'a, Self> {
        let centred = vec![false; M::LOCAL_SITES.len()];
        let written = Written { non_centred: &centred, estimator: Estimator::ClosedForm, jacobian: true };
        Objective::new(self, shape, written)
    }
}

impl<M: Model> Model for Single<'_, M> {
    type Global = M::Global;
    type Local = M::Local;
    type Task = M::Task;
    type GlobalLanes = M::GlobalLanes;
    type LocalLanes = M::LocalLanes;
    type LikelihoodLanes = M::LikelihoodLanes;

    const GLOBAL_SITES: &'static [Site] = M::GLOBAL_SITES;
    const LOCAL_SITES: &'static [Site] = M::LOCAL_SITES;
    const OBSERVED_SITES: &'static [Site] = M::OBSERVED_SITES;
    const LOCAL_READS: &'static [usize] = M::LOCAL_READS;
    const LIKELIHOOD_READS: &'static [usize] = M::LIKELIHOOD_READS;
    const HAS_PLATE: bool = M::HAS_PLATE;

    fn num_tasks(&self) -> usize {
        1
    }

    fn task(&self, _: usize) -> &M::Task {
        self.task
    }

    fn global<I: Interpreter>(&self, i: &mut I, global: &mut Of<M::Global, I>) {
        self.model.global(i, global);
    }

    fn local<I: Interpreter>(&self, i: &mut I, global: &Of<M::Global, I>, task: &M::Task, local: &mut Of<M::Local, I>) {
        self.model.local(i, global, task, local);
    }

    fn likelihood<I: Interpreter>(
        &self,
        i: &mut I,
        global: &Of<M::Global, I>,
        local: &Of<M::Local, I>,
        task: &M::Task,
    ) {
        self.model.likelihood(i, global, local, task);
    }
}
