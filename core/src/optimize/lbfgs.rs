//! Limited-memory BFGS (Nocedal & Wright 2006, algorithm 7.4) on the deterministic ELBO, preconditioned by the guide's
//! Fisher information: for blocks too wide for second derivatives.

use crate::elbo::Slope;
use crate::guide::Guide;
use crate::guide::metric::Metric;
use crate::linalg::arrow::ArrowVector;
use crate::optimize::climb_end::{End, Watch};
use crate::optimize::history::History;
use crate::optimize::saddle::{MOST_ESCAPES, escaped, way_up_by_differences};
use crate::sampling::stream::Stream;
use rand::RngExt;
use std::collections::VecDeque;

/// Pairs of step and gradient change remembered.
const MEMORY: usize = 50;
/// A step must gain this share of what the gradient promises (Armijo).
const SHARE: f64 = 1e-4;
const SHORTEST: f64 = 1e-10;
/// A log-scale moves no further than this in one step, whose curvature is not known.
const LONGEST_LN_SCALE_STEP: f64 = 2.0;

/// Where L-BFGS ended.
pub(crate) struct LbfgsEnd {
    pub(crate) guide: Guide,
    pub(crate) iterations: usize,
    pub(crate) gradient_norm: f64,
    pub(crate) end: End,
    pub(crate) trace: Vec<f64>,
    pub(crate) history: History,
}

/// When L-BFGS stops.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LbfgsLimits {
    /// Most iterations.
    pub(crate) iterations: usize,
    /// Converged when the gradient's norm in the guide's metric is at most this.
    pub(crate) tolerance: f64,
    /// Whether a small gradient is enough, or saddles are looked for and left.
    pub(crate) saddles: Saddles,
}

/// What is done about saddles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Saddles {
    Ignore,
    Leave,
}

/// A place, with the bound there and its gradient.
struct Position {
    guide: Guide,
    slope: Slope,
}

/// A climb under way.
struct Lbfgs<'b> {
    bound: &'b mut dyn FnMut(&Guide) -> Slope,
    limits: LbfgsLimits,
    at: Position,
    memory: VecDeque<CurvaturePair>,
    iterations: usize,
    escapes: usize,
    trace: Vec<f64>,
    history: History,
}

/// A step that was taken, and how minus the gradient changed.
struct CurvaturePair {
    step: ArrowVector,
    change: ArrowVector,
}

/// Where to go from a place.
struct Direction {
    step: ArrowVector,
    /// How fast the bound rises along it.
    slope: f64,
    gradient_norm: f64,
}

/// A step that gains enough.
struct Step {
    to: Position,
    /// How much of the direction leads there.
    length: f64,
}

/// Climbs the `bound` from `guide` until its gradient is small.
pub(crate) fn lbfgs(
    guide: Guide,
    limits: LbfgsLimits,
    bound: &mut dyn FnMut(&Guide) -> Slope,
    watch: Watch<'_>,
) -> LbfgsEnd {
    let at = Position { slope: bound(&guide), guide };
    let (trace, history) = (vec![at.slope.value], History::default());
    let memory = VecDeque::with_capacity(MEMORY);
    let mut climb = Lbfgs { bound, limits, at, memory, iterations: 0, escapes: 0, trace, history };
    loop {
        let direction = climb.direction();
        watch(climb.iterations, climb.at.slope.value);
        climb.history.visit(climb.iterations, &climb.at.guide);
        let norm = direction.gradient_norm;
        let may_go_on = climb.iterations < limits.iterations && norm.is_finite();
        if norm <= limits.tolerance {
            match climb.out_of_saddle() {
                Some(place) if may_go_on => climb.leave_for(place),
                Some(_) => return climb.end(norm, End::Saddle),
                None => return climb.end(norm, End::Converged),
            }
        } else if !may_go_on {
            return climb.end(norm, End::Stopped);
        } else if let Some(Step { to: place, length }) = climb.search(&direction) {
            climb.remember(&direction, length, &place);
            climb.at = place;
            climb.trace.push(climb.at.slope.value);
        } else if climb.memory.is_empty() {
            return climb.end(norm, End::Stuck);
        } else {
            climb.memory.clear();
        }
        climb.iterations += 1;
    }
}

