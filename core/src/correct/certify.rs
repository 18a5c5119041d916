//! A second look at an answer, wherever it comes from: chains that are as long as one likes.

use crate::conditional::Conditionals;
use crate::correct::certificate::{Compared, ProposedFrom, compared};
use crate::correct::effort::Effort;
use crate::correct::inquiry::{Inquiry, RoundPlan};
use crate::correct::pool::Pool;
use crate::correct::precision::Drawn;
use crate::correct::proposal::{Part, Proposal};
use crate::correct::reweighting::Basis;
use crate::correct::rounds::Weighted;
use crate::correct::walk::{CHAINS, Walk};
use crate::density::Density;
use crate::density::program::Program;
use crate::linalg::gaussian::Moments;
use crate::progress::Progress;
use crate::sampling::elliptical::Reference;
use crate::sampling::psis::smooth;
use crate::sampling::resample::resample;
use crate::sampling::stream::Stream;
use nalgebra::DVector;

/// Draws of the answer's Gaussian, which tell the evidence that divergences are measured from.
const DRAWS: usize = 256;
/// One of so many thetas is looked at before chains know how wide the posterior is, the first half of them flattened.
const LEARNING: usize = 4;
/// Chains that do not agree with one another by then look at up to so many times the thetas.
const LONGEST: usize = 4;
/// A state with a larger part of all weight is at a place that proposals miss.
const MISSED: f64 = 0.02;

/// What chains say of an answer by weights: those that went along with it; where they disagree, although they are at no place
/// that proposals miss, they may be slow to get from one part of the posterior to another, and others start from the answer's own
/// draws. Under a right answer these have its distribution at every step.
pub(crate) fn opinion(
    found: &Weighted,
    effort: &Effort,
    inquiry: &mut Inquiry<'_>,
    program: &dyn Program,
) -> Option<Compared> {
    let Weighted { pool, smoothed, proposal, walk } = found;
    let (walk, answer) = (walk.as_ref()?, pool.drawn(&smoothed.weights));
    let from = ProposedFrom { proposal, ln_evidence: smoothed.ln_mean };
    let first = compared(&answer, walk, from, program)?;
    if first.refuted.is_none() || first.top > MISSED {
        return Some(first);
    }
    let rows = pool.rows();
    let picked = resample(&smoothed.weights, CHAINS, &mut Stream::Chains.of(effort.seed));
    let starts = picked.into_iter().map(|s| DVector::from_column_slice(rows[s])).collect();
    let mut again = Walk::from(starts, effort.seed.wrapping_add(1), pool.of_theta_alone(), inquiry);
    again.until(walk.looks(), &proposal.reference()?, inquiry);
    compared(&answer, &again, from, program).or(Some(first))
}

/// Compares an answer with chains that look at so many thetas; `None` where they cannot be started, or no density is finite.
pub(crate) fn certified(
    density: &Density<'_>,
    basis: &Basis<'_>,
    effort: Effort,
    progress: &Progress,
    answer: &Drawn<'_>,
) -> Option<Compared> {
    let conditionals = Conditionals::new(density).growing_to(effort.most_grown);
    let mut inquiry = Inquiry::new(&conditionals, basis, effort, progress);
    let thetas: Vec<DVector<f64>> =
        answer.theta.chunks(answer.globals).map(|theta| inquiry.coordinates_of(theta)).collect();
    let moments =
        Moments::of(thetas.first()?.len(), || thetas.iter().map(DVector::as_slice).zip(answer.weights.iter().copied()));
    let gaussian_of_answer = moments.gaussian()?;
    let proposal = Proposal::of(Part::new(gaussian_of_answer.clone())?);
    let mut pool = Pool::new(answer.globals, basis.guide.num_tasks());
    inquiry.round(RoundPlan { proposal: Some(&proposal), draws: DRAWS, number: 0 }, &mut pool);
    let ln_evidence = smooth(&pool.ln_weights())?.ln_mean;
    let mut reference = Reference::new(gaussian_of_answer)?;
    let (starts, looks) = (inquiry.starts(CHAINS), effort.draws);
    let mut walk = Walk::from(starts, effort.seed, pool.of_theta_alone(), &mut inquiry);
    walk.flat_until(looks / (2 * LEARNING), &reference, &mut inquiry);
    walk.until(looks / LEARNING, &reference, &mut inquiry);
    reference = walk.learned().unwrap_or(reference);
    walk.until_quiet(looks..LONGEST * looks, &reference, &mut inquiry);
    compared(answer, &walk, ProposedFrom { proposal: &proposal, ln_evidence }, &*density.program)
}
