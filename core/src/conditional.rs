//! One task given theta: ln p(D_i | theta), and draws of phi_i.
//!
//! Exact from sufficient statistics where the closed forms make the task Gaussian given theta. Otherwise ascent finds the
//! mode, or the modes; where the density is quadratic around it, that is exact too, and else importance sampling from
//! heavy-tailed proposals of the modes' curvature does the rest. Locals are written centred here, whatever the guide does.

mod known;
mod mixture;
#[cfg(test)]
mod tests;

pub(crate) use mixture::{WIDER, ln_determinant};

use crate::density::lanes::{Blocks, Second, TaskBlock, Theta, globals};
use crate::density::mode::{Mode, climb, precision};
use crate::elbo::{Conditional, Objective};
use crate::interpret::log_density::LogDensity;
use crate::model::{Globals, Locals, Model};
use crate::numbers::number::Real;
use crate::numbers::pass::Derivatives;
use crate::posterior::root;
use crate::sampling::lattice::Lattice;
use crate::special::LN_SQRT_2PI;
use known::Known;
use mixture::{Component, Sample};
use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A density is quadratic where it differs from its expansion at the mode by no more than this, in nats; and what rounding
/// may add, relative to its log.
const EXACT: f64 = 1e-7;
const ROUNDING: f64 = 1e-12;
/// The variance of sum_i ln Z_i that is aimed at, and the most that any task may have of it.
const NOISE: f64 = 0.05;
const NOISE_OF_ONE: f64 = 0.01;
/// More proposals than at first are spent on a task with more than so many times that variance: as long as the whole is
/// well below 1, draws of theta serve better.
const TOLERABLE: f64 = 5.0;
/// Proposals for each draw that is wanted, at least.
const CHOICE: usize = 4;
/// Shares of the proposals where a Gaussian a mode is not enough: from the prior, and like the draws for earlier thetas.
const OF_PRIOR: f64 = 0.2;
const OF_PAST: f64 = 0.4;
/// Starts from the prior at first, and at every later look.
const STARTS: usize = 16;
const MORE_STARTS: usize = 4;
/// Modes closer than this many standard deviations are one; those below the best by more nats do not count.
const SAME: f64 = 0.5;
const NEGLIGIBLE: f64 = 12.0;
const MOST_MODES: usize = 6;

/// The tasks of a (centred) objective given theta.
pub(crate) struct Conditionals<'a, M: Model> {
    pub(crate) objective: &'a Objective<'a, M>,
    /// Everything counts, and only phi_i varies.
    blocks: Blocks,
    /// The same without the data: p(phi_i | theta).
    prior: Blocks,
    is_gaussian: bool,
    /// The variance of ln Z_i that is aimed at.
    noise: f64,
    /// How many proposals of phi_i a theta may take in the end where that is not reached.
    most_grown: usize,
}

/// A fixed theta.
pub(crate) struct FixedTheta<M: Model> {
    u: Vec<f64>,
    /// What the closed forms share; of use where tasks are Gaussian given theta.
    shared: Vec<f64>,
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

/// How many draws of phi_i are wanted, and how many proposals may be spent on them: a power of 2.
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

/// Buffers for the answers of one task, and what it is known of it.
pub(crate) struct Workspace<'a, M: Model> {
    block: TaskBlock<'a, M, Second>,
    prior: TaskBlock<'a, M, Second>,
    plain: Plain<M>,
    sample: Sample,
    known: Known,
}

/// Buffers for values alone.
struct Plain<M: Model> {
    coordinates: Vec<Real<f64>>,
    local: Locals<M, f64>,
}

/// A task at a fixed theta.
struct Here<'a, M: Model> {
    i: usize,
    theta: &'a FixedTheta<M>,
    dual: &'a Theta<M, Second>,
    guess: &'a Guess<'a>,
}

impl<'a, M: Model> Conditionals<'a, M> {
    pub(crate) fn new(objective: &'a Objective<'a, M>) -> Self {
        let blocks = objective.blocks.given_theta::<M>();
        let mut prior = blocks.clone();
        prior.observed.fill(false);
        let noise = (NOISE / objective.model.num_tasks().max(1) as f64).min(NOISE_OF_ONE);
        Self { objective, blocks, prior, is_gaussian: objective.is_gaussian_given_theta(), noise, most_grown: 0 }
    }

    /// Where the proposals asked for are too few, their number may grow to as many as this.
    pub(crate) fn growing_to(self, most_grown: usize) -> Self {
        Self { most_grown, ..self }
    }

