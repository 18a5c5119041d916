//! What the tests of a distribution compare: log densities with reference values, refusals with what is wrong.

use crate::dist::{Distribution, name_of};

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

/// Panics unless the distribution refuses the parameter of that name.
#[track_caller]
pub(crate) fn check_refused<D: Distribution<f64>>(dist: &D, parameter: &str) {
    let invalid = dist.check().expect_err("an invalid parameter");
    assert_eq!(invalid.name, parameter, "{invalid}");
    assert!(name_of::<D>() == invalid.distribution, "{invalid}");
}
