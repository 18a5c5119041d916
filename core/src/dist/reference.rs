//! Comparison of log densities with reference values, for the tests.

use crate::dist::Distribution;

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
