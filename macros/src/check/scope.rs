//! What each name means at a point of the body.

use crate::names::Bound;
use proc_macro2::Ident;

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// An argument of the model.
    Argument,
    Global,
    Local,
    /// Bound by a pattern, or by a `let` without latents.
    Data,
    /// Bound by a `let` that reads latents.
    Computed,
}

impl Kind {
    pub(super) fn is_latent(self) -> bool {
        matches!(self, Kind::Global | Kind::Local)
    }

    /// Whether the value depends on latents.
    pub(super) fn varies(self) -> bool {
        self.is_latent() || self == Kind::Computed
    }
}

/// The names bound so far, the innermost last.
#[derive(Default)]
pub(super) struct Scope(Vec<Entry>);

struct Entry {
    name: Ident,
    kind: Kind,
    /// For a `mut` variable, whether it is bound in the plate.
    mutable: Option<bool>,
}

impl Scope {
    pub(super) fn bind(&mut self, name: &Ident, kind: Kind) {
        self.0.push(Entry { name: name.clone(), kind, mutable: None });
    }

    pub(super) fn bind_variable(&mut self, bound: &Bound, kind: Kind, in_plate: bool) {
        let mutable = bound.mutable.then_some(in_plate);
        self.0.push(Entry { name: bound.name.clone(), kind, mutable });
    }

    pub(super) fn kind(&self, name: &Ident) -> Option<Kind> {
        self.find(name).map(|entry| entry.kind)
    }

    /// Whether `name` is a `let mut` outside the plate.
    pub(super) fn is_shared_mut(&self, name: &Ident) -> bool {
        self.find(name).is_some_and(|entry| entry.mutable == Some(false))
    }

    pub(super) fn is_mut(&self, name: &Ident) -> bool {
        self.find(name).is_some_and(|entry| entry.mutable.is_some())
    }

    fn find(&self, name: &Ident) -> Option<&Entry> {
        self.0.iter().rev().find(|entry| entry.name == *name)
    }

    pub(super) fn depth(&self) -> usize {
        self.0.len()
    }

    pub(super) fn truncate(&mut self, depth: usize) {
        self.0.truncate(depth);
    }
}
