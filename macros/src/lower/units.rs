//! A model as one list of units, with the variables that each reads and writes.

use crate::ast::{Arg, Branch, Model, Site, Stmt};
use crate::facts::{Facts, PlateList, Role};
use crate::names;
use proc_macro2::Ident;
use syn::{Expr, ExprRange, Pat};

/// A function that is emitted.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Function {
    New,
    Global,
    Local,
    Likelihood,
}

/// Where a unit stands.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Part {
    Before,
    Plate,
    After,
}

/// What a unit consists of.
pub(super) enum Code<'m> {
    Argument(&'m Arg),
    /// The pattern of the plate.
    Task(&'m Pat),
    /// The range of the plate.
    Count(&'m ExprRange),
    Stmt(&'m Stmt),
    Nest(Nest<'m>),
}

/// A nested plate, which several functions may run through.
pub(super) struct Nest<'m> {
    pub(super) at: usize,
    pub(super) branch: &'m Branch,
    /// What a turn consists of.
    pub(super) units: Vec<Unit<'m>>,
}

/// A statement, or what acts like one.
pub(super) struct Unit<'m> {
    pub(super) code: Code<'m>,
    pub(super) part: Part,
    /// The function it belongs to, if it has a meaning of its own.
    pub(super) home: Option<Function>,
    pub(super) reads: Vec<Ident>,
    pub(super) writes: Vec<Ident>,
    /// Whether it gives its variables their first value.
    pub(super) binds: bool,
    /// Whether no function needs it: it goes where it stands, for the compiler to check.
    pub(super) stray: bool,
}

/// The units of a model, in order.
pub(super) struct Units<'m> {
    pub(super) all: Vec<Unit<'m>>,
    pub(super) facts: &'m Facts,
    /// The `let mut` variables so far.
    mutable: Vec<Ident>,
}

impl Function {
    pub(super) const ALL: [Self; 4] = [Self::New, Self::Global, Self::Local, Self::Likelihood];
}

impl<'m> Units<'m> {
    pub(super) fn of(model: &'m Model, facts: &'m Facts) -> Self {
        let mut units = Self { all: Vec::new(), facts, mutable: Vec::new() };
        let mut all: Vec<Unit<'m>> =
            model.args.iter().map(|arg| units.unit(Code::Argument(arg), Part::Before)).collect();
        let at = facts.plate.as_ref().map_or(model.body.len(), |plate| plate.at);
        all.extend(units.of_statements(&model.body[..at], Part::Before));
        if let (Some(plate), Some(Stmt::Flow(flow))) = (&facts.plate, model.body.get(at)) {
            if let PlateList::Numbers(range) = &plate.list {
                all.push(units.unit(Code::Count(range), Part::Before));
            }
            let branch = &flow.branches[0];
            all.push(units.unit(Code::Task(branch.pat.as_ref().expect("a `for` has a pattern")), Part::Plate));
            all.extend(units.of_statements(&branch.body, Part::Plate));
            all.extend(units.of_statements(&model.body[at + 1..], Part::After));
        }
        Self { all, ..units }
    }

    /// The id of the latent that a unit declares.
    pub(super) fn latent(&self, unit: &Unit<'m>) -> Option<usize> {
        match &unit.code {
            Code::Stmt(Stmt::Site(site)) => match self.facts.roles.of(site.number) {
                Role::Latent { at, .. } | Role::Discrete { at, .. } => Some(at),
                _ => None,
            },
            _ => None,
        }
    }

    fn of_statements(&mut self, stmts: &'m [Stmt], part: Part) -> Vec<Unit<'m>> {
        let unit = |stmt: &'m Stmt| match stmt {
            Stmt::Flow(flow) => match self.facts.nest(flow) {
                Some(at) => self.nest(at, &flow.branches[0], part),
                None => self.unit(Code::Stmt(stmt), part),
            },
            _ => self.unit(Code::Stmt(stmt), part),
        };
        stmts.iter().map(unit).collect()
    }

    fn nest(&mut self, at: usize, branch: &'m Branch, part: Part) -> Unit<'m> {
        branch.pat.iter().for_each(|pat| _ = self.bound_by(pat));
        let units = self.of_statements(&branch.body, part);
        self.unit(Code::Nest(Nest { at, branch, units }), part)
    }

    fn unit(&mut self, code: Code<'m>, part: Part) -> Unit<'m> {
        let mut reads = match &code {
            Code::Argument(_) | Code::Task(_) => Vec::new(),
            Code::Count(range) => names::in_expr(&Expr::Range((*range).clone())),
            Code::Stmt(stmt) => names::in_stmt(stmt),
            Code::Nest(nest) => nest.branch.source.iter().flat_map(names::in_expr).collect(),
        };
        let writes = match &code {
            Code::Argument(arg) => vec![arg.name.clone()],
            Code::Task(pat) => self.bound_by(pat),
            Code::Count(_) | Code::Nest(_) => Vec::new(),
            Code::Stmt(stmt) => self.writes(stmt, &reads),
        };
        if matches!(code, Code::Stmt(Stmt::Site(_))) {
            // a latent's name stands on the left, and is not read there
            reads.retain(|name| !writes.contains(name));
        }
        let binds = matches!(code, Code::Argument(_) | Code::Task(_) | Code::Stmt(Stmt::Site(_) | Stmt::Let(_)));
        let home = self.home(&code, part);
        Unit { code, part, home, reads, writes, binds, stray: false }
    }

    /// The variables that a statement writes. A plain one may write any `let mut` that it mentions.
    fn writes(&mut self, stmt: &Stmt, reads: &[Ident]) -> Vec<Ident> {
        match stmt {
            Stmt::Site(site) if self.declares(site) => site.left.name().cloned().into_iter().collect(),
            Stmt::Let(local) => self.bound_by(&local.pat),
            Stmt::Flow(_) | Stmt::Plain(_) => reads.iter().filter(|n| self.mutable.contains(n)).cloned().collect(),
            Stmt::Site(_) | Stmt::Factor(_) => Vec::new(),
        }
    }

    fn bound_by(&mut self, pat: &Pat) -> Vec<Ident> {
        let bindings = names::bound_by(pat);
        self.mutable.extend(bindings.iter().filter(|b| b.mutable).map(|b| b.name.clone()));
        bindings.into_iter().map(|b| b.name).collect()
    }

    /// The function that a unit with a meaning of its own belongs to.
    fn home(&self, code: &Code<'_>, part: Part) -> Option<Function> {
        match code {
            Code::Count(_) => Some(Function::New),
            Code::Stmt(stmt) if stmt.has_sites() => Some(match stmt {
                _ if part != Part::Plate => Function::Global,
                Stmt::Site(site) if self.is_discrete(site) => Function::Likelihood,
                Stmt::Site(site) if self.declares(site) => Function::Local,
                _ => Function::Likelihood,
            }),
            _ => None,
        }
    }

    /// Whether a site declares a latent.
    fn declares(&self, site: &Site) -> bool {
        matches!(self.facts.roles.of(site.number), Role::Latent { .. } | Role::Discrete { .. })
    }

    fn is_discrete(&self, site: &Site) -> bool {
        matches!(self.facts.roles.of(site.number), Role::Discrete { .. })
    }

    /// Whether a unit declares a discrete latent.
    pub(super) fn declares_discrete(&self, unit: &Unit<'m>) -> bool {
        matches!(&unit.code, Code::Stmt(Stmt::Site(site)) if self.is_discrete(site))
    }
}
