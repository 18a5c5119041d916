//! Posteriors against exact ones: a conjugate hierarchy in closed form, three published data sets, three models whose
//! locals and likelihoods are not normal.

use crate::models::{
    self, Batting, Conjugate, EightSchools, Group, HOSPITALS, House, PUMPS, Pumps, Radon, Rats, SCHOOLS, School,
    Surgical, group,
};
use hierarch::prelude::*;
use hierarch::{Correction, Estimator, Explained, Fit, Model, Options, Parameterisation, Summary, Taken, TaskName};
use nalgebra::{DMatrix, DVector};
use std::f64::consts::PI;

const PRIOR: (f64, f64) = (1.0, 3.0);
const TAU: f64 = 1.5;
const SIGMA: f64 = 0.8;

/// The exact posterior of [`Conjugate`]: a normal in (mu, theta_1, ..., theta_M), or in (mu, z_1, ..., z_M) with
/// theta = mu + tau z.
struct Exact {
    mean: DVector<f64>,
    covariance: DMatrix<f64>,
    ln_evidence: f64,
}

impl Exact {
    /// By conditioning the joint normal of latents and data on the data: x ~ N(m, C), y = A x + noise.
    fn of(groups: &[Group], non_centred: bool) -> Self {
        let n = groups.len() + 1;
        // x = B (mu, z)
        let to_x = DMatrix::from_fn(n, n, |r, c| match (r, c) {
            (0, 0) => 1.0,
            (_, 0) if !non_centred => 1.0,
            (r, c) if r == c => {
                if non_centred {
                    1.0
                } else {
                    TAU
                }
            }
            _ => 0.0,
        });
        let prior = DMatrix::from_diagonal(&DVector::from_fn(n, |i, _| if i == 0 { PRIOR.1 * PRIOR.1 } else { 1.0 }));
        let covariance = &to_x * prior * to_x.transpose();
        let mean = DVector::from_fn(n, |i, _| if i == 0 || !non_centred { PRIOR.0 } else { 0.0 });
        let data: Vec<(usize, f64)> =
            groups.iter().enumerate().flat_map(|(i, g)| g.ys.iter().flatten().map(move |&y| (i, y))).collect();
        let a = DMatrix::from_fn(data.len(), n, |r, c| match (data[r].0 + 1 == c, c, non_centred) {
            (true, _, true) => TAU,
            (true, _, false) | (_, 0, true) => 1.0,
            _ => 0.0,
        });
        let y = DVector::from_iterator(data.len(), data.iter().map(|d| d.1));
        let noise = DMatrix::identity(data.len(), data.len()) * (SIGMA * SIGMA);
        let total = &a * &covariance * a.transpose() + noise;
        let root = total.cholesky().expect("positive definite");
        let away = y - &a * &mean;
        let gain = &covariance * a.transpose() * root.inverse();
        let ln_det: f64 = root.l().diagonal().iter().map(|d| 2.0 * d.ln()).sum();
        let ln_evidence = -0.5 * (away.dot(&root.solve(&away)) + ln_det + data.len() as f64 * (2.0 * PI).ln());
        Self { mean: &mean + &gain * away, covariance: &covariance - &gain * &a * &covariance, ln_evidence }
    }

    /// ln p(D) - KL of the best product of normals: those of the conditional variances 1 / precision_jj.
    fn best_elbo(&self) -> f64 {
        let root = self.covariance.clone().cholesky().expect("positive definite");
        let ln_det_precision: f64 = -root.l().diagonal().iter().map(|d| 2.0 * d.ln()).sum::<f64>();
        let ln_diagonal: f64 = root.inverse().diagonal().iter().map(|d| d.ln()).sum();
        self.ln_evidence - 0.5 * (ln_diagonal - ln_det_precision)
    }

    fn sd(&self, i: usize) -> f64 {
        self.covariance[(i, i)].sqrt()
    }
}

fn assert_near(what: &str, found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{what}: {found}, not {expected} +- {tolerance}");
}

/// The mean within `mean` sds, the sd within the share `sd`.
fn assert_close(what: &str, found: Summary, (mean, sd): (f64, f64), within: (f64, f64)) {
    assert_near(&format!("mean of {what}"), found.mean, mean, within.0 * sd);
    assert_near(&format!("sd of {what}"), found.sd / sd, 1.0, within.1);
}

fn conjugate(options: &Options) -> Fit<Conjugate<'static>> {
    let groups: &'static [Group] = Box::leak(Box::new(models::groups()));
    Conjugate::new(groups, TAU, SIGMA).fit_with(options).expect("the data are valid")
}

