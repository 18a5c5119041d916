//! Which units of a model each of its functions needs: backwards from what it must do, a unit is needed if it writes a
//! variable that a needed one reads.

use super::units::{Code, Function, Nest, Part, Unit, Units};
use crate::names;
use proc_macro2::Ident;

/// Whether a function needs a unit.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Need {
    No,
    Yes,
    /// The function needs the unit, and reads the variable that it binds.
    Used,
}

/// What each function needs of one unit.
pub(super) struct Needs {
    of: [Need; 4],
    /// Of the units of a turn, if the unit is a nested plate.
    pub(super) inner: Vec<Needs>,
}

impl Needs {
    fn none(units: &[Unit<'_>]) -> Vec<Self> {
        let inner = |unit: &Unit<'_>| match &unit.code {
            Code::Nest(nest) => Self::none(&nest.units),
            _ => Vec::new(),
        };
        units.iter().map(|unit| Self { of: [Need::No; 4], inner: inner(unit) }).collect()
    }

    pub(super) fn of(&self, function: Function) -> Need {
        self.of[function as usize]
    }

    /// Whether more than one function needs the unit.
    pub(super) fn of_several(&self) -> bool {
        self.of.iter().filter(|need| **need != Need::No).count() > 1
    }
}

impl<'m> Units<'m> {
    /// The needs of each unit.
    pub(super) fn needs(&mut self) -> Vec<Needs> {
        let needs = self.marked();
        if mark_strays(&mut self.all, &needs) { self.marked() } else { needs }
    }

    fn marked(&self) -> Vec<Needs> {
        let mut needs = Needs::none(&self.all);
        for function in Function::ALL {
            self.mark(&self.all, &mut needs, function, &mut Vec::new());
        }
        needs
    }

    /// Marks what a function needs of some units, when `live` is what it reads behind them; that becomes what it reads from
    /// there on. Whether it needs any.
    fn mark<'u>(
        &self,
        units: &'u [Unit<'m>],
        needs: &mut [Needs],
        function: Function,
        live: &mut Vec<&'u Ident>,
    ) -> bool {
        let mut any = false;
        for (unit, needs) in units.iter().zip(needs).rev().filter(|(unit, _)| unit.is_in(function)) {
            let need = match &unit.code {
                Code::Nest(nest) => self.mark_nest(nest, &mut needs.inner, function, live),
                _ if unit.writes.iter().any(|name| live.contains(&name)) => Need::Used,
                _ if unit.home == Some(function) || (unit.stray && unit.stray_home() == function) => Need::Yes,
                // the level is told of it where its other latents are drawn
                _ if function == Function::Local && self.declares_discrete(unit) => Need::Yes,
                _ => Need::No,
            };
            if need == Need::No {
                continue;
            }
            any = true;
            needs.of[function as usize] = need;
            if unit.binds {
                live.retain(|name| !unit.writes.contains(name));
            }
            if self.computes(unit, function) {
                live.extend(&unit.reads);
            }
        }
        any
    }

    /// Marks what a function needs of a turn, behind which the next turn may come.
    fn mark_nest<'u>(
        &self,
        nest: &'u Nest<'m>,
        needs: &mut [Needs],
        function: Function,
        live: &mut Vec<&'u Ident>,
    ) -> Need {
        let bound = nest.branch.pat.as_ref().map(names::bound_by).unwrap_or_default();
        loop {
            let mut turn = live.clone();
            if !self.mark(&nest.units, needs, function, &mut turn) {
                return Need::No;
            }
            let known = live.len();
            for name in turn {
                if !live.contains(&name) && !bound.iter().any(|binding| binding.name == *name) {
                    live.push(name);
                }
            }
            if live.len() == known {
                return Need::Yes;
            }
        }
    }

    /// Whether a function that needs a unit computes it: a latent that was drawn elsewhere is only bound.
    fn computes(&self, unit: &Unit<'m>, function: Function) -> bool {
        self.latent(unit).is_none() || unit.home == Some(function)
    }

    /// Ids of the global latents that a function of a task reads.
    pub(super) fn globals_read(&self, needs: &[Needs], function: Function) -> Vec<usize> {
        let before = self.all.iter().zip(needs).filter(|(unit, _)| unit.part == Part::Before);
        before.filter(|(_, needs)| needs.of(function) != Need::No).filter_map(|(unit, _)| self.latent(unit)).collect()
    }
}

/// Marks the units that no function needs; whether there are any.
fn mark_strays(units: &mut [Unit<'_>], needs: &[Needs]) -> bool {
    let mut any = false;
    for (unit, needs) in units.iter_mut().zip(needs) {
        match &mut unit.code {
            Code::Nest(nest) => any |= mark_strays(&mut nest.units, &needs.inner),
            Code::Argument(_) => {}
            _ => {
                unit.stray = needs.of == [Need::No; 4];
                any |= unit.stray;
            }
        }
    }
    any
}

impl Unit<'_> {
    /// Whether a function may contain the unit.
    fn is_in(&self, function: Function) -> bool {
        match function {
            Function::New => self.part == Part::Before,
            Function::Global => self.part != Part::Plate && !matches!(self.code, Code::Count(_)),
            Function::Local | Function::Likelihood => self.part != Part::After && !matches!(self.code, Code::Count(_)),
        }
    }

    /// The function for a unit that none needs.
    fn stray_home(&self) -> Function {
        if self.part == Part::Plate { Function::Local } else { Function::Global }
    }
}
