//! An entry of a chain of discrete latents, where statements are evaluated for one of its values.

use std::ops::Index;

/// A vector that has this value in every place: what a chain is to the statements that depend on one entry of it.
#[derive(Clone, Copy, Debug)]
pub struct Everywhere(pub usize);

impl Index<usize> for Everywhere {
    type Output = usize;

    #[inline(always)]
    fn index(&self, _: usize) -> &usize {
        &self.0
    }
}
