//! The variables that the inside of a macro call reads, of which nothing is known but its tokens.

use proc_macro2::{Ident, Literal, TokenStream, TokenTree};

/// The variables that `tokens` seem to read: all names but those of members, segments of paths and named arguments;
/// and those in the braces of strings, `"{x}"`.
pub(super) fn in_tokens(tokens: TokenStream) -> Vec<Ident> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut reads = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => reads.extend(in_tokens(group.stream())),
            TokenTree::Ident(name) if is_variable(&tokens, i) => reads.push(name.clone()),
            TokenTree::Literal(literal) => reads.extend(in_format(literal)),
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
    reads
}

/// Whether the name at `i` may be that of a variable.
fn is_variable(tokens: &[TokenTree], i: usize) -> bool {
    let punct = |at: Option<usize>, c: char| {
        at.and_then(|i| tokens.get(i)).is_some_and(|t| matches!(t, TokenTree::Punct(p) if p.as_char() == c))
    };
    let (back, back2, next, next2) = (i.checked_sub(1), i.checked_sub(2), Some(i + 1), Some(i + 2));
    let member = punct(back, '.') && !punct(back2, '.');
    let segment = punct(back, ':') || punct(next, ':') || punct(next, '!');
    let named = punct(next, '=') && !punct(next2, '=');
    !(member || segment || named)
}

/// The variables that a format string prints.
fn in_format(literal: &Literal) -> Vec<Ident> {
    let text = literal.to_string();
    if !text.ends_with(['"', '#']) {
        return Vec::new();
    }
    let name = |piece: &str| -> Option<Ident> {
        let name: String = piece.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let name: Ident = syn::parse_str(&name).ok()?;
        Some(Ident::new(&name.to_string(), literal.span()))
    };
    text.split('{').skip(1).filter_map(name).collect()
}
