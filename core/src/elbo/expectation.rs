//! ExpectedParts log densities under the guide, and their derivatives in (loc, `ln_scale`).
//!
//! With g and H the gradient and Hessian of a log density in u = loc + scale * noise,
//!     d/d loc = g,  d/d ln_scale = g * noise * scale, and for the second derivatives H likewise on both sides, with
//!     g * noise * scale added on the diagonal of the ln_scale part.

use crate::density::ClosedParts;
use crate::density::closed::Seen;
use crate::density::closed::derivatives::GuideDerivatives;
use crate::density::program::{Fixed, LogParts, Order, Scorer, Scoring};
use crate::density::tape::WIDEST_LANES;
use crate::elbo::split::Split;
use crate::elbo::{Bound, ExpectedParts};
use crate::guide::{Guide, variances};
use crate::linalg::arrow::{Arrow, CHUNK, TaskArrows};
use crate::numbers::pass::Derivatives;
use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

/// What the tasks see of the guide of theta: moments of the coordinates they read, E\[exp\] of the exponents they share.
struct GlobalMoments {
    loc: Vec<f64>,
    variance: Vec<f64>,
    exps: Vec<f64>,
}

/// loc and variance of a task's block: the globals it reads, then its own coordinates; and space for a draw of it.
#[derive(Default)]
struct BlockMoments {
    loc: Vec<f64>,
    variance: Vec<f64>,
    spread: Vec<f64>,
    u: Vec<f64>,
}

impl BlockMoments {
    fn fill(&mut self, globals: &GlobalMoments, guide: &Guide, i: usize) {
        self.loc.clone_from(&globals.loc);
        self.loc.extend_from_slice(&guide.local.loc[guide.task(i)]);
        self.variance.clone_from(&globals.variance);
        self.variance.extend(guide.local.ln_scale[guide.task(i)].iter().map(|s| (2.0 * s).exp()));
    }

    fn seen<'a>(&'a self, globals: &'a GlobalMoments) -> Seen<'a> {
        Seen { loc: &self.loc, variance: &self.variance, exps: &globals.exps }
    }
}

/// What scores draws of tasks, with space for the derivatives of one.
struct Scores<'f> {
    scorer: Box<dyn Scorer + 'f>,
    out: Derivatives,
}

/// A task, and its place among those evaluated.
#[derive(Clone, Copy)]
struct Placed {
    task: usize,
    position: usize,
}

/// ExpectedParts log densities of a chunk of tasks, and their derivatives.
struct ChunkSum {
    parts: Vec<LogParts>,
    split: Split,
}

