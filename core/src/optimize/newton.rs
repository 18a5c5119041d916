//! Damped Newton on a deterministic ELBO: guide means and log-scales together.
//!
//! A step solves (-H + damping * D) p = g, with D the Fisher information of the guide (1 / scale^2 for a mean, 2 for a
//! log-scale), which makes the damping free of units. The damping falls when the step gained what the
//! quadratic model promised, and rises otherwise (Nielsen 1999; Nocedal & Wright 2006, section 4).

use crate::elbo::{Elbo, Objective};
use crate::guide::{Guide, MeanField};
use crate::linalg::arrow::{Arrow, ArrowVector, Moving};
use crate::linalg::ragged::Ragged;
use crate::model::Model;
use crate::optimize::history::History;
use crate::optimize::saddle::{MOST_ESCAPES, leave, upward};
use crate::sampling::noise::Noise;
use nalgebra::DVector;

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

/// Where it ended.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) guide: Guide,
    pub(crate) elbo: Elbo,
    /// Its second-order expansion there; `None` where blocks are too wide for one.
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

/// Where the damping starts, and the range it is kept in; beyond the upper end no step helps any more.
const FIRST_DAMPING: f64 = 1.0;
const LEAST_DAMPING: f64 = 1e-12;
const MOST_DAMPING: f64 = 1e14;
/// Every so many steps the climb looks for a way up that the gradient does not tell: near a saddle, damping makes steps
/// short.
const LOOK_AROUND: usize = 8;
/// A log-scale moves no further than this in one step: exp of it is the factor on the scale.
const LONGEST_LN_SCALE_STEP: f64 = 3.0;

/// Climbs from `guide` to a stationary point of the ELBO with these fixed draws.
pub(crate) fn newton<M: Model>(
    objective: &Objective<'_, M>,
    mut guide: Guide,
    noise: &Noise,
    limits: Limits,
    mut watch: impl FnMut(usize, f64),
) -> Ended {
    let expand = |guide: &Guide| {
        let (elbo, mut arrow) = objective.expand(guide, noise);
        arrow.hold(limits.moving);
        (elbo, arrow)
    };
    let (mut elbo, mut arrow) = expand(&guide);
    let mut trace: Vec<f64> = Vec::new();
    let mut history = History::default();
    let mut damping = FIRST_DAMPING;
    let mut growth = 2.0;
    let (mut iterations, mut escapes) = (0, 0);
    loop {
        let metric = metric(&guide, &arrow);
        let gradient_norm = norm(&arrow, &metric);
        watch(iterations, elbo.total());
        trace.push(elbo.total());
        history.visit(iterations, &guide);
        let may_go_on = iterations < limits.iterations && gradient_norm.is_finite();
        let is_level = gradient_norm <= limits.tolerance;
        let mut end = None;
        if is_level || may_go_on && iterations % LOOK_AROUND == LOOK_AROUND - 1 {
            let way_out = (limits.moving == Moving::Both).then(|| upward(&arrow, &metric)).flatten();
            if is_level {
                end = Some(if way_out.is_some() { End::Saddle } else { End::Converged });
            }
            // on the way, it is worth leaving it where that gains more than the last step did
            let gained = if is_level { 0.0 } else { trace[trace.len() - 1] - trace[trace.len() - 2] };
            if let Some(step) = way_out.filter(|_| may_go_on && escapes < MOST_ESCAPES)
                && let Some(candidate) = left(objective, &guide, (elbo.total() + gained.max(0.0), &step), noise)
            {
                guide = candidate;
                (elbo, arrow) = expand(&guide);
                damping = FIRST_DAMPING;
                iterations += 1;
                escapes += 1;
                continue;
            }
        }
        if end.is_none() && (!may_go_on || is_beaten(&arrow, &metric, limits.beat - elbo.total())) {
            end = Some(End::Stopped);
        }
        if let Some(end) = end {
            return Ended { guide, elbo, arrow: Some(arrow), iterations, gradient_norm, end, trace, history };
        }
        let accepted = loop {
            if damping > MOST_DAMPING {
                break None;
            }
            if let Some(step) = arrow.factorise(damping, &metric).map(|f| f.solve(&arrow)) {
                let (shortened, candidate) = moved(&guide, &step);
                let candidate_elbo = objective.value(&candidate, noise);
                let gain = candidate_elbo.total() - elbo.total();
                let promised = promised(&arrow, &step, &metric, damping);
                // close to the top the gain drowns in rounding: a step the model promises next to nothing for is taken
                let rounding = rounding(elbo.total());
                if gain.is_finite()
                    && (gain > 0.0 && gain >= 1e-4 * promised || promised < rounding && gain > -10.0 * rounding)
                {
                    let ratio = if promised > rounding { gain / promised } else { 1.0 };
                    if !shortened || ratio > 0.5 {
                        damping = (damping * (1.0 - (2.0 * ratio - 1.0).powi(3)).clamp(0.05, 2.0)).max(LEAST_DAMPING);
                    }
                    growth = 2.0;
                    break Some(candidate);
                }
            }
            damping = damping.max(1e-8) * growth;
            growth *= 2.0;
        };
        let Some(candidate) = accepted else {
            let end = End::Stuck;
            return Ended { guide, elbo, arrow: Some(arrow), iterations, gradient_norm, end, trace, history };
        };
        guide = candidate;
        (elbo, arrow) = expand(&guide);
        iterations += 1;
    }
}

