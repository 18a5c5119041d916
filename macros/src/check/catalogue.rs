//! What the macro knows of the core's distributions by name, since it sees no types: which are of vectors, which discrete.

use proc_macro2::Ident;
use syn::{Expr, Path};

/// Distributions over vectors: `x ~ Dirichlet(..)` needs no `[..]`.
const VECTORS: [&str; 3] = ["Dirichlet", "LkjCholesky", "MultivariateNormal"];

/// Supports of vectors: `x ~ Flat(Ordered(3))` needs no `[..]` either.
const VECTOR_SUPPORTS: [&str; 5] = ["CholeskyCorr", "Ordered", "PositiveVector", "RealVector", "Simplex"];

/// Distributions over finitely many values, which a discrete latent of the plate can have: it is summed out.
const FINITE: [&str; 8] = [
    "Bernoulli",
    "BernoulliLogit",
    "BetaBinomial",
    "Binomial",
    "BinomialLogit",
    "Categorical",
    "CategoricalLogit",
    "OrderedLogistic",
];

/// Others that no latent can have: discrete ones, those whose zeros have a probability of their own, and what is said of data
/// only.
const OF_DATA: [&str; 9] = [
    "Censored",
    "Geometric",
    "Hurdle",
    "NegativeBinomial",
    "NegativeBinomial2",
    "NegativeBinomial2Log",
    "Poisson",
    "PoissonLog",
    "ZeroInflated",
];

/// Distributions of chains of discrete latents, which are summed out.
const CHAINS: [&str; 1] = ["Markov"];

/// The name of the distribution if `right` is known to be one of a chain.
pub(super) fn chain(right: &Expr) -> Option<&Ident> {
    named(right, &CHAINS)
}

/// Whether `right` is a distribution that is known to be over vectors.
pub(super) fn is_vector(right: &Expr) -> bool {
    named(right, &VECTORS).is_some() || named(right, &["Flat"]).is_some() && has_vector_support(right)
}

/// The name of the distribution if `right` is known to be one that no continuous latent can have.
pub(super) fn discrete(right: &Expr) -> Option<&Ident> {
    named(right, &FINITE).or_else(|| named(right, &OF_DATA))
}

/// Whether `right` is a distribution that is known to have finitely many values.
pub(super) fn is_finite(right: &Expr) -> bool {
    named(right, &FINITE).is_some()
}

/// Whether `expr` is written as distributions are: `Normal(..)`, `dist::Normal(..)`, `Normal::new(..)`, `Normal { .. }`.
pub(super) fn is_distribution(expr: &Expr) -> bool {
    called(expr).is_some_and(|path| path.segments.iter().any(|s| s.ident.to_string().starts_with(char::is_uppercase)))
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

/// The path of a call or of a struct literal.
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

#[cfg(test)]
mod tests;