impl Bound<'_> {
    /// E\[ln p\] of the sites that have a closed form.
    pub(super) fn closed_part(&self, guide: &Guide) -> ExpectedParts {
        let (density, globals) = (self.density, self.global_moments(guide));
        let tasks = (0..density.num_tasks()).into_par_iter().with_min_len(CHUNK);
        let of_task = |moments: &mut BlockMoments, i: usize| {
            moments.fill(&globals, guide, i);
            value(density.closed_task(i), moments.seen(&globals))
        };
        let variance = variances(&guide.global.ln_scale);
        let outside = Seen { loc: &guide.global.loc, variance: &variance, exps: &[] };
        ExpectedParts {
            outside: value(density.closed_outside(), outside),
            tasks: tasks.map_init(BlockMoments::default, of_task).collect(),
        }
    }

    /// Adds the mean over draws of ln p of the sites that have no closed form.
    pub(super) fn add_sampled_part(&self, guide: &Guide, expected: &mut ExpectedParts) {
        let (density, noise) = (self.density, &self.noise);
        let weight = (noise.draws as f64).recip();
        if density.samples_tasks {
            let fixed = self.fix(guide, Scoring::Value);
            expected.tasks.par_iter_mut().enumerate().with_min_len(CHUNK).for_each_init(
                || Scores::of(&*fixed, self),
                |scores, (i, parts)| {
                    let range = guide.task(i);
                    for s in 0..noise.draws {
                        let u: Vec<f64> = range
                            .clone()
                            .zip(noise.local(i, s))
                            .map(|(j, e)| guide.local.loc[j] + guide.local.ln_scale[j].exp() * e)
                            .collect();
                        parts.add(weight, scores.scorer.score(s, i, &u, &mut scores.out));
                    }
                },
            );
        }
        if density.samples_outside {
            for s in 0..noise.draws {
                let u = guide.global.at(noise.theta(s));
                expected.outside.add(weight, density.program.outside(&density.open.outside, &u));
            }
        }
    }

    /// ExpectedParts log densities of the given tasks and of what is outside the plate, and the derivatives of the ELBO, entropy
    /// included: all of second order, and of first order all that is not on the tape.
    pub(super) fn derivatives(&self, order: Order, guide: &Guide, batch: &[usize]) -> (ExpectedParts, Arrow) {
        let weight = self.weight_of(batch);
        let (density, globals) = (self.density, self.num_globals());
        let reads = &density.layout.task_reads;
        let border_slots: Vec<usize> = reads.iter().copied().chain(reads.iter().map(|j| globals + j)).collect();
        let scores_tasks = density.samples_tasks && (order == Order::Second || !self.is_taped());
        let fixed = scores_tasks.then(|| self.fix(guide, Scoring::Derivatives(order)));
        let seen = self.global_moments(guide);
        let chunks: Vec<ChunkSum> = batch
            .par_chunks(CHUNK)
            .enumerate()
            .map(|(chunk, tasks)| {
                let mut scores = fixed.as_deref().map(|fixed| Scores::of(fixed, self));
                let (mut moments, mut sum) = (BlockMoments::default(), GuideDerivatives::default());
                let mut out =
                    ChunkSum { parts: Vec::with_capacity(tasks.len()), split: Split::new(reads.len(), order) };
                for (position, &task) in tasks.iter().enumerate() {
                    let placed = Placed { task, position: chunk * CHUNK + position };
                    moments.fill(&seen, guide, task);
                    sum.reset(moments.loc.len(), order);
                    let mut parts = derivatives(density.closed_task(task), moments.seen(&seen), &mut sum);
                    if let Some(scores) = &mut scores {
                        self.add_draws(placed, &mut moments, scores, &mut parts, &mut sum);
                    }
                    entropy_gradient(&mut sum, &guide.local.ln_scale[guide.task(task)], reads.len());
                    out.parts.push(parts);
                    out.split.take(&sum, weight);
                }
                out
            })
            .collect();
        let (outside, mut sum) = self.outside_derivatives(order, guide);
        entropy_gradient(&mut sum, &guide.global.ln_scale, 0);
        let width = 2 * globals;
        let mut arrow = Arrow {
            global_gradient: DVector::from_column_slice(&sum.gradient),
            global_hessian: DMatrix::from_row_slice(
                width,
                if order == Order::Second { width } else { 0 },
                &sum.hessian,
            ),
            border_slots,
            tasks: TaskArrows::default(),
        };
        let mut expected = ExpectedParts { outside, tasks: Vec::with_capacity(batch.len()) };
        for ChunkSum { parts, split } in chunks {
            expected.tasks.extend(parts);
            split.join(&mut arrow);
        }
        (expected, arrow)
    }

    /// Adds the mean over draws of one task's log densities, and its derivatives.
    fn add_draws(
        &self,
        Placed { task, position }: Placed,
        moments: &mut BlockMoments,
        scores: &mut Scores<'_>,
        parts: &mut LogParts,
        sum: &mut GuideDerivatives,
    ) {
        let BlockMoments { loc, variance, spread, u } = moments;
        let reads = &self.density.layout.task_reads;
        let weight = (self.noise.draws as f64).recip();
        for s in 0..self.noise.draws {
            let global_noise = reads.iter().map(|&j| self.noise.theta(s)[j]);
            let noise = global_noise.chain(self.noise.local(position, s).iter().copied());
            spread.clear();
            spread.extend(noise.zip(&*variance).map(|(noise, variance)| noise * variance.sqrt()));
            u.clear();
            u.extend(loc.iter().zip(&*spread).skip(reads.len()).map(|(loc, spread)| loc + spread));
            parts.add(weight, scores.scorer.score(s, task, u, &mut scores.out));
            add_draw(sum, &scores.out, spread, weight);
        }
    }

    /// What is outside the plate: expected log densities and derivatives, entropy not included.
    fn outside_derivatives(&self, order: Order, guide: &Guide) -> (LogParts, GuideDerivatives) {
        let (density, noise) = (self.density, &self.noise);
        let mut sum = GuideDerivatives::default();
        sum.reset(density.num_globals(), order);
        let variance = variances(&guide.global.ln_scale);
        let seen = Seen { loc: &guide.global.loc, variance: &variance, exps: &[] };
        let mut parts = derivatives(density.closed_outside(), seen, &mut sum);
        if density.samples_outside && (order == Order::Second || !self.is_taped()) {
            let weight = (noise.draws as f64).recip();
            let mut out = Derivatives::default();
            for s in 0..noise.draws {
                let u = guide.global.at(noise.theta(s));
                parts.add(weight, density.program.expand_outside(order, &density.open.outside, &u, &mut out));
                let spread: Vec<f64> = noise.theta(s).iter().zip(&variance).map(|(e, v)| e * v.sqrt()).collect();
                add_draw(&mut sum, &out, &spread, weight);
            }
        }
        (parts, sum)
    }

    /// Theta at each of the draws.
    fn fix(&self, guide: &Guide, scoring: Scoring) -> Box<dyn Fixed + '_> {
        let thetas: Vec<Vec<f64>> = (0..self.noise.draws).map(|s| guide.global.at(self.noise.theta(s))).collect();
        self.density.program.fix(scoring, &self.density.layout, &thetas)
    }

    /// Whether first derivatives of what is sampled come from the tape, since there are too many for lanes.
    pub(super) fn is_taped(&self) -> bool {
        self.density.widest_block() > WIDEST_LANES && self.density.is_sampled()
    }

    fn num_globals(&self) -> usize {
        self.density.num_globals()
    }

    fn global_moments(&self, guide: &Guide) -> GlobalMoments {
        let variance = variances(&guide.global.ln_scale);
        let read = |of: &[f64]| self.density.layout.task_reads.iter().map(|&j| of[j]).collect();
        GlobalMoments {
            loc: read(&guide.global.loc),
            exps: self.density.shared(&guide.global.loc, &variance),
            variance: read(&variance),
        }
    }
}