/// What an ELBO of this size may be off by.
fn rounding(elbo: f64) -> f64 {
    1e-13 * (1.0 + elbo.abs())
}

/// A guide along the step from a saddle whose ELBO is above the given one, if there is one.
pub(super) fn left<M: Model>(
    objective: &Objective<'_, M>,
    guide: &Guide,
    (beyond, step): (f64, &ArrowVector),
    noise: &Noise,
) -> Option<Guide> {
    leave(beyond + 10.0 * rounding(beyond), |length| {
        let mut step = step.clone();
        step.global *= length;
        step.tasks.numbers.iter_mut().for_each(|p| *p *= length);
        let candidate = moved(guide, &step).1;
        (objective.value(&candidate, noise).total(), candidate)
    })
}

/// The Fisher information of the guide, in the arrow's shape. A point has none: there the curvature itself serves.
pub(crate) fn metric(guide: &Guide, arrow: &Arrow) -> ArrowVector {
    let loc = |ln_scale: f64, curvature: f64| {
        if ln_scale.is_finite() { (-2.0 * ln_scale).exp() } else { curvature.abs().max(1e-6) }
    };
    let of = |ln_scales: &[f64], curvature: &dyn Fn(usize) -> f64, to: &mut Vec<f64>| {
        to.extend(ln_scales.iter().enumerate().map(|(j, &s)| loc(s, curvature(j))));
        to.extend(ln_scales.iter().map(|_| 2.0));
    };
    let mut global = Vec::with_capacity(2 * guide.global.len());
    of(&guide.global.ln_scale, &|j| arrow.global_hessian[(j, j)], &mut global);
    let mut tasks = Ragged::with_capacity(guide.num_tasks());
    for i in 0..guide.num_tasks() {
        let range = guide.task(i);
        let n = 2 * range.len();
        tasks.push_with(|to| of(&guide.local.ln_scale[range], &|j| arrow.tasks.hessian[i][j * n + j], to));
    }
    ArrowVector { global: DVector::from_vec(global), tasks }
}

/// sqrt(g' D^-1 g): how far the gradient is from zero, in units in which the guide's own width is 1.
pub(crate) fn norm(arrow: &Arrow, metric: &ArrowVector) -> f64 {
    let part = |g: &[f64], d: &[f64]| g.iter().zip(d).map(|(g, d)| g * g / d).sum::<f64>();
    let tasks = part(&arrow.tasks.gradient.numbers, &metric.tasks.numbers);
    (part(arrow.global_gradient.as_slice(), metric.global.as_slice()) + tasks).sqrt()
}

/// A climb gains no more than this many times what the quadratic model promises.
const MOST_HOPE: f64 = 4.0;

/// Whether the climb cannot hope to gain so much.
fn is_beaten(arrow: &Arrow, metric: &ArrowVector, gain: f64) -> bool {
    let newton_step = || arrow.factorise(0.0, metric).map(|f| f.solve(arrow));
    gain > 0.0 && newton_step().is_some_and(|step| MOST_HOPE * promised(arrow, &step, metric, 0.0) < gain)
}

/// What the quadratic model says the step gains: with (-H + damping D) p = g, it is (p' g + damping p' D p) / 2.
fn promised(arrow: &Arrow, step: &ArrowVector, metric: &ArrowVector, damping: f64) -> f64 {
    let part = |g: &[f64], p: &[f64], d: &[f64]| {
        g.iter().zip(p).zip(d).map(|((g, p), d)| p * g + damping * p * p * d).sum::<f64>()
    };
    let tasks = part(&arrow.tasks.gradient.numbers, &step.tasks.numbers, &metric.tasks.numbers);
    0.5 * (part(arrow.global_gradient.as_slice(), step.global.as_slice(), metric.global.as_slice()) + tasks)
}

/// The guide after the step, shortened as a whole if a log-scale would move too far.
fn moved(guide: &Guide, step: &ArrowVector) -> (bool, Guide) {
    let longest = |p: &[f64]| p.iter().skip(p.len() / 2).fold(0.0, |a: f64, b| a.max(b.abs()));
    let most = step.tasks.iter().map(longest).fold(longest(step.global.as_slice()), f64::max);
    let factor = (LONGEST_LN_SCALE_STEP / most).min(1.0);
    let mut out = guide.clone();
    let apply = |factor_q: &mut MeanField, first: usize, p: &[f64]| {
        let n = p.len() / 2;
        for j in 0..n {
            factor_q.loc[first + j] += factor * p[j];
            factor_q.ln_scale[first + j] += factor * p[n + j];
        }
    };
    apply(&mut out.global, 0, step.global.as_slice());
    for (i, p) in step.tasks.iter().enumerate() {
        apply(&mut out.local, guide.offsets[i], p);
    }
    (factor < 1.0, out)
}
