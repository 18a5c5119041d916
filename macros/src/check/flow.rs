//! What is in braces: turns of plates, loops and conditions.

use super::scope::Meaning;
use super::{Check, Inside};
use crate::ast::{Flow, FlowKind};
use crate::facts::Tier;
use crate::names;
use proc_macro2::Ident;
use syn::Expr;

impl Check<'_> {
    pub(super) fn plate(&mut self, flow: &Flow) {
        self.list(flow, "tasks");
        self.tier = Tier::Local;
        self.turn(flow);
        self.tier = Tier::Global;
    }

    /// Checks what a plate runs over, whose turns are called `turns`.
    pub(super) fn list(&mut self, flow: &Flow, turns: &str) {
        let list: Vec<Ident> = flow.branches[0].source.iter().flat_map(names::in_expr).collect();
        if let Some(name) = list.iter().find(|name| self.scope.varies(name)) {
            let message = format!("the number of {turns} must be known before the fit, but `{name}` is not: use data");
            self.error(name, message);
        }
        self.reads(list);
    }

    /// Checks a turn of a plate.
    pub(super) fn turn(&mut self, flow: &Flow) {
        let (branch, depth) = (&flow.branches[0], self.scope.depth());
        self.bind_pattern(branch.pat.as_ref(), Meaning::Data);
        for stmt in &branch.body {
            self.stmt(stmt);
        }
        self.scope.truncate(depth);
    }

    pub(super) fn flow(&mut self, flow: &Flow) {
        let (outer, outer_under, outer_entry) = (self.inside, self.under, self.under_entry.clone());
        self.inside = match flow.kind {
            FlowKind::For | FlowKind::Loop => Some(Inside::Loop),
            FlowKind::If => Some(Inside::Condition("`if`")),
            FlowKind::Match(_) => Some(Inside::Condition("`match`")),
            FlowKind::Block => Some(outer.unwrap_or(Inside::Condition("block"))),
        };
        self.loops += usize::from(flow.kind.repeats());
        if let FlowKind::Match(on) = &flow.kind {
            self.condition(on);
        }
        for branch in &flow.branches {
            let depth = self.scope.depth();
            if let Some(source) = &branch.source {
                self.condition(source);
                for binding in names::bound_by_condition(source) {
                    self.scope.bind(&binding.name, Meaning::Data);
                }
            }
            self.bind_pattern(branch.pat.as_ref(), Meaning::Data);
            self.scope.depend(depth, self.under, self.under_entry.as_ref());
            if let Some(guard) = &branch.guard {
                self.condition(guard);
            }
            for stmt in &branch.body {
                self.stmt(stmt);
            }
            self.scope.truncate(depth);
        }
        self.loops -= usize::from(flow.kind.repeats());
        (self.inside, self.under, self.under_entry) = (outer, outer_under, outer_entry);
    }

    /// Checks what decides how often statements are visited.
    pub(super) fn condition(&mut self, expr: &Expr) {
        let entry = self.expr(expr);
        self.under_entry = self.under_entry.take().or(entry);
        self.under = self.under.max(self.scope.summed(&names::in_expr(expr)));
    }
}
