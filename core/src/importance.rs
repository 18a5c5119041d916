//! The hierarchical importance correction.
//!
//! Given theta the tasks are independent, so the weight of a draw of theta factorises,
//!     w(theta) = p(theta) p(D_outside | theta) / q(theta) * prod_i Z_i(theta),   Z_i(theta) = p(D_i | theta),
//! and every factor is low-dimensional. Z_i is found around the mode of phi_i given theta (Newton steps from where linear
//! response puts it): exactly where the task is Gaussian given theta, otherwise by importance sampling from a
//! heavy-tailed proposal of the mode's curvature. phi_i is then drawn in proportion to the same weights.

use crate::block::{Blocks, Second, TaskBlock, Theta};
use crate::pass::Derivatives;
use crate::guide::Guide;
use crate::interpret::log_density::LogDensity;
use crate::linear_response::LinearResponse;
use crate::model::{Latents, Model};
use crate::noise::keyed;
use crate::number::Real;
use crate::posterior::{Locals, Posterior, root};
use crate::psis::{Smoothed, smooth};
use crate::special::{LN_SQRT_2PI, ln_gamma};
use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use rand::{Rng, RngExt};
use rayon::prelude::*;
use std::f64::consts::PI;

/// How much effort goes in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Draws of theta in the last round; earlier rounds take a quarter.
    pub(crate) draws: usize,
    /// Rounds at most: each proposes from the weighted draws of the one before.
    pub(crate) rounds: usize,
    /// Most proposals of phi_i a draw of theta.
    pub(crate) most_inner: usize,
    pub(crate) seed: u64,
}

/// What the correction found.
#[derive(Clone, Debug)]
pub(crate) struct Corrected {
    pub(crate) posterior: Posterior,
    pub(crate) k_hat: f64,
    pub(crate) task_k_hat: Vec<f64>,
    pub(crate) effective: f64,
    pub(crate) ln_evidence: f64,
    pub(crate) ln_evidence_error: f64,
}

/// Up to this many coordinates proposals are products of Student-t with 4 degrees of freedom; beyond, normal.
const MOST_HEAVY: usize = 8;
/// Proposals are this much wider than the Gaussian they come from.
const WIDER: f64 = 1.1;
/// A task is Gaussian given theta where its log density is quadratic up to this, in nats.
const EXACT: f64 = 1e-7;
/// Inner proposals start at this number and double while the estimate of Z_i is noisier than `INNER_NOISE`.
const FIRST_INNER: usize = 8;
const INNER_NOISE: f64 = 0.02;
/// Reliable below this (Vehtari et al. 2024).
pub(crate) const RELIABLE: f64 = 0.7;
const MOST_NEWTON: usize = 6;
const STEP: u64 = u64::MAX - 2;

/// A Gaussian from which theta is proposed.
struct Proposal {
    mean: DVector<f64>,
    root: DMatrix<f64>,
}

/// Tasks given theta: everything counts, and only phi_i varies.
pub(crate) struct Conditionals<'a, M: Model> {
    model: &'a M,
    blocks: Blocks,
    most: (usize, usize),
}

/// A fixed theta, ready for derivatives in phi and for plain values.
pub(crate) struct FixedTheta<M: Model> {
    dual: Theta<M, Second>,
    pub(crate) plain: <M::Global as Latents>::Of<Real<f64>>,
}

/// What a task says of one theta: ln Z_i, and draws of phi_i.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) ln_z: f64,
    pub(crate) draws: Vec<DVector<f64>>,
    pub(crate) mode: DVector<f64>,
    /// Weights of the inner proposals relative to their mean; empty where Z_i is exact.
    weights: Vec<f64>,
}

/// How many draws of phi_i are wanted, and how many proposals may be spent on them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inner {
    pub(crate) wanted: usize,
    pub(crate) most: usize,
}

impl<'a, M: Model> Conditionals<'a, M> {
    pub(crate) fn new(model: &'a M, blocks: &Blocks, most: (usize, usize)) -> Self {
        Self { model, blocks: blocks.given_theta::<M>(), most }
    }

