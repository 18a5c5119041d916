//! The right side of `~`.

use super::Check;
use super::scope::Meaning;
use crate::ast::{Brackets, Site, bare_name};
use crate::source::text;
use proc_macro2::Ident;
use syn::{Expr, UnOp};

impl Check<'_> {
    pub(super) fn right(&mut self, site: &Site) {
        let fresh = site.left.name().filter(|name| self.scope.meaning(name).is_none());
        self.right_in_scope(site, fresh);
        if let Some(what) = self.no_distribution(&site.right) {
            let remedy = match fresh {
                Some(name) => format!("; `let {name} = {};` computes a value", text(&site.right)),
                None => format!(": `{} ~ Normal(..., 1.0);`", text(&site.left.place)),
            };
            let message = format!("expected a distribution on the right of `~`, found {what}{remedy}");
            self.error(&site.right, message);
        }
    }

    /// Checks the right side as an expression, which knows the index and the entries before it, but no `fresh` latent.
    fn right_in_scope(&mut self, site: &Site, fresh: Option<&Ident>) {
        let (depth, unknown) = (self.scope.depth(), self.unknown.len());
        if let Brackets::Each { index, .. } = &site.left.brackets {
            self.bind_pattern(Some(index), Meaning::Data);
            if let Some(name) = site.left.name() {
                self.scope.bind(name, Meaning::Data);
            }
        }
        self.expr(&site.right);
        self.scope.truncate(depth);
        if let Some(at) = (unknown..self.unknown.len()).find(|&at| Some(&self.unknown[at].name) == fresh) {
            let name = self.unknown.remove(at).name;
            let message = format!("the distribution of `{name}` uses `{name}` itself: a latent is known after its `~`");
            self.error(&name, message);
        }
    }

    /// What `right` is, if it cannot be a distribution.
    fn no_distribution(&self, right: &Expr) -> Option<String> {
        match right {
            Expr::Lit(_) => Some("a number".to_owned()),
            Expr::Unary(unary) if matches!(unary.op, UnOp::Deref(_)) => None,
            Expr::Binary(_) | Expr::Unary(_) | Expr::Cast(_) => Some("arithmetic".to_owned()),
            Expr::Range(_) => Some("a range".to_owned()),
            Expr::Tuple(_) | Expr::Array(_) | Expr::Repeat(_) => Some("a list of values".to_owned()),
            Expr::Closure(_) => Some("a closure".to_owned()),
            Expr::Assign(_) => Some("an assignment".to_owned()),
            Expr::Paren(paren) => self.no_distribution(&paren.expr),
            _ => bare_name(right).filter(|name| self.scope.is_latent(name)).map(|name| format!("the latent `{name}`")),
        }
    }
}
