//! What the tests of a distribution compare: log densities with reference values, refusals with what is wrong.

use crate::dist::{Cdf, Distribution, name_of};

/// Panics unless the log density at x is within 1e-13 of the reference, or within 1e-13 times it where that is more, at
/// every pair (x, reference).
#[track_caller]
pub(crate) fn check_values<D: Distribution<f64>>(dist: &D, table: &[(f64, f64)]) {
    for &(x, expected) in table {
        let found = dist.ln_density(x).0;
        let same = found.total_cmp(&expected).is_eq();
        let close = same || (found - expected).abs() <= 1e-13 * expected.abs().max(1.0);
        assert!(close, "at {x:e}: {found:e} for {expected:e}");
    }
}

/// Panics unless ln P(X <= x) and ln P(X > x) are within 1e-13 times the references, at every triple of x and the two.
#[track_caller]
pub(crate) fn check_tails(dist: &impl Cdf<f64>, table: &[[f64; 3]]) {
    check_tails_within(1e-13, dist, table);
}

/// Panics unless ln P(X <= x) and ln P(X > x) are within that many times the references, at every triple of x and the two.
#[track_caller]
pub(crate) fn check_tails_within(tolerance: f64, dist: &impl Cdf<f64>, table: &[[f64; 3]]) {
    for &[x, below, above] in table {
        for (found, expected) in [(dist.ln_cdf(x).0, below), (dist.ln_survival(x).0, above)] {
            let close = found.total_cmp(&expected).is_eq() || (found - expected).abs() <= tolerance * expected.abs();
            assert!(close, "at {x}: {found:e} for {expected:e}");
        }
    }
}

/// Panics unless the tails at each of the first counts are sums of the masses, within 1e-11 times them.
#[track_caller]
pub(crate) fn check_cumulated(dist: &impl Cdf<f64>, counts: u32) {
    let mass = |k: u32| dist.ln_density(k).0.exp();
    let mut below = 0.0;
    for k in 0..counts {
        below += mass(k);
        let above: f64 = (k + 1..k + 2000).map(mass).sum();
        for (found, expected) in [(dist.ln_cdf(k).0, below), (dist.ln_survival(f64::from(k) + 0.7).0, above)] {
            assert!(
                (found.exp() - expected).abs() <= 1e-11 * expected.max(1e-11),
                "at {k}: {found}, not ln {expected}"
            );
        }
    }
    assert_eq!((dist.ln_cdf(-0.5).0, dist.ln_survival(-0.5).0), (f64::NEG_INFINITY, 0.0));
}

/// Panics unless the distribution refuses the parameter of that name.
#[track_caller]
pub(crate) fn check_refused<D: Distribution<f64>>(dist: &D, parameter: &str) {
    let invalid = dist.check().expect_err("an invalid parameter");
    assert_eq!(invalid.name, parameter, "{invalid}");
    assert!(name_of::<D>() == invalid.distribution, "{invalid}");
}
