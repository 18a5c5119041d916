//! Whether shares are uniform between 0 and 1, as those of a right posterior are (Talts et al. 2018, theorem 1): on all
//! data sets, and on any that are picked by a look at nothing but the data, such as those whose fits say they are reliable.

use statrs::distribution::{Binomial, ChiSquared, ContinuousCDF, DiscreteCDF};

/// Levels of central intervals.
pub(crate) const LEVELS: [f64; 4] = [0.5, 0.8, 0.9, 0.95];

/// Bins of equal width that shares are counted in.
const BINS: usize = 10;

/// What the shares of one quantity say.
pub(crate) struct Uniformity {
    pub(crate) count: usize,
    /// 0.5 where neither side is preferred; below it where posteriors lie too high.
    pub(crate) mean: f64,
    /// P-value of the chi-square statistic of the bins.
    pub(crate) by_bins: f64,
    /// How many truths lie in the central interval of each level.
    pub(crate) covered: [usize; LEVELS.len()],
    /// Two-sided p-values of those.
    pub(crate) by_coverage: [f64; LEVELS.len()],
}

/// P-values of each quantity.
pub(crate) const TESTS: usize = 1 + LEVELS.len();

impl Uniformity {
    pub(crate) fn of(shares: &[f64]) -> Self {
        let count = shares.len();
        let within = |level: f64| shares.iter().filter(|share| (**share - 0.5).abs() <= 0.5 * level).count();
        let covered = LEVELS.map(within);
        let mut by_coverage = covered.map(|covered| covered as f64);
        for (p, (covered, level)) in by_coverage.iter_mut().zip(covered.iter().zip(LEVELS)) {
            *p = two_sided(count, *covered, level);
        }
        let mean = shares.iter().sum::<f64>() / count as f64;
        Self { count, mean, by_bins: by_bins(shares), covered, by_coverage }
    }

    /// The share of truths in each central interval.
    pub(crate) fn coverage(&self) -> [f64; LEVELS.len()] {
        self.covered.map(|covered| covered as f64 / self.count as f64)
    }

    /// The smallest p-value.
    pub(crate) fn least(&self) -> f64 {
        self.by_coverage.iter().fold(self.by_bins, |least, p| least.min(*p))
    }
}

/// P(chi-square of BINS - 1 degrees of freedom is larger than sum (counted - expected)^2 / expected).
fn by_bins(shares: &[f64]) -> f64 {
    let mut counted = [0.0; BINS];
    for share in shares {
        let inside = |k: &usize| *share < (k + 1) as f64 / BINS as f64;
        counted[(0..BINS).find(inside).unwrap_or(BINS - 1)] += 1.0;
    }
    let expected = shares.len() as f64 / BINS as f64;
    let statistic: f64 = counted.iter().map(|counted| (counted - expected).powi(2) / expected).sum();
    ChiSquared::new((BINS - 1) as f64).expect("a positive number").sf(statistic)
}

/// Twice the smaller tail of a binomial, at most 1.
fn two_sided(n: usize, successes: usize, p: f64) -> f64 {
    let (binomial, successes) = (Binomial::new(p, n as u64).expect("a probability"), successes as u64);
    let above = if successes == 0 { 1.0 } else { binomial.sf(successes - 1) };
    (2.0 * binomial.cdf(successes).min(above)).min(1.0)
}

/// Squares of evenly spread shares are found not to be uniform; the p-values are SciPy's.
pub(crate) fn check() {
    let even = |k: i32| (f64::from(k) + 0.5) / 100.0;
    let uniform = Uniformity::of(&(0..100).map(even).collect::<Vec<_>>());
    assert!(uniform.least() > 0.8 && (uniform.mean - 0.5).abs() < 1e-12);
    let squares = Uniformity::of(&(0..100).map(|k| even(k).powi(2)).collect::<Vec<_>>());
    assert_eq!(squares.covered, [37, 63, 75, 83]);
    let by_coverage = [0.012_032_975_725, 0.000_123_703_481, 0.000_026_145_635, 0.000_018_858_061];
    let found = [squares.by_bins].into_iter().chain(squares.by_coverage);
    for (found, expected) in found.zip([1.911_418_209e-9].into_iter().chain(by_coverage)) {
        assert!((found / expected - 1.0).abs() < 1e-6, "{found} is not {expected}");
    }
}
