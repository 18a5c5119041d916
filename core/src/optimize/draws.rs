//! How far the answer depends on the fixed draws that sampled terms are averaged over.
//!
//! Another set of draws has another optimum, one Newton step away: p_k = (-H)^-1 g_k with the gradient g_k of set k at the
//! optimum of the set in use. Two independent sets differ by sqrt(2) of the error of one, so that the mean of p_k^2 over
//! several sets is twice the square of that error. It counts in units of the guide: means in its standard deviations,
//! log-scales at half their worth, since a standard deviation may be off by twice as much as a mean.

use crate::elbo::Bound;
use crate::guide::Guide;
use crate::guide::metric::Metric;
use crate::linalg::arrow::ArrowVector;
use crate::optimize::climb_end::ClimbEnd;

/// Sets of draws that the one in use is compared with.
const SETS: u64 = 4;

/// How far an answer depends on the fixed draws that sampled terms were averaged over.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DrawsError {
    /// The number of fixed draws; 0 where every term has a closed form.
    pub draws: usize,
    /// How far other draws would move a mean, in standard deviations of the guide (or the logarithm of a standard
    /// deviation, which counts half). The largest of three: the worst coordinate of theta; the root mean square over the
    /// tasks' coordinates; the worst of those, less what the worst of so many is by chance.
    pub error: f64,
    /// The task whose coordinate would move most.
    pub worst_task: Option<WorstTask>,
}

/// A task, and how far other draws would move its guide.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WorstTask {
    /// The task's number.
    pub task: usize,
    /// How far, in standard deviations of its guide.
    pub error: f64,
}

impl DrawsError {
    /// How many draws a bound takes, where nobody asks how far the answer depends on them.
    pub(crate) fn unknown(bound: &Bound<'_>) -> Self {
        Self { draws: if bound.density.is_sampled() { bound.noise.draws } else { 0 }, ..Self::default() }
    }

    /// The error of the draws of a bound, at the end of a climb with them.
    pub(crate) fn of(bound: &Bound<'_>, ended: &ClimbEnd, seed: u64) -> Self {
        if !bound.density.is_sampled() {
            return Self::unknown(bound);
        }
        let (density, draws) = (bound.density, bound.noise.draws);
        let other = |set: u64| Bound::new(density, draws, seed.wrapping_add(set)).with_nodes(bound.nodes.clone());
        let gradients: Vec<_> = (1..=SETS).map(|set| other(set).slope(&ended.guide).gradient).collect();
        let Squares { theta, locals } = Squares::of(ended, gradients);
        let theta = if ended.arrow.is_some() {
            theta.iter().copied().fold(0.0, f64::max)
        } else {
            // the worst of thousands says little
            mean(&theta)
        };
        Self { draws, ..Self::new(&ended.guide, theta, &locals) }
    }

    /// The error, from the mean squares, over sets, of the moves of theta and of each local coordinate.
    fn new(guide: &Guide, theta: f64, locals: &[f64]) -> Self {
        let worst = (0..locals.len()).max_by(|&a, &b| locals[a].total_cmp(&locals[b]));
        let root = |square: f64| (0.5 * square).sqrt();
        let worst_square = worst.map_or(0.0, |j| locals[j]);
        Self {
            draws: 0,
            error: root(theta.max(mean(locals)).max(worst_square / by_chance(locals.len()))),
            worst_task: worst.map(|j| WorstTask { task: guide.task_of(j), error: root(worst_square) }),
        }
    }
}

/// Mean squares, over sets, of the moves of each coordinate.
struct Squares {
    theta: Vec<f64>,
    locals: Vec<f64>,
}

/// How far the optimum of the same bound over finer nodes is, one Newton step away: the most that a mean would move, in
/// standard deviations of the guide, or a log-scale at half its worth.
pub(crate) fn nodes_error(finer: &Bound<'_>, ended: &ClimbEnd) -> f64 {
    let Squares { theta, locals } = Squares::of(ended, vec![finer.slope(&ended.guide).gradient]);
    theta.into_iter().chain(locals).fold(0.0, f64::max).sqrt()
}

impl Squares {
    /// Mean squares of the moves that the gradients ask for at the end of a climb.
    fn of(ended: &ClimbEnd, gradients: Vec<ArrowVector>) -> Self {
        let guide = &ended.guide;
        let each = (gradients.len() as f64).recip();
        let mut squares = Self { theta: vec![0.0; guide.global.len()], locals: vec![0.0; guide.local.len()] };
        let expanded = ended.arrow.as_ref().map(|arrow| (arrow, Metric::of(guide, arrow)));
        let factorised = expanded.as_ref().and_then(|(arrow, metric)| arrow.factorise(0.0, metric.diagonal()));
        if let (Some((_, metric)), Some(factorised)) = (&expanded, &factorised) {
            for g in gradients {
                squares.add(guide, &factorised.solve_for(g), metric, each);
            }
        } else {
            let metric = Metric::plain(guide);
            for g in gradients {
                squares.add(guide, &metric.natural_step(&g), &metric, each);
            }
        }
        squares
    }

    /// Adds `each` of the squares of a step's moves.
    fn add(&mut self, guide: &Guide, step: &ArrowVector, metric: &Metric, each: f64) {
        let level = |to: &mut [f64], p: &[f64], d: &[f64]| {
            let n = to.len();
            for (j, to) in to.iter_mut().enumerate() {
                *to += each * f64::max(p[j] * p[j] * d[j], 0.25 * p[n + j] * p[n + j]);
            }
        };
        let metric = metric.diagonal();
        level(&mut self.theta, step.global.as_slice(), metric.global.as_slice());
        for (i, (p, d)) in step.tasks.iter().zip(metric.tasks.iter()).enumerate() {
            level(&mut self.locals[guide.task(i)], p, d);
        }
    }
}

fn mean(of: &[f64]) -> f64 {
    of.iter().sum::<f64>() / (of.len() as f64).max(1.0)
}

/// The largest of `count` mean squares, each of normal moves of mean square 1. The error of the set in use is common to
/// all moves of a coordinate, so that a mean square is (chi^2_3 + 5 chi^2_1) / 8, whose tail is that of 5/8 chi^2_1.
fn by_chance(count: usize) -> f64 {
    1.0 + 1.25 * (count.max(1) as f64).ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guide::MeanField;

    fn guide(tasks: usize) -> Guide {
        let local = MeanField::new(tasks, 0.0, 0.0);
        Guide { global: MeanField::default(), local, offsets: (0..=tasks).collect() }
    }

    #[test]
    fn one_bad_task_of_many_is_not_hidden() {
        let mut squares = vec![0.01_f64.powi(2); 1000];
        assert!(DrawsError::new(&guide(1000), 0.0, &squares).error < 0.01);
        squares[700] = 2.0;
        let error = DrawsError::new(&guide(1000), 0.0, &squares);
        assert_eq!(error.worst_task, Some(WorstTask { task: 700, error: 1.0 }));
        assert!(error.error > 0.3, "{error:?}");
    }
}
