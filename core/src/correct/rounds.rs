//! Rounds of draws of theta, each from a better proposal if all goes well, until what they tell together is enough.

use crate::correct::effort::{Effort, FEWEST_DRAWS};
use crate::correct::inquiry::{Inquiry, RoundPlan, SETS};
use crate::correct::modes::{ProposalOfModes, Reproposed};
use crate::correct::pool::Pool;
use crate::correct::proposal::{MOST_LOOKED_AT, Part, Proposal};
use crate::correct::quadratic_fit::sought;
use crate::correct::reproposal::Preparation;
use crate::correct::reweighting::{Reweighting, relative_variance};
use crate::correct::walk::{AskAt, CHAINS, Walk};
use crate::sampling::psis::{SmoothWeights, smooth};
use nalgebra::DVector;

/// One of so many of the draws asked for are in the first round, fewer where each of very many tasks answers for all; or so many a
/// coordinate, if that is more.
const SCOUTS: usize = 4;
const SCOUTS_OF_MANY: usize = 8;
const FIRST_EACH: usize = 16;
/// Rounds of scouts that may be of no use until it is given up.
const MOST_USELESS: usize = 4;
/// One of so many of the draws asked for, at least, has a round that begins an answer, and one that adds to it.
const FEWEST: usize = 4;
const FEWEST_MORE: usize = 16;
/// Where so much of a round's draws counts its proposal is good; a third of the first are lookouts, of which few do.
const GOOD: f64 = 0.2;
/// The share that is expected to count of the first round of an answer.
const EXPECTED: f64 = 0.5;
/// Kurtosis of theta changes by no more than this, of a logarithm, where its tails are known: what changed it may be the edge
/// of more.
const DRIFT: f64 = 0.1;
/// With so many times the draws no answer is begun anew.
const MOST_RENEWED: usize = 4;

/// Chains ask about so many thetas for each of the draws, and where coordinates are few about as many again, of which the first are
/// under a flattened posterior.
const WALKED: f64 = 0.2;
/// How much a state of a chain counts among effective draws: neighbours are alike.
const OF_STATE: f64 = 0.5;

/// Fewer effective draws say little, whatever k-hat: it can only judge the tails that were drawn.
pub(crate) const FEW: f64 = 100.0;

/// Draws with smoothed weights.
pub(crate) struct Weighted {
    pub(crate) pool: Pool,
    pub(crate) smoothed: SmoothWeights,
    /// What the draws were proposed from.
    pub(crate) proposal: Proposal,
    /// Chains that looked at the same posterior, if there was time for any.
    pub(crate) walk: Option<Walk>,
}

impl Weighted {
    /// Whether chains should take the place of the weights.
    pub(crate) fn is_poor(&self) -> bool {
        !self.smoothed.is_reliable() || self.smoothed.effective < FEW
    }
}

