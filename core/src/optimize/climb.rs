//! The state of a climb with second derivatives: what Newton's method and EM share.

use crate::elbo::{Bound, Expansion};
use crate::guide::Guide;
use crate::guide::metric::Metric;
use crate::linalg::arrow::{Arrow, Moving};
use crate::optimize::ended::{End, Ended, Limits, Watch};
use crate::optimize::history::History;
use crate::optimize::saddle::{MOST_ESCAPES, escaped, way_up};

/// A log-scale moves no further than this in a step with second derivatives.
pub(crate) const LONGEST_LN_SCALE_STEP: f64 = 3.0;

/// A climb under way.
pub(crate) struct Climb<'b> {
    pub(crate) bound: &'b Bound<'b>,
    pub(crate) limits: Limits,
    pub(crate) guide: Guide,
    /// The ELBO there.
    pub(crate) value: f64,
    pub(crate) expansion: Expansion,
    pub(crate) metric: Metric,
    pub(crate) gradient_norm: f64,
    pub(crate) iterations: usize,
    escapes: usize,
    pub(crate) trace: Vec<f64>,
    history: History,
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
        let expansion = expand(bound, &guide, limits.moving);
        let mut climb = Self {
            bound,
            limits,
            value: 0.0,
            metric: Metric::of(&guide, &expansion.arrow),
            guide,
            expansion,
            gradient_norm: 0.0,
            iterations: 0,
            escapes: 0,
            trace: Vec::new(),
            history: History::default(),
        };
        climb.measure();
        climb
    }

    fn measure(&mut self) {
        self.metric = Metric::of(&self.guide, &self.expansion.arrow);
        self.gradient_norm = self.metric.norm(&self.expansion.arrow.gradient());
        self.value = self.expansion.elbo.total();
    }

    /// Goes on from another guide, after one iteration more.
    pub(crate) fn move_to(&mut self, guide: Guide) {
        self.go_on_from(guide);
        self.iterations += 1;
    }

    fn go_on_from(&mut self, guide: Guide) {
        self.guide = guide;
        self.expansion = expand(self.bound, &self.guide, self.limits.moving);
        self.measure();
    }

    /// Tells who watches where the climb is.
    pub(crate) fn report(&mut self, watch: Watch<'_>) {
        watch(self.iterations, self.value);
        self.history.visit(self.iterations, &self.guide);
    }

    pub(crate) fn arrow(&self) -> &Arrow {
        &self.expansion.arrow
    }

    pub(crate) fn may_go_on(&self) -> bool {
        self.iterations < self.limits.iterations && self.gradient_norm.is_finite()
    }

    /// Whether the gradient is small.
    pub(crate) fn is_level(&self) -> bool {
        self.gradient_norm <= self.limits.tolerance
    }

    /// Looks for a direction in which the ELBO curves up, and takes it where that leads above `beyond`.
    pub(crate) fn look_around(&mut self, beyond: f64) -> WayOut {
        let may_look = self.limits.moving == Moving::Both;
        let Some(step) = may_look.then(|| way_up(self.arrow(), &self.metric)).flatten() else { return WayOut::None };
        if !self.may_go_on() || self.escapes >= MOST_ESCAPES {
            return WayOut::Seen;
        }
        let value = |length: f64| {
            let mut step = step.clone();
            step.iter_mut().for_each(|p| *p *= length);
            let guide = self.guide.moved(&step, LONGEST_LN_SCALE_STEP).guide;
            (self.bound.value(&guide).total(), guide)
        };
        let Some(guide) = escaped(beyond + 10.0 * rounding(beyond), value) else { return WayOut::Seen };
        self.go_on_from(guide);
        self.escapes += 1;
        WayOut::Taken
    }

    pub(crate) fn end(self, end: End) -> Ended {
        let Self { guide, expansion: Expansion { elbo, arrow }, iterations, gradient_norm, trace, history, .. } = self;
        Ended { guide, elbo, arrow: Some(arrow), iterations, gradient_norm, end, trace, history }
    }
}

fn expand(bound: &Bound<'_>, guide: &Guide, moving: Moving) -> Expansion {
    let mut expansion = bound.expand(guide);
    expansion.arrow.hold(moving);
    expansion
}

/// What an ELBO of this size may be off by.
pub(crate) fn rounding(elbo: f64) -> f64 {
    1e-13 * (1.0 + elbo.abs())
}
