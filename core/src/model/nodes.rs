//! The turns of nested plates: their structs of latents, and what they are called.

use crate::model::grouped::Group;
use crate::model::{Latents, Value};
use std::fmt::Display;

/// The node of that turn, which is the next one at most.
#[inline(always)]
pub fn node<T: Default>(nodes: &mut Vec<T>, turn: usize) -> &mut T {
    if nodes.len() == turn {
        nodes.push(T::default());
    }
    &mut nodes[turn]
}

/// Applies `f` to every number of `from`, in order, replacing the content of `to`.
#[inline(always)]
pub fn map_nodes<L: Latents, R: Value, S: Value>(
    from: &[L::Of<R>],
    to: &mut Vec<L::Of<S>>,
    f: &mut impl FnMut(&R) -> S,
) {
    to.resize_with(from.len(), Default::default);
    from.iter().zip(to).for_each(|(from, to)| L::map(from, to, &mut *f));
}

/// What a turn of a nested plate runs over.
#[derive(Debug)]
pub struct Item<'a, T>(pub &'a T);

/// An item that has a label.
pub trait Labelled {
    /// What the turn is called.
    fn label(&self) -> Option<String>;
}

/// Any other item: found where [`Labelled`] is not, one reference further away.
pub trait Unlabelled {
    /// None.
    fn label(&self) -> Option<String> {
        None
    }
}

impl<K: Display, R> Labelled for Item<'_, &Group<K, R>> {
    fn label(&self) -> Option<String> {
        Some(self.0.label.to_string())
    }
}

impl<K: Display, R> Labelled for Item<'_, (usize, &Group<K, R>)> {
    fn label(&self) -> Option<String> {
        Some(self.0.1.label.to_string())
    }
}

impl<T> Unlabelled for &Item<'_, T> {}
