//! Adam's moments, and when to stop: what every stochastic climb shares, whatever it moves.
//!
//! Stopping looks at the ELBO: when its mean over a window no longer beats that of the window before by more than
//! its noise, the step is cut, and after the last cut the climb is done: converged, unless the ELBO has been higher.

use crate::options::{AdamOptions, Options};
use crate::progress::Progress;
use crate::verdict::Verdict;

const DECAY: (f64, f64) = (0.9, 0.999);
const TINY: f64 = 1e-8;
/// The step is divided by this when the ELBO no longer rises, this many times.
const CUT: f64 = 4.0;
const CUTS: usize = 4;
const MOST_STEPS: usize = 40_000;

/// How a stochastic climb ended.
#[derive(Clone, Debug)]
pub(crate) struct AdamEnd {
    pub(crate) steps: usize,
    pub(crate) verdict: Verdict,
    /// The mean ELBO of each window.
    pub(crate) trace: Vec<f64>,
}

/// Calls `step` with its number and the step size until the ELBO it returns no longer rises. A step that finds an ELBO
/// that is not finite moves nothing, and is the last.
pub(crate) fn ascend(
    options: &Options,
    progress: &Progress,
    adam: &AdamOptions,
    mut step: impl FnMut(usize, f64) -> f64,
) -> AdamEnd {
    let most_steps = options.max_iterations.unwrap_or(MOST_STEPS);
    progress.stage("Adam", most_steps);
    let mut plateau = Plateau::new(adam);
    let mut trace = Vec::new();
    for steps in 0..most_steps {
        let elbo = step(steps, plateau.size);
        if !elbo.is_finite() {
            let verdict = Verdict::NotConverged {
                reason: format!("the ELBO is {elbo} at step {steps}"),
                try_next: "a smaller Adam `step`, or tighter priors".to_owned(),
            };
            return AdamEnd { steps, verdict, trace };
        }
        progress.at(steps + 1, elbo);
        if plateau.is_last(elbo, &mut trace) {
            return AdamEnd { steps: steps + 1, verdict: plateau.verdict(), trace };
        }
    }
    if !plateau.verdict().is_converged() {
        return AdamEnd { steps: most_steps, verdict: plateau.verdict(), trace };
    }
    let verdict = Verdict::NotConverged {
        reason: format!("the ELBO was still rising after {most_steps} steps"),
        try_next: "more `max_iterations`".to_owned(),
    };
    AdamEnd { steps: most_steps, verdict, trace }
}

/// The stopping rule.
struct Plateau {
    size: f64,
    /// Steps of a window.
    steps: usize,
    cuts: usize,
    window: Vec<f64>,
    before: Option<f64>,
    /// The mean of the highest window.
    best: f64,
    /// The mean of the last one, and its noise in a comparison.
    last: (f64, f64),
}

/// The ELBO has fallen where the last window is so many times the noise below the highest.
const FALLEN: f64 = 4.0;

impl Plateau {
    fn new(adam: &AdamOptions) -> Self {
        let (size, steps, window) = (adam.step, adam.window, Vec::new());
        Self { size, steps, cuts: 0, window, before: None, best: f64::NEG_INFINITY, last: (f64::NEG_INFINITY, 0.0) }
    }

    /// What to say of a climb that has no further to go.
    fn verdict(&self) -> Verdict {
        let (last, noise) = self.last;
        if last + FALLEN * noise >= self.best {
            return Verdict::Converged;
        }
        Verdict::NotConverged {
            reason: format!("the ELBO fell from {:.4} to {last:.4}", self.best),
            try_next: "a smaller Adam `step`, or more of its `draws`".to_owned(),
        }
    }

    /// Takes the ELBO of a step; says whether that was the last one.
    fn is_last(&mut self, elbo: f64, trace: &mut Vec<f64>) -> bool {
        self.window.push(elbo);
        if self.window.len() < self.steps {
            return false;
        }
        let steps = self.steps as f64;
        let mean = self.window.iter().sum::<f64>() / steps;
        let variance = self.window.iter().map(|e| (e - mean) * (e - mean)).sum::<f64>() / (steps - 1.0);
        let noise = (2.0 * variance / steps).sqrt();
        trace.push(mean);
        self.best = self.best.max(mean);
        self.last = (mean, noise);
        self.window.clear();
        if self.before.is_none_or(|before| mean - before > noise) {
            self.before = Some(mean);
            return false;
        }
        self.cuts += 1;
        self.size /= CUT;
        self.before = None;
        self.cuts > CUTS
    }
}

/// Running moments of a gradient.
pub(crate) struct AdamMoments {
    first: Vec<f64>,
    second: Vec<f64>,
    steps: i32,
}

impl AdamMoments {
    pub(crate) fn new(len: usize) -> Self {
        Self { first: vec![0.0; len], second: vec![0.0; len], steps: 0 }
    }

    /// Takes a gradient, and calls `shift` with every slot and how far to move it.
    pub(crate) fn step(&mut self, gradient: &[f64], size: f64, mut shift: impl FnMut(usize, f64)) {
        self.steps += 1;
        let bias = (1.0 - DECAY.0.powi(self.steps), 1.0 - DECAY.1.powi(self.steps));
        for (slot, g) in gradient.iter().enumerate() {
            self.first[slot] += (1.0 - DECAY.0) * (g - self.first[slot]);
            self.second[slot] += (1.0 - DECAY.1) * (g * g - self.second[slot]);
            shift(slot, size * (self.first[slot] / bias.0) / ((self.second[slot] / bias.1).sqrt() + TINY));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_elbo_that_falls_has_not_converged() {
        let options = Options { progress: false, ..Options::default() };
        let progress = Progress::new(&options);
        let adam = AdamOptions { step: 0.1, ..AdamOptions::default() };
        let wave = |step: usize| (step as f64 * 1.7).sin();
        let falling = ascend(&options, &progress, &adam, |step, _| wave(step) - 0.01 * step as f64);
        assert!(falling.verdict.to_string().contains("the ELBO fell from"), "{}", falling.verdict);
        let level = ascend(&options, &progress, &adam, |step, _| wave(step) - 10.0 / (1.0 + step as f64));
        assert!(level.verdict.is_converged(), "{}", level.verdict);
    }
}
