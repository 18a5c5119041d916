//! Derivatives of expected log densities in (loc, `ln_scale`).
//!
//! With g and H the gradient and Hessian of a log density in u = loc + scale * noise,
//!     d/d loc = g,  d/d ln_scale = g * noise * scale, and for the second derivatives H likewise on both sides, with
//!     g * noise * scale added on the diagonal of the ln_scale part.

use crate::density::ClosedParts;
use crate::density::closed::BlockView;
use crate::density::closed::derivatives::GuideDerivatives;
use crate::density::program::{LogParts, Scoring};
use crate::elbo::expectation::{BlockMoments, GlobalMoments, Scores};
use crate::elbo::leaf_normal::Wanted;
use crate::elbo::quadrature::Integral;
use crate::elbo::shared_prior::SharedPrior;
use crate::elbo::split::Split;
use crate::elbo::{Bound, ExpectedParts};
use crate::guide::{Guide, variances};
use crate::linalg::arrow::{Arrow, CHUNK, TaskArrows};
use crate::numbers::expression::forgetting;
use crate::numbers::pass::{Derivatives, Order};
use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

/// What evaluates tasks one after another, and the derivatives of the last.
struct TaskSum<'s> {
    bound: &'s Bound<'s>,
    globals: &'s GlobalMoments,
    prior: Option<&'s SharedPrior>,
    /// `None` where nothing of a task is sampled.
    scores: Option<Scores<'s>>,
    /// `None` where nothing of a task is integrated.
    integral: Option<Integral<'s>>,
    moments: BlockMoments,
    sum: GuideDerivatives,
}

/// Expected log densities of a chunk of tasks, and their derivatives.
struct ChunkSum {
    parts: Vec<LogParts>,
    split: Split,
}

impl Bound<'_> {
    /// Expected log densities of the given tasks and of what is outside the plate, and the derivatives of the ELBO, entropy
    /// included: all of second order, and of first order all that is not on the tape. The tasks count `weight` times.
    pub(super) fn derivatives(
        &self,
        order: Order,
        guide: &Guide,
        batch: &[usize],
        weight: f64,
    ) -> (ExpectedParts, Arrow) {
        let density = self.density;
        let reads = density.layout.task_reads.len();
        let scores_tasks = density.draws.tasks && (order == Order::Second || !self.is_taped());
        let fixed = scores_tasks.then(|| self.fix(guide, Scoring::Derivatives(order)));
        let globals = self.global_moments(guide);
        let prior = self.shared_prior(guide, Scoring::Derivatives(order));
        let of_chunk = |(chunk, tasks): (usize, &[usize])| {
            let scores = fixed.as_deref().map(|fixed| Scores::of(fixed, self));
            let (moments, sum) = (BlockMoments::of(&globals), GuideDerivatives::default());
            let mut out = ChunkSum { parts: Vec::with_capacity(tasks.len()), split: Split::new(reads, order) };
            forgetting(|| {
                let integral = Integral::of_tasks(self, guide);
                let mut task_sum =
                    TaskSum { bound: self, globals: &globals, prior: prior.as_ref(), scores, integral, moments, sum };
                for (position, &task) in tasks.iter().enumerate() {
                    out.parts.push(task_sum.evaluate(order, guide, task, chunk * CHUNK + position));
                    out.split.take(&task_sum.sum, weight);
                }
            });
            out
        };
        let chunks: Vec<ChunkSum> = batch.par_chunks(CHUNK).enumerate().map(of_chunk).collect();
        let (outside, sum) = self.outside_derivatives(order, guide);
        let mut arrow = self.without_tasks(order, &sum);
        let mut expected = ExpectedParts { outside, tasks: Vec::with_capacity(batch.len()) };
        for ChunkSum { parts, split } in chunks {
            expected.tasks.extend(parts);
            split.join(&mut arrow);
        }
        (expected, arrow)
    }

    /// The arrow of what is outside the plate.
    fn without_tasks(&self, order: Order, sum: &GuideDerivatives) -> Arrow {
        let (globals, reads) = (self.density.num_globals(), &self.density.layout.task_reads);
        let width = 2 * globals;
        let columns = if order == Order::Second { width } else { 0 };
        Arrow {
            global_gradient: DVector::from_column_slice(&sum.gradient),
            global_hessian: DMatrix::from_row_slice(width, columns, &sum.hessian),
            border_slots: reads.iter().copied().chain(reads.iter().map(|j| globals + j)).collect(),
            tasks: TaskArrows::default(),
        }
    }

    /// What is outside the plate: expected log densities and derivatives, entropy included in these.
    fn outside_derivatives(&self, order: Order, guide: &Guide) -> (LogParts, GuideDerivatives) {
        let (density, noise) = (self.density, &self.noise);
        let mut sum = GuideDerivatives::default();
        sum.reset(density.num_globals(), order);
        let variance = variances(&guide.global.ln_scale);
        let seen = BlockView { loc: &guide.global.loc, variance: &variance, exps: &[] };
        let mut parts = derivatives(density.closed_outside(), seen, &mut sum);
        parts.add(1.0, self.integral_outside(seen, Wanted::Derivatives(order), &mut sum));
        if density.draws.outside && (order == Order::Second || !self.is_taped()) {
            let weight = (noise.draws as f64).recip();
            let mut out = Derivatives::default();
            for s in 0..noise.draws {
                let u = guide.global.at(noise.theta(s));
                parts.add(weight, density.program.expand_outside(order, &density.drawn.outside, &u, &mut out));
                let spread: Vec<f64> = noise.theta(s).iter().zip(&variance).map(|(e, v)| e * v.sqrt()).collect();
                sum.add_draw(&out, &spread, weight);
            }
        }
        entropy_gradient(&mut sum, &guide.global.ln_scale, 0);
        (parts, sum)
    }
}

