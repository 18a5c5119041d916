//! A model as it is written. What is found out about it stands in [`facts`](crate::facts).

use proc_macro2::{Ident, Span, TokenStream};
use syn::{Attribute, Expr, Generics, Label, Local, Pat, Type, UnOp, Visibility};

/// `pub Name<generics>(args) { body }`.
pub(crate) struct Model {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) name: Ident,
    pub(crate) generics: Generics,
    pub(crate) args: Vec<Arg>,
    pub(crate) body: Vec<Stmt>,
}

/// `name: Type`, data or a constant.
pub(crate) struct Arg {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) name: Ident,
    pub(crate) ty: Type,
}

/// A statement of the language.
pub(crate) enum Stmt {
    Site(Box<Site>),
    Factor(Box<Factor>),
    Let(Box<Local>),
    Flow(Flow),
    /// Any other expression, with its semicolon.
    Plain(Box<Expr>),
}

/// `left ~ right;`.
pub(crate) struct Site {
    /// Tells it from all other sites and factors of the model.
    pub(crate) number: usize,
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) left: Left,
    pub(crate) right: Expr,
}

/// The left side of `~`.
pub(crate) struct Left {
    /// What stands before the brackets.
    pub(crate) place: Expr,
    pub(crate) brackets: Brackets,
}

/// What the left side of `~` says in brackets about a vector.
pub(crate) enum Brackets {
    /// `place`
    None,
    /// `place[index in range]`
    Each { index: Pat, range: Box<Expr> },
    /// `place[..]`
    Full,
}

/// `factor(term);`.
pub(crate) struct Factor {
    /// Tells it from all other sites and factors of the model.
    pub(crate) number: usize,
    /// The word `factor`.
    pub(crate) name: Ident,
    pub(crate) term: Expr,
}

/// A loop, a conditional or a block: braces with statements in them.
pub(crate) struct Flow {
    /// Tells it from all other loops, conditionals, blocks, sites and factors of the model.
    pub(crate) number: usize,
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) label: Option<Label>,
    pub(crate) kind: FlowKind,
    /// The keyword, for messages.
    pub(crate) span: Span,
    pub(crate) branches: Vec<Branch>,
}

/// Which loop, conditional or block; `Loop` is `while` too.
pub(crate) enum FlowKind {
    For,
    Loop,
    If,
    Match(Box<Expr>),
    Block,
}

/// One pair of braces.
pub(crate) struct Branch {
    /// What stands before the braces, as written: `for x in xs`, `else if c`, `Some(x) if c`.
    pub(crate) head: TokenStream,
    /// The pattern of a `for` or of an arm.
    pub(crate) pat: Option<Pat>,
    /// The list of a `for`, the condition of an `if` or `while`; may bind by `if let`.
    pub(crate) source: Option<Expr>,
    /// The guard of an arm.
    pub(crate) guard: Option<Expr>,
    pub(crate) body: Vec<Stmt>,
}

impl Flow {
    /// What a `match` is on.
    pub(crate) fn on(&self) -> Option<&Expr> {
        match &self.kind {
            FlowKind::Match(on) => Some(on),
            _ => None,
        }
    }
}

impl FlowKind {
    /// Whether the braces may be run through more than once.
    pub(crate) fn repeats(&self) -> bool {
        matches!(self, FlowKind::For | FlowKind::Loop)
    }
}

impl Left {
    /// The left side when it is a bare name, which is what can declare a latent.
    pub(crate) fn name(&self) -> Option<&Ident> {
        bare_name(&self.place)
    }
}

impl Stmt {
    /// Whether a `~` or `factor` stands in the statement.
    pub(crate) fn has_sites(&self) -> bool {
        match self {
            Stmt::Site(_) | Stmt::Factor(_) => true,
            Stmt::Flow(flow) => flow.branches.iter().flat_map(|b| &b.body).any(Stmt::has_sites),
            Stmt::Let(_) | Stmt::Plain(_) => false,
        }
    }
}

/// The identifier that `expr` consists of.
pub(crate) fn bare_name(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Path(path) if path.qself.is_none() => path.path.get_ident(),
        _ => None,
    }
}

/// The variable a place starts from: `task` of `task.points[i].y`.
pub(crate) fn root(place: &Expr) -> Option<&Ident> {
    match place {
        Expr::Path(_) => bare_name(place),
        Expr::Field(field) => root(&field.base),
        Expr::Index(index) => root(&index.expr),
        Expr::MethodCall(call) => root(&call.receiver),
        Expr::Reference(reference) => root(&reference.expr),
        Expr::Paren(paren) => root(&paren.expr),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Deref(_)) => root(&unary.expr),
        _ => None,
    }
}
