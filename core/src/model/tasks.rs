//! What the plate of a model can run over.

use std::ops::Range;
use std::sync::Arc;

/// A list of tasks with random access: a slice, a `Vec`, an array; a reference, `Box` or `Arc` of one; or a range of
/// numbers.
#[diagnostic::on_unimplemented(
    message = "a plate cannot run over `{Self}`",
    label = "not a list of tasks: a slice, `Vec` or array, `grouped(...)`, or a `Box` or `Arc` of one",
    note = "pass a column as a slice (`column.as_slice()`), and a map as `map.into_iter().collect::<Vec<_>>()`",
    note = "`hierarch::tasks::grouped(rows, |row| row.group)` makes tasks of a long table; your own list implements `Tasks`"
)]
pub trait Tasks {
    /// The data of one task.
    type Task: ?Sized;
    /// How many tasks there are.
    fn num_tasks(&self) -> usize;
    /// The data of task `i`.
    fn task(&self, i: usize) -> &Self::Task;
    /// What task `i` is called, if it has a name: that of its group, of [`Groups`](crate::tasks::Groups).
    fn label(&self, _i: usize) -> Option<String> {
        None
    }
}

/// Refuses, in the caller's name, a task that there is not.
#[track_caller]
pub(crate) fn must_be_one(i: usize, num_tasks: usize) {
    assert!(i < num_tasks, "there is no task {i}: there are {num_tasks}, counted from 0");
}

impl<T> Tasks for [T] {
    type Task = T;
    fn num_tasks(&self) -> usize {
        self.len()
    }
    #[inline(always)]
    fn task(&self, i: usize) -> &T {
        &self[i]
    }
}

impl<T> Tasks for Vec<T> {
    type Task = T;
    fn num_tasks(&self) -> usize {
        self.len()
    }
    #[inline(always)]
    fn task(&self, i: usize) -> &T {
        &self[i]
    }
}

impl<T, const K: usize> Tasks for [T; K] {
    type Task = T;
    fn num_tasks(&self) -> usize {
        K
    }
    #[inline(always)]
    fn task(&self, i: usize) -> &T {
        &self[i]
    }
}

/// What points to a list is the list.
macro_rules! pointers {
    ($($pointer:ty),*) => {$(
        impl<L: Tasks + ?Sized> Tasks for $pointer {
            type Task = L::Task;
            fn num_tasks(&self) -> usize {
                (**self).num_tasks()
            }
            #[inline(always)]
            fn task(&self, i: usize) -> &L::Task {
                (**self).task(i)
            }
            fn label(&self, i: usize) -> Option<String> {
                (**self).label(i)
            }
        }
    )*};
}

pointers!(&L, Box<L>, Arc<L>);

/// The tasks of a plate over a range: the numbers themselves.
#[derive(Clone, Debug, Default)]
pub struct Numbers(Vec<usize>);

impl From<Range<usize>> for Numbers {
    fn from(range: Range<usize>) -> Self {
        Self(range.collect())
    }
}

impl Tasks for Numbers {
    type Task = usize;
    fn num_tasks(&self) -> usize {
        self.0.len()
    }
    #[inline(always)]
    fn task(&self, i: usize) -> &usize {
        &self.0[i]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(tasks: &(impl Tasks<Task = f64> + ?Sized)) -> Vec<f64> {
        (0..tasks.num_tasks()).map(|i| *tasks.task(i)).collect()
    }

    #[test]
    fn owners_of_a_list_are_lists_of_its_tasks() {
        let list = vec![3.0, 1.0, 2.0];
        assert_eq!(listed(&list.clone().into_boxed_slice()), list);
        assert_eq!(listed(&Arc::<[f64]>::from(list.clone())), list);
        assert_eq!(listed(&Arc::new(list.clone())), list);
        assert_eq!(listed(&Box::new(Arc::new([3.0, 1.0, 2.0]))), list);
    }
}
