//! One statement at a time.

use super::Errors;
use super::flow::{flow, is_flow};
use super::recover::{declared, misplaced_tilde, skip};
use crate::ast::{Factor, Form, Left, Role, Site, Stmt, bare_name};
use crate::source::text;
use proc_macro2::Span;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::parse::discouraged::Speculative;
use syn::{Attribute, Error, Expr, Ident, Local, MacroDelimiter, Pat, RangeLimits, Result, Token, token};

const STATEMENTS: &str = "expected a statement: `name ~ Dist(...);`, `place ~ Dist(...);`, `let`, `for`, `if`, \
                          `match` or `factor(...);`";

/// What closes a statement.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum End {
    Semicolon,
    /// In an arm of `match`.
    Comma,
}

/// The statements of a body, up to its end. After a wrong one, goes on behind the next `;`.
pub(super) fn all(input: ParseStream<'_>, errors: &mut Errors) -> Vec<Stmt> {
    let mut stmts = Vec::new();
    loop {
        while input.parse::<Token![;]>().is_ok() {}
        if input.is_empty() {
            return stmts;
        }
        let attempt = input.fork();
        match statement(&attempt, errors, End::Semicolon) {
            Ok(stmt) => {
                input.advance_to(&attempt);
                stmts.push(stmt);
            }
            Err(error) => {
                errors.push(misplaced_tilde(&input.fork()).unwrap_or(error));
                stmts.extend(declared(&input.fork()));
                skip(input);
            }
        }
    }
}

pub(super) fn statement(input: ParseStream<'_>, errors: &mut Errors, end: End) -> Result<Stmt> {
    let attrs = input.call(Attribute::parse_outer)?;
    if is_flow(input) {
        return flow(input, attrs, errors).map(Stmt::Flow);
    }
    if input.peek(Token![let]) {
        return let_statement(input, attrs);
    }
    if let Some(item) = item(input) {
        return Err(Error::new(
            item.span(),
            format!("a model has statements, no items: move the `{item}` above `model!`"),
        ));
    }
    if is_factor(input) {
        without(&attrs)?;
        return factor(input, errors, end);
    }
    if !Expr::peek(input) {
        return Err(input.error(STATEMENTS));
    }
    let left = left(input)?;
    if !input.peek(Token![~]) {
        without(&attrs)?;
        return plain(input, left, errors, end);
    }
    let tilde: Token![~] = input.parse()?;
    if input.is_empty() || input.peek(Token![;]) {
        return Err(Error::new(tilde.span, "expected a distribution after `~`: `name ~ Normal(0.0, 1.0);`"));
    }
    let right: Expr = input.parse()?;
    close(input, end, &right, errors);
    Ok(site(attrs, left, right))
}

/// The keyword of an item.
fn item(input: ParseStream<'_>) -> Option<Ident> {
    const ITEMS: [&str; 11] =
        ["const", "enum", "extern", "fn", "impl", "mod", "static", "struct", "trait", "type", "use"];
    let word = input.fork().call(Ident::parse_any).ok()?;
    ITEMS.iter().any(|item| word == item).then_some(word)
}

fn without(attrs: &[Attribute]) -> Result<()> {
    match attrs.iter().find(|attr| !attr.path().is_ident("doc")) {
        Some(attr) => Err(Error::new_spanned(attr, "no attribute can stand here: only on a site, a `let` or a loop")),
        None => Ok(()),
    }
}

fn is_factor(input: ParseStream<'_>) -> bool {
    input.peek2(token::Paren) && input.fork().parse::<Ident>().is_ok_and(|name| name == "factor")
}

fn factor(input: ParseStream<'_>, errors: &mut Errors, end: End) -> Result<Stmt> {
    let name: Ident = input.parse()?;
    let content;
    let paren = syn::parenthesized!(content in input);
    if content.is_empty() {
        return Err(Error::new(paren.span.join(), "`factor` takes one term, which is added to the log density"));
    }
    let term: Expr = content.parse()?;
    content.parse::<Option<Token![,]>>()?;
    if !content.is_empty() {
        return Err(content.error("`factor` takes one term, which is added to the log density"));
    }
    close(input, end, &term, errors);
    Ok(Stmt::Factor(Box::new(Factor { name, term, id: 0 })))
}

