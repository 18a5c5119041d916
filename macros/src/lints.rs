//! Lint attributes of sites.

use proc_macro2::Ident;
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token};

/// Whether the attribute sets the level of lints, as a site's may.
pub(crate) fn is_lint(attr: &Attribute) -> bool {
    ["allow", "expect"].iter().any(|level| attr.path().is_ident(level))
}

/// The attribute for what a site is emitted as: fields and statements, of which a lint may fire in one alone, so that all allow
/// what is expected.
pub(crate) fn emitted(attr: &Attribute) -> Attribute {
    let mut attr = attr.clone();
    if attr.path().is_ident("expect")
        && let Meta::List(list) = &mut attr.meta
    {
        let span = list.path.segments[0].ident.span();
        list.path = Ident::new("allow", span).into();
    }
    attr
}

/// Whether the attribute is about what nothing uses.
pub(crate) fn is_of_unused(attr: &Attribute) -> bool {
    const OF_UNUSED: [&str; 3] = ["unused", "unused_variables", "dead_code"];
    let named = attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    is_lint(attr) && named.is_ok_and(|all| all.iter().any(|of| OF_UNUSED.iter().any(|lint| of.path().is_ident(lint))))
}
