//! The tape of reverse-mode derivatives: numbers write down what they are made of, and one sweep backwards gives the
//! gradient in however many variables there are; of second order, the Hessian as well. For blocks too wide for duals.
//!
//! A number is the sum of a run of terms partial * d arg, and is known by the run's last term, so that a longer run
//! begins with a shorter one, which it leaves as it was. With a_k the adjoint of the number that term k ends,
//!
//! ```text
//! a_arg += a_k partial,  a_(k-1) += a_k if the run began before term k
//! H = sum over second-order terms of a_k partial (da db' + db da') or a_k partial da da'
//! ```
//!
//! (Griewank & Walther 2008, chapters 3 and 13.) Constants leave no term. Nothing here is generic, nor meant to be inlined:
//! it is compiled once, not once a model. A dense layer is no terms but one [`layer`]. [`product`] is the Hessian times a
//! vector, without the Hessian.

mod blocks;
mod layer;
mod product;

pub(super) use layer::CONSTANT;
use layer::{Block, Recorded};
use std::cell::RefCell;
use std::ops::Range;

// Who sets a mark computes with the numbers behind it.

/// In place of the other factor, in a term of first order.
const FIRST_ORDER: u32 = u32::MAX;

/// A number as the tape knows it: its value, and the last term of its run.
pub(super) type Entry = (f64, u32);

#[derive(Clone, Copy, Debug)]
struct Term {
    partial: f64,
    arg: u32,
    /// The other factor of a second-order term, or `FIRST_ORDER`.
    other: u32,
    /// Whether the run began before this term.
    continues: bool,
}

impl Term {
    /// partial * d arg
    fn first(arg: u32, partial: f64) -> Self {
        Self { partial, arg, other: FIRST_ORDER, continues: false }
    }
}

#[derive(Debug)]
struct Tape {
    terms: Vec<Term>,
    /// As many as terms once swept; kept for those before a mark.
    adjoints: Vec<f64>,
    /// As many as terms once pushed forward; 0 for those before a mark.
    tangents: Vec<f64>,
    /// As many as terms once bent; kept for those before a mark.
    bends: Vec<f64>,
    layers: Vec<Recorded>,
    /// Blocks of copies, one a term.
    copies: Vec<Block>,
    /// Of the weights and inputs of the layers, one layer after another.
    values: Vec<f64>,
}

thread_local! {
    static TAPE: RefCell<Tape> = const { RefCell::new(Tape::new()) };
}

impl Tape {
    const fn new() -> Self {
        Self {
            terms: Vec::new(),
            adjoints: Vec::new(),
            tangents: Vec::new(),
            bends: Vec::new(),
            layers: Vec::new(),
            copies: Vec::new(),
            values: Vec::new(),
        }
    }

    fn push(&mut self, term: Term) -> u32 {
        let last = u32::try_from(self.terms.len()).expect("a tape has less than 2^32 terms");
        self.terms.push(term);
        last
    }

    /// The run that ends at `start`, and one more term.
    fn extend(&mut self, start: u32, term: Term) -> u32 {
        let continues = start != CONSTANT;
        if continues && start as usize + 1 != self.terms.len() {
            self.push(Term::first(start, 1.0));
        }
        self.push(Term { continues, ..term })
    }

    /// Spreads the adjoints of the terms from `first` on to what they are made of: of terms and layers, the last first.
    fn sweep(&mut self, first: usize) {
        let mut behind = self.terms.len();
        for at in (0..self.layers.len()).rev() {
            let outputs = self.layers[at].outputs.clone();
            if outputs.start < first {
                break;
            }
            self.sweep_terms(outputs.end..behind);
            self.layers[at].spread(&self.values, &mut self.adjoints);
            behind = outputs.start;
        }
        self.sweep_terms(first..behind);
    }

    fn sweep_terms(&mut self, terms: Range<usize>) {
        for k in terms.rev() {
            let adjoint = self.adjoints[k];
            if adjoint != 0.0 {
                let Term { partial, arg, other, continues } = self.terms[k];
                if other == FIRST_ORDER && arg != CONSTANT {
                    self.adjoints[arg as usize] += adjoint * partial;
                }
                if continues {
                    self.adjoints[k - 1] += adjoint;
                }
            }
        }
    }

    /// The gradient of the number that ends at `last` in the leaves `first..first + n`, into `out`. It stops where
    /// nothing is left to spread, and leaves every entry of `space`, one a term, 0.
    fn gradient_of(&self, last: u32, first: usize, out: &mut [f64], space: &mut [f64]) {
        out.fill(0.0);
        let behind = first + out.len();
        let mut add = |space: &mut [f64], at: usize, share: f64| {
            if at >= behind {
                let is_new = space[at] == 0.0;
                space[at] += share;
                return usize::from(is_new && share != 0.0);
            }
            if at >= first {
                out[at - first] += share;
            }
            0
        };
        let mut pending = add(space, last as usize, 1.0);
        for k in (behind..=last as usize).rev() {
            if pending == 0 {
                return;
            }
            let adjoint = std::mem::take(&mut space[k]);
            if adjoint != 0.0 {
                pending -= 1;
                let Term { partial, arg, other, continues } = self.terms[k];
                if other == FIRST_ORDER && arg != CONSTANT {
                    pending += add(space, arg as usize, adjoint * partial);
                }
                if continues {
                    pending += add(space, k - 1, adjoint);
                }
            }
        }
    }
}

/// The run of a new variable.
pub(super) fn new_leaf() -> u32 {
    TAPE.with_borrow_mut(|tape| tape.push(Term::first(CONSTANT, 0.0)))
}

