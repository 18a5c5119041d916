//! Adam (Kingma & Ba 2015) on stochastic gradients: fresh draws every step, of all tasks or of a batch of them.
//!
//! A batch of B of the M tasks counts M / B times, which keeps the gradient of theta unbiased; the factor lives in
//! [`Objective::gradient`] alone. A task's own coordinates move only when it is in the batch, with its own step count.
//! Stopping looks at the ELBO: when its mean over a window no longer beats that of the window before by more than
//! its noise, the step is cut, and after the last cut the fit is done.

use crate::arrow::ArrowVector;
use crate::elbo::Objective;
use crate::options::{AdamOptions, Options};
use crate::verdict::Verdict;
use crate::guide::{Guide, MeanField};
use crate::model::Model;
use crate::noise::{Noise, keyed};
use crate::progress::Progress;
use rand::seq::index::sample;

/// Where Adam ended.
pub(crate) struct AdamEnded {
    pub(crate) guide: Guide,
    pub(crate) steps: usize,
    pub(crate) verdict: Verdict,
    /// The mean ELBO of each window.
    pub(crate) trace: Vec<f64>,
}

const DECAY: (f64, f64) = (0.9, 0.999);
const TINY: f64 = 1e-8;
/// Steps the ELBO is averaged over before the stopping rule looks.
const WINDOW: usize = 200;
/// The step is divided by this when the ELBO no longer rises, this many times.
const CUT: f64 = 4.0;
const CUTS: usize = 4;
const MOST_STEPS: usize = 40_000;
/// Distinguishes the choice of batches from draws.
const BATCHES: u64 = u64::MAX - 4;

/// Climbs by stochastic gradients.
pub(crate) fn adam<M: Model>(objective: &Objective<'_, M>, mut guide: Guide, settings: &AdamOptions, options: &Options) -> AdamEnded {
    let most_steps = options.max_iterations.unwrap_or(MOST_STEPS);
    let tasks = objective.num_tasks();
    let batch_size = settings.batch.unwrap_or(tasks).min(tasks);
    let progress = Progress::new(options.progress, "Adam", most_steps);
    let mut global = Moments::new(guide.global.len());
    let mut locals: Vec<Moments> = (0..tasks).map(|i| Moments::new(guide.task(i).len())).collect();
    let (mut step_size, mut cuts) = (settings.step, 0);
    let (mut window, mut before): (Vec<f64>, Option<f64>) = (Vec::with_capacity(WINDOW), None);
    let mut steps = 0;
    let mut trace = Vec::new();
    let verdict = loop {
        if steps == most_steps {
            break Verdict::NotConverged {
                reason: format!("the ELBO was still rising after {steps} steps"),
                try_next: "more `max_iterations`".to_owned(),
            };
        }
        let batch = batch(options.seed, steps, tasks, batch_size);
        let noise = Noise::fresh(settings.draws.max(1), guide.global.len(), objective.most.0, &batch, options.seed, steps as u64 + 1);
        let (elbo, gradient) = objective.gradient(&guide, &noise, &batch);
        if !elbo.is_finite() {
            break Verdict::NotConverged {
                reason: format!("the ELBO is {elbo} at step {steps}"),
                try_next: "a smaller Adam `step`, or tighter priors".to_owned(),
            };
        }
        let ArrowVector { global: global_gradient, tasks: task_gradients } = &gradient;
        global.step(&mut guide.global, 0, global_gradient.as_slice(), step_size);
        for (&i, g) in batch.iter().zip(task_gradients) {
            let first = guide.offsets[i];
            locals[i].step(&mut guide.local, first, g.as_slice(), step_size);
        }
        steps += 1;
        progress.at(steps, elbo);
        window.push(elbo);
        if window.len() == WINDOW {
            let mean = window.iter().sum::<f64>() / WINDOW as f64;
            trace.push(mean);
            let variance = window.iter().map(|e| (e - mean) * (e - mean)).sum::<f64>() / (WINDOW - 1) as f64;
            let noise = (2.0 * variance / WINDOW as f64).sqrt();
            if before.is_some_and(|before| mean - before <= noise) {
                if cuts == CUTS {
                    break Verdict::Converged;
                }
                cuts += 1;
                step_size /= CUT;
                before = None;
            } else {
                before = Some(mean);
            }
            window.clear();
        }
    };
    AdamEnded { guide, steps, verdict, trace }
}

/// The tasks of a step, ascending.
fn batch(seed: u64, step: usize, tasks: usize, size: usize) -> Vec<usize> {
    if size == tasks {
        return (0..tasks).collect();
    }
    let mut picked = sample(&mut keyed(seed, step as u64, BATCHES), tasks, size).into_vec();
    picked.sort_unstable();
    picked
}

/// Running moments of a gradient in (locs, ln_scales).
struct Moments {
    first: Vec<f64>,
    second: Vec<f64>,
    steps: i32,
}

impl Moments {
    fn new(coordinates: usize) -> Self {
        Self { first: vec![0.0; 2 * coordinates], second: vec![0.0; 2 * coordinates], steps: 0 }
    }

    fn step(&mut self, factor: &mut MeanField, at: usize, gradient: &[f64], size: f64) {
        self.steps += 1;
        let n = gradient.len() / 2;
        let bias = (1.0 - DECAY.0.powi(self.steps), 1.0 - DECAY.1.powi(self.steps));
        for (slot, g) in gradient.iter().enumerate() {
            self.first[slot] += (1.0 - DECAY.0) * (g - self.first[slot]);
            self.second[slot] += (1.0 - DECAY.1) * (g * g - self.second[slot]);
            let step = size * (self.first[slot] / bias.0) / ((self.second[slot] / bias.1).sqrt() + TINY);
            let target = if slot < n { &mut factor.loc[at + slot] } else { &mut factor.ln_scale[at + slot - n] };
            *target += step;
        }
    }
}
