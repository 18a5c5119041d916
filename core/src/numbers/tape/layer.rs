//! Dense layers on the tape: one operation with an adjoint of its own, whatever the number of its weights.
//!
//! With y = W x + b and a the adjoints,
//!
//! ```text
//! a_b += a_y,  a_W += a_y x',  a_x += W' a_y
//! ```
//!
//! (Giles 2008). The numbers of a block stand one after another on the tape, so that these are plain loops over slices.
//! With tangents t, and b what they do to the adjoints,
//!
//! ```text
//! t_y = t_b + W t_x + t_W x
//! b_b += b_y,  b_W += b_y x' + a_y t_x',  b_x += W' b_y + t_W' a_y
//! ```

use crate::numbers::dense::inner_product;
use std::ops::Range;
use std::slice::ChunksExact;

/// The run of a number that does not vary.
pub(in crate::numbers) const CONSTANT: u32 = u32::MAX;

/// Numbers whose runs end one after another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// The run of the first; `CONSTANT` if none of them varies.
    pub(super) first: u32,
    pub(super) len: usize,
}

/// A layer that was recorded, and where the values of its weights, then of its inputs, begin.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) values: usize,
    pub(super) weights: Block,
    pub(super) biases: Block,
    pub(super) inputs: Block,
    /// The runs of the outputs, each of a term of its own that nothing but the layer stands behind.
    pub(super) outputs: Range<usize>,
}

impl Block {
    /// Where its numbers stand; nowhere if they do not vary.
    fn range(&self) -> Range<usize> {
        let first = self.first as usize;
        if self.first == CONSTANT { 0..0 } else { first..first + self.len }
    }
}

impl Recorded {
    /// The values of the weights, and of the inputs.
    fn split<'t>(&self, values: &'t [f64]) -> (&'t [f64], &'t [f64]) {
        values[self.values..self.values + self.weights.len + self.inputs.len].split_at(self.weights.len)
    }

    /// Spreads the adjoints of the outputs on to weights, biases and inputs.
    pub(super) fn spread(&self, values: &[f64], adjoints: &mut [f64]) {
        let (w, x) = self.split(values);
        let (adjoints, behind) = adjoints.split_at_mut(self.outputs.start);
        let of_outputs = &behind[..self.outputs.len()];
        add_scaled(&mut adjoints[self.biases.range()], of_outputs, 1.0);
        add_outer(&mut adjoints[self.weights.range()], of_outputs, x);
        add_combined(&mut adjoints[self.inputs.range()], of_outputs, w);
    }

    /// The tangents of the outputs.
    pub(super) fn push_forward(&self, values: &[f64], tangents: &mut [f64]) {
        let (w, x) = self.split(values);
        let (tangents, behind) = tangents.split_at_mut(self.outputs.start);
        let of_outputs = &mut behind[..self.outputs.len()];
        of_outputs.fill(0.0);
        add_scaled(of_outputs, &tangents[self.biases.range()], 1.0);
        add_products(of_outputs, w, &tangents[self.inputs.range()]);
        add_products(of_outputs, &tangents[self.weights.range()], x);
    }

    /// Spreads what the tangents do to the adjoints of the outputs on to weights, biases and inputs.
    pub(super) fn bend(&self, values: &[f64], [tangents, adjoints]: [&[f64]; 2], bends: &mut [f64]) {
        self.spread(values, bends);
        let of_outputs = &adjoints[self.outputs.clone()];
        add_outer(&mut bends[self.weights.range()], of_outputs, &tangents[self.inputs.range()]);
        add_combined(&mut bends[self.inputs.range()], of_outputs, &tangents[self.weights.range()]);
    }
}

/// The rows of a matrix of so many columns.
fn rows(matrix: &[f64], columns: usize) -> ChunksExact<'_, f64> {
    matrix.chunks_exact(columns.max(1))
}

/// matrix += a x'
fn add_outer(matrix: &mut [f64], a: &[f64], x: &[f64]) {
    if !x.is_empty() {
        matrix.chunks_exact_mut(x.len()).zip(a).for_each(|(row, a)| add_scaled(row, x, *a));
    }
}

/// to += matrix' a
fn add_combined(to: &mut [f64], a: &[f64], matrix: &[f64]) {
    let columns = to.len();
    rows(matrix, columns).zip(a).for_each(|(row, a)| add_scaled(to, row, *a));
}

/// to += matrix x
fn add_products(to: &mut [f64], matrix: &[f64], x: &[f64]) {
    if !x.is_empty() {
        rows(matrix, x.len()).zip(to).for_each(|(row, to)| *to += inner_product::<f64, _, _>(row, x));
    }
}

/// to += factor * from
fn add_scaled(to: &mut [f64], from: &[f64], factor: f64) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += factor * from);
}
