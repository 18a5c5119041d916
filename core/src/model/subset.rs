//! A model with other tasks in place of its own: some of them, or new ones.

use crate::model::{Interpreter, Model, Of, Site};

/// The model, and the tasks.
pub(crate) struct Subset<'a, M: Model> {
    pub(crate) model: &'a M,
    pub(crate) tasks: Vec<&'a M::Task>,
}

impl<'a, M: Model> Subset<'a, M> {
    /// All of the model's own tasks. Whatever the crate computes, it computes of a subset, so that a model's functions
    /// are compiled once for fitting, choosing and adapting.
    pub(crate) fn all(model: &'a M) -> Self {
        Self { model, tasks: (0..model.num_tasks()).map(|i| model.task(i)).collect() }
    }

    /// One task, which need not be the model's.
    pub(crate) fn one(model: &'a M, task: &'a M::Task) -> Self {
        Self { model, tasks: vec![task] }
    }

    /// Some of the model's own tasks.
    pub(crate) fn of(model: &'a M, tasks: &[usize]) -> Self {
        Self { model, tasks: tasks.iter().map(|&i| model.task(i)).collect() }
    }
}

impl<M: Model> Model for Subset<'_, M> {
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
        self.tasks.len()
    }

    fn task(&self, i: usize) -> &M::Task {
        self.tasks[i]
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
