//! The variables that code reads and does not bind itself.

use super::bindings::{Binding, bound_by};
use super::tokens::in_tokens;
use crate::ast::{Brackets, Flow, FlowKind, Site, Stmt, bare_name};
use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{Arm, Block, Expr, ExprClosure, ExprForLoop, ExprIf, ExprLet, ExprWhile, Item, Local, Macro, Pat};

/// The variables that `expr` reads and does not bind itself, in order, repeated as often as read.
pub(crate) fn in_expr(expr: &Expr) -> Vec<Ident> {
    let mut reads = Reads::default();
    reads.visit_expr(expr);
    reads.free
}

/// The variables that a `let` reads, in order, repeated as often as read.
pub(crate) fn in_let(local: &Local) -> Vec<Ident> {
    let mut reads = Reads::default();
    reads.visit_local(local);
    reads.free
}

/// The variables that a call of a macro seems to read.
pub(crate) fn in_macro(call: &Macro) -> Vec<Ident> {
    in_tokens(call.tokens.clone())
}

/// The variables that a statement reads, in all its depth.
pub(crate) fn in_stmt(stmt: &Stmt) -> Vec<Ident> {
    let mut reads = Reads::default();
    reads.stmt(stmt);
    reads.free
}

/// The bare names on the left of a `~` in `stmt`, other than those that `stmt` binds itself.
pub(crate) fn targets(stmt: &Stmt) -> Vec<Ident> {
    let mut reads = Reads::default();
    reads.stmt(stmt);
    reads.targets
}

/// Collects the variables of code.
#[derive(Default)]
struct Reads {
    /// The stack of the variables that the code has bound.
    bound: Vec<Ident>,
    /// Reads of any other variable.
    free: Vec<Ident>,
    /// Any other bare name on the left of a `~`.
    targets: Vec<Ident>,
}

impl Reads {
    fn read(&mut self, name: &Ident) {
        if !self.bound.contains(name) {
            self.free.push(name.clone());
        }
    }

    fn bind(&mut self, names: Vec<Binding>) {
        self.bound.extend(names.into_iter().map(|b| b.name));
    }

    fn scoped(&mut self, visit: impl FnOnce(&mut Self)) {
        let depth = self.bound.len();
        visit(self);
        self.bound.truncate(depth);
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Site(site) => self.site(site),
            Stmt::Factor(factor) => self.visit_expr(&factor.term),
            Stmt::Let(local) => self.visit_local(local),
            Stmt::Plain(expr) => self.visit_expr(expr),
            Stmt::Flow(flow) => self.flow(flow),
        }
    }

    fn site(&mut self, site: &Site) {
        self.visit_expr(&site.left.place);
        if let Some(name) = bare_name(&site.left.place)
            && !self.bound.contains(name)
        {
            self.targets.push(name.clone());
        }
        self.scoped(|s| {
            if let Brackets::Each { index, range } = &site.left.brackets {
                s.visit_expr(range);
                s.bind(bound_by(index));
                s.bound.extend(site.left.name().cloned());
            }
            s.visit_expr(&site.right);
        });
    }

    fn flow(&mut self, flow: &Flow) {
        if let FlowKind::Match(on) = &flow.kind {
            self.visit_expr(on);
        }
        for branch in &flow.branches {
            self.scoped(|s| {
                if let Some(source) = &branch.source {
                    s.visit_expr(source);
                }
                if let Some(pat) = &branch.pat {
                    s.bind(bound_by(pat));
                }
                if let Some(guard) = &branch.guard {
                    s.visit_expr(guard);
                }
                for stmt in &branch.body {
                    s.stmt(stmt);
                }
            });
        }
    }
}

impl<'ast> Visit<'ast> for Reads {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        match bare_name(expr) {
            Some(name) => self.read(name),
            None => visit::visit_expr(self, expr),
        }
    }
    fn visit_expr_closure(&mut self, closure: &'ast ExprClosure) {
        self.scoped(|s| {
            for input in &closure.inputs {
                s.bind(bound_by(input));
            }
            s.visit_expr(&closure.body);
        });
    }
    fn visit_block(&mut self, block: &'ast Block) {
        self.scoped(|s| visit::visit_block(s, block));
    }
    fn visit_local(&mut self, local: &'ast Local) {
        if let Some(init) = &local.init {
            self.visit_local_init(init);
        }
        self.bind(bound_by(&local.pat));
    }
    fn visit_expr_let(&mut self, bind: &'ast ExprLet) {
        self.visit_expr(&bind.expr);
        self.bind(bound_by(&bind.pat));
    }
    fn visit_expr_if(&mut self, branch: &'ast ExprIf) {
        self.scoped(|s| {
            s.visit_expr(&branch.cond);
            s.visit_block(&branch.then_branch);
        });
        if let Some((_, other)) = &branch.else_branch {
            self.visit_expr(other);
        }
    }
    fn visit_expr_while(&mut self, repeat: &'ast ExprWhile) {
        self.scoped(|s| {
            s.visit_expr(&repeat.cond);
            s.visit_block(&repeat.body);
        });
    }
    fn visit_expr_for_loop(&mut self, repeat: &'ast ExprForLoop) {
        self.visit_expr(&repeat.expr);
        self.scoped(|s| {
            s.bind(bound_by(&repeat.pat));
            s.visit_block(&repeat.body);
        });
    }
    fn visit_arm(&mut self, arm: &'ast Arm) {
        self.scoped(|s| {
            s.bind(bound_by(&arm.pat));
            if let Pat::Guard(guard) = &arm.pat {
                s.visit_expr(&guard.guard);
            }
            s.visit_expr(&arm.body);
        });
    }
    fn visit_macro(&mut self, mac: &'ast Macro) {
        for name in in_tokens(mac.tokens.clone()) {
            self.read(&name);
        }
    }
    fn visit_pat(&mut self, _: &'ast Pat) {}
    fn visit_item(&mut self, _: &'ast Item) {}
}
