//! The turns of nested plates that are being visited.

use crate::model::Nest;

/// The outermost first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turns(Vec<String>);

impl Turns {
    /// Enters a turn, which is called so if not by its number.
    pub(crate) fn enter(&mut self, nest: &Nest, turn: usize, label: Option<String>) {
        let name = label.unwrap_or_else(|| turn.to_string());
        self.0.push(format!("{}[{name}]", nest.name));
    }

    /// The turn that was entered last ends.
    pub(crate) fn leave(&mut self) {
        self.0.pop();
    }

    /// `schools[Hill].classes[b]`; empty in the plate itself.
    pub(crate) fn path(&self) -> String {
        self.0.join(".")
    }
}
