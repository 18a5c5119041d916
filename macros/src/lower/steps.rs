//! From what a function needs to its statements.

use super::entries::by_entry;
use super::liveness::{Need, Needs};
use super::plan::{Access, NestStep, SampleStep, Step, SumStep, Turns, Unused};
use super::sums::{Needed, Summed};
use super::units::{Code, Function, Unit, Units};
use crate::ast::{Branch, Site, Stmt};
use crate::facts::{Dimension, PlateList, Role, Tier};
use syn::Type;

/// What becomes of the sites in braces.
#[derive(Clone, Copy, PartialEq)]
enum InnerSites {
    Keep,
    /// They have their home in another function.
    Strip,
}

impl<'m> Units<'m> {
    pub(super) fn steps(&self, units: &[Unit<'m>], needs: &[Needs], function: Function) -> Vec<Step<'m>> {
        let needed = units.iter().zip(needs).filter(|(_, needs)| needs.of(function) != Need::No);
        let needed: Vec<_> = needed.map(|(unit, needs)| Needed { unit, needs }).collect();
        match function {
            Function::Likelihood => self.summed_steps(self.summed(needed.into_iter().map(Summed::Plain).collect())),
            _ => needed.iter().filter_map(|needed| self.step(*needed, function)).collect(),
        }
    }

    /// The statements of the likelihood, some of them within sums over discrete latents.
    fn summed_steps(&self, summed: Vec<Summed<'_, 'm>>) -> Vec<Step<'m>> {
        let step = |summed| match summed {
            Summed::Plain(needed) => self.step(needed, Function::Likelihood),
            Summed::Sum { site, body, .. } => self.sum(site, body),
        };
        summed.into_iter().filter_map(step).collect()
    }

    fn sum(&self, site: &'m Site, body: Vec<Summed<'_, 'm>>) -> Option<Step<'m>> {
        let Role::Discrete { at, sum } = self.facts.roles.of(site.number) else { return None };
        let (latent, sum) = (&self.facts.latents.local[at], self.facts.observation_id(Tier::Local, sum));
        let body = self.summed_steps(body);
        let body = if latent.dimension == Dimension::Chain { by_entry(&latent.name, body) } else { body };
        Some(Step::Sum(SumStep { id: at, sum, latent, site, body }))
    }

    fn step(&self, Needed { unit, needs }: Needed<'_, 'm>, function: Function) -> Option<Step<'m>> {
        let unused = if needs.of_several() { Unused::Allow } else { Unused::Warn };
        Some(match &unit.code {
            Code::Count(_) => return None,
            Code::Argument(arg) => Step::Argument { arg, access: argument_access(&arg.ty) },
            Code::Task(pat) => Step::Task { pat, access: self.task_access(), unused },
            Code::Stmt(Stmt::Site(site)) => match self.facts.roles.of(site.number) {
                Role::Latent { tier, at } => {
                    let latent = &self.facts.latents.of(tier)[at];
                    if unit.home != Some(function) {
                        return Some(Step::Latent { tier, latent });
                    }
                    Step::Sample(SampleStep { tier, id: at, latent, site, read: needs.of(function) == Need::Used })
                }
                Role::Discrete { at, .. } => Step::Declare { id: at },
                Role::Observation { .. } => self.observe(site)?,
                Role::Unknown => return None,
            },
            Code::Stmt(Stmt::Let(local)) => Step::Let { local, unused },
            Code::Nest(nest) => {
                let turns = if function == Function::Local { Turns::Draw } else { Turns::Read };
                let (at, branch) = (nest.at, nest.branch);
                let body = self.steps(&nest.units, &needs.inner, function);
                Step::Nest(NestStep { nest: &self.facts.nests[at], branch, turns, body, unused })
            }
            Code::Stmt(stmt) => {
                let at_home = unit.home.is_none_or(|home| home == function);
                self.inner(stmt, if at_home { InnerSites::Keep } else { InnerSites::Strip })?
            }
        })
    }

    /// A statement with those in its braces.
    fn inner(&self, stmt: &'m Stmt, sites: InnerSites) -> Option<Step<'m>> {
        let unused = if sites == InnerSites::Strip { Unused::Allow } else { Unused::Warn };
        Some(match stmt {
            Stmt::Site(_) | Stmt::Factor(_) if sites == InnerSites::Strip => return None,
            Stmt::Site(site) => self.observe(site)?,
            Stmt::Factor(factor) => match self.facts.roles.of(factor.number) {
                Role::Observation { tier, at } => Step::Factor { id: self.facts.observation_id(tier, at), factor },
                _ => return None,
            },
            Stmt::Let(local) => Step::Let { local, unused },
            Stmt::Plain(expr) => Step::Plain(expr),
            Stmt::Flow(flow) => {
                let bodies = flow.branches.iter().map(|branch| self.body(branch, sites)).collect();
                Step::Flow { flow, bodies, unused }
            }
        })
    }

    fn body(&self, branch: &'m Branch, sites: InnerSites) -> Vec<Step<'m>> {
        branch.body.iter().filter_map(|stmt| self.inner(stmt, sites)).collect()
    }

    fn observe(&self, site: &'m Site) -> Option<Step<'m>> {
        match self.facts.roles.of(site.number) {
            Role::Observation { tier, at } => {
                let observation = &self.facts.observations.of(tier)[at];
                Some(Step::Observe { id: self.facts.observation_id(tier, at), observation, site })
            }
            _ => None,
        }
    }

    /// Numbers of tasks are bound by value, tasks by reference.
    fn task_access(&self) -> Access {
        match self.facts.plate.as_ref().map(|plate| &plate.list) {
            Some(PlateList::Numbers(_)) => Access::Value,
            _ => Access::Reference,
        }
    }
}

/// References and plain numbers are bound by value, other arguments by reference.
fn argument_access(ty: &Type) -> Access {
    const PLAIN: [&str; 16] = [
        "f64", "f32", "usize", "u8", "u16", "u32", "u64", "u128", "isize", "i8", "i16", "i32", "i64", "i128", "bool",
        "char",
    ];
    let by_value = match ty {
        Type::Reference(reference) => reference.mutability.is_none(),
        Type::Path(path) => path.path.get_ident().is_some_and(|ident| PLAIN.iter().any(|plain| ident == plain)),
        _ => false,
    };
    if by_value { Access::Value } else { Access::Reference }
}
