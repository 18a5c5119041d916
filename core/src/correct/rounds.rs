//! Several rounds, each from a better proposal if all goes well.

use crate::correct::effort::{Effort, FEWEST_DRAWS};
use crate::correct::inquiry::RoundPlan;
use crate::correct::proposal::{Preparation, Proposal, reproposed};
use crate::correct::quadratic_fit::sought;
use crate::correct::round::{Reweighting, Round, relative_variance};
use crate::sampling::psis::{SmoothWeights, smooth};

/// Rounds at most before the last: each proposes from the weighted draws of the one before.
pub(crate) const MOST_PREPARING: usize = 4;
/// Such a round has a quarter of the draws, or so many a coordinate, if that is more.
const PREPARING_EACH: usize = 16;
/// The last round follows as soon as so much of the draws counts; a third of the first are lookouts, of which few do.
const PREPARED: f64 = 0.2;

/// A round with weights, and the proposal that it came from.
pub(crate) struct Weighted {
    pub(crate) round: Round,
    pub(crate) smoothed: SmoothWeights,
    pub(crate) proposal: Proposal,
}

/// What to do after a round.
enum Next {
    /// Another round that prepares, or the last.
    Round { proposal: Proposal, number: usize },
    /// The rounds are over.
    Done,
}

/// Rounds under way.
struct Rounds {
    effort: Effort,
    proposal: Proposal,
    number: usize,
    /// Whether the last round has been made once more.
    is_repeated: bool,
    best: Option<Weighted>,
}

/// The last of several rounds that is of use; `None` if the first had no weight.
///
/// Where a round is useless after one that was not, the last one proposes as the better one did. A last round that is
/// doubtful is made once more, from what it found.
pub(crate) fn refined(
    proposal: Proposal,
    effort: Effort,
    run: &mut dyn FnMut(RoundPlan<'_>) -> Round,
) -> Option<Weighted> {
    let mut rounds = Rounds { effort, proposal, number: 0, is_repeated: false, best: None };
    loop {
        let round = run(rounds.plan());
        match rounds.after(round)? {
            Next::Round { proposal, number } => (rounds.proposal, rounds.number) = (proposal, number),
            Next::Done => return rounds.best,
        }
    }
}

impl Rounds {
    fn is_last(&self) -> bool {
        self.number >= MOST_PREPARING
    }

    fn plan(&self) -> RoundPlan<'_> {
        let (Self { proposal, number, effort, .. }, draws) = (self, self.draws());
        let least = if self.is_last() { effort.least_draws } else { draws };
        RoundPlan { proposal, draws, least, enough: effort.enough, number: *number, is_last: self.is_last() }
    }

    /// How many draws the round takes.
    fn draws(&self) -> usize {
        let Effort { draws, most_draws, .. } = self.effort;
        match &self.best {
            Some(best) if self.is_last() => wanted(self.effort, best.smoothed.share()).min(most_draws),
            // the longer it takes, the more there is to be seen
            _ => ((1 + self.number) * draws / 4).max(PREPARING_EACH * self.proposal[0].dimensions()).min(draws),
        }
    }

    /// Keeps the round if it is of use, and decides what comes next; `None` where no round had any weight.
    fn after(&mut self, round: Round) -> Option<Next> {
        let is_last = self.is_last();
        if round.is_cut && round.len() < FEWEST_DRAWS {
            // too few to tell anything: what rounds before it found has to do
            self.best.as_mut()?.round.is_cut = true;
            let last = Next::Round { proposal: self.proposal.clone(), number: MOST_PREPARING };
            return Some(if is_last { Next::Done } else { last });
        }
        let is_cut = round.is_cut;
        let (mut is_prepared, mut is_wasted, mut is_made_again) = (false, true, false);
        let mut next = None;
        let ln_weights = round.ln_weights();
        if let Some(smoothed) = smooth(&ln_weights) {
            is_prepared = smoothed.is_reliable() && smoothed.share() > PREPARED;
            is_wasted = smoothed.is_useless();
            is_made_again = is_last && !is_cut && !self.is_repeated && !is_wasted && !smoothed.is_reliable();
            if !is_last || is_made_again {
                let preparation = if is_prepared { Preparation::Prepared } else { Preparation::Bent };
                let seeks = is_wasted.then(|| sought(&round.proposed, &ln_weights, &self.proposal)).flatten();
                next = seeks.or_else(|| reproposed(&round.proposed, &smoothed, preparation, &self.proposal[0]));
            }
            self.keep(round, smoothed);
        }
        let found = self.best.as_ref()?;
        let proposal = || next.unwrap_or_else(|| self.proposal.clone());
        if is_made_again {
            // it saw more than those before it: once more, with what it knows
            let next = Next::Round { proposal: proposal(), number: self.number + 1 };
            self.is_repeated = true;
            return Some(next);
        }
        if is_last || (self.number + 1 == MOST_PREPARING && is_wasted && found.smoothed.is_useless()) {
            return Some(Next::Done);
        }
        if is_wasted && !found.smoothed.is_useless() {
            return Some(Next::Round { proposal: found.proposal.clone(), number: MOST_PREPARING });
        }
        let number = if is_prepared || is_cut { MOST_PREPARING } else { self.number + 1 };
        Some(Next::Round { proposal: proposal(), number })
    }

    fn keep(&mut self, round: Round, smoothed: SmoothWeights) {
        match &mut self.best {
            // what a later round doubts an earlier one only did not see
            Some(best) if smoothed.is_useless() => best.smoothed.k_hat = best.smoothed.k_hat.max(smoothed.k_hat),
            _ => self.best = Some(Weighted { round, smoothed, proposal: self.proposal.clone() }),
        }
    }
}