/// Asks about thetas.
pub(crate) trait Ask: AskAt {
    /// Draws the thetas of a round, and what every task says of them, into the pool.
    fn round(&mut self, plan: RoundPlan<'_>, pool: &mut Pool);

    /// How many times the draws that there are it takes until what they tell is precise.
    fn times_wanted(&self, pool: &Pool, smoothed: &SmoothWeights) -> f64;

    /// Where so many chains start; nowhere, where the effort has none.
    fn starts(&mut self, _chains: usize) -> Vec<DVector<f64>> {
        Vec::new()
    }
}

/// Rounds under way.
struct Rounds {
    effort: Effort,
    /// Scouts of a round.
    scouts: usize,
    proposal: ProposalOfModes,
    number: usize,
    is_answering: bool,
    /// Of theta, as far as the draws told so far; that of a Gaussian before there were any.
    kurtosis: f64,
    walk: Option<Walk>,
}

/// Rounds around the modes, until enough draws count, and what they tell is precise, or until no more can be afforded; `None` if
/// no draw has a weight, or there was no time for enough to tell anything.
pub(crate) fn refined(modes: Vec<Part>, effort: Effort, asked: &mut dyn Ask, mut pool: Pool) -> Option<Weighted> {
    let part = if effort.of_many { SCOUTS_OF_MANY } else { SCOUTS };
    let each = FIRST_EACH * modes[0].dimensions();
    let scouts = (effort.draws / part).max(each).min(effort.draws).next_multiple_of(SETS);
    let proposal = ProposalOfModes::around(modes);
    let mut rounds = Rounds { effort, scouts, proposal, number: 0, is_answering: false, kurtosis: 1.0, walk: None };
    let mut next = Some(scouts);
    while let Some(draws) = next {
        asked.round(RoundPlan { proposal: Some(&rounds.proposal.together), draws, number: rounds.number }, &mut pool);
        if pool.is_cut && pool.len() < FEWEST_DRAWS {
            return None;
        }
        next = rounds.after(&mut pool, asked).map(|draws| draws.next_multiple_of(SETS));
    }
    if pool.len() - pool.scouts() < FEWEST_DRAWS {
        pool.answer_by_all();
    }
    let smoothed = smooth(&pool.ln_weights_of_answer())?;
    let Rounds { proposal, walk, .. } = rounds;
    Some(Weighted { pool: pool.without_scouts(), smoothed, proposal: proposal.together, walk })
}

impl Rounds {
    /// How many draws the next round has at least, from a better proposal where there is one; `None` where there is none.
    fn after(&mut self, pool: &mut Pool, asked: &mut dyn Ask) -> Option<usize> {
        self.number += 1;
        if pool.is_cut {
            return None;
        }
        let is_over = self.number >= MOST_USELESS && !self.is_answering;
        let all = smooth(&pool.ln_weights()).filter(|all| !(is_over && all.is_useless()))?;
        let wanted =
            if self.is_answering { self.go_on(&all, pool, asked) } else { Some(self.scout(&all, pool, asked)) };
        wanted
            .map(|wanted| wanted.min((self.effort.most_draws + pool.scouts()).saturating_sub(pool.len())))
            .filter(|wanted| *wanted > 0)
    }

    /// After a round of scouts: the answer is begun, or another where next to none of them counts.
    fn scout(&mut self, all: &SmoothWeights, pool: &mut Pool, asked: &mut dyn Ask) -> usize {
        if all.is_useless() && self.number < MOST_USELESS {
            self.repropose(all, pool);
            return self.scouts;
        }
        self.begin(all, pool, asked)
    }

    /// Begins the answer, or begins it anew, from the proposal that all draws and chains so far make; with how many draws.
    fn begin(&mut self, all: &SmoothWeights, pool: &mut Pool, asked: &mut dyn Ask) -> usize {
        self.walk_on(self.effort.draws, pool, asked);
        self.repropose(all, pool);
        self.is_answering = true;
        // of very many tasks scouts have cost too much to be forgotten
        if !self.effort.of_many {
            pool.begin_answer();
        }
        let Effort { draws, enough, .. } = self.effort;
        some(draws, FEWEST, enough / EXPECTED).max(self.scouts)
    }

    /// After a round of the answer: another like it where more is wanted, or it is begun anew where it met what was not known.
    fn go_on(&mut self, all: &SmoothWeights, pool: &mut Pool, asked: &mut dyn Ask) -> Option<usize> {
        let Effort { draws, enough, .. } = self.effort;
        let answer = smooth(&pool.ln_weights_of_answer())?;
        let before = (self.proposal.clone(), self.kurtosis);
        let is_settled = self.repropose(all, pool);
        // of very many tasks theta is all but Gaussian
        let is_settled = is_settled || self.effort.of_many;
        if !(is_settled && answer.is_reliable()) && pool.len() < MOST_RENEWED * draws {
            return Some(self.begin(all, pool, asked));
        }
        (self.proposal, self.kurtosis) = before;
        let count = answer.weights.len() as f64;
        let lacking = (enough / answer.effective - 1.0) * count;
        let wanted = if lacking > 0.0 { lacking } else { (asked.times_wanted(pool, &answer) - 1.0) * count };
        (wanted > 0.0 && answer.is_reliable()).then(|| some(draws, FEWEST_MORE, wanted))
    }

