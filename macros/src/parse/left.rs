//! The left side of `~`, which an expression statement begins with too.

use crate::ast::{Brackets, Left};
use syn::parse::ParseStream;
use syn::parse::discouraged::Speculative;
use syn::{Expr, Ident, Pat, RangeLimits, Result, Token, token};

/// `place`, `place[..]` or `place[index in range]`.
pub(super) fn left(input: ParseStream<'_>) -> Result<Left> {
    if let Some(each) = each(input)? {
        return Ok(each);
    }
    let place: Expr = input.parse()?;
    match place {
        Expr::Index(at) if input.peek(Token![~]) && is_full_range(&at.index) => {
            Ok(Left { place: *at.expr, brackets: Brackets::Full })
        }
        place => Ok(Left { place, brackets: Brackets::None }),
    }
}

/// `place[index in range]`, if that is what comes next.
fn each(input: ParseStream<'_>) -> Result<Option<Left>> {
    if !(input.peek(Ident) && input.peek2(token::Bracket)) {
        return Ok(None);
    }
    let ahead = input.fork();
    let name: Ident = ahead.parse()?;
    let content;
    syn::bracketed!(content in ahead);
    if !((content.peek(Ident) || content.peek(Token![_])) && content.peek2(Token![in])) {
        return Ok(None);
    }
    let index = Pat::parse_single(&content)?;
    content.parse::<Token![in]>()?;
    let range = Box::new(content.parse()?);
    input.advance_to(&ahead);
    Ok(Some(Left { place: syn::parse_quote!(#name), brackets: Brackets::Each { index, range } }))
}

fn is_full_range(index: &Expr) -> bool {
    matches!(index, Expr::Range(r) if r.start.is_none() && r.end.is_none() && matches!(r.limits, RangeLimits::HalfOpen(_)))
}