    pub(crate) fn fix(&self, theta: &[f64]) -> FixedTheta<M> {
        FixedTheta {
            dual: self.blocks.theta(self.model, theta, self.most),
            plain: self.blocks.theta_values(self.model, theta),
        }
    }

    pub(crate) fn workspace(&self) -> (TaskBlock<'_, M, Second>, <M::Local as Latents>::Of<Real<f64>>) {
        (TaskBlock::new(self.model, &self.blocks), Default::default())
    }

    /// ln p(D_i, phi_i | theta) of the unconstrained phi_i.
    fn value(&self, theta: &FixedTheta<M>, task: &M::Task, u: &[f64], local: &mut <M::Local as Latents>::Of<Real<f64>>) -> f64 {
        let coordinates: Vec<Real<f64>> = u.iter().map(|&u| Real(u)).collect();
        let mut run = LogDensity::new(&coordinates, self.blocks.counted());
        self.model.local(&mut run, &theta.plain, task, local);
        self.model.likelihood(&mut run, &theta.plain, local, task);
        (run.latents + run.data).value()
    }

    /// ln Z_i(theta) and draws of phi_i given theta, starting from `start`, with a fallback covariance.
    pub(crate) fn answer<R: Rng>(
        &self,
        theta: &FixedTheta<M>,
        task: &M::Task,
        (start, fallback): (&DVector<f64>, &DMatrix<f64>),
        inner: Inner,
        (block, local): &mut (TaskBlock<'_, M, Second>, <M::Local as Latents>::Of<Real<f64>>),
        rng: &mut R,
    ) -> Answer {
        let n = start.len();
        let mode = climb(start.clone(), |u, out| {
            block.evaluate(&theta.dual, task, u.as_slice());
            std::mem::swap(&mut block.out, out);
        });
        let root = match &mode.precision {
            // covariance root: inverse transpose of the precision's root
            Some(precision) => precision.l().transpose().try_inverse().unwrap_or_else(|| root(fallback)),
            None => root(fallback),
        };
        let ln_det: f64 = root.diagonal().iter().map(|d| d.abs().ln()).sum();
        if mode.precision.is_some() {
            let exact = (0..2_usize).map(|_| DVector::from_fn(n, |_, _| rng.sample::<f64, _>(rand_distr::StandardNormal))).map(|z| {
                let u = &mode.at + &root * &z;
                let quadratic = mode.value - 0.5 * z.norm_squared();
                let is_exact = (self.value(theta, task, u.as_slice(), local) - quadratic).abs() < EXACT * (1.0 + mode.value.abs());
                (is_exact, u)
            });
            let exact: Vec<_> = exact.collect();
            if exact.iter().all(|e| e.0) {
                let ln_z = mode.value + ln_det + n as f64 * LN_SQRT_2PI;
                let mut draws: Vec<_> = exact.into_iter().map(|e| e.1).take(inner.wanted).collect();
                draws.resize_with(inner.wanted, || {
                    let z = DVector::from_fn(n, |_, _| rng.sample::<f64, _>(rand_distr::StandardNormal));
                    &mode.at + &root * z
                });
                return Answer { ln_z, draws, mode: mode.at, weights: Vec::new() };
            }
        }
        let mut points = Points::new(n, rng);
        let (mut proposals, mut ln_weights) = (Vec::new(), Vec::new());
        let mut count = FIRST_INNER;
        loop {
            while proposals.len() < count {
                let (z, ln_q) = points.next(rng);
                let u = &mode.at + &root * z * WIDER;
                ln_weights.push(self.value(theta, task, u.as_slice(), local) - ln_q + ln_det + n as f64 * WIDER.ln());
                proposals.push(u);
            }
            let (ln_z, weights) = normalised(&ln_weights);
            let noise = (weights.iter().map(|w| (w - 1.0) * (w - 1.0)).sum::<f64>()).sqrt() / count as f64;
            if noise < INNER_NOISE || count >= inner.most || !ln_z.is_finite() {
                let draw = |_| pick(&weights, rng).map_or_else(|| mode.at.clone(), |k| proposals[k].clone());
                let draws = (0..inner.wanted).map(draw).collect();
                return Answer { ln_z, draws, mode: mode.at, weights };
            }
            count *= 2;
        }
    }
}

/// Where Newton's method ended: a mode, or the best it found, with the Cholesky factor of the precision there.
pub(crate) struct Mode {
    pub(crate) at: DVector<f64>,
    pub(crate) value: f64,
    pub(crate) precision: Option<Cholesky<f64, Dyn>>,
}

/// Newton's method on a small log density, halving steps that lose.
pub(crate) fn climb(start: DVector<f64>, mut evaluate: impl FnMut(&DVector<f64>, &mut Derivatives)) -> Mode {
    let n = start.len();
    let mut here = Derivatives::default();
    evaluate(&start, &mut here);
    let mut mode = Mode { at: start, value: here.value, precision: precision(&here, n) };
    for _ in 0..MOST_NEWTON {
        let Some(precision_here) = &mode.precision else { break };
        let step = precision_here.solve(&DVector::from_column_slice(&here.gradient));
        let promised = 0.5 * step.dot(&DVector::from_column_slice(&here.gradient));
        let close = promised < 1e-10 * (1.0 + mode.value.abs());
        let mut factor = 1.0;
        let mut next = Derivatives::default();
        let at = loop {
            let at = &mode.at + &step * factor;
            evaluate(&at, &mut next);
            if next.value >= mode.value - 1e-9 * (1.0 + mode.value.abs()) {
                break Some(at);
            }
            factor *= 0.5;
            if factor < 1e-3 {
                break None;
            }
        };
        let Some(at) = at else { break };
        std::mem::swap(&mut here, &mut next);
        mode = Mode { at, value: here.value, precision: precision(&here, n) };
        if close || here.gradient.iter().all(|g| g.abs() < 1e-9) {
            break;
        }
    }
    mode
}

fn precision(here: &Derivatives, n: usize) -> Option<Cholesky<f64, Dyn>> {
    (here.value.is_finite()).then(|| (-DMatrix::from_row_slice(n, n, &here.hessian)).cholesky()).flatten()
}

/// ln of the mean of the weights, and the weights relative to it.
fn normalised(ln_weights: &[f64]) -> (f64, Vec<f64>) {
    let top = ln_weights.iter().copied().filter(|w| !w.is_nan()).fold(f64::NEG_INFINITY, f64::max);
    if !top.is_finite() {
        return (f64::NEG_INFINITY, vec![0.0; ln_weights.len()]);
    }
    let weights: Vec<f64> = ln_weights.iter().map(|w| if w.is_nan() { 0.0 } else { (w - top).exp() }).collect();
    let mean = weights.iter().sum::<f64>() / weights.len() as f64;
    (top + mean.ln(), weights.iter().map(|w| w / mean).collect())
}

/// An index in proportion to the weights; `None` if all are 0.
fn pick<R: Rng>(weights: &[f64], rng: &mut R) -> Option<usize> {
    let total: f64 = weights.iter().sum();
    let mut left = rng.random::<f64>() * total;
    let last = weights.iter().rposition(|&w| w > 0.0)?;
    Some(weights.iter().position(|w| {
        left -= w;
        left < 0.0
    }).unwrap_or(last))
}

/// A stream of standardised proposals with their log densities: a randomly shifted additive recurrence
/// (Roberts 2018), which fills space evenly, mapped to Student-t; plain normal draws in many dimensions.
struct Points {
    at: Vec<f64>,
    steps: Vec<f64>,
}

impl Points {
    fn new<R: Rng>(dimensions: usize, rng: &mut R) -> Self {
        // the root of x^(d + 1) = x + 1
        let root = (0..64).fold(1.5_f64, |x, _| (1.0 + x).powf((1.0 + dimensions as f64).recip()));
        Self {
            at: (0..dimensions).map(|_| rng.random()).collect(),
            steps: (1..=dimensions).map(|j| root.powf(-(j as f64)).fract()).collect(),
        }
    }