impl TaskSum<'_> {
    /// Expected log densities of a task at that position among those evaluated, and in the sum their derivatives, entropy
    /// included.
    fn evaluate(&mut self, order: Order, guide: &Guide, task: usize, position: usize) -> LogParts {
        let density = self.bound.density;
        self.moments.fill(self.globals, guide, task);
        self.sum.reset(self.moments.loc.len(), order);
        let seen = self.moments.seen(self.globals);
        let mut parts = derivatives(density.closed_task(task), seen, &mut self.sum);
        if let Some(integral) = &mut self.integral {
            parts.add(1.0, integral.of_task(task, seen, Wanted::Derivatives(order), &mut self.sum));
        }
        let reads = density.layout.task_reads.len();
        if let Some(prior) = self.prior {
            parts.latents += prior.add_to(seen, reads, &mut self.sum);
        }
        self.add_draws(task, position, &mut parts);
        entropy_gradient(&mut self.sum, &guide.local.ln_scale[guide.task(task)], reads);
        parts
    }

    /// Adds the mean over draws of the task's log densities, and its derivatives.
    fn add_draws(&mut self, task: usize, position: usize, parts: &mut LogParts) {
        let Some(Scores { scorer, out }) = &mut self.scores else { return };
        let BlockMoments { loc, variance, spread, u } = &mut self.moments;
        let (noise, reads) = (&self.bound.noise, &self.bound.density.layout.task_reads);
        let weight = (noise.draws as f64).recip();
        for s in 0..noise.draws {
            let global_noise = reads.iter().map(|&j| noise.theta(s)[j]);
            let noise = global_noise.chain(noise.local(position, s).iter().copied());
            spread.clear();
            spread.extend(noise.zip(&*variance).map(|(noise, variance)| noise * variance.sqrt()));
            u.clear();
            u.extend(loc.iter().zip(&*spread).skip(reads.len()).map(|(loc, spread)| loc + spread));
            parts.add(weight, scorer.score(s, task, u, out));
            self.sum.add_draw(out, spread, weight);
        }
    }
}

/// Expected log densities of a block's closed forms; adds their derivatives.
pub(super) fn derivatives(closed: ClosedParts<'_>, seen: BlockView<'_>, sum: &mut GuideDerivatives) -> LogParts {
    LogParts { latents: closed.latents.derivatives(seen, sum), data: closed.data.derivatives(seen, sum) }
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
