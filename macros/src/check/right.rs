//! The right side of `~`, and statements that forgot the `~`.

use super::Check;
use super::left::root;
use super::scope::Kind;
use crate::ast::{Form, Site, bare_name};
use crate::source::text;
use proc_macro2::Ident;
use syn::{BinOp, Expr, ExprAssign, Path};

/// Distributions over vectors: `x ~ Dirichlet(..)` needs no `[..]`.
const VECTORS: [&str; 3] = ["MultivariateNormal", "Dirichlet", "LkjCholesky"];

/// Supports of vectors: `x ~ Flat(Ordered(3))` needs none either.
const VECTOR_SUPPORTS: [&str; 5] = ["CholeskyCorr", "Ordered", "PositiveVector", "RealVector", "Simplex"];

const DISCRETE: [&str; 13] = [
    "Bernoulli",
    "BernoulliLogit",
    "BetaBinomial",
    "Binomial",
    "BinomialLogit",
    "Categorical",
    "CategoricalLogit",
    "Geometric",
    "NegativeBinomial",
    "NegativeBinomial2",
    "Poisson",
    "PoissonLog",
    "ZeroInflatedPoisson",
];

impl Check<'_> {
    pub(super) fn right(&mut self, site: &Site) {
        let depth = self.scope.depth();
        let fresh = site.left.name().filter(|name| self.scope.kind(name).is_none());
        let unknown = self.unknown.len();
        if let Form::Each { index, .. } = &site.left.form {
            self.bind_pattern(Some(index), Kind::Data);
            if let Some(name) = site.left.name() {
                self.scope.bind(name, Kind::Data);
            }
        }
        self.expr(&site.right);
        self.scope.truncate(depth);
        if let Some(at) = (unknown..self.unknown.len()).find(|&at| Some(&self.unknown[at].0) == fresh) {
            let (name, _) = self.unknown.remove(at);
            let message = format!("the distribution of `{name}` uses `{name}` itself: a latent is known after its `~`");
            self.error(&name, message);
        }
        if let Some(what) = self.no_distribution(&site.right) {
            let remedy = match fresh {
                Some(name) => format!("; `let {name} = {};` computes a value", text(&site.right)),
                None => format!(": `{} ~ Normal(..., 1.0);`", text(&site.left.place)),
            };
            let message = format!("expected a distribution on the right of `~`, found {what}{remedy}");
            self.error(&site.right, message);
        }
        if let (Some(name), Some(discrete)) = (fresh, named(&site.right, &DISCRETE)) {
            let message = format!(
                "the latent `{name}` cannot be discrete: sum it out, with `Mixture(...)` as the distribution of what \
                 depends on it, or with `factor(log_sum_exp(...))`"
            );
            self.error(discrete, message);
        }
    }

    /// What `right` is, if it cannot be a distribution.
    fn no_distribution(&self, right: &Expr) -> Option<String> {
        match right {
            Expr::Lit(_) => Some("a number".to_owned()),
            Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Deref(_)) => None,
            Expr::Binary(_) | Expr::Unary(_) | Expr::Cast(_) => Some("arithmetic".to_owned()),
            Expr::Range(_) => Some("a range".to_owned()),
            Expr::Tuple(_) | Expr::Array(_) | Expr::Repeat(_) => Some("a list of values".to_owned()),
            Expr::Closure(_) => Some("a closure".to_owned()),
            Expr::Assign(_) => Some("an assignment".to_owned()),
            Expr::Paren(paren) => self.no_distribution(&paren.expr),
            _ => {
                let name = bare_name(right)?;
                let latent = self.scope.kind(name)?.is_latent();
                latent.then(|| format!("the latent `{name}`"))
            }
        }
    }

    /// Checks an expression statement; the name that it was meant to declare, if it reads so.
    pub(super) fn plain(&mut self, expr: &Expr) -> Option<Ident> {
        match expr {
            Expr::Assign(assign) => self.assignment(&assign.left, Some(assign)),
            Expr::Binary(binary) if is_assignment(&binary.op) => self.assignment(&binary.left, None),
            Expr::Call(call) if is_distribution(expr) => {
                let message = format!("nothing is drawn from `{0}`: write `name ~ {0}(...);`", text(&call.func));
                self.error(&call.func, message);
                None
            }
            Expr::Call(_)
            | Expr::MethodCall(_)
            | Expr::Macro(_)
            | Expr::Break(_)
            | Expr::Continue(_)
            | Expr::Return(_)
            | Expr::Unsafe(_)
            | Expr::Try(_)
            | Expr::Tuple(_) => None,
            _ => {
                let message = "this statement does nothing: expected `name ~ Dist(...);`, `place ~ Dist(...);`, `let`, \
                               `for`, `if`, `match` or `factor(...);`";
                self.error(expr, message.to_owned());
                None
            }
        }
    }

    /// `left = right`, or `left += ...`.
    fn assignment(&mut self, left: &Expr, assign: Option<&ExprAssign>) -> Option<Ident> {
        let name = root(left)?;
        let kind = self.scope.kind(name);
        if let Some(assign) = assign.filter(|assign| is_distribution(&assign.right) && !self.scope.is_mut(name)) {
            let message =
                format!("`=` assigns: a distribution is given by `~`, `{} ~ {};`", text(left), text(&assign.right));
            self.error(&assign.eq_token, message);
            return (kind.is_none() && bare_name(left).is_some()).then(|| name.clone());
        }
        if kind.is_some_and(Kind::is_latent) {
            let message =
                format!("the latent `{name}` cannot be assigned to: compute with it in a new variable, `let`");
            self.error(name, message);
        } else if self.in_plate && self.scope.is_shared_mut(name) {
            let message = format!(
                "`{name}` cannot change from task to task: tasks are independent given the global latents; declare \
                 it in the plate"
            );
            self.error(name, message);
        } else if kind.is_none() {
            let message = format!(
                "`{name}` is not declared: `let {name} = ...;` for a variable, `{name} ~ ...;` for a latent, \
                 `factor(...);` to add to the log density"
            );
            self.error(name, message);
        }
        None
    }
}

