//! Whether two methods agree: weights of independent draws, and chains that looked at the same posterior.
//!
//! Every global number x is compared by where it lies in the answer. With F its distribution function by the weighted draws,
//! E F and E |F - 1/2| are 1/2 and 1/4 under the answer; tails, however heavy, count no more than they should. Of normals whose
//! means are d standard deviations apart E F differs by d / (2 sqrt(pi)), of those whose standard deviations are 1 + d times
//! apart E |F - 1/2| differs by d / (2 pi): differences are given as this d.

use crate::correct::precision::Drawn;
use crate::correct::proposal::Proposal;
use crate::correct::walk::Walk;
use crate::density::program::Program;
use crate::posterior::columns::global_columns;
use crate::posterior::mc_error::{Dependence, Moments};
use std::f64::consts::PI;

/// Two methods disagree where a number differs by more than this, and by more than so many times the error of the difference; of
/// chains as few as they are, errors themselves are rough.
const MATERIAL: f64 = 0.15;
const TIMES: f64 = 5.0;

/// A difference in standard deviations, and its Monte Carlo error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Difference {
    /// Which number, or which coordinate.
    pub(crate) number: usize,
    pub(crate) sds: f64,
    pub(crate) noise: f64,
}

impl Difference {
    /// Whether errors do not explain it.
    fn is_beyond_noise(&self) -> bool {
        self.sds > MATERIAL.max(TIMES * self.noise)
    }

    /// The largest of those that will do.
    pub(crate) fn largest(all: &[Self], will_do: impl Fn(&Self) -> bool) -> Option<Self> {
        all.iter().filter(|d| will_do(d)).max_by(|a, b| a.sds.total_cmp(&b.sds)).copied()
    }

    /// The largest of those that errors do not explain.
    pub(crate) fn refuting(all: &[Self]) -> Option<Self> {
        Self::largest(all, Self::is_beyond_noise)
    }

    /// What it is of, and how large.
    pub(crate) fn said_of(&self, name: &str) -> String {
        format!("{name} ({:.2} sd, noise {:.2})", self.sds, self.noise)
    }
}

/// What chains say of an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Compared {
    /// The largest difference in place or width of a global number.
    pub(crate) largest: Difference,
    /// The largest that errors do not explain.
    pub(crate) refuted: Option<Difference>,
    /// States of all chains that count.
    pub(crate) states: usize,
    /// KL(posterior | proposal) in nats: how much of the posterior was left to find, E ln w under the chains less ln Z.
    pub(crate) nats: f64,
    /// The largest weight that a state would have among the answer's draws, as a part of theirs: large where chains are at a place
    /// that proposals miss.
    pub(crate) top: f64,
}

/// What the answer was proposed from, and the evidence by that.
#[derive(Clone, Copy)]
pub(crate) struct ProposedFrom<'p> {
    pub(crate) proposal: &'p Proposal,
    pub(crate) ln_evidence: f64,
}

/// Compares an answer with chains; `None` if they have no states that count, or theta no numbers.
pub(crate) fn compared(
    answer: &Drawn<'_>,
    walk: &Walk,
    from: ProposedFrom<'_>,
    program: &dyn Program,
) -> Option<Compared> {
    if walk.len() < 2 {
        return None;
    }
    let Drawn { theta, globals, weights, dependence, .. } = answer;
    let drawn = global_columns(program, theta.chunks(*globals));
    let walked = global_columns(program, walk.thetas());
    let states = walk.thetas().count();
    let (equal, clusters) = (vec![(states as f64).recip(); states], Dependence::Clusters(walk.len()));
    let mut differences = Vec::new();
    for (number, (drawn, walked)) in drawn.iter().zip(walked.iter()).enumerate() {
        let ranks = Ranks::of(drawn, weights);
        let place: fn(f64) -> f64 = |f| f;
        let width: fn(f64) -> f64 = |f| (f - 0.5).abs();
        for (what, unit) in [(place, 2.0 * PI.sqrt()), (width, 2.0 * PI)] {
            let of = |column: &[f64], weights: &[f64], dependence: &Dependence| {
                let ranked: Vec<f64> = column.iter().map(|&x| what(ranks.at(x))).collect();
                Moments::of(&ranked, weights, dependence)
            };
            let (a, b) = (of(drawn, weights, dependence), of(walked, &equal, &clusters));
            let noise = unit * a.error_of_mean.hypot(b.error_of_mean);
            differences.push(Difference { number, sds: (a.mean - b.mean).abs() * unit, noise });
        }
    }
    let (largest, refuted) = (Difference::largest(&differences, |_| true)?, Difference::refuting(&differences));
    let ln_weights: Vec<f64> = walk.ln_weights(from.proposal).map(|w| w - from.ln_evidence).collect();
    let nats = ln_weights.iter().sum::<f64>() / states as f64;
    let top = ln_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max).exp() / weights.len() as f64;
    Some(Compared { largest, refuted, states, nats, top })
}

/// The distribution function of weighted values: at a value the weight below and half of that there.
struct Ranks {
    /// Sorted, with the weight up to each.
    values: Vec<f64>,
    below: Vec<f64>,
}

impl Ranks {
    fn of(values: &[f64], weights: &[f64]) -> Self {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
        let mut below = vec![0.0];
        for &i in &order {
            below.push(below[below.len() - 1] + weights[i]);
        }
        Self { values: order.into_iter().map(|i| values[i]).collect(), below }
    }

    fn at(&self, x: f64) -> f64 {
        let from = self.values.partition_point(|v| *v < x);
        let to = self.values.partition_point(|v| *v <= x);
        0.5 * (self.below[from] + self.below[to])
    }
}
