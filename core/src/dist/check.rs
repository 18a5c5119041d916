//! Checks of parameters: each refuses with the [`Invalid`] that says what is wrong.

use crate::dist::mass::is_count;
use crate::error::Invalid;
use crate::numbers::param_vec::ParamVec;
use crate::numbers::{Number, Param};

/// How far from 1 probabilities may sum.
const TOLERANCE: f64 = 1e-8;

/// Refuses a parameter that is not finite.
pub(crate) fn finite<N: Number>(
    distribution: &'static str,
    name: &'static str,
    parameter: impl Param<N>,
) -> Result<(), Invalid> {
    require(distribution, name, parameter, f64::is_finite, "finite")
}

/// Refuses a parameter that is not a positive finite number.
pub(crate) fn positive<N: Number>(
    distribution: &'static str,
    name: &'static str,
    parameter: impl Param<N>,
) -> Result<(), Invalid> {
    require(distribution, name, parameter, |v| v > 0.0 && v.is_finite(), "positive and finite")
}

/// Refuses a parameter that does not satisfy `valid`.
pub(crate) fn require<N: Number>(
    distribution: &'static str,
    name: &'static str,
    parameter: impl Param<N>,
    valid: impl Fn(f64) -> bool,
    expected: &'static str,
) -> Result<(), Invalid> {
    let value = parameter.value();
    if valid(value) {
        return Ok(());
    }
    let culprit = parameter.varying().and_then(N::culprit);
    Err(Invalid { distribution, name, value, expected, varies: parameter.varies(), culprit })
}

/// Refuses a parameter that is not a count.
pub(crate) fn count<N: Number>(
    distribution: &'static str,
    name: &'static str,
    parameter: impl Param<N>,
) -> Result<(), Invalid> {
    require(distribution, name, parameter, is_count, "a count: 0, 1, 2, ...")
}

/// Refuses a parameter that is not from 0 to 1.
pub(crate) fn probability<N: Number>(
    distribution: &'static str,
    name: &'static str,
    parameter: impl Param<N>,
) -> Result<(), Invalid> {
    require(distribution, name, parameter, |p| (0.0..=1.0).contains(&p), "from 0 to 1")
}

/// Refuses a length that is not the one wanted.
pub(crate) fn check_len(
    distribution: &'static str,
    name: &'static str,
    found: usize,
    wanted: usize,
    expected: &'static str,
) -> Result<(), Invalid> {
    if found == wanted {
        return Ok(());
    }
    Err(Invalid { distribution, name, value: found as f64, expected, varies: false, culprit: None })
}

/// Refuses a vector of parameters with one that is not a positive finite number.
pub(crate) fn check_positive<N: Number>(
    distribution: &'static str,
    name: &'static str,
    parameters: &impl ParamVec<N>,
) -> Result<(), Invalid> {
    (0..parameters.len()).try_for_each(|i| positive::<N>(distribution, name, parameters.entry(i)))
}

/// Refuses numbers that are not from 0 to 1, or do not sum to 1.
pub(crate) fn check_probabilities<N: Number>(
    distribution: &'static str,
    name: &'static str,
    probabilities: &impl ParamVec<N>,
) -> Result<(), Invalid> {
    let culprit = || (0..probabilities.len()).find_map(|k| probabilities.entry(k).varying().and_then(N::culprit));
    let invalid = |value, expected| {
        let varies = probabilities.varies();
        Err(Invalid { distribution, name, value, expected, varies, culprit: culprit() })
    };
    let mut sum = 0.0;
    for k in 0..probabilities.len() {
        let p = probabilities.entry(k).value();
        if !(0.0..=1.0).contains(&p) {
            return invalid(p, "numbers from 0 to 1");
        }
        sum += p;
    }
    if (sum - 1.0).abs() > TOLERANCE { invalid(sum, "numbers whose sum is 1") } else { Ok(()) }
}
