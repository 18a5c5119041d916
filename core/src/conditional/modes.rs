//! Where the modes of a task given theta are.

use crate::conditional::ask::{Ask, Guess};
use crate::conditional::memory::TaskMemory;
use crate::conditional::mixture::Component;
use crate::conditional::scorers::Scorers;
use crate::density::mode::{Mode, find_mode};
use crate::linalg::gaussian::{Gaussian, ln_determinant, root, root_of_precision};
use crate::numbers::pass::Derivatives;
use crate::sampling::lattice::Lattice;
use nalgebra::{DMatrix, DVector};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Starts from the prior at first, and at every later look.
const STARTS: usize = 16;
const MORE_STARTS: usize = 4;
/// Modes closer than this many standard deviations are one; those below the best by more nats do not count.
const SAME: f64 = 0.5;
const NEGLIGIBLE: f64 = 12.0;
const MOST_MODES: usize = 6;
/// A mode has no less than this share of the proposals, relative to the best.
const LEAST_SHARE: f64 = 0.1;
/// What rounding may make of a curvature of 0, relative to the largest.
const ROUNDING: f64 = 1e-10;

impl Scorers<'_> {
    /// The modes of the task at this theta, the one of most mass first; looks for new ones now and then.
    pub(super) fn modes(&mut self, ask: &Ask<'_>, reads: &[f64], memory: &mut TaskMemory) -> Vec<Mode> {
        let n = ask.guess.start.len();
        let has_one_mode = memory.is_concave || memory.is_known_as_gaussian();
        let mut starts = match &memory.modes[..] {
            [last, ..] if has_one_mode => {
                let predicted = memory.trend.predict(reads).map(|of_trend| of_trend.rows(0, n).into_owned());
                vec![predicted.unwrap_or_else(|| last.clone())]
            }
            [] => vec![ask.guess.start.clone()],
            modes => modes.to_vec(),
        };
        if memory.is_time_to_look() && !memory.is_known_as_gaussian() {
            let spread = self.spread_starts(ask, memory);
            if !memory.is_concave {
                starts.extend(spread);
            }
        }
        let mut modes: Vec<Mode> = Vec::new();
        for start in starts {
            let mode = find_mode(start, &mut |u, out| {
                self.posterior.expand(ask.at(), u.as_slice(), out);
            });
            if !modes.iter().any(|other| other.distance_squared(&mode.at) < SAME * SAME) {
                modes.push(mode);
            }
        }
        modes.sort_by(|a, b| ln_mass(b).total_cmp(&ln_mass(a)));
        let least = ln_mass(&modes[0]) - NEGLIGIBLE;
        let count = modes.iter().take(MOST_MODES).take_while(|mode| ln_mass(mode) > least).count();
        // where none has a precision, the first start's: better than nothing
        modes.truncate(count.max(1));
        memory.remember(&modes);
        modes
    }

    /// Points of the prior's own Gaussian, and whether the density is log-concave at all of them goes into the memory.
    fn spread_starts(&mut self, ask: &Ask<'_>, memory: &mut TaskMemory) -> Vec<DVector<f64>> {
        let count = if memory.starts == 0 { STARTS } else { MORE_STARTS };
        let prior = find_mode(ask.guess.start.clone(), &mut |u, out| {
            self.prior.score(ask.theta, ask.task, u.as_slice(), out);
        });
        let spread = starts_of_prior(&prior, &ask.guess, memory.starts, count);
        memory.starts += count;
        let mut derivatives = Derivatives::default();
        let mut is_concave = |u: &DVector<f64>| {
            self.posterior.expand(ask.at(), u.as_slice(), &mut derivatives);
            // nothing is known where numbers overflow
            !derivatives.value.is_finite() || has_no_valley(&derivatives)
        };
        if memory.is_concave && !spread.iter().all(&mut is_concave) {
            memory.is_concave = false;
            memory.forget_noise();
        }
        spread
    }
}

/// Whether the density is log-concave here, up to rounding.
fn has_no_valley(here: &Derivatives) -> bool {
    let n = here.gradient.len();
    let curvature = -DMatrix::from_row_slice(n, n, &here.hessian);
    let rounding = ROUNDING * curvature.amax();
    (curvature + DMatrix::identity(n, n) * rounding).cholesky().is_some()
}

/// Laplace's ln Z_i, but for a constant; -inf of what is no mode.
fn ln_mass(mode: &Mode) -> f64 {
    mode.precision.as_ref().map_or(f64::NEG_INFINITY, |p| mode.value - ln_determinant(p.l_dirty()))
}

/// Where to look for modes: points of the prior's own Gaussian, after those that were skipped.
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
pub(super) fn components(modes: &[Mode], guess: &Guess<'_>) -> Vec<(Component, f64)> {
    let best = modes.first().map_or(f64::NEG_INFINITY, ln_mass);
    let masses: Vec<f64> = modes.iter().map(|mode| (ln_mass(mode) - best).exp().max(LEAST_SHARE)).collect();
    let total: f64 = masses.iter().sum();
    modes.iter().zip(masses).map(|(mode, mass)| (component(mode, guess), mass / total)).collect()
}

pub(super) fn component(mode: &Mode, guess: &Guess<'_>) -> Component {
    Component::new(gaussian_at(mode, guess))
}

/// The Gaussian of the curvature at a mode; as wide as the guess of what is none.
pub(super) fn gaussian_at(mode: &Mode, guess: &Guess<'_>) -> Gaussian {
    Gaussian { mean: mode.at.clone(), root: root_at(mode, guess) }
}

/// A root of the covariance at a mode; the guess's of what is none.
fn root_at(mode: &Mode, guess: &Guess<'_>) -> DMatrix<f64> {
    mode.precision.as_ref().map_or_else(|| root(guess.covariance), root_of_precision)
}
