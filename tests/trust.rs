//! What a fit says of its own answer: nothing is called reliable that was not checked, every reason is the true one, and
//! the evidence is right where theta is fixed.

use crate::models::{EightSchools, SCHOOLS};
use hierarch::prelude::*;
use hierarch::special::ln_gamma;
use hierarch::{Correction, Fit, Fittable, GlobalFactor, Model, Options};
use std::f64::consts::PI;
use std::time::Duration;

fn schools(options: &Options) -> Fit<EightSchools<'static>> {
    EightSchools::new(&SCHOOLS).fit_with(options).expect("valid")
}

/// Asserts that one note says so, and that the fit prints it.
fn assert_says<M: Model>(fit: &Fit<M>, said: &str) {
    assert!(fit.trust().notes.iter().any(|note| note.contains(said)), "no \"{said}\" in\n{fit}");
    assert!(fit.to_string().contains(said), "{fit}");
}

#[test]
fn what_nothing_checked_is_neither_reliable_nor_doubtful() {
    let asked = Options { correction: Correction::LinearResponse, ..Options::default() };
    let dear = Options { correction_budget: Duration::from_nanos(1), ..Options::default() };
    for (options, said) in [(asked, "as asked"), (dear, "take more than their budget")] {
        let fit = schools(&options);
        assert_eq!(fit.trust().method, Correction::LinearResponse);
        assert!(!fit.trust().is_reliable && !fit.trust().is_doubtful, "{fit}");
        assert!(fit.to_string().contains("linear-response posterior, not checked; "), "{fit}");
        assert_says(&fit, said);
    }
}

#[test]
fn few_posterior_draws_are_corrected_all_the_same() {
    for posterior_draws in 1..5 {
        for correction in [Correction::Auto, Correction::Importance] {
            let fit = schools(&Options { posterior_draws, correction, ..Options::default() });
            assert_eq!(fit.trust().method, Correction::Importance, "{posterior_draws} draws, {correction:?}:\n{fit}");
            let evidence = fit.evidence().expect("it ran");
            assert!((100..=1000).contains(&evidence.draws), "{evidence:?}");
            // mean 4.4, sd 3.3
            assert!((fit.global().mu.mean - 4.4).abs() < 2.0, "{fit}");
        }
    }
}

/// A density whose derivatives can be had where its values cannot, but for at 0.
fn nowhere<N: Number>(x: Real<N>) -> Real<N> {
    let is_plain = size_of::<N>() == size_of::<f64>();
    x * if is_plain && x.value() != 0.0 { f64::NAN } else { 0.0 }
}

model! {
    /// No draw of theta has a density.
    Nowhere(ys: &[f64]) {
        mean ~ Normal(0.0, 1.0);
        factor(nowhere(mean));
        for &y in ys {
            y ~ Normal(mean, 1.0);
        }
    }
}

#[test]
fn weights_that_are_all_impossible_are_a_reason_to_doubt() {
    let by =
        |correction| Nowhere::new(&[0.3, 0.1]).fit_with(&Options { correction, ..Options::default() }).expect("valid");
    let fit = by(Correction::Importance);
    assert!(fit.trust().method == Correction::LinearResponse && fit.trust().is_doubtful, "{fit}");
    assert!(!fit.trust().is_reliable && fit.evidence().is_none(), "{fit}");
    assert_says(&fit, "no draw of theta has a finite importance weight");
    assert!(!fit.to_string().contains("budget"), "{fit}");
    // chains know values from where derivatives are: of a normal with mean 0.4 / 3 and variance 1 / 3
    let fit = by(Correction::Auto);
    assert!(fit.trust().method == Correction::Chains && fit.evidence().is_none(), "{fit}");
    assert_says(&fit, "no draw of theta had a finite importance weight");
    assert!((fit.global().mean.mean - 0.4 / 3.0).abs() < 0.1, "{fit}");
}

model! {
    /// The density of x is infinite where exp(u) rounds to 0.
    Minute(ys: &[f64]) {
        x ~ Gamma(0.001, 0.01);
        for &y in ys {
            y ~ Normal(x, 1.0);
        }
    }
}

#[test]
fn draws_without_a_finite_density_do_not_count_and_are_told_of() {
    let fit = Minute::new(&[0.1, -0.3]).fit().expect("valid");
    assert_eq!(fit.trust().method, Correction::Importance, "{fit}");
    assert_says(&fit, "draws of theta have no finite density and do not count");
    assert!(!fit.trust().is_reliable && !fit.to_string().contains("NaN"), "{fit}");
}

model! {
    /// Tails that no Gaussian is near, in forty directions.
    Heavy(scale: f64) {
        x[_ in 0..40] ~ Cauchy(0.0, scale);
    }
}

