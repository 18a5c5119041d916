//! What a model must mean. Every such error is found here, all of them in one pass.

mod catalogue;
mod chains;
mod discrete;
mod flow;
mod jumps;
mod left;
mod lookups;
mod nest;
mod plain;
mod plate;
mod quotients;
mod right;
mod scope;
mod uses;

use crate::ast::{Arg, Model, Stmt};
use crate::errors::Errors;
use crate::facts::{Dimension, Facts, Latent, Observation, Role, Tier};
use crate::names;
use proc_macro2::Ident;
use quote::{ToTokens, format_ident};
use scope::{Discrete, Entry, EntryRead, Meaning, Scope};
use syn::{Error, Expr, Local, Pat};

/// Finds out what each `~` is, and tells what is wrong. An argument whose name is taken gets another.
pub(crate) fn check(model: &mut Model, errors: &mut Errors) -> Facts {
    let mut check = Check::new(errors);
    check.arguments(&mut model.args);
    check.facts.plate = plate::find(model, check.errors);
    check.body(&model.body);
    check.misplaced_reads();
    check.clashing_nests();
    if check.errors.is_empty() {
        check.facts.warnings = check.unused();
        check.facts.warnings.extend(lookups::missed_plate(model, &check.facts));
    }
    check.facts
}

/// Goes through a model; the methods of each question are in a file of their own.
struct Check<'e> {
    errors: &'e mut Errors,
    facts: Facts,
    scope: Scope,
    /// Latents that were refused for where they stand; reads of them are not reported again.
    refused: Vec<Ident>,
    used: Vec<Ident>,
    unknown: Vec<UnknownRead>,
    /// Where the statement stands.
    tier: Tier,
    /// The nested plate that the statement stands in.
    nest: Option<usize>,
    /// What encloses the statement within its plate.
    inside: Option<Inside>,
    /// The last discrete latent that a condition or a list around the statement depends on.
    under: Option<Discrete>,
    /// The entry of a chain that it depends on.
    under_entry: Option<Entry>,
    /// The entries that are read in the braces around the statement.
    read: Vec<EntryRead>,
    loops: usize,
}

/// A name read where no argument, latent or variable has it.
struct UnknownRead {
    name: Ident,
    tier: Tier,
    nest: Option<usize>,
}

/// What may not declare latents: how many there are would depend on it.
#[derive(Clone, Copy)]
enum Inside {
    Loop,
    /// `if`, `match` or a block.
    Condition(&'static str),
}

impl<'e> Check<'e> {
    fn new(errors: &'e mut Errors) -> Self {
        Self {
            errors,
            facts: Facts::default(),
            scope: Scope::default(),
            refused: Vec::new(),
            used: Vec::new(),
            unknown: Vec::new(),
            tier: Tier::Global,
            nest: None,
            inside: None,
            under: None,
            under_entry: None,
            read: Vec::new(),
            loops: 0,
        }
    }

    /// Reports an error at all of `tokens`.
    fn error(&mut self, tokens: &impl ToTokens, message: String) {
        self.errors.push(Error::new_spanned(tokens, message));
    }

    fn arguments(&mut self, args: &mut [Arg]) {
        for arg in args {
            if self.scope.meaning(&arg.name).is_some() {
                self.error(&arg.name, format!("two arguments are called `{0}`: rename one", arg.name));
                arg.name = format_ident!("{}_again", arg.name);
            }
            self.scope.bind(&arg.name, Meaning::Data);
        }
    }

    fn body(&mut self, body: &[Stmt]) {
        for (at, stmt) in body.iter().enumerate() {
            match stmt {
                Stmt::Flow(flow) if self.facts.is_plate(at) => self.plate(flow),
                stmt => self.stmt(stmt),
            }
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Site(site) => self.site(site),
            Stmt::Factor(factor) => {
                self.expr(&factor.term);
                let (name, span) = ("factor".to_owned(), factor.name.span());
                let role = self.observation(Observation { name, span, dimension: Dimension::Scalar });
                self.facts.roles.set(factor.number, role);
            }
            Stmt::Let(local) => self.local(local),
            Stmt::Flow(flow) if self.is_nest(stmt) => self.braces(|check| check.nested(flow)),
            Stmt::Flow(flow) => self.braces(|check| check.flow(flow)),
            Stmt::Plain(expr) => {
                self.plain(expr);
                let entry = self.expr(expr);
                self.changed(expr, entry.as_ref());
            }
        }
    }

    fn local(&mut self, local: &Local) {
        let reads = names::in_let(local);
        let varies = reads.iter().any(|name| self.scope.varies(name));
        let (depth, summed) = (self.scope.depth(), self.scope.summed(&reads));
        let entry = self.entry(&reads, |lookups| syn::visit::Visit::visit_local(lookups, local));
        self.reads(reads);
        self.jumps(|jumps| syn::visit::visit_local(jumps, local));
        self.quotients(|quotients| syn::visit::visit_local(quotients, local));
        let pat = if let Pat::Type(typed) = &local.pat { &*typed.pat } else { &local.pat };
        let whole = matches!(pat, Pat::Ident(_));
        self.bind_pattern(Some(&local.pat), if varies && whole { Meaning::Computed } else { Meaning::Data });
        self.scope.depend(depth, summed.max(self.under), entry.as_ref());
    }

    fn bind_pattern(&mut self, pat: Option<&Pat>, meaning: Meaning) {
        for binding in pat.map(names::bound_by).unwrap_or_default() {
            self.scope.bind_variable(&binding, meaning, self.tier);
        }
    }

    /// Checks an expression; the entry of a chain that it depends on.
    fn expr(&mut self, expr: &Expr) -> Option<Entry> {
        let reads = names::in_expr(expr);
        let entry = self.entry(&reads, |lookups| syn::visit::Visit::visit_expr(lookups, expr));
        self.reads(reads);
        self.jumps(|jumps| syn::visit::Visit::visit_expr(jumps, expr));
        self.quotients(|quotients| syn::visit::Visit::visit_expr(quotients, expr));
        entry
    }

    fn reads(&mut self, names: impl IntoIterator<Item = Ident>) {
        for name in names {
            match self.scope.meaning(&name) {
                Some(Meaning::Latent) => self.used.push(name),
                Some(_) => {}
                None => self.unknown.push(UnknownRead { name, tier: self.tier, nest: self.nest }),
            }
        }
    }

    fn observation(&mut self, observation: Observation) -> Role {
        let observations = self.facts.observations.of_mut(self.tier);
        observations.push(observation);
        Role::Observation { tier: self.tier, at: observations.len() - 1 }
    }

    fn declare(&mut self, latent: Latent) -> Role {
        if latent.dimension.is_discrete() {
            return self.declare_discrete(latent);
        }
        self.scope.bind(&latent.name, Meaning::Latent);
        let latents = self.facts.latents.of_mut(self.tier);
        latents.push(latent);
        Role::Latent { tier: self.tier, at: latents.len() - 1 }
    }

    /// The latents declared so far, those outside the plate first.
    fn latents(&self) -> impl Iterator<Item = &Latent> {
        self.facts.latents.global.iter().chain(&self.facts.latents.local)
    }
}
