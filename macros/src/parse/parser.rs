//! The parser itself: what it holds while it goes through the tokens, and what all its files need.

use crate::ast::{Factor, Left, Site, Stmt};
use crate::errors::Errors;
use proc_macro2::Ident;
use syn::parse::ParseStream;
use syn::{Attribute, Expr, Lifetime, Token, token};

/// Parses one model; the methods of each kind of construct are in a file of their own.
pub(super) struct Parser<'e> {
    pub(super) errors: &'e mut Errors,
    /// How many sites, factors and flows have been numbered, those of attempts that failed included.
    numbered: usize,
}

/// What closes a statement.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Closing {
    Semicolon,
    /// In an arm of `match`.
    Comma,
}

impl<'e> Parser<'e> {
    pub(super) fn new(errors: &'e mut Errors) -> Self {
        Self { errors, numbered: 0 }
    }

    /// `left ~ right`, with the next number.
    pub(super) fn site(&mut self, attrs: Vec<Attribute>, left: Left, right: Expr) -> Stmt {
        Stmt::Site(Box::new(Site { number: self.number(), attrs, left, right }))
    }

    /// `name(term)`, with the next number.
    pub(super) fn factor(&mut self, name: Ident, term: Expr) -> Stmt {
        Stmt::Factor(Box::new(Factor { number: self.number(), name, term }))
    }

    pub(super) fn number(&mut self) -> usize {
        self.numbered += 1;
        self.numbered - 1
    }
}

/// Whether a loop, a conditional or a block comes next.
pub(super) fn is_flow(input: ParseStream<'_>) -> bool {
    input.peek(Token![for])
        || input.peek(Token![while])
        || input.peek(Token![loop])
        || input.peek(Token![if])
        || input.peek(Token![match])
        || input.peek(token::Brace)
        || (input.peek(Lifetime) && input.peek2(Token![:]))
}
