//! Jumps that would leave a part of the model early, and so change which sites it visits.

use super::Check;
use crate::errors::Errors;
use proc_macro2::Span;
use syn::visit::{self, Visit};
use syn::{Error, ExprBreak, ExprClosure, ExprContinue, ExprForLoop, ExprLoop, ExprReturn, ExprWhile, Item};

impl Check<'_> {
    /// Refuses the jumps in what `visit` walks through.
    pub(super) fn jumps(&mut self, visit: impl FnOnce(&mut Jumps<'_>)) {
        visit(&mut Jumps { errors: self.errors, loops: self.loops });
    }
}

/// Finds the jumps in an expression that leave the loops around it.
pub(super) struct Jumps<'e> {
    errors: &'e mut Errors,
    /// How many loops enclose the place, those of the model included.
    loops: usize,
}

impl Jumps<'_> {
    fn refuse(&mut self, span: Span, jump: &str) {
        self.errors.push(Error::new(
            span,
            format!("`{jump}` would leave the model early: put what depends on the condition into an `if`"),
        ));
    }

    fn in_loop(&mut self, visit: impl FnOnce(&mut Self)) {
        self.loops += 1;
        visit(self);
        self.loops -= 1;
    }
}

impl<'ast> Visit<'ast> for Jumps<'_> {
    fn visit_expr_return(&mut self, jump: &'ast ExprReturn) {
        self.refuse(jump.return_token.span, "return");
    }
    fn visit_expr_break(&mut self, jump: &'ast ExprBreak) {
        if self.loops == 0 && jump.label.is_none() {
            self.refuse(jump.break_token.span, "break");
        }
        visit::visit_expr_break(self, jump);
    }
    fn visit_expr_continue(&mut self, jump: &'ast ExprContinue) {
        if self.loops == 0 {
            self.refuse(jump.continue_token.span, "continue");
        }
    }
    fn visit_expr_for_loop(&mut self, repeat: &'ast ExprForLoop) {
        self.in_loop(|j| visit::visit_expr_for_loop(j, repeat));
    }
    fn visit_expr_while(&mut self, repeat: &'ast ExprWhile) {
        self.in_loop(|j| visit::visit_expr_while(j, repeat));
    }
    fn visit_expr_loop(&mut self, repeat: &'ast ExprLoop) {
        self.in_loop(|j| visit::visit_expr_loop(j, repeat));
    }
    fn visit_expr_closure(&mut self, _: &'ast ExprClosure) {}
    fn visit_item(&mut self, _: &'ast Item) {}
}