impl<'f> Scores<'f> {
    fn of(fixed: &'f dyn Fixed, bound: &'f Bound<'_>) -> Self {
        Self { scorer: fixed.scorer(&bound.density.open.tasks), out: Derivatives::default() }
    }
}

/// ExpectedParts log densities of a block's closed forms.
fn value(closed: ClosedParts<'_>, seen: Seen<'_>) -> LogParts {
    LogParts { latents: closed.latents.value(seen), data: closed.data.value(seen) }
}

/// ExpectedParts log densities of a block's closed forms; adds their derivatives.
fn derivatives(closed: ClosedParts<'_>, seen: Seen<'_>, sum: &mut GuideDerivatives) -> LogParts {
    LogParts { latents: closed.latents.derivatives(seen, sum), data: closed.data.derivatives(seen, sum) }
}

/// Adds one draw's derivatives in u to those in (loc, `ln_scale`); `spread` is noise * scale.
fn add_draw(sum: &mut GuideDerivatives, out: &Derivatives, spread: &[f64], weight: f64) {
    let n = sum.n;
    for (j, (g, e)) in out.gradient.iter().zip(spread).enumerate() {
        sum.gradient[j] += weight * g;
        sum.gradient[n + j] += weight * g * e;
    }
    if sum.hessian.is_empty() {
        return;
    }
    for j in 0..n {
        for k in 0..n {
            let h = weight * out.hessian[j * n + k];
            sum.hessian[j * 2 * n + k] += h;
            sum.hessian[j * 2 * n + n + k] += h * spread[k];
            sum.hessian[(n + j) * 2 * n + k] += h * spread[j];
            sum.hessian[(n + j) * 2 * n + n + k] += h * spread[j] * spread[k];
        }
        sum.hessian[(n + j) * 2 * n + n + j] += weight * out.gradient[j] * spread[j];
    }
}

/// Adds d H(q) / d ln_scale = 1 for the coordinates from `first` on. A point's ln_scale is held fixed: its slot gets a zero
/// gradient and a Hessian of -1.
fn entropy_gradient(sum: &mut GuideDerivatives, ln_scale: &[f64], first: usize) {
    let n = sum.n;
    for (j, ln_scale) in ln_scale.iter().enumerate() {
        let slot = n + first + j;
        if ln_scale.is_finite() {
            sum.gradient[slot] += 1.0;
        } else if !sum.hessian.is_empty() {
            sum.hessian[slot * 2 * n + slot] = -1.0;
        }
    }
}
