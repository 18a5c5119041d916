//! The habit of languages without plates: a vector of effects of groups, in which each row looks up that of its group.

use crate::ast::{Brackets, Flow, FlowKind, Model, Site, Stmt, bare_name};
use crate::facts::{Facts, Role, Warning};
use crate::names;
use crate::source::text;
use proc_macro2::Ident;
use syn::ExprIndex;
use syn::visit::{self, Visit};

/// The attribute that says of a vector of latents that it is meant as one.
pub(super) const MEANT: &str = "not_a_plate";

const GAIN: &str = "Then a fit costs far less, and knows what to say of a group that is new. `#[not_a_plate]` before";

/// The warning of the first vector of latents that could be the latent of a plate, where the model has no such latent.
pub(super) fn missed_plate(model: &Model, facts: &Facts) -> Option<Warning> {
    if !facts.latents.local.is_empty() {
        return None;
    }
    exchangeable(model, facts).into_iter().find_map(|site| {
        let (name, lookup) = (site.left.name()?, only_lookup(model, site)?);
        Some(Warning { item: "is_this_a_plate", span: name_of(lookup)?.span(), note: note(name, site, lookup) })
    })
}

/// The vectors of latents whose entries are alike given latents declared before, and of which no attribute says that they
/// are meant.
fn exchangeable<'m>(model: &'m Model, facts: &Facts) -> Vec<&'m Site> {
    let (mut varying, mut vectors) = (Vec::new(), Vec::new());
    for stmt in &model.body {
        match stmt {
            Stmt::Let(local) if names::in_let(local).iter().any(|read| varying.contains(read)) => {
                varying.extend(names::bound_by(&local.pat).into_iter().map(|binding| binding.name));
            }
            Stmt::Site(site) if matches!(facts.roles.of(site.number), Role::Latent { .. }) => {
                let Some(name) = site.left.name() else { continue };
                let reads = names::in_expr(&site.right);
                let is_chain = reads.contains(name);
                let is_meant = site.attrs.iter().any(|attr| attr.path().is_ident(MEANT));
                let is_vector = matches!(site.left.brackets, Brackets::Each { .. });
                if is_vector && !is_chain && !is_meant && reads.iter().any(|read| varying.contains(read)) {
                    vectors.push(&**site);
                }
                varying.push(name.clone());
            }
            _ => {}
        }
    }
    vectors
}

/// The first lookup of an entry by a row, if nothing else is done with the vector and a row needs one entry alone.
fn only_lookup<'m>(model: &'m Model, declared: &'m Site) -> Option<&'m ExprIndex> {
    let name = declared.left.name()?;
    let others = model.body.iter().filter(|stmt| !matches!(stmt, Stmt::Site(site) if site.number == declared.number));
    let (mut first, mut lookups, mut reads) = (None, 0, 0);
    for stmt in others {
        reads += names::in_stmt(stmt).iter().filter(|read| *read == name).count();
        let Stmt::Flow(flow @ Flow { kind: FlowKind::For, .. }) = stmt else { continue };
        let found = Lookups::of(name, flow);
        let one = found.first().copied();
        if one.is_some_and(|one| found.iter().any(|other| text(&other.index) != text(&one.index))) {
            return None;
        }
        lookups += found.len();
        first = first.or(one);
    }
    first.filter(|_| lookups == reads)
}

/// What to write instead.
fn note(name: &Ident, site: &Site, lookup: &ExprIndex) -> String {
    let (right, lookup_text) = (text(&site.right), text(lookup));
    if bare_name(&lookup.index).is_some() {
        return format!(
            "is this `for` a plate? It is if `{name}` is declared in it: `{name} ~ {right};` in place of the vector, and \
             `{name}` in place of `{lookup_text}`. {GAIN} `{name}` says that a vector is meant"
        );
    }
    format!(
        "are the groups that `{lookup_text}` looks up a plate? `for group in groups {{ {name} ~ {right}; for row in group \
         {{ ... }} }}` says so, and `hierarch::tasks::grouped(rows, |row| row.group)` makes `groups` of a long table. {GAIN} \
         `{name}` says that a vector is meant"
    )
}

fn name_of(lookup: &ExprIndex) -> Option<&Ident> {
    bare_name(&lookup.expr)
}

/// Finds the entries of a vector that are looked up by what belongs to a turn of a loop.
struct Lookups<'m> {
    name: &'m Ident,
    /// The variables of the turn.
    of_turn: Vec<Ident>,
    found: Vec<&'m ExprIndex>,
}

impl<'m> Lookups<'m> {
    fn of(name: &'m Ident, flow: &'m Flow) -> Vec<&'m ExprIndex> {
        let of_turn = flow.branches.iter().filter_map(|branch| branch.pat.as_ref()).flat_map(names::bound_by);
        let mut lookups = Self { name, of_turn: of_turn.map(|binding| binding.name).collect(), found: Vec::new() };
        lookups.bodies(flow);
        lookups.found
    }

    /// Variables of inner loops are no part of the turn: they may run over the entries of a row.
    fn bodies(&mut self, flow: &'m Flow) {
        if let FlowKind::Match(on) = &flow.kind {
            self.visit_expr(on);
        }
        for branch in &flow.branches {
            branch.source.iter().chain(&branch.guard).for_each(|expr| self.visit_expr(expr));
            branch.body.iter().for_each(|stmt| self.stmt(stmt));
        }
    }

    fn stmt(&mut self, stmt: &'m Stmt) {
        match stmt {
            Stmt::Site(site) => {
                self.visit_expr(&site.left.place);
                self.visit_expr(&site.right);
            }
            Stmt::Factor(factor) => self.visit_expr(&factor.term),
            Stmt::Let(local) => {
                self.visit_local(local);
                if names::in_let(local).iter().any(|read| self.of_turn.contains(read)) {
                    self.of_turn.extend(names::bound_by(&local.pat).into_iter().map(|binding| binding.name));
                }
            }
            Stmt::Plain(expr) => self.visit_expr(expr),
            Stmt::Flow(flow) => self.bodies(flow),
        }
    }
}

impl<'m> Visit<'m> for Lookups<'m> {
    fn visit_expr_index(&mut self, lookup: &'m ExprIndex) {
        let is_by_turn = names::in_expr(&lookup.index).iter().any(|read| self.of_turn.contains(read));
        if is_by_turn && bare_name(&lookup.expr) == Some(self.name) {
            self.found.push(lookup);
        }
        visit::visit_expr_index(self, lookup);
    }
}
