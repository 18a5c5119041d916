//! What a task says of a theta: exactly where its density is quadratic, by a grid of few latents, by importance sampling
//! elsewhere.

use crate::conditional::ask::{Answer, Ask};
use crate::conditional::frame::{Frame, WIDEST, is_resolved};
use crate::conditional::memory::TaskMemory;
use crate::conditional::mixture::Component;
use crate::conditional::modes::{component, components, gaussian_at};
use crate::conditional::scorers::Scorers;
use crate::conditional::tree::frame::TreeFrame;
use crate::density::mode::{Mode, find_mode};
use crate::linalg::gaussian::Gaussian;
use nalgebra::DVector;
use rand::RngExt;
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
/// Where several draws are wanted so many picks are sorted for each, as picks are independent.
const PICKS: usize = 8;
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
        reads: &[f64],
        memory: &mut TaskMemory,
        rng: &mut ChaCha8Rng,
    ) -> Answer {
        let n = ask.guess.start.len();
        if n == 0 {
            return self.answer_without_latents(ask);
        }
        let is_narrow = (1..=WIDEST).contains(&n);
        let has_grid = (is_narrow || memory.tree().is_some()) && !memory.spacing.is_hopeless();
        let before = has_grid.then(|| self.answer_as_before(ask, reads, memory, rng)).flatten();
        let answer = before.unwrap_or_else(|| {
            let modes = self.modes(ask, reads, memory);
            if !modes.iter().all(is_resolved_at) {
                return unresolved(&modes[0], ask.inner.wanted);
            }
            let quadratic =
                memory.may_be_gaussian.then(|| self.answer_if_quadratic(ask, &modes, memory, rng)).flatten();
            memory.may_be_gaussian = quadratic.is_some();
            let answer = quadratic
                .or_else(|| {
                    let may_sum = !memory.spacing.is_hopeless() && memory.fits_grid(n);
                    may_sum.then(|| self.answer_around(ask, &modes, memory, rng)).flatten()
                })
                .unwrap_or_else(|| self.answer_by_proposals(ask, &modes, memory, rng));
            if let [mode] = &modes[..] {
                let tree = memory.tree();
                memory.trend.learn(reads, || {
                    let gaussian = gaussian_at(mode, &ask.guess);
                    match &tree {
                        Some(tree) => TreeFrame::of(&gaussian, tree).features(),
                        None if is_narrow => Frame::of(&gaussian).features(),
                        None => gaussian.mean,
                    }
                });
            }
            answer
        });
        memory.answers += 1;
        answer
    }

    /// The answer of a task all of whose latents, if it has any, are summed out.
    fn answer_without_latents(&mut self, ask: &Ask<'_>) -> Answer {
        let value = self.posterior.value(ask.at(), &[]);
        let ln_z = if value.is_nan() { f64::NEG_INFINITY } else { value };
        let mode = DVector::zeros(0);
        Answer { ln_z, draws: vec![mode.clone(); ask.inner.wanted], mode, weights: Vec::new() }
    }

    /// The answer by importance sampling.
    fn answer_by_proposals(
        &mut self,
        ask: &Ask<'_>,
        modes: &[Mode],
        memory: &mut TaskMemory,
        rng: &mut ChaCha8Rng,
    ) -> Answer {
        let aimed_at = self.effort.noise;
        let picks = if ask.inner.wanted > 1 { PICKS * ask.inner.wanted } else { ask.inner.wanted };
        let count = memory.proposals(aimed_at, CHOICE * picks, ask.inner.most);
        let was_easy = memory.is_easy();
        let ProposalMix { components, is_settled } = self.proposed(ask, modes, memory);
        self.draw(ask, components, count, rng);
        memory.is_bad |= self.sample.ln_z.is_finite() && self.sample.is_bad();
        if was_easy && !memory.is_easy() {
            // other proposals from now on
            memory.forget_noise();
        } else if is_settled {
            memory.learn_noise(&self.sample, count, TOLERABLE * aimed_at, self.effort.most_grown);
        }
        let mode = modes.first().map_or_else(|| ask.guess.start.clone(), |mode| mode.at.clone());
        let mut draws: Vec<DVector<f64>> = match self.sample.pick(picks, rng) {
            Some(picked) => picked.iter().map(|&k| DVector::from_column_slice(self.sample.proposal(k))).collect(),
            None => vec![mode.clone(); picks],
        };
        if ask.inner.wanted > 1 {
            memory.past.learn(&draws[rng.random_range(0..draws.len())]);
            thin(&mut draws, ask.theta % mode.len().max(1), ask.inner.wanted, rng);
        } else if let Some(draw) = draws.first() {
            memory.past.learn(draw);
        }
        Answer { ln_z: self.sample.ln_z, draws, mode, weights: self.sample.weights.clone() }
    }

    /// The exact answer where there is one mode, and the density at a few points is what its expansion there says.
    fn answer_if_quadratic(
        &mut self,
        ask: &Ask<'_>,
        modes: &[Mode],
        memory: &mut TaskMemory,
        rng: &mut ChaCha8Rng,
    ) -> Option<Answer> {
        let [mode] = modes else { return None };
        let gaussian = Gaussian::of_precision(mode.at.clone(), mode.precision.as_ref()?);
        let mut normal = || {
            let mut z = Vec::with_capacity(mode.at.len());
            memory.strata.normals(mode.at.len(), rng, &mut z);
            DVector::from_vec(z)
        };
        let compared: Vec<DVector<f64>> = (0..COMPARED).map(|_| normal()).collect();
        let is_quadratic = compared.iter().all(|z| {
            let expanded = mode.value - 0.5 * z.norm_squared();
            let value = self.posterior.value(ask.at(), gaussian.at(z).as_slice());
            (value - expanded).abs() < EXACT + ROUNDING * mode.value.abs()
        });
        is_quadratic.then(|| exact(mode.value, gaussian, compared, ask.inner.wanted, rng))
    }

    /// A Gaussian a mode; where that is not enough, one at the mode of the prior and one like earlier draws as well.
    fn proposed(&mut self, ask: &Ask<'_>, modes: &[Mode], memory: &mut TaskMemory) -> ProposalMix {
        let mut components = components(modes, &ask.guess);
        if memory.is_easy() {
            return ProposalMix { components, is_settled: true };
        }
        let mode = self.mode_of_prior(ask, memory);
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

    /// The mode of the prior at this theta.
    pub(super) fn mode_of_prior(&mut self, ask: &Ask<'_>, memory: &mut TaskMemory) -> Mode {
        let prior = memory.prior.get_or_insert_with(|| ask.guess.start.clone());
        let mode = find_mode(prior.clone(), &mut |u, out| {
            self.prior.score(ask.theta, ask.task, u.as_slice(), out);
        });
        prior.copy_from(&mode.at);
        mode
    }

    /// Draws about so many proposals from the components, and weighs them.
    fn draw(&mut self, ask: &Ask<'_>, components: Vec<(Component, f64)>, count: usize, rng: &mut ChaCha8Rng) {
        let Self { posterior, sample, .. } = self;
        let mut value = |u: &[f64]| posterior.value(ask.at(), u);
        sample.clear();
        for (component, share) in components {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share is between 0 and 1")]
            let count = if share < 1.0 { ((share * count as f64).round() as usize).max(2) } else { count };
            sample.draw(component, count, &mut value, rng);
        }
        sample.weigh();
    }
}

