//! Which units of a model each of its functions needs.

use crate::ast::{Arg, Facts, Model, Plate, Role, Stmt, Tasks};
use crate::names;
use proc_macro2::Ident;
use syn::{Expr, ExprRange, Pat};

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Function {
    New,
    Global,
    Local,
    Likelihood,
}

pub(super) const FUNCTIONS: [Function; 4] = [Function::New, Function::Global, Function::Local, Function::Likelihood];

/// Where a unit stands.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Part {
    Before,
    Plate,
    After,
}

#[derive(Clone, Copy)]
pub(super) enum Code<'m> {
    Argument(&'m Arg),
    Task(&'m Pat),
    /// The range of the plate.
    Count(&'m ExprRange),
    Stmt(&'m Stmt),
}

/// A statement, or what acts like one, with the variables it reads and writes.
pub(super) struct Unit<'m> {
    pub(super) code: Code<'m>,
    pub(super) part: Part,
    /// The function it belongs to, if it has a meaning of its own.
    pub(super) home: Option<Function>,
    reads: Vec<Ident>,
    writes: Vec<Ident>,
    /// Whether it gives its variables their first value.
    binds: bool,
}

/// Whether a function needs a unit.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Need {
    No,
    Yes,
    /// And reads the variable it binds.
    Used,
}

pub(super) struct Units<'m> {
    pub(super) all: Vec<Unit<'m>>,
    pub(super) facts: &'m Facts,
}

impl<'m> Units<'m> {
    pub(super) fn of(model: &'m Model, facts: &'m Facts) -> Self {
        let mut builder = Builder { all: Vec::new(), mutable: Vec::new() };
        for arg in &model.args {
            builder.push(Code::Argument(arg), Part::Before);
        }
        let plate = facts.plate.as_ref();
        let at = plate.map_or(model.body.len(), |plate| plate.at);
        for stmt in &model.body[..at] {
            builder.push(Code::Stmt(stmt), Part::Before);
        }
        if let (Some(plate), Some(Stmt::Flow(flow))) = (plate, model.body.get(at)) {
            if let Plate { tasks: Tasks::Numbers(range), .. } = plate {
                builder.push(Code::Count(range), Part::Before);
            }
            let branch = &flow.branches[0];
            builder.push(Code::Task(branch.pat.as_ref().expect("a `for` has a pattern")), Part::Plate);
            for stmt in &branch.body {
                builder.push(Code::Stmt(stmt), Part::Plate);
            }
            for stmt in &model.body[at + 1..] {
                builder.push(Code::Stmt(stmt), Part::After);
            }
        }
        Self { all: builder.all, facts }
    }

    /// For each function, what it needs of each unit. What none needs goes where it stands, for the compiler to check.
    pub(super) fn needs(&self) -> Vec<[Need; 4]> {
        let mut stray = vec![false; self.all.len()];
        let mut needs = self.needs_with(&stray);
        for (i, unit) in self.all.iter().enumerate() {
            stray[i] = needs[i] == [Need::No; 4] && !matches!(unit.code, Code::Argument(_));
        }
        if stray.contains(&true) {
            needs = self.needs_with(&stray);
        }
        needs
    }

    fn needs_with(&self, stray: &[bool]) -> Vec<[Need; 4]> {
        let mut needs = vec![[Need::No; 4]; self.all.len()];
        for function in FUNCTIONS {
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
                needs[i][function as usize] = if used { Need::Used } else { Need::Yes };
                if unit.binds {
                    live.retain(|name| !unit.writes.contains(name));
                }
                if unit.computes_in(function) {
                    live.extend(&unit.reads);
                }
            }
        }
        needs
    }

    pub(super) fn globals_read(&self, needs: &[[Need; 4]], function: Function) -> Vec<usize> {
        let before = self.all.iter().zip(needs).filter(|(unit, _)| unit.part == Part::Before);
        before.filter(|(_, need)| need[function as usize] != Need::No).filter_map(|(unit, _)| unit.latent()).collect()
    }
}

impl Unit<'_> {
    fn is_in(&self, function: Function) -> bool {
        match function {
            Function::New => self.part == Part::Before,
            Function::Global => self.part != Part::Plate && !matches!(self.code, Code::Count(_)),
            Function::Local | Function::Likelihood => self.part != Part::After && !matches!(self.code, Code::Count(_)),
        }
    }

    fn stray_home(&self) -> Function {
        if self.part == Part::Plate { Function::Local } else { Function::Global }
    }

    /// A latent that was drawn elsewhere is only bound.
    fn computes_in(&self, function: Function) -> bool {
        self.latent().is_none() || self.home == Some(function)
    }

    pub(super) fn latent(&self) -> Option<usize> {
        match self.code {
            Code::Stmt(Stmt::Site(site)) => match site.role {
                Role::Latent(id) => Some(id),
                _ => None,
            },
            _ => None,
        }
    }
}

struct Builder<'m> {
    pub(super) all: Vec<Unit<'m>>,
    /// The `let mut` variables so far.
    mutable: Vec<Ident>,
}

impl<'m> Builder<'m> {
    fn push(&mut self, code: Code<'m>, part: Part) {
        let (reads, writes) = match code {
            Code::Argument(arg) => (Vec::new(), vec![arg.name.clone()]),
            Code::Task(pat) => (Vec::new(), self.bound_by(pat)),
            Code::Count(range) => (names::in_expr(&Expr::Range(range.clone())), Vec::new()),
            Code::Stmt(stmt) => self.effects(stmt),
        };
        let binds = matches!(code, Code::Argument(_) | Code::Task(_) | Code::Stmt(Stmt::Site(_) | Stmt::Let(_)));
        self.all.push(Unit { code, part, home: home(code, part), reads, writes, binds });
    }

    /// The variables that a statement reads and writes. A plain one may write any `let mut` that it mentions.
    fn effects(&mut self, stmt: &Stmt) -> (Vec<Ident>, Vec<Ident>) {
        let reads = names::in_stmt(stmt);
        let writes = match stmt {
            Stmt::Site(site) if matches!(site.role, Role::Latent(_)) => site.left.name().cloned().into_iter().collect(),
            Stmt::Let(local) => self.bound_by(&local.pat),
            Stmt::Flow(_) | Stmt::Plain(_) => reads.iter().filter(|n| self.mutable.contains(n)).cloned().collect(),
            Stmt::Site(_) | Stmt::Factor(_) => Vec::new(),
        };
        (reads, writes)
    }

    fn bound_by(&mut self, pat: &Pat) -> Vec<Ident> {
        let bound = names::bound_by(pat);
        self.mutable.extend(bound.iter().filter(|b| b.mutable).map(|b| b.name.clone()));
        bound.into_iter().map(|b| b.name).collect()
    }
}

/// The function that a unit with a meaning of its own belongs to.
fn home(code: Code<'_>, part: Part) -> Option<Function> {
    match code {
        Code::Count(_) => Some(Function::New),
        Code::Stmt(stmt) if stmt.has_sites() => Some(match stmt {
            _ if part != Part::Plate => Function::Global,
            Stmt::Site(site) if matches!(site.role, Role::Latent(_)) => Function::Local,
            _ => Function::Likelihood,
        }),
        _ => None,
    }
}