#[test]
fn the_conjugate_hierarchy_is_solved_exactly() {
    for parameterisation in [Parameterisation::Centred, Parameterisation::NonCentred] {
        let exact = Exact::of(&models::groups(), parameterisation == Parameterisation::NonCentred);
        for estimator in [Estimator::ClosedForm, Estimator::ClosedKl, Estimator::Sampled] {
            let fit = conjugate(&Options { estimator, parameterisation, ..Options::default() });
            let what = format!("{parameterisation:?}, {estimator:?}");
            assert!(fit.verdict().is_converged(), "{what}: {}", fit.verdict());
            // a Gaussian posterior needs no more than draws with the first two moments of the normal
            assert_near(&format!("{what}: ELBO"), fit.elbo().total(), exact.best_elbo(), 1e-8);
            assert!(fit.elbo().total() < exact.ln_evidence);
            let guide = fit.guide();
            let precision = exact.covariance.clone().try_inverse().expect("positive definite");
            for (i, (loc, ln_scale)) in std::iter::zip(&guide.global.loc, &guide.global.ln_scale)
                .chain(std::iter::zip(&guide.local.loc, &guide.local.ln_scale))
                .enumerate()
            {
                assert_near(&format!("{what}: mean {i}"), *loc, exact.mean[i], 1e-6);
                assert_near(&format!("{what}: sd {i}"), ln_scale.exp(), precision[(i, i)].sqrt().recip(), 1e-6);
            }
            let evidence = fit.evidence().expect("corrected by default");
            assert!(evidence.ln_evidence_error < 0.05, "{what}: {evidence:?}");
            let off = (evidence.ln_evidence - exact.ln_evidence).abs();
            assert!(off < 4.0 * evidence.ln_evidence_error, "{what}: {evidence:?} but {}", exact.ln_evidence);
        }
    }
}

#[test]
fn the_better_parameterisation_is_chosen() {
    let fit = conjugate(&Options::default());
    let [centred, non_centred] = [false, true].map(|written| Exact::of(&models::groups(), written).best_elbo());
    assert_near("ELBO", fit.elbo().total(), centred.max(non_centred), 1e-8);
    assert_eq!(fit.non_centred().count(), usize::from(non_centred > centred));
    let closed = |site| Explained { site, taken: Taken::ClosedForm };
    assert_eq!(fit.explain(), [closed("mu"), closed("theta"), closed("y")]);
}

#[test]
fn corrected_posteriors_of_the_conjugate_hierarchy_are_exact_up_to_their_draws() {
    let exact = Exact::of(&models::groups(), false);
    let fit = conjugate(&Options::default());
    assert!(fit.trust().is_reliable, "{:?}", fit.trust());
    let linear = fit.uncorrected(Correction::LinearResponse);
    // 2000 draws: a mean has an error of 0.022 sd, an sd one of 1.6%
    assert_close("mu, importance", fit.global().mu, (exact.mean[0], exact.sd(0)), (0.1, 0.06));
    assert_close("mu, linear response", linear.global().mu, (exact.mean[0], exact.sd(0)), (1e-6, 1e-3));
    for i in 0..4 {
        let expected = (exact.mean[i + 1], exact.sd(i + 1));
        assert_close(&format!("theta {i}, importance"), fit.local(i).theta, expected, (0.1, 0.06));
        assert_close(&format!("theta {i}, linear response"), linear.local(i).theta, expected, (0.1, 0.06));
    }
    let covariance = exact.covariance[(1, 2)];
    let product = fit.marginal(|d| (d.local[0].theta - exact.mean[1]) * (d.local[1].theta - exact.mean[2])).mean;
    assert_near("covariance of two tasks", product, covariance, 0.1 * exact.sd(1) * exact.sd(2));
}

#[test]
fn the_mean_field_guide_has_the_terms_it_should() {
    for estimator in [Estimator::ClosedForm, Estimator::ClosedKl, Estimator::Sampled] {
        let fit = conjugate(&Options { estimator, parameterisation: Parameterisation::Centred, ..Options::default() });
        let (guide, elbo) = (fit.guide(), fit.elbo());
        let (mu, mu_variance) = (guide.global.loc[0], (2.0 * guide.global.ln_scale[0]).exp());
        let kl = |loc: f64, variance: f64, prior: (f64, f64), spread: f64| {
            let away = (loc - prior.0).powi(2) + variance + spread;
            prior.1.ln() - 0.5 * variance.ln() + away / (2.0 * prior.1 * prior.1) - 0.5
        };
        assert_near("global KL", elbo.global_kl, kl(mu, mu_variance, PRIOR, 0.0), 1e-9);
        assert_near("no data outside the plate", elbo.global_reconstruction, 0.0, 0.0);
        for (i, group) in models::groups().iter().enumerate() {
            let (loc, variance) = (guide.local.loc[i], (2.0 * guide.local.ln_scale[i]).exp());
            assert_near("local KL", elbo.local_kl[i], kl(loc, variance, (mu, TAU), mu_variance), 1e-9);
            let expected =
                |y: &f64| -0.5 * (2.0 * PI).ln() - SIGMA.ln() - ((y - loc).powi(2) + variance) / (2.0 * SIGMA * SIGMA);
            let reconstruction: f64 = group.ys.iter().flatten().map(expected).sum();
            assert_near("reconstruction", elbo.reconstruction[i], reconstruction, 1e-9);
        }
    }
}

