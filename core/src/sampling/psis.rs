//! Pareto-smoothed importance sampling (Vehtari, Simpson, Gelman, Yao & Gabry 2024).
//!
//! The largest weights are replaced by the expected order statistics of a generalised Pareto distribution fitted to them
//! (Zhang & Stephens 2009). Its shape k tells how far to trust the estimates: see [`reliable_below`].

/// Smoothed log weights, normalised so that the weights sum to 1.
#[derive(Clone, Debug)]
pub(crate) struct SmoothWeights {
    pub(crate) weights: Vec<f64>,
    /// k-hat; infinite where there are too few draws to fit a tail.
    pub(crate) k_hat: f64,
    /// 1 / sum of squared weights.
    pub(crate) effective: f64,
    /// ln of the mean of the raw weights: what they estimate of the normalising constant.
    pub(crate) ln_mean: f64,
    /// How many raw weights were infinite or no number, and count as 0.
    pub(crate) not_finite: usize,
}

/// The largest reliable k-hat of any number of draws.
pub(crate) const RELIABLE: f64 = 0.7;

/// Weights of that many draws are reliable if their k-hat is below this (Vehtari et al. 2024, section 3.2.4).
pub(crate) fn reliable_below(draws: usize) -> f64 {
    (1.0 - (draws as f64).log10().recip()).min(RELIABLE)
}

/// k-hat of a task's proposals of phi, pooled over draws of theta, from their weights relative to each sample's mean; 0 where
/// there are none since answers are exact, and where more than half of them count: weights so even have no tail to judge,
/// and what looks like one is the shape of their plateau.
pub(crate) fn k_hat_of_proposals(weights: impl IntoIterator<Item = f64>) -> f64 {
    let ln_weights: Vec<f64> = weights.into_iter().map(f64::ln).collect();
    if ln_weights.is_empty() {
        return 0.0;
    }
    let judged = |s: SmoothWeights| if s.effective > 0.5 * ln_weights.len() as f64 { 0.0 } else { s.k_hat };
    smooth(&ln_weights).map_or(f64::INFINITY, judged)
}

/// The largest of the log weights; those that are +inf or NaN do not count, and -inf stands for none.
pub(crate) fn top(ln_weights: &[f64]) -> f64 {
    ln_weights.iter().copied().filter(|&w| w < f64::INFINITY).fold(f64::NEG_INFINITY, f64::max)
}

/// exp(w - top) of a log weight, 0 if it does not count.
pub(crate) fn relative(w: f64, top: f64) -> f64 {
    if w < f64::INFINITY { (w - top).exp() } else { 0.0 }
}

/// With fewer effective draws, not to be used.
const USELESS: f64 = 10.0;
/// Weights without a mean mislead if less than this share of them counts.
const MISLEADING: f64 = 0.1;

impl SmoothWeights {
    pub(crate) fn is_reliable(&self) -> bool {
        self.k_hat < reliable_below(self.weights.len())
    }

    /// Whether weights say so little that more draws of the same kind would be wasted.
    pub(crate) fn is_useless(&self) -> bool {
        self.effective < USELESS.min(0.5 * self.weights.len() as f64)
    }

    /// Whether an answer by these weights is worse than none: they have no mean, as k-hat says, and few of them count.
    pub(crate) fn is_misleading(&self) -> bool {
        self.is_useless() || (self.k_hat >= 1.0 && self.share() < MISLEADING)
    }

    /// Which part of the draws counts.
    pub(crate) fn share(&self) -> f64 {
        self.effective / self.weights.len() as f64
    }
}

/// Smooths raw log weights; -inf is a weight of 0. `None` if no weight is positive.
pub(crate) fn smooth(ln_weights: &[f64]) -> Option<SmoothWeights> {
    let n = ln_weights.len();
    let top = top(ln_weights);
    if top == f64::NEG_INFINITY {
        return None;
    }
    let mut weights: Vec<f64> = ln_weights.iter().map(|&w| relative(w, top)).collect();
    let not_finite = ln_weights.iter().filter(|w| w.is_nan() || **w == f64::INFINITY).count();
    let ln_mean = top + (weights.iter().sum::<f64>() / n as f64).ln();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and far below 2^32")]
    let tail = (0.2 * n as f64).min(3.0 * (n as f64).sqrt()).ceil() as usize;
    let k_hat = smooth_tail(&mut weights, tail);
    let total: f64 = weights.iter().sum();
    for w in &mut weights {
        *w /= total;
    }
    let effective = weights.iter().map(|w| w * w).sum::<f64>().recip();
    Some(SmoothWeights { weights, k_hat, effective, ln_mean, not_finite })
}

