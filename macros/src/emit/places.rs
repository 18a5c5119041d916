//! What statements name: the structs of latents, the tables of sites, places of data and lengths.

use crate::facts::Tier;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, RangeLimits};

/// The parameter that holds the latents of a tier.
pub(super) fn structure(tier: Tier) -> Ident {
    let name = match tier {
        Tier::Global => "__global",
        Tier::Local => "__local",
    };
    Ident::new(name, Span::mixed_site())
}

/// The table of the latent sites of a tier.
pub(super) fn latent_table(tier: Tier) -> &'static str {
    match tier {
        Tier::Global => "GLOBAL_SITES",
        Tier::Local => "LOCAL_SITES",
    }
}

/// A reference to the entry `id` of a table of sites.
pub(super) fn site_path(at: Span, table: &str, id: usize) -> TokenStream {
    let (table, id) = (Ident::new(table, at), Literal::usize_unsuffixed(id));
    quote_spanned!(at=> &Self::#table[#id])
}

/// The span of our own tokens when errors about them should show at `span`.
pub(super) fn located_at(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}

/// `&place`.
pub(super) fn borrowed(place: &Expr) -> TokenStream {
    let at = located_at(place.span());
    match place {
        Expr::Path(_) | Expr::Field(_) | Expr::Index(_) | Expr::MethodCall(_) | Expr::Call(_) | Expr::Paren(_) => {
            quote_spanned!(at=> &#place)
        }
        _ => quote_spanned!(at=> &(#place)),
    }
}

/// The length of `0..len`.
pub(super) fn length(range: &Expr) -> TokenStream {
    match range {
        Expr::Range(range) => {
            let end = &range.end;
            match range.limits {
                RangeLimits::HalfOpen(_) => quote!(#end),
                RangeLimits::Closed(_) => quote!(#end + 1),
            }
        }
        other => quote!(#other),
    }
}
