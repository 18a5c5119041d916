//! Limited-memory BFGS (Nocedal & Wright 2006, algorithm 7.4) on the deterministic ELBO, preconditioned by the guide's
//! Fisher information: for blocks too wide for second derivatives.

use crate::guide::Guide;
use crate::linalg::arrow::ArrowVector;
use crate::optimize::history::History;
use crate::optimize::newton::End;
use crate::optimize::saddle::{MOST_ESCAPES, leave, upward_by_differences};
use crate::sampling::noise::keyed;
use rand::RngExt;
use std::collections::VecDeque;

/// Pairs of step and gradient change remembered.
const MEMORY: usize = 50;
/// A step must gain this share of what the gradient promises (Armijo).
const SHARE: f64 = 1e-4;
const SHORTEST: f64 = 1e-10;
/// A log-scale moves no further than this in one step.
const LONGEST_LN_SCALE_STEP: f64 = 2.0;

/// Where it ended.
pub(crate) struct LbfgsEnded {
    pub(crate) guide: Guide,
    pub(crate) iterations: usize,
    pub(crate) gradient_norm: f64,
    pub(crate) end: End,
    pub(crate) trace: Vec<f64>,
    pub(crate) history: History,
}

/// When to stop.
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

/// Distinguishes the direction that curvature is looked for in first from draws.
const CURVATURE: u64 = u64::MAX - 5;

/// Climbs the `bound` (its value and its gradient) from `guide` until the gradient is small.
pub(crate) fn lbfgs(
    mut guide: Guide,
    limits: LbfgsLimits,
    mut bound: impl FnMut(&Guide) -> (f64, ArrowVector),
    mut watch: impl FnMut(usize, f64),
) -> LbfgsEnded {
    let mut evaluate = |guide: &Guide| {
        let (elbo, gradient) = bound(guide);
        (elbo, flat(&gradient))
    };
    let (mut elbo, mut gradient) = evaluate(&guide);
    let mut memory: VecDeque<(Vec<f64>, Vec<f64>)> = VecDeque::with_capacity(MEMORY);
    let (mut trace, mut history) = (vec![elbo], History::default());
    let mut escapes = 0;
    for iterations in 0.. {
        let width = widths(&guide);
        let direction = direction(&gradient, &memory, &width);
        let slope = dot(&direction, &gradient);
        // a point has no metric of its own: there the curvature seen so far serves
        let gradient_norm = if guide.is_point() { slope.sqrt() } else { norm(&gradient, &width) };
        watch(iterations, elbo);
        history.visit(iterations, &guide);
        let may_go_on = iterations < limits.iterations && gradient_norm.is_finite();
        let mut end = (!may_go_on).then_some(End::Stopped);
        if gradient_norm <= limits.tolerance {
            end = Some(End::Converged);
            if limits.saddles == Saddles::Leave && escapes < MOST_ESCAPES {
                let mut rng = keyed(0, iterations as u64, CURVATURE);
                let first: Vec<f64> = width.iter().map(|_| rng.random_range(-1.0..1.0)).collect();
                let gradient_after = |step: &[f64]| evaluate(&moved(&guide, step, 1.0)).1;
                if let Some(step) = upward_by_differences(&gradient, &width, &first, gradient_after) {
                    // what is left to gain within the tolerance is no reason to go on
                    let beyond = elbo + 0.5 * limits.tolerance.powi(2) + 1e-12 * (1.0 + elbo.abs());
                    let out = leave(beyond, |length| {
                        let candidate = moved(&guide, &step, length);
                        let (value, slopes) = evaluate(&candidate);
                        (value, (candidate, value, slopes))
                    });
                    if let Some(out) = out {
                        end = Some(End::Saddle);
                        if may_go_on {
                            (guide, elbo, gradient) = out;
                            trace.push(elbo);
                            memory.clear();
                            escapes += 1;
                            continue;
                        }
                    }
                }
            }
        }
        let ended = |guide, end| LbfgsEnded {
            guide,
            iterations,
            gradient_norm,
            end,
            trace: trace.clone(),
            history: history.clone(),
        };
        if let Some(end) = end {
            return ended(guide, end);
        }
        let longest = ln_scales(&guide).zip(&direction).filter(|t| t.0).map(|t| t.1.abs()).fold(0.0, f64::max);
        let mut length = (LONGEST_LN_SCALE_STEP / longest).min(1.0);
        if memory.is_empty() {
            // the curvature is not known yet: a coordinate moves by one of the guide's widths, in the root mean square
            length = length.min((width.len() as f64).sqrt() / gradient_norm);
        }
        let next = loop {
            let candidate = moved(&guide, &direction, length);
            let (value, slopes) = evaluate(&candidate);
            if value.is_finite() && value >= elbo + SHARE * length * slope {
                break Some((candidate, value, slopes));
            }
            length *= 0.5;
            if length < SHORTEST {
                break None;
            }
        };
        let Some((candidate, value, slopes)) = next else {
            if memory.is_empty() {
                return ended(guide, End::Stuck);
            }
            memory.clear();
            continue;
        };
        let step: Vec<f64> = direction.iter().map(|d| length * d).collect();
        // of -elbo, which is minimised
        let change: Vec<f64> = gradient.iter().zip(&slopes).map(|(old, new)| old - new).collect();
        if dot(&step, &change) > 1e-12 * dot(&change, &change).sqrt() * dot(&step, &step).sqrt() {
            if memory.len() == MEMORY {
                memory.pop_front();
            }
            memory.push_back((step, change));
        }
        (guide, elbo, gradient) = (candidate, value, slopes);
        trace.push(elbo);
    }
    unreachable!("the loop over iterations returns")
}

