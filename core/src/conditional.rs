//! One task given theta: ln p(D_i | theta), and draws of phi_i.
//!
//! Exact from sufficient statistics where the closed forms make the task Gaussian given theta. Otherwise Newton's method
//! finds the mode; where the density is quadratic around it, that is exact too, and else importance sampling from a
//! heavy-tailed proposal of the mode's curvature does the rest. Locals are written centred here, whatever the guide does.

use crate::block::{Blocks, Second, TaskBlock, Theta, globals};
use crate::elbo::{Conditional, Objective};
use crate::interpret::log_density::LogDensity;
use crate::model::{Globals, Locals, Model};
use crate::number::Real;
use crate::pass::Derivatives;
use crate::posterior::root;
use crate::special::{LN_SQRT_2PI, ln_gamma};
use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use rand::{Rng, RngExt};
use std::f64::consts::PI;

/// Up to this many coordinates proposals are products of Student-t with 4 degrees of freedom; beyond, normal.
const MOST_HEAVY: usize = 8;
/// Proposals are this much wider than the Gaussian they come from.
pub(crate) const WIDER: f64 = 1.1;
/// A density is quadratic where it differs from its expansion at the mode by no more than this, in nats.
const EXACT: f64 = 1e-7;
/// Proposals start at this number and double while the estimate of Z_i is noisier than `TOO_NOISY`.
const FIRST_PROPOSALS: usize = 8;
const TOO_NOISY: f64 = 0.02;
const MOST_NEWTON: usize = 20;

/// The tasks of a (centred) objective given theta.
pub(crate) struct Conditionals<'a, M: Model> {
    objective: &'a Objective<'a, M>,
    /// Everything counts, and only phi_i varies.
    blocks: Blocks,
    is_gaussian: bool,
}

/// A fixed theta.
pub(crate) struct FixedTheta<M: Model> {
    u: Vec<f64>,
    /// For derivatives in phi; not needed where tasks are Gaussian given theta.
    dual: Option<Theta<M, Second>>,
    pub(crate) plain: Globals<M, f64>,
}

/// What a task says of one theta: ln Z_i, and draws of phi_i.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) ln_z: f64,
    pub(crate) draws: Vec<DVector<f64>>,
    pub(crate) mode: DVector<f64>,
    /// Weights of the proposals relative to their mean; empty where Z_i is exact.
    pub(crate) weights: Vec<f64>,
}

/// How many draws of phi_i are wanted, and how many proposals may be spent on them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inner {
    pub(crate) wanted: usize,
    pub(crate) most: usize,
}

/// Where to look for phi_i given theta first, and the covariance to fall back on.
pub(crate) struct Guess<'a> {
    pub(crate) start: &'a DVector<f64>,
    pub(crate) covariance: &'a DMatrix<f64>,
}

/// Buffers for answers.
pub(crate) struct Workspace<'a, M: Model> {
    block: TaskBlock<'a, M, Second>,
    local: Locals<M, f64>,
}

impl<'a, M: Model> Conditionals<'a, M> {
    pub(crate) fn new(objective: &'a Objective<'a, M>) -> Self {
        let blocks = objective.blocks.given_theta::<M>();
        Self { objective, blocks, is_gaussian: objective.is_gaussian_given_theta() }
    }

    pub(crate) fn fix(&self, theta: &[f64]) -> FixedTheta<M> {
        let Objective { model, most, .. } = self.objective;
        FixedTheta {
            u: theta.to_vec(),
            dual: (!self.is_gaussian).then(|| self.blocks.theta(*model, theta, *most)),
            plain: globals(*model, theta, |_, u| Real(u)),
        }
    }

