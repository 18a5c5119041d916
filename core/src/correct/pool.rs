//! All draws of theta so far, whatever round they were proposed in, and what every task says of each.
//!
//! The answer is made of the draws of one proposal alone, w(u) = p(u) / q(u), none of which was known when that was made. The
//! draws before them are scouts: together they tell where the next proposal should be, each counting by the mixture of all
//! proposals (Veach & Guibas 1995; Cornuet, Marin, Mira & Robert 2012), so that nothing is lost of rounds that were poor:
//!     w(u) = p(u) / sum_r (n_r / N) q_r(u)
//! Where each of very many tasks answers for every draw, scouts have cost too much not to count: there the answer is made of all.

use crate::correct::precision::Drawn;
use crate::correct::proposal::Proposal;
use crate::numbers::number::Real;
use crate::numbers::real::log_sum_exp;
use crate::posterior::mc_error::{Dependence, Stretch};
use nalgebra::DVector;

/// Draws of theta with what is known of each.
#[derive(Default)]
pub(crate) struct Pool {
    /// Row-major: a row a draw.
    pub(crate) theta: Vec<f64>,
    /// How many coordinates theta has.
    pub(crate) globals: usize,
    /// The coordinates of theta that were proposed, all but those that are Gaussian given these; row-major.
    proposed: Vec<f64>,
    /// ln p(theta) p(D outside the plate | theta), less the log density of what is Gaussian given the rest.
    pub(crate) ln_outside: Vec<f64>,
    /// ln q of what was proposed, by the proposal that it came from; and ln sum_r n_r q_r.
    ln_q: Vec<f64>,
    ln_mixture: Vec<f64>,
    pub(crate) tasks: Vec<TaskAnswers>,
    rounds: Vec<RoundDrawn>,
    /// Rounds that are scouts; without any the answer is made of all.
    scouting: usize,
    /// Whether it has fewer draws than it should as time was up.
    pub(crate) is_cut: bool,
}

/// A round's part in the pool.
#[derive(Clone)]
struct RoundDrawn {
    /// `None` where there is but one theta.
    proposal: Option<Proposal>,
    stretch: Stretch,
}

impl RoundDrawn {
    /// ln n_r q_r
    fn ln_density(&self, row: &[f64]) -> f64 {
        let ln_draws = (self.stretch.draws as f64).ln();
        self.proposal.as_ref().map_or(f64::NEG_INFINITY, |proposal| ln_draws + proposal.ln_density(row))
    }
}

/// What a task says of every draw of theta, and a draw of phi for each, row-major.
#[derive(Clone, Default)]
pub(crate) struct TaskAnswers {
    pub(crate) ln_z: Vec<f64>,
    pub(crate) phi: Vec<f64>,
    /// Its proposals for some of the thetas.
    pub(crate) proposals: Vec<ProposalWeights>,
}

/// The weights of a task's proposals for one draw of theta; none where it took none.
#[derive(Clone)]
pub(crate) struct ProposalWeights {
    pub(crate) draw: usize,
    pub(crate) weights: Vec<f64>,
}

impl TaskAnswers {
    /// Makes room for so many more draws of theta, with so many numbers of phi each: of many tasks each grows at once.
    pub(crate) fn reserve(&mut self, draws: usize, locals: usize) {
        self.ln_z.reserve_exact(draws);
        self.phi.reserve_exact(draws * locals);
    }

    /// Whether every estimate is the same.
    pub(crate) fn is_exact(&self) -> bool {
        self.ln_z.iter().all(|z| z.to_bits() == self.ln_z[0].to_bits())
    }
}

/// Thetas that a round proposed.
#[derive(Default)]
pub(crate) struct Proposed {
    pub(crate) u: Vec<Vec<f64>>,
    pub(crate) coordinates: Vec<DVector<f64>>,
    pub(crate) ln_outside: Vec<f64>,
}

impl Pool {
    pub(crate) fn new(globals: usize, tasks: usize) -> Self {
        Self { globals, tasks: vec![TaskAnswers::default(); tasks], ..Self::default() }
    }

    /// One without draws, that is told of no task by itself.
    pub(crate) fn of_theta_alone(&self) -> Self {
        Self::new(self.globals, 0)
    }

    /// How many draws of theta it has.
    pub(crate) fn len(&self) -> usize {
        self.ln_outside.len()
    }

    /// Adds thetas of the round that is under way; the tasks have answered already.
    pub(crate) fn add(&mut self, thetas: Proposed) {
        self.theta.extend(thetas.u.iter().flatten());
        self.proposed.extend(thetas.coordinates.iter().flat_map(|u| u.iter()));
        self.ln_outside.extend(thetas.ln_outside);
    }

