//! Discrete supports: whole numbers, held in `f64`. None can be a continuous latent's.

use crate::numbers::Number;
use crate::support::{FiniteSupport, Support};

/// 0 or 1 (`false` or `true`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binary;

/// 0, 1, 2, ...
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count;

/// 0, 1, ..., up to and including the bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CountUpTo(pub f64);

/// The number of a category, counted from 0: 0, 1, ..., one less than the bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Categories(pub usize);

/// Whether `x` is one of 0, 1, 2, ...
pub(crate) fn is_count(x: f64) -> bool {
    x >= 0.0 && x.is_finite() && x.fract() == 0.0
}

impl<N: Number> Support<N> for Binary {
    fn contains(&self, x: f64) -> bool {
        [0.0, 1.0].contains(&x)
    }
    fn describe(&self) -> String {
        "0 or 1".into()
    }
}

impl<N: Number> Support<N> for Count {
    fn contains(&self, x: f64) -> bool {
        is_count(x)
    }
    fn describe(&self) -> String {
        "a count: 0, 1, 2, ...".into()
    }
}

impl<N: Number> Support<N> for CountUpTo {
    fn contains(&self, x: f64) -> bool {
        is_count(x) && x <= self.0
    }
    fn describe(&self) -> String {
        format!("a count from 0 to {}", self.0)
    }
}

impl<N: Number> Support<N> for Categories {
    fn contains(&self, x: f64) -> bool {
        is_count(x) && x < self.0 as f64
    }
    fn describe(&self) -> String {
        format!("the number of a category, from 0 to {}", self.0.saturating_sub(1))
    }
}

impl FiniteSupport for Binary {
    fn num_values(&self) -> usize {
        2
    }
}

impl FiniteSupport for Categories {
    fn num_values(&self) -> usize {
        self.0
    }
}

impl FiniteSupport for CountUpTo {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded down, and at least 0")]
    fn num_values(&self) -> usize {
        (self.0.max(0.0) as usize).saturating_add(1)
    }
}
