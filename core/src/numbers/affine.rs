//! Affine functions of the latents' unconstrained coordinates.

use std::cell::RefCell;
use std::ops::Range;

thread_local! {
    /// The terms of all affine forms of this thread, one behind the other: a form itself is only a range of them.
    static TERMS: RefCell<Vec<(usize, f64)>> = const { RefCell::new(Vec::new()) };
}

/// Runs `f`, and forgets the terms of the forms it made.
pub(super) fn forgetting<T>(f: impl FnOnce() -> T) -> T {
    let before = TERMS.with_borrow(Vec::len);
    let out = f();
    TERMS.with_borrow_mut(|terms| terms.truncate(before));
    out
}

/// constant + sum of coefficient * u\[coordinate\], over unconstrained coordinates of the block (globals, then the task's locals).
///
/// Its terms are kept by the thread that made it, until the visit of the model that it belongs to is over.
#[derive(Clone, Copy, Debug)]
pub struct Affine {
    /// The part that does not vary.
    pub constant: f64,
    first: usize,
    len: usize,
}

impl PartialEq for Affine {
    fn eq(&self, other: &Self) -> bool {
        self.constant == other.constant && self.terms() == other.terms()
    }
}

impl Affine {
    /// A form that does not vary.
    pub fn constant(constant: f64) -> Self {
        Self { constant, first: 0, len: 0 }
    }

    /// The coordinate `u[coordinate]` itself.
    pub fn coordinate(coordinate: usize) -> Self {
        Self::keep(0.0, |terms| terms.push((coordinate, 1.0)))
    }

    /// A form of the terms that `push` adds, in ascending order of their coordinates.
    fn keep(constant: f64, push: impl FnOnce(&mut Vec<(usize, f64)>)) -> Self {
        TERMS.with_borrow_mut(|terms| {
            let first = terms.len();
            push(terms);
            Self { constant, first, len: terms.len() - first }
        })
    }

    fn range(&self) -> Range<usize> {
        self.first..self.first + self.len
    }

    /// Whether it names no coordinate.
    pub fn is_constant(&self) -> bool {
        self.len == 0
    }

    /// Pairs of coordinate and coefficient, each coordinate once, ascending.
    pub fn terms(&self) -> Vec<(usize, f64)> {
        TERMS.with_borrow(|terms| terms[self.range()].to_vec())
    }

    /// Calls `f` with each coordinate and its coefficient, ascending; it must not make forms.
    pub(crate) fn each_term(&self, f: impl FnMut(&(usize, f64))) {
        TERMS.with_borrow(|terms| terms[self.range()].iter().for_each(f));
    }

    /// Hands the terms to `f`, without a copy.
    pub(crate) fn with_terms<T>(&self, f: impl FnOnce(&[(usize, f64)]) -> T) -> T {
        TERMS.with_borrow(|terms| f(&terms[self.range()]))
    }

    /// Where its thread keeps its terms: forms of one place have the same terms.
    pub(crate) fn place(&self) -> Range<usize> {
        self.range()
    }

    /// `factor * self`.
    pub fn scaled(self, factor: f64) -> Self {
        Self::keep(self.constant * factor, |terms| {
            terms.extend_from_within(self.range());
            let first = terms.len() - self.len;
            terms[first..].iter_mut().for_each(|term| term.1 *= factor);
        })
    }

    /// `self + factor * other`.
    pub fn plus(self, factor: f64, other: &Self) -> Self {
        let constant = self.constant + factor * other.constant;
        if other.is_constant() {
            return Self { constant, ..self };
        }
        if self.is_constant() {
            return Self { constant, ..other.scaled(factor) };
        }
        if factor.to_bits() == 1.0_f64.to_bits() && self.leads_to(other) {
            return Self { constant, first: self.first, len: self.len + other.len };
        }
        Self::keep(constant, |terms| {
            let (mut a, mut b) = (self.range(), other.range());
            while !(a.is_empty() && b.is_empty()) {
                let coordinate = |rest: &Range<usize>| rest.clone().next().map(|at| terms[at].0);
                let (of_a, of_b) = (coordinate(&a), coordinate(&b));
                let next = of_a.into_iter().chain(of_b).min().unwrap_or_default();
                let mut coefficient = 0.0;
                if of_a == Some(next) {
                    coefficient += terms[a.start].1;
                    a.start += 1;
                }
                if of_b == Some(next) {
                    coefficient += factor * terms[b.start].1;
                    b.start += 1;
                }
                terms.push((next, coefficient));
            }
        })
    }

    /// Whether the terms of the other follow on those of this one, as they do in a sum written in order: then the two
    /// ranges are one.
    fn leads_to(&self, other: &Self) -> bool {
        let end = self.first + self.len;
        end == other.first && TERMS.with_borrow(|terms| terms[end - 1].0 < terms[end].0)
    }

    /// Whether the two name no coordinate in common: then they are independent under the mean-field guide.
    pub fn is_disjoint(&self, other: &Self) -> bool {
        TERMS.with_borrow(|terms| {
            let others = &terms[other.range()];
            terms[self.range()].iter().all(|term| others.binary_search_by_key(&term.0, |other| other.0).is_err())
        })
    }
}