    /// Ends the round, made of sets of so many evenly spread points: from now on its draws count.
    pub(crate) fn end_round(&mut self, proposal: Option<&Proposal>, set: usize) {
        let before: usize = self.rounds.iter().map(|round| round.stretch.draws).sum();
        let stretch = Stretch { draws: self.len() - before, set };
        self.rounds.push(RoundDrawn { proposal: proposal.cloned(), stretch });
        let width = self.proposed.len() / self.len().max(1);
        let (Some(proposal), true) = (proposal, width > 0) else { return };
        let ln_draws = (stretch.draws as f64).ln();
        for (row, ln_mixture) in self.proposed.chunks(width).zip(&mut self.ln_mixture) {
            *ln_mixture = Real(*ln_mixture).ln_add_exp(Real(ln_draws + proposal.ln_density(row))).value();
        }
        for row in self.proposed[before * width..].chunks(width) {
            self.ln_q.push(proposal.ln_density(row));
            self.ln_mixture.push(log_sum_exp(self.rounds.iter().map(|round| Real(round.ln_density(row)))).value());
        }
    }

    /// From now on draws are what the answer is made of.
    pub(crate) fn begin_answer(&mut self) {
        self.scouting = self.rounds.len();
    }

    /// All draws are what the answer is made of.
    pub(crate) fn answer_by_all(&mut self) {
        self.scouting = 0;
    }

    /// How many draws are scouts.
    pub(crate) fn scouts(&self) -> usize {
        self.rounds[..self.scouting].iter().map(|round| round.stretch.draws).sum()
    }

    /// Leaves the draws that the answer is made of alone.
    pub(crate) fn without_scouts(mut self) -> Self {
        let (scouts, len) = (self.scouts(), self.len());
        let forget = |numbers: &mut Vec<f64>| drop(numbers.drain(..numbers.len() / len.max(1) * scouts));
        for task in &mut self.tasks {
            forget(&mut task.ln_z);
            forget(&mut task.phi);
            task.proposals.retain(|of| of.draw >= scouts);
            task.proposals.iter_mut().for_each(|of| of.draw -= scouts);
        }
        let Self { theta, proposed, ln_outside, ln_q, ln_mixture, .. } = &mut self;
        [theta, proposed, ln_outside, ln_q, ln_mixture].into_iter().for_each(forget);
        self.rounds.drain(..std::mem::take(&mut self.scouting));
        self
    }

    /// What was proposed.
    pub(crate) fn rows(&self) -> Vec<&[f64]> {
        self.proposed.chunks((self.proposed.len() / self.len().max(1)).max(1)).collect()
    }

    /// ln p(theta, D), less the log density of what is Gaussian given the rest.
    pub(crate) fn ln_p(&self) -> Vec<f64> {
        let mut ln_p = self.ln_outside.clone();
        for task in &self.tasks {
            ln_p.iter_mut().zip(&task.ln_z).for_each(|(p, z)| *p += z);
        }
        ln_p
    }

    /// ln p(theta, D) of the last so many draws, as [`Self::ln_p`].
    pub(crate) fn ln_p_of_last(&self, count: usize) -> Vec<f64> {
        let of_task = |s: usize| self.tasks.iter().map(move |task| task.ln_z[s]).sum::<f64>();
        (self.len() - count..self.len()).map(|s| self.ln_outside[s] + of_task(s)).collect()
    }

    /// By draw, ln w of all draws.
    pub(crate) fn ln_weights(&self) -> Vec<f64> {
        let ln_draws = (self.len() as f64).ln();
        self.ln_p().iter().zip(&self.ln_mixture).map(|(ln_p, ln_q)| ln_p - ln_q + ln_draws).collect()
    }

    /// By draw, ln w of those that the answer is made of; the mean of w is the evidence.
    pub(crate) fn ln_weights_of_answer(&self) -> Vec<f64> {
        if self.scouting == 0 { self.ln_weights() } else { self.own_ln_weights(self.scouts()) }
    }

    /// By draw, ln w of the last round's.
    pub(crate) fn ln_weights_of_last(&self) -> Vec<f64> {
        self.own_ln_weights(self.len() - self.rounds[self.rounds.len() - 1].stretch.draws)
    }

    /// ln p / q of draws from that one on.
    fn own_ln_weights(&self, from: usize) -> Vec<f64> {
        self.ln_p().iter().zip(&self.ln_q).skip(from).map(|(ln_p, ln_q)| ln_p - ln_q).collect()
    }

    /// The draws that the answer is made of, with weights that sum to 1.
    pub(crate) fn drawn<'a>(&'a self, weights: &'a [f64]) -> Drawn<'a> {
        let (scouts, draws) = (self.scouts(), self.len());
        let later = |numbers: &'a [f64]| &numbers[numbers.len() / draws * scouts..];
        let phi = self.tasks.iter().map(|task| later(&task.phi)).collect();
        Drawn { theta: later(&self.theta), globals: self.globals, phi, weights, dependence: self.dependence() }
    }

    /// How the draws that the answer is made of depend on each other.
    pub(crate) fn dependence(&self) -> Dependence {
        Dependence::Sets(self.rounds.iter().skip(self.scouting).map(|round| round.stretch).collect())
    }
}
