//! Numbers that a model's body makes of forms, kept as expressions so that a density can have them at any node.
//!
//! A form that is neither affine nor the exponential of something affine keeps how it was made: affine + rest, with what is
//! affine in one place, so that it is one leaf. The thread keeps the entries, until the visit that they belong to is over.

use crate::numbers::form::Form;
use crate::numbers::leaves::{self, LeafFunction};
use crate::numbers::number::{Elementary, Number};
use std::cell::RefCell;

/// Expressions of one visit that are kept; what is made beyond has no known structure.
const MOST_ENTRIES: usize = 4096;

thread_local! {
    static ENTRIES: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
}

/// Runs `f`, and forgets the expressions and the terms of the forms that it made: none of them may be used afterwards.
pub(crate) fn forgetting<T>(f: impl FnOnce() -> T) -> T {
    let before = ENTRIES.with_borrow(Vec::len);
    let out = crate::numbers::form::forgetting(f);
    ENTRIES.with_borrow_mut(|entries| entries.truncate(before));
    out
}

/// A number of a model's body.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Operand {
    /// Affine, or exp of something affine; or of unknown structure.
    Form(Form),
    /// The expression of that number among the thread's.
    Kept(usize),
}

/// How a number was made.
#[derive(Clone, Copy, Debug)]
enum Made {
    /// affine + rest, which is none of these.
    Shifted(Form, Inner),
    Scaled(f64, Inner),
    Sum(Inner, Inner),
    Product(Operand, Operand),
    Elementary(Elementary, Operand),
}

/// A number without an affine part.
#[derive(Clone, Copy, Debug)]
enum Inner {
    Exp(Form),
    Kept(usize),
}

/// An expression, and what it was at the node where it was last looked at.
struct Entry {
    made: Made,
    node: u64,
    now: LeafFunction,
}

/// affine + rest.
struct Parts {
    affine: Form,
    rest: Option<Inner>,
}

fn keep(made: Made) -> Option<Operand> {
    ENTRIES.with_borrow_mut(|entries| {
        (entries.len() < MOST_ENTRIES).then(|| {
            entries.push(Entry { made, node: 0, now: LeafFunction::default() });
            Operand::Kept(entries.len() - 1)
        })
    })
}

fn kept(made: Made) -> Option<Inner> {
    match keep(made)? {
        Operand::Kept(at) => Some(Inner::Kept(at)),
        Operand::Form(_) => None,
    }
}

impl Inner {
    fn operand(self) -> Operand {
        match self {
            Self::Exp(form) => Operand::Form(form),
            Self::Kept(at) => Operand::Kept(at),
        }
    }
}

impl Operand {
    /// affine + rest; `None` for what has no known structure.
    fn parts(self) -> Option<Parts> {
        let zero = Form::constant(0.0);
        match self {
            Self::Form(form) => match form.affine() {
                Some(_) => Some(Parts { affine: form, rest: None }),
                None => form.ln_affine().map(|_| Parts { affine: zero, rest: Some(Inner::Exp(form)) }),
            },
            Self::Kept(at) => Some(match ENTRIES.with_borrow(|entries| entries[at].made) {
                Made::Shifted(affine, rest) => Parts { affine, rest: Some(rest) },
                _ => Parts { affine: zero, rest: Some(Inner::Kept(at)) },
            }),
        }
    }

    /// `self + factor * other`.
    pub(super) fn plus(self, factor: f64, other: Self) -> Option<Self> {
        let (a, b) = (self.parts()?, other.parts()?);
        let affine = a.affine.add(b.affine.scale(factor));
        let is_one = factor.to_bits() == 1.0_f64.to_bits();
        let scaled = |rest: Inner| if is_one { Some(rest) } else { kept(Made::Scaled(factor, rest)) };
        let rest = match (a.rest, b.rest) {
            (Some(a), Some(b)) => kept(Made::Sum(a, scaled(b)?))?,
            (Some(a), None) => a,
            (None, Some(b)) => scaled(b)?,
            (None, None) => return None,
        };
        if affine.as_constant() == Some(0.0) { Some(rest.operand()) } else { keep(Made::Shifted(affine, rest)) }
    }

    /// `self * other`.
    pub(super) fn times(self, other: Self) -> Option<Self> {
        self.parts().and(other.parts())?;
        keep(Made::Product(self, other))
    }

    /// `f(self)`.
    pub(super) fn through(self, f: Elementary) -> Option<Self> {
        self.parts()?;
        keep(Made::Elementary(f, self))
    }

    /// The number as a function of the leaves at the node.
    pub(super) fn function(self) -> LeafFunction {
        match self {
            Self::Form(form) => leaves::function(&form),
            Self::Kept(at) => {
                let node = leaves::node_number();
                let (made, known) = ENTRIES.with_borrow(|entries| {
                    let entry = &entries[at];
                    (entry.made, (entry.node == node).then_some(entry.now))
                });
                known.unwrap_or_else(|| {
                    let now = if leaves::is_opaque() { LeafFunction::default() } else { made.function() };
                    ENTRIES.with_borrow_mut(|entries| {
                        entries[at].node = node;
                        entries[at].now = now;
                    });
                    now
                })
            }
        }
    }
}

impl Made {
    fn function(self) -> LeafFunction {
        match self {
            Self::Shifted(affine, rest) => leaves::function(&affine).add(rest.operand().function()),
            Self::Scaled(factor, of) => of.operand().function().scale(factor),
            Self::Sum(a, b) => a.operand().function().add(b.operand().function()),
            Self::Product(a, b) => a.function().mul(b.function()),
            Self::Elementary(f, of) => {
                let of = of.function();
                let [value, first, second] = f.at(of.value());
                of.chain(value, first, second)
            }
        }
    }
}
