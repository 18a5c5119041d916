//! Nested plates: `for`s with latents in the plate.

use super::{Check, Meaning};
use crate::ast::{Flow, FlowKind, Stmt};
use crate::facts::{Member, Nest, Owner, Tier};
use crate::names;
use proc_macro2::Ident;
use quote::format_ident;
use syn::{Error, Expr, Member as Field, Pat};

/// Methods that run over what they are called on.
const ADAPTERS: [&str; 12] = [
    "iter",
    "into_iter",
    "enumerate",
    "zip",
    "rev",
    "skip",
    "take",
    "copied",
    "cloned",
    "as_slice",
    "step_by",
    "filter",
];

impl Check<'_> {
    /// Whether a statement is a `for` that declares latents, where one can be a plate.
    pub(super) fn is_nest(&self, stmt: &Stmt) -> bool {
        let is_fresh = |name: &Ident| matches!(self.scope.meaning(name), None | Some(Meaning::Latent));
        matches!(stmt, Stmt::Flow(flow) if matches!(flow.kind, FlowKind::For))
            && self.tier == Tier::Local
            && self.inside.is_none()
            && names::targets(stmt).iter().any(is_fresh)
    }

    pub(super) fn nested(&mut self, flow: &Flow) {
        let name = name_of(flow);
        self.list(flow, "turns");
        let first = self.facts.latents.local.len();
        self.facts.nests.push(Nest { flow: flow.number, name, parent: self.nest, first });
        let outer = self.nest.replace(self.facts.nests.len() - 1);
        self.turn(flow);
        self.nest = outer;
    }

    /// Reports fields of one struct, and structs, of the same name; such a plate gets another.
    pub(super) fn clashing_nests(&mut self) {
        for at in 0..self.facts.nests.len() {
            let Some(message) = self.clash(at) else { continue };
            let name = &mut self.facts.nests[at].name;
            self.errors.push(Error::new(name.span(), message));
            *name = format_ident!("{name}_{at}");
        }
    }

    /// What is wrong with the name of a nested plate.
    fn clash(&self, at: usize) -> Option<String> {
        let Nest { name, parent, .. } = &self.facts.nests[at];
        let members = self.facts.members(parent.map_or(Owner::Task, Owner::Turn));
        let is_taken = |member: &Member<'_>| matches!(member, Member::Latent(latent) if latent.name == *name);
        if self.facts.nests[..at].iter().any(|other| other.name == *name) {
            Some(format!(
                "a second nested plate over `{name}`: declare the latents of both in one `for`, or let one run over a \
                 list of another name"
            ))
        } else if *name == "global" || *name == "local" || members.iter().any(is_taken) {
            Some(format!(
                "the turns of this plate are called `{name}` in the results, and that name is taken: rename the list \
                 or the latent"
            ))
        } else {
            None
        }
    }
}

/// What the turns of a nested plate are called: the field or method that it runs over, or else the variable of the `for`.
fn name_of(flow: &Flow) -> Ident {
    let branch = &flow.branches[0];
    let of_pattern = || match &branch.pat {
        Some(Pat::Ident(pat)) => Some(pat.ident.clone()),
        pat => pat.as_ref().and_then(|pat| names::bound_by(pat).into_iter().next()).map(|binding| binding.name),
    };
    let name = branch.source.as_ref().and_then(of_list).or_else(of_pattern);
    name.unwrap_or_else(|| Ident::new("turns", flow.span))
}

/// The field or method that gives a list: `schools` of `&area.schools`, and of `area.schools.iter().enumerate()`.
fn of_list(list: &Expr) -> Option<Ident> {
    match list {
        Expr::Field(field) => match &field.member {
            Field::Named(name) => Some(name.clone()),
            Field::Unnamed(_) => None,
        },
        Expr::MethodCall(call) if ADAPTERS.iter().any(|adapter| call.method == adapter) => of_list(&call.receiver),
        Expr::MethodCall(call) => Some(call.method.clone()),
        Expr::Reference(reference) => of_list(&reference.expr),
        Expr::Paren(paren) => of_list(&paren.expr),
        Expr::Index(index) => of_list(&index.expr),
        _ => None,
    }
}
