//! The algebra of expectations over nodes: a number that a model's body makes is a [`Form`]; in a density, evaluated at a
//! node, it is a function of at most three leaves, with derivatives in them.
//!
//! In the body every number keeps its structure. What reads a form at a node sees the value that its leaf has there, and the
//! leaf as an independent variable; all arithmetic from there on is that of dual numbers.

use crate::numbers::dual::Lanes;
use crate::numbers::form::Form;
use crate::numbers::leaves;
pub use crate::numbers::leaves::LeafFunction;
use crate::numbers::number::Number;

/// A number of known structure, or its value at a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Nodal {
    /// What a model's body makes.
    Form(Form),
    /// What a density makes of it.
    Function(LeafFunction),
}

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
            Self::Form(form) => match leaves::read(&form) {
                Some(at) => LeafFunction::variable(0.0, at.leaf).chain(at.value, at.first, at.second),
                None => LeafFunction::constant(form.value()),
            },
        }
    }

    #[inline(always)]
    fn one(self, form: impl FnOnce(Form) -> Form, function: impl FnOnce(LeafFunction) -> LeafFunction) -> Self {
        match self {
            Self::Form(of) if !leaves::at_node() => Self::Form(form(of)),
            of => Self::Function(function(of.function())),
        }
    }

    #[inline(always)]
    fn two(
        self,
        other: Self,
        form: impl FnOnce(Form, Form) -> Form,
        function: impl FnOnce(LeafFunction, LeafFunction) -> LeafFunction,
    ) -> Self {
        match (self, other) {
            (Self::Form(a), Self::Form(b)) if !leaves::at_node() => Self::Form(form(a, b)),
            (a, b) => Self::Function(function(a.function(), b.function())),
        }
    }
}

impl Default for Nodal {
    fn default() -> Self {
        Self::Form(Form::default())
    }
}

macro_rules! by_part {
    ($($method:ident($($arg:ident)*);)*) => {$(
        fn $method(self, $($arg: f64),*) -> Self {
            self.one(|of| of.$method($($arg),*), |of| of.$method($($arg),*))
        }
    )*};
    (with other: $($method:ident)*) => {$(
        fn $method(self, other: Self) -> Self {
            self.two(other, Form::$method, LeafFunction::$method)
        }
    )*};
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
        match self {
            Self::Function(function) => function.value(),
            Self::Form(form) if leaves::at_node() => leaves::read(&form).map_or(form.value(), |at| at.value),
            Self::Form(form) => form.value(),
        }
    }
    fn add_partial(&mut self, arg: Self, partial: f64) {
        match self {
            Self::Function(to) => to.add_partial(arg.function(), partial),
            Self::Form(to) => to.add_partial(arg.form(), partial),
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
    by_part! {
        shift(shift);
        chain(f first second);
        scale(factor);
        exp();
        ln();
        recip();
        sqrt();
        powf(power);
    }
    by_part! { with other: add sub mul div }
    fn form(self) -> Form {
        match self {
            Self::Form(form) => form,
            Self::Function(function) => Form::opaque(function.value()),
        }
    }
}