/// E[ln Normal(y | mean, e^r)] with independent normals: (mean, variance) of the mean's and of r.
fn expected_ln_normal(y: (f64, f64), mean: (f64, f64), r: (f64, f64)) -> f64 {
    let away = (y.0 - mean.0).powi(2) + y.1 + mean.1;
    -0.5 * (2.0 * PI).ln() - r.0 - 0.5 * (-2.0 * r.0 + 2.0 * r.1).exp() * away
}

#[test]
fn non_centred_hierarchies_are_taken_in_closed_form() {
    let counties = models::counties();
    let options = Options {
        parameterisation: Parameterisation::NonCentred,
        correction: Correction::LinearResponse,
        ..Options::default()
    };
    let fit = Radon::new(&counties).fit_with(&options).expect("valid");
    assert!(fit.explain().iter().all(|site| site.taken == Taken::ClosedForm), "{:?}", fit.explain());
    assert_eq!(fit.non_centred().collect::<Vec<_>>(), ["alpha"]);
    // 256 draws at the maximum of the exact ELBO, which is not that of the sampled one
    let sampled = Options { estimator: Estimator::ClosedKl, draws: 256, most_draws: 256, ..options };
    let sampled = Radon::new(&counties).fit_with(&sampled).expect("valid");
    assert_near("ELBO", fit.elbo().total(), sampled.elbo().total(), 0.1);
}

model! {
    /// Non-centred by hand.
    ByHand(schools: &[School]) {
        mu ~ Normal(0.0, 5.0);
        tau ~ HalfCauchy(5.0);
        for school in schools {
            z ~ Normal(0.0, 1.0);
            school.effect ~ Normal(mu + tau * z, school.std_error);
        }
    }
}

#[test]
fn what_is_non_centred_by_hand_has_the_same_evidence() {
    let by_hand = ByHand::new(&SCHOOLS).fit().expect("valid");
    let closed = |name| Explained { site: name, taken: Taken::ClosedForm };
    assert_eq!(by_hand.explain()[2..], [closed("z"), closed("school.effect")]);
    let fit = EightSchools::new(&SCHOOLS).fit().expect("valid");
    let [by_hand, written] = [by_hand.evidence(), fit.evidence()].map(|evidence| evidence.expect("corrected"));
    let error = by_hand.ln_evidence_error.hypot(written.ln_evidence_error);
    assert!((by_hand.ln_evidence - written.ln_evidence).abs() < 4.0 * error, "{by_hand:?} and {written:?}");
    assert!(error < 0.1, "{error}");
}

#[test]
fn terms_with_unknown_scales_are_exact() {
    let counties = models::counties();
    let options = Options { parameterisation: Parameterisation::Centred, ..Options::default() };
    let fit = Radon::new(&counties).fit_with(&options).expect("valid");
    let closed =
        fit.explain().iter().filter(|site| site.taken == Taken::ClosedForm).map(|site| site.site).collect::<Vec<_>>();
    assert!(closed.contains(&"alpha") && closed.contains(&"house.log_radon"), "{closed:?}");
    let (guide, elbo) = (fit.guide(), fit.elbo());
    let moments = |loc: f64, ln_scale: f64| (loc, (2.0 * ln_scale).exp());
    let global: Vec<(f64, f64)> =
        std::iter::zip(&guide.global.loc, &guide.global.ln_scale).map(|(&l, &s)| moments(l, s)).collect();
    let [mu_alpha, sigma_alpha, uranium, floor, sigma_y] = global[..] else { panic!("five globals") };
    for (i, county) in counties.iter().enumerate() {
        let alpha = moments(guide.local.loc[i], guide.local.ln_scale[i]);
        let entropy = 0.5 * (2.0 * PI * alpha.1).ln() + 0.5;
        let kl = -entropy - expected_ln_normal(alpha, mu_alpha, sigma_alpha);
        assert_near("local KL", elbo.local_kl[i], kl, 1e-9);
        let u = county.log_uranium;
        let house = |&House { floor: x, log_radon }: &House| {
            let mean = alpha.0 + uranium.0 * u + floor.0 * x;
            let variance = alpha.1 + uranium.1 * u * u + floor.1 * x * x;
            expected_ln_normal((log_radon, 0.0), (mean, variance), sigma_y)
        };
        let reconstruction: f64 = county.houses.iter().map(house).sum();
        assert_near("reconstruction", elbo.reconstruction[i], reconstruction, 1e-8);
    }
    // published figure of the mean-field optimum with these constants
    let best = Radon::new(&counties).fit().expect("valid").elbo().total();
    assert_near("ELBO of radon", best, -1046.73, 0.05);
}

