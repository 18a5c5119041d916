//! Damped Newton on a deterministic ELBO: guide means and log-scales together.
//!
//! A step solves (-H + damping * D) p = g, with D the Fisher information of the guide, which makes the damping free of
//! units. The damping falls when the step gained what the quadratic model promised, and rises otherwise (Nielsen 1999;
//! Nocedal & Wright 2006, section 4).

use crate::elbo::Bound;
use crate::guide::Guide;
use crate::guide::metric::{Metric, Move};
use crate::linalg::arrow::{Arrow, ArrowVector};
use crate::optimize::climb::{At, Climb, LONGEST_LN_SCALE_STEP, WayOut, rounding};
use crate::optimize::climb_end::{ClimbEnd, End, Limits, Watch};

/// Where the damping starts, and the range it is kept in; beyond the upper end no step helps any more.
const FIRST_DAMPING: f64 = 1.0;
const LEAST_DAMPING: f64 = 1e-12;
const MOST_DAMPING: f64 = 1e14;
/// Every so many steps the climb looks for a way up that the gradient does not tell: near a saddle, damping makes steps
/// short.
const LOOK_AROUND: usize = 8;
/// A climb gains no more than this many times what the quadratic model promises.
const MOST_HOPE: f64 = 4.0;
/// A step gains at least this part of what the quadratic model promises.
const LEAST_SHARE: f64 = 1e-4;

/// Climbs from `guide` to a stationary point of the ELBO.
pub(crate) fn newton(bound: &Bound<'_>, guide: Guide, limits: Limits, watch: Watch<'_>) -> ClimbEnd {
    let mut climb = Climb::new(bound, guide, limits);
    let mut damping = Damping::default();
    loop {
        climb.report(watch);
        climb.trace.push(climb.at.value);
        let is_level = climb.is_level();
        if is_level || climb.may_go_on() && climb.iterations % LOOK_AROUND == LOOK_AROUND - 1 {
            // on the way, a saddle is worth leaving where that gains more than the last step did
            let last = climb.trace.len() - 1;
            let gained = if is_level { 0.0 } else { climb.trace[last] - climb.trace[last - 1] };
            match climb.look_around(climb.at.value + gained.max(0.0)) {
                WayOut::Taken => {
                    climb.iterations += 1;
                    damping = Damping::default();
                    continue;
                }
                WayOut::Seen if is_level => return climb.end(End::Saddle),
                WayOut::None if is_level => return climb.end(End::Converged),
                _ => {}
            }
        }
        if !climb.may_go_on() || is_beaten(&climb) {
            return climb.end(End::Stopped);
        }
        match damping.step(&climb) {
            Some(at) => climb.move_to(at),
            None => return climb.end(End::Stuck),
        }
    }
}

/// How much a step is damped, and how fast that grows.
struct Damping {
    size: f64,
    growth: f64,
}

impl Default for Damping {
    fn default() -> Self {
        Self { size: FIRST_DAMPING, growth: 2.0 }
    }
}

impl Damping {
    /// Where a step leads that raises the ELBO; `None` if no step does.
    fn step(&mut self, climb: &Climb<'_>) -> Option<At> {
        while self.size <= MOST_DAMPING {
            let factorised = climb.at.arrow.factorise(self.size, climb.at.metric.diagonal());
            if let Some(step) = factorised.map(|f| f.solve(&climb.at.arrow))
                && let Some(at) = self.tried(climb, &step)
            {
                return Some(at);
            }
            self.size = self.size.max(1e-8) * self.growth;
            self.growth *= 2.0;
        }
        None
    }

    /// Where the step leads, if that gains what it should.
    fn tried(&mut self, climb: &Climb<'_>, step: &ArrowVector) -> Option<At> {
        let Move { guide, is_shortened } = climb.at.guide.moved(step, LONGEST_LN_SCALE_STEP);
        // at nodes the derivatives come with the value: most steps are taken, and then they are wanted
        let is_integrated = climb.bound.density.is_integrated() && !climb.bound.density.is_sampled();
        let at = is_integrated.then(|| climb.look_at(guide.clone()));
        let value = at.as_ref().map_or_else(|| climb.bound.value(&guide).total(), |at| at.value);
        let gain = value - climb.at.value;
        let promised = promised(&climb.at.arrow, step, &climb.at.metric, self.size);
        // close to the top the gain drowns in rounding: a step the model promises next to nothing for is taken
        let rounding = rounding(climb.at.value);
        let is_enough = gain > 0.0 && gain >= LEAST_SHARE * promised;
        if !gain.is_finite() || !(is_enough || promised < rounding && gain > -10.0 * rounding) {
            return None;
        }
        let ratio = if promised > rounding { gain / promised } else { 1.0 };
        if !is_shortened || ratio > 0.5 {
            self.size = (self.size * (1.0 - (2.0 * ratio - 1.0).powi(3)).clamp(0.05, 2.0)).max(LEAST_DAMPING);
        }
        self.growth = 2.0;
        Some(at.unwrap_or_else(|| climb.look_at(guide)))
    }
}

/// Whether the climb cannot hope to reach what it is to beat.
fn is_beaten(climb: &Climb<'_>) -> bool {
    let gain = climb.limits.beat - climb.at.value;
    let (arrow, metric) = (&climb.at.arrow, &climb.at.metric);
    let newton_step = || arrow.factorise(0.0, metric.diagonal()).map(|f| f.solve(arrow));
    gain > 0.0 && newton_step().is_some_and(|step| MOST_HOPE * promised(arrow, &step, metric, 0.0) < gain)
}

/// What the quadratic model says the step gains: with (-H + damping D) p = g, it is (p' g + damping p' D p) / 2.
fn promised(arrow: &Arrow, step: &ArrowVector, metric: &Metric, damping: f64) -> f64 {
    let part = |g: &[f64], p: &[f64], d: &[f64]| {
        g.iter().zip(p).zip(d).map(|((g, p), d)| p * g + damping * p * p * d).sum::<f64>()
    };
    let metric = metric.diagonal();
    let tasks = part(&arrow.tasks.gradient.numbers, &step.tasks.numbers, &metric.tasks.numbers);
    0.5 * (part(arrow.global_gradient.as_slice(), step.global.as_slice(), metric.global.as_slice()) + tasks)
}
