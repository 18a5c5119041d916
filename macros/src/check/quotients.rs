//! Quotients of whole numbers that are not whole: beside a latent, `1 / 2` would quietly be 0.

use super::Check;
use crate::errors::Errors;
use crate::source::text;
use syn::visit::{self, Visit};
use syn::{BinOp, Error, Expr, ExprBinary, ExprLit, Item, Lit};

impl Check<'_> {
    /// Refuses such quotients in what `visit` walks through.
    pub(super) fn quotients(&mut self, visit: impl FnOnce(&mut Quotients<'_>)) {
        visit(&mut Quotients { errors: self.errors });
    }
}

/// Finds them in an expression.
pub(super) struct Quotients<'e> {
    errors: &'e mut Errors,
}

impl<'ast> Visit<'ast> for Quotients<'_> {
    fn visit_expr_binary(&mut self, binary: &'ast ExprBinary) {
        if matches!(binary.op, BinOp::Div(_))
            && let (Some(a), Some(b)) = (whole(&binary.left), whole(&binary.right))
            && a.checked_rem(b).is_some_and(|rest| rest != 0)
        {
            self.errors.push(Error::new_spanned(
                binary,
                format!("`{}` divides whole numbers, and is {}: write `{a}.0 / {b}.0`", text(binary), a / b),
            ));
        }
        visit::visit_expr_binary(self, binary);
    }
    fn visit_item(&mut self, _: &'ast Item) {}
}

/// The value of a whole literal.
fn whole(expr: &Expr) -> Option<u64> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Int(int), .. }) if int.suffix().is_empty() => int.base10_parse().ok(),
        Expr::Paren(paren) => whole(&paren.expr),
        _ => None,
    }
}
