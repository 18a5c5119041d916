//! Posteriors by Hamiltonian chains: as asked for, and where importance weights fail.

use crate::models::{EightSchools, SCHOOLS};
use hierarch::prelude::*;
use hierarch::{Correction, Error, GlobalFactor, LocalFactor, Options};
use std::time::Duration;

fn asked() -> Options {
    Options { correction: Correction::Chains, ..Options::default() }
}

#[test]
fn chains_and_weights_tell_the_same() {
    let fit = EightSchools::new(&SCHOOLS).fit_with(&asked()).expect("valid");
    assert!(fit.trust().is_reliable && fit.trust().method == Correction::Chains, "{fit}");
    assert!(fit.evidence().is_none() && fit.certificate().is_none());
    let chains = fit.chains().expect("they ran");
    assert!(chains.r_hat < 1.03 && chains.effective_sample_size > 300.0 && chains.divergent < 0.02, "{chains:?}");
    // by quadrature
    let tau = fit.global().tau;
    assert!((tau.mean - 3.597).abs() < 0.4 && (tau.sd / 3.220).ln().abs() < 0.15, "{fit}");
    assert!(fit.to_string().contains("\nchains' posterior, reliable: R-hat 1.0"), "{fit}");
    // what comes after a fit works with their draws
    let adapted = fit.adapt(&SCHOOLS[0]).expect("valid");
    assert!((adapted.local().theta.mean - fit.local(0).theta.mean).abs() < 2.5, "{adapted}");
}

#[test]
fn chains_are_the_same_for_any_number_of_threads() {
    let [one, two] = [1, 2].map(|threads| {
        EightSchools::new(&SCHOOLS).fit_with(&Options { threads: Some(threads), ..asked() }).expect("valid")
    });
    assert_eq!(one.global(), two.global());
    assert_eq!(one.local(3), two.local(3));
}

model! {
    /// Waiting times, each with a rate of its own: hundreds of globals that are far from normal.
    Rates(number: usize, waits: &[f64]) {
        rate[_ in 0..number] ~ Exponential(1.0);
        for (k, wait) in waits.iter().enumerate() {
            wait ~ Exponential(rate[k]);
        }
    }
}

#[test]
fn where_weights_fail_chains_are_the_answer() {
    let waits: Vec<f64> = (0..200).map(|k| 0.1 + 0.02 * f64::from(k)).collect();
    let fit = Rates::new(waits.len(), &waits).fit().expect("valid");
    assert!(
        fit.trust().is_reliable && fit.trust().method == Correction::Chains,
        "{:?} {:?}",
        fit.trust(),
        fit.chains()
    );
    let note = fit.trust().notes.join("; ");
    assert!(note.contains("importance weights"), "{note}");
    // Gamma(2, 1 + wait)
    for (rate, wait) in fit.global().rate.iter().zip(&waits) {
        let (mean, sd) = (2.0 / (1.0 + wait), 2.0_f64.sqrt() / (1.0 + wait));
        assert!((rate.mean - mean).abs() < 0.2 * sd && (rate.sd / sd).ln().abs() < 0.2, "{wait}: {rate:?}");
        assert!((rate.mean - mean).abs() < 5.0 * rate.mc_error, "{wait}: {rate:?}");
    }
}

model! {
    /// Globals that are far from normal and tell nothing of each other, and tasks that tell nothing of them.
    Skewed(number: usize, shifts: &[f64]) {
        #[allow(unused)]
        x[_ in 0..number] ~ Gamma(0.5, 1.0);
        for shift in shifts {
            b ~ Normal(0.0, 1.0);
            shift ~ Normal(b, 1.0);
        }
    }
}

#[test]
fn chains_of_theta_are_the_answer_where_its_weights_are_poor() {
    let shifts = [0.9, 0.1, -0.4];
    let unhurried = Options { correction_budget: Duration::from_secs(120), ..Options::default() };
    let fit = Skewed::new(20, &shifts).fit_with(&unhurried).expect("valid");
    assert!(fit.trust().method == Correction::Chains && fit.trust().is_reliable, "{fit}");
    let chains = fit.chains().expect("they ran");
    assert!(chains.of_globals && chains.r_hat < 1.03 && chains.effective_sample_size >= 400.0, "{chains:?}");
    assert!(fit.trust().notes[0].starts_with("importance weights"), "{:?}", fit.trust().notes);
    let within = |found: &hierarch::Summary, mean: f64, sd: f64| {
        assert!((found.mean - mean).abs() < 0.2 * sd && (found.sd / sd).ln().abs() < 0.2, "{found:?}, {mean} {sd}");
    };
    for x in &fit.global().x {
        within(x, 0.5, 0.5_f64.sqrt());
    }
    for (i, shift) in shifts.iter().enumerate() {
        within(&fit.local(i).b, 0.5 * shift, 0.5_f64.sqrt());
    }
}

#[test]
fn a_point_has_no_chains() {
    let point = Options { global: GlobalFactor::Point, ..asked() };
    let full = Options { locals: LocalFactor::Full, ..asked() };
    for options in [point, full] {
        let error = EightSchools::new(&SCHOOLS).fit_with(&options).map(|_| ()).expect_err("it cannot");
        assert!(matches!(error, Error::Option { .. }), "{error}");
        assert!(error.to_string().starts_with("`Options::correction` must be another one"), "{error}");
    }
}
