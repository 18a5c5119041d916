//! Adam (Kingma & Ba 2015) on stochastic gradients: fresh draws every step, of all tasks or of a batch of them.
//!
//! A batch of B of the M tasks counts M / B times, which keeps the gradient of theta unbiased; the factor lives in
//! [`Bound::slope_of`] alone. A task's own coordinates move only when it is in the batch, with its own step count.

use crate::density::Density;
use crate::elbo::{Bound, Slope};
use crate::guide::{Guide, MeanField};
use crate::linalg::arrow::ArrowVector;
use crate::optimize::plateau::{AdamEnd, AdamMoments, ascend};
use crate::optimize::summit::Settings;
use crate::options::AdamOptions;
use crate::sampling::noise::Noise;
use crate::sampling::stream::Stream;
use rand::seq::index::sample;

/// Climbs by stochastic gradients.
pub(crate) fn adam(
    density: &Density<'_>,
    mut guide: Guide,
    adam: &AdamOptions,
    settings: &Settings<'_>,
) -> (Guide, AdamEnd) {
    let (tasks, options) = (density.num_tasks(), settings.options);
    let batch_size = adam.batch.unwrap_or(tasks).clamp(1, tasks.max(1)).min(tasks);
    let mut global = AdamMoments::new(2 * guide.global.len());
    let mut locals: Vec<AdamMoments> = (0..tasks).map(|i| AdamMoments::new(2 * guide.task(i).len())).collect();
    let ended = ascend(options, settings.progress, adam, |step, size| {
        let batch = batch(options.seed, step, tasks, batch_size);
        let size_of_noise = density.noise_size(adam.draws.max(1));
        let bound = Bound::over(density, Noise::fresh(size_of_noise, &batch, options.seed, step as u64 + 1));
        let Slope { value: elbo, gradient } = bound.slope_of(&guide, &batch);
        if !elbo.is_finite() {
            return elbo;
        }
        let ArrowVector { global: global_gradient, tasks: task_gradients } = &gradient;
        shift(&mut guide.global, 0, global_gradient.as_slice(), size, &mut global);
        for (&i, g) in batch.iter().zip(task_gradients.iter()) {
            shift(&mut guide.local, guide.offsets[i], g, size, &mut locals[i]);
        }
        elbo
    });
    (guide, ended)
}

/// The tasks of a step, ascending.
pub(crate) fn batch(seed: u64, step: usize, tasks: usize, size: usize) -> Vec<usize> {
    if size == tasks {
        return (0..tasks).collect();
    }
    let mut picked = sample(&mut Stream::Batch { step: step as u64 }.of(seed), tasks, size).into_vec();
    picked.sort_unstable();
    picked
}

/// Moves the coordinates from `first` on of a factor; the gradient is that in (locs, `ln_scales`).
pub(crate) fn shift(factor: &mut MeanField, first: usize, gradient: &[f64], size: f64, moments: &mut AdamMoments) {
    let n = gradient.len() / 2;
    moments.step(gradient, size, |slot, by| {
        let target = if slot < n { &mut factor.loc[first + slot] } else { &mut factor.ln_scale[first + slot - n] };
        *target += by;
    });
}
