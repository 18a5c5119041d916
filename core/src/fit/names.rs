//! What latents' numbers and tasks are called.

use crate::error::TaskName;
use crate::model::Site;
use crate::model::level::{Level, Slot};
use std::fmt;

/// The name of a latent's number. Displayed as `tau`, `w[2]`, `corr[1, 0]`, `theta task 3`, `theta 308` of a task that is called
/// so, or `schools[2].s task 3` in a nested plate.
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberName {
    /// The turn of nested plates that it belongs to: `schools[2]`, or `schools[Hill].classes[0]`; empty for other numbers.
    pub node: String,
    /// The latent's name.
    pub site: &'static str,
    /// Which of its numbers: empty for a scalar, `[2]`, or `[1, 0]` of a correlation.
    pub entry: String,
    /// The task that it belongs to; `None` for a global.
    pub task: Option<TaskName>,
}

impl fmt::Display for NumberName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_level())?;
        self.task.as_ref().map_or(Ok(()), |task| write!(f, " {}", task.in_table()))
    }
}

impl NumberName {
    /// The name without the task's: `w[2]`, `schools[2].s`.
    pub(crate) fn in_level(&self) -> String {
        let Self { node, site, entry, .. } = self;
        if node.is_empty() { format!("{site}{entry}") } else { format!("{node}.{site}{entry}") }
    }
}

/// A level whose numbers are to be named.
pub(crate) struct NamedLevel<'a> {
    pub(crate) level: &'a Level,
    pub(crate) sites: &'a [Site],
    /// The task, if it has a number or a label.
    pub(crate) task: Option<TaskName>,
}

impl NamedLevel<'_> {
    /// The names of the numbers that a table shows of each slot.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&Slot, Vec<NumberName>)> {
        self.level.slots().iter().map(|slot| {
            let labels = slot.shown.labels(slot.values.len());
            (slot, labels.into_iter().map(|entry| self.name(slot, entry)).collect())
        })
    }

    /// The name of one of the level's values, those of discrete latents not counted.
    pub(crate) fn of_value(&self, value: usize) -> Option<NumberName> {
        let mut index = value;
        let slot = self.level.slots().iter().filter(|slot| !slot.is_discrete).find(|slot| {
            let is_there = index < slot.values.len();
            index -= if is_there { 0 } else { slot.values.len() };
            is_there
        })?;
        Some(self.name(slot, slot.shown.label_of_value(index, slot.values.len())))
    }

    /// The name of the latent that one of the level's unconstrained coordinates belongs to.
    pub(crate) fn of_coordinate(&self, coordinate: usize) -> Option<NumberName> {
        self.level.slot_of(coordinate).map(|slot| self.name(slot, String::new()))
    }

    fn name(&self, slot: &Slot, entry: String) -> NumberName {
        NumberName { node: self.level.path(slot), site: self.sites[slot.site].name, entry, task: self.task.clone() }
    }
}
