//! What a command line says: flags, numbers and texts behind their names, and other words.

/// The words that are still to be read.
pub(crate) struct CommandLine {
    pub(crate) words: Vec<String>,
}

impl CommandLine {
    pub(crate) fn read() -> Self {
        Self { words: std::env::args().skip(1).collect() }
    }

    /// Whether a flag is there.
    pub(crate) fn has(&mut self, flag: &str) -> bool {
        let count = self.words.len();
        self.words.retain(|word| word != flag);
        self.words.len() < count
    }

    /// The word behind a name.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        let at = self.words.iter().position(|word| word == name)?;
        assert!(at + 1 < self.words.len(), "something follows {name}");
        self.words.remove(at);
        Some(self.words.remove(at))
    }

    /// The number behind a name.
    pub(crate) fn number(&mut self, name: &str) -> Option<u64> {
        self.text(name).map(|word| word.parse().unwrap_or_else(|_| panic!("{name} is a number")))
    }
}
