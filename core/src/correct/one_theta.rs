//! The correction where there is but one theta, a point or none at all.

use crate::correct::pool::Pool;
use crate::correct::reweighting::{Reweighting, relative_variance};
use crate::posterior::mc_error::Dependence;
use crate::sampling::psis::{relative, top};
use crate::sampling::resample::resample;
use crate::sampling::stream::Stream;

/// One theta, many draws of every phi: all weigh the same once those of each task are resampled by its estimates of Z_i.
/// The evidence is that given theta, ln p(D_outside | theta) + sum_i ln Z_i, whose relative variances add up.
pub(crate) fn at_one_theta(mut pool: Pool, seed: u64) -> Option<Reweighting> {
    let draws = pool.len();
    let mut ln_evidence = *pool.ln_outside.first()?;
    let (mut variance, mut least) = (0.0, draws as f64);
    for (i, task) in pool.tasks.iter_mut().enumerate() {
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
        variance += relative_variance(&weights, &Dependence::NONE);
        least = least.min(weights.iter().map(|w| w * w).sum::<f64>().recip());
        let width = task.phi.len() / draws;
        let picked = resample(&weights, draws, &mut Stream::Resampling { task: i as u64 }.of(seed));
        task.phi = picked.into_iter().flat_map(|s| task.phi[s * width..(s + 1) * width].iter().copied()).collect();
    }
    if !ln_evidence.is_finite() {
        return None;
    }
    let corrected = Reweighting::with_weights(pool, vec![(draws as f64).recip(); draws]);
    Some(Reweighting { effective: least, ln_evidence, ln_evidence_error: variance.sqrt(), ..corrected })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correct::pool::TaskAnswers;
    use crate::posterior::draws::LocalDraws;

    /// Two tasks at one theta: one exact, one whose estimates of Z are 1 in one half and 3 in the other, with phi of -1 and 1.
    #[test]
    fn at_one_theta_draws_count_as_much_as_their_estimates() {
        let draws = 1000;
        let halves = |a: f64, b: f64| (0..draws).map(|s| if 2 * s < draws { a } else { b }).collect::<Vec<f64>>();
        let task = |ln_z| TaskAnswers { ln_z, phi: halves(-1.0, 1.0), proposals: Vec::new() };
        let tasks = vec![task(vec![-2.0; draws]), task(halves(0.0, 3.0_f64.ln()))];
        let mut pool = Pool::new(0, 0);
        (pool.ln_outside, pool.tasks) = (vec![-5.0; draws], tasks);
        let found = at_one_theta(pool, 0).expect("finite");
        // Z = 2 with a relative variance of 1 / 4 a draw
        assert!((found.ln_evidence - (-7.0 + 2.0_f64.ln())).abs() < 1e-12, "{found:?}");
        assert!((found.ln_evidence_error - (0.25 / draws as f64).sqrt()).abs() < 1e-12, "{found:?}");
        assert!((found.effective - draws as f64 / 1.25).abs() < 1e-6, "{found:?}");
        let LocalDraws::Drawn(tables) = &found.posterior.locals else { panic!("drawn") };
        let mean = |i: usize| tables[i].iter().sum::<f64>() / draws as f64;
        assert!(mean(0).abs() < 1e-12 && (mean(1) - 0.5).abs() < 2e-3, "{} and {}", mean(0), mean(1));
        assert!(found.posterior.weights.iter().all(|w| (w * draws as f64 - 1.0).abs() < 1e-12));
    }
}
