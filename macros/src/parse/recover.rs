//! What to make of a statement that does not parse.

use super::parser::{Parser, is_flow};
use crate::ast::{Brackets, Left, Stmt};
use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::parse::ParseStream;
use syn::{Attribute, Error, Expr, Ident, Token, token};

impl Parser<'_> {
    /// Reports `error` in the statement that comes next, and goes behind it. What it declares is kept.
    pub(super) fn recover(&mut self, input: ParseStream<'_>, error: Error) -> Option<Stmt> {
        self.errors.push(misplaced_tilde(&input.fork()).unwrap_or(error));
        let declared = self.declared(&input.fork());
        skip(input);
        declared
    }

    /// What a statement declares for all its errors: `name ~` or `name[...] ~`.
    fn declared(&mut self, input: ParseStream<'_>) -> Option<Stmt> {
        input.call(Attribute::parse_outer).ok()?;
        if input.parse::<Token![let]>().is_ok() {
            input.parse::<Option<Token![mut]>>().ok()?;
        }
        let name: Ident = input.parse().ok()?;
        let brackets = if input.peek(Token![~]) {
            Brackets::None
        } else if input.peek(token::Bracket) && input.peek2(Token![~]) {
            Brackets::Full
        } else {
            return None;
        };
        let place = syn::parse_quote!(#name);
        Some(self.site(Vec::new(), Left { place, brackets }, Expr::Verbatim(TokenStream::new())))
    }
}

/// The error for a `~` within the braces of an expression, where no parser of expressions knows it.
fn misplaced_tilde(input: ParseStream<'_>) -> Option<Error> {
    if is_flow(input) {
        return None;
    }
    let mut inner = TokenStream::new();
    while let Ok(token) = input.parse::<TokenTree>() {
        match token {
            TokenTree::Punct(p) if p.as_char() == ';' => break,
            TokenTree::Group(group) => inner.extend(group.stream()),
            _ => {}
        }
    }
    let tilde = first_tilde(inner)?;
    Some(Error::new(tilde, "`~` cannot stand inside an expression: it is a statement of its own"))
}

fn first_tilde(tokens: TokenStream) -> Option<Span> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Punct(p) if p.as_char() == '~' => Some(p.span()),
        TokenTree::Group(group) => first_tilde(group.stream()),
        _ => None,
    })
}

/// Goes behind the next `;`, or behind the block of a loop or conditional.
fn skip(input: ParseStream<'_>) {
    let ends_in_braces = is_flow(input);
    while let Ok(token) = input.parse::<TokenTree>() {
        match token {
            TokenTree::Punct(p) if p.as_char() == ';' => return,
            TokenTree::Group(group)
                if ends_in_braces && group.delimiter() == Delimiter::Brace && !input.peek(Token![else]) =>
            {
                return;
            }
            _ => {}
        }
    }
}
