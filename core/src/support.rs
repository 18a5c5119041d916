//! Where a value can lie, and the map to it from the whole real line.
//!
//! Every latent has unconstrained coordinates u. Its support gives `constrain(u) -> (x, ln_jacobian)`, value and
//! log-Jacobian together. A file below is named after the support, not after a distribution that has it.

pub mod cholesky_corr;
pub mod circle;
mod correlation;
pub mod discrete;
pub mod interval;
pub mod moved;
pub mod or_zero;
pub mod ordered;
pub mod positive;
pub mod positive_vector;
pub mod real_line;
pub mod shown;
pub mod simplex;

pub use cholesky_corr::CholeskyCorr;
pub use circle::Circle;
pub use correlation::correlation;
pub use discrete::{Binary, Categories, Count, CountUpTo};
pub use interval::Interval;
pub use moved::Moved;
pub use or_zero::OrZero;
pub use ordered::Ordered;
pub use positive::{Lower, Positive, Upper};
pub use positive_vector::PositiveVector;
pub use real_line::{RealLine, RealVector};
pub use shown::Shown;
pub use simplex::Simplex;

use crate::numbers::{Number, Real};
use std::fmt::Debug;

/// Where a scalar value can lie.
pub trait Support<N: Number>: Clone + Debug {
    /// Whether `x` lies in it. Never true for NaN or an infinite value.
    fn contains(&self, x: f64) -> bool;

    /// Completes the sentence "must be ...": "a positive number".
    fn describe(&self) -> String;
}

/// A scalar support that an unconstrained coordinate can be mapped to: what a latent needs.
#[diagnostic::on_unimplemented(
    message = "a latent cannot be discrete: `{Self}` has no unconstrained coordinate",
    note = "where the macro sees the distribution, `z ~ Bernoulli(p)` in the plate, the latent is summed out",
    note = "for a vector latent, write `w[..] ~ ...`"
)]
pub trait Continuous<N: Number>: Support<N> {
    /// The value and the log-Jacobian ln |dx/du| at the unconstrained coordinate `u`.
    fn constrain(&self, u: Real<N>) -> (Real<N>, Real<N>);

    /// The unconstrained coordinate of `x`, a point of the support.
    fn unconstrain(&self, x: f64) -> f64;
}

/// A support of finitely many values, 0, 1, ...: what a discrete latent needs.
#[diagnostic::on_unimplemented(
    message = "a discrete latent needs finitely many values: `{Self}` has no number of them"
)]
pub trait FiniteSupport {
    /// How many values there are.
    fn num_values(&self) -> usize;
}

/// Where a vector can lie.
pub trait VectorSupport: Clone + Debug {
    /// Number of entries of a point.
    fn len(&self) -> usize;

    /// Whether a point has no entries.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of unconstrained coordinates.
    fn num_coordinates(&self) -> usize;

    /// Whether `x`, of `len` entries, lies in it. Never true for NaN or infinite entries.
    fn contains(&self, x: &[f64]) -> bool;

    /// What the table of a fit shows of a point.
    fn shown(&self) -> Shown {
        Shown::Entries
    }

    /// Completes the sentence "must be ...": "3 positive numbers that sum to 1".
    fn describe(&self) -> String;

    /// Appends the point with the unconstrained coordinates `u` to `x`; returns the log-Jacobian
    /// (of the `num_coordinates` entries that determine the point).
    fn constrain<N: Number>(&self, u: &[Real<N>], x: &mut Vec<Real<N>>) -> Real<N>;

    /// Appends the unconstrained coordinates of the point `x` to `u`.
    fn unconstrain(&self, x: &[f64], u: &mut Vec<f64>);
}
