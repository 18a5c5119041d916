//! Loops, conditionals and blocks, whose braces hold statements of the language.

use super::Errors;
use super::statement::{End, all, statement};
use crate::ast::{Branch, Flow, FlowKind};
use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{ParseBuffer, ParseStream};
use syn::{Attribute, Expr, Ident, Lifetime, Pat, Result, Token, token};

pub(super) fn is_flow(input: ParseStream<'_>) -> bool {
    input.peek(Token![for])
        || input.peek(Token![while])
        || input.peek(Token![loop])
        || input.peek(Token![if])
        || input.peek(Token![match])
        || input.peek(token::Brace)
        || (input.peek(Lifetime) && input.peek2(Token![:]))
}

pub(super) fn flow(input: ParseStream<'_>, attrs: Vec<Attribute>, errors: &mut Errors) -> Result<Flow> {
    let label = if input.peek(Lifetime) { Some(input.parse()?) } else { None };
    let span = input.span();
    let (kind, branches) = if input.peek(Token![for]) {
        (FlowKind::For, vec![for_branch(input, errors)?])
    } else if input.peek(Token![match]) {
        match_branches(input, errors)?
    } else if input.peek(Token![if]) {
        (FlowKind::If, if_branches(input, errors)?)
    } else if input.peek(Token![while]) {
        (FlowKind::Loop, vec![condition_branch(input, &TokenStream::new(), errors)?])
    } else if input.peek(Token![loop]) {
        let token: Token![loop] = input.parse()?;
        (FlowKind::Loop, vec![Branch { head: quote!(#token), ..block(input, errors)? }])
    } else {
        (FlowKind::Block, vec![block(input, errors)?])
    };
    Ok(Flow { attrs, label, kind, span, branches })
}

fn for_branch(input: ParseStream<'_>, errors: &mut Errors) -> Result<Branch> {
    let for_token: Token![for] = input.parse()?;
    let pat = Pat::parse_multi_with_leading_vert(input)?;
    let in_token: Token![in] = input.parse()?;
    let list = Expr::parse_without_eager_brace(input)?;
    let head = quote!(#for_token #pat #in_token #list);
    Ok(Branch { head, pat: Some(pat), source: Some(list), ..block(input, errors)? })
}

fn if_branches(input: ParseStream<'_>, errors: &mut Errors) -> Result<Vec<Branch>> {
    let mut branches = vec![condition_branch(input, &TokenStream::new(), errors)?];
    while input.peek(Token![else]) {
        let else_token: Token![else] = input.parse()?;
        if !input.peek(Token![if]) {
            branches.push(Branch { head: quote!(#else_token), ..block(input, errors)? });
            break;
        }
        branches.push(condition_branch(input, &quote!(#else_token), errors)?);
    }
    Ok(branches)
}

/// `if cond { ... }` or `while cond { ... }`.
fn condition_branch(input: ParseStream<'_>, before: &TokenStream, errors: &mut Errors) -> Result<Branch> {
    let keyword = input.call(Ident::parse_any)?;
    let cond = Expr::parse_without_eager_brace(input)?;
    let head = quote!(#before #keyword #cond);
    Ok(Branch { head, source: Some(cond), ..block(input, errors)? })
}

fn match_branches(input: ParseStream<'_>, errors: &mut Errors) -> Result<(FlowKind, Vec<Branch>)> {
    input.parse::<Token![match]>()?;
    let on = Expr::parse_without_eager_brace(input)?;
    let content: ParseBuffer<'_>;
    syn::braced!(content in input);
    let mut branches = Vec::new();
    while !content.is_empty() {
        let attrs = content.call(Attribute::parse_outer)?;
        let pat = Pat::parse_multi_with_leading_vert(&content)?;
        let (if_token, guard) = match content.parse::<Option<Token![if]>>()? {
            Some(token) => (Some(token), Some(content.parse::<Expr>()?)),
            None => (None, None),
        };
        content.parse::<Token![=>]>()?;
        let head = quote!(#(#attrs)* #pat #if_token #guard);
        let body = if content.peek(token::Brace) {
            let body = block(&content, errors)?.body;
            content.parse::<Option<Token![,]>>()?;
            body
        } else {
            vec![statement(&content, errors, End::Comma)?]
        };
        branches.push(Branch { head, pat: Some(pat), source: None, guard, body });
    }
    Ok((FlowKind::Match(Box::new(on)), branches))
}

fn block(input: ParseStream<'_>, errors: &mut Errors) -> Result<Branch> {
    let content;
    syn::braced!(content in input);
    let body = all(&content, errors);
    Ok(Branch { head: TokenStream::new(), pat: None, source: None, guard: None, body })
}
