//! Which units of a model each of its functions needs: backwards from what it must do, a unit is needed if it writes a
//! variable that a needed one reads.

use super::units::{Code, Function, Part, Unit, Units};
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
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Needs([Need; 4]);

impl Needs {
    const NONE: Self = Self([Need::No; 4]);

    pub(super) fn of(self, function: Function) -> Need {
        self.0[function as usize]
    }

    /// Whether more than one function needs the unit.
    pub(super) fn of_several(self) -> bool {
        self.0.iter().filter(|need| **need != Need::No).count() > 1
    }
}

impl<'m> Units<'m> {
    /// The needs of each unit. A unit that no function needs goes where it stands, for the compiler to check.
    pub(super) fn needs(&self) -> Vec<Needs> {
        let mut stray = vec![false; self.all.len()];
        let mut needs = self.needs_with(&stray);
        for (i, unit) in self.all.iter().enumerate() {
            stray[i] = needs[i] == Needs::NONE && !matches!(unit.code, Code::Argument(_));
        }
        if stray.contains(&true) {
            needs = self.needs_with(&stray);
        }
        needs
    }

    /// The needs of each unit, when the `stray` ones are needed where they stand.
    fn needs_with(&self, stray: &[bool]) -> Vec<Needs> {
        let mut needs = vec![Needs::NONE; self.all.len()];
        for function in Function::ALL {
            let mut live: Vec<&Ident> = Vec::new();
            for (i, unit) in self.all.iter().enumerate().rev() {
                if !unit.is_in(function) {
                    continue;
                }
                let used = unit.writes.iter().any(|name| live.contains(&name));
                let is_root = unit.home == Some(function) || (stray[i] && unit.stray_home() == function);
                if !used && !is_root {
                    continue;
                }
                needs[i].0[function as usize] = if used { Need::Used } else { Need::Yes };
                if unit.binds {
                    live.retain(|name| !unit.writes.contains(name));
                }
                if self.computes(unit, function) {
                    live.extend(&unit.reads);
                }
            }
        }
        needs
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