    /// Chains go on until they have looked at their share of the draws so far and of those to come.
    fn walk_on(&mut self, to_come: usize, pool: &Pool, asked: &mut dyn Ask) {
        let Some(reference) = self.proposal.together.reference().filter(|_| self.effort.walks) else { return };
        let thetas = pool.len() + to_come;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and the cast saturates")]
        let looks = (WALKED * thetas as f64) as usize;
        let (seed, is_few) = (self.effort.seed, self.proposal.together.main().dimensions() <= MOST_LOOKED_AT);
        let walk = self.walk.get_or_insert_with(|| {
            let mut walk = Walk::from(asked.starts(CHAINS), seed, pool.of_theta_alone(), asked);
            if is_few {
                walk.flat_until(looks, &reference, asked);
            }
            walk
        });
        // not for more thetas than there are draws
        let looks = if is_few { 2 * looks } else { looks };
        walk.until_quiet(looks..thetas / 2, &reference, asked);
    }

    /// The proposal that all draws so far make; whether they tell no more of tails than was known before.
    fn repropose(&mut self, all: &SmoothWeights, pool: &Pool) -> bool {
        let last = smooth(&pool.ln_weights_of_last());
        let is_good = all.is_reliable() && last.is_some_and(|last| last.share() > GOOD);

        let mut rows = pool.rows();
        if all.is_useless()
            && !self.proposal.are_several()
            && let Some(sought) = sought(&rows, &pool.ln_p(), self.proposal.together.main())
        {
            self.proposal = ProposalOfModes::of(vec![sought]);
            return false;
        }
        let preparation = match (all.is_useless(), is_good) {
            (true, _) => Preparation::Useless,
            (_, true) => Preparation::Prepared,
            _ => Preparation::Bent,
        };
        let mut weights = all.weights.clone();
        if let Some(walk) = &self.walk {
            let states = walk.rows();
            rows.extend(states.rows);
            weights.extend(states.weights.iter().map(|w| w * OF_STATE / all.effective));
        }
        let Some(Reproposed { proposal, kurtosis }) = self.proposal.reproposed(&rows, &weights, preparation) else {
            return true;
        };
        let drift = (kurtosis / self.kurtosis).ln().abs();
        (self.proposal, self.kurtosis) = (proposal, kurtosis);
        // a line has no direction to hide in
        rows[0].len() == 1 || drift < DRIFT
    }
}

/// So many draws, but no fewer than that part of those asked for, and no more than half: tails are looked at again and again.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and the cast saturates")]
fn some(draws: usize, fewest: usize, wanted: f64) -> usize {
    (wanted.ceil() as usize).clamp(draws / fewest, draws / 2)
}

impl Ask for Inquiry<'_> {
    fn round(&mut self, plan: RoundPlan<'_>, pool: &mut Pool) {
        Self::round(self, plan, pool);
    }

    fn times_wanted(&self, pool: &Pool, smoothed: &SmoothWeights) -> f64 {
        Self::times_wanted(self, pool, smoothed)
    }

    fn starts(&mut self, chains: usize) -> Vec<DVector<f64>> {
        Self::starts(self, chains)
    }
}

