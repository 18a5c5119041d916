//! The hierarchical importance correction.
//!
//! Given theta the tasks are independent, so the weight of a draw of theta factorises,
//!     w(theta) = p(theta) p(D_outside | theta) / q(theta) * prod_i Z_i(theta),   Z_i(theta) = p(D_i | theta),
//! and every factor is low-dimensional. phi_i is drawn given theta, in proportion to the weights that give Z_i.

use crate::conditional::{Conditionals, FixedTheta, Guess, Inner, Points, WIDER, Workspace};
use crate::elbo::Objective;
use crate::guide::Guide;
use crate::linear_response::LinearResponse;
use crate::model::Model;
use crate::noise::keyed;
use crate::number::Real;
use crate::posterior::{Locals, Posterior};
use crate::psis::{Smoothed, smooth, temper};
use crate::real::log_sum_exp;
use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

/// How much effort goes in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Draws of theta in the last round; those that prepare it take a quarter each.
    pub(crate) draws: usize,
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
    /// Whether the draws are too few that count to be used; it stops early where it sees that coming.
    pub(crate) is_useless: bool,
    pub(crate) ln_evidence: f64,
    pub(crate) ln_evidence_error: f64,
}

/// Reliable below this (Vehtari et al. 2024).
pub(crate) const RELIABLE: f64 = 0.7;
/// With a larger k-hat, or fewer effective draws, not to be used.
const USELESS: (f64, f64) = (1.0, 10.0);
/// Rounds at most before the last: each proposes from the weighted draws of the one before.
pub(crate) const MOST_PREPARING: usize = 2;
/// The last round follows as soon as so much of the draws counts.
const PREPARED: f64 = 0.3;
/// A proposal of theta comes from at least so many effective draws a coordinate; tempering sees to it.
const ENOUGH: f64 = 5.0;
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
        root: uncorrected.gaussian.global.root() * WIDER,
    };
    let mut workspaces: Vec<_> = (0..guide.num_tasks()).map(|_| conditionals.workspace()).collect();
    let mut number = 0;
    let (mut round, mut smoothed) = loop {
        let is_last = is_fixed || number == MOST_PREPARING;
        let draws = if is_last { effort.draws } else { effort.draws / 4 };
        let effort = Effort { draws, seed: effort.seed.wrapping_add(number as u64), ..effort };
        let round = round((&conditionals, &mut workspaces), uncorrected, &proposal, effort);
        let smoothed = smooth(&round.ln_weights)?;
        if is_last || (number > 0 && is_useless(&smoothed)) {
            break (round, smoothed);
        }
        if let Some(next) = reproposed(&round, &smoothed, globals) {
            proposal = next;
        }
        let is_prepared = smoothed.k_hat < RELIABLE && smoothed.effective > PREPARED * draws as f64;
        number = if is_prepared { MOST_PREPARING } else { number + 1 };
    };
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
        is_useless: !is_fixed && is_useless(&smoothed),
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

/// Whether weights say so little that more draws of the same kind would be wasted.
fn is_useless(smoothed: &Smoothed) -> bool {
    smoothed.k_hat >= USELESS.0 || smoothed.effective < USELESS.1.min(0.5 * smoothed.weights.len() as f64)
}

/// The proposal of the next round: mean and covariance of the weighted draws, tempered where too few of them count.
fn reproposed(round: &Round, smoothed: &Smoothed, globals: usize) -> Option<Proposal> {
    let ln_weights: Vec<f64> = smoothed.weights.iter().map(|w| w.ln()).collect();
    let weights = temper(&ln_weights, ENOUGH * globals as f64);
    let row = |s: usize| DVector::from_column_slice(&round.theta[s * globals..(s + 1) * globals]);
    let weighted = || weights.iter().enumerate();
    let mean = weighted().fold(DVector::zeros(globals), |sum, (s, &w)| sum + row(s) * w);
    let covariance = weighted().fold(DMatrix::zeros(globals, globals), |sum, (s, &w)| {
        let away = row(s) - &mean;
        sum + &away * away.transpose() * w
    });
    Some(Proposal { root: covariance.cholesky()?.unpack() * WIDER, mean })
}

fn round<M: Model>(
    (conditionals, workspaces): (&Conditionals<'_, M>, &mut [Workspace<'_, M>]),
    Uncorrected { guide, gaussian, centres }: &Uncorrected<'_>,
    proposal: &Proposal,
    effort: Effort,
) -> Round {
    let objective = conditionals.objective;
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
    let tasks: Vec<(Vec<f64>, Vec<f64>, f64)> = workspaces
        .par_iter_mut()
        .enumerate()
        .map(|(i, workspace)| {
            let mut rng = keyed(effort.seed, STEP, i as u64);
            let (mut ln_z, mut table, mut inner) = (Vec::with_capacity(draws), Vec::new(), Vec::new());
            let guess = Guess { start: &centres[i], covariance: &gaussian.tasks[i].covariance };
            for (s, theta) in fixed.iter().enumerate() {
                let wanted = Inner { wanted: 1, most: effort.most_inner };
                let answer = conditionals.answer(i, theta, &guess, wanted, workspace, &mut rng);
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

#[cfg(test)]
mod tests {
    use crate::fit::Fittable;
    use crate::options::{Correction, Options};
    use crate::prelude::*;

    model! {
        /// Tails that no Gaussian is near, in forty directions.
        Heavy(scale: f64) {
            x[_ in 0..40] ~ Cauchy(0.0, scale);
        }
    }

    #[test]
    fn a_hopeless_correction_stops_early_and_says_so() {
        let fit = Heavy::new(3.0).fit().expect("no data");
        let evidence = fit.evidence().expect("it was tried");
        assert!(evidence.k_hat >= 1.0 || evidence.effective_sample_size < 10.0, "{fit}");
        let trust = fit.trust();
        assert!(trust.method != Correction::Importance && !trust.is_reliable, "{fit}");
        let quarter = Options::default().posterior_draws / 4;
        let said = format!("effective draws of {quarter})");
        assert!(
            trust.notes.iter().any(|note| note.contains("importance weights failed") && note.contains(&said)),
            "{fit}"
        );
    }

    model! {
        /// Locals that are not Gaussian given theta, some of two modes.
        Waves(waves: &[Vec<(f64, f64)>]) {
            scale ~ LogNormal(0.0, 1.0);
            for wave in waves {
                amplitude ~ HalfNormal(scale);
                phase ~ Normal(0.0, 2.0);
                for &(x, y) in wave {
                    y ~ Normal(amplitude * (phase + x).sin(), 0.3);
                }
            }
        }
    }

    #[test]
    fn the_correction_is_the_same_for_any_number_of_threads() {
        let wave = |i: u32| (0..i + 2).map(|k| (f64::from(k), f64::from(k * (i + 3) % 5) - 2.0)).collect();
        let waves: Vec<_> = (0..7).map(wave).collect();
        let [one, three] = [1, 3].map(|threads| {
            let options = Options { threads: Some(threads), posterior_draws: 400, ..Options::default() };
            Waves::new(&waves).fit_with(&options).expect("valid")
        });
        assert_eq!(one.evidence(), three.evidence());
        assert_eq!(one.evidence().map(|e| e.ln_evidence.to_bits()), three.evidence().map(|e| e.ln_evidence.to_bits()));
        for i in 0..waves.len() {
            assert_eq!(one.local(i).phase, three.local(i).phase);
        }
    }
}