    pub(crate) fn fix(&self, theta: &[f64]) -> FixedTheta<M> {
        let Objective { model, most, .. } = self.objective;
        FixedTheta {
            u: theta.to_vec(),
            shared: if self.is_gaussian { self.objective.shared_at(theta) } else { Vec::new() },
            dual: (!self.is_gaussian).then(|| self.blocks.theta(*model, theta, *most)),
            plain: globals(*model, theta, |_, u| Real(u)),
        }
    }

    pub(crate) fn workspace(&self) -> Workspace<'_, M> {
        Workspace {
            block: TaskBlock::new(self.objective.model, &self.blocks),
            prior: TaskBlock::new(self.objective.model, &self.prior),
            plain: Plain { coordinates: Vec::new(), local: Default::default() },
            sample: Sample::default(),
            known: Known::default(),
        }
    }

    /// ln p(D_i, phi_i | theta) of the unconstrained phi_i.
    fn value(&self, theta: &FixedTheta<M>, i: usize, u: &[f64], buffers: &mut Plain<M>) -> f64 {
        let model = self.objective.model;
        let Plain { coordinates, local } = buffers;
        coordinates.clear();
        coordinates.extend(u.iter().map(|&u| Real(u)));
        let mut run = LogDensity::new(coordinates, self.blocks.counted());
        model.local(&mut run, &theta.plain, model.task(i), local);
        model.likelihood(&mut run, &theta.plain, local, model.task(i));
        (run.latents + run.data).value()
    }

    /// ln Z_i(theta) and draws of phi_i given theta. A workspace serves one task.
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
            return match self.objective.conditional(i, &theta.u, &theta.shared) {
                Some(Conditional { value, mean, precision }) => {
                    gaussian_answer(value, mean, &precision_root(&precision), Vec::new(), inner.wanted, rng)
                }
                None => impossible(guess.start, inner.wanted),
            };
        };
        let here = Here { i, theta, dual, guess };
        let modes = self.modes(&here, workspace);
        workspace.known.answers += 1;
        let Workspace { prior: prior_block, plain, sample, known, .. } = workspace;
        if let [mode] = &modes[..]
            && let Some(precision) = mode.precision.as_ref().filter(|_| known.may_be_gaussian)
        {
            let root = precision_root(precision);
            let two: Vec<DVector<f64>> = (0..2_usize).map(|_| normal(mode.at.len(), rng)).collect();
            known.may_be_gaussian = two.iter().all(|z| {
                let expanded = mode.value - 0.5 * z.norm_squared();
                let value = self.value(theta, i, (&mode.at + &root * z).as_slice(), plain);
                (value - expanded).abs() < EXACT + ROUNDING * mode.value.abs()
            });
            if known.may_be_gaussian {
                return gaussian_answer(mode.value, mode.at.clone(), &root, two, inner.wanted, rng);
            }
        }
        known.may_be_gaussian = false;
        let count = known.proposals(self.noise, (CHOICE * inner.wanted, inner.most));
        let mut value = |u: &[f64]| self.value(theta, i, u, plain);
        sample.clear();
        let mut components = components(&modes, guess);
        let is_easy = known.is_easy();
        let mut is_settled = is_easy;
        if !is_easy {
            let prior = known.prior.get_or_insert_with(|| guess.start.clone());
            let mode = climb(prior.clone(), evaluator(prior_block, dual, self.objective.model.task(i)));
            prior.copy_from(&mode.at);
            let past = known.past.gaussian().map(|(mean, root)| (Component::new(mean, root), OF_PAST));
            is_settled = past.is_some();
            let more = [Some((component(&mode, guess), OF_PRIOR)), past];
            let left = 1.0 - more.iter().flatten().map(|(_, share)| share).sum::<f64>();
            for (_, share) in &mut components {
                *share *= left;
            }
            components.extend(more.into_iter().flatten());
        }
        for (component, share) in components {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share is between 0 and 1")]
            let count = if share < 1.0 { ((share * count as f64).round() as usize).max(2) } else { count };
            sample.draw(component, count, &mut value, rng);
        }
        sample.weigh();
        known.is_bad |= sample.ln_z.is_finite() && sample.is_bad();
        if is_easy && !known.is_easy() {
            // other proposals from now on
            known.forget_noise();
        } else if is_settled {
            known.learn_noise(sample, (count, TOLERABLE * self.noise), self.most_grown);
        }
        let mode = modes.into_iter().next().map_or_else(|| guess.start.clone(), |mode| mode.at);
        let draws = match sample.pick(inner.wanted, rng) {
            Some(picked) => picked.iter().map(|&k| DVector::from_column_slice(sample.proposal(k))).collect(),
            None => vec![mode.clone(); inner.wanted],
        };
        if let Some(draw) = draws.first() {
            known.past.learn(draw);
        }
        Answer { ln_z: sample.ln_z, draws, mode, weights: sample.weights.clone() }
    }

    /// The modes of the task at this theta, the one of most mass first; looks for new ones now and then.
    fn modes(&self, here: &Here<'_, M>, workspace: &mut Workspace<'_, M>) -> Vec<Mode> {
        let task = self.objective.model.task(here.i);
        let theta: Vec<f64> = self.objective.blocks.task_reads.iter().map(|&j| here.theta.u[j]).collect();
        let Workspace { block, prior, known, .. } = workspace;
        let mut evaluate = evaluator(block, here.dual, task);
        let mut starts = match &known.modes[..] {
            [] | [_] if known.is_concave => {
                vec![known.trend.predict(&theta).unwrap_or_else(|| here.guess.start.clone())]
            }
            [] => vec![here.guess.start.clone()],
            modes => modes.to_vec(),
        };
        if known.answers == 0 || known.answers.is_power_of_two() {
            let count = if known.starts == 0 { STARTS } else { MORE_STARTS };
            let prior = climb(here.guess.start.clone(), evaluator(prior, here.dual, task));
            let spread = starts_of_prior(&prior, here.guess, known.starts, count);
            known.starts += count;
            let mut derivatives = Derivatives::default();
            let mut is_concave = |u: &DVector<f64>| {
                evaluate(u, &mut derivatives);
                // nothing is known where numbers overflow
                !derivatives.value.is_finite() || precision(&derivatives).is_some()
            };
            if known.is_concave && !spread.iter().all(&mut is_concave) {
                known.is_concave = false;
                known.forget_noise();
            }
            if !known.is_concave {
                starts.extend(spread);
            }
        }
        let mut modes: Vec<Mode> = Vec::new();
        for start in starts {
            let mode = climb(start, &mut evaluate);
            if !modes.iter().any(|other| other.distance_squared(&mode.at) < SAME * SAME) {
                modes.push(mode);
            }
        }
        modes.sort_by(|a, b| ln_mass(b).total_cmp(&ln_mass(a)));
        let least = ln_mass(&modes[0]) - NEGLIGIBLE;
        let count = modes.iter().take(MOST_MODES).take_while(|mode| ln_mass(mode) > least).count();
        // where none has a precision, the first start's: better than nothing
        modes.truncate(count.max(1));
        known.remember(&modes);
        if let [mode] = &modes[..] {
            known.trend.learn(&theta, &mode.at);
        }
        modes
    }
}

