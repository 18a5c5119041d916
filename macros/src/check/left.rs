//! The left side of `~`: a fresh name is a latent, a place in the data an observation.

use super::scope::Meaning;
use super::{Check, Inside, catalogue, lookups};
use crate::ast::{Brackets, Site, root};
use crate::facts::{Dimension, Latent, Observation, Role};
use crate::source::text;
use crate::{lints, names};
use proc_macro2::Ident;
use quote::quote;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprLit, ExprRange, Lit, RangeLimits, UnOp};

impl Check<'_> {
    pub(super) fn site(&mut self, site: &Site) {
        self.right(site);
        let role = self.role(site);
        self.facts.roles.set(site.number, role);
    }

    fn role(&mut self, site: &Site) -> Role {
        let attrs = self.attributes(&site.attrs);
        let is_vector = matches!(site.left.brackets, Brackets::Full) || catalogue::is_vector(&site.right);
        let dimension = if is_vector { Dimension::Vector(None) } else { Dimension::Scalar };
        let source = declaration(site);
        match (&site.left.brackets, site.left.name().cloned()) {
            (Brackets::Each { range, .. }, Some(name)) => {
                let dimension = Dimension::Vector(self.length(range));
                if self.is_data(&name) {
                    self.each_of_data(&name, site);
                    return Role::Unknown;
                }
                let is_discrete = self.is_discrete(site, &name);
                let dimension = if is_discrete { Dimension::Chain } else { dimension };
                self.latent(Latent { name, dimension, attrs, source, nest: self.nest })
            }
            (_, Some(name)) if !self.is_data(&name) => {
                let is_discrete = self.is_discrete(site, &name);
                let dimension = if is_discrete { Dimension::Classes } else { dimension };
                self.latent(Latent { name, dimension, attrs, source, nest: self.nest })
            }
            _ => self.observed(&site.left.place, dimension),
        }
    }

    /// Whether `name` is bound, and to no latent.
    fn is_data(&self, name: &Ident) -> bool {
        self.scope.meaning(name).is_some_and(|meaning| meaning != Meaning::Latent)
    }

    /// `name ~ ...` with a name that no data have.
    fn latent(&mut self, latent: Latent) -> Role {
        let name = latent.name.clone();
        if self.latents().any(|other| other.name == name) {
            self.error(&name, format!("`{name}` is declared twice: give one of the two another name"));
            return Role::Unknown;
        }
        if let Some(inside) = self.inside {
            self.error(&name, misplaced(&name, inside));
            self.refused.push(name);
        }
        self.declare(latent)
    }

    /// `place ~ ...` with a place in the data.
    fn observed(&mut self, place: &Expr, dimension: Dimension) -> Role {
        let reads = names::in_expr(place);
        if let Some(name) = reads.iter().find(|name| self.scope.is_latent(name)) {
            let message =
                format!("`{name}` is a latent, and only data can be observed; `factor(...)` scores any expression");
            self.error(name, message);
        } else if let Some(name) = reads.iter().find(|name| self.scope.meaning(name) == Some(Meaning::Computed)) {
            self.error(
                name,
                format!(
                    "`{name}` is computed from latents, and only data can be observed; to add a term to the log \
                     density, write `factor(...)`"
                ),
            );
        } else if let Some(root) = root(place).filter(|root| self.is_undeclared(root)) {
            let message = match place {
                Expr::Index(_) => format!(
                    "`{root}` is neither data nor declared: a vector of latents is `{root}[k in 0..len] ~ ...;`"
                ),
                _ => format!("`{root}` is not declared: data are arguments of the model, or parts of them"),
            };
            self.error(root, message);
        } else if reads.is_empty() && root(place).is_none() {
            let message = "expected a fresh name (a latent) or data (an observation) on the left of `~`";
            self.error(place, message.to_owned());
        }
        self.reads(reads);
        self.observation(Observation { name: observed_name(place), span: place.span(), dimension })
    }

    /// Whether `root` is a lowercase name that is no argument and no variable; an uppercase one may be a constant.
    fn is_undeclared(&self, root: &Ident) -> bool {
        self.scope.meaning(root).is_none() && root.to_string().starts_with(char::is_lowercase)
    }

    /// Refuses `name[index in range] ~ right` with the name of data.
    fn each_of_data(&mut self, name: &Ident, site: &Site) {
        if let Brackets::Each { index, range } = &site.left.brackets {
            let (index, range, right) = (text(index), text(range), text(&site.right));
            self.error(
                name,
                format!(
                    "`{name}` is data, and `{name}[{index} in ...]` declares latents: rename the latents, or observe \
                     the elements in a loop, `for {index} in {range} {{ {name}[{index}] ~ {right}; }}`"
                ),
            );
        }
    }

    /// The length of `0..len`, where it is a literal.
    fn length(&mut self, range: &Expr) -> Option<usize> {
        self.expr(range);
        if let Some(name) = names::in_expr(range).into_iter().find(|name| self.scope.varies(name)) {
            let message = format!("the number of latents must be known before the fit, but `{name}` is not: use data");
            self.error(&name, message);
        }
        match range {
            Expr::Range(ExprRange { start: Some(start), end: Some(end), limits, .. }) if is_zero(start) => {
                let closed = usize::from(matches!(limits, RangeLimits::Closed(_)));
                literal(end).map(|end| end + closed)
            }
            Expr::Range(ExprRange { end: Some(end), .. }) => {
                let message = format!("the index of a vector of latents starts at 0: write `0..{}`", text(end));
                self.error(range, message);
                None
            }
            _ => {
                self.error(range, "expected the range of the index, from 0 to the length: `0..len`".to_owned());
                None
            }
        }
    }

    /// What a site passes on to its field; refuses the rest.
    fn attributes(&mut self, attrs: &[Attribute]) -> Vec<Attribute> {
        for attr in attrs {
            if !(lints::is_lint(attr) || ["doc", lookups::MEANT].iter().any(|known| attr.path().is_ident(known))) {
                let message = "expected `///`, `#[allow(...)]`, `#[expect(...)]` or `#[not_a_plate]`: no other attribute \
                               means anything on a site";
                self.error(attr, message.to_owned());
            }
        }
        attrs.iter().filter(|attr| attr.path().is_ident("doc") || lints::is_lint(attr)).cloned().collect()
    }
}