model! {
    /// One latent, outside any plate.
    Mean(ys: &[f64]) {
        mu ~ Normal(1.0, 3.0);
        for &y in ys {
            y ~ Normal(mu, 0.8);
        }
    }
}

model! {
    /// Locals only: theta is constant.
    Separate(groups: &[Group]) {
        for group in groups {
            theta ~ Normal(1.0, 3.0);
            for y in &group.ys {
                y ~ Normal(theta, 0.8);
            }
        }
    }
}

/// ln p(ys) with a normal mean of prior [`PRIOR`] and noise [`SIGMA`].
fn ln_evidence_of(ys: &[f64]) -> f64 {
    let n = ys.len();
    let total = DMatrix::from_fn(n, n, |r, c| PRIOR.1 * PRIOR.1 + if r == c { SIGMA * SIGMA } else { 0.0 });
    let root = total.cholesky().expect("positive definite");
    let away = DVector::from_iterator(n, ys.iter().map(|y| y - PRIOR.0));
    let ln_det: f64 = root.l().diagonal().iter().map(|d| 2.0 * d.ln()).sum();
    -0.5 * (away.dot(&root.solve(&away)) + ln_det + n as f64 * (2.0 * PI).ln())
}

#[test]
fn a_guide_that_can_hold_the_posterior_gives_the_evidence() {
    let ys = [1.2, 2.5, 0.4];
    for estimator in [Estimator::ClosedForm, Estimator::ClosedKl, Estimator::Sampled] {
        let options = Options { estimator, ..Options::default() };
        let fit = Mean::new(&ys).fit_with(&options).expect("valid");
        assert_near("one latent", fit.elbo().total(), ln_evidence_of(&ys), 1e-9);
        let evidence = fit.evidence().expect("corrected");
        assert!((evidence.ln_evidence - ln_evidence_of(&ys)).abs() < 4.0 * evidence.ln_evidence_error + 1e-9);
        let groups = models::groups();
        let exact: f64 =
            groups.iter().map(|g| ln_evidence_of(&g.ys.iter().flatten().copied().collect::<Vec<_>>())).sum();
        let fit = Separate::new(&groups).fit_with(&options).expect("valid");
        assert_near("locals only", fit.elbo().total(), exact, 1e-9);
        let evidence = fit.evidence().expect("corrected");
        assert_near("locals only, evidence", evidence.ln_evidence, exact, 1e-9 + 4.0 * evidence.ln_evidence_error);
        for (i, group) in groups.iter().enumerate() {
            let n = group.ys.len() as f64;
            let precision = PRIOR.1.powi(-2) + n * SIGMA.powi(-2);
            let sum: f64 = group.ys.iter().flatten().sum();
            let mean = (PRIOR.0 * PRIOR.1.powi(-2) + sum * SIGMA.powi(-2)) / precision;
            assert_close("theta", fit.local(i).theta, (mean, precision.sqrt().recip()), (0.1, 0.06));
        }
    }
}

#[test]
fn missing_data_are_predicted_by_the_exact_predictive() {
    let mut groups = models::groups();
    let exact = Exact::of(&groups, false);
    groups[1].ys.push(None);
    groups[3].ys.insert(1, None);
    let fit = Conjugate::new(&groups, TAU, SIGMA).fit().expect("valid");
    for (i, observation) in [(1, 1), (3, 1)] {
        let predictions = fit.predict(i).expect("Normal has a sampler");
        assert_eq!(predictions.len(), 1);
        let place = &predictions[0].place;
        assert_eq!(
            (place.site, place.task.as_ref(), place.observation),
            ("y", Some(&TaskName::unlabelled(i)), Some(observation))
        );
        let expected = (exact.mean[i + 1], exact.sd(i + 1).hypot(SIGMA));
        assert_close("prediction", predictions[0].summary, expected, (0.1, 0.06));
    }
    assert!(fit.predict(0).expect("nothing to draw").is_empty());
    assert_eq!(fit.replicate(3).expect("Normal has a sampler").len(), 5);
}