impl Lbfgs<'_> {
    /// The two-loop recursion from the guide's metric, scaled to the curvature of the last step (Nocedal & Wright,
    /// equation 7.20 in that metric): an ascent direction.
    fn direction(&self) -> Direction {
        let metric = Metric::plain(&self.at.guide);
        let gradient = &self.at.slope.gradient;
        let mut q = gradient.clone();
        let mut shares = Vec::with_capacity(self.memory.len());
        for CurvaturePair { step, change } in self.memory.iter().rev() {
            let share = step.dot(&q) / step.dot(change);
            q.iter_mut().zip(change.iter()).for_each(|(q, c)| *q -= share * c);
            shares.push(share);
        }
        let scale = self
            .memory
            .back()
            .map_or(1.0, |CurvaturePair { step, change }| step.dot(change) / change.dot(&metric.natural_step(change)));
        let mut q = metric.natural_step(&q);
        q.iter_mut().for_each(|q| *q *= scale);
        for (CurvaturePair { step, change }, share) in self.memory.iter().zip(shares.into_iter().rev()) {
            let other = change.dot(&q) / step.dot(change);
            q.iter_mut().zip(step.iter()).for_each(|(q, s)| *q += (share - other) * s);
        }
        let slope = q.dot(gradient);
        // a point has no metric of its own: there the curvature seen so far serves
        let gradient_norm = if self.at.guide.is_point() { slope.sqrt() } else { metric.norm(gradient) };
        Direction { step: q, slope, gradient_norm }
    }

    /// The first step along the direction that gains enough.
    fn search(&mut self, direction: &Direction) -> Option<Step> {
        let Direction { step, slope, gradient_norm } = direction;
        let mut length = (LONGEST_LN_SCALE_STEP / step.longest_ln_scale()).min(1.0);
        if self.memory.is_empty() {
            // the curvature is not known yet: a coordinate moves by one of the guide's widths, in the root mean square
            length = length.min((step.iter().count() as f64).sqrt() / gradient_norm);
        }
        loop {
            let place = self.place(self.at.guide.moved_by(step, length));
            if place.slope.value.is_finite() && place.slope.value >= self.at.slope.value + SHARE * length * slope {
                return Some(Step { to: place, length });
            }
            length *= 0.5;
            if length < SHORTEST {
                return None;
            }
        }
    }

    fn place(&mut self, guide: Guide) -> Position {
        Position { slope: (self.bound)(&guide), guide }
    }

    /// Remembers the step to a place, unless the bound curves up along it.
    fn remember(&mut self, direction: &Direction, length: f64, place: &Position) {
        let mut step = direction.step.clone();
        step.iter_mut().for_each(|p| *p *= length);
        // of -elbo, which is minimised
        let mut change = self.at.slope.gradient.clone();
        change.iter_mut().zip(place.slope.gradient.iter()).for_each(|(old, new)| *old -= new);
        if step.dot(&change) > 1e-12 * change.dot(&change).sqrt() * step.dot(&step).sqrt() {
            if self.memory.len() == MEMORY {
                self.memory.pop_front();
            }
            self.memory.push_back(CurvaturePair { step, change });
        }
    }

    /// Goes on from a place that no step of the memory led to.
    fn leave_for(&mut self, place: Position) {
        self.at = place;
        self.trace.push(self.at.slope.value);
        self.memory.clear();
        self.escapes += 1;
    }

    /// A place beyond the saddle that the climb is at, if it is at one.
    fn out_of_saddle(&mut self) -> Option<Position> {
        if self.limits.saddles == Saddles::Ignore || self.escapes >= MOST_ESCAPES {
            return None;
        }
        let guide = self.at.guide.clone();
        let Slope { value, gradient } = &self.at.slope;
        let (value, flat): (f64, Vec<f64>) = (*value, gradient.iter().copied().collect());
        let width = Metric::plain(&guide).inverse();
        let mut step = gradient.clone();
        let mut rng = Stream::Curvature { iteration: self.iterations as u64 }.of(0);
        let first: Vec<f64> = width.iter().map(|_| rng.random_range(-1.0..1.0)).collect();
        let bound = &mut *self.bound;
        let way = way_up_by_differences(&flat, &width, &first, &mut |by| {
            step.iter_mut().zip(by).for_each(|(p, by)| *p = *by);
            bound(&guide.moved_by(&step, 1.0)).gradient.iter().copied().collect()
        })?;
        step.iter_mut().zip(&way).for_each(|(p, by)| *p = *by);
        // what is left to gain within the tolerance is no reason to go on
        let beyond = value + 0.5 * self.limits.tolerance.powi(2) + 1e-12 * (1.0 + value.abs());
        escaped(beyond, |length| {
            let guide = guide.moved_by(&step, length);
            let slope = bound(&guide);
            (slope.value, Position { guide, slope })
        })
    }

    fn end(self, gradient_norm: f64, end: End) -> LbfgsEnd {
        let Self { at: Position { guide, .. }, iterations, trace, history, .. } = self;
        LbfgsEnd { guide, iterations, gradient_norm, end, trace, history }
    }
}
