//! Which statement goes into which of the model's functions.
//!
//! A site has one home: `global`, `local` or `likelihood`. Whatever else a function needs, it computes again: going
//! backwards through the statements, one is needed if it writes a variable that a needed one reads.

mod steps;
mod units;

use crate::ast::{Arg, Factor, Facts, Flow, Latent, Model, Shape, Site, Tasks};
use syn::{Expr, ExprRange, Local, Pat};
use units::{Function, Units};

/// All that is emitted.
pub(crate) struct Plan<'m> {
    pub(crate) model: &'m Model,
    pub(crate) facts: &'m Facts,
    pub(crate) local_reads: Vec<usize>,
    pub(crate) likelihood_reads: Vec<usize>,
    /// Lanes of `global`, `local`, `likelihood`.
    pub(crate) widths: [usize; 3],
    pub(crate) tasks: TaskList<'m>,
    pub(crate) global: Vec<Step<'m>>,
    pub(crate) local: Vec<Step<'m>>,
    pub(crate) likelihood: Vec<Step<'m>>,
}

/// Where the tasks are.
pub(crate) enum TaskList<'m> {
    /// The model has no plate, or a broken one.
    None,
    Argument(&'m Arg),
    /// Numbers, counted in `new` by the range and what it needs; a broken model has none.
    Numbers(Option<(Vec<Step<'m>>, &'m ExprRange)>),
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Level {
    Global,
    Local,
}

/// One statement of a function.
pub(crate) enum Step<'m> {
    /// Binds an argument, by value or by reference.
    Argument {
        arg: &'m Arg,
        by_value: bool,
    },
    /// Binds the pattern of the plate to the task.
    Task {
        pat: &'m Pat,
        by_value: bool,
        shared: bool,
    },
    /// Binds a latent that was drawn elsewhere.
    Latent {
        level: Level,
        latent: &'m Latent,
    },
    /// Draws a latent, and binds it if it is `used`.
    Sample {
        level: Level,
        id: usize,
        latent: &'m Latent,
        site: &'m Site,
        used: bool,
    },
    Observe {
        id: usize,
        site: &'m Site,
    },
    Factor(&'m Factor),
    /// `shared`: emitted more than once, so that not all it binds need be used.
    Let {
        local: &'m Local,
        shared: bool,
    },
    Plain(&'m Expr),
    /// Its bodies, branch by branch. `stripped` of its sites.
    Flow {
        flow: &'m Flow,
        bodies: Vec<Vec<Step<'m>>>,
        stripped: bool,
    },
}

/// A model with errors: its public items, with nothing in its functions.
pub(crate) fn broken<'m>(model: &'m Model, facts: &'m Facts) -> Plan<'m> {
    let tasks = match facts.plate.as_ref().map(|plate| &plate.tasks) {
        Some(Tasks::Argument(at)) => TaskList::Argument(&model.args[*at]),
        Some(Tasks::Numbers(_)) => TaskList::Numbers(None),
        Some(Tasks::Unknown) | None => TaskList::None,
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

/// A model without errors to what is emitted.
pub(crate) fn lower<'m>(model: &'m Model, facts: &'m Facts) -> Plan<'m> {
    let units = Units::of(model, facts);
    let needs = units.needs();
    let reads = |function| units.globals_read(&needs, function);
    let (local_reads, likelihood_reads) = (reads(Function::Local), reads(Function::Likelihood));
    let shared = |reads: &[usize]| reads.iter().map(|&id| &facts.globals[id]).collect::<Vec<_>>();
    let widths = [
        width(facts.globals.iter()),
        width(facts.locals.iter().chain(shared(&local_reads))),
        width(facts.locals.iter().chain(shared(&likelihood_reads))),
    ];
    let steps = |function| units.steps(&needs, function);
    let tasks = match facts.plate.as_ref().map(|plate| &plate.tasks) {
        Some(Tasks::Numbers(range)) => TaskList::Numbers(Some((steps(Function::New), range))),
        _ => broken(model, facts).tasks,
    };
    Plan {
        model,
        facts,
        widths,
        tasks,
        global: steps(Function::Global),
        local: steps(Function::Local),
        likelihood: steps(Function::Likelihood),
        local_reads,
        likelihood_reads,
    }
}

/// The lanes of a block: one a coordinate, 8 at most, and 8 where their number is not known.
fn width<'a>(latents: impl Iterator<Item = &'a Latent>) -> usize {
    let coordinates = latents.map(|latent| match latent.shape {
        Shape::Scalar => Some(1),
        Shape::Vector(len) => len,
    });
    coordinates.sum::<Option<usize>>().map_or(8, |sum| sum.clamp(1, 8))
}
