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
    /// Whether it is a chain of discrete latents.
    is_chain: bool,
    /// The entry of a chain that its value depends on.
    entry: Option<Entry>,
}

impl BoundName {
    fn new(name: &Ident, meaning: Meaning, mutable: Option<Tier>) -> Self {
        Self { name: name.clone(), meaning, mutable, summed: None, is_chain: false, entry: None }
    }
}

/// An entry of a chain of discrete latents.
#[derive(Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) chain: Discrete,
    /// The index as text.
    pub(super) index: String,
    /// Where the variables in it are bound.
    pub(super) bound: Vec<Option<usize>>,
}

/// An entry that is read, and where.
#[derive(Clone)]
pub(super) struct EntryRead {
    pub(super) entry: Entry,
    pub(super) at: Ident,
    /// Where the variable is bound by which it is read.
    pub(super) by: Option<usize>,
}

/// A discrete latent, by its place among the bound names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Discrete(usize);

impl Scope {
    pub(super) fn bind(&mut self, name: &Ident, meaning: Meaning) {
        self.0.push(BoundName::new(name, meaning, None));
    }

    pub(super) fn bind_variable(&mut self, binding: &Binding, meaning: Meaning, tier: Tier) {
        let mutable = binding.mutable.then_some(tier);
        self.0.push(BoundName::new(&binding.name, meaning, mutable));
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

    /// Marks the name bound last as a chain of discrete latents.
    pub(super) fn bind_chain(&mut self, name: &Ident) {
        self.bind_discrete(name);
        self.0.iter_mut().next_back().expect("it was bound").is_chain = true;
    }

    /// The chain of that name.
    pub(super) fn chain(&self, name: &Ident) -> Option<Discrete> {
        self.find(name).filter(|entry| entry.is_chain)?.summed
    }

    /// The entry of a chain that the value of `name` depends on.
    pub(super) fn entry(&self, name: &Ident) -> Option<Entry> {
        self.find(name)?.entry.clone()
    }

    /// Where `name` is bound.
    pub(super) fn place(&self, name: &Ident) -> Option<usize> {
        self.0.iter().rposition(|entry| entry.name == *name)
    }

    /// The last discrete latent that any of the names depends on.
    pub(super) fn summed<'n>(&self, names: impl IntoIterator<Item = &'n Ident>) -> Option<Discrete> {
        names.into_iter().filter_map(|name| self.find(name)?.summed).max()
    }

    /// Marks the names bound from `depth` on as depending on a discrete latent, and on an entry of a chain.
    pub(super) fn depend(&mut self, depth: usize, on: Option<Discrete>, entry: Option<&Entry>) {
        for name in &mut self.0[depth..] {
            name.summed = name.summed.max(on);
            name.entry = name.entry.take().or_else(|| entry.cloned());
        }
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
