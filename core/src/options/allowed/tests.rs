//! Every row, on both sides of what it allows.

use crate::error::Error;
use crate::options::{AdamOptions, AdaptOptions, Optimiser, Options};
use std::time::Duration;

fn said(checked: Result<(), Error>) -> String {
    checked.expect_err("it is not allowed").to_string()
}

#[test]
fn defaults_are_allowed() {
    assert_eq!(Options::default().check(), Ok(()));
    assert_eq!(AdaptOptions::default().check(), Ok(()));
    assert_eq!(adam(AdamOptions::default()).check(), Ok(()));
}

#[test]
fn numbers_of_draws_are_checked() {
    let draws = |draws: usize| Options { draws, most_draws: draws.max(1), ..Options::default() }.check();
    assert_eq!(said(draws(0)), "`Options::draws` must be a whole number from 1 to 100000, but is 0");
    assert_eq!(said(draws(100_001)), "`Options::draws` must be a whole number from 1 to 100000, but is 100001");
    assert_eq!((draws(1), draws(100_000)), (Ok(()), Ok(())));
    let most = |most_draws: usize| Options { most_draws, ..Options::default() }.check();
    assert_eq!(said(most(63)), "`Options::most_draws` must be a whole number from 64 to 100000, but is 63");
    assert_eq!(most(64), Ok(()));
    let held = |posterior_draws: usize| Options { posterior_draws, ..Options::default() }.check();
    assert_eq!(said(held(0)), "`Options::posterior_draws` must be a whole number from 1 to 1000000, but is 0");
    assert!(said(held(usize::MAX)).contains("but is 18446744073709551615"));
    assert_eq!((held(1), held(1_000_000)), (Ok(()), Ok(())));
}

#[test]
fn ends_of_a_climb_are_checked() {
    let tolerance = |tolerance: f64| Options { tolerance, ..Options::default() }.check();
    for wrong in [0.0, -1e-6, f64::NAN, f64::INFINITY, 1.5] {
        let expected = format!("`Options::tolerance` must be above 0 and at most 1, but is {wrong}");
        assert_eq!(said(tolerance(wrong)), expected);
    }
    assert_eq!((tolerance(f64::MIN_POSITIVE), tolerance(1.0)), (Ok(()), Ok(())));
    let most = |most: usize| Options { max_iterations: Some(most), ..Options::default() }.check();
    assert!(
        said(most(usize::MAX)).starts_with("`Options::max_iterations` must be a whole number from 0 to 1000000000")
    );
    assert_eq!(most(0), Ok(()));
}

#[test]
fn other_starts_are_checked() {
    let starts = |other_starts: usize| Options { other_starts, ..Options::default() }.check();
    assert_eq!(said(starts(101)), "`Options::other_starts` must be a whole number from 0 to 100, but is 101");
    assert_eq!((starts(0), starts(100)), (Ok(()), Ok(())));
}

#[test]
fn budgets_are_checked() {
    let budget = |correction_budget: Duration| Options { correction_budget, ..Options::default() }.check();
    let allowed = "`Options::correction_budget` must be above 0 and at most 1000000 seconds, but is ";
    assert_eq!(said(budget(Duration::ZERO)), format!("{allowed}0"));
    assert!(said(budget(Duration::MAX)).starts_with(allowed));
    assert_eq!((budget(Duration::from_nanos(1)), budget(Duration::from_secs(1_000_000))), (Ok(()), Ok(())));
}

#[test]
fn threads_are_checked() {
    let threads = |threads: usize| Options { threads: Some(threads), ..Options::default() }.check();
    for wrong in [0, 1025, 1_000_000] {
        let expected = format!("`Options::threads` must be a whole number from 1 to 1024, but is {wrong}");
        assert_eq!(said(threads(wrong)), expected);
    }
    assert_eq!((threads(1), threads(1024)), (Ok(()), Ok(())));
}

fn adam(adam: AdamOptions) -> Options {
    Options { optimiser: Optimiser::Adam(adam), ..Options::default() }
}

#[test]
fn settings_of_adam_are_checked() {
    for step in [0.0, -0.1, f64::NAN, f64::INFINITY, 11.0] {
        let expected = format!("`AdamOptions::step` must be above 0 and at most 10, but is {step}");
        assert_eq!(said(adam(AdamOptions { step, ..AdamOptions::default() }).check()), expected);
    }
    let draws = adam(AdamOptions { draws: 0, ..AdamOptions::default() });
    assert_eq!(said(draws.check()), "`AdamOptions::draws` must be a whole number from 1 to 100000, but is 0");
    let batch = adam(AdamOptions { batch: Some(0), ..AdamOptions::default() });
    assert!(said(batch.check()).starts_with("`AdamOptions::batch` must be a whole number from 1 to "));
}

#[test]
fn options_of_an_adaptation_are_checked() {
    let checked =
        |global_draws, local_draws, max_proposals| AdaptOptions { global_draws, local_draws, max_proposals }.check();
    assert!(said(checked(0, 1, 1)).starts_with("`AdaptOptions::global_draws` must be a whole number from 1 to"));
    assert!(said(checked(1, 0, 1)).starts_with("`AdaptOptions::local_draws` must be a whole number from 1 to"));
    assert!(said(checked(1, 1, 0)).starts_with("`AdaptOptions::max_proposals` must be a whole number from 1 to"));
    assert_eq!(
        said(checked(100_000, 1_000, 1)),
        "`AdaptOptions::global_draws * local_draws` must be a whole number from 1 to 10000000, but is 100000000"
    );
    assert_eq!(checked(1, 1, 1), Ok(()));
}
