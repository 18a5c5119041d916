//! Dense layers on the tape: one operation with an adjoint of its own, whatever the number of its weights.
//!
//! With y = W x + b and a the adjoints,
//!
//! ```text
//! a_b += a_y,  a_W += a_y x',  a_x += W' a_y
//! ```
//!
//! (Giles 2008). The numbers of a block stand one after another on the tape, so that these are plain loops over slices.

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
    pub(super) outputs: std::ops::Range<usize>,
}

impl Block {
    /// The adjoints of its numbers; empty where they do not vary.
    fn of<'t>(&self, adjoints: &'t mut [f64]) -> &'t mut [f64] {
        let first = self.first as usize;
        if self.first == CONSTANT { &mut [] } else { &mut adjoints[first..first + self.len] }
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