/// Whether a density around that mode can be told by floating-point numbers.
fn is_resolved_at(mode: &Mode) -> bool {
    mode.precision.as_ref().is_none_or(|precision| {
        let covariance = precision.inverse();
        is_resolved(covariance.diagonal().iter().map(|variance| variance.sqrt()).zip(mode.at.iter().copied()))
    })
}

/// The answer to a theta whose scales are so small that a task's latents are all but one number next to which there is no
/// other: none of its posterior lies there that could be told, so that Z counts as 0.
fn unresolved(mode: &Mode, wanted: usize) -> Answer {
    Answer { ln_z: f64::NEG_INFINITY, draws: vec![mode.at.clone(); wanted], mode: mode.at.clone(), weights: Vec::new() }
}

/// Leaves as many of the draws as are wanted, spread evenly along one coordinate.
fn thin(draws: &mut Vec<DVector<f64>>, along: usize, wanted: usize, rng: &mut ChaCha8Rng) {
    let key = |draw: &DVector<f64>| draw.get(along).copied().unwrap_or_default();
    draws.sort_unstable_by(|a, b| key(a).total_cmp(&key(b)));
    let stride = draws.len() / wanted.max(1);
    *draws = (0..wanted).map(|k| draws[k * stride + rng.random_range(0..stride)].clone()).collect();
}

/// The exact answer for a Gaussian with log density `value` at its mode; `z` holds standard normal draws made already. The
/// second half of several draws are the mirror images of the first.
fn exact(value: f64, gaussian: Gaussian, z: Vec<DVector<f64>>, wanted: usize, rng: &mut ChaCha8Rng) -> Answer {
    let mut z = z.into_iter();
    let mut draws: Vec<DVector<f64>> = Vec::with_capacity(wanted);
    for k in 0..wanted {
        draws.push(match k.checked_sub(wanted.div_ceil(2)) {
            Some(image_of) => &gaussian.mean * 2.0 - &draws[image_of],
            None => z.next().map_or_else(|| gaussian.draw(rng), |z| gaussian.at(&z)),
        });
    }
    Answer { ln_z: value + gaussian.ln_volume(), draws, mode: gaussian.mean, weights: Vec::new() }
}
