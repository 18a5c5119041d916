//! One statement at a time.

use super::left::left;
use super::parser::{Closing, Parser, is_flow};
use crate::ast::{Brackets, Left, Stmt, bare_name};
use crate::source::text;
use proc_macro2::Span;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::parse::discouraged::Speculative;
use syn::{Attribute, Error, Expr, Ident, Local, MacroDelimiter, Result, Token, token};

const STATEMENTS: &str = "expected a statement: `name ~ Dist(...);`, `place ~ Dist(...);`, `let`, `for`, `if`, \
                          `match` or `factor(...);`";

impl Parser<'_> {
    /// The statements of a body, up to its end. After a wrong one, goes on behind the next `;`.
    pub(super) fn statements(&mut self, input: ParseStream<'_>) -> Vec<Stmt> {
        let mut stmts = Vec::new();
        loop {
            while input.parse::<Token![;]>().is_ok() {}
            if input.is_empty() {
                return stmts;
            }
            let attempt = input.fork();
            match self.statement(&attempt, Closing::Semicolon) {
                Ok(stmt) => {
                    input.advance_to(&attempt);
                    stmts.push(stmt);
                }
                Err(error) => stmts.extend(self.recover(input, error)),
            }
        }
    }

    pub(super) fn statement(&mut self, input: ParseStream<'_>, closing: Closing) -> Result<Stmt> {
        let attrs = input.call(Attribute::parse_outer)?;
        if is_flow(input) {
            return self.flow(input, attrs).map(Stmt::Flow);
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
            return self.factor_statement(input, closing);
        }
        if !Expr::peek(input) {
            return Err(input.error(STATEMENTS));
        }
        let left = left(input)?;
        if !input.peek(Token![~]) {
            without(&attrs)?;
            return self.plain(input, left, closing);
        }
        let right = self.right(input, closing)?;
        Ok(self.site(attrs, left, right))
    }

    /// `~ right;`.
    fn right(&mut self, input: ParseStream<'_>, closing: Closing) -> Result<Expr> {
        let tilde: Token![~] = input.parse()?;
        if input.is_empty() || input.peek(Token![;]) {
            return Err(Error::new(tilde.span, "expected a distribution after `~`: `name ~ Normal(0.0, 1.0);`"));
        }
        let right = input.parse()?;
        self.close(input, closing, &right);
        Ok(right)
    }

    /// `factor(term);`.
    fn factor_statement(&mut self, input: ParseStream<'_>, closing: Closing) -> Result<Stmt> {
        const ONE_TERM: &str = "`factor` takes one term, which is added to the log density";
        let name: Ident = input.parse()?;
        let content;
        let paren = syn::parenthesized!(content in input);
        if content.is_empty() {
            return Err(Error::new(paren.span.join(), ONE_TERM));
        }
        let term: Expr = content.parse()?;
        content.parse::<Option<Token![,]>>()?;
        if !content.is_empty() {
            return Err(content.error(ONE_TERM));
        }
        self.close(input, closing, &term);
        Ok(self.factor(name, term))
    }

    /// An expression statement: not a site, so the left side is all of it.
    fn plain(&mut self, input: ParseStream<'_>, left: Left, closing: Closing) -> Result<Stmt> {
        if matches!(left.brackets, Brackets::Each { .. }) {
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
            self.close(input, closing, &expr);
        }
        Ok(Stmt::Plain(Box::new(expr)))
    }

    /// Takes the token that closes a statement. When it is missing, what follows is the next statement.
    fn close(&mut self, input: ParseStream<'_>, closing: Closing, last: &impl ToTokens) {
        let (closed, token) = match closing {
            Closing::Semicolon => (input.parse::<Token![;]>().is_ok(), ";"),
            Closing::Comma => (input.is_empty() || input.parse::<Token![,]>().is_ok(), ","),
        };
        if !closed {
            let last_token = last.to_token_stream().into_iter().last();
            let span = last_token.map_or_else(Span::call_site, |token| token.span());
            self.errors.push(Error::new(span, format!("expected `{token}` after `{}`", text(last))));
        }
    }
}

/// The keyword of an item.
fn item(input: ParseStream<'_>) -> Option<Ident> {
    const ITEMS: [&str; 11] =
        ["const", "enum", "extern", "fn", "impl", "mod", "static", "struct", "trait", "type", "use"];
    let word = input.fork().call(Ident::parse_any).ok()?;
    ITEMS.iter().any(|item| word == item).then_some(word)
}

/// Refuses all attributes but docs.
fn without(attrs: &[Attribute]) -> Result<()> {
    match attrs.iter().find(|attr| !attr.path().is_ident("doc")) {
        Some(attr) => Err(Error::new_spanned(attr, "no attribute can stand here: only on a site, a `let` or a loop")),
        None => Ok(()),
    }
}

fn is_factor(input: ParseStream<'_>) -> bool {
    input.peek2(token::Paren) && input.fork().parse::<Ident>().is_ok_and(|name| name == "factor")
}

/// `let pat = value;`, as Rust has it.
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
