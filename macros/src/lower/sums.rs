//! Which statements a discrete latent is summed out of.
//!
//! Those that depend on it, directly or through variables, are evaluated for each of its values, behind all others up to the
//! last of them. One that does not depend on it may be among them: it is a factor of every term of the sum.

use super::liveness::Needs;
use super::units::{Code, Unit, Units};
use crate::ast::{Site, Stmt};
use proc_macro2::Ident;

/// A unit that a function needs.
#[derive(Clone, Copy)]
pub(super) struct Needed<'u, 'm> {
    pub(super) unit: &'u Unit<'m>,
    pub(super) needs: &'u Needs,
}

/// A unit, or the sum over a discrete latent.
pub(super) enum Summed<'u, 'm> {
    Plain(Needed<'u, 'm>),
    Sum { declared: Needed<'u, 'm>, site: &'m Site, body: Vec<Summed<'u, 'm>> },
}

impl<'m> Units<'m> {
    /// Puts the units that depend on a discrete latent into the sum over it.
    pub(super) fn summed<'u>(&self, mut items: Vec<Summed<'u, 'm>>) -> Vec<Summed<'u, 'm>> {
        while let Some((first, declared, site)) = items.iter().enumerate().find_map(|(at, item)| {
            let (declared, site) = self.discrete(item)?;
            Some((at, declared, site))
        }) {
            let within = self.within(&items, first);
            let last = within.iter().rposition(|&is_within| is_within).unwrap_or(first);
            let behind = items.split_off(last + 1);
            let (mut body, mut out) = (Vec::new(), Vec::new());
            for (at, item) in items.into_iter().enumerate().filter(|(at, _)| *at != first) {
                if within[at] { body.push(item) } else { out.push(item) }
            }
            out.push(Summed::Sum { declared, site, body: self.summed(body) });
            out.extend(behind);
            items = out;
        }
        items
    }

    /// Which items behind the discrete latent at `first` go into its sum.
    fn within(&self, items: &[Summed<'_, 'm>], first: usize) -> Vec<bool> {
        let mut within = vec![false; items.len()];
        let mut written = items[first].writes();
        loop {
            let last = within.iter().rposition(|&is_within| is_within).unwrap_or(first);
            let reads_what_changes = |other: usize, at: usize| {
                let changed = items[at].writes();
                items[other].mentions().iter().any(|name| changed.contains(name))
            };
            let joins = |at: usize| {
                let depends = items[at].mentions().iter().any(|name| written.contains(name));
                // what an item of the sum has read, it must not find changed
                let is_in_the_way =
                    || at < last && (first..at).any(|k| (k == first || within[k]) && reads_what_changes(k, at));
                let is_summed_there = || {
                    self.discrete(&items[at]).is_some() && (at..=last).any(|k| within[k] && reads_what_changes(k, at))
                };
                !within[at] && (depends || is_in_the_way() || is_summed_there())
            };
            let Some(at) = (first + 1..items.len()).find(|&at| joins(at)) else { return within };
            within[at] = true;
            written.extend(items[at].writes());
        }
    }

    fn discrete<'u>(&self, item: &Summed<'u, 'm>) -> Option<(Needed<'u, 'm>, &'m Site)> {
        match item {
            Summed::Plain(needed) => match &needed.unit.code {
                Code::Stmt(Stmt::Site(site)) if self.declares_discrete(needed.unit) => Some((*needed, site)),
                _ => None,
            },
            Summed::Sum { .. } => None,
        }
    }
}

impl<'u, 'm> Summed<'u, 'm> {
    /// The units in it, those of the turns of nested plates too.
    fn units(&self) -> Vec<&'u Unit<'m>> {
        match self {
            Self::Plain(needed) => needed.unit.all(),
            Self::Sum { declared, body, .. } => {
                std::iter::once(declared.unit).chain(body.iter().flat_map(Self::units)).collect()
            }
        }
    }

    /// The variables that it writes.
    fn writes(&self) -> Vec<&'u Ident> {
        self.units().into_iter().flat_map(|unit| &unit.writes).collect()
    }

    /// The variables that it reads or writes.
    fn mentions(&self) -> Vec<&'u Ident> {
        self.units().into_iter().flat_map(|unit| unit.reads.iter().chain(&unit.writes)).collect()
    }
}

impl Unit<'_> {
    /// The unit, and those of a turn if it is a nested plate.
    fn all(&self) -> Vec<&Self> {
        let inner = match &self.code {
            Code::Nest(nest) => nest.units.as_slice(),
            _ => &[],
        };
        std::iter::once(self).chain(inner.iter().flat_map(Self::all)).collect()
    }
}
