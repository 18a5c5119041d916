//! The posterior by Hamiltonian chains on all latents at once: where importance weights fail, as with hundreds of globals, or
//! where chains are asked for.
//!
//! Latents are written as the guide writes them, in units of the guide's standard deviations, then of the chains' own. A first
//! part of the chains is thrown away: in it they find the posterior, its widths and the length of their steps.

use crate::correct::clock::Clock;
use crate::correct::effort::Effort;
use crate::correct::precision::{Drawn, PRECISE, Precision};
use crate::density::Density;
use crate::guide::{Guide, MeanField};
use crate::linalg::gaussian::standard_normal;
use crate::posterior::draws::{BATCHES, WeightedDraws};
use crate::progress::Progress;
use crate::sampling::convergence::Convergence;
use crate::sampling::nuts::Chain;
use crate::sampling::stream::Stream;
use rayon::prelude::*;
use std::time::Duration;

const CHAINS: usize = 8;
/// Steps of each part that is thrown away; widths are those of its second half.
const LEARNING: [usize; 3] = [100, 100, 50];
/// Steps of every chain between two signs of progress.
const TOGETHER: usize = 10;
/// Gradients of a step, when it is guessed how long all of them take.
const LEAPS: usize = 15;
/// Chains are run on until R-hat of every latent is below this.
pub(crate) const CONVERGED: f64 = 1.03;

/// What chains found.
#[derive(Clone, Debug)]
pub(crate) struct ByChains {
    /// Whether theta alone walked.
    pub(crate) of_globals: bool,
    pub(crate) posterior: WeightedDraws,
    /// The largest R-hat, and the least effective draws, of anything that walked.
    pub(crate) convergence: Convergence,
    /// The part of trajectories that left their path.
    pub(crate) divergent: f64,
    pub(crate) is_cut: bool,
    pub(crate) precision: Precision,
}

/// Chains under way, in units of `scale`.
struct Chains<'a> {
    density: &'a Density<'a>,
    walking: Vec<Chain>,
    scale: Vec<f64>,
    /// By chain, its states in the density's own units, row-major.
    states: Vec<Vec<f64>>,
    clock: Clock,
    progress: &'a Progress,
}

/// Draws by chains of a density that is written as the guide is; or how long they would take, if that is far more than they may.
pub(crate) fn by_chains(
    density: &Density<'_>,
    guide: &Guide,
    effort: &Effort,
    progress: &Progress,
) -> Result<ByChains, Duration> {
    let mut chains = Chains::start(density, guide, effort, progress);
    let gradients = CHAINS * LEAPS * LEARNING.iter().sum::<usize>();
    let needed = chains.clock.needed(gradients);
    if chains.clock.excess(gradients).is_some() {
        return Err(needed);
    }
    chains.draw(effort).ok_or(needed)
}

impl ByChains {
    fn is_precise(&self) -> bool {
        self.convergence.r_hat < CONVERGED && self.precision.worst_within(f64::INFINITY) <= PRECISE
    }
}

impl<'a> Chains<'a> {
    /// What the chains find once they have learned; `None` if there was no time for that.
    fn draw(&mut self, effort: &Effort) -> Option<ByChains> {
        for steps in LEARNING {
            self.go(steps, true)?;
            self.learn(steps / 2);
        }
        let (each, most) = (effort.draws.div_ceil(CHAINS), effort.most_draws.div_ceil(CHAINS));
        let mut is_cut = self.go(each, false).is_none();
        let mut found = self.found()?;
        while !is_cut && self.steps() < most && !found.is_precise() {
            is_cut = self.go(each.min(most - self.steps()), false).is_none();
            found = self.found()?;
        }
        Some(ByChains { is_cut, ..found })
    }

