//! What a `use` brings in.

/// A `use` with all its branches.
pub(crate) struct Tree<'a> {
    words: &'a [String],
    at: usize,
    /// The names it brings in, and their paths as they are written.
    found: Vec<(String, Vec<String>)>,
}

impl<'a> Tree<'a> {
    /// The branches from the word at `start`, which follows `use`.
    pub(crate) fn of(words: &'a [String], start: usize) -> Self {
        let mut tree = Self { words, at: start, found: Vec::new() };
        tree.read(&[]);
        tree
    }

    /// The number of the word after the last branch.
    pub(crate) fn end(&self) -> usize {
        self.at
    }

    /// The names that are brought in, and their paths.
    pub(crate) fn into_names(self) -> Vec<(String, Vec<String>)> {
        self.found
    }

    fn word(&self) -> &str {
        self.words.get(self.at).map_or(";", String::as_str)
    }

    /// Reads a branch that begins with `path`.
    fn read(&mut self, path: &[String]) {
        let mut path = path.to_vec();
        loop {
            match self.word() {
                "{" => return self.branches(&path),
                "::" => self.at += 1,
                "self" if !path.is_empty() => self.at += 1,
                ";" | "," | "}" => break,
                "as" => {
                    self.at += 1;
                    let name = self.word().to_owned();
                    self.at += 1;
                    return self.found.push((name, path));
                }
                word => {
                    path.push(word.to_owned());
                    self.at += 1;
                }
            }
        }
        if let Some(name) = path.last().cloned() {
            if name == "*" {
                path.pop();
            }
            self.found.push((name, path));
        }
    }

    fn branches(&mut self, path: &[String]) {
        while self.word() != "}" && self.word() != ";" {
            self.at += 1;
            if self.word() != "}" {
                self.read(path);
            }
        }
        self.at += 1;
    }
}
