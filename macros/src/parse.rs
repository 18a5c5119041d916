//! Tokens to [`Model`]: errors of syntax only, all of them.
//!
//! The head of a model must be right. In its body each statement is parsed alone; a wrong one is reported, what can be
//! known of it is kept, and the parser goes on behind it.

mod flow;
mod recover;
mod statement;

use crate::ast::{Arg, Model};
use crate::source::line;
use proc_macro2::TokenStream;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Generics, Ident, Result, Token, Visibility};

/// All errors found so far.
#[derive(Default)]
pub(crate) struct Errors(Vec<Error>);

impl Errors {
    pub(crate) fn push(&mut self, error: Error) {
        self.0.push(error);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In the order of the source.
    pub(crate) fn into_compile_error(mut self) -> TokenStream {
        self.0.sort_by_key(|error| line(error.span()));
        self.0.iter().map(Error::to_compile_error).collect()
    }
}

/// The model, or the error in its head. Errors in the body go to `errors`.
pub(crate) fn model(tokens: TokenStream, errors: &mut Errors) -> Result<Model> {
    let parser = |input: ParseStream<'_>| {
        let mut model = head(input)?;
        let content;
        syn::braced!(content in input);
        model.body = statement::all(&content, errors);
        if !input.is_empty() {
            errors.push(input.error("expected the end: one model a `model!`"));
            input.parse::<TokenStream>()?;
        }
        Ok(model)
    };
    parser.parse2(tokens)
}

fn head(input: ParseStream<'_>) -> Result<Model> {
    let attrs = input.call(Attribute::parse_outer)?;
    let vis: Visibility = input.parse()?;
    if !input.peek(Ident) {
        return Err(input.error("expected a model: `pub Name(data: &[Task]) { ... }`"));
    }
    let name: Ident = input.parse()?;
    let mut generics: Generics = input.parse()?;
    if !input.peek(syn::token::Paren) {
        return Err(input.error(format!("expected the arguments of `{name}`: `{name}(data: &[Task]) {{ ... }}`")));
    }
    let content;
    syn::parenthesized!(content in input);
    let args = Punctuated::<Arg, Token![,]>::parse_terminated_with(&content, arg)?.into_iter().collect();
    generics.where_clause = input.parse()?;
    if !input.peek(syn::token::Brace) {
        return Err(input.error(format!("expected the body of `{name}` in braces")));
    }
    Ok(Model { attrs, vis, name, generics, args, body: Vec::new() })
}

fn arg(input: ParseStream<'_>) -> Result<Arg> {
    let attrs = input.call(Attribute::parse_outer)?;
    let name: Ident = input.parse()?;
    if !input.peek(Token![:]) {
        return Err(Error::new(name.span(), format!("expected a type: `{name}: &[Task]`")));
    }
    input.parse::<Token![:]>()?;
    Ok(Arg { attrs, name, ty: input.parse()? })
}
