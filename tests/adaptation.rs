//! Tasks never seen: against fits with the task among the data, and against closed forms.

use crate::models::{self, County, EightSchools, HOSPITALS, Hospital, House, Radon, SCHOOLS, School, Surgical};
use hierarch::prelude::*;
use hierarch::{AdaptOptions, Correction, Fit, GlobalFactor, Options, Summary};
use std::f64::consts::PI;
use std::sync::Arc;

fn assert_near(what: &str, found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{what}: {found}, not {expected} +- {tolerance}");
}

/// The mean within `mean` sds, the sd within the share `sd`.
fn assert_close(what: &str, found: Summary, expected: Summary, (mean, sd): (f64, f64)) {
    assert_near(&format!("mean of {what}"), found.mean, expected.mean, mean * expected.sd);
    assert_near(&format!("sd of {what}"), found.sd / expected.sd, 1.0, sd);
}

/// Eight times the draws of the default.
fn long() -> Options {
    Options { posterior_draws: 8000, ..Options::default() }
}

#[test]
fn a_county_is_adapted_to_as_if_fitted() {
    let counties = models::counties();
    let with = Radon::new(&counties).fit_with(&long()).expect("valid");
    // 4, 52 and 1 houses
    for county in [0, 1, 41] {
        let rest: Vec<County> =
            counties.iter().enumerate().filter(|(i, _)| *i != county).map(|c| c.1.clone()).collect();
        // 8000 draws: an sd has an error of 1%, and as much again from those of theta that stand for all
        let options = Options { posterior_draws: 8000, ..Options::default() };
        let fit = Radon::new(&rest).fit_with(&options).expect("valid");
        let options = AdaptOptions { global_draws: 8000, ..AdaptOptions::default() };
        let adapted = fit.adapt_with(&counties[county], &options).expect("valid");
        assert_close(&format!("alpha {county}"), adapted.local().alpha, with.local(county).alpha, (0.05, 0.06));
        let expected = with.global();
        let of_theta = [
            ("mu_alpha", adapted.marginal(|d| d.global.mu_alpha), expected.mu_alpha),
            ("sigma_alpha", adapted.marginal(|d| d.global.sigma_alpha), expected.sigma_alpha),
            ("beta_floor", adapted.marginal(|d| d.global.beta_floor), expected.beta_floor),
            ("sigma_y", adapted.marginal(|d| d.global.sigma_y), expected.sigma_y),
        ];
        for (name, found, expected) in of_theta {
            assert_close(&format!("{name} with county {county}"), found, expected, (0.06, 0.2));
        }
    }
}

#[test]
fn a_hospital_is_adapted_to_as_if_fitted() {
    let with = Surgical::new(&HOSPITALS).fit_with(&long()).expect("valid");
    for hospital in [0, 7] {
        let mut rest = HOSPITALS.to_vec();
        let new: Hospital = rest.remove(hospital);
        let expected = with.local(hospital).theta;
        let fit = Surgical::new(&rest).fit().expect("valid");
        let found = fit.adapt(&new).expect("valid").local().theta;
        assert_close(&format!("default, {hospital}"), found, expected, (0.2, 0.2));
        let options = AdaptOptions { global_draws: 2000, local_draws: 4, max_proposals: 256 };
        let found = fit.adapt_with(&new, &options).expect("valid").local().theta;
        assert_close(&format!("more draws, {hospital}"), found, expected, (0.1, 0.1));
    }
}

fn schools(seed: u64) -> Fit<EightSchools<'static>> {
    EightSchools::new(&SCHOOLS).fit_with(&Options { seed, ..Options::default() }).expect("valid")
}

/// Over 40 seeds the errors of a mean are no larger than `mc_error` says: the draws of theta are spread, so it may say
/// too much, never much too little.
#[test]
fn the_monte_carlo_error_covers_the_error() {
    let new = School { effect: 20.0, std_error: 5.0 };
    let mut all = SCHOOLS.to_vec();
    all.push(new);
    let expected = EightSchools::new(&all).fit_with(&long()).expect("valid");
    let expected = [expected.local(8).theta.mean, expected.global().mu.mean];
    let (mut squares, mut claimed) = ([0.0; 2], [0.0; 2]);
    for seed in 0..40 {
        let fit = schools(seed);
        let adapted = fit.adapt(&new).expect("valid");
        for (k, found) in [adapted.local().theta, adapted.marginal(|d| d.global.mu)].into_iter().enumerate() {
            squares[k] += (found.mean - expected[k]).powi(2) / 40.0;
            claimed[k] += found.mc_error.powi(2) / 40.0;
        }
    }
    for k in 0..2 {
        let ratio = (squares[k] / claimed[k]).sqrt();
        assert!((0.1..1.2).contains(&ratio), "{k}: {ratio}");
    }
}