#[test]
fn a_new_task_is_adapted_to_and_predicted() {
    let groups = models::groups();
    let fit = Conjugate::new(&groups, TAU, SIGMA).fit().expect("valid");
    let seen = Exact::of(&groups, false);
    let new = group(&[3.5, 4.5]);
    let both = Exact::of(&[groups.clone(), vec![new.clone()]].concat(), false);
    let adapted = fit.adapt(&new).expect("valid");
    assert_close("new theta", adapted.local().theta, (both.mean[5], both.sd(5)), (0.05, 0.05));
    let mu = adapted.marginal(|draw| draw.global.mu);
    assert_close("mu", mu, (both.mean[0], both.sd(0)), (0.05, 0.05));
    assert_near(
        "its evidence",
        adapted.evidence().expect("it was adapted to").ln_evidence,
        both.ln_evidence - seen.ln_evidence,
        0.1,
    );
    // held-out data of the new task
    let held_out = group(&[4.2]);
    let all = [groups.clone(), vec![group(&[3.5, 4.5, 4.2])]].concat();
    let expected = Exact::of(&all, false).ln_evidence - both.ln_evidence;
    assert_near("held-out data", adapted.ln_predictive(&held_out).expect("valid"), expected, 0.05);
    // of tasks of the fit
    let mut more = groups.clone();
    more[1].ys.push(Some(2.0));
    let expected = Exact::of(&more, false).ln_evidence - seen.ln_evidence;
    assert_near("seen task", fit.seen(1).ln_predictive(&group(&[2.0])).expect("valid"), expected, 0.05);
    // nothing known of it
    let unknown = fit.predict_new(&Group { ys: vec![None; 2] }).expect("Normal has a sampler");
    assert_eq!(unknown.len(), 2);
    let sd = (seen.covariance[(0, 0)] + TAU * TAU + SIGMA * SIGMA).sqrt();
    assert_close("unknown task", unknown[1].summary, (seen.mean[0], sd), (0.1, 0.06));
    // data that are all missing say nothing
    let nothing = fit.adapt(&Group { ys: vec![None] }).expect("valid");
    assert_near("no evidence", nothing.evidence().expect("it was adapted to").ln_evidence, 0.0, 1e-9);
    let sd = (seen.covariance[(0, 0)] + TAU * TAU).sqrt();
    assert_close("prior given theta", nothing.local().theta, (seen.mean[0], sd), (0.05, 0.05));
}

#[test]
fn functions_of_any_size_have_summaries() {
    let fit = conjugate(&Options::default());
    let one = fit.marginal(|draw| draw.global.mu);
    for power in [1000, -900] {
        let size = 2.0_f64.powi(power);
        let sized = fit.marginal(|draw| size * draw.global.mu);
        assert_eq!((sized.mean / size, sized.sd / size, sized.q95 / size), (one.mean, one.sd, one.q95));
    }
    let largest = fit.marginal(|draw| f64::MAX * draw.global.mu.signum());
    assert!(largest.mean.is_finite() && largest.sd.is_finite() && largest.mc_error.is_finite(), "{largest:?}");
    let covariance = |size: f64| fit.covariance(|draw| size * draw.global.mu, |draw| draw.global.mu / size);
    assert_eq!(covariance(2.0_f64.powi(900)).to_bits(), covariance(1.0).to_bits());
}

#[test]
fn what_is_absorbed_is_as_if_fitted() {
    let groups = models::groups();
    let mut fit = Conjugate::new(&groups, TAU, SIGMA).fit().expect("valid");
    let new = group(&[3.5, 4.5]);
    let k_hat = fit.absorb(&new).expect("valid");
    assert!(k_hat < 0.7, "{k_hat}");
    let both = Exact::of(&[groups.clone(), vec![new]].concat(), false);
    assert_close("mu", fit.global().mu, (both.mean[0], both.sd(0)), (0.1, 0.08));
    for i in 0..4 {
        assert_close("theta", fit.local(i).theta, (both.mean[i + 1], both.sd(i + 1)), (0.1, 0.08));
    }
}

