//! Discrete latents, which are summed out of the statements of their plate that depend on them.

use super::scope::Discrete;
use super::{Check, catalogue};
use crate::ast::{Brackets, Site};
use crate::facts::{Dimension, Latent, Observation, Role, Tier};
use crate::names;
use proc_macro2::Ident;
use syn::Expr;

impl Check<'_> {
    /// Whether a site with a fresh name declares a discrete latent; says what is wrong with one that cannot be summed out.
    pub(super) fn is_discrete(&mut self, site: &Site, name: &Ident) -> bool {
        let chain = catalogue::chain(&site.right);
        let Some(distribution) = catalogue::discrete(&site.right).or(chain) else {
            self.independent(site, name);
            return false;
        };
        let is_finite = chain.is_some() || catalogue::is_finite(&site.right);
        let message = if distribution == "Censored" {
            format!("the latent `{name}` cannot be censored: it is never seen; give it the distribution alone")
        } else if !is_finite {
            format!(
                "the latent `{name}` cannot have infinitely many values: those of `Categorical`, `Bernoulli` or `Binomial` are \
                 summed out; or give what depends on it the distribution that it has without `{name}`"
            )
        } else if self.tier == Tier::Global {
            format!(
                "the discrete latent `{name}` must stand in the plate: it is summed out of the observations of one task, or of \
                 one turn of a nested plate"
            )
        } else if chain.is_some() {
            return self.is_chain(site, name);
        } else if !matches!(site.left.brackets, Brackets::None) {
            format!(
                "discrete latents are declared one by one: `{name} ~ ...;` in a `for` in the plate, which is then a nested plate"
            )
        } else {
            return true;
        };
        self.error(distribution, message);
        false
    }

    pub(super) fn declare_discrete(&mut self, latent: Latent) -> Role {
        match latent.dimension {
            Dimension::Chain => self.scope.bind_chain(&latent.name),
            _ => self.scope.bind_discrete(&latent.name),
        }
        let sum = Observation { name: latent.name.to_string(), span: latent.name.span(), dimension: latent.dimension };
        self.facts.latents.local.push(latent);
        self.facts.observations.local.push(sum);
        Role::Discrete { at: self.facts.latents.local.len() - 1, sum: self.facts.observations.local.len() - 1 }
    }

    /// Refuses a continuous latent whose distribution or length depends on a discrete one.
    fn independent(&mut self, site: &Site, name: &Ident) {
        let mut reads = names::in_expr(&site.right);
        if let Brackets::Each { range, .. } = &site.left.brackets {
            reads.extend(names::in_expr(range));
        }
        let Some(read) = reads.iter().find(|read| self.scope.summed([*read]).is_some()) else { return };
        let discrete = self.scope.summed([read]).map(|on| self.scope.name_of(on).clone());
        let Some(discrete) = discrete else { return };
        let through = if *read == discrete { String::new() } else { format!(", by `{read}`") };
        let message = format!(
            "the distribution of the latent `{name}` depends on the discrete `{discrete}`{through}, which is summed out of \
             observations: give `{name}` a `Mixture(...)` as its distribution"
        );
        self.error(read, message);
    }

    /// Refuses an assignment that depends on a discrete latent, to a variable from before it.
    pub(super) fn assigned(&mut self, name: &Ident, place: &Expr, value: &Expr) {
        let reads = [names::in_expr(place), names::in_expr(value)].concat();
        let on: Option<Discrete> = self.under.max(self.scope.summed(&reads));
        let Some(on) = on else { return };
        if !self.scope.depend_later(name, on) {
            let discrete = self.scope.name_of(on).clone();
            let message = format!(
                "`{name}` would depend on the discrete latent `{discrete}`, for each of whose values this is evaluated: declare \
                 `{name}` after `{discrete}`"
            );
            self.error(name, message);
        }
    }
}
