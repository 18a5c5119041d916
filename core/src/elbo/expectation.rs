//! Expected log densities under the guide.

use crate::density::ClosedParts;
use crate::density::closed::BlockView;
use crate::density::closed::derivatives::GuideDerivatives;
use crate::density::program::{Fixed, LogParts, Scorer, Scoring};
use crate::density::tape::WIDEST_LANES;
use crate::elbo::leaf_normal::Wanted;
use crate::elbo::quadrature::Integral;
use crate::elbo::{Bound, ExpectedParts};
use crate::guide::{Guide, variances};
use crate::linalg::arrow::CHUNK;
use crate::numbers::expression::forgetting;
use crate::numbers::pass::Derivatives;
use rayon::prelude::*;

/// What the tasks see of the guide of theta: moments of the coordinates they read, E\[exp\] of the exponents they share.
pub(super) struct GlobalMoments {
    loc: Vec<f64>,
    variance: Vec<f64>,
    exps: Vec<f64>,
}

/// loc and variance of a task's block: the globals it reads, then its own coordinates; and space for a draw of it.
#[derive(Default)]
pub(super) struct BlockMoments {
    pub(super) loc: Vec<f64>,
    pub(super) variance: Vec<f64>,
    pub(super) spread: Vec<f64>,
    pub(super) u: Vec<f64>,
}

impl BlockMoments {
    /// Before any task, whose own moments are filled in behind those of the globals.
    pub(super) fn of(globals: &GlobalMoments) -> Self {
        Self { loc: globals.loc.clone(), variance: globals.variance.clone(), ..Self::default() }
    }

    /// Takes the moments of task i in place of those of another; the globals are those that it is made of.
    pub(super) fn fill(&mut self, globals: &GlobalMoments, guide: &Guide, i: usize) {
        self.loc.truncate(globals.loc.len());
        self.loc.extend_from_slice(&guide.local.loc[guide.task(i)]);
        self.variance.truncate(globals.variance.len());
        self.variance.extend(guide.local.ln_scale[guide.task(i)].iter().map(|s| (2.0 * s).exp()));
    }

    pub(super) fn seen<'a>(&'a self, globals: &'a GlobalMoments) -> BlockView<'a> {
        BlockView { loc: &self.loc, variance: &self.variance, exps: &globals.exps }
    }
}

/// What scores draws of tasks, with space for the derivatives of one.
pub(super) struct Scores<'f> {
    pub(super) scorer: Box<dyn Scorer + 'f>,
    pub(super) out: Derivatives,
}

impl Bound<'_> {
    /// E\[ln p\] of the sites that have a closed form, or are functions of few leaves.
    pub(super) fn exact_part(&self, guide: &Guide) -> ExpectedParts {
        let (density, globals) = (self.density, self.global_moments(guide));
        let (prior, reads) = (self.shared_prior(guide, Scoring::Value), density.layout.task_reads.len());
        let tasks: Vec<usize> = (0..density.num_tasks()).collect();
        let of_chunk = |tasks: &[usize]| -> Vec<LogParts> {
            forgetting(|| {
                let (mut moments, mut integral) = (BlockMoments::of(&globals), Integral::of_tasks(self, guide));
                let mut unwanted = GuideDerivatives::default();
                let of_task = |&i: &usize| {
                    moments.fill(&globals, guide, i);
                    let seen = moments.seen(&globals);
                    let mut parts = value(density.closed_task(i), seen);
                    if let Some(integral) = &mut integral {
                        parts.add(1.0, integral.of_task(i, seen, Wanted::Value, &mut unwanted));
                    }
                    if let Some(prior) = &prior {
                        parts.latents += prior.value(seen, reads);
                    }
                    parts
                };
                tasks.iter().map(of_task).collect()
            })
        };
        let tasks: Vec<Vec<LogParts>> = tasks.par_chunks(CHUNK).map(of_chunk).collect();
        let variance = variances(&guide.global.ln_scale);
        let seen = BlockView { loc: &guide.global.loc, variance: &variance, exps: &[] };
        let mut outside = value(density.closed_outside(), seen);
        outside.add(1.0, self.integral_outside(seen, Wanted::Value, &mut GuideDerivatives::default()));
        ExpectedParts { outside, tasks: tasks.concat() }
    }

    /// Adds the mean over draws of ln p of the sites that have no closed form.
    pub(super) fn add_sampled_part(&self, guide: &Guide, expected: &mut ExpectedParts) {
        let (density, noise) = (self.density, &self.noise);
        let weight = (noise.draws as f64).recip();
        if density.draws.tasks {
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
        if density.draws.outside {
            for s in 0..noise.draws {
                let u = guide.global.at(noise.theta(s));
                expected.outside.add(weight, density.program.outside(&density.drawn.outside, &u));
            }
        }
    }

    /// Theta at each of the draws.
    pub(super) fn fix(&self, guide: &Guide, scoring: Scoring) -> Box<dyn Fixed + '_> {
        let thetas: Vec<Vec<f64>> = (0..self.noise.draws).map(|s| guide.global.at(self.noise.theta(s))).collect();
        self.density.program.fix(scoring, &self.density.layout, &thetas)
    }

    /// Whether first derivatives of what is sampled come from the tape, since there are too many for lanes.
    pub(super) fn is_taped(&self) -> bool {
        self.density.widest_block() > WIDEST_LANES && self.density.is_sampled()
    }

    pub(super) fn global_moments(&self, guide: &Guide) -> GlobalMoments {
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
    pub(super) fn of(fixed: &'f dyn Fixed, bound: &'f Bound<'_>) -> Self {
        Self { scorer: fixed.scorer(&bound.density.drawn.tasks), out: Derivatives::default() }
    }
}

/// Expected log densities of a block's closed forms.
fn value(closed: ClosedParts<'_>, seen: BlockView<'_>) -> LogParts {
    LogParts { latents: closed.latents.value(seen), data: closed.data.value(seen) }
}