/// sqrt(g' W g), with W the inverse of the guide's Fisher information.
fn norm(gradient: &[f64], width: &[f64]) -> f64 {
    gradient.iter().zip(width).map(|(g, w)| g * g * w).sum::<f64>().sqrt()
}

/// How far the gradient is from zero, in units in which the guide's own width is 1.
pub(crate) fn gradient_norm(guide: &Guide, gradient: &ArrowVector) -> f64 {
    norm(&flat(gradient), &widths(guide))
}

/// The step W g, and the metric W^-1, in the shape of the gradient g.
pub(crate) fn inverse_metric_step(guide: &Guide, gradient: &ArrowVector) -> (ArrowVector, ArrowVector) {
    let width = widths(guide);
    let globals = gradient.global.len();
    let (mut step, mut metric) = (gradient.clone(), gradient.clone());
    let slots = |vector: &mut ArrowVector, f: &dyn Fn(&mut f64, f64)| {
        vector.global.iter_mut().zip(&width).for_each(|(to, w)| f(to, *w));
        vector.tasks.numbers.iter_mut().zip(&width[globals..]).for_each(|(to, w)| f(to, *w));
    };
    slots(&mut step, &|to, w| *to *= w);
    slots(&mut metric, &|to, w| *to = w.recip());
    (step, metric)
}

/// Mean square of the steps W g of the means, in the guide's widths: the larger of theta's and the tasks'.
pub(crate) fn mean_square_step(guide: &Guide, gradient: &ArrowVector) -> f64 {
    let (mut sums, gradient, width) = ([(0.0, 0.0_f64); 2], flat(gradient), widths(guide));
    for (((local, is_scale, _), g), w) in slots(guide).zip(gradient).zip(width) {
        if !is_scale {
            let (sum, count) = &mut sums[usize::from(local)];
            *sum += g * g * w;
            *count += 1.0;
        }
    }
    sums.map(|(sum, count)| sum / count.max(1.0)).into_iter().fold(0.0, f64::max)
}

/// The two-loop recursion from `width`, scaled to the curvature of the last step (Nocedal & Wright, equation 7.20 in the
/// guide's metric): an ascent direction.
fn direction(gradient: &[f64], memory: &VecDeque<(Vec<f64>, Vec<f64>)>, width: &[f64]) -> Vec<f64> {
    let mut q = gradient.to_vec();
    let mut shares = Vec::with_capacity(memory.len());
    for (step, change) in memory.iter().rev() {
        let share = dot(step, &q) / dot(step, change);
        q.iter_mut().zip(change).for_each(|(q, c)| *q -= share * c);
        shares.push(share);
    }
    let scale = memory.back().map_or(1.0, |(step, change)| {
        let curvature: f64 = change.iter().zip(width).map(|(c, w)| c * c * w).sum();
        dot(step, change) / curvature
    });
    q.iter_mut().zip(width).for_each(|(q, w)| *q *= scale * w);
    for ((step, change), share) in memory.iter().zip(shares.into_iter().rev()) {
        let other = dot(change, &q) / dot(step, change);
        q.iter_mut().zip(step).for_each(|(q, s)| *q += (share - other) * s);
    }
    q
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Theta's slots (locs, ln_scales), then each task's.
fn flat(vector: &ArrowVector) -> Vec<f64> {
    vector.global.iter().chain(&vector.tasks.numbers).copied().collect()
}

/// Calls `f` for every slot in the order of [`flat`] with its factor's index (global or local) and whether it is a log-scale.
fn slots(guide: &Guide) -> impl Iterator<Item = (bool, bool, usize)> + '_ {
    let level = |local: bool, range: std::ops::Range<usize>| {
        let locs = range.clone().map(move |j| (local, false, j));
        locs.chain(range.map(move |j| (local, true, j)))
    };
    level(false, 0..guide.global.len()).chain((0..guide.num_tasks()).flat_map(move |i| level(true, guide.task(i))))
}

fn ln_scales(guide: &Guide) -> impl Iterator<Item = bool> + '_ {
    slots(guide).map(|slot| slot.1)
}

/// The inverse of the guide's Fisher information: scale^2 for a mean (1 for a point), 1/2 for a log-scale.
fn widths(guide: &Guide) -> Vec<f64> {
    let width = |(local, is_scale, j): (bool, bool, usize)| {
        let ln_scale = if local { guide.local.ln_scale[j] } else { guide.global.ln_scale[j] };
        match (is_scale, ln_scale.is_finite()) {
            (true, _) => 0.5,
            (false, true) => (2.0 * ln_scale).exp(),
            (false, false) => 1.0,
        }
    };
    slots(guide).map(width).collect()
}

fn moved(guide: &Guide, direction: &[f64], length: f64) -> Guide {
    let mut out = guide.clone();
    for ((local, is_scale, j), d) in slots(guide).zip(direction) {
        let factor = if local { &mut out.local } else { &mut out.global };
        *(if is_scale { &mut factor.ln_scale[j] } else { &mut factor.loc[j] }) += length * d;
    }
    out
}