#[test]
fn draws_that_share_theta_share_it() {
    let fit = schools(0);
    let new = School { effect: 20.0, std_error: 5.0 };
    let options = AdaptOptions { global_draws: 20, local_draws: 6, ..AdaptOptions::default() };
    let adapted = fit.adapt_with(&new, &options).expect("valid");
    let draws: Vec<_> = adapted.weighted_draws().collect();
    assert_eq!(draws.len(), 120);
    assert_near("sum of the weights", draws.iter().map(|d| d.1).sum(), 1.0, 1e-12);
    for cluster in draws.chunks(6) {
        assert!(
            cluster
                .iter()
                .all(|(d, w)| Arc::ptr_eq(&d.global, &cluster[0].0.global) && w.to_bits() == cluster[0].1.to_bits())
        );
    }
    assert!(!Arc::ptr_eq(&draws[0].0.global, &draws[6].0.global));
    let product = |d: &hierarch::TaskDraw<EightSchools<'_>>| d.local.theta * d.global.mu;
    let folded: f64 = draws.iter().map(|(d, w)| w * product(d)).sum();
    assert_near("one pass", folded, adapted.marginal(product).mean, 1e-12 * folded.abs());
    // for a function of theta there are 20 draws, not 120
    let mu = adapted.marginal(|d| d.global.mu);
    assert!(mu.mc_error > 0.7 * mu.sd / 20.0_f64.sqrt(), "{mu:?} +- {}", mu.mc_error);
}

/// q(theta) a point: phi has its exact posterior given theta, from as many draws as ever.
#[test]
fn given_a_point_theta_phi_is_exact() {
    let options = Options { global: GlobalFactor::Point, correction: Correction::LinearResponse, ..Options::default() };
    let counties = models::counties();
    let fit = Radon::new(&counties[..40]).fit_with(&options).expect("valid");
    let house = |floor, log_radon| House { floor, log_radon };
    let new = County { log_uranium: 0.3, houses: vec![house(0.0, 1.9), house(1.0, 0.7), house(0.0, 1.2)] };
    let theta = fit.global();
    let (noise, spread) = (theta.sigma_y.mean.powi(-2), theta.sigma_alpha.mean.powi(-2));
    let known = |floor: f64| theta.beta_uranium.mean * new.log_uranium + theta.beta_floor.mean * floor;
    let residuals: f64 = new.houses.iter().map(|house| house.log_radon - known(house.floor)).sum();
    let precision = spread + 3.0 * noise;
    let mean = (spread * theta.mu_alpha.mean + noise * residuals) / precision;
    let sd = precision.sqrt().recip();
    let found = fit.adapt(&new).expect("valid").local().alpha;
    assert_near("mean", found.mean, mean, 1e-9);
    assert_near("sd", found.sd, sd, 0.01 * sd);
    assert_near("5%", found.q05, mean - 1.644_853_6 * sd, 0.03 * sd);
    assert_near("95%", found.q95, mean + 1.644_853_6 * sd, 0.03 * sd);
}

model! {
    /// What is not positive has no logarithm: the density is not finite at 0.
    Logarithms(tasks: &[Vec<f64>]) {
        mu ~ Normal(3.0, 1.0);
        for task in tasks {
            phi ~ Normal(mu, 0.5);
            for y in task {
                y ~ Normal(phi.ln(), 0.1);
            }
        }
    }
}

#[test]
fn an_impossible_task_is_an_error() {
    let tasks = [vec![1.1, 1.0], vec![1.3, 1.2, 1.35], vec![0.9]];
    let fit = Logarithms::new(&tasks).fit().expect("valid");
    assert!(fit.adapt(&vec![f64::NAN]).is_err());
    // y ~ Normal(ln phi, 0.1) of 1e200 has density 0 wherever phi may be
    let error = fit.adapt(&vec![1e200]).err().map(|e| e.to_string());
    assert!(error.is_some_and(|e| e.contains("density 0 under every draw")));
}

