//! Where latents are used: too early, elsewhere, nowhere.

use super::{Check, UnknownRead};
use crate::facts::{Tier, Warning};
use crate::lints;
use syn::spanned::Spanned;

impl Check<'_> {
    /// Reports reads of latents that are not in scope where they are read.
    pub(super) fn misplaced_reads(&mut self) {
        for UnknownRead { name, tier, nest } in std::mem::take(&mut self.unknown) {
            if self.refused.contains(&name) {
                continue;
            }
            let global = self.facts.latents.global.iter().any(|l| l.name == name);
            let local = self.facts.latents.local.iter().find(|l| l.name == name);
            let is_known_there = local.is_some_and(|l| tier == Tier::Local && self.facts.is_within(nest, l.nest));
            if global || is_known_there {
                self.error(
                    &name,
                    format!("`{name}` is used before it is declared: move `{name} ~ ...;` above this statement"),
                );
            } else if let Some(turns) = local.and_then(|l| l.nest).filter(|_| tier == Tier::Local) {
                let turns = &self.facts.nests[turns].name;
                let message = format!(
                    "`{name}` belongs to one of the `{turns}` and is not known outside their `for`: use it in there, or \
                     declare it above to share it among them"
                );
                self.error(&name, message);
            } else if local.is_some() {
                self.error(
                    &name,
                    format!(
                        "`{name}` belongs to one task and is not known outside its plate: use it in the plate, or \
                         declare it above the plate to share it among all tasks"
                    ),
                );
            }
        }
    }

    /// The warnings of latents that nothing reads, so that no data can tell of them; none where there are no data at all.
    /// `_name` and an attribute about `unused` keep it quiet; one that expects it is told where it waits in vain.
    pub(super) fn unused(&self) -> Vec<Warning> {
        if self.facts.all_observations().next().is_none() {
            return Vec::new();
        }
        self.latents()
            .filter_map(|latent| {
                let name = &latent.name;
                let about_it = latent.attrs.iter().find(|attr| lints::is_of_unused(attr));
                let is_used = self.used.contains(name);
                match about_it {
                    None if !is_used && !name.to_string().starts_with('_') => Some(Warning {
                        item: "unused_latent",
                        span: name.span(),
                        note: format!(
                            "nothing uses the latent `{name}`, so no data can tell about it: use it in a distribution, call \
                             it `_{name}`, or put `#[allow(unused)]` before it"
                        ),
                    }),
                    Some(attr) if is_used && attr.path().is_ident("expect") => Some(Warning {
                        item: "unfulfilled_expectation",
                        span: attr.path().span(),
                        note: format!("the latent `{name}` is used: take the attribute away"),
                    }),
                    _ => None,
                }
            })
            .collect()
    }
}
