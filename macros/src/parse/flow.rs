//! Loops, conditionals and blocks, whose braces hold statements of the language.

use super::parser::{Closing, Parser};
use crate::ast::{Branch, Flow, FlowKind, Stmt};
use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Attribute, Expr, Ident, Lifetime, Pat, Result, Token, token};

impl Parser<'_> {
    /// A loop, a conditional or a block behind its attributes.
    pub(super) fn flow(&mut self, input: ParseStream<'_>, attrs: Vec<Attribute>) -> Result<Flow> {
        let label = if input.peek(Lifetime) { Some(input.parse()?) } else { None };
        let span = input.span();
        let (kind, branches) = if input.peek(Token![for]) {
            (FlowKind::For, vec![self.for_branch(input)?])
        } else if input.peek(Token![match]) {
            input.parse::<Token![match]>()?;
            let on = Expr::parse_without_eager_brace(input)?;
            (FlowKind::Match(Box::new(on)), self.arms(input)?)
        } else if input.peek(Token![if]) {
            (FlowKind::If, self.if_branches(input)?)
        } else if input.peek(Token![while]) {
            (FlowKind::Loop, vec![self.condition_branch(input, &TokenStream::new())?])
        } else if input.peek(Token![loop]) {
            let token: Token![loop] = input.parse()?;
            (FlowKind::Loop, vec![Branch { head: quote!(#token), ..self.block(input)? }])
        } else {
            (FlowKind::Block, vec![self.block(input)?])
        };
        Ok(Flow { number: self.number(), attrs, label, kind, span, branches })
    }

    /// `for pat in list { ... }`.
    fn for_branch(&mut self, input: ParseStream<'_>) -> Result<Branch> {
        let for_token: Token![for] = input.parse()?;
        let pat = Pat::parse_multi_with_leading_vert(input)?;
        let in_token: Token![in] = input.parse()?;
        let list = Expr::parse_without_eager_brace(input)?;
        let head = quote!(#for_token #pat #in_token #list);
        Ok(Branch { head, pat: Some(pat), source: Some(list), ..self.block(input)? })
    }

    /// `if cond { ... } else if cond { ... } else { ... }`.
    fn if_branches(&mut self, input: ParseStream<'_>) -> Result<Vec<Branch>> {
        let mut branches = vec![self.condition_branch(input, &TokenStream::new())?];
        while input.peek(Token![else]) {
            let else_token: Token![else] = input.parse()?;
            if !input.peek(Token![if]) {
                branches.push(Branch { head: quote!(#else_token), ..self.block(input)? });
                break;
            }
            branches.push(self.condition_branch(input, &quote!(#else_token))?);
        }
        Ok(branches)
    }

    /// `if cond { ... }` or `while cond { ... }`.
    fn condition_branch(&mut self, input: ParseStream<'_>, before: &TokenStream) -> Result<Branch> {
        let keyword = input.call(Ident::parse_any)?;
        let cond = Expr::parse_without_eager_brace(input)?;
        let head = quote!(#before #keyword #cond);
        Ok(Branch { head, source: Some(cond), ..self.block(input)? })
    }

    /// The arms of a `match`, in its braces.
    fn arms(&mut self, input: ParseStream<'_>) -> Result<Vec<Branch>> {
        let content;
        syn::braced!(content in input);
        let mut branches = Vec::new();
        while !content.is_empty() {
            branches.push(self.arm(&content)?);
        }
        Ok(branches)
    }

    /// `pat if guard => { ... }` or `pat if guard => statement,`.
    fn arm(&mut self, input: ParseStream<'_>) -> Result<Branch> {
        let attrs = input.call(Attribute::parse_outer)?;
        let pat = Pat::parse_multi_with_leading_vert(input)?;
        let (if_token, guard) = match input.parse::<Option<Token![if]>>()? {
            Some(token) => (Some(token), Some(input.parse::<Expr>()?)),
            None => (None, None),
        };
        input.parse::<Token![=>]>()?;
        let head = quote!(#(#attrs)* #pat #if_token #guard);
        let body = self.arm_body(input)?;
        Ok(Branch { head, pat: Some(pat), source: None, guard, body })
    }

    fn arm_body(&mut self, input: ParseStream<'_>) -> Result<Vec<Stmt>> {
        if !input.peek(token::Brace) {
            return Ok(vec![self.statement(input, Closing::Comma)?]);
        }
        let body = self.block(input)?.body;
        input.parse::<Option<Token![,]>>()?;
        Ok(body)
    }

    /// `{ ... }`.
    fn block(&mut self, input: ParseStream<'_>) -> Result<Branch> {
        let content;
        syn::braced!(content in input);
        let body = self.statements(&content);
        Ok(Branch { head: TokenStream::new(), pat: None, source: None, guard: None, body })
    }
}
