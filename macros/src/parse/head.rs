//! The model as a whole, and its head: `pub Name<generics>(args)`.

use super::parser::Parser;
use crate::ast::{Arg, Model};
use proc_macro2::TokenStream;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Generics, Ident, Result, Token, Visibility, token};

impl Parser<'_> {
    /// The head, which must be right, and the body with what can be known of it.
    pub(super) fn model(&mut self, input: ParseStream<'_>) -> Result<Model> {
        let mut model = head(input)?;
        let content;
        syn::braced!(content in input);
        model.body = self.statements(&content);
        if !input.is_empty() {
            self.errors.push(input.error("expected the end: one model a `model!`"));
            input.parse::<TokenStream>()?;
        }
        Ok(model)
    }
}

/// The head, with a body still to come.
fn head(input: ParseStream<'_>) -> Result<Model> {
    let attrs = input.call(Attribute::parse_outer)?;
    let vis: Visibility = input.parse()?;
    if !input.peek(Ident) {
        return Err(input.error("expected a model: `pub Name(data: &[Task]) { ... }`"));
    }
    let name: Ident = input.parse()?;
    let mut generics: Generics = input.parse()?;
    if !input.peek(token::Paren) {
        return Err(input.error(format!("expected the arguments of `{name}`: `{name}(data: &[Task]) {{ ... }}`")));
    }
    let content;
    syn::parenthesized!(content in input);
    let args = Punctuated::<Arg, Token![,]>::parse_terminated_with(&content, arg)?.into_iter().collect();
    generics.where_clause = input.parse()?;
    if !input.peek(token::Brace) {
        return Err(input.error(format!("expected the body of `{name}` in braces")));
    }
    Ok(Model { attrs, vis, name, generics, args, body: Vec::new() })
}

/// `name: Type`.
fn arg(input: ParseStream<'_>) -> Result<Arg> {
    let attrs = input.call(Attribute::parse_outer)?;
    let name: Ident = input.parse()?;
    if !input.peek(Token![:]) {
        return Err(Error::new(name.span(), format!("expected a type: `{name}: &[Task]`")));
    }
    input.parse::<Token![:]>()?;
    Ok(Arg { attrs, name, ty: input.parse()? })
}