#[test]
fn weights_that_failed_are_told_of_once() {
    let fit = Heavy::new(3.0).fit().expect("no data");
    let printed = fit.to_string();
    let evidence = fit.evidence().expect("it ran");
    assert_says(&fit, &format!("effective draws of {})", evidence.draws));
    assert_eq!(printed.matches("k-hat").count(), 1, "{fit}");
    assert!(!printed.contains("ln evidence") && printed.contains("DOUBTFUL"), "{fit}");
}

#[test]
fn mean_field_as_asked_says_why_it_is_doubtful() {
    let fit = schools(&Options { correction: Correction::MeanField, ..Options::default() });
    assert!(fit.trust().is_doubtful && fit.to_string().contains("mean-field posterior, DOUBTFUL; "), "{fit}");
    assert_says(&fit, "mean-field, as asked: sds are usually too small");
}

const SPREAD: f64 = 1.5;
const OUTSIDE: f64 = 0.7;
const COUNTS: [u32; 5] = [0, 1, 3, 8, 0];

model! {
    /// Nothing is shared; an observation outside the plate.
    Rates(counts: &[u32], outside: f64) {
        outside ~ Normal(0.0, 2.0);
        for &count in counts {
            ln_rate ~ Normal(0.0, SPREAD);
            count ~ PoissonLog(ln_rate);
        }
    }
}

model! {
    /// The same with a mean in common, of which something is known outside the plate.
    Shared(counts: &[u32], outside: f64) {
        mean ~ Normal(0.0, 1.0);
        outside ~ Normal(mean, 2.0);
        for &count in counts {
            ln_rate ~ Normal(mean, SPREAD);
            count ~ PoissonLog(ln_rate);
        }
    }
}

fn ln_normal(x: f64, mean: f64, sd: f64) -> f64 {
    -0.5 * ((x - mean) / sd).powi(2) - sd.ln() - 0.5 * (2.0 * PI).ln()
}

/// ln p(count | mean), and mean and sd of its ln_rate, by the trapezoidal rule.
fn of_count(count: u32, mean: f64) -> (f64, f64, f64) {
    let points = || {
        (0..8000_i32).map(|k| {
            let x = mean + 0.0025 * f64::from(k - 4000);
            let k = f64::from(count);
            (x, 0.0025 * (ln_normal(x, mean, SPREAD) + k * x - x.exp() - ln_gamma(k + 1.0)).exp())
        })
    };
    let z: f64 = points().map(|(_, f)| f).sum();
    let first = points().map(|(x, f)| x * f).sum::<f64>() / z;
    let second = points().map(|(x, f)| (x - first) * (x - first) * f).sum::<f64>() / z;
    (z.ln(), first, second.sqrt())
}

/// The evidence, and the posteriors of `ln_rate`, are those by quadrature when the mean is `mean`.
fn assert_exact<M: Model>(fit: &Fit<M>, (mean, ln_outside): (f64, f64), ln_rate: impl Fn(usize) -> hierarch::Summary) {
    let exact = ln_outside + COUNTS.iter().map(|&count| of_count(count, mean).0).sum::<f64>();
    let evidence = fit.evidence().expect("it ran");
    let error = evidence.ln_evidence_error;
    assert!(error > 0.0 && error < 0.01, "{evidence:?}");
    assert!((evidence.ln_evidence - exact).abs() < 4.0 * error, "{evidence:?}, but {exact}");
    for (i, &count) in COUNTS.iter().enumerate() {
        let ((_, mean, sd), found) = (of_count(count, mean), ln_rate(i));
        // 2000 draws: a mean has an error of 0.022 sd, an sd one of 1.6%
        assert!((found.mean - mean).abs() < 0.1 * sd, "{count}: {found}, but {mean} +- {sd}");
        assert!((found.sd / sd - 1.0).abs() < 0.07, "{count}: {found}, but {mean} +- {sd}");
    }
}

#[test]
fn the_evidence_without_globals_agrees_with_quadrature() {
    let fit = Rates::new(&COUNTS, OUTSIDE).fit().expect("valid");
    assert!(fit.trust().is_reliable, "{fit}");
    assert_exact(&fit, (0.0, ln_normal(OUTSIDE, 0.0, 2.0)), |i| fit.local(i).ln_rate);
}

#[test]
fn the_evidence_at_a_point_agrees_with_quadrature() {
    let options = Options { global: GlobalFactor::Point, ..Options::default() };
    let fit = Shared::new(&COUNTS, OUTSIDE).fit_with(&options).expect("valid");
    let mean = fit.global().mean.mean;
    assert_exact(&fit, (mean, ln_normal(OUTSIDE, mean, 2.0)), |i| fit.local(i).ln_rate);
}
