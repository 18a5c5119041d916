//! The structure of a number as an expression in the latents: what makes closed-form expectations possible.
//!
//! [`Form`] is a [`Number`] that remembers whether it is affine in the unconstrained coordinates, or the exponential of
//! something affine. Under the mean-field guide the coordinates are independent normals, so a log density that is
//! a [`ClosedForm`] of them has an exact expectation; a distribution says so in `closed_form`.

use crate::number::Number;

/// How many coordinates an affine form can name; a wider one is opaque.
const MOST_TERMS: usize = 8;

/// constant + sum of coefficient * u\[coordinate\], over unconstrained coordinates of the block (globals, then the task's locals).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine {
    /// The part that does not vary.
    pub constant: f64,
    len: usize,
    terms: [(usize, f64); MOST_TERMS],
}

impl Affine {
    /// A form that does not vary.
    pub fn constant(constant: f64) -> Self {
        Self { constant, len: 0, terms: [(0, 0.0); MOST_TERMS] }
    }

    /// The coordinate `u[coordinate]` itself.
    pub fn coordinate(coordinate: usize) -> Self {
        let mut out = Self::constant(0.0);
        out.terms[0] = (coordinate, 1.0);
        out.len = 1;
        out
    }

    /// Pairs of coordinate and coefficient, each coordinate once.
    pub fn terms(&self) -> &[(usize, f64)] {
        &self.terms[..self.len]
    }

    /// `factor * self`.
    pub fn scaled(mut self, factor: f64) -> Self {
        self.constant *= factor;
        for term in &mut self.terms[..self.len] {
            term.1 *= factor;
        }
        self
    }

    /// `self + factor * other`; `None` when it would name too many coordinates.
    pub fn plus(mut self, factor: f64, other: &Self) -> Option<Self> {
        self.constant += factor * other.constant;
        for &(coordinate, coefficient) in other.terms() {
            let known = self.terms[..self.len].iter().position(|t| t.0 == coordinate);
            let at = known.unwrap_or(self.len);
            *self.terms.get_mut(at)? = (coordinate, factor * coefficient + known.map_or(0.0, |k| self.terms[k].1));
            self.len = self.len.max(at + 1);
        }
        Some(self)
    }

    /// Whether the two name no coordinate in common: then they are independent under the mean-field guide.
    pub fn is_disjoint(&self, other: &Self) -> bool {
        self.terms().iter().all(|a| other.terms().iter().all(|b| a.0 != b.0))
    }
}

/// A number that remembers its structure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Form {
    value: f64,
    structure: Structure,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Structure {
    Affine(Affine),
    /// exp of something affine, hence positive.
    Exp(Affine),
    Opaque,
}

impl Form {
    /// A number of unknown structure.
    pub fn opaque(value: f64) -> Self {
        Self { value, structure: Structure::Opaque }
    }

    /// The unconstrained coordinate `u[coordinate]`, now at `value`.
    pub fn coordinate(coordinate: usize, value: f64) -> Self {
        Self { value, structure: Structure::Affine(Affine::coordinate(coordinate)) }
    }

    /// As an affine form, if it is one.
    pub fn affine(&self) -> Option<Affine> {
        match self.structure {
            Structure::Affine(a) => Some(a),
            Structure::Exp(a) if a.len == 0 => Some(Affine::constant(a.constant.exp())),
            _ => None,
        }
    }

    /// The logarithm as an affine form, if it is one.
    pub fn ln_affine(&self) -> Option<Affine> {
        match self.structure {
            Structure::Exp(a) => Some(a),
            Structure::Affine(a) if a.len == 0 && a.constant > 0.0 => Some(Affine::constant(a.constant.ln())),
            _ => None,
        }
    }

    /// The constant, if it is one.
    pub fn as_constant(&self) -> Option<f64> {
        self.affine().filter(|a| a.len == 0).map(|a| a.constant)
    }

    fn from_affine(value: f64, affine: Option<Affine>) -> Self {
        Self { value, structure: affine.map_or(Structure::Opaque, Structure::Affine) }
    }

    fn from_exp(value: f64, exponent: Option<Affine>) -> Self {
        Self { value, structure: exponent.map_or(Structure::Opaque, Structure::Exp) }
    }
}

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
        let sum = self.affine().zip(other.affine()).and_then(|(a, b)| a.plus(1.0, &b));
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
                let sum = self.ln_affine().zip(other.ln_affine()).and_then(|(a, b)| a.plus(1.0, &b));
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
        match self.structure {
            Structure::Affine(a) => Self::from_affine(value, Some(a.scaled(factor))),
            Structure::Exp(a) if factor > 0.0 => Self::from_exp(value, a.plus(1.0, &Affine::constant(factor.ln()))),
            _ => Self::opaque(value),
        }
    }
    fn chain(self, f: f64, _: f64, _: f64) -> Self {
        if self.as_constant().is_some() { Self::constant(f) } else { Self::opaque(f) }
    }
    fn add_partial(&mut self, _: Self, _: f64) {
        self.structure = Structure::Opaque;
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

/// affine + factor * exp(exponent) * square^2: the log densities whose expectation under the guide is known exactly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClosedForm {
    /// The part that is affine in the coordinates.
    pub affine: Affine,
    /// factor, exponent.
    pub exponential: Option<Exponential>,
}

/// factor * exp(exponent) * square^2, where the two forms name no coordinate in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exponential {
    /// A constant factor.
    pub factor: f64,
    /// The exponent.
    pub exponent: Affine,
    /// What is squared; the constant 1 when there is no such factor.
    pub square: Affine,
}