/// Whether the distributions are over vectors, by name.
pub(super) fn is_vector(right: &Expr) -> bool {
    named(right, &VECTORS).is_some() || named(right, &["Flat"]).is_some() && has_vector_support(right)
}

/// Whether the first argument of a call is a support of vectors.
fn has_vector_support(right: &Expr) -> bool {
    match right {
        Expr::Call(call) => call.args.first().is_some_and(|support| named(support, &VECTOR_SUPPORTS).is_some()),
        Expr::Paren(paren) => has_vector_support(&paren.expr),
        _ => false,
    }
}

/// The segment of the called path that is one of `names`.
fn named<'e>(right: &'e Expr, names: &[&str]) -> Option<&'e Ident> {
    let path = called(right)?;
    path.segments.iter().map(|segment| &segment.ident).find(|ident| names.iter().any(|name| ident == name))
}

/// `Normal(..)`, `dist::Normal(..)`, `Normal::new(..)`, `Normal { .. }`.
fn is_distribution(expr: &Expr) -> bool {
    called(expr).is_some_and(|path| path.segments.iter().any(|s| s.ident.to_string().starts_with(char::is_uppercase)))
}

fn called(expr: &Expr) -> Option<&Path> {
    match expr {
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => Some(&path.path),
            _ => None,
        },
        Expr::Struct(literal) => Some(&literal.path),
        Expr::Paren(paren) => called(&paren.expr),
        _ => None,
    }
}

fn is_assignment(op: &BinOp) -> bool {
    matches!(
        op,
        BinOp::AddAssign(_)
            | BinOp::SubAssign(_)
            | BinOp::MulAssign(_)
            | BinOp::DivAssign(_)
            | BinOp::RemAssign(_)
            | BinOp::BitXorAssign(_)
            | BinOp::BitAndAssign(_)
            | BinOp::BitOrAssign(_)
            | BinOp::ShlAssign(_)
            | BinOp::ShrAssign(_)
    )
}