#[test]
fn counts_are_absorbed_as_if_fitted() {
    let with = Surgical::new(&HOSPITALS).fit_with(&long()).expect("valid");
    let (known, new) = HOSPITALS.split_at(10);
    let mut fit = Surgical::new(known).fit_with(&long()).expect("valid");
    for hospital in new {
        assert!(fit.absorb(hospital).expect("valid") < 0.7);
    }
    assert_close("mu", fit.global().mu, with.global().mu, (0.1, 0.1));
    assert_close("tau", fit.global().tau, with.global().tau, (0.1, 0.1));
    assert_close("theta 3", fit.local(3).theta, with.local(3).theta, (0.1, 0.1));
    let (found, expected) = (fit.evidence().expect("it ran"), with.evidence().expect("it ran"));
    let error = found.ln_evidence_error.hypot(expected.ln_evidence_error);
    assert_near("ln evidence", found.ln_evidence, expected.ln_evidence, 4.0 * error);
    assert!(fit.to_string().contains("absorbed since: 2 tasks"), "{fit}");
    assert!(fit.trust().is_reliable, "{fit}");
}

#[test]
fn what_draws_cannot_tell_is_called_doubtful() {
    let mut fit = schools(0);
    let usual = School { effect: 10.0, std_error: 10.0 };
    let adapted = fit.adapt(&usual).expect("valid");
    assert!(adapted.trust().is_reliable, "{adapted}");
    // a school like none before moves theta to where it has no draws
    let strange = School { effect: 300.0, std_error: 1.0 };
    let adapted = fit.adapt(&strange).expect("valid");
    let note = "it says more of theta than the draws can tell";
    assert!(!adapted.trust().is_reliable && adapted.to_string().contains(note), "{adapted}");
    drop(adapted);
    fit.absorb(&strange).expect("valid");
    assert!(!fit.trust().is_reliable && fit.to_string().contains("of absorbed task 1: it says more"), "{fit}");
}

#[test]
fn what_many_absorbed_tasks_say_is_noted_once() {
    let mut fit = schools(0);
    let strange = School { effect: 300.0, std_error: 1.0 };
    for _ in 0..12 {
        fit.absorb(&strange).expect("valid");
    }
    let notes = &fit.trust().notes;
    let says_more = |note: &&String| note.contains("it says more of theta than the draws can tell");
    let said: Vec<_> = notes.iter().filter(says_more).collect();
    assert!(said.len() == 1 && said[0].starts_with("of absorbed task 12: "), "{notes:?}");
    assert!(notes.len() <= 2 && fit.to_string().contains("absorbed since: 12 tasks"), "{fit}");
}

#[test]
fn predictions_beyond_the_largest_number_are_that_number() {
    let fit = schools(0);
    let drawn = fit.predict_new(&School { effect: 0.0, std_error: 1e308 }).expect("valid");
    let summary = drawn[0].summary;
    assert!([summary.mean, summary.sd, summary.q05, summary.q95].iter().all(|x| x.is_finite()), "{summary:?}");
    assert!(drawn[0].draws.iter().any(|x| x.abs() >= f64::MAX), "one in ten is more than 1.8 standard deviations away");
}

model! {
    /// What is seen is not defined for every latent.
    Sums(tasks: &[Vec<(f64, f64)>]) {
        mean ~ Normal(0.0, 1.0);
        for task in tasks {
            u ~ Normal(mean, 1.0);
            for &(x, y) in task {
                y ~ Normal((u + x).ln(), 1.0);
            }
        }
    }
}

#[test]
fn draws_under_which_a_query_is_no_number_do_not_count() {
    let tasks = [vec![(9.0, 2.0)], vec![(8.0, 2.2)], vec![(9.0, 2.4)]];
    let fit = Sums::new(&tasks).fit().expect("valid");
    let adapted = fit.adapt(&vec![(9.0, 2.1)]).expect("valid");
    let found = adapted.ln_predictive(&vec![(0.5, -0.3)]).expect("valid");
    let density = |u: f64| {
        let residual = -0.3 - (u + 0.5).ln();
        if residual.is_nan() { 0.0 } else { (-0.5 * residual * residual).exp() / (2.0 * PI).sqrt() }
    };
    let expected: f64 = adapted.weighted_draws().map(|(draw, weight)| weight * density(draw.local.u)).sum();
    assert_near("ln predictive", found, expected.ln(), 1e-9);
    assert!(adapted.weighted_draws().any(|(draw, _)| draw.local.u < -0.5), "some are not defined");
}

