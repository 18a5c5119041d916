//! The Hessian times a vector: derivatives of the adjoints along tangents of the leaves.
//!
//! With t the tangents, a the adjoints and b their derivatives along t, forwards and then backwards,
//!
//! ```text
//! t_k = t_(k-1) if the run began before term k, and partial t_arg of a term of first order
//! b_arg += b_k partial,  b_(k-1) += b_k if the run began before term k
//! b_arg += a_k partial t_other,  b_other += a_k partial t_arg of a term of second order, once for a square
//! ```
//!
//! (Griewank & Walther 2008, chapter 5). It costs some sweeps, however many leaves there are.

use crate::numbers::tape::layer::CONSTANT;
use crate::numbers::tape::{FIRST_ORDER, Mark, TAPE, Tape, Term};
use std::ops::Range;

impl Tape {
    /// The layers whose outputs stand from `first` on.
    fn layers_from(&self, first: usize) -> Range<usize> {
        self.layers.partition_point(|layer| layer.outputs.start < first)..self.layers.len()
    }

    /// Tangents of the terms from `first` on, those before being known.
    fn push_forward(&mut self, first: usize) {
        let mut next = first;
        for at in self.layers_from(first) {
            let outputs = self.layers[at].outputs.clone();
            self.push_terms_forward(next..outputs.start);
            self.layers[at].push_forward(&self.values, &mut self.tangents);
            next = outputs.end;
        }
        self.push_terms_forward(next..self.terms.len());
    }

    fn push_terms_forward(&mut self, terms: Range<usize>) {
        for k in terms {
            let Term { partial, arg, other, continues } = self.terms[k];
            let before = if continues { self.tangents[k - 1] } else { 0.0 };
            let moves = other == FIRST_ORDER && arg != CONSTANT;
            self.tangents[k] = before + if moves { partial * self.tangents[arg as usize] } else { 0.0 };
        }
    }

    /// Spreads the derivatives of the adjoints of the terms from `first` on to what they are made of.
    fn bend(&mut self, first: usize) {
        let mut behind = self.terms.len();
        for at in self.layers_from(first).rev() {
            let outputs = self.layers[at].outputs.clone();
            self.bend_terms(outputs.end..behind);
            self.layers[at].bend(&self.values, [&self.tangents, &self.adjoints], &mut self.bends);
            behind = outputs.start;
        }
        self.bend_terms(first..behind);
    }

    fn bend_terms(&mut self, terms: Range<usize>) {
        for k in terms.rev() {
            let (bend, Term { partial, arg, other, continues }) = (self.bends[k], self.terms[k]);
            if other != FIRST_ORDER {
                let weight = self.adjoints[k] * partial;
                self.bends[arg as usize] += weight * self.tangents[other as usize];
                if other != arg {
                    self.bends[other as usize] += weight * self.tangents[arg as usize];
                }
            } else if arg != CONSTANT {
                self.bends[arg as usize] += bend * partial;
            }
            if continues {
                self.bends[k - 1] += bend;
            }
        }
    }

    /// Space for as many tangents and bends as there are terms; those from `first` on are 0.
    fn forget_bends(&mut self, first: usize) {
        for numbers in [&mut self.tangents, &mut self.bends] {
            numbers.truncate(first);
            numbers.resize(self.terms.len(), 0.0);
        }
    }
}

impl Mark {
    /// After a sweep of second order to this mark: how the adjoints change as the leaves made right after it move by `along`.
    /// What was recorded before the mark does not move; how its adjoints change adds up over such calls.
    pub(crate) fn bend_along(&self, along: impl IntoIterator<Item = f64>) {
        TAPE.with_borrow_mut(|tape| {
            tape.forget_bends(self.0);
            let mut leaves = 0;
            for (tangent, by) in tape.tangents[self.0..].iter_mut().zip(along) {
                *tangent = by;
                leaves += 1;
            }
            tape.push_forward(self.0 + leaves);
            tape.bend(self.0);
        });
    }

    /// Takes the changes that such calls have left with what was recorded right after this mark, which does not move itself,
    /// back to it.
    pub(crate) fn bend_back(&self) {
        TAPE.with_borrow_mut(|tape| {
            let Tape { terms, adjoints, tangents, bends, .. } = tape;
            for numbers in [adjoints, tangents, bends] {
                numbers.resize(terms.len(), 0.0);
            }
            tape.bend(self.0);
        });
    }

    /// Calls `f` with each leaf's number and the change of its adjoint. The leaves are those made right after this mark.
    pub(crate) fn bends(&self, leaves: usize, f: impl FnMut((usize, &f64))) {
        TAPE.with_borrow(|tape| tape.bends[self.0..self.0 + leaves].iter().enumerate().for_each(f));
    }
}