    fn next<R: Rng>(&mut self, rng: &mut R) -> (DVector<f64>, f64) {
        let n = self.at.len();
        if n > MOST_HEAVY {
            let z = DVector::from_fn(n, |_, _| rng.sample::<f64, _>(rand_distr::StandardNormal));
            let ln_q = -0.5 * z.norm_squared() - n as f64 * LN_SQRT_2PI;
            return (z, ln_q);
        }
        for (at, step) in self.at.iter_mut().zip(&self.steps) {
            *at = (*at + step).fract();
        }
        let z = DVector::from_iterator(n, self.at.iter().map(|&p| student_t4_quantile(p.clamp(1e-12, 1.0 - 1e-12))));
        // ln t_4(z) = ln gamma(5/2) - ln gamma(2) - ln(4 pi) / 2 - (5/2) ln(1 + z^2 / 4)
        let constant = ln_gamma(2.5) - 0.5 * (4.0 * PI).ln();
        let ln_q = z.iter().map(|z| constant - 2.5 * (0.25 * z * z).ln_1p()).sum();
        (z, ln_q)
    }
}

/// The quantile of Student's t with 4 degrees of freedom, in closed form (Shaw 2006).
fn student_t4_quantile(p: f64) -> f64 {
    let alpha = 4.0 * p * (1.0 - p);
    let q = (alpha.sqrt().acos() / 3.0).cos() / alpha.sqrt();
    (2.0 * (q - 1.0).max(0.0).sqrt()).copysign(p - 0.5)
}

/// One round: draws of theta from the proposal, their log weights, and a draw of every phi_i for each.
struct Round {
    theta: Vec<f64>,
    ln_weights: Vec<f64>,
    locals: Vec<Vec<f64>>,
    task_k_hat: Vec<f64>,
}

/// Corrects the Gaussian; `None` if no draw of theta has a finite weight.
pub(crate) fn correct<M: Model>(
    model: &M,
    blocks: &Blocks,
    most: (usize, usize),
    guide: &Guide,
    gaussian: &LinearResponse,
    effort: Effort,
) -> Option<Corrected> {
    let conditionals = Conditionals::new(model, blocks, most);
    let blocks = &blocks.all_counted::<M>();
    let globals = guide.global.len();
    let mut proposal =
        Proposal { mean: DVector::from_column_slice(&guide.global.loc), root: root(&gaussian.global) * WIDER };
    let mut best: Option<(Round, Smoothed)> = None;
    for number in 0..effort.rounds {
        let last = number + 1 == effort.rounds || guide.is_point() || globals == 0;
        let draws = if last { effort.draws } else { effort.draws / 4 };
        let round = conditionals.round(blocks, guide, gaussian, &proposal, draws, Effort { seed: effort.seed.wrapping_add(number as u64), ..effort });
        let smoothed = smooth(&round.ln_weights);
        if let Some(smoothed) = smoothed {
            if let Some(next) = reproposed(&round, &smoothed, globals) {
                proposal = next;
            }
            best = Some((round, smoothed));
        }
        if last {
            break;
        }
    }
    let (round, smoothed) = best?;
    let relative: f64 = smoothed.weights.iter().map(|w| w * w).sum::<f64>() - (smoothed.weights.len() as f64).recip();
    Some(Corrected {
        k_hat: if guide.is_point() || globals == 0 { 0.0 } else { smoothed.k_hat },
        task_k_hat: round.task_k_hat,
        effective: smoothed.effective,
        ln_evidence: smoothed.ln_mean,
        ln_evidence_error: relative.max(0.0).sqrt(),
        posterior: Posterior { theta: round.theta, globals, weights: smoothed.weights, locals: Locals::Drawn(round.locals) },
    })
}

/// The proposal of the next round: mean and covariance of the weighted draws. `None` while too few of them count.
fn reproposed(round: &Round, smoothed: &Smoothed, globals: usize) -> Option<Proposal> {
    if globals == 0 || smoothed.effective < 10.0 * globals as f64 {
        return None;
    }
    let row = |s: usize| DVector::from_column_slice(&round.theta[s * globals..(s + 1) * globals]);
    let weighted = || smoothed.weights.iter().enumerate();
    let mean = weighted().fold(DVector::zeros(globals), |sum, (s, &w)| sum + row(s) * w);
    let covariance = weighted().fold(DMatrix::zeros(globals, globals), |sum, (s, &w)| {
        let away = row(s) - &mean;
        sum + &away * away.transpose() * w
    });
    Some(Proposal { root: covariance.cholesky()?.unpack() * WIDER, mean })
}

impl<M: Model> Conditionals<'_, M> {
    fn round(
        &self,
        all: &Blocks,
        guide: &Guide,
        gaussian: &LinearResponse,
        proposal: &Proposal,
        draws: usize,
        effort: Effort,
    ) -> Round {
        let globals = guide.global.len();
        let is_fixed = globals == 0 || guide.is_point();
        let mut rng = keyed(effort.seed, STEP, u64::MAX);
        let mut points = Points::new(globals, &mut rng);
        let ln_det: f64 = proposal.root.diagonal().iter().map(|d| d.abs().ln()).sum();
        let (mut theta, mut ln_weights) = (Vec::with_capacity(draws * globals), Vec::with_capacity(draws));
        for _ in 0..draws {
            if is_fixed {
                theta.extend_from_slice(&guide.global.loc);
                ln_weights.push(0.0);
                continue;
            }
            let (z, ln_q) = points.next(&mut rng);
            let u = &proposal.mean + &proposal.root * z;
            let (latents, data) = all.global_value(self.model, u.as_slice());
            ln_weights.push(latents + data - ln_q + ln_det);
            theta.extend(u.iter());
        }
        let fixed: Vec<FixedTheta<M>> = theta.chunks(globals.max(1)).map(|u| self.fix(u)).collect();
        let fixed = if globals == 0 { (0..draws).map(|_| self.fix(&[])).collect() } else { fixed };
        let row = |s: usize| &theta[s * globals..(s + 1) * globals];
        let tasks: Vec<(Vec<f64>, Vec<f64>, f64)> = (0..guide.num_tasks())
            .into_par_iter()
            .map(|i| {
                let mut rng = keyed(effort.seed, STEP, i as u64);
                let mut workspace = self.workspace();
                let (mut ln_z, mut table, mut inner) = (Vec::with_capacity(draws), Vec::new(), Vec::new());
                for s in 0..draws {
                    let start = gaussian.task_mean(guide, i, row(s));
                    let fallback = &gaussian.tasks[i].covariance;
                    let answer = self.answer(&fixed[s], self.model.task(i), (&start, fallback), Inner { wanted: 1, most: effort.most_inner }, &mut workspace, &mut rng);
                    ln_z.push(answer.ln_z);
                    table.extend(answer.draws[0].iter());
                    if s % (draws / 100).max(1) == 0 {
                        inner.extend(answer.weights.iter().map(|w| w.ln()));
                    }
                }
                // weights of exact answers are all equal
                let k_hat = if inner.is_empty() { 0.0 } else { smooth(&inner).map_or(f64::INFINITY, |s| s.k_hat) };
                (ln_z, table, k_hat)
            })
            .collect();
        let mut locals = Vec::with_capacity(tasks.len());
        let mut task_k_hat = Vec::with_capacity(tasks.len());
        for (ln_z, table, k_hat) in tasks {
            ln_weights.iter_mut().zip(ln_z).for_each(|(w, z)| *w += z);
            locals.push(table);
            task_k_hat.push(k_hat);
        }
        Round { theta, ln_weights, locals, task_k_hat }
    }
}
