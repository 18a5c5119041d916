//! All that is wrong with a model: every phase adds to it, so that the user hears of everything at once.

use crate::source::line;
use proc_macro2::TokenStream;
use syn::Error;

/// The errors found so far.
#[derive(Default)]
pub(crate) struct Errors(Vec<Error>);

impl Errors {
    pub(crate) fn push(&mut self, error: Error) {
        self.0.push(error);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The errors in the order of the source.
    pub(crate) fn into_compile_error(mut self) -> TokenStream {
        self.0.sort_by_key(|error| line(error.span()));
        self.0.iter().map(Error::to_compile_error).collect()
    }
}
