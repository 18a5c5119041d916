//! The hierarchical importance correction.
//!
//! Given theta the tasks are independent, so the weight of a draw of theta factorises,
//!     w(theta) = p(theta) p(D_outside | theta) / q(theta) * prod_i Z_i(theta),   Z_i(theta) = p(D_i | theta),
//! and every factor is low-dimensional. phi_i is drawn given theta, in proportion to the weights that give Z_i.
//!
//! Where there is but one theta, a point or none at all, tasks are independent altogether: Z_i is the mean of its
//! estimates, and a draw of phi_i counts as much as the estimate that it comes with.

use crate::conditional::{Conditionals, FixedTheta, Guess, Inner, WIDER, Workspace, ln_determinant};
use crate::correct::linear_response::LinearResponse;
use crate::elbo::Objective;
use crate::guide::Guide;
use crate::model::Model;
use crate::numbers::number::Real;
use crate::numbers::real::log_sum_exp;
use crate::posterior::{Locals, Posterior};
use crate::sampling::lattice::{Points, points_ln_density};
use crate::sampling::noise::keyed;
use crate::sampling::psis::{Smoothed, k_hat_of_proposals, relative, reliable_below, smooth, temper, top};
use crate::sampling::resample::resample;
use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

/// How much effort goes in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Draws of theta in the last round; those that prepare it take a quarter each.
    pub(crate) draws: usize,
    /// The most of them, where so few count that more are wanted.
    pub(crate) most_draws: usize,
    /// Most proposals of phi_i a draw of theta at first, and in the end where estimates of Z_i are noisy.
    pub(crate) most_inner: usize,
    pub(crate) most_grown: usize,
    pub(crate) seed: u64,
}

/// How it went.
pub(crate) enum Attempt {
    /// Nobody wanted it.
    NotAsked,
    /// It would have cost more than it may.
    TooCostly,
    /// No draw of theta had a finite weight.
    NoWeight,
    Ran(Box<Corrected>),
}

impl Attempt {
    pub(crate) fn ran(&self) -> Option<&Corrected> {
        match self {
            Self::Ran(corrected) => Some(corrected),
            _ => None,
        }
    }
}

/// What the correction found.
#[derive(Clone, Debug)]
pub(crate) struct Corrected {
    pub(crate) posterior: Posterior,
    pub(crate) k_hat: f64,
    /// Whether k-hat is small enough for as many draws.
    pub(crate) is_reliable: bool,
    pub(crate) task_k_hat: Vec<f64>,
    /// Tasks whose own k-hat is not.
    pub(crate) doubtful_tasks: Vec<usize>,
    pub(crate) effective: f64,
    /// Whether the draws are too few that count to be used; it stops early where it sees that coming.
    pub(crate) is_useless: bool,
    /// Draws of theta that do not count as their density is not finite.
    pub(crate) not_finite: usize,
    pub(crate) ln_evidence: f64,
    pub(crate) ln_evidence_error: f64,
}

/// With fewer effective draws, not to be used.
const USELESS: f64 = 10.0;
/// Rounds at most before the last: each proposes from the weighted draws of the one before.
pub(crate) const MOST_PREPARING: usize = 4;
/// The last round follows as soon as so much of the draws counts.
const PREPARED: f64 = 0.3;
/// How much wider the widest proposals are that look out for what a Gaussian misses.
const LOOKOUT: f64 = 4.0;
/// Parts that draws are cut into where one Gaussian does not serve, and the least share of the whole covariance in each.
const PARTS: usize = 4;
const THINNEST: f64 = 0.02;
/// So large a part of the draws asked for is to count in the end.
const WANTED: f64 = 0.5;
/// A proposal of theta comes from at least so many effective draws a coordinate; tempering sees to it.
const ENOUGH: f64 = 5.0;
/// Keys of random numbers.
const STEP: u64 = u64::MAX - 2;
const RESAMPLING: u64 = u64::MAX - 4;

/// What theta is proposed from: heavy-tailed relatives of Gaussians, each as often as the others.
type Proposal = Vec<Gaussian>;

#[derive(Clone)]
struct Gaussian {
    mean: DVector<f64>,
    /// Of the covariance, wider by `WIDER`, and its inverse.
    root: DMatrix<f64>,
    inverse: DMatrix<f64>,
    ln_det: f64,
}

