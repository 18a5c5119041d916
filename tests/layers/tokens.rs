//! Rust sources as words: without comments, docs, strings, numbers and lifetimes, and without what is compiled for tests
//! only.

/// Names and signs of a source; `::` is one word, every other sign a word of its own.
pub(crate) fn tokens(text: &str) -> Vec<String> {
    without_tests(&words(text))
}

fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = nothing(rest);
        if skipped > 0 {
            rest = &rest[skipped..];
            continue;
        }
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let length = match first {
            _ if rest.starts_with("::") => 2,
            c if is_name(c) => rest.find(|c: char| !is_name(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        words.push(rest[..length].to_owned());
        rest = &rest[length..];
    }
    words
}

/// The length of what is no word at the start: space, a comment, a string, a character, or a lifetime's tick.
fn nothing(text: &str) -> usize {
    let to = |end: &str, from: usize| text[from..].find(end).map_or(text.len(), |at| from + at + end.len());
    if text.starts_with(char::is_whitespace) {
        return text.find(|c: char| !c.is_whitespace()).unwrap_or(text.len());
    }
    if text.starts_with("//") {
        return to("\n", 2);
    }
    if text.starts_with("/*") {
        return to("*/", 2);
    }
    let raw = text.trim_start_matches('b').strip_prefix('r').map(|raw| raw.trim_start_matches('#'));
    if let Some(raw) = raw.filter(|raw| raw.starts_with('"')) {
        let opening = text.len() - raw.len() + 1;
        let hashes = text[..opening].matches('#').count();
        return to(&format!("\"{}", "#".repeat(hashes)), opening);
    }
    match text.strip_prefix('b').unwrap_or(text).as_bytes() {
        [b'"', ..] => quoted(text, '"'),
        [b'\'', b'\\', ..] => quoted(text, '\''),
        [b'\'', ..] if text.chars().nth(2) == Some('\'') => text.chars().take(3).map(char::len_utf8).sum(),
        [b'\'', ..] => 1,
        _ => 0,
    }
}

/// The length of a quotation, whose end no backslash stands before.
fn quoted(text: &str, quote: char) -> usize {
    let (mut is_open, mut is_escaped) = (false, false);
    for (at, c) in text.char_indices() {
        if c == quote && !is_escaped && is_open {
            return at + 1;
        }
        is_open |= c == quote;
        is_escaped = c == '\\' && !is_escaped;
    }
    text.len()
}

fn without_tests(words: &[String]) -> Vec<String> {
    const FOR_TESTS: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut rest = words;
    while !rest.is_empty() {
        if rest.len() >= 7 && rest.iter().zip(FOR_TESTS).all(|(word, expected)| word == expected) {
            rest = &rest[7..];
            rest = &rest[item(rest)..];
        } else {
            kept.push(rest[0].clone());
            rest = &rest[1..];
        }
    }
    kept
}

/// The number of words of an item: to the semicolon outside all brackets, or to the brace that closes it.
fn item(words: &[String]) -> usize {
    let mut depth = 0;
    for (at, word) in words.iter().enumerate() {
        match word.as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth -= 1,
            _ => {}
        }
        let is_use = words.get(at + 1).is_some_and(|next| next == ";");
        if depth == 0 && (word == ";" || word == "}" && !is_use) {
            return at + 1;
        }
    }
    words.len()
}