/// Draws of theta with smoothed weights.
pub(crate) fn over_thetas(Weighted { pool, smoothed, .. }: Weighted) -> Reweighting {
    let (k_hat, effective, not_finite) = (smoothed.k_hat, smoothed.effective, smoothed.not_finite);
    Reweighting {
        k_hat,
        is_reliable: smoothed.is_reliable(),
        is_useless: smoothed.is_misleading(),
        effective,
        not_finite,
        ln_evidence: smoothed.ln_mean,
        ln_evidence_error: relative_variance(&smoothed.weights, &pool.dependence()).sqrt(),
        ..Reweighting::with_weights(pool, smoothed.weights)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correct::pool::Proposed;
    use crate::linalg::gaussian::Gaussian;
    use nalgebra::{DMatrix, DVector};

    /// Tells rounds of two coordinates with weights by a rule, whatever is proposed.
    struct Told {
        ln_weights: fn(usize, usize) -> f64,
        /// Draws of each round, and how wide the main part of its proposal is.
        asked: Vec<(usize, f64)>,
    }

    impl AskAt for Told {
        fn at(&mut self, coordinates: Vec<DVector<f64>>, pool: &mut Pool) {
            let ln_outside = coordinates.iter().map(|x| -0.5 * x.norm_squared()).collect();
            let u = coordinates.iter().map(|row| row.as_slice().to_vec()).collect();
            pool.add(Proposed { u, coordinates, ln_outside });
        }

        fn is_up(&self) -> bool {
            false
        }
    }

    impl Ask for Told {
        fn starts(&mut self, chains: usize) -> Vec<DVector<f64>> {
            (0..chains).map(|i| DVector::from_element(2, 0.1 * i as f64)).collect()
        }

        fn round(&mut self, plan: RoundPlan<'_>, pool: &mut Pool) {
            let proposal = plan.proposal.expect("theta is free");
            self.asked.push((plan.draws, proposal.main().heavy.wide.root[(0, 0)]));
            // quantiles of a normal in one coordinate, in another order in the other
            let z = |k: usize| crate::special::normal_quantile((k % plan.draws) as f64 / plan.draws as f64 + 1e-3);
            let rows: Vec<DVector<f64>> =
                (0..plan.draws).map(|k| DVector::from_vec(vec![z(k), z(37 * k + 5)])).collect();
            let ln_q = rows.iter().map(|row| proposal.ln_density(row.as_slice()));
            let ln_outside = ln_q.enumerate().map(|(k, ln_q)| ln_q + (self.ln_weights)(plan.number, k)).collect();
            let u = rows.iter().map(|row| row.as_slice().to_vec()).collect();
            pool.add(Proposed { u, coordinates: rows, ln_outside });
            pool.end_round(plan.proposal, plan.draws.div_ceil(SETS));
        }

        fn times_wanted(&self, _: &Pool, _: &SmoothWeights) -> f64 {
            1.0
        }
    }

    fn refine(ln_weights: fn(usize, usize) -> f64) -> (Option<Weighted>, Vec<(usize, f64)>) {
        let first = Part::new(Gaussian { mean: DVector::zeros(2), root: DMatrix::identity(2, 2) }).expect("regular");
        let effort = Effort {
            draws: 400,
            enough: 280.0,
            most_draws: 4000,
            most_inner: 64,
            most_grown: 64,
            budget: None,
            seed: 0,
            walks: true,
            of_many: false,
        };
        let mut told = Told { ln_weights, asked: Vec::new() };
        let found = refined(vec![first], effort, &mut told, Pool::new(2, 0));
        (found, told.asked)
    }

    #[test]
    fn draws_of_the_last_proposal_alone_make_the_answer() {
        let (found, asked) = refine(|_, k| 0.3 * (k as f64).cos());
        let found = found.expect("weights");
        // scouts, then as many as it takes, from one proposal
        assert_eq!(asked.iter().map(|round| round.0).collect::<Vec<_>>(), [104, 200, 96], "{asked:?}");
        assert!(asked[1].1.to_bits() == asked[2].1.to_bits() && asked[1].1.to_bits() != asked[0].1.to_bits());
        assert!(found.pool.len() == 296 && found.pool.scouts() == 0 && found.smoothed.weights.len() == 296);
        let mean: f64 = (0..296).map(|k| (0.3 * f64::from(k % 200).cos()).exp()).sum::<f64>() / 296.0;
        assert!((found.smoothed.ln_mean - mean.ln()).abs() < 0.01, "{} and {}", found.smoothed.ln_mean, mean.ln());
    }

    #[test]
    fn what_is_of_no_use_is_given_up() {
        let (found, asked) = refine(|_, k| -(k as f64));
        assert!(found.is_some_and(|found| found.smoothed.is_useless()) && asked.len() == MOST_USELESS, "{asked:?}");
        assert!(refine(|_, _| f64::NAN).0.is_none());
    }
}
