//! The structure of a number as an expression in the latents: what makes closed-form expectations possible.
//!
//! [`Form`] remembers whether it is affine in the unconstrained coordinates, the exponential of something affine, or a sum
//! of products of such; a model computes with it as with any number. Under the mean-field guide the coordinates are
//! independent normals, so a log density that is a [`ClosedForm`] of them has an exact expectation; a distribution says so
//! in `closed_form`.

use crate::numbers::affine;
pub use crate::numbers::affine::Affine;
use crate::numbers::mixed;
pub use crate::numbers::mixed::{MixedForm, MixedProduct};

/// Runs `f`, and forgets the terms of the forms it made: none of them may be used afterwards.
pub(crate) fn forgetting<T>(f: impl FnOnce() -> T) -> T {
    affine::forgetting(|| mixed::forgetting(f))
}

/// A number that remembers its structure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Form {
    pub(super) value: f64,
    pub(super) kind: FormKind,
}

/// What is known of a [`Form`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum FormKind {
    /// An affine number.
    Affine(Affine),
    /// exp of something affine, hence positive.
    Exp(Affine),
    /// A sum of products of the two.
    Mixed(MixedForm),
    /// A number of unknown structure.
    Opaque,
}

impl Form {
    /// A number of unknown structure.
    pub fn opaque(value: f64) -> Self {
        Self { value, kind: FormKind::Opaque }
    }

    /// The unconstrained coordinate `u[coordinate]`, now at `value`.
    pub fn coordinate(coordinate: usize, value: f64) -> Self {
        Self { value, kind: FormKind::Affine(Affine::coordinate(coordinate)) }
    }

    /// As an affine form, if it is one.
    pub fn affine(&self) -> Option<Affine> {
        match self.kind {
            FormKind::Affine(a) => Some(a),
            FormKind::Exp(a) if a.is_constant() => Some(Affine::constant(a.constant.exp())),
            _ => None,
        }
    }

    /// The logarithm as an affine form, if it is one.
    pub fn ln_affine(&self) -> Option<Affine> {
        match self.kind {
            FormKind::Exp(a) => Some(a),
            FormKind::Affine(a) if a.is_constant() && a.constant > 0.0 => Some(Affine::constant(a.constant.ln())),
            _ => None,
        }
    }

    /// As a sum of products, if it is one.
    pub fn mixed(&self) -> Option<MixedForm> {
        match self.kind {
            FormKind::Affine(a) => Some(MixedForm::from(a)),
            FormKind::Exp(a) => MixedForm::constant(1.0).times_exp(&a),
            FormKind::Mixed(mixed) => Some(mixed),
            FormKind::Opaque => None,
        }
    }

    /// The constant, if it is one.
    pub fn as_constant(&self) -> Option<f64> {
        self.affine().filter(Affine::is_constant).map(|a| a.constant)
    }

    /// A number of that affine form; opaque without one.
    pub(super) fn from_affine(value: f64, affine: Option<Affine>) -> Self {
        Self { value, kind: affine.map_or(FormKind::Opaque, FormKind::Affine) }
    }

    /// A number whose logarithm has that affine form; opaque without one.
    pub(super) fn from_exp(value: f64, exponent: Option<Affine>) -> Self {
        Self { value, kind: exponent.map_or(FormKind::Opaque, FormKind::Exp) }
    }

    /// A number that is that sum of products; opaque without one.
    pub(super) fn from_mixed(value: f64, mixed: Option<MixedForm>) -> Self {
        Self { value, kind: mixed.map_or(FormKind::Opaque, FormKind::Mixed) }
    }
}

/// affine + factor * exp(exponent) * square^2: the log densities whose expectation under the guide is known exactly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClosedForm {
    /// The part that is affine in the coordinates.
    pub affine: Affine,
    /// factor, exponent.
    pub exponential: Option<ExponentialTerm>,
}

/// factor * exp(exponent) * square^2, where no exponent, that of a product within the square neither, names a coordinate
/// that is a factor: see [`MixedForm::is_known_under`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExponentialTerm {
    /// A constant factor.
    pub factor: f64,
    /// The exponent.
    pub exponent: Affine,
    /// What is squared; the constant 1 when there is no such factor.
    pub square: MixedForm,
}
