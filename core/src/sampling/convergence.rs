//! Whether chains have converged, and what their states are worth (Vehtari, Gelman, Simpson, Carpenter & Buerkner 2021).
//!
//! Values are replaced by normal scores of their ranks among all. Of m half-chains of n scores each, with W the mean of their
//! variances and B / n the variance of their means,
//!     R-hat = sqrt(V / W),   V = (n - 1) / n W + B / n
//! and the same of how far scores are from the median, the larger of which counts. With rho_t = 1 - (W - mean of s_t) / V, s_t
//! being the autocovariances, the effective sample size is m n / (1 + 2 sum_t rho_t), over pairs of lags as long as their sums
//! are positive, and no larger than those before (Geyer 1992).

use crate::special::normal_quantile;

/// What chains tell of one quantity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Convergence {
    pub(crate) r_hat: f64,
    pub(crate) effective: f64,
}

impl Convergence {
    /// Of the values of equally long chains, one after the other.
    pub(crate) fn of(values: &[f64], chains: usize) -> Self {
        let half = values.len() / chains / 2;
        let middle = median(values);
        let folded: Vec<f64> = values.iter().map(|v| (v - middle).abs()).collect();
        let (bulk, tails) = (scores(values), scores(&folded));
        let halves = |scores: &'_ [f64]| {
            let chain = scores.chunks(scores.len() / chains);
            chain.flat_map(|chain| [&chain[..half], &chain[chain.len() - half..]].map(<[f64]>::to_vec)).collect()
        };
        let (bulk, tails) = (Spread::of(halves(&bulk)), Spread::of(halves(&tails)));
        Self { r_hat: bulk.r_hat().max(tails.r_hat()), effective: bulk.effective() }
    }

    /// The worse of both.
    pub(crate) fn worse(self, other: Self) -> Self {
        Self { r_hat: self.r_hat.max(other.r_hat), effective: self.effective.min(other.effective) }
    }
}

/// Variances within chains and of all.
struct Spread {
    chains: Vec<Vec<f64>>,
    means: Vec<f64>,
    within: f64,
    all: f64,
}

impl Spread {
    fn of(chains: Vec<Vec<f64>>) -> Self {
        let (m, n) = (chains.len() as f64, chains[0].len() as f64);
        let means: Vec<f64> = chains.iter().map(|chain| mean(chain)).collect();
        let centre = mean(&means);
        let between = means.iter().map(|x| (x - centre).powi(2)).sum::<f64>() / (m - 1.0);
        let variance =
            |(chain, mean): (&Vec<f64>, &f64)| chain.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let within = chains.iter().zip(&means).map(variance).sum::<f64>() / m;
        Self { chains, means, within, all: (n - 1.0) / n * within + between }
    }

    /// 1 of what does not vary.
    fn r_hat(&self) -> f64 {
        if self.all > 0.0 { (self.all / self.within).sqrt() } else { 1.0 }
    }

    fn effective(&self) -> f64 {
        let Self { chains, means, .. } = self;
        let (m, n) = (chains.len(), chains[0].len());
        let count = (m * n) as f64;
        if self.all.is_nan() || self.all <= 0.0 {
            return count;
        }
        let covariance = |lag: usize| {
            let of = |(chain, mean): (&Vec<f64>, &f64)| {
                (0..n - lag).map(|t| (chain[t] - mean) * (chain[t + lag] - mean)).sum::<f64>() / n as f64
            };
            chains.iter().zip(means).map(of).sum::<f64>() / m as f64
        };
        let correlation = |lag: usize| 1.0 - (self.within - covariance(lag) * n as f64 / (n as f64 - 1.0)) / self.all;
        let (mut sum, mut before) = (0.0, f64::INFINITY);
        for lag in (0..n.saturating_sub(2)).step_by(2) {
            let even = if lag == 0 { 1.0 } else { correlation(lag) };
            let pair = (even + correlation(lag + 1)).min(before);
            if pair.is_nan() || pair <= 0.0 {
                break;
            }
            sum += pair;
            before = pair;
        }
        // chains that swing back and forth are worth more than independent draws, but not much more
        count / (2.0 * sum - 1.0).max(count.log10().recip())
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// Normal scores of ranks, (r - 3/8) / (S + 1/4) (Blom 1958); of equal values that of their mean rank.
fn scores(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut scores = vec![0.0; values.len()];
    let mut below = 0;
    for equal in order.chunk_by(|&a, &b| values[a].total_cmp(&values[b]).is_eq()) {
        let rank = below as f64 + 0.5 * (equal.len() as f64 + 1.0);
        let score = normal_quantile((rank - 0.375) / (values.len() as f64 + 0.25));
        for &i in equal {
            scores[i] = score;
        }
        below += equal.len();
    }
    scores
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampling::stream::keyed;
    use rand::RngExt;

    /// x_t = a x_(t-1) + e_t in each of 8 chains of 1,000, the last around another mean.
    fn autoregressive(a: f64, apart: f64) -> Vec<f64> {
        let mut values = Vec::new();
        for chain in 0..8 {
            let mut rng = keyed(5, 6, chain);
            let mut x = 0.0;
            for t in 0..1100 {
                x = a * x + rng.sample::<f64, _>(rand_distr::StandardNormal);
                if t >= 100 {
                    values.push(x + if chain == 7 { apart } else { 0.0 });
                }
            }
        }
        values
    }

    #[test]
    fn the_effective_size_is_that_of_the_autocorrelation() {
        for a in [0.0, 0.5, 0.9, -0.4] {
            let found = Convergence::of(&autoregressive(a, 0.0), 8);
            let right = 8000.0 * (1.0 - a) / (1.0 + a);
            assert!((found.effective / right).ln().abs() < 0.25, "{a}: {found:?}, {right}");
            assert!((0.99..1.03).contains(&found.r_hat), "{a}: {found:?}");
        }
    }

    #[test]
    fn a_chain_that_is_elsewhere_shows() {
        let found = Convergence::of(&autoregressive(0.0, 3.0), 8);
        assert!(found.r_hat > 1.2 && found.effective < 100.0, "{found:?}");
    }

    #[test]
    fn what_does_not_vary_has_converged() {
        let found = Convergence::of(&vec![2.0; 800], 8);
        assert_eq!(found, Convergence { r_hat: 1.0, effective: 800.0 });
    }
}
