//! What a model with errors becomes: its public items, with nothing in its functions. Code that uses the model then
//! adds no errors to its own.

use crate::ast::Model;
use crate::facts::{Facts, PlateList};
use crate::lower::{Plan, TaskList};

/// The plan of a model with errors.
pub(crate) fn fallback<'m>(model: &'m Model, facts: &'m Facts) -> Plan<'m> {
    let tasks = match facts.plate.as_ref().map(|plate| &plate.list) {
        Some(PlateList::Argument(at)) => TaskList::Argument(&model.args[*at]),
        Some(PlateList::Numbers(_)) => TaskList::Numbers(None),
        Some(PlateList::Unknown) | None => TaskList::None,
    };
    Plan {
        model,
        facts,
        local_reads: Vec::new(),
        likelihood_reads: Vec::new(),
        widths: [1; 3],
        tasks,
        global: Vec::new(),
        local: Vec::new(),
        likelihood: Vec::new(),
    }
}
