//! The variables that patterns bind.

use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{Expr, Pat, PatIdent};

/// A variable that a pattern binds.
#[derive(Clone)]
pub(crate) struct Binding {
    pub(crate) name: Ident,
    /// Whether it is bound by `mut`.
    pub(crate) mutable: bool,
}

/// The variables that `pat` binds.
pub(crate) fn bound_by(pat: &Pat) -> Vec<Binding> {
    let mut bindings = Bindings::default();
    bindings.visit_pat(pat);
    bindings.0
}

/// The variables that the `let`s of a condition bind.
pub(crate) fn bound_by_condition(cond: &Expr) -> Vec<Binding> {
    match cond {
        Expr::Let(bind) => bound_by(&bind.pat),
        Expr::Binary(both) => [bound_by_condition(&both.left), bound_by_condition(&both.right)].concat(),
        _ => Vec::new(),
    }
}

/// Collects the variables of a pattern.
#[derive(Default)]
struct Bindings(Vec<Binding>);

impl<'ast> Visit<'ast> for Bindings {
    fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
        if !is_constant(pat) {
            self.0.push(Binding { name: pat.ident.clone(), mutable: pat.mutability.is_some() });
        }
        visit::visit_pat_ident(self, pat);
    }
    fn visit_expr(&mut self, _: &'ast Expr) {}
}

/// `None` and `LIMIT` look like variables, but are constants.
fn is_constant(pat: &PatIdent) -> bool {
    let name = pat.ident.to_string();
    pat.by_ref.is_none()
        && pat.mutability.is_none()
        && pat.subpat.is_none()
        && name.starts_with(char::is_uppercase)
        && name.len() > 1
}
