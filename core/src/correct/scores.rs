//! Score identities: the gradient of a log density has mean zero under that density.
//!
//! With g the gradient of ln p(theta, phi, D) in theta, E g = 0 under the posterior. Draws of another one, whose mean is off by
//! C E g to first order with C the covariance of theta, do not satisfy that; in standard deviations it is
//!     (C E g)_j / sd_j

use crate::correct::certificate::Difference;
use crate::density::Density;
use crate::linalg::gaussian::Moments;
use crate::posterior::draws::{LocalDraws, WeightedDraws};
use crate::posterior::mc_error::{self, Dependence};
use crate::sampling::stream::Stream;
use nalgebra::DVector;
use rand::seq::index::sample;
use rayon::prelude::*;

/// So many draws are asked, at most.
const DRAWS: usize = 250;
/// Shifts that are noisier than this tell nothing: near a scale of 0 scores have no variance.
const TELLING: f64 = 0.25;

/// How well draws satisfy the score identities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scores {
    /// The largest shift of a coordinate of theta that they ask for, among those that they tell of.
    pub(crate) largest: Option<Difference>,
    /// The largest that errors do not explain.
    pub(crate) refuted: Option<Difference>,
}

/// What the identities say of draws of a density written centred; `None` of locals that are not drawn.
pub(crate) fn scores(density: &Density<'_>, posterior: &WeightedDraws, seed: u64) -> Option<Scores> {
    let LocalDraws::Drawn(tables) = &posterior.locals else { return None };
    let WeightedDraws { globals, weights, .. } = posterior;
    let thetas = || (0..posterior.len()).map(|s| posterior.theta(s)).zip(weights.iter().copied());
    let covariance = Moments::of(*globals, thetas).covariance;
    // at random: of evenly spread points every fourth or so may lie in a part of their space
    let some = sample(&mut Stream::Scores.of(seed), weights.len(), DRAWS.min(weights.len()));
    let asked: Vec<usize> = some.into_iter().filter(|&s| weights[s] > 0.0).collect();
    let total: f64 = asked.iter().map(|&s| weights[s]).sum();
    let shares: Vec<f64> = asked.iter().map(|&s| weights[s] / total).collect();
    let shift = |&s: &usize| {
        let mut u = posterior.theta(s).to_vec();
        for phi in tables {
            let width = phi.len() / weights.len();
            u.extend_from_slice(&phi[s * width..(s + 1) * width]);
        }
        let mut gradient = vec![0.0; u.len()];
        density.joint_gradient(&u, &mut gradient);
        gradient.truncate(*globals);
        &covariance * DVector::from_vec(gradient)
    };
    let shifts: Vec<DVector<f64>> = asked.par_iter().map(shift).collect();
    let of = |j: usize| {
        let column: Vec<f64> = shifts.iter().map(|shift| shift[j] / covariance[(j, j)].sqrt()).collect();
        let moments = mc_error::Moments::of(&column, &shares, &Dependence::NONE);
        Difference { number: j, sds: moments.mean.abs(), noise: moments.error_of_mean }
    };
    let all: Vec<Difference> = (0..*globals).map(of).filter(|d| d.sds.is_finite()).collect();
    Some(Scores { largest: Difference::largest(&all, |d| d.noise < TELLING), refuted: Difference::refuting(&all) })
}
