//! Options that are drawn: of little effort, and now and then not allowed.

use crate::data::Rng;
use hierarch::{
    AdamOptions, AdaptOptions, Correction, Estimator, GlobalFactor, GradientOptions, LocalFactor, Optimiser, Options,
    Parameterisation, TaskFactor,
};
use rand::RngExt;
use std::time::Duration;

fn one_of<T: Clone>(rng: &mut Rng, all: &[T]) -> T {
    all[rng.random_range(0..all.len())].clone()
}

/// One in fifty is absurd.
fn number(rng: &mut Rng, most: usize) -> usize {
    if rng.random_bool(0.02) { one_of(rng, &[0, usize::MAX, 1 << 40]) } else { rng.random_range(1..=most) }
}

fn real(rng: &mut Rng, usual: f64) -> f64 {
    let odd = [0.0, -1.0, f64::NAN, f64::INFINITY, f64::MIN_POSITIVE, 1e300];
    if rng.random_bool(0.02) { one_of(rng, &odd) } else { usual * rng.random_range(0.1..2.0) }
}

fn adam(rng: &mut Rng) -> Optimiser {
    let batch = rng.random::<bool>().then(|| number(rng, 4));
    Optimiser::Adam(AdamOptions { step: real(rng, 0.1), draws: number(rng, 4), batch, window: number(rng, 300) })
}

pub(crate) fn options(rng: &mut Rng) -> Options {
    if rng.random_bool(0.3) {
        let correction_budget = Duration::from_millis(50);
        return Options { posterior_draws: 120, correction_budget, progress: false, ..Options::default() };
    }
    let draws = number(rng, 8);
    let most_draws = if rng.random_bool(0.02) { number(rng, 64) } else { draws.saturating_mul(2) };
    let adam = adam(rng);
    let optimisers = [Optimiser::Auto, Optimiser::Newton, Optimiser::Lbfgs, Optimiser::Em, adam];
    let (auto, linear) = (Correction::Auto, Correction::LinearResponse);
    let corrections = [auto, auto, auto, linear, Correction::Importance, Correction::Chains, Correction::MeanField];
    let budgets = [Duration::from_nanos(1), Duration::from_millis(3), Duration::from_millis(30)];
    let odd_budgets = [Duration::ZERO, Duration::MAX];
    Options {
        seed: rng.random(),
        estimator: one_of(rng, &[Estimator::ClosedForm, Estimator::ClosedKl, Estimator::Sampled]),
        draws,
        most_draws,
        random_start: rng.random_bool(0.2).then(|| rng.random()),
        other_starts: number(rng, 4),
        global: one_of(rng, &[GlobalFactor::MeanField, GlobalFactor::MeanField, GlobalFactor::Point]),
        locals: one_of(rng, &[LocalFactor::MeanField, LocalFactor::MeanField, LocalFactor::Full]),
        parameterisation: one_of(
            rng,
            &[Parameterisation::Auto, Parameterisation::Centred, Parameterisation::NonCentred],
        ),
        optimiser: if rng.random() { Optimiser::Auto } else { one_of(rng, &optimisers) },
        max_iterations: Some(if rng.random_bool(0.1) { 0 } else { number(rng, 30) }),
        tolerance: real(rng, 1e-4),
        correction: one_of(rng, &corrections),
        posterior_draws: number(rng, 110),
        correction_budget: if rng.random_bool(0.02) { one_of(rng, &odd_budgets) } else { one_of(rng, &budgets) },
        threads: rng.random_bool(0.05).then(|| number(rng, 3)),
        progress: false,
    }
}

pub(crate) fn adapt_options(rng: &mut Rng) -> AdaptOptions {
    AdaptOptions { global_draws: number(rng, 20), local_draws: number(rng, 4), max_proposals: number(rng, 20) }
}

pub(crate) fn gradient_options(rng: &mut Rng) -> GradientOptions {
    let rate = rng.random::<bool>().then(|| real(rng, 0.1));
    let few = Options { max_iterations: Some(2), posterior_draws: 8, ..options(rng) };
    let factor = if rng.random() { TaskFactor::MeanField } else { TaskFactor::Point };
    GradientOptions { steps: number(rng, 3), rate, draws: number(rng, 4), factor, options: few }
}
