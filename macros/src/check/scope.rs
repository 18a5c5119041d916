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
}

impl Scope {
    pub(super) fn bind(&mut self, name: &Ident, meaning: Meaning) {
        self.0.push(BoundName { name: name.clone(), meaning, mutable: None });
    }

    pub(super) fn bind_variable(&mut self, binding: &Binding, meaning: Meaning, tier: Tier) {
        let mutable = binding.mutable.then_some(tier);
        self.0.push(BoundName { name: binding.name.clone(), meaning, mutable });
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

    pub(super) fn depth(&self) -> usize {
        self.0.len()
    }

    pub(super) fn truncate(&mut self, depth: usize) {
        self.0.truncate(depth);
    }
}