#[test]
fn a_point_absorbs_nothing_and_says_so() {
    let options = Options { global: GlobalFactor::Point, ..Options::default() };
    let mut fit = EightSchools::new(&SCHOOLS).fit_with(&options).expect("valid");
    let error = fit.absorb(&School { effect: 20.0, std_error: 5.0 }).err().map(|e| e.to_string());
    assert_eq!(
        error.as_deref(),
        Some(
            "q(theta) is a point (`Options::global`), which a task does not move: fit anew with the task among the data"
        )
    );
}

model! {
    /// Lines with five weights, so precisely known a priori that a task's posterior has a closed form.
    Curves(tasks: &[Vec<([f64; 5], f64)>]) {
        mu ~ Normal(0.0, 0.001);
        for task in tasks {
            w[_ in 0..5] ~ Normal(mu, 1.0);
            for (x, y) in task {
                let eta = x[0] * w[0] + x[1] * w[1] + x[2] * w[2] + x[3] * w[3] + x[4] * w[4];
                y ~ Normal(eta, 0.1);
            }
        }
    }
}

/// A long query says far more of phi than the support: an average over draws of phi would miss it by many nats.
#[test]
fn the_density_of_many_points_is_exact() {
    let x = |k: u32| [1.0, 2.0, 3.0, 4.0, 5.0].map(|f: f64| (f * f64::from(k)).sin());
    let points = |from: u32, to: u32| -> Vec<([f64; 5], f64)> {
        (from..to).map(|k| (x(k), x(k)[0] - 2.0 * x(k)[3] + 0.1 * (7.0 * f64::from(k)).cos())).collect()
    };
    let tasks = [points(0, 6), points(20, 26)];
    let fit = Curves::new(&tasks).fit().expect("valid");
    let (support, query) = (points(40, 43), points(43, 73));
    let found = fit.adapt(&support).expect("valid").ln_predictive(&query).expect("valid");
    // ln p(support, query) - ln p(support), each that of a normal with covariance X X' + 0.01
    let ln_evidence = |points: &[([f64; 5], f64)]| {
        let n = points.len();
        let design = nalgebra::DMatrix::from_fn(n, 5, |r, c| points[r].0[c]);
        let covariance = &design * design.transpose() + nalgebra::DMatrix::identity(n, n) * 0.01;
        let y = nalgebra::DVector::from_iterator(n, points.iter().map(|p| p.1));
        let root = covariance.cholesky().expect("positive definite");
        let ln_det: f64 = root.l().diagonal().iter().map(|d| 2.0 * d.ln()).sum();
        -0.5 * (y.dot(&root.solve(&y)) + ln_det + n as f64 * std::f64::consts::TAU.ln())
    };
    let expected = ln_evidence(&[support.clone(), query].concat()) - ln_evidence(&support);
    assert_near("ln density of 30 points", found, expected, 0.05);
}

#[test]
fn a_function_of_draws_is_the_same_however_it_is_asked_for() {
    let fit = schools(0);
    for correction in [Correction::LinearResponse, Correction::MeanField] {
        let other = fit.uncorrected(correction);
        let asked = other.marginal(|d| d.local[3].theta);
        assert_eq!(asked, other.local(3).theta);
        let of_all = other.marginal(|d| d.local.iter().map(|l| l.theta).sum::<f64>() / d.local.len() as f64);
        let means: f64 = (0..8).map(|i| other.local(i).theta.mean / 8.0).sum();
        assert_near("mean over tasks", of_all.mean, means, 1e-12);
        let variance = other.covariance(|d| d.local[3].theta, |d| d.local[3].theta);
        assert_near("variance", variance, asked.sd * asked.sd, 1e-9);
    }
    // schools share theta, of which a mean-field guide knows nothing
    let related = fit.covariance(|d| d.local[0].theta, |d| d.local[1].theta);
    assert!(related > 5.0, "{related}");
    let unrelated = fit.uncorrected(Correction::MeanField).covariance(|d| d.local[0].theta, |d| d.global.mu);
    assert!(unrelated.abs() < 10.0, "{unrelated}");
}