/// Laplace's ln Z_i, but for a constant; -inf of what is no mode.
fn ln_mass(mode: &Mode) -> f64 {
    let ln_det = |p: &Cholesky<f64, Dyn>| p.l_dirty().diagonal().iter().map(|d| d.ln()).sum::<f64>();
    mode.precision.as_ref().map_or(f64::NEG_INFINITY, |p| mode.value - ln_det(p))
}

/// Where to look for modes: points of the prior's own Gaussian.
fn starts_of_prior(prior: &Mode, guess: &Guess<'_>, skip: usize, count: usize) -> Vec<DVector<f64>> {
    let root = root_at(prior, guess);
    // the same points for every task and theta: no need for more
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut lattice = Lattice::shifted(prior.at.len(), &mut rng);
    let mut z = DVector::zeros(prior.at.len());
    let points = (0..skip + count).map(|_| {
        lattice.propose(&mut z, &mut rng);
        &prior.at + &root * &z
    });
    points.skip(skip).collect()
}

/// The proposals that modes give, with their shares: by mass, and no less than a tenth.
fn components(modes: &[Mode], guess: &Guess<'_>) -> Vec<(Component, f64)> {
    let best = modes.first().map_or(f64::NEG_INFINITY, ln_mass);
    let masses: Vec<f64> = modes.iter().map(|mode| (ln_mass(mode) - best).exp().max(0.1)).collect();
    let total: f64 = masses.iter().sum();
    modes.iter().zip(masses).map(|(mode, mass)| (component(mode, guess), mass / total)).collect()
}

fn component(mode: &Mode, guess: &Guess<'_>) -> Component {
    Component::new(mode.at.clone(), root_at(mode, guess))
}

/// A root of the covariance at a mode; the guess's of what is none.
fn root_at(mode: &Mode, guess: &Guess<'_>) -> DMatrix<f64> {
    mode.precision.as_ref().map_or_else(|| root(guess.covariance), precision_root)
}

/// A block as a function to climb.
fn evaluator<'a, M: Model>(
    block: &'a mut TaskBlock<'_, M, Second>,
    dual: &'a Theta<M, Second>,
    task: &'a M::Task,
) -> impl FnMut(&DVector<f64>, &mut Derivatives) + 'a {
    |u, out| {
        block.evaluate(dual, task, u.as_slice());
        std::mem::swap(&mut block.out, out);
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
