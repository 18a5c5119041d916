//! Vectors of different lengths, one a task, side by side in one.

use std::ops::{Index, IndexMut};

/// Vectors side by side. Its numbers can be moved through without knowing where one ends and the next begins.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ragged {
    pub(crate) numbers: Vec<f64>,
    /// Where each vector starts, and the last one ends.
    offsets: Vec<usize>,
}

impl Ragged {
    pub(crate) fn with_capacity(vectors: usize) -> Self {
        let mut offsets = Vec::with_capacity(vectors + 1);
        offsets.push(0);
        Self { numbers: Vec::new(), offsets }
    }

    /// Adds a vector.
    pub(crate) fn push(&mut self, vector: impl IntoIterator<Item = f64>) {
        self.push_with(|numbers| numbers.extend(vector));
    }

    /// Adds the vector of the numbers that `extend` adds.
    pub(crate) fn push_with(&mut self, extend: impl FnOnce(&mut Vec<f64>)) {
        extend(&mut self.numbers);
        self.offsets.push(self.numbers.len());
    }

    /// Adds all vectors of the other.
    pub(crate) fn append(&mut self, other: &Self) {
        let first = self.numbers.len();
        self.numbers.extend_from_slice(&other.numbers);
        self.offsets.extend(other.offsets[1..].iter().map(|end| first + end));
    }

    /// How many vectors.
    pub(crate) fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.offsets.windows(2).map(|ends| &self.numbers[ends[0]..ends[1]])
    }
}

/// Adds numbers to those at the same place.
pub(crate) fn add(to: &mut [f64], from: &[f64]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
}

impl Default for Ragged {
    fn default() -> Self {
        Self::with_capacity(0)
    }
}

impl Index<usize> for Ragged {
    type Output = [f64];

    fn index(&self, i: usize) -> &[f64] {
        &self.numbers[self.offsets[i]..self.offsets[i + 1]]
    }
}

impl IndexMut<usize> for Ragged {
    fn index_mut(&mut self, i: usize) -> &mut [f64] {
        &mut self.numbers[self.offsets[i]..self.offsets[i + 1]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_vectors_apart() {
        let mut all = Ragged::default();
        all.push([1.0, 2.0]);
        all.push([]);
        let mut more = Ragged::with_capacity(1);
        more.push([3.0]);
        all.append(&more);
        all[0][1] = 4.0;
        assert_eq!(all.iter().collect::<Vec<_>>(), [&[1.0, 4.0][..], &[], &[3.0]]);
        assert_eq!((all.len(), &all[2]), (3, &[3.0][..]));
    }
}
