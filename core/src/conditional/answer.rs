//! What a task says of a theta: exactly where its density is quadratic, by importance sampling elsewhere.

use crate::conditional::memory::TaskMemory;
use crate::conditional::mixture::Component;
use crate::conditional::modes::{component, components};
use crate::conditional::{Answer, Ask, Guess, Scorers};
use crate::density::mode::{Mode, find_mode};
use crate::linalg::gaussian::{Gaussian, standard_normal};
use nalgebra::DVector;
use rand_chacha::ChaCha8Rng;

/// A density is quadratic where it differs from its expansion at the mode by no more than this, in nats; and what rounding
/// may add, relative to its log.
const EXACT: f64 = 1e-7;
const ROUNDING: f64 = 1e-12;
/// Points at which a density is compared with its expansion.
const COMPARED: usize = 2;
/// More proposals than at first are spent on a task with more than so many times the variance that is aimed at: as long as
/// the whole is well below 1, draws of theta serve better.
const TOLERABLE: f64 = 5.0;
/// Proposals for each draw that is wanted, at least.
const CHOICE: usize = 4;
/// Shares of the proposals where a Gaussian a mode is not enough: from the prior, and like the draws for earlier thetas.
const OF_PRIOR: f64 = 0.2;
const OF_PAST: f64 = 0.4;

/// The components that phi is proposed from, with their shares.
struct ProposalMix {
    components: Vec<(Component, f64)>,
    /// Whether later proposals will be of the same kind.
    is_settled: bool,
}

impl Scorers<'_> {
    pub(super) fn answer(
        &mut self,
        ask: &Ask<'_>,
        theta: &[f64],
        memory: &mut TaskMemory,
        rng: &mut ChaCha8Rng,
    ) -> Answer {
        let modes = self.modes(ask, theta, memory);
        memory.answers += 1;
        if memory.may_be_gaussian
            && let Some(answer) = self.answer_if_quadratic(ask, &modes, rng)
        {
            return answer;
        }
        memory.may_be_gaussian = false;
        let aimed_at = self.conditionals.noise;
        let count = memory.proposals(aimed_at, CHOICE * ask.inner.wanted, ask.inner.most);
        let was_easy = memory.is_easy();
        let ProposalMix { components, is_settled } = self.proposed(ask, &modes, memory);
        self.draw(ask, components, count, rng);
        memory.is_bad |= self.sample.ln_z.is_finite() && self.sample.is_bad();
        if was_easy && !memory.is_easy() {
            // other proposals from now on
            memory.forget_noise();
        } else if is_settled {
            memory.learn_noise(&self.sample, count, TOLERABLE * aimed_at, self.conditionals.most_grown);
        }
        let mode = modes.into_iter().next().map_or_else(|| ask.guess.start.clone(), |mode| mode.at);
        let draws = match self.sample.pick(ask.inner.wanted, rng) {
            Some(picked) => picked.iter().map(|&k| DVector::from_column_slice(self.sample.proposal(k))).collect(),
            None => vec![mode.clone(); ask.inner.wanted],
        };
        if let Some(draw) = draws.first() {
            memory.past.learn(draw);
        }
        Answer { ln_z: self.sample.ln_z, draws, mode, weights: self.sample.weights.clone() }
    }

    /// The exact answer where there is one mode, and the density at a few points is what its expansion there says.
    fn answer_if_quadratic(&mut self, ask: &Ask<'_>, modes: &[Mode], rng: &mut ChaCha8Rng) -> Option<Answer> {
        let [mode] = modes else { return None };
        let gaussian = Gaussian::of_precision(mode.at.clone(), mode.precision.as_ref()?);
        let compared: Vec<DVector<f64>> = (0..COMPARED).map(|_| standard_normal(mode.at.len(), rng)).collect();
        let is_quadratic = compared.iter().all(|z| {
            let expanded = mode.value - 0.5 * z.norm_squared();
            let value = self.value(ask, gaussian.at(z).as_slice());
            (value - expanded).abs() < EXACT + ROUNDING * mode.value.abs()
        });
        is_quadratic.then(|| self::gaussian(mode.value, gaussian, compared, ask.inner.wanted, rng))
    }

    /// ln p(D_i, phi_i | theta) of the unconstrained phi_i.
    fn value(&mut self, ask: &Ask<'_>, u: &[f64]) -> f64 {
        self.values.score(ask.theta, ask.task, u, &mut self.unused).total()
    }

    /// A Gaussian a mode; where that is not enough, one at the mode of the prior and one like earlier draws as well.
    fn proposed(&mut self, ask: &Ask<'_>, modes: &[Mode], memory: &mut TaskMemory) -> ProposalMix {
        let mut components = components(modes, &ask.guess);
        if memory.is_easy() {
            return ProposalMix { components, is_settled: true };
        }
        let prior = memory.prior.get_or_insert_with(|| ask.guess.start.clone());
        let mode = find_mode(prior.clone(), &mut |u, out| {
            self.prior.score(ask.theta, ask.task, u.as_slice(), out);
        });
        prior.copy_from(&mode.at);
        let past = memory.past.gaussian().map(|past| (Component::new(past), OF_PAST));
        let is_settled = past.is_some();
        let more = [Some((component(&mode, &ask.guess), OF_PRIOR)), past];
        let left = 1.0 - more.iter().flatten().map(|(_, share)| share).sum::<f64>();
        for (_, share) in &mut components {
            *share *= left;
        }
        components.extend(more.into_iter().flatten());
        ProposalMix { components, is_settled }
    }

    /// Draws about so many proposals from the components, and weighs them.
    fn draw(&mut self, ask: &Ask<'_>, components: Vec<(Component, f64)>, count: usize, rng: &mut ChaCha8Rng) {
        let Self { values, unused, sample, .. } = self;
        let mut value = |u: &[f64]| values.score(ask.theta, ask.task, u, unused).total();
        sample.clear();
        for (component, share) in components {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share is between 0 and 1")]
            let count = if share < 1.0 { ((share * count as f64).round() as usize).max(2) } else { count };
            sample.draw(component, count, &mut value, rng);
        }
        sample.weigh();
    }
}

/// The exact answer for a Gaussian with log density `value` at its mode; `z` holds standard normal draws made already.
pub(super) fn gaussian(
    value: f64,
    gaussian: Gaussian,
    z: Vec<DVector<f64>>,
    wanted: usize,
    rng: &mut ChaCha8Rng,
) -> Answer {
    let mut z = z.into_iter();
    let draws = (0..wanted).map(|_| z.next().map_or_else(|| gaussian.draw(rng), |z| gaussian.at(&z))).collect();
    Answer { ln_z: value + gaussian.ln_volume(), draws, mode: gaussian.mean, weights: Vec::new() }
}

/// A theta under which the task has no proper posterior counts for nothing.
pub(super) fn impossible(ask: &Ask<'_>) -> Answer {
    let Guess { start, .. } = ask.guess;
    Answer {
        ln_z: f64::NEG_INFINITY,
        draws: vec![start.clone(); ask.inner.wanted],
        mode: start.clone(),
        weights: Vec::new(),
    }
}
