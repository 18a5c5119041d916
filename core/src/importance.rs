//! The hierarchical importance correction.
//!
//! Given theta the tasks are independent, so the weight of a draw of theta factorises,
//!     w(theta) = p(theta) p(D_outside | theta) / q(theta) * prod_i Z_i(theta),   Z_i(theta) = p(D_i | theta),
//! and every factor is low-dimensional. phi_i is drawn given theta, in proportion to the weights that give Z_i.

use crate::conditional::{Conditionals, FixedTheta, Guess, Inner, Points, WIDER};
use crate::elbo::Objective;
use crate::guide::Guide;
use crate::linear_response::LinearResponse;
use crate::model::Model;
use crate::noise::keyed;
use crate::number::Real;
use crate::posterior::{Locals, Posterior, root};
use crate::psis::{Smoothed, smooth};
use crate::real::log_sum_exp;
use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

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

/// Reliable below this (Vehtari et al. 2024).
pub(crate) const RELIABLE: f64 = 0.7;
const STEP: u64 = u64::MAX - 2;

/// A Gaussian from which theta is proposed.
struct Proposal {
    mean: DVector<f64>,
    root: DMatrix<f64>,
}

/// One round: draws of theta from the proposal, their log weights, and a draw of every phi_i for each.
struct Round {
    /// Sum over tasks of the log of the mean of Z_i.
    ln_evidence_of_tasks: f64,
    theta: Vec<f64>,
    ln_weights: Vec<f64>,
    locals: Vec<Vec<f64>>,
    task_k_hat: Vec<f64>,
}

/// What a correction starts from.
pub(crate) struct Uncorrected<'a> {
    pub(crate) guide: &'a Guide,
    pub(crate) gaussian: &'a LinearResponse,
    /// By task, where phi_i is in centred coordinates when theta is at the guide's mean.
    pub(crate) centres: &'a [DVector<f64>],
}

/// Corrects the Gaussian; `None` if no draw of theta has a finite weight.
pub(crate) fn correct<M: Model>(
    objective: &Objective<'_, M>,
    uncorrected: &Uncorrected<'_>,
    effort: Effort,
) -> Option<Corrected> {
    let conditionals = Conditionals::new(objective);
    let guide = uncorrected.guide;
    let globals = guide.global.len();
    let is_fixed = guide.is_point() || globals == 0;
    let mut proposal = Proposal {
        mean: DVector::from_column_slice(&guide.global.loc),
        root: root(&uncorrected.gaussian.global) * WIDER,
    };
    let mut best: Option<(Round, Smoothed)> = None;
    for number in 0..effort.rounds {
        let last = number + 1 == effort.rounds || is_fixed;
        let draws = if last { effort.draws } else { effort.draws / 4 };
        let effort = Effort { draws, seed: effort.seed.wrapping_add(number as u64), ..effort };
        let round = round(objective, &conditionals, uncorrected, &proposal, effort);
        if let Some(smoothed) = smooth(&round.ln_weights) {
            if let Some(next) = reproposed(&round, &smoothed, globals) {
                proposal = next;
            }
            best = Some((round, smoothed));
        }
        if last {
            break;
        }
    }
    let (mut round, mut smoothed) = best?;
    if is_fixed {
        // one theta, many draws of phi: all weigh the same, and each Z_i is the mean of its estimates
        let draws = smoothed.weights.len() as f64;
        smoothed.weights.fill(draws.recip());
        smoothed.effective = draws;
        smoothed.ln_mean = round.ln_evidence_of_tasks;
        round.ln_weights.fill(0.0);
    }
    let relative: f64 = smoothed.weights.iter().map(|w| w * w).sum::<f64>() - (smoothed.weights.len() as f64).recip();
    Some(Corrected {
        k_hat: if is_fixed { 0.0 } else { smoothed.k_hat },
        task_k_hat: round.task_k_hat,
        effective: smoothed.effective,
        ln_evidence: smoothed.ln_mean,
        ln_evidence_error: relative.max(0.0).sqrt(),
        posterior: Posterior {
            theta: round.theta,
            globals,
            weights: smoothed.weights,
            locals: Locals::Drawn(round.locals),
            non_centred: vec![false; M::LOCAL_SITES.len()],
        },
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

fn round<M: Model>(
    objective: &Objective<'_, M>,
    conditionals: &Conditionals<'_, M>,
    Uncorrected { guide, gaussian, centres }: &Uncorrected<'_>,
    proposal: &Proposal,
    effort: Effort,
) -> Round {
    let (globals, draws) = (guide.global.len(), effort.draws);
    let all = objective.blocks.all_counted::<M>();
    let mut rng = keyed(effort.seed, STEP, u64::MAX);
    let mut points = Points::new(globals, &mut rng);
    let ln_det: f64 = proposal.root.diagonal().iter().map(|d| d.abs().ln()).sum();
    let (mut theta, mut ln_weights) = (Vec::with_capacity(draws), Vec::with_capacity(draws));
    for _ in 0..draws {
        if globals == 0 || guide.is_point() {
            theta.push(guide.global.loc.clone());
            ln_weights.push(0.0);
            continue;
        }
        let (z, ln_q) = points.next(&mut rng);
        let u = &proposal.mean + &proposal.root * z;
        let (latents, data) = all.global_value(objective.model, u.as_slice());
        ln_weights.push(latents + data - ln_q + ln_det);
        theta.push(u.as_slice().to_vec());
    }
    let fixed: Vec<FixedTheta<M>> = theta.iter().map(|u| conditionals.fix(u)).collect();
    let tasks: Vec<(Vec<f64>, Vec<f64>, f64)> = (0..guide.num_tasks())
        .into_par_iter()
        .map(|i| {
            let mut rng = keyed(effort.seed, STEP, i as u64);
            let mut workspace = conditionals.workspace();
            let (mut ln_z, mut table, mut inner) = (Vec::with_capacity(draws), Vec::new(), Vec::new());
            let guess = Guess { start: &centres[i], covariance: &gaussian.tasks[i].covariance };
            for (s, theta) in fixed.iter().enumerate() {
                let wanted = Inner { wanted: 1, most: effort.most_inner };
                let answer = conditionals.answer(i, theta, &guess, wanted, &mut workspace, &mut rng);
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
    let mut ln_evidence_of_tasks = 0.0;
    let mut locals = Vec::with_capacity(tasks.len());
    let mut task_k_hat = Vec::with_capacity(tasks.len());
    for (ln_z, table, k_hat) in tasks {
        ln_evidence_of_tasks += log_sum_exp(ln_z.iter().map(|&z| Real(z))).value() - (draws as f64).ln();
        ln_weights.iter_mut().zip(ln_z).for_each(|(w, z)| *w += z);
        locals.push(table);
        task_k_hat.push(k_hat);
    }
    Round { ln_evidence_of_tasks, theta: theta.concat(), ln_weights, locals, task_k_hat }
}
