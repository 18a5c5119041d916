//! The plan of what is emitted: for each function its statements, in order.

use crate::ast::{Arg, Branch, Factor, Flow, Model, Site};
use crate::facts::{Facts, Latent, Nest, Observation, Tier};
use proc_macro2::Ident;
use syn::{Expr, ExprRange, Local, Pat};

/// All that is emitted.
pub(crate) struct Plan<'m> {
    pub(crate) model: &'m Model,
    pub(crate) facts: &'m Facts,
    /// Ids of the global latents that `local` reads.
    pub(crate) local_reads: Vec<usize>,
    /// Ids of the global latents that `likelihood` reads.
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
    /// Numbers; in a broken model nothing counts them.
    Numbers(Option<Counting<'m>>),
}

/// How `new` counts the tasks: by a range, after the statements that it needs.
pub(crate) struct Counting<'m> {
    pub(crate) steps: Vec<Step<'m>>,
    pub(crate) range: &'m ExprRange,
}

/// One statement of a function.
pub(crate) enum Step<'m> {
    /// Binds an argument.
    Argument {
        arg: &'m Arg,
        access: Access,
    },
    /// Binds the pattern of the plate to the task.
    Task {
        pat: &'m Pat,
        access: Access,
        unused: Unused,
    },
    /// Binds a latent that was drawn elsewhere.
    Latent {
        tier: Tier,
        latent: &'m Latent,
    },
    Sample(SampleStep<'m>),
    /// Tells of a discrete latent of the plate, by its id.
    Declare {
        id: usize,
    },
    Sum(SumStep<'m>),
    Entry(EntryStep<'m>),
    Observe {
        id: usize,
        observation: &'m Observation,
        site: &'m Site,
    },
    Factor {
        id: usize,
        factor: &'m Factor,
    },
    Let {
        local: &'m Local,
        unused: Unused,
    },
    Plain(&'m Expr),
    /// A loop, a conditional or a block with its bodies, branch by branch.
    Flow {
        flow: &'m Flow,
        bodies: Vec<Vec<Step<'m>>>,
        unused: Unused,
    },
    Nest(NestStep<'m>),
}

/// Runs through a nested plate.
pub(crate) struct NestStep<'m> {
    pub(crate) nest: &'m Nest,
    pub(crate) branch: &'m Branch,
    pub(crate) turns: Turns,
    pub(crate) body: Vec<Step<'m>>,
    pub(crate) unused: Unused,
}

/// What becomes of the latents of a nested plate.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Turns {
    Draw,
    /// They were drawn elsewhere.
    Read,
}

/// Draws a latent.
pub(crate) struct SampleStep<'m> {
    pub(crate) tier: Tier,
    pub(crate) id: usize,
    pub(crate) latent: &'m Latent,
    pub(crate) site: &'m Site,
    /// Whether the function reads it further on, so that it must be bound.
    pub(crate) read: bool,
}

/// Sums a discrete latent, or a chain of them, out of some statements.
pub(crate) struct SumStep<'m> {
    /// Its id among the latents of the plate.
    pub(crate) id: usize,
    /// The id of the sum among the observations and factors.
    pub(crate) sum: usize,
    pub(crate) latent: &'m Latent,
    pub(crate) site: &'m Site,
    pub(crate) body: Vec<Step<'m>>,
}

/// Evaluates statements for the values of an entry of a chain.
pub(crate) struct EntryStep<'m> {
    pub(crate) chain: &'m Ident,
    pub(crate) index: &'m Expr,
    pub(crate) body: Vec<Step<'m>>,
}

/// How a variable is bound.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Access {
    Value,
    Reference,
}

/// Whether the compiler may warn of a variable of the user's that nothing uses.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Unused {
    Warn,
    /// The statement is emitted more than once, or without some of its statements.
    Allow,
}
