//! Which statement goes into which of the model's functions.
//!
//! A site has one home: `global`, `local` or `likelihood`. Whatever else a function needs, it computes again: going
//! backwards through the statements, one is needed if it writes a variable that a needed one reads.

mod entries;
mod liveness;
mod plan;
mod steps;
mod sums;
mod units;

pub(crate) use plan::{
    Access, Counting, EntryStep, NestStep, Plan, SampleStep, Step, SumStep, TaskList, Turns, Unused,
};

use crate::ast::Model;
use crate::facts::{Dimension, Facts, Latent, PlateList};
use units::{Function, Units};

/// A model without errors to what is emitted.
pub(crate) fn lower<'m>(model: &'m Model, facts: &'m Facts) -> Plan<'m> {
    let mut units = Units::of(model, facts);
    let needs = units.needs();
    let reads = |function| units.globals_read(&needs, function);
    let steps = |function| units.steps(&units.all, &needs, function);
    let (local_reads, likelihood_reads) = (reads(Function::Local), reads(Function::Likelihood));
    let tasks = match facts.plate.as_ref().map(|plate| &plate.list) {
        Some(PlateList::Argument(at)) => TaskList::Argument(&model.args[*at]),
        Some(PlateList::Numbers(range)) => TaskList::Numbers(Some(Counting { steps: steps(Function::New), range })),
        Some(PlateList::Unknown) | None => TaskList::None,
    };
    Plan {
        model,
        facts,
        widths: [
            width(facts.latents.global.iter()),
            width(block(facts, &local_reads)),
            width(block(facts, &likelihood_reads)),
        ],
        tasks,
        global: steps(Function::Global),
        local: steps(Function::Local),
        likelihood: steps(Function::Likelihood),
        local_reads,
        likelihood_reads,
    }
}

/// The latents of a task, and those of the globals that a function of it reads.
fn block<'a>(facts: &'a Facts, reads: &'a [usize]) -> impl Iterator<Item = &'a Latent> {
    facts.latents.local.iter().chain(reads.iter().map(|&id| &facts.latents.global[id]))
}

/// The lanes of a block: one a coordinate, 8 at most, and 8 where their number is not known.
fn width<'a>(latents: impl Iterator<Item = &'a Latent>) -> usize {
    let coordinates = latents.map(|latent| match latent.dimension {
        _ if latent.nest.is_some() => None,
        Dimension::Scalar => Some(1),
        Dimension::Vector(len) => len,
        Dimension::Classes | Dimension::Chain => Some(0),
    });
    coordinates.sum::<Option<usize>>().map_or(8, |sum| sum.clamp(1, 8))
}
