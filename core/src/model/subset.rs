//! A model with other tasks in place of its own: some of them, or new ones.

use crate::model::Model;
use crate::model::site_mask::SiteMask;

/// A model, and the tasks that stand in its plate.
pub(crate) struct Subset<'a, M: Model> {
    pub(crate) model: &'a M,
    tasks: TaskList<'a, M>,
    /// The mask under which nothing outside the plate counts.
    pub(crate) unscored: SiteMask,
}

enum TaskList<'a, M: Model> {
    All,
    Some(Vec<&'a M::Task>),
}

impl<M: Model> Clone for Subset<'_, M> {
    fn clone(&self) -> Self {
        let tasks = match &self.tasks {
            TaskList::All => TaskList::All,
            TaskList::Some(tasks) => TaskList::Some(tasks.clone()),
        };
        Self { model: self.model, tasks, unscored: self.unscored.clone() }
    }
}

impl<'a, M: Model> Subset<'a, M> {
    fn new(model: &'a M, tasks: TaskList<'a, M>) -> Self {
        Self { model, tasks, unscored: SiteMask::none(M::GLOBAL_SITES.len(), M::OBSERVED_SITES.len()) }
    }

    /// The model with all of its own tasks.
    pub(crate) fn all(model: &'a M) -> Self {
        Self::new(model, TaskList::All)
    }

    /// The model with one task, which need not be its own.
    pub(crate) fn one(model: &'a M, task: &'a M::Task) -> Self {
        Self::with(model, vec![task])
    }

    /// The model with these tasks, which need not be its own.
    pub(crate) fn with(model: &'a M, tasks: Vec<&'a M::Task>) -> Self {
        Self::new(model, TaskList::Some(tasks))
    }

    /// The model with some of the tasks only.
    pub(crate) fn of(&self, tasks: &[usize]) -> Subset<'_, M> {
        Subset::with(self.model, tasks.iter().map(|&i| self.task(i)).collect())
    }

    pub(crate) fn num_tasks(&self) -> usize {
        match &self.tasks {
            TaskList::All => self.model.num_tasks(),
            TaskList::Some(tasks) => tasks.len(),
        }
    }

    pub(crate) fn task(&self, i: usize) -> &M::Task {
        match &self.tasks {
            TaskList::All => self.model.task(i),
            TaskList::Some(tasks) => tasks[i],
        }
    }

    /// What task `i` is called; the tasks of others have no name here.
    pub(crate) fn task_label(&self, i: usize) -> Option<String> {
        match &self.tasks {
            TaskList::All => self.model.task_label(i),
            TaskList::Some(_) => None,
        }
    }
}