    fn start(density: &'a Density<'a>, guide: &Guide, effort: &Effort, progress: &'a Progress) -> Self {
        let mut clock = Clock::start(effort.budget);
        let scales = |ln_scale: &[f64]| ln_scale.iter().map(|s| s.exp()).collect::<Vec<_>>();
        let scale = [scales(&guide.global.ln_scale), scales(&guide.local.ln_scale)].concat();
        let mut rng = Stream::Chains.of(effort.seed);
        let mut start = |number: usize| {
            let mut of = |factor: &MeanField| {
                let noise = standard_normal(factor.len(), &mut rng);
                factor.at(noise.as_slice())
            };
            let at = [of(&guide.global), of(&guide.local)].concat();
            let x: Vec<f64> = at.iter().zip(&scale).map(|(u, s)| u / s).collect();
            Chain::new(x, &target(density, &scale), Stream::Chain { number: number as u64 }.of(effort.seed))
        };
        let walking = (0..CHAINS).map(&mut start).collect();
        let states = vec![Vec::new(); CHAINS];
        // each has found one gradient
        clock.thetas = CHAINS;
        Self { density, walking, scale, states, clock, progress }
    }

    /// So many steps more; `None` if time was up before.
    fn go(&mut self, steps: usize, learns: bool) -> Option<()> {
        let Self { density, walking, scale, states, clock, progress } = self;
        let (target, n) = (target(density, scale), scale.len());
        for done in (0..steps).step_by(TOGETHER) {
            let together = TOGETHER.min(steps - done);
            let began = states[0].len();
            walking.par_iter_mut().zip(states.par_iter_mut()).for_each(|(chain, states)| {
                for _ in (0..together).take_while(|_| !clock.is_up()) {
                    chain.go(&target, learns);
                    states.extend(chain.at().iter().zip(&*scale).map(|(x, s)| x * s));
                }
            });
            progress.of_thetas(CHAINS * (began / n + together), CHAINS * (steps - done - together));
            if clock.is_up() {
                let shortest = states.iter().map(Vec::len).min().unwrap_or(0);
                for states in states.iter_mut() {
                    states.truncate(shortest);
                }
                return None;
            }
        }
        Some(())
    }

    fn steps(&self) -> usize {
        self.states[0].len() / self.scale.len()
    }

    /// Takes the standard deviations of the last so many states of all chains for units, and throws all states away.
    fn learn(&mut self, last: usize) {
        let n = self.scale.len();
        let rows = || self.states.iter().flat_map(|states| states[states.len() - last * n..].chunks(n));
        let count = (CHAINS * last) as f64;
        let sd = |j: usize| {
            let mean = rows().map(|row| row[j]).sum::<f64>() / count;
            (rows().map(|row| (row[j] - mean).powi(2)).sum::<f64>() / count).sqrt()
        };
        let wider = |j: usize| Some(sd(j) / self.scale[j]).filter(|times| times.is_finite() && *times > 0.0);
        let times: Vec<f64> = (0..n).map(|j| wider(j).unwrap_or(1.0)).collect();
        self.scale.iter_mut().zip(&times).for_each(|(scale, times)| *scale *= times);
        for (chain, states) in self.walking.iter_mut().zip(&mut self.states) {
            chain.rescale(&times);
            chain.divergent = 0;
            states.clear();
        }
    }

    /// What the states tell; `None` where there are none.
    fn found(&self) -> Option<ByChains> {
        let (n, steps) = (self.scale.len(), self.steps());
        if steps < 2 * BATCHES {
            return None;
        }
        let rows: Vec<&[f64]> = self.states.iter().flat_map(|states| states.chunks(n)).collect();
        let of = |j: usize| Convergence::of(&rows.iter().map(|row| row[j]).collect::<Vec<_>>(), CHAINS);
        let convergence = (0..n).into_par_iter().map(of).reduce_with(Convergence::worse)?;
        let posterior = WeightedDraws::of_chains(self.density, &rows, steps);
        let precision = Drawn::of(&posterior).precision(self.density);
        let divergent = self.walking.iter().map(|chain| chain.divergent).sum::<usize>() as f64 / rows.len() as f64;
        Some(ByChains { of_globals: false, posterior, convergence, divergent, is_cut: false, precision })
    }
}

/// The density in units of so much a coordinate.
fn target<'t>(density: &'t Density<'t>, scale: &'t [f64]) -> impl Fn(&[f64], &mut [f64]) -> f64 + Sync + 't {
    move |x, gradient| {
        let u: Vec<f64> = x.iter().zip(scale).map(|(x, s)| x * s).collect();
        let value = density.joint_gradient(&u, gradient);
        gradient.iter_mut().zip(scale).for_each(|(g, s)| *g = if g.is_finite() { *g * s } else { 0.0 });
        if value.is_nan() { f64::NEG_INFINITY } else { value }
    }
}
