//! The algebra of expectations over nodes: a number that a model's body makes is a [`Form`], and an expression where that
//! has no simple structure; in a density, evaluated at a node, it is a function of at most three leaves, with derivatives.
//!
//! In the body every number keeps its structure. What reads it at a node sees the values that its leaves have there, and the
//! leaves as independent variables; all arithmetic from there on is that of dual numbers.

use crate::numbers::expression::Operand;
use crate::numbers::form::Form;
use crate::numbers::leaves;
pub use crate::numbers::leaves::LeafFunction;
use crate::numbers::number::{Elementary, Number};

/// A number of known structure, or its value at a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Nodal {
    /// What a model's body makes, if it is affine, or exp of something affine, or of unknown structure.
    Form(Form),
    /// What else a model's body makes.
    Expression(Form, Expression),
    /// What a density makes of it.
    Function(LeafFunction),
}

/// A number that is known by how it was made; its thread keeps that until the visit of the model is over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expression(usize);

impl Nodal {
    /// The unconstrained coordinate `u[coordinate]`, now at `value`.
    pub fn coordinate(coordinate: usize, value: f64) -> Self {
        Self::Form(Form::coordinate(coordinate, value))
    }

    /// The number as a function of the leaves at the node.
    #[inline]
    pub(crate) fn function(self) -> LeafFunction {
        match self {
            Self::Function(function) => function,
            Self::Form(form) => leaves::function(&form),
            Self::Expression(_, Expression(at)) => Operand::Kept(at).function(),
        }
    }

    fn operand(self) -> Operand {
        match self {
            Self::Expression(_, Expression(at)) => Operand::Kept(at),
            other => Operand::Form(other.form()),
        }
    }

    /// A number of that form, which was made as `made` says where the form does not tell.
    fn made(form: Form, made: impl FnOnce() -> Option<Operand>) -> Self {
        if form.affine().is_some() || form.ln_affine().is_some() {
            return Self::Form(form);
        }
        match made() {
            Some(Operand::Kept(at)) => Self::Expression(form, Expression(at)),
            Some(Operand::Form(form)) => Self::Form(form),
            None => Self::Form(form),
        }
    }

    /// In a body the form and the operand, in a density the function.
    #[inline(always)]
    fn one(
        self,
        form: impl FnOnce(Form) -> Form,
        made: impl FnOnce(Operand) -> Option<Operand>,
        function: impl FnOnce(LeafFunction) -> LeafFunction,
    ) -> Self {
        if leaves::at_node() {
            Self::Function(function(self.function()))
        } else {
            Self::made(form(self.form()), || made(self.operand()))
        }
    }

    #[inline(always)]
    fn two(
        self,
        other: Self,
        form: impl FnOnce(Form, Form) -> Form,
        made: impl FnOnce(Operand, Operand) -> Option<Operand>,
        function: impl FnOnce(LeafFunction, LeafFunction) -> LeafFunction,
    ) -> Self {
        if leaves::at_node() {
            Self::Function(function(self.function(), other.function()))
        } else {
            Self::made(form(self.form(), other.form()), || made(self.operand(), other.operand()))
        }
    }
}

impl Default for Nodal {
    fn default() -> Self {
        Self::Form(Form::default())
    }
}

macro_rules! functions {
    ($($method:ident $f:ident;)*) => {$(
        fn $method(self) -> Self {
            self.one(Form::$method, |of| of.through(Elementary::$f), LeafFunction::$method)
        }
    )*};
}

/// `factor * of`.
fn scaled(of: Operand, factor: f64) -> Option<Operand> {
    Operand::Form(Form::constant(0.0)).plus(factor, of)
}

fn product(a: Operand, b: Operand) -> Option<Operand> {
    match (a, b) {
        (Operand::Form(form), of) | (of, Operand::Form(form)) if form.as_constant().is_some() => {
            scaled(of, form.as_constant()?)
        }
        _ => a.times(b),
    }
}

impl Number for Nodal {
    const ORDER: usize = 2;

    fn constant(value: f64) -> Self {
        if leaves::at_node() {
            Self::Function(LeafFunction::constant(value))
        } else {
            Self::Form(Form::constant(value))
        }
    }
    fn value(self) -> f64 {
        if leaves::at_node() { self.function().value() } else { self.form().value() }
    }
    fn shift(self, shift: f64) -> Self {
        let constant = Operand::Form(Form::constant(shift));
        self.one(|of| of.shift(shift), |of| of.plus(1.0, constant), |of| of.shift(shift))
    }
    fn add_partial(&mut self, arg: Self, partial: f64) {
        match self {
            Self::Function(to) => to.add_partial(arg.function(), partial),
            Self::Form(to) | Self::Expression(to, _) => {
                to.add_partial(arg.form(), partial);
                *self = Self::Form(*to);
            }
        }
    }
    fn add_square(&mut self, a: Self, partial: f64) {
        if let Self::Function(to) = self {
            to.add_square(a.function(), partial);
        }
    }
    fn add_cross(&mut self, a: Self, b: Self, partial: f64) {
        if let Self::Function(to) = self {
            to.add_cross(a.function(), b.function(), partial);
        }
    }
    fn chain(self, f: f64, first: f64, second: f64) -> Self {
        self.one(|of| of.chain(f, first, second), |_| None, |of| of.chain(f, first, second))
    }
    fn elementary(self, f: Elementary) -> Self {
        self.one(|of| of.elementary(f), |of| of.through(f), |of| of.elementary(f))
    }
    fn settled(self) -> Self {
        if leaves::at_node() { Self::Function(self.function()) } else { self }
    }
    fn add(self, other: Self) -> Self {
        self.two(other, Form::add, |a, b| a.plus(1.0, b), LeafFunction::add)
    }
    fn sub(self, other: Self) -> Self {
        self.two(other, Form::sub, |a, b| a.plus(-1.0, b), LeafFunction::sub)
    }
    fn mul(self, other: Self) -> Self {
        self.two(other, Form::mul, product, LeafFunction::mul)
    }
    fn div(self, other: Self) -> Self {
        self.mul(other.recip())
    }
    fn scale(self, factor: f64) -> Self {
        self.one(|of| of.scale(factor), |of| scaled(of, factor), |of| of.scale(factor))
    }
    functions! {
        exp Exp;
        ln Ln;
        recip Recip;
    }
    fn sqrt(self) -> Self {
        self.powf(0.5)
    }
    fn powf(self, power: f64) -> Self {
        self.one(|of| of.powf(power), |of| of.through(Elementary::Powf(power)), |of| of.powf(power))
    }
    fn form(self) -> Form {
        match self {
            Self::Form(form) | Self::Expression(form, _) => form,
            Self::Function(function) => Form::opaque(function.value()),
        }
    }
}