/// How many draws it takes until enough count, where this share of them does.
fn wanted(Effort { draws, enough, .. }: Effort, share: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and the cast saturates")]
    let wanted = (enough / share) as usize;
    wanted.max(draws)
}

/// Draws of theta with smoothed weights.
pub(crate) fn over_thetas(Weighted { round, smoothed, .. }: Weighted) -> Reweighting {
    let (k_hat, effective, not_finite) = (smoothed.k_hat, smoothed.effective, smoothed.not_finite);
    Reweighting {
        k_hat,
        is_reliable: smoothed.is_reliable(),
        is_useless: smoothed.is_misleading(),
        effective,
        not_finite,
        ln_evidence: smoothed.ln_mean,
        ln_evidence_error: relative_variance(&smoothed.weights).sqrt(),
        ..round.with_weights(smoothed.weights)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correct::proposal::Part;
    use crate::linalg::gaussian::Gaussian;
    use nalgebra::{DMatrix, DVector};

    /// A round about one coordinate, with these log weights.
    fn told(ln_weights: Vec<f64>) -> Round {
        let theta: Vec<f64> = (0..ln_weights.len()).map(|s| (s as f64).sin()).collect();
        Round { proposed: theta.clone(), theta, ln_outside: ln_weights, ..Round::default() }
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
        let first =
            vec![Part::new(Gaussian { mean: DVector::zeros(1), root: DMatrix::identity(1, 1) }).expect("regular")];
        let effort = Effort {
            draws: 400,
            least_draws: 400,
            enough: 280.0,
            most_draws: 400,
            most_inner: 64,
            most_grown: 64,
            budget: None,
            seed: 0,
        };
        let found = refined(first, effort, &mut |plan| {
            asked.push((plan.draws, plan.proposal[0].heavy.wide.root[(0, 0)]));
            let round = usize::from(plan.number > 0) + usize::from(plan.is_last);
            told(rounds[round](plan.draws))
        });
        (found, asked)
    }

    #[test]
    fn a_round_that_is_useless_does_not_replace_one_that_is_not() {
        // an eighth of the draws: not prepared yet
        let eighth = |n: usize| (0..n).map(|s| if s % 8 == 0 { 0.1 * (s as f64).cos() } else { -50.0 }).collect();
        // the second round is wasted: the last one proposes as the first did
        let (found, asked) = refine([eighth, uneven, even]);
        assert_eq!(asked.iter().map(|a| a.0).collect::<Vec<_>>(), [100, 200, 400]);
        assert!(asked[1].1.to_bits() != asked[0].1.to_bits() && asked[2].1.to_bits() == asked[0].1.to_bits());
        assert!(found.is_some_and(|found| found.smoothed.weights.len() == 400 && !found.smoothed.is_useless()));
        // the last round is wasted, or has no weight at all: the first stays
        let nothing = |n: usize| vec![f64::NAN; n];
        for last in [uneven, nothing] {
            let (found, _) = refine([eighth, last, last]);
            let found = found.expect("the first has weights").smoothed;
            assert!(found.weights.len() == 100 && !found.is_useless(), "{found:?}");
        }
        // nothing is any good: no more effort than rounds that prepare
        let (found, asked) = refine([uneven, uneven, even]);
        assert!(found.is_some_and(|found| found.smoothed.is_useless()) && asked.len() == MOST_PREPARING);
        assert!(refine([nothing, even, even]).0.is_none());
    }
}
