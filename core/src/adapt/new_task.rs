//! A task that was not part of the fit, given one theta after another: ln p(D_new | theta), and draws of its phi.
//!
//! Where closed forms make the task Gaussian given theta, the draws of phi come in mirrored pairs that fill space evenly
//! over all of theta, so that means of what is linear in phi have no noise of phi and variances little. Otherwise Newton's
//! method finds p(phi | D_new, theta): exactly where it is Gaussian, by importance sampling around its mode else.

use crate::conditional::{Answer, Conditionals, Guess, Inner};
use crate::density::lanes::globals;
use crate::elbo::{Conditional, Objective, Shape, Written};
use crate::error::Error;
use crate::fit::{Fit, centres};
use crate::model::subset::Subset;
use crate::model::{Globals, Model};
use crate::numbers::number::Real;
use crate::sampling::noise::EvenNormals;
use crate::special::LN_SQRT_2PI;
use nalgebra::{DMatrix, DVector};
use rand::{Rng, RngExt};

/// Importance sampling hands out independent picks of its proposals; this many are sorted for each draw kept.
const PICKS: usize = 8;
/// How many tasks of the fit tell where a new one's phi may be.
const MOST_TASKS: usize = 64;

/// What a new task says of one theta.
pub(super) struct Told<M: Model> {
    /// theta, constrained.
    pub(super) theta: Globals<M, f64>,
    /// ln p(D_new | theta); -inf for a theta under which the task is impossible.
    pub(super) ln_z: f64,
    /// Unconstrained draws from p(phi | D_new, theta), centred; none where the task is impossible.
    pub(super) phis: Vec<DVector<f64>>,
    /// p(phi | D_new, theta) itself, where closed forms make it Gaussian.
    pub(super) given_theta: Option<Conditional>,
    /// Weights of the proposals of phi relative to their mean; none where the answer is exact.
    pub(super) weights: Vec<f64>,
}

impl<M: Model> Told<M> {
    fn impossible(theta: Globals<M, f64>) -> Self {
        Self { theta, ln_z: f64::NEG_INFINITY, phis: Vec::new(), given_theta: None, weights: Vec::new() }
    }
}

impl<M: Model> Fit<M> {
    /// What the task says of each theta in turn; fastest if each is near to the one before.
    pub(super) fn ask<'t, R: Rng>(
        &self,
        task: &M::Task,
        thetas: impl Iterator<Item = &'t [f64]>,
        inner: Inner,
        rng: &mut R,
    ) -> Result<Vec<Told<M>>, Error> {
        let single = Subset::one(&self.model, task);
        let shape = Shape::discover(&single, &self.start).map_err(Error::of_new_task)?;
        let objective = Objective::new(&single, &shape, Written::CENTRED);
        let n = objective.offsets[1];
        if objective.is_gaussian_given_theta() {
            let mut noise = EvenNormals::new(n, rng);
            return Ok(thetas.map(|theta| gaussian(&objective, theta, inner.wanted, &mut noise, rng)).collect());
        }
        let conditionals = Conditionals::new(&objective);
        let mut workspace = conditionals.workspace();
        let (mut centre, wide) = (self.typical(n), DMatrix::identity(n, n));
        let picks = Inner { wanted: PICKS * inner.wanted, ..inner };
        let answers = thetas.enumerate().map(|(s, theta)| {
            let theta = conditionals.fix(theta);
            let guess = Guess { start: &centre, covariance: &wide };
            let mut answer = conditionals.answer(0, &theta, &guess, picks, &mut workspace, rng);
            if answer.ln_z == f64::NEG_INFINITY {
                return Told::impossible(theta.plain);
            }
            if answer.weights.is_empty() {
                answer.draws.truncate(inner.wanted);
                mirror(&mut answer.draws, &answer.mode);
            } else {
                thin(&mut answer.draws, (s % n.max(1), inner.wanted), rng);
            }
            centre.copy_from(&answer.mode);
            let Answer { ln_z, draws: phis, weights, .. } = answer;
            Told { theta: theta.plain, ln_z, phis, given_theta: None, weights }
        });
        Ok(answers.collect())
    }

    /// Where to look for the phi of a new task of n coordinates: where those of the fit are on average, or failing such
    /// tasks where the fit itself started.
    fn typical(&self, n: usize) -> DVector<f64> {
        let known = self.centres.get_or_init(|| {
            let some: Vec<usize> = (0..self.model.num_tasks().min(MOST_TASKS)).collect();
            centres(&Subset::of(&self.model, &some), &self.climbed)
        });
        let is_alike = |centre: &&DVector<f64>| centre.len() == n && centre.iter().all(|u| u.is_finite());
        let alike = || known.iter().filter(is_alike);
        if alike().next().is_none() {
            return DVector::from_fn(n, |at, _| self.start.coordinate(Some(0), at));
        }
        alike().fold(DVector::zeros(n), |sum, centre| sum + centre) / alike().count() as f64
    }
}

/// The exact answer from sufficient statistics.
fn gaussian<M: Model, R: Rng>(
    objective: &Objective<'_, Subset<'_, M>>,
    theta: &[f64],
    wanted: usize,
    noise: &mut EvenNormals,
    rng: &mut R,
) -> Told<M> {
    let plain = globals(objective.model, theta, |_, u| Real(u));
    let shared = objective.shared_at(theta);
    let Some(conditional) = objective.conditional(0, theta, &shared) else { return Told::impossible(plain) };
    let Conditional { value, mean, precision } = &conditional;
    let root = precision.l_dirty();
    let ln_det: f64 = root.diagonal().iter().map(|d| d.ln()).sum();
    let draw = |_| {
        let mut away = noise.next(rng);
        let solved = root.tr_solve_lower_triangular_mut(&mut away);
        debug_assert!(solved, "the diagonal of a Cholesky factor is positive");
        away + mean
    };
    let phis = (0..wanted).map(draw).collect();
    let ln_z = value - ln_det + mean.len() as f64 * LN_SQRT_2PI;
    Told { theta: plain, ln_z, phis, given_theta: Some(conditional), weights: Vec::new() }
}

/// Makes the second half of a Gaussian's draws the mirror images of the first.
fn mirror(draws: &mut [DVector<f64>], mean: &DVector<f64>) {
    let (first, second) = draws.split_at_mut(draws.len().div_ceil(2));
    for (image, draw) in second.iter_mut().zip(first) {
        *image = mean * 2.0 - &*draw;
    }
}

/// Leaves as many of the draws as are wanted, spread evenly along one coordinate.
fn thin<R: Rng>(draws: &mut Vec<DVector<f64>>, (along, wanted): (usize, usize), rng: &mut R) {
    let key = |draw: &DVector<f64>| draw.get(along).copied().unwrap_or_default();
    draws.sort_unstable_by(|a, b| key(a).total_cmp(&key(b)));
    let stride = draws.len() / wanted.max(1);
    *draws = (0..wanted).map(|k| draws[k * stride + rng.random_range(0..stride)].clone()).collect();
}
