//! Which variables a piece of code reads, and which a pattern binds.

use crate::ast::{Flow, Form, Site, Stmt, bare_name};
use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Block, Expr, ExprClosure, ExprForLoop, ExprIf, ExprLet, ExprWhile, Item, Local, Macro, Pat, PatIdent};

/// The variables that `expr` reads and does not bind itself, in order, repeated as often as read.
pub(crate) fn in_expr(expr: &Expr) -> Vec<Ident> {
    let mut reads = Reads::default();
    reads.visit_expr(expr);
    reads.free
}

/// The variables that a `let` reads.
pub(crate) fn in_let(local: &Local) -> Vec<Ident> {
    let mut reads = Reads::default();
    reads.visit_local(local);
    reads.free
}

/// The variables that a statement reads, in all its depth.
pub(crate) fn in_stmt(stmt: &Stmt) -> Vec<Ident> {
    let mut reads = Reads::default();
    reads.stmt(stmt);
    reads.free
}

/// The bare names on the left of a `~` in `stmt`, other than those that `stmt` binds itself.
pub(crate) fn targets(stmt: &Stmt) -> Vec<Ident> {
    let mut reads = Reads::default();
    reads.stmt(stmt);
    reads.targets
}

/// The variables that `pat` binds.
pub(crate) fn bound_by(pat: &Pat) -> Vec<Bound> {
    let mut bounds = Bounds::default();
    bounds.visit_pat(pat);
    bounds.0
}

/// The variables that the `let`s of a condition bind.
pub(crate) fn bound_by_condition(cond: &Expr) -> Vec<Bound> {
    match cond {
        Expr::Let(bind) => bound_by(&bind.pat),
        Expr::Binary(both) => [bound_by_condition(&both.left), bound_by_condition(&both.right)].concat(),
        _ => Vec::new(),
    }
}

#[derive(Clone)]
pub(crate) struct Bound {
    pub(crate) name: Ident,
    pub(crate) mutable: bool,
}

#[derive(Default)]
struct Bounds(Vec<Bound>);

impl<'ast> Visit<'ast> for Bounds {
    fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
        // `None` and `LIMIT` look like variables, but are constants.
        let is_constant = pat.by_ref.is_none()
            && pat.mutability.is_none()
            && pat.subpat.is_none()
            && pat.ident.to_string().starts_with(char::is_uppercase)
            && pat.ident.to_string().len() > 1;
        if !is_constant {
            self.0.push(Bound { name: pat.ident.clone(), mutable: pat.mutability.is_some() });
        }
        visit::visit_pat_ident(self, pat);
    }
    fn visit_expr(&mut self, _: &'ast Expr) {}
}

/// Collects free variables; `bound` is the stack of those that are not.
#[derive(Default)]
struct Reads {
    bound: Vec<Ident>,
    free: Vec<Ident>,
    targets: Vec<Ident>,
}

impl Reads {
    fn read(&mut self, name: &Ident) {
        if !self.bound.contains(name) {
            self.free.push(name.clone());
        }
    }

    fn bind(&mut self, names: Vec<Bound>) {
        self.bound.extend(names.into_iter().map(|b| b.name));
    }

