//! When a climb stops, and where it ended.

use crate::density::Density;
use crate::elbo::{Bound, Elbo};
use crate::guide::Guide;
use crate::linalg::arrow::{Arrow, Moving};
use crate::optimize::history::History;

/// Widest block for which second derivatives are taken by default, where something is sampled.
const WIDEST_SAMPLED: usize = 64;
/// Widest block for which second derivatives are taken by default, where nothing is sampled.
const WIDEST_CLOSED: usize = 256;

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Most iterations.
    pub(crate) iterations: usize,
    /// Converged when the gradient's norm in the guide's metric is at most this, in nats.
    pub(crate) tolerance: f64,
    /// Which guides move; the gradient is that of those.
    pub(crate) moving: Moving,
    /// Stops where there is no hope of an ELBO above this.
    pub(crate) beat: f64,
}

/// Where a climb ended.
#[derive(Clone, Debug)]
pub(crate) struct ClimbEnd {
    pub(crate) guide: Guide,
    pub(crate) elbo: Elbo,
    /// The ELBO's second-order expansion there; `None` where blocks are too wide for one.
    pub(crate) arrow: Option<Arrow>,
    pub(crate) iterations: usize,
    pub(crate) gradient_norm: f64,
    pub(crate) end: End,
    /// The ELBO at the start and after each iteration.
    pub(crate) trace: Vec<f64>,
    /// The guide on the way.
    pub(crate) history: History,
}

/// Why a climb ended.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// At a maximum: the gradient is small, and the ELBO curves down wherever that was looked at.
    Converged,
    /// The gradient is small, but the ELBO curves up in some direction.
    Saddle,
    /// No step raises the ELBO, though its gradient is not small.
    Stuck,
    /// It took as many steps as it might, had no hope of what it was to beat, or met a number that is not finite.
    Stopped,
}

/// Told of every iteration of a climb: its number, and the ELBO.
pub(crate) type Watch<'w> = &'w mut dyn FnMut(usize, f64);

/// Whether no block is too wide for second derivatives.
pub(crate) fn is_narrow(density: &Density<'_>) -> bool {
    density.widest_block() <= if density.is_sampled() { WIDEST_SAMPLED } else { WIDEST_CLOSED }
}

impl ClimbEnd {
    /// What is known at a guide that a climb led to: the terms of the ELBO, and its second-order expansion unless blocks are
    /// too wide for one.
    pub(crate) fn at(bound: &Bound<'_>, guide: Guide) -> Self {
        let (elbo, arrow) = if is_narrow(bound.density) {
            let expansion = bound.expand(&guide);
            (expansion.elbo, Some(expansion.arrow))
        } else {
            (bound.value(&guide), None)
        };
        let (trace, history) = (Vec::new(), History::default());
        Self { guide, elbo, arrow, iterations: 0, gradient_norm: 0.0, end: End::Stopped, trace, history }
    }
}
