//! The `model!` macro of the `hierarch` crate.

mod ast;
mod check;
mod emit;
mod lifetimes;
mod lower;
mod names;
mod parse;
mod source;

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// A hierarchical model.
#[proc_macro]
pub fn model(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand(input.into()).into()
}

fn expand(input: TokenStream) -> TokenStream {
    let mut errors = parse::Errors::default();
    let mut model = match parse::model(input, &mut errors) {
        Ok(model) => model,
        Err(error) => return error.to_compile_error(),
    };
    lifetimes::name_elided(&mut model);
    let facts = check::check(&mut model, &mut errors);
    let plan = if errors.is_empty() { lower::lower(&model, &facts) } else { lower::broken(&model, &facts) };
    let (items, errors) = (emit::emit(&plan, core_crate()), errors.into_compile_error());
    quote!(#items #errors)
}

/// The path of the core crate, by whatever name the user depends on it.
fn core_crate() -> TokenStream {
    let name = match crate_name("hierarch") {
        Ok(FoundCrate::Name(name)) => name,
        Ok(FoundCrate::Itself) | Err(_) => "hierarch".to_owned(),
    };
    let name = Ident::new(&name, Span::mixed_site());
    quote!(::#name)
}
