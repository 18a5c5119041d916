//! Chains of discrete latents, of which a statement may depend on one entry.

use super::Check;
use super::scope::{Discrete, Entry, EntryRead};
use crate::ast::{Brackets, Site, bare_name, root};
use crate::names;
use crate::source::text;
use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{Expr, ExprIndex};

/// What to do where a statement would depend on two entries.
const PAIRS: &str = "let one chain have pairs of states as its states";

impl Check<'_> {
    /// Whether a chain with a fresh name is declared as it must be.
    pub(super) fn is_chain(&mut self, site: &Site, name: &Ident) -> bool {
        let Brackets::Each { index, .. } = &site.left.brackets else {
            let message = format!(
                "a chain is declared with its length: `{name}[t in 0..n] ~ {};`, and its entries are `{name}[t]`",
                text(&site.right)
            );
            self.error(&site.left.place, message);
            return false;
        };
        let own = names::bound_by(index).into_iter().map(|binding| binding.name).chain([name.clone()]);
        let own: Vec<Ident> = own.collect();
        if let Some(read) = names::in_expr(&site.right).into_iter().find(|read| own.contains(read)) {
            let message = format!(
                "the probabilities of `Markov` are those of every entry, and cannot depend on `{read}`: give each entry what it \
                 has of its own in the distributions of the observations"
            );
            self.error(&read, message);
            return false;
        }
        true
    }

    /// The entry of a chain that an expression depends on, itself or by one of its variables; refuses a second one, and a
    /// chain that is read otherwise than by an entry.
    pub(super) fn entry(&mut self, reads: &[Ident], visit: impl FnOnce(&mut Lookups)) -> Option<Entry> {
        let chains: Vec<(Ident, Discrete)> =
            reads.iter().filter_map(|read| Some((read.clone(), self.scope.chain(read)?))).collect();
        let mut found: Vec<EntryRead> = Vec::new();
        if !chains.is_empty() {
            let mut lookups = Lookups { chains, found: Vec::new(), whole: Vec::new(), hidden: Vec::new() };
            visit(&mut lookups);
            for name in lookups.whole {
                let message =
                    format!("the chain `{name}` is read by its entries alone, such as `{name}[t]`, one a statement");
                self.error(&name, message);
            }
            for name in lookups.hidden {
                let message = format!(
                    "which entry of the chain `{name}` is read cannot be seen in a macro: bind it before, `let entry = {name}[t];`"
                );
                self.error(&name, message);
            }
            for (at, chain, index) in lookups.found {
                let entry = self.entry_at(chain, &at, &index);
                found.push(EntryRead { entry, at, by: None });
            }
        }
        let by_variable = |read: &Ident| {
            Some(EntryRead { entry: self.scope.entry(read)?, at: read.clone(), by: self.scope.place(read) })
        };
        found.extend(reads.iter().filter_map(by_variable));
        self.read.extend(found.iter().cloned());
        self.one_of(found)
    }

    /// An entry that is looked up.
    fn entry_at(&mut self, chain: Discrete, name: &Ident, index: &Expr) -> Entry {
        let reads = names::in_expr(index);
        if let Some(changes) = reads.iter().find(|read| self.scope.is_mut(read)) {
            let message = format!(
                "an entry of the chain `{name}` is looked up by what does not change: run over the entries, `for t in 0..n`, or \
                 `.enumerate()` the data, in place of changing `{changes}`"
            );
            self.error(changes, message);
        }
        if let Some(latent) = reads.iter().find(|read| self.scope.varies(read)) {
            self.error(
                latent,
                format!("which entry of the chain `{name}` this is must be known: use data in place of `{latent}`"),
            );
        }
        Entry { chain, index: text(index), bound: reads.iter().map(|read| self.scope.place(read)).collect() }
    }

    /// The entry, if all that is read is of one; that of a condition around the statement counts.
    fn one_of(&mut self, found: Vec<EntryRead>) -> Option<Entry> {
        let first = self.under_entry.clone().or_else(|| found.first().map(|read| read.entry.clone()))?;
        if let Some(EntryRead { entry, at, .. }) = found.into_iter().find(|read| read.entry != first) {
            self.two_entries(&first, &entry, &at);
        }
        Some(first)
    }

    fn two_entries(&mut self, first: &Entry, second: &Entry, at: &Ident) {
        let [one, other] = [first, second].map(|entry| format!("{}[{}]", self.scope.name_of(entry.chain), entry.index));
        let message = if one == other {
            format!("this depends on `{one}` for two values of its index: {PAIRS}")
        } else {
            format!("this depends on `{one}` and on `{other}`, and is summed over one entry alone: {PAIRS}")
        };
        self.error(at, message);
    }

    /// Checks statements in braces, which are all summed over the entry that they depend on by a variable from outside.
    pub(super) fn braces(&mut self, visit: impl FnOnce(&mut Self)) {
        let (outer, depth, errors) = (std::mem::take(&mut self.read), self.scope.depth(), self.errors.len());
        visit(self);
        let inner = std::mem::replace(&mut self.read, outer);
        let by_outer = |read: &&EntryRead| read.by.is_some_and(|by| by < depth);
        if let Some(EntryRead { entry: first, .. }) = inner.iter().find(by_outer)
            && self.errors.len() == errors
            && let Some(EntryRead { entry, at, .. }) = inner.iter().find(|read| read.entry != *first)
        {
            self.two_entries(first, entry, at);
        }
        self.read.extend(inner);
    }

    /// Refuses a statement that changes a variable by what depends on an entry of a chain.
    pub(super) fn changed(&mut self, statement: &Expr, entry: Option<&Entry>) {
        let place = match statement {
            Expr::Assign(assign) => &assign.left,
            Expr::Binary(binary) => &binary.left,
            Expr::MethodCall(call) => &call.receiver,
            _ => return,
        };
        let (Some(name), Some(entry)) = (root(place), self.under_entry.as_ref().or(entry)) else { return };
        if !self.scope.is_mut(name) {
            return;
        }
        let read = format!("{}[{}]", self.scope.name_of(entry.chain), entry.index);
        let message = format!(
            "`{name}` would depend on `{read}`, for each of whose values this is evaluated: bind a new variable, `let {name} = \
             ...;`"
        );
        self.error(name, message);
    }
}

/// Finds where chains are read.
pub(super) struct Lookups {
    chains: Vec<(Ident, Discrete)>,
    /// By an entry: the chain's name, and the index.
    found: Vec<(Ident, Discrete, Expr)>,
    /// In another way.
    whole: Vec<Ident>,
    /// In a macro.
    hidden: Vec<Ident>,
}

impl Lookups {
    fn chain(&self, expr: &Expr) -> Option<(Ident, Discrete)> {
        let name = bare_name(expr)?;
        let (_, chain) = self.chains.iter().find(|(chain, _)| chain == name)?;
        Some((name.clone(), *chain))
    }
}

impl<'ast> Visit<'ast> for Lookups {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        match self.chain(expr) {
            Some((name, _)) => self.whole.push(name),
            None => visit::visit_expr(self, expr),
        }
    }

    fn visit_expr_index(&mut self, lookup: &'ast ExprIndex) {
        match self.chain(&lookup.expr) {
            Some((name, chain)) => {
                self.found.push((name, chain, (*lookup.index).clone()));
                self.visit_expr(&lookup.index);
            }
            None => visit::visit_expr_index(self, lookup),
        }
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let names = names::in_macro(call);
        self.hidden.extend(names.into_iter().filter(|name| self.chains.iter().any(|(chain, _)| chain == name)));
    }
}