/// ln p(D) of eight schools: mu integrated in closed form, tau by the trapezoid rule in ln tau.
fn ln_evidence_of_eight_schools() -> f64 {
    let steps = 4000;
    let (low, high) = ((1e-6_f64).ln(), (1e6_f64).ln());
    let width = (high - low) / f64::from(steps);
    let integral: f64 = (0..=steps)
        .map(|k| {
            let tau = (low + width * f64::from(k)).exp();
            let total = DMatrix::from_fn(8, 8, |r, c| {
                25.0 + if r == c { tau * tau + SCHOOLS[r].std_error.powi(2) } else { 0.0 }
            });
            let root = total.cholesky().expect("positive definite");
            let y = DVector::from_fn(8, |i, _| SCHOOLS[i].effect);
            let ln_det: f64 = root.l().diagonal().iter().map(|d| 2.0 * d.ln()).sum();
            let ln_likelihood = -0.5 * (y.dot(&root.solve(&y)) + ln_det + 8.0 * (2.0 * PI).ln());
            ln_likelihood.exp() * tau * 2.0 / (PI * 5.0 * (1.0 + (tau / 5.0).powi(2)))
        })
        .sum();
    (integral * width).ln()
}

#[test]
fn the_evidence_of_eight_schools_bounds_its_elbo() {
    let exact = ln_evidence_of_eight_schools();
    for parameterisation in [Parameterisation::Centred, Parameterisation::NonCentred] {
        for estimator in [Estimator::ClosedForm, Estimator::ClosedKl, Estimator::Sampled] {
            let fit = EightSchools::new(&SCHOOLS)
                .fit_with(&Options { estimator, parameterisation, ..Options::default() })
                .expect("valid");
            let elbo = fit.elbo().total();
            // published figures of mean-field optima with these constants
            let expected = if parameterisation == Parameterisation::Centred { -33.404 } else { -31.595 };
            assert_near(&format!("{parameterisation:?}, {estimator:?}"), elbo, expected, 0.1);
            assert!(elbo < exact, "{elbo} is above {exact}");
            let evidence = fit.evidence().expect("corrected");
            assert_near("evidence", evidence.ln_evidence, exact, 4.0 * evidence.ln_evidence_error);
        }
    }
}

/// Means within 0.1 sd and sds within 10%: what `fit()` promises of these data.
const PROMISED: (f64, f64) = (0.1, 0.1);

#[test]
fn eight_schools_agree_with_quadrature() {
    let exact = models::eight_schools::exact().expect("the file is valid");
    let fit = EightSchools::new(&SCHOOLS).fit().expect("valid");
    assert!(fit.verdict().is_converged());
    assert_close("mu", fit.global().mu, (exact.mu_mean, exact.mu_sd), PROMISED);
    assert_close("tau", fit.global().tau, (exact.tau_mean, exact.tau_sd), PROMISED);
    for i in 0..8 {
        let theta = (exact.theta_mean[i], exact.theta_sd[i]);
        assert_close(&format!("theta {i}"), fit.local(i).theta, theta, PROMISED);
    }
}

#[test]
fn radon_agrees_with_a_long_nuts_run() {
    let models::radon::Reference { mean, sd } = models::radon::reference().expect("the file is valid");
    let counties = models::counties();
    let fit = Radon::new(&counties).fit().expect("valid");
    assert!(fit.verdict().is_converged() && fit.trust().is_reliable, "{:?}", fit.trust());
    let linear = fit.uncorrected(Correction::LinearResponse);
    for (global, within) in [(fit.global(), PROMISED), (linear.global(), (0.3, 0.15))] {
        assert_close("mu_alpha", global.mu_alpha, (mean.mu_alpha, sd.mu_alpha), within);
        assert_close("sigma_alpha", global.sigma_alpha, (mean.sigma_alpha, sd.sigma_alpha), within);
        assert_close("beta_uranium", global.beta_uranium, (mean.beta_uranium, sd.beta_uranium), within);
        assert_close("beta_floor", global.beta_floor, (mean.beta_floor, sd.beta_floor), within);
        assert_close("sigma_y", global.sigma_y, (mean.sigma_y, sd.sigma_y), within);
    }
    for i in 0..counties.len() {
        let alpha = (mean.alpha[i], sd.alpha[i]);
        assert_close(&format!("alpha {i}"), fit.local(i).alpha, alpha, PROMISED);
        assert_close(&format!("alpha {i}, linear"), linear.local(i).alpha, alpha, (0.3, 0.15));
    }
}

