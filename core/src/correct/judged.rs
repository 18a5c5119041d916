//! What a task's own weights are worth.

use crate::sampling::psis::{k_hat_of_proposals, reliable_below};

/// Thetas of which the posterior has less than this, all together, do not tell against a task.
const NEGLIGIBLE: f64 = 0.01;
/// Noise of ln Z_i with less than this variance shows in the weights of theta, and there alone: a task is not to be doubted for it
/// unless its weights have no mean.
const QUIET: f64 = 0.05;

/// What the proposals of very many tasks come to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct NoiseOfTasks {
    /// The variance of sum_i ln Z_i.
    pub(crate) variance: f64,
    /// How many tasks are doubtful.
    pub(crate) doubtful: f64,
}

/// A judgement on a task's proposals.
pub(crate) struct Judged {
    pub(crate) k_hat: f64,
    pub(crate) is_doubtful: bool,
}

impl Judged {
    /// From the weights of thetas, and those of the task's proposals for each; it took none where its answer is exact.
    pub(crate) fn of(mut thetas: Vec<(f64, Vec<f64>)>) -> Self {
        let total: f64 = thetas.iter().map(|(weight, _)| weight).sum();
        thetas.retain(|(_, proposals)| !proposals.is_empty());
        thetas.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut below = 0.0;
        thetas.retain(|(weight, _)| {
            below += weight;
            below > NEGLIGIBLE * total
        });
        let pooled: Vec<f64> = thetas.iter().flat_map(|(_, proposals)| proposals.iter().copied()).collect();
        let k_hat = k_hat_of_proposals(pooled.iter().copied());
        let noise = thetas.iter().map(|(weight, proposals)| weight * variance_of_mean(proposals)).sum::<f64>() / total;
        let is_poor = k_hat != 0.0 && k_hat >= reliable_below(pooled.len());
        Self { k_hat, is_doubtful: is_poor && (noise > QUIET || k_hat >= 1.0) }
    }
}

/// The relative variance of the mean of independent weights.
fn variance_of_mean(weights: &[f64]) -> f64 {
    let n = weights.len() as f64;
    let mean = weights.iter().sum::<f64>() / n;
    weights.iter().map(|w| (w / mean - 1.0).powi(2)).sum::<f64>() / (n * n)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Weights with a Pareto tail of shape k: quantiles.
    fn pareto(k: f64) -> Vec<f64> {
        (0..200).map(|i| ((f64::from(i) + 0.5) / 200.0).powf(-k)).collect()
    }

    #[test]
    fn thetas_that_the_posterior_has_nothing_of_tell_nothing() {
        let poor = |weight: f64| Judged::of(vec![(1.0, Vec::new()), (weight, pareto(1.2))]);
        assert!(poor(0.5).is_doubtful && poor(0.5).k_hat > 0.9);
        assert!(!poor(0.005).is_doubtful && poor(0.005).k_hat == 0.0);
        let even = Judged::of(vec![(1.0, vec![1.0; 200])]);
        assert!(!even.is_doubtful && even.k_hat == 0.0);
    }

    #[test]
    fn noise_that_is_small_is_no_doubt_as_long_as_it_has_a_mean() {
        let quiet = Judged::of(vec![(1.0, pareto(0.85))]);
        assert!(quiet.k_hat > 0.6 && !quiet.is_doubtful, "{}", quiet.k_hat);
        assert!(Judged::of(vec![(1.0, pareto(1.2))]).is_doubtful);
    }
}