/// Weights to a power of at most 1, the largest that leaves an effective number of `least`; they sum to 1.
pub(crate) fn temper(ln_weights: &[f64], least: f64) -> Vec<f64> {
    const HALVINGS: usize = 30;
    let top = top(ln_weights);
    let to_power = |power: f64| -> Vec<f64> {
        let raised = |&w: &f64| if w.is_finite() { (power * (w - top)).exp() } else { 0.0 };
        let weights: Vec<f64> = ln_weights.iter().map(raised).collect();
        let total: f64 = weights.iter().sum();
        weights.iter().map(|w| w / total).collect()
    };
    let is_enough = |weights: &[f64]| weights.iter().map(|w| w * w).sum::<f64>() * least <= 1.0;
    let whole = to_power(1.0);
    if is_enough(&whole) {
        return whole;
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if is_enough(&to_power(middle)) { low = middle } else { high = middle }
    }
    to_power(low)
}

/// Replaces the `tail` largest weights (the largest is 1) by Pareto quantiles; returns k-hat.
fn smooth_tail(weights: &mut [f64], tail: usize) -> f64 {
    if tail < 5 || weights.len() <= tail {
        return f64::INFINITY;
    }
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_unstable_by(|&a, &b| weights[a].total_cmp(&weights[b]));
    let cutoff = weights[order[order.len() - tail - 1]];
    // all but equal weights have no tail
    if 1.0 - cutoff <= 1e-12 {
        return 0.0;
    }
    let above = order.iter().rev().take_while(|&&i| weights[i] > cutoff).count();
    let largest = &order[order.len() - above.min(tail)..];
    if largest.len() < 5 {
        return f64::INFINITY;
    }
    let tail = largest.len();
    let excess: Vec<f64> = largest.iter().map(|&i| weights[i] - cutoff).collect();
    let TailFit { shape: k, scale } = fit_pareto(&excess);
    if k.is_finite() {
        for (rank, &i) in largest.iter().enumerate() {
            let p = (rank as f64 + 0.5) / tail as f64;
            let quantile =
                if k.abs() < 1e-12 { -scale * (-p).ln_1p() } else { scale * (-k * (-p).ln_1p()).exp_m1() / k };
            weights[i] = (cutoff + quantile).min(1.0);
        }
    }
    k
}

/// A generalised Pareto distribution.
struct TailFit {
    /// k, the larger the heavier the tail.
    shape: f64,
    scale: f64,
}

