//! The leaves of a function of affine forms: what a density sees of the latents, and where each stands at the node in use.
//!
//! A distribution's density is asked for at nodes, while its parameters are the same numbers each time. So it is the thread
//! that knows where they stand: an affine form that the density reads is a leaf, or a known one by a factor and a shift; the
//! exponential of an affine form is a function of that form's leaf.

use crate::numbers::dual::{Dual2, Lanes};
use crate::numbers::form::{Affine, Form};
use crate::numbers::number::Number;
use std::cell::{Cell, RefCell};
use std::ops::Range;

/// The most leaves of a density whose expectation is taken over nodes.
pub(crate) const MOST_LEAVES: usize = 3;

/// A function of the leaves at a node: value, gradient and Hessian.
pub type LeafFunction = Dual2<MOST_LEAVES, { MOST_LEAVES * (MOST_LEAVES + 1) / 2 }>;

thread_local! {
    static AT_NODE: Cell<bool> = const { Cell::new(false) };
    static LEAVES: RefCell<Leaves> = const { RefCell::new(Leaves::new()) };
}

/// What the density in hand has read.
struct Leaves {
    forms: Vec<Affine>,
    /// Where each leaf stands.
    node: [f64; MOST_LEAVES],
    known: Vec<KnownForm>,
    /// Whether it read what is no function of so many affine forms.
    is_opaque: bool,
    /// Counts the nodes that this thread has seen, the starts of densities too.
    number: u64,
}

/// A form that has been read: offset + factor * leaf, or exp of that.
#[derive(Clone)]
struct KnownForm {
    place: Range<usize>,
    constant: f64,
    is_exp: bool,
    leaf: usize,
    offset: f64,
    factor: f64,
    /// What it is at the node.
    now: LeafFunction,
}

impl Leaves {
    const fn new() -> Self {
        Self { forms: Vec::new(), node: [0.0; MOST_LEAVES], known: Vec::new(), is_opaque: false, number: 0 }
    }

    /// A form that is affine, or exp of something affine, at the node; `None` if it would be one leaf too many. A leaf not
    /// seen before stands where its form is.
    #[inline]
    fn read(&mut self, affine: &Affine, is_exp: bool, value: f64) -> Option<&LeafFunction> {
        let place = affine.place();
        let is_same = |known: &KnownForm| {
            known.place == place && known.is_exp == is_exp && known.constant.to_bits() == affine.constant.to_bits()
        };
        let at = match self.known.iter().position(is_same) {
            Some(at) => at,
            None => self.meet(affine, is_exp, value)?,
        };
        Some(&self.known[at].now)
    }

    /// The number, among the known forms, of one that was not among them.
    fn meet(&mut self, affine: &Affine, is_exp: bool, value: f64) -> Option<usize> {
        let Some((leaf, factor)) = self.leaf_of(affine, if is_exp { value.ln() } else { value }) else {
            self.is_opaque = true;
            return None;
        };
        let offset = affine.constant - factor * self.forms[leaf].constant;
        let (place, constant, now) = (affine.place(), affine.constant, LeafFunction::default());
        let mut known = KnownForm { place, constant, is_exp, leaf, offset, factor, now };
        known.move_to(&self.node);
        self.known.push(known);
        Some(self.known.len() - 1)
    }

    /// The leaf that a form is a multiple of, but for a shift, and the factor.
    fn leaf_of(&mut self, affine: &Affine, value: f64) -> Option<(usize, f64)> {
        let known = self.forms.iter().enumerate().find_map(|(leaf, form)| Some((leaf, ratio(affine, form)?)));
        known.or_else(|| {
            let leaf = self.forms.len();
            (leaf < MOST_LEAVES).then(|| {
                self.forms.push(*affine);
                self.node[leaf] = value;
                (leaf, 1.0)
            })
        })
    }
}

impl KnownForm {
    fn move_to(&mut self, node: &[f64; MOST_LEAVES]) {
        let inner = self.offset + self.factor * node[self.leaf];
        let leaf = LeafFunction::variable(0.0, self.leaf);
        self.now = if self.is_exp {
            let value = inner.exp();
            leaf.chain(value, self.factor * value, self.factor * self.factor * value)
        } else {
            leaf.chain(inner, self.factor, 0.0)
        };
    }
}

