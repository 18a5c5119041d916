//! Tokens to a [`Model`]: errors of syntax only, all of them.
//!
//! The head of a model must be right. In its body each statement is parsed alone; a wrong one is reported, what can be
//! known of it is kept, and the parser goes on behind it.

mod flow;
mod head;
mod left;
mod parser;
mod recover;
mod statement;

use crate::ast::Model;
use crate::errors::Errors;
use parser::Parser;
use proc_macro2::TokenStream;
use syn::Result;
use syn::parse::{ParseStream, Parser as _};

/// The model, or the error in its head. Errors in the body go to `errors`.
pub(crate) fn model(tokens: TokenStream, errors: &mut Errors) -> Result<Model> {
    let mut parser = Parser::new(errors);
    (|input: ParseStream<'_>| parser.model(input)).parse2(tokens)
}
