//! The proposal of a round, from the weighted draws of those before.

use crate::correct::proposal::{MOST_LOOKED_AT, Part, Proposal};
use crate::linalg::gaussian::{Gaussian, Moments};
use crate::sampling::psis::temper;
use nalgebra::{DMatrix, DVector};

/// Parts that draws are cut into where one Gaussian does not serve, and the least share of the whole covariance in each.
const PARTS: usize = 4;
const THINNEST: f64 = 0.02;
/// A proposal of theta comes from at least so many effective draws a coordinate; tempering sees to it.
const ENOUGH: f64 = 5.0;
/// So many draws are of the whole for each of the tails.
const WHOLE: usize = 4;

/// How well a round has prepared the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Preparation {
    /// The weights are even: its moments are those of the posterior.
    Prepared,
    /// A Gaussian alone did not serve.
    Bent,
    /// Next to no draw counts.
    Useless,
}

/// What the draws so far make of the next round.
pub(crate) struct Reproposal {
    pub(crate) proposal: Proposal,
    /// Mardia's kurtosis of theta, that of a Gaussian being 1.
    pub(crate) kurtosis: f64,
}

/// The proposal of the next round, from rows of theta: mean and covariance of the weighted draws, tempered where too few of
/// them count, and where their tails are. Where that did not serve, as of a posterior that is bent, those of each of several
/// parts of the draws as well.
pub(crate) fn reproposed(
    rows: &[&[f64]],
    weights: &[f64],
    preparation: Preparation,
    before: &Part,
) -> Option<Reproposal> {
    let globals = before.dimensions();
    let ln_weights: Vec<f64> = weights.iter().map(|w| w.ln()).collect();
    let least = ENOUGH * globals as f64;
    let weights = temper(&ln_weights, least);
    let mut moments = Moments::of(globals, || rows.iter().copied().zip(weights.iter().copied()));
    shrink(&mut moments.covariance, before, effective(&weights))?;
    let gaussian = moments.clone().gaussian()?;
    let far = Far::of(&gaussian, rows, &weights)?;
    let whole = Part::new(gaussian)?;
    let kurtosis = far.kurtosis;
    let with = |proposal| Some(Reproposal { proposal, kurtosis });
    if preparation == Preparation::Useless {
        return with(Proposal::of(whole));
    }
    if preparation == Preparation::Bent && globals > MOST_LOOKED_AT {
        return with(whole.with_lookouts());
    }
    let tail = far.part(rows, &whole).map(|tail| (tail, 1));
    if preparation == Preparation::Prepared {
        return with(Proposal::mixed(std::iter::once((whole, WHOLE)).chain(tail)));
    }
    let weights = temper(&ln_weights, PARTS as f64 * least);
    let parts = parts(rows, &weights, &moments.covariance).into_iter().filter_map(|part| {
        let within = Moments::of(globals, || part.iter().map(|&s| (rows[s], weights[s])));
        // never thinner than a share of the whole
        let root = (within.covariance + &moments.covariance * THINNEST).cholesky()?.unpack();
        Some((Part::new(Gaussian { mean: within.mean, root })?, 1))
    });
    with(Proposal::mixed(std::iter::once((whole, 2)).chain(tail).chain(parts)))
}

/// How many draws count.
fn effective(weights: &[f64]) -> f64 {
    weights.iter().map(|w| w * w).sum::<f64>().recip()
}

/// Draws that count in proportion to d^4 as well, d being the distance from the mean in standard deviations: where the tails
/// are, so that what a few far draws tell is not lost in the many.
struct Far {
    weights: Vec<f64>,
    /// E d^4 / (n (n + 2))
    kurtosis: f64,
}

impl Far {
    fn of(gaussian: &Gaussian, rows: &[&[f64]], weights: &[f64]) -> Option<Self> {
        let (n, inverse) = (gaussian.mean.len() as f64, gaussian.root.clone().try_inverse()?);
        let distance = |row: &[f64]| (&inverse * (DVector::from_column_slice(row) - &gaussian.mean)).norm_squared();
        let mut far: Vec<f64> = rows.iter().zip(weights).map(|(row, w)| w * distance(row).powi(2)).collect();
        let total: f64 = far.iter().sum();
        for w in &mut far {
            *w /= total;
        }
        Some(Self { weights: far, kurtosis: total / (n * (n + 2.0)) })
    }

    /// Their Gaussian: of draws that are Gaussian themselves it is one wider by (n + 4) / n.
    fn part(&self, rows: &[&[f64]], whole: &Part) -> Option<Part> {
        let weighted = || rows.iter().copied().zip(self.weights.iter().copied());
        let mut moments = Moments::of(whole.dimensions(), weighted);
        shrink(&mut moments.covariance, whole, effective(&self.weights))?;
        Part::new(moments.gaussian()?)
    }
}

/// Shrinks the covariance of n coordinates from so many effective draws: correlations that the proposal before did not have
/// count as n draws without them. With R the root of that proposal, C = R^-1 S R^-T loses n / (n + draws) of what is off its
/// diagonal. `None` where there is no covariance.
fn shrink(covariance: &mut DMatrix<f64>, before: &Part, effective: f64) -> Option<()> {
    let n = covariance.nrows() as f64;
    let kept = effective / (n + effective);
    let mut whitened = before.whitened(covariance);
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
