//! What each name means at a point of the body.

use crate::facts::Tier;
use crate::names::Binding;
use proc_macro2::Ident;

/// What a name means.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Meaning {
    /// An argument of the model, or bound by a pattern, or by a `let` without latents.
    Data,
    Latent,
    /// Bound by a `let` that reads latents.
    Computed,
}

/// The names bound so far, the innermost last.
#[derive(Default)]
pub(super) struct Scope(Vec<BoundName>);

/// A bound name.
struct BoundName {
    name: Ident,
    meaning: Meaning,
    /// Where a `mut` variable is bound.
    mutable: Option<Tier>,
    /// The last discrete latent that its value depends on.
    summed: Option<Discrete>,
}

/// A discrete latent, by its place among the bound names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Discrete(usize);

impl Scope {
    pub(super) fn bind(&mut self, name: &Ident, meaning: Meaning) {
        self.0.push(BoundName { name: name.clone(), meaning, mutable: None, summed: None });
    }

    pub(super) fn bind_variable(&mut self, binding: &Binding, meaning: Meaning, tier: Tier) {
        let mutable = binding.mutable.then_some(tier);
        self.0.push(BoundName { name: binding.name.clone(), meaning, mutable, summed: None });
    }

    pub(super) fn meaning(&self, name: &Ident) -> Option<Meaning> {
        self.find(name).map(|entry| entry.meaning)
    }

    pub(super) fn is_latent(&self, name: &Ident) -> bool {
        self.meaning(name) == Some(Meaning::Latent)
    }

    /// Whether the value of `name` depends on latents.
    pub(super) fn varies(&self, name: &Ident) -> bool {
        matches!(self.meaning(name), Some(Meaning::Latent | Meaning::Computed))
    }

    /// Whether `name` is a `let mut` outside the plate.
    pub(super) fn is_shared_mut(&self, name: &Ident) -> bool {
        self.find(name).is_some_and(|entry| entry.mutable == Some(Tier::Global))
    }

    pub(super) fn is_mut(&self, name: &Ident) -> bool {
        self.find(name).is_some_and(|entry| entry.mutable.is_some())
    }

    fn find(&self, name: &Ident) -> Option<&BoundName> {
        self.0.iter().rev().find(|entry| entry.name == *name)
    }

    /// Marks the name bound last as a discrete latent.
    pub(super) fn bind_discrete(&mut self, name: &Ident) {
        let at = self.0.len();
        self.bind(name, Meaning::Latent);
        self.0[at].summed = Some(Discrete(at));
    }

    /// The last discrete latent that any of the names depends on.
    pub(super) fn summed<'n>(&self, names: impl IntoIterator<Item = &'n Ident>) -> Option<Discrete> {
        names.into_iter().filter_map(|name| self.find(name)?.summed).max()
    }

    /// Marks the names bound from `depth` on as depending on a discrete latent.
    pub(super) fn depend(&mut self, depth: usize, on: Option<Discrete>) {
        self.0[depth..].iter_mut().for_each(|entry| entry.summed = entry.summed.max(on));
    }

    /// Marks a variable as depending on a discrete latent; false if it was bound before that.
    pub(super) fn depend_later(&mut self, name: &Ident, on: Discrete) -> bool {
        let Some(at) = self.0.iter().rposition(|entry| entry.name == *name) else { return true };
        let is_later = at > on.0;
        if is_later {
            self.0[at].summed = self.0[at].summed.max(Some(on));
        }
        is_later
    }

    /// What a discrete latent is called.
    pub(super) fn name_of(&self, discrete: Discrete) -> &Ident {
        &self.0[discrete.0].name
    }

    pub(super) fn depth(&self) -> usize {
        self.0.len()
    }

    pub(super) fn truncate(&mut self, depth: usize) {
        self.0.truncate(depth);
    }
}
