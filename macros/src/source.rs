//! Tokens back to source text and lines, for names of sites, messages and docs.

use proc_macro2::{Delimiter, Group, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::ToTokens;

/// `tokens` on one line, spaced as rustfmt would.
pub(crate) fn text(tokens: &impl ToTokens) -> String {
    let mut writer = Writer { text: String::new(), glue: Glue::Start };
    writer.stream(tokens.to_token_stream());
    writer.text
}

/// The line of a span in its file; 0 outside a compiler.
pub(crate) fn line(span: Span) -> u32 {
    if !proc_macro::is_available() {
        return 0;
    }
    u32::try_from(span.unwrap().line()).unwrap_or(0)
}

/// Writes token after token, with or without a space between.
struct Writer {
    text: String,
    glue: Glue,
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

impl Writer {
    fn stream(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.group(&group),
                TokenTree::Punct(punct) => self.punct(&punct),
                TokenTree::Ident(name) => self.word(&name.to_string()),
                TokenTree::Literal(literal) => self.word(&literal.to_string()),
            }
        }
    }

    /// A group knows nothing of what stands before it, and is a word to what follows.
    fn group(&mut self, group: &Group) {
        let (open, close) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::Brace => (" { ", " }"),
            Delimiter::None => ("", ""),
        };
        self.space_after(&[Glue::Space]);
        self.text.push_str(open);
        self.glue = Glue::Start;
        self.stream(group.stream());
        self.text.push_str(close);
        self.glue = Glue::Word;
    }

    fn punct(&mut self, punct: &Punct) {
        let c = punct.as_char();
        let is_operand_next = matches!(self.glue, Glue::Start | Glue::Space | Glue::Joint);
        if !matches!(c, '.' | ':' | '?' | ',' | ';' | '!') {
            self.space_after(&[Glue::Word, Glue::Space]);
        }
        self.text.push(c);
        self.glue = match c {
            _ if punct.spacing() == Spacing::Joint => Glue::Joint,
            '.' | ':' | '?' | '!' => Glue::Tight,
            '-' | '&' | '*' | '|' if is_operand_next => Glue::Tight,
            _ => Glue::Space,
        };
    }

    fn word(&mut self, word: &str) {
        self.space_after(&[Glue::Word, Glue::Space]);
        self.text.push_str(word);
        self.glue = Glue::Word;
    }

    fn space_after(&mut self, glues: &[Glue]) {
        if glues.contains(&self.glue) {
            self.text.push(' ');
        }
    }
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
