//! What theta is proposed from: mixtures of heavy-tailed relatives of Gaussians.

use crate::linalg::gaussian::{Gaussian, Moments};
use crate::numbers::number::Real;
use crate::numbers::real::log_sum_exp;
use crate::sampling::heavy::HeavyTailed;
use crate::sampling::lattice::points_ln_density;
use crate::sampling::psis::{SmoothWeights, temper};
use nalgebra::{DMatrix, DVector};

/// How much wider the widest proposals are that look out for what a Gaussian misses.
const LOOKOUT: f64 = 4.0;
/// Parts that draws are cut into where one Gaussian does not serve, and the least share of the whole covariance in each.
const PARTS: usize = 4;
const THINNEST: f64 = 0.02;
/// Draws of more coordinates are too few to tell how a part of them is spread.
const MOST_CUT: usize = 12;
/// A proposal of theta comes from at least so many effective draws a coordinate; tempering sees to it.
const ENOUGH: f64 = 5.0;

/// A mixture that theta is proposed from, each component as often as the others.
pub(crate) type Proposal = Vec<Part>;

/// A component of a proposal, with the inverse of its root.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) heavy: HeavyTailed,
    inverse: DMatrix<f64>,
}

impl Part {
    /// `None` where the covariance is not positive definite.
    pub(crate) fn new(gaussian: Gaussian) -> Option<Self> {
        let heavy = HeavyTailed::new(gaussian);
        Some(Self { inverse: heavy.inverse()?, heavy })
    }

    /// How many coordinates it has.
    pub(crate) fn dimensions(&self) -> usize {
        self.heavy.wide.mean.len()
    }

    /// R^-1 (u - m).
    pub(crate) fn standardised(&self, u: &[f64]) -> DVector<f64> {
        &self.inverse * (DVector::from_column_slice(u) - &self.heavy.wide.mean)
    }

    /// The mixture with a wide one at every third draw, in case the posterior reaches where the Gaussian does not.
    pub(crate) fn with_lookout(self) -> Proposal {
        let HeavyTailed { wide, ln_det } = self.heavy.clone();
        let ln_det = ln_det + wide.mean.len() as f64 * LOOKOUT.ln();
        let heavy = HeavyTailed { wide: wide.widened(LOOKOUT), ln_det };
        let lookout = Self { heavy, inverse: &self.inverse / LOOKOUT };
        vec![self.clone(), self, lookout]
    }
}

/// The density of a mixture: ln((1 / C) sum_c q_c(u)).
pub(crate) fn ln_density(proposal: &[Part], u: &DVector<f64>) -> f64 {
    let mut away = DVector::zeros(u.len());
    let term = |part: &Part| Real(part.heavy.ln_density(&part.inverse, u.as_slice(), &mut away, points_ln_density));
    log_sum_exp(proposal.iter().map(term).collect::<Vec<_>>()).value() - (proposal.len() as f64).ln()
}

/// How well a round has prepared the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Preparation {
    /// The weights are even: its moments are those of the posterior.
    Prepared,
    /// A Gaussian alone did not serve.
    Bent,
}

/// The proposal of the next round, from the draws of theta, row-major: mean and covariance of the weighted draws, tempered where too few of them count. Where
/// that did not serve, as of a posterior that is bent, those of each of several parts of the draws as well.
pub(crate) fn reproposed(
    theta: &[f64],
    smoothed: &SmoothWeights,
    preparation: Preparation,
    before: &Part,
) -> Option<Proposal> {
    let globals = theta.len() / smoothed.weights.len();
    let ln_weights: Vec<f64> = smoothed.weights.iter().map(|w| w.ln()).collect();
    let least = ENOUGH * globals as f64;
    let weights = temper(&ln_weights, least);
    let rows: Vec<&[f64]> = theta.chunks(globals).collect();
    let mut moments = Moments::of(globals, || rows.iter().copied().zip(weights.iter().copied()));
    shrink(&mut moments.covariance, before, weights.iter().map(|w| w * w).sum::<f64>().recip())?;
    let root = moments.covariance.clone().cholesky()?.unpack();
    let whole = Part::new(Gaussian { mean: moments.mean, root })?;
    if preparation == Preparation::Prepared || smoothed.is_useless() {
        return Some(vec![whole]);
    }
    if globals > MOST_CUT {
        return Some(whole.with_lookout());
    }
    let weights = temper(&ln_weights, PARTS as f64 * least);
    let parts = parts(&rows, &weights, &moments.covariance).into_iter().filter_map(|part| {
        let within = Moments::of(globals, || part.iter().map(|&s| (rows[s], weights[s])));
        // never thinner than a share of the whole
        let root = (within.covariance + &moments.covariance * THINNEST).cholesky()?.unpack();
        Part::new(Gaussian { mean: within.mean, root })
    });
    Some(whole.with_lookout().into_iter().chain(parts).collect())
}

/// Shrinks the covariance of n coordinates from so many effective draws: correlations that the proposal before did not have
/// count as n draws without them. With R the root of that proposal, C = R^-1 S R^-T loses n / (n + draws) of what is off its
/// diagonal. `None` where there is no covariance.
fn shrink(covariance: &mut DMatrix<f64>, before: &Part, effective: f64) -> Option<()> {
    let n = covariance.nrows() as f64;
    let kept = effective / (n + effective);
    let mut whitened = &before.inverse * &*covariance * before.inverse.transpose();
    let diagonal = whitened.diagonal();
    whitened *= kept;
    whitened.set_diagonal(&diagonal);
    let root = &before.heavy.wide.root;
    *covariance = root * whitened * root.transpose();
    covariance.iter().all(|c| c.is_finite()).then_some(())
}

/// The draws in parts of equal weight, cut across the first principal axis of their correlations.
fn parts(rows: &[&[f64]], weights: &[f64], covariance: &DMatrix<f64>) -> Vec<Vec<usize>> {
    let sd = covariance.diagonal().map(f64::sqrt);
    let correlation = DMatrix::from_fn(sd.len(), sd.len(), |r, c| covariance[(r, c)] / (sd[r] * sd[c]));
    let eigen = correlation.symmetric_eigen();
    let axis = eigen.eigenvectors.column(eigen.eigenvalues.argmax().0).component_div(&sd);
    let along = |s: usize| axis.iter().zip(rows[s]).map(|(a, u)| a * u).sum::<f64>();
    let mut order: Vec<usize> = (0..rows.len()).filter(|&s| weights[s] > 0.0).collect();
    order.sort_by(|&a, &b| along(a).total_cmp(&along(b)));
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
