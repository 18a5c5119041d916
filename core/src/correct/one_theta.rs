//! The correction where there is but one theta, a point or none at all.

use crate::correct::round::{Corrected, Effort, Round, relative_variance};
use crate::sampling::psis::{relative, top};
use crate::sampling::resample::resample;
use crate::sampling::stream::Stream;

/// One theta, many draws of every phi: all weigh the same once those of each task are resampled by its estimates of Z_i.
/// The evidence is that given theta, ln p(D_outside | theta) + sum_i ln Z_i, whose relative variances add up.
pub(crate) fn at_one_theta(mut round: Round, effort: Effort) -> Option<Corrected> {
    let draws = effort.draws;
    let mut ln_evidence = *round.ln_outside.first()?;
    let (mut variance, mut least) = (0.0, draws as f64);
    for (i, task) in round.tasks.iter_mut().enumerate() {
        let top = top(&task.ln_z);
        let mut weights: Vec<f64> = task.ln_z.iter().map(|&z| relative(z, top)).collect();
        let total: f64 = weights.iter().sum();
        for w in &mut weights {
            *w /= total;
        }
        ln_evidence += top + (total / draws as f64).ln();
        if task.is_exact() {
            continue;
        }
        variance += relative_variance(&weights);
        least = least.min(weights.iter().map(|w| w * w).sum::<f64>().recip());
        let width = task.phi.len() / draws;
        let picked = resample(&weights, draws, &mut Stream::Resampling { task: i as u64 }.of(effort.seed));
        task.phi = picked.into_iter().flat_map(|s| task.phi[s * width..(s + 1) * width].iter().copied()).collect();
    }
    if !ln_evidence.is_finite() {
        return None;
    }
    let corrected = round.with_weights(vec![(draws as f64).recip(); draws]);
    Some(Corrected { effective: least, ln_evidence, ln_evidence_error: variance.sqrt(), ..corrected })
}
