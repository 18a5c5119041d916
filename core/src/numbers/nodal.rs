//! The algebra of expectations over nodes: a number that a model's body makes is a [`Form`], and an expression where that
//! has no simple structure; in a density, evaluated at a node, it is a function of at most three leaves, with derivatives.
//!
//! In the body every number keeps its structure. What reads it at a node sees the values that its leaves have there, and the
//! leaves as independent variables; all arithmetic from there on is that of dual numbers.

use crate::numbers::expression::Operand;
use crate::numbers::form::Form;
use crate::numbers::leaves;
pub use crate::numbers::leaves::LeafFunction;
use crate::numbers::number::{DenseLayer, Elementary, Number, Real};

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
    fn dense(layer: &impl DenseLayer<Self>) -> Vec<Real<Self>> {
        if leaves::at_node() {
            return layer.by_operations();
        }
        // each such product reads leaves of its own
        layer.unless_wide(leaves::MOST_LEAVES, |value| Self::Form(Form::opaque(value)))
    }
    fn form(self) -> Form {
        match self {
            Self::Form(form) | Self::Expression(form, _) => form,
            Self::Function(function) => Form::opaque(function.value()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::{BernoulliLogit, Distribution, StudentT};
    use crate::numbers::Real;
    use crate::numbers::dual::Lanes;
    use crate::numbers::expression::forgetting;

    fn coordinate(j: usize, value: f64) -> Real<Nodal> {
        Real(Nodal::coordinate(j, value))
    }

    /// A density at a node, and the same of the leaves themselves.
    fn check(
        count: usize,
        node: &[f64],
        density: &dyn Fn() -> Real<Nodal>,
        of: impl Fn(&[Real<LeafFunction>]) -> Real<LeafFunction>,
    ) {
        let value = || density().0.function();
        assert_eq!(leaves::number_of(&value), Some(count));
        leaves::begin();
        leaves::evaluate(&value);
        leaves::move_to(node);
        let found = leaves::evaluate(&value);
        let seeds: Vec<_> = node.iter().enumerate().map(|(k, &z)| Real(LeafFunction::variable(z, k))).collect();
        let expected = of(&seeds).0;
        let near = |a: f64, b: f64| (a - b).abs() < 1e-12 * (1.0 + b.abs());
        assert!(near(found.value(), expected.value()), "{found:?} {expected:?}");
        assert!(found.partials().iter().zip(expected.partials()).all(|(a, b)| near(*a, *b)), "{found:?} {expected:?}");
        assert!(found.triangle().iter().zip(expected.triangle()).all(|(a, b)| near(*a, *b)), "{found:?} {expected:?}");
    }

    #[test]
    fn densities_are_functions_of_their_leaves() {
        forgetting(|| {
            let (a, b, r) = (coordinate(0, 0.3), coordinate(1, -0.2), coordinate(2, 0.1));
            let eta = a + b * 1.5 + 0.4;
            check(1, &[0.9], &|| BernoulliLogit(eta).ln_density(1), |z| BernoulliLogit(z[0]).ln_density(1));
            // a known leaf by a factor and a shift
            check(1, &[0.9], &|| (2.0 * eta - 1.0).sigmoid() * eta, |z| (2.0 * z[0] - 1.0).sigmoid() * z[0]);
            let s = r.exp() * 2.0;
            // the scale is read first
            let of = |z: &[Real<LeafFunction>]| StudentT(4.0, z[1], z[0].exp()).ln_density(0.7);
            check(2, &[-0.3, 0.9], &|| StudentT(4.0, eta, s).ln_density(0.7), of);
        });
    }

    #[test]
    fn expressions_of_the_body_are_functions_too() {
        forgetting(|| {
            let (a, b, r) = (coordinate(0, 0.3), coordinate(1, -0.2), coordinate(2, 0.1));
            let non_centred = a + r.exp() * b + 2.0 * a - 0.5;
            check(3, &[0.9, 0.2, -1.3], &|| non_centred.sigmoid(), |z| (z[0] + z[1].exp() * z[2]).sigmoid());
            let survival = -(1.7 / (a + 0.3 * b).exp()).pow(r.exp());
            // the shape is read first, and then the logarithm of the ratio
            check(2, &[0.4, -0.8], &|| survival, |z| -(z[0].exp() * z[1]).exp());
        });
    }

    #[test]
    fn what_has_too_many_leaves_has_none() {
        forgetting(|| {
            let [a, b, c, d] = [0, 1, 2, 3].map(|j| coordinate(j, 0.1 * j as f64));
            let (product, unknown, sum) = (a * b * c * d, a.chain(0.3, 1.0, 0.0), (a + b + c + d).exp());
            assert_eq!(leaves::number_of(&|| product.0.function()), None);
            assert_eq!(leaves::number_of(&|| unknown.0.function()), None);
            assert_eq!(leaves::number_of(&|| sum.0.function()), Some(1));
        });
    }
}