/// The run that ends at `run`, and `partial * d arg`.
pub(super) fn with_partial(run: u32, arg: u32, partial: f64) -> u32 {
    if arg == CONSTANT {
        return run;
    }
    TAPE.with_borrow_mut(|tape| tape.extend(run, Term::first(arg, partial)))
}

/// The run that ends at `run`, and `partial * d a d a'`.
pub(super) fn with_square(run: u32, a: u32, partial: f64) -> u32 {
    if a == CONSTANT {
        return run;
    }
    TAPE.with_borrow_mut(|tape| tape.extend(run, Term { partial, arg: a, other: a, continues: false }))
}

/// The run that ends at `run`, and `partial * (d a d b' + d b d a')`.
pub(super) fn with_cross(run: u32, a: u32, b: u32, partial: f64) -> u32 {
    if a == b {
        return with_square(run, a, 2.0 * partial);
    }
    if a == CONSTANT || b == CONSTANT {
        return run;
    }
    TAPE.with_borrow_mut(|tape| tape.extend(run, Term { partial, arg: a, other: b, continues: false }))
}

/// The run of a sum. The summand that ends the tape is the one to go on with: a sum costs one term as long as it grows.
pub(super) fn sum(a: u32, b: u32) -> u32 {
    match (a, b) {
        (CONSTANT, run) | (run, CONSTANT) => run,
        _ => with_partial(a.max(b), a.min(b), 1.0),
    }
}

/// Records a dense layer, and gives its outputs to `out`, one after another.
pub(super) fn dense(
    weights: impl ExactSizeIterator<Item = Entry> + Clone,
    biases: impl ExactSizeIterator<Item = Entry> + Clone,
    inputs: impl ExactSizeIterator<Item = Entry> + Clone,
    out: impl FnMut(Entry),
) {
    TAPE.with_borrow_mut(|tape| tape.dense(weights, biases, inputs, out));
}

/// A place on the thread's tape. What is recorded after it is forgotten when it is dropped.
#[derive(Debug)]
pub(crate) struct Mark(pub(super) usize);

impl Mark {
    pub(crate) fn here() -> Self {
        Self(TAPE.with_borrow(|tape| tape.terms.len()))
    }

    /// Sweeps from the number whose run ends at `last` back to this mark. The adjoints of what was recorded before it add
    /// up over such sweeps, and a sweep from a constant takes them on, back to an earlier mark.
    pub(super) fn sweep_from(&self, last: u32) {
        TAPE.with_borrow_mut(|tape| {
            tape.adjoints.resize(tape.terms.len(), 0.0);
            if last != CONSTANT {
                tape.adjoints[last as usize] += 1.0;
            }
            tape.sweep(self.0);
        });
    }

    /// Calls `f` with each leaf's number and adjoint. The leaves are those made right after this mark.
    pub(crate) fn adjoints(&self, leaves: usize, f: impl FnMut((usize, &f64))) {
        TAPE.with_borrow(|tape| tape.adjoints[self.0..self.0 + leaves].iter().enumerate().for_each(f));
    }

    /// After a sweep to this mark: adds the second derivatives of its output in the `n` leaves made right after this mark;
    /// with layers row by row, since these have more second-order terms than leaves.
    pub(crate) fn add_hessian(&self, n: usize, hessian: &mut [f64]) {
        let has_layers = TAPE.with_borrow(|tape| tape.layers.last().is_some_and(|layer| layer.outputs.start >= self.0));
        if has_layers {
            for (j, row) in hessian.chunks_exact_mut(n).enumerate() {
                self.bend_along((0..n).map(|k| f64::from(u8::from(k == j))));
                self.bends(n, |(k, h)| row[k] += h);
            }
            return;
        }
        TAPE.with_borrow(|tape| {
            let mut space = vec![0.0; tape.terms.len()];
            let (mut a, mut b) = (vec![0.0; n], vec![0.0; n]);
            for (k, term) in tape.terms.iter().enumerate().skip(self.0) {
                let weight = tape.adjoints[k] * term.partial;
                if term.other == FIRST_ORDER || weight == 0.0 {
                    continue;
                }
                tape.gradient_of(term.arg, self.0, &mut a, &mut space);
                if term.other == term.arg {
                    add_outer(hessian, &a, &a, weight);
                } else {
                    tape.gradient_of(term.other, self.0, &mut b, &mut space);
                    add_outer(hessian, &a, &b, weight);
                    add_outer(hessian, &b, &a, weight);
                }
            }
        });
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        TAPE.with_borrow_mut(|tape| {
            tape.terms.truncate(self.0);
            tape.adjoints.truncate(self.0);
            tape.tangents.truncate(self.0);
            tape.bends.truncate(self.0);
            let kept = tape.copies.partition_point(|copy| (copy.first as usize) < self.0);
            tape.copies.truncate(kept);
            let kept = tape.layers.partition_point(|layer| layer.outputs.start < self.0);
            if let Some(first) = tape.layers.get(kept) {
                tape.values.truncate(first.values);
                tape.layers.truncate(kept);
            }
        });
    }
}

/// hessian += weight a b'
fn add_outer(hessian: &mut [f64], a: &[f64], b: &[f64], weight: f64) {
    for (row, a) in hessian.chunks_mut(b.len()).zip(a).filter(|(_, a)| **a != 0.0) {
        row.iter_mut().zip(b).for_each(|(h, b)| *h += weight * a * b);
    }
}