impl Gaussian {
    /// `None` where the covariance is not positive definite.
    fn new(mean: DVector<f64>, root: DMatrix<f64>) -> Option<Self> {
        let root = root * WIDER;
        let inverse = root.clone().try_inverse()?;
        Some(Self { mean, ln_det: ln_determinant(&root), root, inverse })
    }

    /// With a wide one at every third draw, in case the posterior reaches where the Gaussian does not.
    fn with_lookout(self) -> Proposal {
        let wide = Self {
            mean: self.mean.clone(),
            root: &self.root * LOOKOUT,
            inverse: &self.inverse / LOOKOUT,
            ln_det: self.ln_det + self.mean.len() as f64 * LOOKOUT.ln(),
        };
        vec![self.clone(), self, wide]
    }
}

/// The density of a mixture: ln((1 / C) sum_c q_c(u)).
fn ln_density(proposal: &[Gaussian], u: &DVector<f64>) -> f64 {
    let terms = proposal.iter().map(|c| Real(points_ln_density(&(&c.inverse * (u - &c.mean))) - c.ln_det));
    log_sum_exp(terms).value() - (proposal.len() as f64).ln()
}

/// One round: draws of theta from the proposal, their log weights but for the tasks, and what each task says.
struct Round {
    theta: Vec<f64>,
    ln_outside: Vec<f64>,
    tasks: Vec<OfTask>,
}

/// What a task says of every draw of theta, and a draw of phi for each, row-major.
struct OfTask {
    ln_z: Vec<f64>,
    phi: Vec<f64>,
    k_hat: f64,
    is_reliable: bool,
}

/// A round with weights, and the proposal that it came from.
struct Weighted {
    round: Round,
    smoothed: Smoothed,
    proposal: Proposal,
}

/// What a correction starts from.
pub(crate) struct Basis<'a> {
    pub(crate) guide: &'a Guide,
    pub(crate) gaussian: &'a LinearResponse,
    /// By task, where phi_i is in centred coordinates when theta is at the guide's mean.
    pub(crate) centres: &'a [DVector<f64>],
}

/// Corrects the Gaussian.
pub(crate) fn correct<M: Model>(objective: &Objective<'_, M>, basis: &Basis<'_>, effort: Effort) -> Attempt {
    let guide = basis.guide;
    let is_fixed = guide.is_point() || guide.global.loc.is_empty();
    // given one theta, more draws serve as well as more proposals for each
    let conditionals = Conditionals::new(objective).growing_to(if is_fixed { 0 } else { effort.most_grown });
    let first = Gaussian::new(DVector::from_column_slice(&guide.global.loc), basis.gaussian.global.root());
    let mut workspaces: Vec<_> = (0..guide.num_tasks()).map(|_| conditionals.workspace()).collect();
    let mut run = |proposal: &Proposal, draws: usize, number: usize| {
        let effort = Effort { draws, seed: effort.seed.wrapping_add(number as u64), ..effort };
        round((&conditionals, &mut workspaces), basis, proposal, effort)
    };
    let corrected = if is_fixed {
        at_one_theta(run(&Vec::new(), effort.draws, MOST_PREPARING), effort)
    } else {
        first.and_then(|first| refined(first.with_lookout(), effort, run)).map(over_thetas)
    };
    match corrected {
        Some(mut corrected) => {
            corrected.posterior.non_centred = vec![false; M::LOCAL_SITES.len()];
            Attempt::Ran(Box::new(corrected))
        }
        None => Attempt::NoWeight,
    }
}

