//! The posterior by chains of theta alone, the tasks being integrated out at every state: where weights are poor, as of a theta
//! with many coordinates whose tails differ, or where chains and weights disagree.
//!
//! The chains that went along with the weights learn on, each part from where the one before ended, its centre and widths being
//! those of the states before, and forget all of it. Tasks are drawn given those of the states that are kept.

use crate::correct::chains::{ByChains, CONVERGED};
use crate::correct::effort::Effort;
use crate::correct::inquiry::Inquiry;
use crate::correct::precision::{Drawn, PRECISE};
use crate::correct::rounds::Weighted;
use crate::correct::walk::Walk;
use crate::density::Density;
use crate::posterior::draws::{BATCHES, LocalDraws, WeightedDraws};
use crate::posterior::mc_error::Dependence;
use crate::sampling::convergence::Convergence;

/// Steps of the parts that chains learn in.
const LEARNING: [usize; 3] = [50, 50, 100];
/// Steps until it is seen whether they have converged; then so much more of all each time.
const FIRST: usize = 100;
const MORE: f64 = 0.25;
/// States are alike: so many are kept for each draw that weights would have.
const KEPT: usize = 4;
/// Longer chains are no use any more.
const LONGEST: usize = 1 << 14;

/// Draws by the chains of an answer by weights, if these find the posterior in the time that there is.
pub(crate) fn by_walk(
    found: &Weighted,
    effort: &Effort,
    inquiry: &mut Inquiry<'_>,
    density: &Density<'_>,
) -> Option<ByChains> {
    let Weighted { proposal, walk, .. } = found;
    let (mut reference, mut seed) = (proposal.reference()?, effort.seed);
    let mut walk = walk.as_ref()?.began_again(seed, inquiry);
    for steps in LEARNING {
        walk.steps(steps, &reference, inquiry).then_some(())?;
        reference = walk.learned()?;
        seed = seed.wrapping_add(1);
        walk = walk.began_again(seed, inquiry);
    }
    let began = inquiry.clock.elapsed();
    let (mut more, mut is_up) = (FIRST, false);
    loop {
        is_up |= !walk.steps(more, &reference, inquiry);
        let convergence = walk.convergence()?;
        let wanted = effort.enough / convergence.effective;
        let needed = inquiry.clock.elapsed().saturating_sub(began).as_secs_f64() * (wanted - 1.0);
        is_up |= walk.len() >= LONGEST || inquiry.clock.left().is_some_and(|left| needed > left.as_secs_f64());
        // that many draws know a mean as precisely as it has to be
        let is_precise = convergence.effective >= PRECISE.powi(-2);
        if convergence.r_hat < CONVERGED && (wanted <= 1.0 || (is_up && is_precise)) {
            return Some(drawn(&walk, convergence, effort, inquiry, density));
        }
        if is_up {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and a part of a length")]
        let next = (MORE * walk.len() as f64) as usize;
        more = next.max(FIRST);
    }
}

/// What the states tell, with a draw of every task given those that are kept.
fn drawn(
    walk: &Walk,
    convergence: Convergence,
    effort: &Effort,
    inquiry: &mut Inquiry<'_>,
    density: &Density<'_>,
) -> ByChains {
    let (thetas, each) = walk.kept((KEPT * effort.draws).min(effort.most_draws));
    let tables = inquiry.locals_given(&thetas);
    let draws = thetas.len();
    let posterior = WeightedDraws {
        theta: thetas.concat(),
        globals: density.num_globals(),
        weights: vec![(draws as f64).recip(); draws],
        locals: LocalDraws::Drawn(tables),
        non_centred: vec![false; density.open.tasks.non_centred.len()],
        are_values: density.layout.are_values(),
        dependence: Dependence::Clusters(each.div_ceil(BATCHES)),
    };
    let precision = Drawn::of(&posterior).precision(density);
    ByChains { of_globals: true, posterior, convergence, divergent: 0.0, is_cut: false, precision }
}
