//! Dense layers on the tape: one operation with an adjoint of its own, whatever the number of its weights.
//!
//! With y = W x + b and a the adjoints,
//!
//! ```text
//! a_b += a_y,  a_W += a_y x',  a_x += W' a_y
//! ```
//!
//! (Giles 2008). The numbers of a block stand one after another on the tape, so that these are plain loops over slices.

use crate::numbers::dense::inner_product;
use crate::numbers::tape::{CONSTANT, Tape, Term};

/// A number as the tape knows it: its value, and the last term of its run.
pub(in crate::numbers) type Entry = (f64, u32);

/// Numbers whose runs end one after another.
#[derive(Clone, Copy, Debug)]
struct Block {
    /// The run of the first; `CONSTANT` if none of them varies.
    first: u32,
    len: usize,
}

/// A layer that was recorded, and where the values of its weights, then of its inputs, begin.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) values: usize,
    weights: Block,
    biases: Block,
    inputs: Block,
    /// The runs of the outputs, each of a term of its own that nothing but the layer stands behind.
    pub(super) outputs: std::ops::Range<usize>,
}

impl Block {
    /// The adjoints of its numbers; empty where they do not vary.
    fn of<'t>(&self, adjoints: &'t mut [f64]) -> &'t mut [f64] {
        let first = self.first as usize;
        if self.first == CONSTANT { &mut [] } else { &mut adjoints[first..first + self.len] }
    }
}

impl Tape {
    /// Numbers as a block: as they stand where they do so one after another, and else a copy of each.
    fn block(&mut self, runs: impl ExactSizeIterator<Item = u32> + Clone) -> Block {
        let len = runs.len();
        let first = runs.clone().next().unwrap_or(CONSTANT);
        // without an early end, for the vectoriser
        let (mut is_constant, mut is_block) = (true, first != CONSTANT);
        for (run, expected) in runs.clone().zip((0..).map(|k| first.wrapping_add(k))) {
            is_constant &= run == CONSTANT;
            is_block &= run == expected;
        }
        if is_constant {
            return Block { first: CONSTANT, len };
        }
        if is_block {
            return Block { first, len };
        }
        let first = u32::try_from(self.terms.len()).expect("a tape has less than 2^32 terms");
        self.terms.extend(runs.map(|run| Term::first(run, if run == CONSTANT { 0.0 } else { 1.0 })));
        Block { first, len }
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
        let blocks = [self.block(weights.map(run)), self.block(biases.clone().map(run)), self.block(inputs.map(run))];
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

impl Recorded {
    /// Spreads the adjoints of the outputs on to weights, biases and inputs.
    pub(super) fn spread(&self, values: &[f64], adjoints: &mut [f64]) {
        let Self { weights, biases, inputs, ref outputs, values: at } = *self;
        let (adjoints, behind) = adjoints.split_at_mut(outputs.start);
        let of_outputs = &behind[..outputs.len()];
        let (w, x) = values[at..at + weights.len + inputs.len].split_at(weights.len);
        add_scaled(biases.of(adjoints), of_outputs, 1.0);
        if inputs.len == 0 {
            return;
        }
        for (row, a) in weights.of(adjoints).chunks_exact_mut(inputs.len).zip(of_outputs) {
            add_scaled(row, x, *a);
        }
        let of_inputs = inputs.of(adjoints);
        for (row, a) in w.chunks_exact(inputs.len).zip(of_outputs) {
            add_scaled(of_inputs, row, *a);
        }
    }
}

/// to += factor * from
fn add_scaled(to: &mut [f64], from: &[f64], factor: f64) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += factor * from);
}
