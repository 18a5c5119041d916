//! A [`Plan`] to tokens. Decides nothing, never fails.
//!
//! Public names keep the user's spans; whatever else is emitted is `mixed_site`, so that no variable of the user's
//! meets one of ours, and calls are located at the distribution they are about, so that errors point there.
//!
//! Of the core crate, emitted code names only `model`, the kernel, and `__private`, so that the core's files can move.

mod items;
mod latents;
mod model_impl;
mod places;
mod steps;
mod sums;

use crate::lower::Plan;
use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Attribute;

/// Emits one plan; the methods of each item are in a file of their own.
struct Emit<'m> {
    plan: &'m Plan<'m>,
    /// The path of the core crate.
    krate: TokenStream,
}

/// The items of a plan; `krate` is the path of the core crate.
pub(crate) fn emit(plan: &Plan<'_>, krate: TokenStream) -> TokenStream {
    let emit = Emit { plan, krate };
    let (structs, model, warnings) = (emit.structs(), emit.model(), emit.warnings());
    quote_spanned!(Span::mixed_site()=> #structs #model #warnings)
}

impl Emit<'_> {
    /// The attributes of the model that hold for everything emitted: lints and `cfg`.
    fn shared_attrs(&self) -> Vec<&Attribute> {
        let shared = ["cfg", "allow", "expect", "warn", "deny", "forbid"];
        self.plan.model.attrs.iter().filter(|attr| shared.iter().any(|name| attr.path().is_ident(name))).collect()
    }
}
