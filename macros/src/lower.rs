//! Which statement goes into which of the model's functions.
//!
//! A site has one home: `global`, `local` or `likelihood`. Whatever else a function needs, it computes again: going
//! backwards through the statements, one is needed if it writes a variable that a needed one reads.

use crate::ast::{Arg, Branch, Factor, Facts, Flow, Latent, Model, Plate, Role, Shape, Site, Stmt, Tasks};
use crate::names;
use proc_macro2::Ident;
use syn::{Expr, ExprRange, Local, Pat, Type};

/// All that is emitted.
pub(crate) struct Plan<'m> {
    pub(crate) model: &'m Model,
    pub(crate) facts: &'m Facts,
    pub(crate) local_reads: Vec<usize>,
    pub(crate) likelihood_reads: Vec<usize>,
    /// Lanes of `global`, `local`, `likelihood`.
    pub(crate) widths: [usize; 3],
    pub(crate) tasks: TaskList<'m>,
    pub(crate) global: Vec<Step<'m>>,
    pub(crate) local: Vec<Step<'m>>,
    pub(crate) likelihood: Vec<Step<'m>>,
}

/// Where the tasks are.
pub(crate) enum TaskList<'m> {
    /// The model has no plate, or a broken one.
    None,
    Argument(&'m Arg),
    /// Numbers, counted in `new` by the range and what it needs; a broken model has none.
    Numbers(Option<(Vec<Step<'m>>, &'m ExprRange)>),
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Level {
    Global,
    Local,
}

/// One statement of a function.
pub(crate) enum Step<'m> {
    /// Binds an argument, by value or by reference.
    Argument {
        arg: &'m Arg,
        by_value: bool,
    },
    /// Binds the pattern of the plate to the task.
    Task {
        pat: &'m Pat,
        by_value: bool,
        shared: bool,
    },
    /// Binds a latent that was drawn elsewhere.
    Latent {
        level: Level,
        latent: &'m Latent,
    },
    /// Draws a latent, and binds it if it is `used`.
    Sample {
        level: Level,
        id: usize,
        latent: &'m Latent,
        site: &'m Site,
        used: bool,
    },
    Observe {
        id: usize,
        site: &'m Site,
    },
    Factor(&'m Factor),
    /// `shared`: emitted more than once, so that not all it binds need be used.
    Let {
        local: &'m Local,
        shared: bool,
    },
    Plain(&'m Expr),
    /// Its bodies, branch by branch. `stripped` of its sites.
    Flow {
        flow: &'m Flow,
        bodies: Vec<Vec<Step<'m>>>,
        stripped: bool,
    },
}

/// A model with errors: its public items, with nothing in its functions.
pub(crate) fn broken<'m>(model: &'m Model, facts: &'m Facts) -> Plan<'m> {
    let tasks = match facts.plate.as_ref().map(|plate| &plate.tasks) {
        Some(Tasks::Argument(at)) => TaskList::Argument(&model.args[*at]),
        Some(Tasks::Numbers(_)) => TaskList::Numbers(None),
        Some(Tasks::Unknown) | None => TaskList::None,
    };
    Plan {
        model,
        facts,
        local_reads: Vec::new(),
        likelihood_reads: Vec::new(),
        widths: [1; 3],
        tasks,
        global: Vec::new(),
        local: Vec::new(),
        likelihood: Vec::new(),
    }
}

/// A model without errors to what is emitted.
pub(crate) fn lower<'m>(model: &'m Model, facts: &'m Facts) -> Plan<'m> {
    let units = Units::of(model, facts);
    let needs = units.needs();
    let reads = |function| units.globals_read(&needs, function);
    let (local_reads, likelihood_reads) = (reads(Function::Local), reads(Function::Likelihood));
    let shared = |reads: &[usize]| reads.iter().map(|&id| &facts.globals[id]).collect::<Vec<_>>();
    let widths = [
        width(facts.globals.iter()),
        width(facts.locals.iter().chain(shared(&local_reads))),
        width(facts.locals.iter().chain(shared(&likelihood_reads))),
    ];
    let steps = |function| units.steps(&needs, function);
    let tasks = match facts.plate.as_ref().map(|plate| &plate.tasks) {
        Some(Tasks::Numbers(range)) => TaskList::Numbers(Some((steps(Function::New), range))),
        _ => broken(model, facts).tasks,
    };
    Plan {
        model,
        facts,
        widths,
        tasks,
        global: steps(Function::Global),
        local: steps(Function::Local),
        likelihood: steps(Function::Likelihood),
        local_reads,
        likelihood_reads,
    }
}

/// The lanes of a block: one a coordinate, 8 at most, and 8 where their number is not known.
fn width<'a>(latents: impl Iterator<Item = &'a Latent>) -> usize {
    let coordinates = latents.map(|latent| match latent.shape {
        Shape::Scalar => Some(1),
        Shape::Vector(len) => len,
    });
    coordinates.sum::<Option<usize>>().map_or(8, |sum| sum.clamp(1, 8))
}

#[derive(Clone, Copy, PartialEq)]
enum Function {
    New,
    Global,
    Local,
    Likelihood,
}

const FUNCTIONS: [Function; 4] = [Function::New, Function::Global, Function::Local, Function::Likelihood];

/// Where a unit stands.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Before,
    Plate,
    After,
}

#[derive(Clone, Copy)]
enum Code<'m> {
    Argument(&'m Arg),
    Task(&'m Pat),
    /// The range of the plate.
    Count(&'m ExprRange),
    Stmt(&'m Stmt),
}

/// A statement, or what acts like one, with the variables it reads and writes.
struct Unit<'m> {
    code: Code<'m>,
    part: Part,
    /// The function it belongs to, if it has a meaning of its own.
    home: Option<Function>,
    reads: Vec<Ident>,
    writes: Vec<Ident>,
    /// Whether it gives its variables their first value.
    binds: bool,
}

/// Whether a function needs a unit.
#[derive(Clone, Copy, PartialEq)]
enum Need {
    No,
    Yes,
    /// And reads the variable it binds.
    Used,
}

struct Units<'m> {
    all: Vec<Unit<'m>>,
    facts: &'m Facts,
}

impl<'m> Units<'m> {
    fn of(model: &'m Model, facts: &'m Facts) -> Self {
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
    fn needs(&self) -> Vec<[Need; 4]> {
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

    fn globals_read(&self, needs: &[[Need; 4]], function: Function) -> Vec<usize> {
        let before = self.all.iter().zip(needs).filter(|(unit, _)| unit.part == Part::Before);
        before.filter(|(_, need)| need[function as usize] != Need::No).filter_map(|(unit, _)| unit.latent()).collect()
    }

    fn steps(&self, needs: &[[Need; 4]], function: Function) -> Vec<Step<'m>> {
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

    fn latent(&self) -> Option<usize> {
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
    all: Vec<Unit<'m>>,
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
