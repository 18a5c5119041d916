//! Which top-level `for` is the plate.

use crate::ast::{Arg, Branch, FlowKind, Model, Stmt, bare_name};
use crate::errors::Errors;
use crate::facts::{Plate, PlateList};
use crate::names;
use crate::source::text;
use proc_macro2::{Ident, Span};
use syn::{Error, Expr, Result};

/// The plate: the `for` that declares latents; without one, the only `for` that observes, if it can be a plate.
pub(super) fn find(model: &Model, errors: &mut Errors) -> Option<Plate> {
    let loops = Loops::of(model);
    let mut latent = loops.all.iter().filter(|l| l.latents);
    if let Some(first) = latent.next() {
        let others = latent.map(|second| {
            errors.push(Error::new(
                second.span,
                "a second plate: a model has one kind of task; declare the latents of one of the two `for`s before it, \
                 as a vector: `name[k in 0..len] ~ ...;`",
            ));
            second.at
        });
        let others = others.collect();
        let list = list(&model.args, first.branch).unwrap_or_else(|error| {
            errors.push(error);
            PlateList::Unknown
        });
        return Some(Plate { at: first.at, others, list });
    }
    match loops.all.as_slice() {
        [only] if !only.sequential => {
            let list = list(&model.args, only.branch).ok()?;
            Some(Plate { at: only.at, others: Vec::new(), list })
        }
        _ => None,
    }
}

/// The top-level `for`s with sites in them.
struct Loops<'m> {
    all: Vec<Loop<'m>>,
}

/// A top-level `for`, which may be the plate.
struct Loop<'m> {
    /// Its position in the body.
    at: usize,
    branch: &'m Branch,
    span: Span,
    /// Whether the `for` declares latents.
    latents: bool,
    /// Whether the `for` uses a variable that changes, so that the order of its turns may matter.
    sequential: bool,
}

impl<'m> Loops<'m> {
    fn of(model: &'m Model) -> Self {
        let mut data: Vec<Ident> = model.args.iter().map(|arg| arg.name.clone()).collect();
        let mut mutable = Vec::new();
        let mut all = Vec::new();
        for (at, stmt) in model.body.iter().enumerate() {
            match stmt {
                Stmt::Let(local) => {
                    for binding in names::bound_by(&local.pat) {
                        data.push(binding.name.clone());
                        mutable.extend(binding.mutable.then_some(binding.name));
                    }
                }
                Stmt::Flow(flow) if matches!(flow.kind, FlowKind::For) && stmt.has_sites() => {
                    let latents = names::targets(stmt).iter().any(|name| !data.contains(name));
                    let sequential = names::in_stmt(stmt).iter().any(|name| mutable.contains(name));
                    all.push(Loop { at, branch: &flow.branches[0], span: flow.span, latents, sequential });
                }
                _ => {}
            }
        }
        Self { all }
    }
}

/// What the plate runs over.
fn list(args: &[Arg], branch: &Branch) -> Result<PlateList> {
    let list = branch.source.as_ref().expect("a `for` has a list");
    if let Expr::Range(range) = list
        && range.start.is_some()
        && range.end.is_some()
    {
        return Ok(PlateList::Numbers(range.clone()));
    }
    let place = match list {
        Expr::Reference(reference) if reference.mutability.is_none() => &reference.expr,
        Expr::MethodCall(call) if call.method == "iter" && call.args.is_empty() => &call.receiver,
        other => other,
    };
    if let Some(at) = bare_name(place).and_then(|name| args.iter().position(|arg| arg.name == *name)) {
        return Ok(PlateList::Argument(at));
    }
    Err(Error::new_spanned(
        list,
        format!(
            "the plate cannot run over `{}`: let it run over an argument that is a list, with one struct or tuple a \
             task, or over the numbers of the tasks, `for i in 0..n`, and index the data",
            text(list)
        ),
    ))
}
