//! The state of a climb with second derivatives: what Newton's method and EM share.

use crate::elbo::{Bound, Elbo, Expansion};
use crate::guide::Guide;
use crate::guide::metric::Metric;
use crate::linalg::arrow::{Arrow, Moving};
use crate::optimize::climb_end::{ClimbEnd, End, Limits, Watch};
use crate::optimize::history::History;
use crate::optimize::saddle::{MOST_ESCAPES, escaped, way_up};

/// A log-scale moves no further than this in a step with second derivatives.
pub(crate) const LONGEST_LN_SCALE_STEP: f64 = 3.0;

/// A climb under way.
pub(crate) struct Climb<'b> {
    pub(crate) bound: &'b Bound<'b>,
    pub(crate) limits: Limits,
    pub(crate) at: At,
    pub(crate) iterations: usize,
    escapes: usize,
    pub(crate) trace: Vec<f64>,
    history: History,
}

/// Where a climb is, and what the ELBO is like there.
pub(crate) struct At {
    pub(crate) guide: Guide,
    pub(crate) elbo: Elbo,
    /// The total of the ELBO.
    pub(crate) value: f64,
    pub(crate) arrow: Arrow,
    pub(crate) metric: Metric,
    pub(crate) gradient_norm: f64,
}

impl At {
    /// The expansion at a guide, of which the given factors move.
    fn new(bound: &Bound<'_>, guide: Guide, moving: Moving) -> Self {
        let Expansion { elbo, mut arrow } = bound.expand(&guide);
        arrow.hold(moving);
        let metric = Metric::of(&guide, &arrow);
        Self { value: elbo.total(), gradient_norm: metric.norm(&arrow.gradient()), guide, elbo, arrow, metric }
    }
}

/// What a look for a way up found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WayOut {
    /// The ELBO curves down in every direction.
    None,
    /// It curves up in some, but no step along it was taken.
    Seen,
    /// The climb goes on from there; who asked counts the iteration.
    Taken,
}

impl<'b> Climb<'b> {
    pub(crate) fn new(bound: &'b Bound<'b>, guide: Guide, limits: Limits) -> Self {
        let at = At::new(bound, guide, limits.moving);
        Self { bound, limits, at, iterations: 0, escapes: 0, trace: Vec::new(), history: History::default() }
    }

    /// What the ELBO is like at another guide.
    pub(crate) fn look_at(&self, guide: Guide) -> At {
        At::new(self.bound, guide, self.limits.moving)
    }

    /// Goes on from another place, after one iteration more.
    pub(crate) fn move_to(&mut self, at: At) {
        self.at = at;
        self.iterations += 1;
    }

    /// Tells who watches where the climb is.
    pub(crate) fn report(&mut self, watch: Watch<'_>) {
        watch(self.iterations, self.at.value);
        self.history.visit(self.iterations, &self.at.guide);
    }

    pub(crate) fn may_go_on(&self) -> bool {
        self.iterations < self.limits.iterations && self.at.gradient_norm.is_finite()
    }

    /// Whether the gradient is small.
    pub(crate) fn is_level(&self) -> bool {
        self.at.gradient_norm <= self.limits.tolerance
    }

    /// Looks for a direction in which the ELBO curves up, and takes it where that leads above `beyond`.
    pub(crate) fn look_around(&mut self, beyond: f64) -> WayOut {
        let may_look = self.limits.moving == Moving::Both;
        let Some(step) = may_look.then(|| way_up(&self.at.arrow, &self.at.metric)).flatten() else {
            return WayOut::None;
        };
        if !self.may_go_on() || self.escapes >= MOST_ESCAPES {
            return WayOut::Seen;
        }
        let value = |length: f64| {
            let mut step = step.clone();
            step.iter_mut().for_each(|p| *p *= length);
            let guide = self.at.guide.moved(&step, LONGEST_LN_SCALE_STEP).guide;
            (self.bound.value(&guide).total(), guide)
        };
        let Some(guide) = escaped(beyond + 10.0 * rounding(beyond), value) else { return WayOut::Seen };
        self.at = self.look_at(guide);
        self.escapes += 1;
        WayOut::Taken
    }

    pub(crate) fn end(self, end: End) -> ClimbEnd {
        let Self { at: At { guide, elbo, arrow, gradient_norm, .. }, iterations, trace, history, .. } = self;
        ClimbEnd { guide, elbo, arrow: Some(arrow), iterations, gradient_norm, end, trace, history }
    }
}

/// What an ELBO of this size may be off by.
pub(crate) fn rounding(elbo: f64) -> f64 {
    1e-13 * (1.0 + elbo.abs())
}