/// The last of several rounds that is of use, each from a better proposal if all goes well; `None` if the first had no
/// weight.
///
/// Where a round is useless after one that was not, the last one proposes as the better one did. A last round that is
/// doubtful is made once more, from what it found.
fn refined(
    mut proposal: Proposal,
    Effort { draws, most_draws, .. }: Effort,
    mut run: impl FnMut(&Proposal, usize, usize) -> Round,
) -> Option<Weighted> {
    let mut best: Option<Weighted> = None;
    let (mut number, mut is_repeated) = (0, false);
    loop {
        let is_last = number >= MOST_PREPARING;
        let count = match &best {
            Some(best) if is_last => wanted(draws, best.smoothed.share()).min(most_draws),
            _ => draws / 4,
        };
        let round = run(&proposal, count, number);
        let (mut is_prepared, mut is_wasted, mut is_made_again) = (false, true, false);
        let mut next = None;
        if let Some(smoothed) = smooth(&round.ln_weights()) {
            is_prepared = smoothed.is_reliable() && smoothed.share() > PREPARED;
            is_wasted = smoothed.is_useless();
            is_made_again = is_last && !is_repeated && !is_wasted && !smoothed.is_reliable();
            next = if is_last && !is_made_again { None } else { reproposed(&round, &smoothed, is_prepared) };
            match &mut best {
                // what a later round doubts an earlier one only did not see
                Some(best) if smoothed.is_useless() => best.smoothed.k_hat = best.smoothed.k_hat.max(smoothed.k_hat),
                _ => best = Some(Weighted { round, smoothed, proposal: proposal.clone() }),
            }
        }
        let found = best.as_ref()?;
        if is_made_again {
            // it saw more than those before it: once more, with what it knows
            (proposal, number, is_repeated) = (next.unwrap_or(proposal), number + 1, true);
            continue;
        }
        if is_last || (number + 1 == MOST_PREPARING && is_wasted && found.smoothed.is_useless()) {
            return best;
        }
        if is_wasted && !found.smoothed.is_useless() {
            proposal.clone_from(&found.proposal);
            number = MOST_PREPARING;
            continue;
        }
        proposal = next.unwrap_or(proposal);
        number = if is_prepared { MOST_PREPARING } else { number + 1 };
    }
}

