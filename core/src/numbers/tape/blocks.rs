//! Dense layers as they are recorded: their numbers as blocks that stand one after another on the tape.

use crate::numbers::dense::inner_product;
use crate::numbers::tape::layer::{Block, CONSTANT, Recorded};
use crate::numbers::tape::{Entry, Tape, Term};

/// The last copies that are compared with numbers that are asked for: two a layer of a network.
const COPIES: usize = 16;

impl Tape {
    /// Numbers as a block: as they stand where they do so one after another, and else a copy of each.
    fn block(&mut self, runs: impl ExactSizeIterator<Item = u32> + Clone) -> Block {
        in_place(runs.clone()).unwrap_or_else(|| self.copied(runs))
    }

    /// The same of numbers that other layers may share: they are copied once.
    fn shared_block(&mut self, runs: impl ExactSizeIterator<Item = u32> + Clone) -> Block {
        if let Some(block) = in_place(runs.clone()) {
            return block;
        }
        let is_of = |copy: &&Block| {
            let terms = &self.terms[copy.first as usize..];
            copy.len == runs.len() && terms.iter().zip(runs.clone()).all(|(term, run)| term.arg == run)
        };
        if let Some(copy) = self.copies.iter().rev().take(COPIES).find(is_of) {
            return *copy;
        }
        let copy = self.copied(runs);
        self.copies.push(copy);
        copy
    }

    fn copied(&mut self, runs: impl ExactSizeIterator<Item = u32>) -> Block {
        let block =
            Block { first: u32::try_from(self.terms.len()).expect("a tape has less than 2^32 terms"), len: runs.len() };
        self.terms.extend(runs.map(|run| Term::first(run, if run == CONSTANT { 0.0 } else { 1.0 })));
        block
    }

    /// Records a layer of m x n weights, m biases and n inputs, and writes its outputs behind `out`.
    pub(super) fn dense(
        &mut self,
        weights: impl ExactSizeIterator<Item = Entry> + Clone,
        biases: impl ExactSizeIterator<Item = Entry> + Clone,
        inputs: impl ExactSizeIterator<Item = Entry> + Clone,
        mut out: impl FnMut(Entry),
    ) {
        let (values, run) = (self.values.len(), |entry: Entry| entry.1);
        self.values.extend(weights.clone().map(|entry| entry.0));
        let x = self.values.len();
        self.values.extend(inputs.clone().map(|entry| entry.0));
        let (weights, biases_block) = (self.shared_block(weights.map(run)), self.shared_block(biases.clone().map(run)));
        let blocks = [weights, biases_block, self.block(inputs.map(run))];
        let varies = blocks.iter().any(|block| block.first != CONSTANT);
        let first = self.terms.len();
        let n = self.values.len() - x;
        for (o, (bias, _)) in biases.enumerate() {
            let row = values + o * n;
            let value = bias + inner_product::<f64, _, _>(&self.values[row..row + n], &self.values[x..]);
            out((value, if varies { self.push(Term::first(CONSTANT, 0.0)) } else { CONSTANT }));
        }
        let ([weights, biases, inputs], outputs) = (blocks, first..self.terms.len());
        if varies {
            self.layers.push(Recorded { values, weights, biases, inputs, outputs });
        } else {
            self.values.truncate(values);
        }
    }
}

/// Numbers that do not vary, or stand one after another.
fn in_place(runs: impl ExactSizeIterator<Item = u32> + Clone) -> Option<Block> {
    let len = runs.len();
    let first = runs.clone().next().unwrap_or(CONSTANT);
    let follows = |k: u32| if first == CONSTANT { CONSTANT } else { first.wrapping_add(k) };
    // most often the second number tells; the rest without an early end, for the vectoriser
    if runs.clone().nth(1).is_some_and(|second| second != follows(1)) {
        return None;
    }
    let is_block = runs.zip(0..).fold(true, |is_block, (run, k)| is_block & (run == follows(k)));
    is_block.then_some(Block { first, len })
}
