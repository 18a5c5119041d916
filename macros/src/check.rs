//! What a model must mean. Every such error is found here, all of them in one pass.

mod jumps;
mod left;
mod plate;
mod right;
mod scope;
mod uses;

use crate::ast::{Facts, Flow, FlowKind, Form, Latent, Model, Observed, Plate, Role, Shape, Site, Stmt};
use crate::names;
use crate::parse::Errors;
use proc_macro2::{Ident, Span};
use quote::{ToTokens, format_ident};
use scope::{Kind, Scope};
use syn::{Error, Expr, Local, Pat};

/// Fills in what each `~` is, and tells what is wrong.
pub(crate) fn check(model: &mut Model, errors: &mut Errors) -> Facts {
    let mut check = Check::new(errors);
    check.arguments(model);
    let plate = plate::find(model, check.errors);
    let mut body = std::mem::take(&mut model.body);
    check.body(&mut body, plate.as_ref());
    model.body = body;
    check.misplaced_reads();
    let unused = if check.observed.is_empty() || !check.errors.is_empty() { Vec::new() } else { check.unused() };
    Facts { globals: check.globals, locals: check.locals, observed: check.observed, plate, unused }
}

struct Check<'e> {
    errors: &'e mut Errors,
    scope: Scope,
    globals: Vec<Latent>,
    locals: Vec<Latent>,
    observed: Vec<Observed>,
    /// Latents that were refused for where they stand; reads of them are not reported again.
    refused: Vec<Ident>,
    used: Vec<Ident>,
    /// Names read where no argument, latent or variable has them, and whether in the plate.
    unknown: Vec<(Ident, bool)>,
    in_plate: bool,
    /// What encloses the statement within its level.
    inside: Option<Inside>,
    loops: usize,
}

/// What may not declare latents: how many there are would depend on it.
#[derive(Clone, Copy)]
enum Inside {
    Loop,
    /// `if`, `match` or a block.
    Condition(&'static str),
}

impl<'e> Check<'e> {
    fn new(errors: &'e mut Errors) -> Self {
        Self {
            errors,
            scope: Scope::default(),
            globals: Vec::new(),
            locals: Vec::new(),
            observed: Vec::new(),
            refused: Vec::new(),
            used: Vec::new(),
            unknown: Vec::new(),
            in_plate: false,
            inside: None,
            loops: 0,
        }
    }

    /// An error at all of `tokens`.
    fn error(&mut self, tokens: &impl ToTokens, message: String) {
        self.errors.push(Error::new_spanned(tokens, message));
    }

    fn arguments(&mut self, model: &mut Model) {
        for arg in &mut model.args {
            if self.scope.kind(&arg.name).is_some() {
                self.error(&arg.name, format!("two arguments are called `{0}`: rename one", arg.name));
                arg.name = format_ident!("{}_again", arg.name);
            }
            self.scope.bind(&arg.name, Kind::Argument);
        }
    }

    /// The observations in the plate are numbered after the others.
    fn body(&mut self, body: &mut [Stmt], plate: Option<&Plate>) {
        let mut in_plate = Vec::new();
        for (at, stmt) in body.iter_mut().enumerate() {
            match stmt {
                Stmt::Flow(flow) if plate.is_some_and(|plate| plate.at == at || plate.others.contains(&at)) => {
                    let outside = std::mem::take(&mut self.observed);
                    self.plate(flow);
                    in_plate.append(&mut std::mem::replace(&mut self.observed, outside));
                }
                stmt => self.stmt(stmt),
            }
        }
        let outside = self.observed.len();
        if let Some(Stmt::Flow(flow)) = plate.map(|plate| &mut body[plate.at]) {
            for stmt in &mut flow.branches[0].body {
                renumber(stmt, outside);
            }
        }
        self.observed.append(&mut in_plate);
    }

    fn plate(&mut self, flow: &mut Flow) {
        let branch = &mut flow.branches[0];
        let list: Vec<Ident> = branch.source.iter().flat_map(names::in_expr).collect();
        if let Some(name) = list.iter().find(|name| self.scope.kind(name).is_some_and(Kind::varies)) {
            let message = format!("the number of tasks must be known before the fit, but `{name}` is not: use data");
            self.error(name, message);
        }
        self.reads(list);
        let depth = self.scope.depth();
        self.in_plate = true;
        self.bind_pattern(branch.pat.as_ref(), Kind::Data);
        for stmt in &mut branch.body {
            self.stmt(stmt);
        }
        self.in_plate = false;
        self.scope.truncate(depth);
    }

