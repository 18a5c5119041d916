//! What the parser makes of a model, and what the checker adds to it.

use proc_macro2::{Ident, Span, TokenStream};
use syn::{Attribute, Expr, Generics, Label, Local, Pat, Type, Visibility};

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
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) left: Left,
    pub(crate) right: Expr,
    /// Filled in by the checker.
    pub(crate) role: Role,
}

/// The left side of `~`, and how it is written.
pub(crate) struct Left {
    /// Without the brackets of `Each` and `Vector`.
    pub(crate) place: Expr,
    pub(crate) form: Form,
}

pub(crate) enum Form {
    /// `place`
    Plain,
    /// `place[index in range]`
    Each { index: Pat, range: Box<Expr> },
    /// `place[..]`
    Vector,
}

/// What a site is; the number is its id.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Role {
    Unknown,
    Latent(usize),
    Observed(usize),
}

/// `factor(term);`.
pub(crate) struct Factor {
    pub(crate) name: Ident,
    pub(crate) term: Expr,
    /// Filled in by the checker.
    pub(crate) id: usize,
}

/// A loop, a conditional or a block: braces with statements in them.
pub(crate) struct Flow {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) label: Option<Label>,
    pub(crate) kind: FlowKind,
    /// The keyword, for messages.
    pub(crate) span: Span,
    pub(crate) branches: Vec<Branch>,
}

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

impl Left {
    /// The left side when it is a bare name, which is what can declare a latent.
    pub(crate) fn name(&self) -> Option<&Ident> {
        bare_name(&self.place)
    }
}

/// The identifier that `expr` consists of.
pub(crate) fn bare_name(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Path(path) if path.qself.is_none() => path.path.get_ident(),
        _ => None,
    }
}

impl Stmt {
    /// Whether a `~` or `factor` stands in it.
    pub(crate) fn has_sites(&self) -> bool {
        match self {
            Stmt::Site(_) | Stmt::Factor(_) => true,
            Stmt::Flow(flow) => flow.branches.iter().flat_map(|b| &b.body).any(Stmt::has_sites),
            Stmt::Let(_) | Stmt::Plain(_) => false,
        }
    }
}

/// What the checker knows of a model beyond its syntax.
#[derive(Default)]
pub(crate) struct Facts {
    pub(crate) globals: Vec<Latent>,
    pub(crate) locals: Vec<Latent>,
    /// Observations and factors outside the plate, then those in it.
    pub(crate) observed: Vec<Observed>,
    pub(crate) plate: Option<Plate>,
    /// Latents that nothing reads.
    pub(crate) unused: Vec<Ident>,
}

pub(crate) struct Latent {
    pub(crate) name: Ident,
    pub(crate) shape: Shape,
    /// `///` and lint attributes.
    pub(crate) attrs: Vec<Attribute>,
    /// The statement that declares it, as text.
    pub(crate) source: String,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Shape {
    Scalar,
    /// The number of unconstrained coordinates, where the source tells.
    Vector(Option<usize>),
}

pub(crate) struct Observed {
    pub(crate) name: String,
    pub(crate) span: Span,
}

/// The top-level `for` over tasks.
pub(crate) struct Plate {
    /// Its position in the body.
    pub(crate) at: usize,
    /// Those of further plates, which have been reported.
    pub(crate) others: Vec<usize>,
    pub(crate) tasks: Tasks,
}

pub(crate) enum Tasks {
    /// An argument, by position.
    Argument(usize),
    /// A range of numbers.
    Numbers(syn::ExprRange),
    /// Something else, which has been reported.
    Unknown,
}