#[test]
fn rats_agree_with_a_long_nuts_run() {
    let models::rats::Reference { mean, sd } = models::rats::reference().expect("the file is valid");
    let rats = models::rats();
    let fit = Rats::new(&rats).fit().expect("valid");
    assert!(fit.verdict().is_converged() && fit.trust().is_reliable, "{:?}", fit.trust());
    let linear = fit.uncorrected(Correction::LinearResponse);
    for (global, within) in [(fit.global(), PROMISED), (linear.global(), (0.3, 0.15))] {
        assert_close("mu_alpha", global.mu_alpha, (mean.mu_alpha, sd.mu_alpha), within);
        assert_close("mu_beta", global.mu_beta, (mean.mu_beta, sd.mu_beta), within);
        assert_close("sigma_y", global.sigma_y, (mean.sigma_y, sd.sigma_y), within);
        assert_close("sigma_alpha", global.sigma_alpha, (mean.sigma_alpha, sd.sigma_alpha), within);
        assert_close("sigma_beta", global.sigma_beta, (mean.sigma_beta, sd.sigma_beta), within);
    }
    for i in 0..rats.len() {
        for (local, within) in [(fit.local(i), PROMISED), (linear.local(i), (0.3, 0.15))] {
            assert_close(&format!("alpha {i}"), local.alpha, (mean.alpha[i], sd.alpha[i]), within);
            assert_close(&format!("beta {i}"), local.beta, (mean.beta[i], sd.beta[i]), within);
        }
    }
}

/// Exact by quadrature over (alpha, beta), 1501 x 1501 points in logarithms, rates integrated in closed form.
#[test]
fn pumps_agree_with_quadrature() {
    let fit = Pumps::new(&PUMPS).fit().expect("valid");
    assert_close("alpha", fit.global().alpha, (0.697_169, 0.270_775), PROMISED);
    assert_close("beta", fit.global().beta, (0.926_807, 0.542_821), PROMISED);
    let rates = [
        (0.059_818, 0.025_198),
        (0.101_826, 0.079_449),
        (0.089_242, 0.037_577),
        (0.115_788, 0.030_258),
        (0.601_338, 0.316_011),
        (0.609_388, 0.137_529),
        (0.892_536, 0.724_420),
        (0.892_536, 0.724_420),
        (1.586_312, 0.769_518),
        (1.989_835, 0.424_987),
    ];
    for (i, rate) in rates.into_iter().enumerate() {
        assert_close(&format!("rate {i}"), fit.local(i).rate, rate, PROMISED);
    }
    bounded_by(&fit, -36.577_695);
}

/// Exact by quadrature over (mu, ln tau), 241 x 301 points, and over each theta given them, 1801 points.
/// Of [`Surgical`]: means and standard deviations of mu, tau and each theta.
pub(crate) const SURGICAL: [(f64, f64); 14] = [
    (-2.540_632, 0.161_037),
    (0.383_933, 0.160_733),
    (-3.201_550, 0.802_467),
    (-2.170_702, 0.246_258),
    (-2.605_373, 0.272_946),
    (-2.772_005, 0.143_434),
    (-2.975_136, 0.302_616),
    (-2.619_332, 0.232_105),
    (-2.666_406, 0.263_731),
    (-1.930_533, 0.210_387),
    (-2.607_024, 0.226_053),
    (-2.492_792, 0.278_580),
    (-2.180_813, 0.196_886),
    (-2.622_449, 0.184_603),
];

#[test]
fn surgical_agrees_with_quadrature() {
    // the sd of theta 0, of which no operation failed, is known to 4% by a default fit
    let options = Options { posterior_draws: 4000, ..Options::default() };
    let fit = Surgical::new(&HOSPITALS).fit_with(&options).expect("valid");
    let [mu, tau, thetas @ ..] = SURGICAL;
    assert_close("mu", fit.global().mu, mu, PROMISED);
    assert_close("tau", fit.global().tau, tau, PROMISED);
    for (i, theta) in thetas.into_iter().enumerate() {
        assert_close(&format!("theta {i}"), fit.local(i).theta, theta, PROMISED);
    }
    bounded_by(&fit, -44.053_543);
}

#[test]
fn baseball_agrees_with_quadrature() {
    let season = models::baseball::season().expect("the file is valid");
    let exact = &season.beta_binomial_exact;
    let fit = Batting::new(&season.hits, season.at_bats).fit().expect("valid");
    assert_close("phi", fit.global().phi, (exact.phi_mean, exact.phi_sd), PROMISED);
    // kappa has no variance to speak of; its median has a Monte Carlo error of a few percent
    assert_near("median of kappa", fit.global().kappa.q50 / 64.078, 1.0, 0.12);
    for i in 0..season.hits.len() {
        let theta = (exact.theta_mean[i], exact.theta_sd[i]);
        assert_close(&format!("theta {i}"), fit.local(i).theta, theta, PROMISED);
    }
}