    fn stmt(&mut self, stmt: &mut Stmt) {
        match stmt {
            Stmt::Site(site) => self.site(site),
            Stmt::Factor(factor) => {
                self.expr(&factor.term);
                factor.id = self.observation("factor".to_owned(), factor.name.span());
            }
            Stmt::Let(local) => self.local(local),
            Stmt::Flow(flow) => self.flow(flow),
            Stmt::Plain(expr) => {
                if let Some(declared) = self.plain(expr) {
                    self.declare(&declared, Shape::Scalar, Vec::new(), String::new());
                }
                self.expr(expr);
            }
        }
    }

    fn flow(&mut self, flow: &mut Flow) {
        let outer = self.inside;
        self.inside = match flow.kind {
            FlowKind::For | FlowKind::Loop => Some(Inside::Loop),
            FlowKind::If => Some(Inside::Condition("`if`")),
            FlowKind::Match(_) => Some(Inside::Condition("`match`")),
            FlowKind::Block => Some(outer.unwrap_or(Inside::Condition("block"))),
        };
        self.loops += usize::from(matches!(flow.kind, FlowKind::For | FlowKind::Loop));
        if let FlowKind::Match(on) = &flow.kind {
            self.expr(on);
        }
        for branch in &mut flow.branches {
            let depth = self.scope.depth();
            if let Some(source) = &branch.source {
                self.expr(source);
                for bound in names::bound_by_condition(source) {
                    self.scope.bind(&bound.name, Kind::Data);
                }
            }
            self.bind_pattern(branch.pat.as_ref(), Kind::Data);
            if let Some(guard) = &branch.guard {
                self.expr(guard);
            }
            for stmt in &mut branch.body {
                self.stmt(stmt);
            }
            self.scope.truncate(depth);
        }
        self.loops -= usize::from(matches!(flow.kind, FlowKind::For | FlowKind::Loop));
        self.inside = outer;
    }

    fn local(&mut self, local: &Local) {
        let reads = names::in_let(local);
        let varies = reads.iter().any(|name| self.scope.kind(name).is_some_and(Kind::varies));
        self.reads(reads);
        self.jumps(|jumps| syn::visit::visit_local(jumps, local));
        let pat = if let Pat::Type(typed) = &local.pat { &*typed.pat } else { &local.pat };
        let whole = matches!(pat, Pat::Ident(_));
        self.bind_pattern(Some(&local.pat), if varies && whole { Kind::Computed } else { Kind::Data });
    }

    fn bind_pattern(&mut self, pat: Option<&Pat>, kind: Kind) {
        for bound in pat.map(names::bound_by).unwrap_or_default() {
            self.scope.bind_variable(&bound, kind, self.in_plate);
        }
    }

    fn expr(&mut self, expr: &Expr) {
        self.reads(names::in_expr(expr));
        self.jumps(|jumps| syn::visit::Visit::visit_expr(jumps, expr));
    }

    fn reads(&mut self, names: impl IntoIterator<Item = Ident>) {
        for name in names {
            match self.scope.kind(&name) {
                Some(kind) if kind.is_latent() => self.used.push(name),
                Some(_) => {}
                None => self.unknown.push((name, self.in_plate)),
            }
        }
    }

    fn observation(&mut self, name: String, span: Span) -> usize {
        self.observed.push(Observed { name, span });
        self.observed.len() - 1
    }

    fn declare(&mut self, name: &Ident, shape: Shape, attrs: Vec<syn::Attribute>, source: String) -> usize {
        let (level, kind) =
            if self.in_plate { (&mut self.locals, Kind::Local) } else { (&mut self.globals, Kind::Global) };
        level.push(Latent { name: name.clone(), shape, attrs, source });
        self.scope.bind(name, kind);
        level.len() - 1
    }
}

/// Whether an observation is of a vector.
pub(crate) fn observes_vector(site: &Site) -> bool {
    matches!(site.left.form, Form::Vector) || right::is_vector(&site.right)
}

fn renumber(stmt: &mut Stmt, by: usize) {
    match stmt {
        Stmt::Site(site) => {
            if let Role::Observed(id) = &mut site.role {
                *id += by;
            }
        }
        Stmt::Factor(factor) => factor.id += by,
        Stmt::Flow(flow) => flow.branches.iter_mut().flat_map(|b| &mut b.body).for_each(|s| renumber(s, by)),
        Stmt::Let(_) | Stmt::Plain(_) => {}
    }
}
