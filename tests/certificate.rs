//! What a second method says of fits: it agrees with answers that are right, and tells those that are not.

use crate::models::{EightSchools, SCHOOLS};
use crate::panel_rows::Job;
use crate::panel_rows::answer::{compared, job};
use crate::panel_rows::published::eight_schools;
use crate::panel_rows::trials::{clusters, three_groups};
use hierarch::prelude::*;
use hierarch::{CertifyOptions, Correction, Error, GlobalFactor, Options};

fn by(correction: Correction) -> Options {
    Options { correction, ..Options::default() }
}

#[test]
fn an_answer_that_is_right_is_agreed_with_by_short_chains_and_by_long_ones() {
    let fit = EightSchools::new(&SCHOOLS).fit().expect("valid");
    let certificate = fit.certificate().expect("it was corrected");
    assert!(certificate.agrees() && certificate.difference < 0.3 && certificate.states > 100, "{certificate:?}");
    assert!((0.0..2.0).contains(&certificate.nats), "{certificate:?}");
    assert!(fit.to_string().contains("\ntwo methods agree: largest difference 0."), "{fit}");
    for seed in 0..4 {
        let certificate = fit.certify(&CertifyOptions { seed, ..CertifyOptions::default() }).expect("theta is free");
        assert!(certificate.agrees() && certificate.noise < 0.1 && certificate.states > 1000, "{certificate}");
    }
}

/// Asserts that an answer without weights is refuted by every seed.
fn assert_refuted(job: &Job, correction: Correction) {
    let fit = job(&by(correction)).expect("valid");
    for seed in 0..3 {
        let certificate = fit.certify(&CertifyOptions { seed, ..CertifyOptions::default() }).expect("theta is free");
        assert!(!certificate.agrees(), "{certificate}");
        assert!(certificate.to_string().starts_with("TWO METHODS DISAGREE about "), "{certificate}");
    }
}

#[test]
fn standard_deviations_that_are_too_small_are_found_out() {
    // the guide of tau has three quarters of the sd
    assert_refuted(&eight_schools(), Correction::MeanField);
}

#[test]
fn tails_that_a_gaussian_does_not_have_are_found_out() {
    assert_refuted(&three_groups(), Correction::LinearResponse);
    assert_refuted(&clusters(), Correction::LinearResponse);
}

model! {
    /// Of which a guide sees one sign.
    Square(ys: &[f64]) {
        root ~ Normal(0.0, 3.0);
        for &y in ys {
            y ~ Normal(root * root, 3.0);
        }
    }
}

#[test]
fn a_mode_that_was_missed_is_found_out() {
    let options = Options { random_start: Some(1), ..by(Correction::LinearResponse) };
    let fit = Square::new(&[3.0, 5.0, 4.0]).fit_with(&options).expect("valid");
    assert!(fit.global().root.mean.abs() > 1.0, "{fit}");
    let certificate = fit.certify(&CertifyOptions::default()).expect("theta is free");
    assert!(!certificate.agrees(), "{certificate}\n{fit}");
    // the weights know of both
    let fit = Square::new(&[3.0, 5.0, 4.0]).fit().expect("valid");
    assert!(fit.trust().is_reliable && fit.global().root.mean.abs() < 0.3, "{fit}");
}

/// 0, with a derivative of 1.
fn nothing<N: Number>(x: Real<N>) -> Real<N> {
    x - x.value()
}

model! {
    /// Whose gradient is wrong by 5 a nat.
    Misled(ys: &[f64]) {
        mean ~ Normal(0.0, 1.0);
        factor(5.0 * nothing(mean));
        for &y in ys {
            y ~ Normal(mean, 1.0);
        }
    }
}

compared!(Misled: mean;);

#[test]
fn a_wrong_gradient_is_found_out() {
    let misled = || Misled::new(&[0.3, -0.2, 0.5]);
    assert_refuted(&job(misled), Correction::LinearResponse);
    // ... and does not matter where there are weights: the mean is 0.6 / 4
    let fit = misled().fit().expect("valid");
    assert!((fit.global().mean.mean - 0.15).abs() < 0.05 || !fit.trust().is_reliable, "{fit}");
}

#[test]
fn what_cannot_be_certified_says_why() {
    let says = |fit: Result<hierarch::Certificate, Error>, said: &str| {
        let error = fit.expect_err("it cannot");
        assert!(error.to_string().contains(said), "{error}");
    };
    let point = Options { global: GlobalFactor::Point, ..Options::default() };
    let fit = EightSchools::new(&SCHOOLS).fit_with(&point).expect("valid");
    assert!(fit.certificate().is_none());
    says(
        fit.certify(&CertifyOptions::default()),
        "its theta has no distribution; fit with `GlobalFactor::MeanField`, and with globals",
    );
    let mut fit = EightSchools::new(&SCHOOLS).fit().expect("valid");
    says(
        fit.certify(&CertifyOptions { thetas: 10, seed: 0 }),
        "`CertifyOptions::thetas` must be a whole number from 1000",
    );
    fit.absorb(&SCHOOLS[0]).expect("valid");
    says(fit.certify(&CertifyOptions::default()), "absorbed");
}
