//! From what a function needs to its statements.

use super::units::{Code, Function, Need, Part, Unit, Units};
use super::{Level, Step};
use crate::ast::{Branch, Plate, Role, Stmt, Tasks};
use syn::Type;

impl<'m> Units<'m> {
    pub(super) fn steps(&self, needs: &[[Need; 4]], function: Function) -> Vec<Step<'m>> {
        let mut steps = Vec::new();
        for (unit, need) in self.all.iter().zip(needs) {
            if need[function as usize] != Need::No {
                let used = need[function as usize] == Need::Used;
                let shared = need.iter().filter(|need| **need != Need::No).count() > 1;
                steps.extend(self.step(unit, function, used, shared));
            }
        }
        steps
    }

    fn step(&self, unit: &Unit<'m>, function: Function, used: bool, shared: bool) -> Option<Step<'m>> {
        let level = if unit.part == Part::Plate { Level::Local } else { Level::Global };
        let latents = if level == Level::Local { &self.facts.locals } else { &self.facts.globals };
        let by_value = matches!(&self.facts.plate, Some(Plate { tasks: Tasks::Numbers(_), .. }));
        Some(match unit.code {
            Code::Count(_) => return None,
            Code::Argument(arg) => Step::Argument { arg, by_value: is_by_value(&arg.ty) },
            Code::Task(pat) => Step::Task { pat, by_value, shared },
            Code::Stmt(Stmt::Site(site)) => match site.role {
                Role::Latent(id) if unit.home == Some(function) => {
                    Step::Sample { level, id, latent: &latents[id], site, used }
                }
                Role::Latent(id) => Step::Latent { level, latent: &latents[id] },
                Role::Observed(id) => Step::Observe { id, site },
                Role::Unknown => return None,
            },
            Code::Stmt(Stmt::Let(local)) => Step::Let { local, shared },
            Code::Stmt(stmt) => inner(stmt, unit.home.is_none_or(|home| home == function))?,
        })
    }
}

/// A statement with those in its braces; without sites if it is not `home`.
fn inner(stmt: &Stmt, home: bool) -> Option<Step<'_>> {
    Some(match stmt {
        Stmt::Site(site) => match site.role {
            Role::Observed(id) if home => Step::Observe { id, site },
            _ => return None,
        },
        Stmt::Factor(factor) if home => Step::Factor(factor),
        Stmt::Factor(_) => return None,
        Stmt::Let(local) => Step::Let { local, shared: !home },
        Stmt::Plain(expr) => Step::Plain(expr),
        Stmt::Flow(flow) => {
            let bodies = flow.branches.iter().map(|branch| body(branch, home)).collect();
            Step::Flow { flow, bodies, stripped: !home }
        }
    })
}

fn body(branch: &Branch, home: bool) -> Vec<Step<'_>> {
    branch.body.iter().filter_map(|stmt| inner(stmt, home)).collect()
}

/// References and plain numbers are bound by value, other arguments by reference.
fn is_by_value(ty: &Type) -> bool {
    const PLAIN: [&str; 16] = [
        "f64", "f32", "usize", "u8", "u16", "u32", "u64", "u128", "isize", "i8", "i16", "i32", "i64", "i128", "bool",
        "char",
    ];
    match ty {
        Type::Reference(reference) => reference.mutability.is_none(),
        Type::Path(path) => path.path.get_ident().is_some_and(|ident| PLAIN.iter().any(|plain| ident == plain)),
        _ => false,
    }
}
