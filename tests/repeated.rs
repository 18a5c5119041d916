//! What fits of the same data by many seeds differ by, beside what they say of their own errors.

use crate::models::{self, County, EightSchools, HOSPITALS, Radon, SCHOOLS, Surgical};
use hierarch::prelude::*;
use hierarch::{Fit, Fittable, Model, Options, Summary};

const SEEDS: u64 = 50;

/// A number that is estimated, and the error that is stated.
type Estimate = (f64, f64);

/// The root mean square of the stated errors over the spread of the estimates.
fn stated_over_spread(estimates: &[Estimate]) -> f64 {
    let n = estimates.len() as f64;
    let mean = estimates.iter().map(|e| e.0).sum::<f64>() / n;
    let spread = estimates.iter().map(|e| (e.0 - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (estimates.iter().map(|e| e.1 * e.1).sum::<f64>() / n / spread).sqrt()
}

/// Asserts that errors of the evidence, and of the mean and the standard deviation of each number, are within a factor of 2 of
/// what the estimates spread by. 50 seeds tell the ratio to 10%, and so do 8 sets of points.
fn assert_errors_are_true<M: Model>(
    what: &str,
    fit: impl Fn(&Options) -> Fit<M>,
    numbers: fn(&Fit<M>) -> Vec<Summary>,
) {
    let fits: Vec<Fit<M>> = (0..SEEDS).map(|seed| fit(&Options { seed, ..Options::default() })).collect();
    let of = |quantity: &str, estimate: &dyn Fn(&Fit<M>) -> Estimate| {
        let ratio = stated_over_spread(&fits.iter().map(estimate).collect::<Vec<_>>());
        assert!((0.5..2.0).contains(&ratio), "{what}: errors of {quantity} are stated as {ratio:.2} times the spread");
    };
    of("the evidence", &|fit| {
        let evidence = fit.evidence().expect("corrected");
        (evidence.ln_evidence, evidence.ln_evidence_error)
    });
    for k in 0..numbers(&fits[0]).len() {
        of(&format!("mean {k}"), &|fit| (numbers(fit)[k].mean, numbers(fit)[k].mc_error));
        of(&format!("sd {k}"), &|fit| (numbers(fit)[k].sd, numbers(fit)[k].sd_mc_error));
    }
}

#[test]
fn errors_of_eight_schools_are_true() {
    let fit = |options: &Options| EightSchools::new(&SCHOOLS).fit_with(options).expect("valid");
    let numbers =
        |fit: &Fit<EightSchools<'_>>| vec![fit.global().mu, fit.global().tau, fit.local(0).theta, fit.local(7).theta];
    assert_errors_are_true("eight schools", fit, numbers);
}

#[test]
fn errors_of_log_odds_are_true() {
    let fit = |options: &Options| Surgical::new(&HOSPITALS).fit_with(options).expect("valid");
    let numbers =
        |fit: &Fit<Surgical<'_>>| vec![fit.global().mu, fit.global().tau, fit.local(0).theta, fit.local(7).theta];
    assert_errors_are_true("hospitals", fit, numbers);
}

model! {
    /// Counts of events in weeks.
    Events(weeks: &[Vec<u64>]) {
        mu ~ Normal(0.0, 2.0);
        tau ~ HalfNormal(1.0);
        for week in weeks {
            u ~ Normal(mu, tau);
            for &count in week {
                count ~ PoissonLog(u);
            }
        }
    }
}

#[test]
fn errors_of_counts_are_true() {
    let weeks: Vec<Vec<u64>> = (0..12).map(|i: u64| (0..4).map(|k| (i * 7 + k * 5) % (2 + i)).collect()).collect();
    let weeks: &'static [Vec<u64>] = Box::leak(weeks.into_boxed_slice());
    let fit = |options: &Options| Events::new(weeks).fit_with(options).expect("valid");
    let numbers = |fit: &Fit<Events<'_>>| vec![fit.global().mu, fit.global().tau, fit.local(0).u, fit.local(11).u];
    assert_errors_are_true("events", fit, numbers);
}

#[test]
fn errors_of_radon_are_true() {
    let counties: &'static [County] = Box::leak(models::counties().into_boxed_slice());
    let fit = |options: &Options| Radon::new(counties).fit_with(options).expect("valid");
    let numbers = |fit: &Fit<Radon<'_>>| {
        let theta = fit.global();
        vec![theta.mu_alpha, theta.sigma_alpha, theta.sigma_y, theta.beta_floor, fit.local(0).alpha]
    };
    assert_errors_are_true("radon", fit, numbers);
}