/// The generalised Pareto distribution of ascending excesses, with the weak prior on k that Vehtari et al.
/// use (10 observations at 0.5).
fn fit_pareto(excess: &[f64]) -> TailFit {
    let n = excess.len() as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and far below 2^32")]
    let grid = 30 + n.sqrt() as usize;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and far below 2^32")]
    let quartile = excess[((n / 4.0 + 0.5).floor() as usize).max(1) - 1].max(f64::MIN_POSITIVE);
    let largest = excess[excess.len() - 1];
    let shape_at = |b: f64| excess.iter().map(|x| (-b * x).ln_1p()).sum::<f64>() / n;
    let points: Vec<f64> = (1..=grid)
        .map(|j| largest.recip() + (1.0 - (grid as f64 / (j as f64 - 0.5)).sqrt()) / (3.0 * quartile))
        .collect();
    let ln_likelihood: Vec<f64> = points
        .iter()
        .map(|&b| {
            let k = shape_at(b);
            n * ((-b / k).ln() - k - 1.0)
        })
        .collect();
    let weight = |j: usize| ln_likelihood.iter().map(|l| (l - ln_likelihood[j]).exp()).sum::<f64>().recip();
    let b: f64 = points.iter().enumerate().map(|(j, b)| b * weight(j)).sum();
    let k = shape_at(b);
    TailFit { shape: (k * n + 0.5 * 10.0) / (n + 10.0), scale: -k / b }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// n points that fill (0, 1) evenly.
    fn even(n: u32) -> impl Iterator<Item = f64> {
        (0..n).map(|i| (f64::from(i) * 0.618_033_988_749_894_9 + 0.3).fract())
    }

    /// k-hat, effective number, largest and last weight, and the weights' mean index over n, as `arviz.psislw` of ArviZ 0.23.4
    /// has them.
    #[test]
    fn smoothing_agrees_with_arviz() {
        type Case = (&'static str, Vec<f64>, [f64; 5]);
        let cases: [Case; 5] = [
            (
                "heavy",
                even(400).map(|u| -0.9 * (-u).ln_1p()).collect(),
                [0.694_197_120_899, 49.903_041_820_3, 0.103_344_006_132, 0.004_248_348_340_59, 0.509_614_567_191],
            ),
            (
                "light",
                even(400).map(|u| 0.5 * u.ln()).collect(),
                [-0.733_056_346_697, 354.613_219_663, 0.003_755_320_165_94, 0.003_553_986_726_15, 0.499_293_621_098],
            ),
            (
                "normal ratio",
                even(400).map(|u| 1.5 * u * u).collect(),
                [-0.572_222_957_226, 317.940_694_063, 0.006_047_079_724_6, 0.004_538_636_745_93, 0.499_526_690_043],
            ),
            (
                "huge",
                even(400).map(|u| 1000.0 - 1.4 * (-u).ln_1p()).collect(),
                [1.063_730_101_38, 7.377_516_585_78, 0.338_833_496_217, 0.002_470_433_657_39, 0.526_186_242_434],
            ),
            (
                "few",
                even(40).map(|u| -0.5 * (-u).ln_1p()).collect(),
                [0.454_466_685_722, 26.028_959_768_1, 0.115_078_520_237, 0.017_118_990_6, 0.503_715_026_945],
            ),
        ];
        for (name, ln_weights, expected) in cases {
            let SmoothWeights { weights, k_hat, effective, .. } = smooth(&ln_weights).expect("positive weights");
            let n = weights.len() as f64;
            let largest = weights.iter().copied().fold(0.0, f64::max);
            let mean_index = weights.iter().enumerate().map(|(i, w)| w * i as f64 / n).sum();
            let found = [k_hat, effective, largest, weights[weights.len() - 1], mean_index];
            for (f, e) in found.iter().zip(expected) {
                assert!((f - e).abs() < 1e-6 * e.abs().max(0.01), "{name}: {found:?} but {expected:?}");
            }
        }
    }

    #[test]
    fn degenerate_weights_give_numbers_or_none() {
        const NONE: f64 = f64::NEG_INFINITY;
        assert!(smooth(&[]).is_none());
        assert!(smooth(&[NONE; 100]).is_none());
        assert!(smooth(&[f64::NAN; 100]).is_none());
        assert!(smooth(&[f64::INFINITY; 100]).is_none());
        let equal = smooth(&[-700.0; 100]).expect("positive weights");
        assert!(equal.k_hat <= 0.0 && (equal.effective - 100.0).abs() < 1e-9 && (equal.ln_mean + 700.0).abs() < 1e-9);
        // one weight of a hundred; three of them; a fifth of them, all above a cutoff of 0; the rest impossible or NaN
        for positive in [1, 3, 20] {
            for rest in [NONE, f64::NAN, f64::INFINITY] {
                let ln_weights: Vec<f64> =
                    (0..100).map(|i| if i < positive { 0.01 * f64::from(i) } else { rest }).collect();
                let smoothed = smooth(&ln_weights).expect("positive weights");
                let lost = if rest == NONE { 0 } else { 100 - positive };
                assert_eq!(smoothed.not_finite, usize::try_from(lost).expect("not negative"));
                assert!(!smoothed.k_hat.is_nan() && (positive == 20 || smoothed.k_hat == f64::INFINITY));
                assert!((smoothed.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
                assert!((smoothed.effective - f64::from(positive)).abs() < 0.2 * f64::from(positive), "{smoothed:?}");
            }
        }
        let single = smooth(&[3.0]).expect("a positive weight");
        assert!(single.k_hat == f64::INFINITY && (single.ln_mean - 3.0).abs() < 1e-12 && single.effective > 0.999);
    }

    #[test]
    fn fewer_draws_must_have_lighter_tails() {
        for (draws, below) in [(10, 0.0), (100, 0.5), (1000, 1.0 - 1.0 / 3.0), (2154, 0.7), (1_000_000, 0.7)] {
            assert!((reliable_below(draws) - below).abs() < 1e-4, "{draws}: {}", reliable_below(draws));
        }
    }

    #[test]
    fn smoothing_keeps_the_order_and_the_small_weights() {
        let ln_weights: Vec<f64> = even(400).map(|u| -0.9 * (-u).ln_1p()).collect();
        let smoothed = smooth(&ln_weights).expect("positive weights").weights;
        let mut order: Vec<usize> = (0..400).collect();
        order.sort_by(|&a, &b| ln_weights[a].total_cmp(&ln_weights[b]));
        assert!(order.windows(2).all(|pair| smoothed[pair[0]] <= smoothed[pair[1]]));
        let ratio = |i: usize| smoothed[order[i]] / ln_weights[order[i]].exp();
        assert!((ratio(0) / ratio(300) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn tempered_weights_leave_as_many_as_asked() {
        let ln_weights: Vec<f64> =
            (0..200).map(|i| -0.5 * f64::from(i)).chain([f64::NEG_INFINITY, f64::NAN, f64::INFINITY]).collect();
        let effective = |weights: &[f64]| weights.iter().map(|w| w * w).sum::<f64>().recip();
        assert!(effective(&temper(&ln_weights, 1.0)) < 5.0);
        let tempered = temper(&ln_weights, 50.0);
        assert!((50.0..51.0).contains(&effective(&tempered)), "{}", effective(&tempered));
        assert!((tempered.iter().sum::<f64>() - 1.0).abs() < 1e-12 && tempered[200..] == [0.0; 3]);
        // what cannot be: as even as possible
        assert!((effective(&temper(&ln_weights, 1e9)) - 200.0).abs() < 0.1);
    }
}