/// How many draws it takes that half as many count as are asked for, where this share of them does.
fn wanted(draws: usize, share: f64) -> usize {
    let times = (WANTED / share).max(1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and the cast saturates")]
    let wanted = (times * draws as f64) as usize;
    wanted
}

/// Draws of theta with smoothed weights.
fn over_thetas(Weighted { round, smoothed, .. }: Weighted) -> Corrected {
    let (k_hat, effective, not_finite) = (smoothed.k_hat, smoothed.effective, smoothed.not_finite);
    Corrected {
        k_hat,
        is_reliable: smoothed.is_reliable(),
        is_useless: smoothed.is_useless(),
        effective,
        not_finite,
        ln_evidence: smoothed.ln_mean,
        ln_evidence_error: relative_variance(&smoothed.weights).sqrt(),
        ..round.with_weights(smoothed.weights)
    }
}

/// One theta, many draws of every phi: all weigh the same once those of each task are resampled by its estimates of Z_i.
/// The evidence is that given theta, ln p(D_outside | theta) + sum_i ln Z_i, whose relative variances add up.
fn at_one_theta(mut round: Round, effort: Effort) -> Option<Corrected> {
    let draws = effort.draws;
    let mut ln_evidence = *round.ln_outside.first()?;
    let (mut variance, mut least) = (0.0, draws as f64);
    for (i, task) in round.tasks.iter_mut().enumerate() {
        let top = top(&task.ln_z);
        let mut weights: Vec<f64> = task.ln_z.iter().map(|&z| relative(z, top)).collect();
        let total: f64 = weights.iter().sum();
        for w in &mut weights {
            *w /= total;
        }
        ln_evidence += top + (total / draws as f64).ln();
        if task.is_exact() {
            continue;
        }
        variance += relative_variance(&weights);
        least = least.min(weights.iter().map(|w| w * w).sum::<f64>().recip());
        let width = task.phi.len() / draws;
        let picked = resample(&weights, draws, &mut keyed(effort.seed, RESAMPLING, i as u64));
        task.phi = picked.into_iter().flat_map(|s| task.phi[s * width..(s + 1) * width].iter().copied()).collect();
    }
    if !ln_evidence.is_finite() {
        return None;
    }
    let corrected = round.with_weights(vec![(draws as f64).recip(); draws]);
    Some(Corrected { effective: least, ln_evidence, ln_evidence_error: variance.sqrt(), ..corrected })
}

/// Of a mean, from the weights that its terms have in the sum: Var(mean) / mean^2 = sum_s w_s^2 - 1 / n.
fn relative_variance(weights: &[f64]) -> f64 {
    (weights.iter().map(|w| w * w).sum::<f64>() - (weights.len() as f64).recip()).max(0.0)
}

impl Smoothed {
    fn is_reliable(&self) -> bool {
        self.k_hat < reliable_below(self.weights.len())
    }

    /// Whether weights say so little that more draws of the same kind would be wasted.
    fn is_useless(&self) -> bool {
        self.effective < USELESS.min(0.5 * self.weights.len() as f64)
    }

    /// Which part of the draws counts.
    fn share(&self) -> f64 {
        self.effective / self.weights.len() as f64
    }
}

impl OfTask {
    /// Whether every estimate is the same.
    fn is_exact(&self) -> bool {
        self.ln_z.iter().all(|z| z.to_bits() == self.ln_z[0].to_bits())
    }
}

impl Round {
    fn ln_weights(&self) -> Vec<f64> {
        let mut ln_weights = self.ln_outside.clone();
        for task in &self.tasks {
            ln_weights.iter_mut().zip(&task.ln_z).for_each(|(w, z)| *w += z);
        }
        ln_weights
    }

    /// The draws with these weights, nothing being known against them.
    fn with_weights(self, weights: Vec<f64>) -> Corrected {
        let Self { theta, tasks, .. } = self;
        Corrected {
            k_hat: 0.0,
            is_reliable: true,
            task_k_hat: tasks.iter().map(|task| task.k_hat).collect(),
            doubtful_tasks: (0..tasks.len()).filter(|&i| !tasks[i].is_reliable).collect(),
            effective: weights.len() as f64,
            is_useless: false,
            not_finite: 0,
            ln_evidence: 0.0,
            ln_evidence_error: 0.0,
            posterior: Posterior {
                globals: theta.len() / weights.len(),
                theta,
                weights,
                locals: Locals::Drawn(tasks.into_iter().map(|task| task.phi).collect()),
                non_centred: Vec::new(),
            },
        }
    }
}

/// The proposal of the next round: mean and covariance of the weighted draws, tempered where too few of them count. Where
/// that did not serve, as of a posterior that is bent, those of each of several parts of the draws as well.
fn reproposed(round: &Round, smoothed: &Smoothed, is_prepared: bool) -> Option<Proposal> {
    let globals = round.theta.len() / smoothed.weights.len();
    let ln_weights: Vec<f64> = smoothed.weights.iter().map(|w| w.ln()).collect();
    let least = ENOUGH * globals as f64;
    let weights = temper(&ln_weights, least);
    let rows: Vec<DVector<f64>> = round.theta.chunks(globals).map(DVector::from_column_slice).collect();
    let all: Vec<usize> = (0..rows.len()).collect();
    let (mean, covariance) = moments(&rows, &weights, &all);
    let whole = Gaussian::new(mean, covariance.clone().cholesky()?.unpack())?;
    if is_prepared || smoothed.is_useless() {
        return Some(vec![whole]);
    }
    let weights = temper(&ln_weights, PARTS as f64 * least);
    let parts = parts(&rows, &weights, &covariance).into_iter().filter_map(|part| {
        let (mean, within) = moments(&rows, &weights, &part);
        // never thinner than a share of the whole
        let root = (within + &covariance * THINNEST).cholesky()?.unpack();
        Gaussian::new(mean, root)
    });
    Some(whole.with_lookout().into_iter().chain(parts).collect())
}

/// Mean and covariance of some of the weighted draws.
fn moments(rows: &[DVector<f64>], weights: &[f64], some: &[usize]) -> (DVector<f64>, DMatrix<f64>) {
    let globals = rows[0].len();
    let total: f64 = some.iter().map(|&s| weights[s]).sum();
    let mean = some.iter().fold(DVector::zeros(globals), |sum, &s| sum + &rows[s] * (weights[s] / total));
    let covariance = some.iter().fold(DMatrix::zeros(globals, globals), |mut sum, &s| {
        let away = &rows[s] - &mean;
        sum.ger(weights[s] / total, &away, &away, 1.0);
        sum
    });
    (mean, covariance)
}

/// The draws in parts of equal weight, cut across the first principal axis of their correlations.
fn parts(rows: &[DVector<f64>], weights: &[f64], covariance: &DMatrix<f64>) -> Vec<Vec<usize>> {
    let sd = covariance.diagonal().map(f64::sqrt);
    let correlation = DMatrix::from_fn(sd.len(), sd.len(), |r, c| covariance[(r, c)] / (sd[r] * sd[c]));
    let eigen = correlation.symmetric_eigen();
    let axis = eigen.eigenvectors.column(eigen.eigenvalues.argmax().0).component_div(&sd);
    let mut order: Vec<usize> = (0..rows.len()).filter(|&s| weights[s] > 0.0).collect();
    order.sort_by(|&a, &b| axis.dot(&rows[a]).total_cmp(&axis.dot(&rows[b])));
    let mut parts = vec![Vec::new(); PARTS];
    let mut below = 0.0;
    for s in order {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and PARTS")]
        let part = (below * PARTS as f64) as usize;
        parts[part.min(PARTS - 1)].push(s);
        below += weights[s];
    }
    parts.retain(|part| part.len() > 1);
    parts
}

fn round<M: Model>(
    (conditionals, workspaces): (&Conditionals<'_, M>, &mut [Workspace<'_, M>]),
    Basis { guide, gaussian, centres }: &Basis<'_>,
    proposal: &Proposal,
    effort: Effort,
) -> Round {
    let objective = conditionals.objective;
    let (globals, draws) = (guide.global.len(), effort.draws);
    let all = objective.blocks.all_counted::<M>();
    let mut rng = keyed(effort.seed, STEP, u64::MAX);
    let mut points = Points::new(globals, &mut rng);
    let (mut theta, mut ln_outside) = (Vec::with_capacity(draws), Vec::with_capacity(draws));
    if globals == 0 || guide.is_point() {
        // the density of theta itself does not count
        let (_, data) = all.global_value(objective.model, &guide.global.loc);
        theta.resize(draws, guide.global.loc.clone());
        ln_outside.resize(draws, data);
    } else {
        for s in 0..draws {
            let Gaussian { mean, root, .. } = &proposal[s % proposal.len()];
            let u = mean + root * points.next(&mut rng);
            let (latents, data) = all.global_value(objective.model, u.as_slice());
            ln_outside.push(latents + data - ln_density(proposal, &u));
            theta.push(u.as_slice().to_vec());
        }
    }
    let fixed: Vec<FixedTheta<M>> = theta.iter().map(|u| conditionals.fix(u)).collect();
    let tasks = workspaces.par_iter_mut().enumerate().map(|(i, workspace)| {
        let mut rng = keyed(effort.seed, STEP, i as u64);
        let (mut ln_z, mut phi, mut inner) = (Vec::with_capacity(draws), Vec::new(), Vec::new());
        let guess = Guess { start: &centres[i], covariance: &gaussian.tasks[i].covariance };
        for (s, theta) in fixed.iter().enumerate() {
            let wanted = Inner { wanted: 1, most: effort.most_inner };
            let answer = conditionals.answer(i, theta, &guess, wanted, workspace, &mut rng);
            ln_z.push(answer.ln_z);
            phi.extend(answer.draws[0].iter());
            if s % (draws / 100).max(1) == 0 {
                inner.extend(answer.weights);
            }
        }
        let limit = reliable_below(inner.len());
        let k_hat = k_hat_of_proposals(inner);
        OfTask { ln_z, phi, k_hat, is_reliable: k_hat == 0.0 || k_hat < limit }
    });
    let tasks = tasks.collect();
    Round { theta: theta.concat(), ln_outside, tasks }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::Fittable;
    use crate::options::{Correction, Options};
    use crate::prelude::*;

    /// A round about one coordinate, with these log weights.
    fn told(ln_weights: Vec<f64>) -> Round {
        let theta = (0..ln_weights.len()).map(|s| (s as f64).sin()).collect();
        Round { theta, ln_outside: ln_weights, tasks: Vec::new() }
    }

    /// Log weights of which few count; of which all do, more or less.
    fn uneven(n: usize) -> Vec<f64> {
        (0..n).map(|s| -(s as f64)).collect()
    }

    fn even(n: usize) -> Vec<f64> {
        (0..n).map(|s| (s as f64).cos()).collect()
    }

    /// The first round, those that prepare after it, and the last: what they tell, and with how many draws from what.
    fn refine(rounds: [fn(usize) -> Vec<f64>; 3]) -> (Option<Weighted>, Vec<(usize, f64)>) {
        let mut asked = Vec::new();
        let first = vec![Gaussian::new(DVector::zeros(1), DMatrix::identity(1, 1)).expect("regular")];
        let effort = Effort { draws: 400, most_draws: 400, most_inner: 64, most_grown: 64, seed: 0 };
        let found = refined(first, effort, |proposal, draws, number| {
            asked.push((draws, proposal[0].root[(0, 0)]));
            let round = usize::from(number > 0) + usize::from(number >= MOST_PREPARING);
            told(rounds[round](draws))
        });
        (found, asked)
    }

    #[test]
    fn a_round_that_is_useless_does_not_replace_one_that_is_not() {
        // half of the draws: not prepared yet
        let half = |n: usize| (0..n).map(|s| if s % 4 == 0 { 0.1 * (s as f64).cos() } else { -50.0 }).collect();
        // the second round is wasted: the last one proposes as the first did
        let (found, asked) = refine([half, uneven, even]);
        assert_eq!(asked.iter().map(|a| a.0).collect::<Vec<_>>(), [100, 100, 400]);
        assert!(asked[1].1.to_bits() != asked[0].1.to_bits() && asked[2].1.to_bits() == asked[0].1.to_bits());
        assert!(found.is_some_and(|found| found.smoothed.weights.len() == 400 && !found.smoothed.is_useless()));
        // the last round is wasted, or has no weight at all: the first stays
        let nothing = |n: usize| vec![f64::NAN; n];
        for last in [uneven, nothing] {
            let (found, _) = refine([half, last, last]);
            let found = found.expect("the first has weights").smoothed;
            assert!(found.weights.len() == 100 && !found.is_useless(), "{found:?}");
        }
        // nothing is any good: no more effort than rounds that prepare
        let (found, asked) = refine([uneven, uneven, even]);
        assert!(found.is_some_and(|found| found.smoothed.is_useless()) && asked.len() == MOST_PREPARING);
        assert!(refine([nothing, even, even]).0.is_none());
    }

    /// Two tasks at one theta: one exact, one whose estimates of Z are 1 in one half and 3 in the other, with phi of -1 and 1.
    #[test]
    fn at_one_theta_draws_count_as_much_as_their_estimates() {
        let draws = 1000;
        let halves = |a: f64, b: f64| (0..draws).map(|s| if 2 * s < draws { a } else { b }).collect::<Vec<f64>>();
        let task = |ln_z| OfTask { ln_z, phi: halves(-1.0, 1.0), k_hat: 0.0, is_reliable: true };
        let tasks = vec![task(vec![-2.0; draws]), task(halves(0.0, 3.0_f64.ln()))];
        let round = Round { theta: Vec::new(), ln_outside: vec![-5.0; draws], tasks };
        let found = at_one_theta(round, Effort { draws, most_draws: draws, most_inner: 64, most_grown: 64, seed: 0 })
            .expect("finite");
        // Z = 2 with a relative variance of 1 / 4 a draw
        assert!((found.ln_evidence - (-7.0 + 2.0_f64.ln())).abs() < 1e-12, "{found:?}");
        assert!((found.ln_evidence_error - (0.25 / draws as f64).sqrt()).abs() < 1e-12, "{found:?}");
        assert!((found.effective - draws as f64 / 1.25).abs() < 1e-6, "{found:?}");
        let Locals::Drawn(tables) = &found.posterior.locals else { panic!("drawn") };
        let mean = |i: usize| tables[i].iter().sum::<f64>() / draws as f64;
        assert!(mean(0).abs() < 1e-12 && (mean(1) - 0.5).abs() < 2e-3, "{} and {}", mean(0), mean(1));
        assert!(found.posterior.weights.iter().all(|w| (w * draws as f64 - 1.0).abs() < 1e-12));
    }

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
