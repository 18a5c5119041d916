//! Tokens back to source text and lines, for names of sites, messages and docs.

use proc_macro2::{Delimiter, Spacing, Span, TokenStream, TokenTree};
use quote::ToTokens;

/// `tokens` on one line, spaced as rustfmt would.
pub(crate) fn text(tokens: &impl ToTokens) -> String {
    let mut text = String::new();
    write(tokens.to_token_stream(), &mut text);
    text
}

/// The line of a span in its file; 0 outside a compiler.
pub(crate) fn line(span: Span) -> u32 {
    if !proc_macro::is_available() {
        return 0;
    }
    u32::try_from(span.unwrap().line()).unwrap_or(0)
}

fn write(tokens: TokenStream, out: &mut String) {
    let mut glue = Glue::Start;
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => (" { ", " }"),
                    Delimiter::None => ("", ""),
                };
                if glue == Glue::Space {
                    out.push(' ');
                }
                out.push_str(open);
                write(group.stream(), out);
                out.push_str(close);
                glue = Glue::Word;
            }
            TokenTree::Punct(punct) => {
                let c = punct.as_char();
                let joint = punct.spacing() == Spacing::Joint;
                let tight = matches!(c, '.' | ':' | '?' | ',' | ';' | '!');
                let unary =
                    matches!(glue, Glue::Start | Glue::Space | Glue::Joint) && matches!(c, '-' | '&' | '*' | '|');
                if matches!(glue, Glue::Word | Glue::Space) && !tight {
                    out.push(' ');
                }
                out.push(c);
                glue = match c {
                    _ if joint => Glue::Joint,
                    '.' | ':' | '?' | '!' => Glue::Tight,
                    _ if unary => Glue::Tight,
                    _ => Glue::Space,
                };
            }
            word => {
                if matches!(glue, Glue::Word | Glue::Space) {
                    out.push(' ');
                }
                out.push_str(&word.to_string());
                glue = Glue::Word;
            }
        }
    }
}

/// What the last token asks of the next.
#[derive(Clone, Copy, PartialEq)]
enum Glue {
    Start,
    /// A name, a literal or a group: an operator behind it is binary.
    Word,
    /// A binary operator or a comma: a space follows.
    Space,
    /// A `.`, a `::` or a unary operator: none follows.
    Tight,
    /// The first half of an operator of two characters.
    Joint,
}

#[cfg(test)]
mod tests {
    #[test]
    fn source_is_spaced_as_written() {
        for written in [
            "school.effect",
            "Normal(a + b * x, sigma)",
            "Normal(-1.0, 2.0)",
            "dist::Normal(mu[k], &tau)",
            "task.points[i].y",
            "theta ~ Normal(0.0, 1.0 - x)",
            "w[k in 0..3] ~ Normal(0.0, 1.0)",
            "w[..] ~ Flat(Ordered(3))",
        ] {
            let tokens: proc_macro2::TokenStream = written.parse().expect("tokens");
            assert_eq!(super::text(&tokens), written);
        }
    }
}