    fn scoped(&mut self, visit: impl FnOnce(&mut Self)) {
        let depth = self.bound.len();
        visit(self);
        self.bound.truncate(depth);
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Site(site) => self.site(site),
            Stmt::Factor(factor) => self.visit_expr(&factor.term),
            Stmt::Let(local) => self.visit_local(local),
            Stmt::Plain(expr) => self.visit_expr(expr),
            Stmt::Flow(flow) => self.flow(flow),
        }
    }

    fn site(&mut self, site: &Site) {
        self.visit_expr(&site.left.place);
        if let Some(name) = bare_name(&site.left.place)
            && !self.bound.contains(name)
        {
            self.targets.push(name.clone());
        }
        self.scoped(|s| {
            if let Form::Each { index, range } = &site.left.form {
                s.visit_expr(range);
                s.bind(bound_by(index));
                s.bound.extend(site.left.name().cloned());
            }
            s.visit_expr(&site.right);
        });
    }

    fn flow(&mut self, flow: &Flow) {
        if let crate::ast::FlowKind::Match(on) = &flow.kind {
            self.visit_expr(on);
        }
        for branch in &flow.branches {
            self.scoped(|s| {
                if let Some(source) = &branch.source {
                    s.visit_expr(source);
                }
                if let Some(pat) = &branch.pat {
                    s.bind(bound_by(pat));
                }
                if let Some(guard) = &branch.guard {
                    s.visit_expr(guard);
                }
                for stmt in &branch.body {
                    s.stmt(stmt);
                }
            });
        }
    }

    /// The insides of a macro call are mere tokens: an identifier reads a variable unless it is a member, a segment
    /// of a path or a named argument. `"{x}"` reads one too.
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let punct = |at: Option<usize>, c: char| {
            at.and_then(|i| tokens.get(i)).is_some_and(|t| matches!(t, TokenTree::Punct(p) if p.as_char() == c))
        };
        for (i, token) in tokens.iter().enumerate() {
            let (back, back2) = (i.checked_sub(1), i.checked_sub(2));
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(name) => {
                    let member = punct(back, '.') && !punct(back2, '.');
                    let segment = punct(back, ':') || punct(Some(i + 1), ':') || punct(Some(i + 1), '!');
                    let named = punct(Some(i + 1), '=') && !punct(Some(i + 2), '=');
                    if !(member || segment || named) {
                        self.read(name);
                    }
                }
                TokenTree::Literal(literal) => self.format_arguments(&literal.to_string(), literal.span()),
                TokenTree::Punct(_) => {}
            }
        }
    }

    fn format_arguments(&mut self, literal: &str, span: proc_macro2::Span) {
        if !literal.ends_with(['"', '#']) {
            return;
        }
        for piece in literal.split('{').skip(1) {
            let name: String = piece.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if let Ok(name) = syn::parse_str::<Ident>(&name) {
                self.read(&Ident::new(&name.to_string(), span));
            }
        }
    }
}

impl<'ast> Visit<'ast> for Reads {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        match bare_name(expr) {
            Some(name) => self.read(name),
            None => visit::visit_expr(self, expr),
        }
    }
    fn visit_expr_closure(&mut self, closure: &'ast ExprClosure) {
        self.scoped(|s| {
            for input in &closure.inputs {
                s.bind(bound_by(input));
            }
            s.visit_expr(&closure.body);
        });
    }
    fn visit_block(&mut self, block: &'ast Block) {
        self.scoped(|s| visit::visit_block(s, block));
    }
    fn visit_local(&mut self, local: &'ast Local) {
        if let Some(init) = &local.init {
            self.visit_local_init(init);
        }
        self.bind(bound_by(&local.pat));
    }
    fn visit_expr_let(&mut self, bind: &'ast ExprLet) {
        self.visit_expr(&bind.expr);
        self.bind(bound_by(&bind.pat));
    }
    fn visit_expr_if(&mut self, branch: &'ast ExprIf) {
        self.scoped(|s| {
            s.visit_expr(&branch.cond);
            s.visit_block(&branch.then_branch);
        });
        if let Some((_, other)) = &branch.else_branch {
            self.visit_expr(other);
        }
    }
    fn visit_expr_while(&mut self, repeat: &'ast ExprWhile) {
        self.scoped(|s| {
            s.visit_expr(&repeat.cond);
            s.visit_block(&repeat.body);
        });
    }
    fn visit_expr_for_loop(&mut self, repeat: &'ast ExprForLoop) {
        self.visit_expr(&repeat.expr);
        self.scoped(|s| {
            s.bind(bound_by(&repeat.pat));
            s.visit_block(&repeat.body);
        });
    }
    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        self.scoped(|s| {
            s.bind(bound_by(&arm.pat));
            if let Pat::Guard(guard) = &arm.pat {
                s.visit_expr(&guard.guard);
            }
            s.visit_expr(&arm.body);
        });
    }
    fn visit_macro(&mut self, mac: &'ast Macro) {
        self.tokens(mac.tokens.clone());
    }
    fn visit_pat(&mut self, _: &'ast Pat) {}
    fn visit_item(&mut self, _: &'ast Item) {}
}
