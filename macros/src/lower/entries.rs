//! Which statements in the sum over a chain are evaluated for each value of an entry.
//!
//! In every block those that look an entry up, with those that depend on it by variables of the block. An inner block whose own
//! head does not depend on an entry is gone into.

use super::plan::{EntryStep, NestStep, Step, SumStep};
use crate::ast::bare_name;
use crate::names;
use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{Expr, ExprIndex};

/// Puts the statements of a block that depend on the same entry of a chain together.
pub(super) fn by_entry<'m>(chain: &'m Ident, steps: Vec<Step<'m>>) -> Vec<Step<'m>> {
    let mut left: Vec<Step<'m>> = steps;
    let mut out = Vec::new();
    while let Some((first, index)) = left.iter().enumerate().find_map(|(at, step)| Some((at, step.lookup(chain)?))) {
        let joined = joined(&left, first);
        let last = joined.iter().rposition(|&is_joined| is_joined).unwrap_or(first);
        let behind = left.split_off(last + 1);
        let mut body = Vec::new();
        for (at, step) in left.into_iter().enumerate() {
            if joined[at] { body.push(step) } else { out.push(step.within(chain)) }
        }
        out.push(Step::Entry(EntryStep { chain, index, body }));
        left = behind;
    }
    out.extend(left.into_iter().map(|step| step.within(chain)));
    out
}

/// Which steps of a block go with the one at `first`, which looks an entry up.
fn joined(steps: &[Step<'_>], first: usize) -> Vec<bool> {
    let mut joined: Vec<bool> = (0..steps.len()).map(|at| at == first).collect();
    let mut bound = steps[first].binds();
    loop {
        let last = joined.iter().rposition(|&is_joined| is_joined).unwrap_or(first);
        let joins = |at: usize| {
            let mentions = steps[at].mentions();
            let depends = mentions.iter().any(|name| bound.contains(name));
            // what a joined step has read, it must not find changed
            let changes = || {
                let changed = steps[at].changes();
                at < last
                    && (first..at).any(|k| joined[k] && steps[k].mentions().iter().any(|name| changed.contains(name)))
            };
            !joined[at] && (depends || changes())
        };
        let Some(at) = (first + 1..steps.len()).find(|&at| joins(at)) else { return joined };
        joined[at] = true;
        bound.extend(steps[at].binds());
    }
}

impl<'m> Step<'m> {
    /// The index of the entry of a chain that the step itself looks up.
    fn lookup(&self, chain: &Ident) -> Option<&'m Expr> {
        let mut lookup = Lookup { chain, index: None };
        match self {
            Self::Observe { site, .. } => lookup.visit_expr(&site.right),
            Self::Factor { factor, .. } => lookup.visit_expr(&factor.term),
            Self::Let { local, .. } => lookup.visit_local(local),
            Self::Plain(expr) => lookup.visit_expr(expr),
            Self::Flow { .. } => self.heads().into_iter().for_each(|head| lookup.visit_expr(head)),
            Self::Sum(SumStep { site, body, .. }) => {
                lookup.visit_expr(&site.right);
                return lookup.index.or_else(|| body.iter().find_map(|step| step.lookup(chain)));
            }
            _ => {}
        }
        lookup.index
    }

    /// The step, whose inner blocks may depend on entries.
    fn within(self, chain: &'m Ident) -> Self {
        match self {
            Self::Flow { flow, bodies, unused } => {
                let bodies = bodies.into_iter().map(|body| by_entry(chain, body)).collect();
                Self::Flow { flow, bodies, unused }
            }
            Self::Nest(NestStep { body, nest, branch, turns, unused }) => {
                Self::Nest(NestStep { body: by_entry(chain, body), nest, branch, turns, unused })
            }
            Self::Sum(sum) => Self::Sum(SumStep { body: by_entry(chain, sum.body), ..sum }),
            step => step,
        }
    }

    /// What decides how often a step's blocks are visited.
    fn heads(&self) -> Vec<&'m Expr> {
        let Self::Flow { flow, .. } = self else { return Vec::new() };
        let of_branches = flow.branches.iter().flat_map(|branch| branch.source.iter().chain(&branch.guard));
        flow.on().into_iter().chain(of_branches).collect()
    }

    /// The blocks in it.
    fn blocks(&self) -> &[Vec<Self>] {
        match self {
            Self::Flow { bodies, .. } => bodies,
            Self::Nest(NestStep { body, .. }) | Self::Sum(SumStep { body, .. }) => std::slice::from_ref(body),
            _ => &[],
        }
    }

    /// The variables that it binds for the steps behind it.
    fn binds(&self) -> Vec<Ident> {
        match self {
            Self::Let { local, .. } => names::bound_by(&local.pat).into_iter().map(|binding| binding.name).collect(),
            _ => Vec::new(),
        }
    }

    /// The variables that it may change: of an expression or a block all that are mentioned.
    fn changes(&self) -> Vec<Ident> {
        match self {
            Self::Plain(_) => self.mentions(),
            Self::Flow { .. } | Self::Nest(_) => self
                .blocks()
                .iter()
                .flatten()
                .filter(|step| !matches!(step, Self::Let { .. }))
                .flat_map(Self::changes)
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The variables that it reads, in all its depth.
    fn mentions(&self) -> Vec<Ident> {
        let mut own = match self {
            Self::Observe { site, .. } => [names::in_expr(&site.left.place), names::in_expr(&site.right)].concat(),
            Self::Sum(SumStep { site, .. }) => names::in_expr(&site.right),
            Self::Factor { factor, .. } => names::in_expr(&factor.term),
            Self::Let { local, .. } => names::in_let(local),
            Self::Plain(expr) => names::in_expr(expr),
            Self::Flow { .. } => self.heads().into_iter().flat_map(names::in_expr).collect(),
            Self::Nest(NestStep { branch, .. }) => branch.source.iter().flat_map(names::in_expr).collect(),
            _ => Vec::new(),
        };
        own.extend(self.blocks().iter().flatten().flat_map(Self::mentions));
        own
    }
}

/// Finds an entry of a chain that is looked up.
struct Lookup<'c, 'm> {
    chain: &'c Ident,
    index: Option<&'m Expr>,
}

impl<'m> Visit<'m> for Lookup<'_, 'm> {
    fn visit_expr_index(&mut self, lookup: &'m ExprIndex) {
        if bare_name(&lookup.expr) == Some(self.chain) {
            self.index = self.index.or(Some(&lookup.index));
        }
        visit::visit_expr_index(self, lookup);
    }
}