fn bounded_by<M: Model>(fit: &Fit<M>, exact: f64) {
    assert!(fit.elbo().total() < exact, "the ELBO is {} but ln p(D) {exact}", fit.elbo().total());
    let evidence = fit.evidence().expect("corrected");
    assert_near("evidence", evidence.ln_evidence, exact, 4.0 * evidence.ln_evidence_error);
    assert!(evidence.ln_evidence_error < 0.1, "{evidence:?}");
}

model! {
    /// A trend over years that nobody has centred.
    Trend(points: &[(f64, f64)]) {
        level ~ Normal(0.0, 1000.0);
        slope ~ Normal(0.0, 1.0);
        for &(year, y) in points {
            y ~ Normal(level + slope * year, 0.5);
        }
    }
}

/// Level and slope are correlated to one part in a million: mean-field sds are off by a factor of hundreds.
#[test]
fn a_covariate_need_not_be_centred() {
    let points: Vec<(f64, f64)> =
        (0..12).map(|k| (2000.0 + f64::from(k), 0.3 * f64::from(k) + (2.0 * f64::from(k)).sin())).collect();
    let fit = Trend::new(&points).fit().expect("valid");
    let mut precision = DMatrix::from_diagonal(&DVector::from_column_slice(&[1e-6, 1.0]));
    let mut right = DVector::zeros(2);
    for &(year, y) in &points {
        let x = DVector::from_column_slice(&[1.0, year]);
        precision += &x * x.transpose() * 4.0;
        right += x * (4.0 * y);
    }
    let covariance = precision.try_inverse().expect("positive definite");
    let mean = &covariance * right;
    assert!(fit.verdict().is_converged() && fit.trust().is_reliable, "{fit}");
    let global = fit.global();
    assert_close("level", global.level, (mean[0], covariance[(0, 0)].sqrt()), PROMISED);
    assert_close("slope", global.slope, (mean[1], covariance[(1, 1)].sqrt()), PROMISED);
    let linear = fit.uncorrected(Correction::LinearResponse).global();
    assert_close("slope, linear response", linear.slope, (mean[1], covariance[(1, 1)].sqrt()), PROMISED);
    assert!(fit.uncorrected(Correction::MeanField).global().slope.sd < 0.01 * covariance[(1, 1)].sqrt());
}

model! {
    /// One number a task: the data tell the sum of two variances, and the posterior of the two is bent around a corner.
    OneEach(ys: &[f64]) {
        mu ~ Normal(0.0, 3.0);
        tau ~ HalfNormal(1.0);
        sigma ~ HalfNormal(1.0);
        for y in ys {
            theta ~ Normal(mu, tau);
            y ~ Normal(theta, sigma);
        }
    }
}

/// Mean and standard deviation of either scale, by quadrature with mu integrated out: y_i ~ N(mu, tau^2 + sigma^2).
fn scales_of(ys: &[f64]) -> (f64, f64) {
    const CELLS: u32 = 600;
    let n = ys.len() as f64;
    let mean = ys.iter().sum::<f64>() / n;
    let squares: f64 = ys.iter().map(|y| (y - mean).powi(2)).sum();
    let at = |k: u32| 3.0 * (f64::from(k) + 0.5) / f64::from(CELLS);
    let mut sums = [0.0; 3];
    for (tau, sigma) in (0..CELLS).flat_map(|i| (0..CELLS).map(move |j| (at(i), at(j)))) {
        let v = tau * tau + sigma * sigma;
        let of_mean = v / n + 9.0;
        let ln_density = -0.5 * ((n - 1.0) * v.ln() + squares / v + of_mean.ln() + mean * mean / of_mean + v);
        let weight = (ln_density + 30.0).exp();
        for (sum, power) in sums.iter_mut().zip([1.0, tau, tau * tau]) {
            *sum += weight * power;
        }
    }
    let mean = sums[1] / sums[0];
    (mean, (sums[2] / sums[0] - mean * mean).sqrt())
}

#[test]
fn a_bent_posterior_is_found_whole() {
    let ys: Vec<f64> = (0..50).map(|k| 2.0 + 1.4 * (f64::from(k * k) * 0.7).sin()).collect();
    let exact = scales_of(&ys);
    let mut reliable = 0;
    for seed in 0..4 {
        let fit = OneEach::new(&ys).fit_with(&Options { seed, ..Options::default() }).expect("valid");
        reliable += u32::from(fit.trust().is_reliable);
        assert_close(&format!("tau, seed {seed}"), fit.global().tau, exact, (0.15, 0.12));
        assert_close(&format!("sigma, seed {seed}"), fit.global().sigma, exact, (0.15, 0.12));
    }
    assert!(reliable >= 2, "{reliable} of 4 are reliable");
}
