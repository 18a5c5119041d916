//! The log density of a task by the turns of its nested plates.

use crate::model::Nest;

/// A turn of a nested plate; the first stands for the plate itself.
#[derive(Clone, Copy, Debug)]
struct Turn {
    nest: &'static str,
    number: usize,
    parent: usize,
}

impl Turn {
    #[inline]
    fn is(&self, other: &Self) -> bool {
        let is_same = self.number == other.number && self.parent == other.parent;
        is_same && (std::ptr::eq(self.nest, other.nest) || self.nest == other.nest)
    }
}

/// What the sites of each turn add to a log density, in the order in which the turns are met; those of turns within it
/// are not among them.
#[derive(Clone, Debug, Default)]
pub(crate) struct ByNode {
    turns: Vec<Turn>,
    /// By coordinate: the turn that its latent belongs to.
    owners: Vec<usize>,
    /// By turn.
    sums: Vec<f64>,
    /// The turn that is being visited, and the one that was entered last.
    current: usize,
    entered: usize,
}

impl ByNode {
    /// A visit begins, of latents or of data: nothing is summed yet.
    pub(crate) fn clear(&mut self) {
        if self.turns.is_empty() {
            self.turns.push(Turn { nest: "", number: 0, parent: 0 });
        }
        self.sums.clear();
        self.sums.resize(self.turns.len(), 0.0);
        self.start_over();
    }

    /// The turns are run through once more.
    pub(crate) fn start_over(&mut self) {
        (self.current, self.entered) = (0, 0);
    }

    /// How many turns there are, the plate itself included.
    pub(crate) fn len(&self) -> usize {
        self.turns.len()
    }

    /// The turn around one, which comes before it; none of the plate itself.
    pub(crate) fn parent(&self, node: usize) -> Option<usize> {
        (node > 0).then(|| self.turns[node].parent)
    }

    /// By coordinate: the turn that its latent belongs to.
    pub(crate) fn owners(&self) -> &[usize] {
        &self.owners
    }

    /// By turn: the log density of its own sites, in nats.
    pub(crate) fn sums(&self) -> &[f64] {
        &self.sums
    }

    /// Enters a turn, which is the next of its kind, or a new one; a visit of the data may leave out some.
    #[inline]
    pub(super) fn enter(&mut self, nest: &Nest, number: usize) {
        let turn = Turn { nest: nest.name, number, parent: self.current };
        let next = self.entered + 1;
        self.entered = if self.turns.get(next).is_some_and(|other| other.is(&turn)) { next } else { self.find(turn) };
        self.current = self.entered;
    }

    /// A turn that is not the next one.
    fn find(&mut self, turn: Turn) -> usize {
        let later = self.entered + 1;
        let found = self.turns.iter().skip(later).position(|other| other.is(&turn));
        if found.is_none() {
            self.turns.push(turn);
            self.sums.push(0.0);
        }
        found.map_or(self.turns.len() - 1, |at| later + at)
    }

    #[inline]
    pub(super) fn leave(&mut self) {
        self.current = self.turns[self.current].parent;
    }

    /// The turn that is visited adds to its sum.
    #[inline]
    pub(super) fn add(&mut self, ln_density: f64) {
        self.sums[self.current] += ln_density;
    }

    /// The turn that is visited reads the next coordinates, up to `end`.
    #[inline]
    pub(super) fn claim(&mut self, end: usize) {
        if self.owners.len() < end {
            self.owners.resize(end, self.current);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The data of some turns are none: who visits the data finds the others.
    #[test]
    fn turns_are_found_again() {
        let nest = |name| Nest { name };
        let mut sums = ByNode::default();
        sums.clear();
        for school in 0..2 {
            sums.enter(&nest("schools"), school);
            sums.claim(2 * school + 1);
            sums.enter(&nest("pupils"), 0);
            sums.claim(2 * school + 2);
            sums.leave();
            sums.leave();
        }
        assert_eq!(sums.owners(), [1, 2, 3, 4]);
        assert_eq!([1, 2, 3, 4].map(|node| sums.parent(node)), [Some(0), Some(1), Some(0), Some(3)]);
        sums.clear();
        sums.enter(&nest("schools"), 1);
        sums.add(1.0);
        sums.enter(&nest("pupils"), 0);
        sums.add(2.0);
        sums.leave();
        sums.leave();
        sums.add(4.0);
        assert_eq!((sums.len(), sums.sums()), (5, &[4.0, 0.0, 0.0, 1.0, 2.0][..]));
    }
}
