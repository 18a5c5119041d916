//! The algebra of structure: what sums, products and functions make of a [`Form`].
//!
//! ```text
//! affine + affine and affine * constant are affine
//! exp(a) exp(b) = exp(a + b), exp(a)^p = exp(p a), ln(exp(a)) = a
//! ```
//!
//! Everything else is opaque.

use crate::numbers::form::{Affine, Form, FormKind};
use crate::numbers::number::Number;

impl Default for Form {
    fn default() -> Self {
        Self::constant(0.0)
    }
}

impl Number for Form {
    /// A form has no derivatives, but asks for joins as if it had first ones, to learn that they make it opaque.
    const ORDER: usize = 1;

    fn constant(value: f64) -> Self {
        Self::from_affine(value, Some(Affine::constant(value)))
    }
    fn value(self) -> f64 {
        self.value
    }
    fn add(self, other: Self) -> Self {
        let sum = self.affine().zip(other.affine()).map(|(a, b)| a.plus(1.0, &b));
        Self::from_affine(self.value + other.value, sum)
    }
    fn sub(self, other: Self) -> Self {
        self.add(other.scale(-1.0))
    }
    fn mul(self, other: Self) -> Self {
        match (self.as_constant(), other.as_constant()) {
            (Some(c), _) => other.scale(c),
            (_, Some(c)) => self.scale(c),
            _ => {
                let sum = self.ln_affine().zip(other.ln_affine()).map(|(a, b)| a.plus(1.0, &b));
                Self::from_exp(self.value * other.value, sum)
            }
        }
    }
    fn div(self, other: Self) -> Self {
        self.mul(other.recip())
    }
    fn shift(self, shift: f64) -> Self {
        self.add(Self::constant(shift))
    }
    fn scale(self, factor: f64) -> Self {
        let value = self.value * factor;
        match self.kind {
            FormKind::Affine(a) => Self::from_affine(value, Some(a.scaled(factor))),
            FormKind::Exp(a) if factor > 0.0 => {
                Self::from_exp(value, Some(a.plus(1.0, &Affine::constant(factor.ln()))))
            }
            _ => Self::opaque(value),
        }
    }
    fn chain(self, f: f64, _: f64, _: f64) -> Self {
        if self.as_constant().is_some() { Self::constant(f) } else { Self::opaque(f) }
    }
    fn add_partial(&mut self, _: Self, _: f64) {
        self.kind = FormKind::Opaque;
    }
    fn add_square(&mut self, _: Self, _: f64) {}
    fn add_cross(&mut self, _: Self, _: Self, _: f64) {}
    fn exp(self) -> Self {
        Self::from_exp(self.value.exp(), self.affine())
    }
    fn ln(self) -> Self {
        Self::from_affine(self.value.ln(), self.ln_affine())
    }
    fn recip(self) -> Self {
        self.powf(-1.0)
    }
    fn sqrt(self) -> Self {
        self.powf(0.5)
    }
    fn powf(self, power: f64) -> Self {
        Self::from_exp(self.value.powf(power), self.ln_affine().map(|a| a.scaled(power)))
    }
    fn form(self) -> Form {
        self
    }
}