/// The message for a latent whose declaration may not be reached once.
fn misplaced(name: &Ident, inside: Inside) -> String {
    match inside {
        Inside::Loop => format!(
            "the latent `{name}` cannot be declared in this loop: in the plate, a `for` that is not under `if` or `while` \
             may; or declare a vector before the loop, `{name}[k in 0..len] ~ ...;`, and use `{name}[k]` in it"
        ),
        Inside::Condition(what) => format!(
            "the latent `{name}` cannot be declared inside {what}: every task has the same latents; declare it \
             before the {what}, and use it inside"
        ),
    }
}

/// A site as text.
fn declaration(site: &Site) -> String {
    let (place, right) = (&site.left.place, &site.right);
    match &site.left.brackets {
        Brackets::None => text(&quote!(#place ~ #right)),
        Brackets::Full => text(&quote!(#place[..] ~ #right)),
        Brackets::Each { index, range } => text(&quote!(#place[#index in #range] ~ #right)),
    }
}

/// The place without its last index and without `*` and `&`.
fn observed_name(place: &Expr) -> String {
    match place {
        Expr::Index(index) => observed_name(&index.expr),
        Expr::Reference(reference) => observed_name(&reference.expr),
        Expr::Paren(paren) => observed_name(&paren.expr),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Deref(_)) => observed_name(&unary.expr),
        _ => text(place),
    }
}

/// Whether `expr` is the literal 0.
fn is_zero(expr: &Expr) -> bool {
    literal(expr) == Some(0)
}

/// The value of a literal.
fn literal(expr: &Expr) -> Option<usize> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Int(int), .. }) => int.base10_parse().ok(),
        _ => None,
    }
}