/// An expression statement: not a site, so the left side is all of it.
fn plain(input: ParseStream<'_>, left: Left, errors: &mut Errors, end: End) -> Result<Stmt> {
    if matches!(left.form, Form::Each { .. }) {
        let name = left.place.to_token_stream();
        return Err(input.error(format!("expected `~`: `{name}[k in 0..len] ~ Normal(0.0, 1.0);`")));
    }
    let expr = left.place;
    if let Some(name) = bare_name(&expr)
        && input.peek(Ident::peek_any)
    {
        return Err(Error::new(name.span(), format!("expected `~` after `{name}`: `{name} ~ Normal(0.0, 1.0);`")));
    }
    let in_braces = matches!(&expr, Expr::Macro(mac) if matches!(mac.mac.delimiter, MacroDelimiter::Brace(_)));
    if !input.is_empty() && !in_braces {
        close(input, end, &expr, errors);
    }
    Ok(Stmt::Plain(Box::new(expr)))
}

pub(super) fn site(attrs: Vec<Attribute>, left: Left, right: Expr) -> Stmt {
    Stmt::Site(Box::new(Site { attrs, left, right, role: Role::Unknown }))
}

/// Takes the token that closes a statement. When it is missing, what follows is the next statement.
fn close(input: ParseStream<'_>, end: End, last: &impl ToTokens, errors: &mut Errors) {
    let (closed, token) = match end {
        End::Semicolon => (input.parse::<Token![;]>().is_ok(), ";"),
        End::Comma => (input.is_empty() || input.parse::<Token![,]>().is_ok(), ","),
    };
    if !closed {
        let last_token = last.to_token_stream().into_iter().last();
        let span = last_token.map_or_else(Span::call_site, |token| token.span());
        errors.push(Error::new(span, format!("expected `{token}` after `{}`", text(last))));
    }
}

fn let_statement(input: ParseStream<'_>, attrs: Vec<Attribute>) -> Result<Stmt> {
    let ahead = input.fork();
    ahead.parse::<Token![let]>()?;
    ahead.parse::<Option<Token![mut]>>()?;
    if let Ok(name) = ahead.parse::<Ident>()
        && ahead.peek(Token![~])
    {
        return Err(input.error(format!("a latent is declared without `let`: `{name} ~ Normal(0.0, 1.0);`")));
    }
    match input.parse::<syn::Stmt>()? {
        syn::Stmt::Local(local) => Ok(Stmt::Let(Box::new(Local { attrs, ..local }))),
        other => Err(Error::new_spanned(other, "expected a `let` statement")),
    }
}

/// `place`, `place[..]` or `place[index in range]`.
fn left(input: ParseStream<'_>) -> Result<Left> {
    if input.peek(Ident) && input.peek2(token::Bracket) {
        let ahead = input.fork();
        let name: Ident = ahead.parse()?;
        let content;
        syn::bracketed!(content in ahead);
        if (content.peek(Ident) || content.peek(Token![_])) && content.peek2(Token![in]) {
            let index = Pat::parse_single(&content)?;
            content.parse::<Token![in]>()?;
            let range = Box::new(content.parse()?);
            input.advance_to(&ahead);
            return Ok(Left { place: syn::parse_quote!(#name), form: Form::Each { index, range } });
        }
    }
    let place: Expr = input.parse()?;
    match place {
        Expr::Index(at) if input.peek(Token![~]) && is_full_range(&at.index) => {
            Ok(Left { place: *at.expr, form: Form::Vector })
        }
        place => Ok(Left { place, form: Form::Plain }),
    }
}

fn is_full_range(index: &Expr) -> bool {
    matches!(index, Expr::Range(r) if r.start.is_none() && r.end.is_none() && matches!(r.limits, RangeLimits::HalfOpen(_)))
}