/// The factor between the terms of two forms, if they differ by no more than that.
fn ratio(of: &Affine, to: &Affine) -> Option<f64> {
    of.with_terms(|of| {
        to.with_terms(|to| {
            let same = of.len() == to.len() && of.iter().zip(to).all(|(a, b)| a.0 == b.0);
            let factor = of.first()?.1 / to.first()?.1;
            let is_multiple = |(a, b): (&(usize, f64), &(usize, f64))| (a.1 - factor * b.1).abs() <= 1e-14 * a.1.abs();
            (same && factor.is_finite() && of.iter().zip(to).all(is_multiple)).then_some(factor)
        })
    })
}

/// Whether a density is being evaluated at a node.
#[inline(always)]
pub(crate) fn at_node() -> bool {
    AT_NODE.get()
}

/// What a form is at the node; of one that is no function of a leaf, which is remembered, its value.
pub(crate) fn function(form: &Form) -> LeafFunction {
    let (affine, is_exp) = match (form.affine(), form.ln_affine()) {
        (Some(affine), _) if affine.is_constant() => return LeafFunction::constant(form.value),
        (Some(affine), _) => (affine, false),
        (None, Some(affine)) => (affine, true),
        (None, None) => {
            LEAVES.with_borrow_mut(|leaves| leaves.is_opaque = true);
            return LeafFunction::constant(form.value);
        }
    };
    LEAVES.with_borrow_mut(|leaves| {
        leaves.read(&affine, is_exp, form.value).copied().unwrap_or_else(|| LeafFunction::constant(form.value))
    })
}

/// Whether the density in hand has read what is no function of few leaves.
pub(crate) fn is_opaque() -> bool {
    LEAVES.with_borrow(|leaves| leaves.is_opaque)
}

/// Tells this thread's nodes apart.
pub(crate) fn node_number() -> u64 {
    LEAVES.with_borrow(|leaves| leaves.number)
}

/// Forgets the leaves of the density before.
pub(crate) fn begin() {
    LEAVES.with_borrow_mut(|leaves| {
        leaves.forms.clear();
        leaves.known.clear();
        leaves.is_opaque = false;
        leaves.number += 1;
    });
}

/// Evaluates a density where the leaves stand.
pub(crate) fn evaluate(density: &dyn Fn() -> LeafFunction) -> LeafFunction {
    /// Leaves the node however the density ends.
    struct Leaving;
    impl Drop for Leaving {
        fn drop(&mut self) {
            AT_NODE.set(false);
        }
    }
    let _leaving = Leaving;
    AT_NODE.set(true);
    density()
}

/// Moves the leaves to a node.
pub(crate) fn move_to(node: &[f64]) {
    LEAVES.with_borrow_mut(|leaves| {
        leaves.node[..node.len()].copy_from_slice(node);
        leaves.number += 1;
        let Leaves { known, node, .. } = leaves;
        for known in known {
            known.move_to(node);
        }
    });
}

/// Where the leaves stand.
pub(crate) fn node() -> [f64; MOST_LEAVES] {
    LEAVES.with_borrow(|leaves| leaves.node)
}

/// How many leaves were read so far; `None` if what was read is no function of so many as there may be.
pub(crate) fn count() -> Option<usize> {
    LEAVES.with_borrow(|leaves| (!leaves.is_opaque).then_some(leaves.forms.len()))
}

/// The form of a leaf.
pub(crate) fn form(leaf: usize) -> Affine {
    LEAVES.with_borrow(|leaves| leaves.forms[leaf])
}

/// Probes of a density, to meet the leaves that it reads at some nodes only.
const PROBES: [f64; 3] = [1.0, -1.0, 3.0];

/// How many leaves a density has; `None` if it is no function of so many as there may be.
pub(crate) fn number_of(density: &dyn Fn() -> LeafFunction) -> Option<usize> {
    begin();
    evaluate(density);
    count()?;
    let start = node();
    for away in PROBES {
        move_to(&start.map(|at| at + away));
        evaluate(density);
    }
    count()
}