    pub(crate) fn workspace(&self) -> Workspace<'_, M> {
        Workspace { block: TaskBlock::new(self.objective.model, &self.blocks), local: Default::default() }
    }

    /// ln p(D_i, phi_i | theta) of the unconstrained phi_i.
    fn value(&self, theta: &FixedTheta<M>, i: usize, u: &[f64], local: &mut Locals<M, f64>) -> f64 {
        let model = self.objective.model;
        let coordinates: Vec<Real<f64>> = u.iter().map(|&u| Real(u)).collect();
        let mut run = LogDensity::new(&coordinates, self.blocks.counted());
        model.local(&mut run, &theta.plain, model.task(i), local);
        model.likelihood(&mut run, &theta.plain, local, model.task(i));
        (run.latents + run.data).value()
    }

    /// ln Z_i(theta) and draws of phi_i given theta.
    pub(crate) fn answer<R: Rng>(
        &self,
        i: usize,
        theta: &FixedTheta<M>,
        guess: &Guess<'_>,
        inner: Inner,
        workspace: &mut Workspace<'_, M>,
        rng: &mut R,
    ) -> Answer {
        let Some(dual) = &theta.dual else {
            let shared = self.objective.shared_at(&theta.u);
            return match self.objective.conditional(i, &theta.u, &shared) {
                Some(Conditional { value, mean, precision }) => {
                    gaussian_answer(value, mean, &precision_root(&precision), Vec::new(), inner.wanted, rng)
                }
                None => impossible(guess.start, inner.wanted),
            };
        };
        let task = self.objective.model.task(i);
        let block = &mut workspace.block;
        let mode = climb(guess.start.clone(), |u, out| {
            block.evaluate(dual, task, u.as_slice());
            std::mem::swap(&mut block.out, out);
        });
        let root = mode.precision.as_ref().map_or_else(|| root(guess.covariance), precision_root);
        let n = mode.at.len();
        if mode.precision.is_some() {
            let two: Vec<DVector<f64>> = (0..2_usize).map(|_| normal(n, rng)).collect();
            let is_exact = two.iter().all(|z| {
                let u = &mode.at + &root * z;
                let expanded = mode.value - 0.5 * z.norm_squared();
                let value = self.value(theta, i, u.as_slice(), &mut workspace.local);
                (value - expanded).abs() < EXACT * (1.0 + mode.value.abs())
            });
            if is_exact {
                return gaussian_answer(mode.value, mode.at, &root, two, inner.wanted, rng);
            }
        }
        let ln_det = ln_determinant(&root) + n as f64 * WIDER.ln();
        let mut points = Points::new(n, rng);
        let (mut proposals, mut ln_weights) = (Vec::new(), Vec::new());
        let mut count = FIRST_PROPOSALS;
        loop {
            while proposals.len() < count {
                let (z, ln_q) = points.next(rng);
                let u = &mode.at + &root * z * WIDER;
                ln_weights.push(self.value(theta, i, u.as_slice(), &mut workspace.local) - ln_q + ln_det);
                proposals.push(u);
            }
            let (ln_z, weights) = normalised(&ln_weights);
            let noise = (weights.iter().map(|w| (w - 1.0) * (w - 1.0)).sum::<f64>()).sqrt() / count as f64;
            if noise < TOO_NOISY || count >= inner.most || !ln_z.is_finite() {
                let draw = |_| pick(&weights, rng).map_or_else(|| mode.at.clone(), |k| proposals[k].clone());
                let draws = (0..inner.wanted).map(draw).collect();
                return Answer { ln_z, draws, mode: mode.at, weights };
            }
            count *= 2;
        }
    }
}

/// The exact answer for a Gaussian with log density `value` at its mode; `z` holds standard normal draws made already.
fn gaussian_answer<R: Rng>(
    value: f64,
    mode: DVector<f64>,
    root: &DMatrix<f64>,
    z: Vec<DVector<f64>>,
    wanted: usize,
    rng: &mut R,
) -> Answer {
    let n = mode.len();
    let ln_z = value + ln_determinant(root) + n as f64 * LN_SQRT_2PI;
    let mut z = z.into_iter();
    let draws = (0..wanted).map(|_| &mode + root * z.next().unwrap_or_else(|| normal(n, rng))).collect();
    Answer { ln_z, draws, mode, weights: Vec::new() }
}

/// A theta under which the task has no proper posterior counts for nothing.
fn impossible(start: &DVector<f64>, wanted: usize) -> Answer {
    Answer { ln_z: f64::NEG_INFINITY, draws: vec![start.clone(); wanted], mode: start.clone(), weights: Vec::new() }
}

fn normal<R: Rng>(n: usize, rng: &mut R) -> DVector<f64> {
    DVector::from_fn(n, |_, _| rng.sample::<f64, _>(rand_distr::StandardNormal))
}

/// A root of the covariance whose inverse is given: the inverse transpose of the precision's root.
fn precision_root(precision: &Cholesky<f64, Dyn>) -> DMatrix<f64> {
    let n = precision.l_dirty().nrows();
    let mut root = DMatrix::identity(n, n);
    let solved = precision.l_dirty().tr_solve_lower_triangular_mut(&mut root);
    debug_assert!(solved, "the diagonal of a Cholesky factor is positive");
    root
}

fn ln_determinant(root: &DMatrix<f64>) -> f64 {
    root.diagonal().iter().map(|d| d.abs().ln()).sum()
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
    Some(
        weights
            .iter()
            .position(|w| {
                left -= w;
                left < 0.0
            })
            .unwrap_or(last),
    )
}

/// A stream of standardised proposals with their log densities: a randomly shifted additive recurrence
/// (Roberts 2018), which fills space evenly, mapped to Student-t; plain normal draws in many dimensions.
pub(crate) struct Points {
    at: Vec<f64>,
    steps: Vec<f64>,
}

impl Points {
    pub(crate) fn new<R: Rng>(dimensions: usize, rng: &mut R) -> Self {
        // the root of x^(d + 1) = x + 1
        let root = (0..64).fold(1.5_f64, |x, _| (1.0 + x).powf((1.0 + dimensions as f64).recip()));
        Self {
            at: (0..dimensions).map(|_| rng.random()).collect(),
            steps: (1..=dimensions).map(|j| root.powf(-(j as f64)).fract()).collect(),
        }
    }

    pub(crate) fn next<R: Rng>(&mut self, rng: &mut R) -> (DVector<f64>, f64) {
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
