//! Statements that are mere expressions: assignments, calls, and sites that forgot the `~`.

use super::{Check, catalogue};
use crate::ast::{bare_name, root};
use crate::facts::{Dimension, Latent, Tier};
use crate::source::text;
use proc_macro2::Ident;
use syn::{BinOp, Expr, ExprAssign};

impl Check<'_> {
    /// Checks what an expression statement is for.
    pub(super) fn plain(&mut self, expr: &Expr) {
        match expr {
            Expr::Assign(assign) if catalogue::is_distribution(&assign.right) => self.equals_for_tilde(assign),
            Expr::Assign(assign) => self.assignment(&assign.left, &assign.right),
            Expr::Binary(binary) if is_assignment(&binary.op) => self.assignment(&binary.left, &binary.right),
            Expr::Call(call) if catalogue::is_distribution(expr) => {
                let message = format!("nothing is drawn from `{0}`: write `name ~ {0}(...);`", text(&call.func));
                self.error(&call.func, message);
            }
            Expr::MethodCall(call) => {
                if let Some(name) = root(&call.receiver).filter(|name| self.scope.is_mut(name)) {
                    self.assigned(name, &call.receiver, expr);
                }
            }
            Expr::Call(_)
            | Expr::Macro(_)
            | Expr::Break(_)
            | Expr::Continue(_)
            | Expr::Return(_)
            | Expr::Unsafe(_)
            | Expr::Try(_)
            | Expr::Tuple(_) => {}
            _ => {
                let message = "this statement does nothing: expected `name ~ Dist(...);`, `place ~ Dist(...);`, `let`, \
                               `for`, `if`, `match` or `factor(...);`";
                self.error(expr, message.to_owned());
            }
        }
    }

    /// `left = Dist(...)`, which was meant to be a site unless a variable can hold a distribution. The latent that it
    /// reads like is declared, so that nothing else is said about it.
    fn equals_for_tilde(&mut self, assign: &ExprAssign) {
        let (left, right) = (&*assign.left, &*assign.right);
        let Some(name) = root(left) else { return };
        if self.scope.is_mut(name) {
            return self.assignment(left, right);
        }
        let message = format!("`=` assigns: a distribution is given by `~`, `{} ~ {};`", text(left), text(right));
        self.error(&assign.eq_token, message);
        if self.scope.meaning(name).is_none() && bare_name(left).is_some() {
            let (dimension, attrs, source) = (Dimension::Scalar, Vec::new(), String::new());
            self.declare(Latent { name: name.clone(), dimension, attrs, source, nest: self.nest });
        }
    }

    /// `left = value` or `left += value`, which is for variables of the task or of the model.
    fn assignment(&mut self, left: &Expr, right: &Expr) {
        let Some(name) = root(left) else { return };
        match self.unassignable(name) {
            Some(message) => self.error(name, message),
            None => self.assigned(name, left, right),
        }
    }

    /// Why `name` cannot be assigned to.
    fn unassignable(&self, name: &Ident) -> Option<String> {
        if self.scope.is_latent(name) {
            return Some(format!(
                "the latent `{name}` cannot be assigned to: compute with it in a new variable, `let`"
            ));
        }
        if self.tier == Tier::Local && self.scope.is_shared_mut(name) {
            return Some(format!(
                "`{name}` cannot change from task to task: tasks are independent given the global latents; declare \
                 it in the plate"
            ));
        }
        self.scope.meaning(name).is_none().then(|| {
            format!(
                "`{name}` is not declared: `let {name} = ...;` for a variable, `{name} ~ ...;` for a latent, \
                 `factor(...);` to add to the log density"
            )
        })
    }
}

/// Whether the operator assigns to what stands on its left.
fn is_assignment(op: &BinOp) -> bool {
    matches!(
        op,
        BinOp::AddAssign(_)
            | BinOp::SubAssign(_)
            | BinOp::MulAssign(_)
            | BinOp::DivAssign(_)
            | BinOp::RemAssign(_)
            | BinOp::BitXorAssign(_)
            | BinOp::BitAndAssign(_)
            | BinOp::BitOrAssign(_)
            | BinOp::ShlAssign(_)
            | BinOp::ShrAssign(_)
    )
}
