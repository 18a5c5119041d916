//! Where climbs end, and what they say of it: saddles are left, what runs away is named, draws are enough.

use crate::models::{EightSchools, Group, HOSPITALS, SCHOOLS, Surgical, group};
use hierarch::prelude::*;
use hierarch::{Correction, DrawsError, Estimator, GlobalFactor, Optimiser, Options, Parameterisation};
use std::f64::consts::PI;

model! {
    /// One factor: at w = 0 and f = 0 the gradient vanishes, but the ELBO rises along w f > 0.
    Factor(ys: &[f64]) {
        w ~ Normal(0.0, 1.0);
        for y in ys {
            f ~ Normal(0.0, 1.0);
            y ~ Normal(w * f, 0.5);
        }
    }
}

/// Data of about that standard deviation, whose squares say that w is not 0.
fn factor_scores(sd: f64) -> Vec<f64> {
    (0..20).map(|i| sd * (2.0 * (f64::from(i) * 2.3).sin() + f64::from(i % 3 - 1)) / 1.6).collect()
}

#[test]
fn saddles_are_left() {
    let optimisers = [Optimiser::Newton, Optimiser::Lbfgs, Optimiser::Em];
    for (sd, optimiser) in [1.0, 1.5, 5.0].into_iter().flat_map(|sd| optimisers.clone().map(|o| (sd, o))) {
        let ys = factor_scores(sd);
        for (global, parameterisation) in [
            (GlobalFactor::MeanField, Parameterisation::Auto),
            (GlobalFactor::MeanField, Parameterisation::Centred),
            (GlobalFactor::Point, Parameterisation::Centred),
        ] {
            let name = format!("{optimiser:?}, {global:?}, {parameterisation:?}, {sd}");
            let options = Options { optimiser: optimiser.clone(), global, parameterisation, ..Options::default() };
            let fit = Factor::new(&ys).fit_with(&options).expect("the data are valid");
            assert!(fit.verdict().is_converged(), "{name}: {}", fit.verdict());
            assert!(fit.guide().global.loc[0].abs() > 0.3 * sd, "{name}: {:?}", fit.guide().global);
            assert!(optimiser != Optimiser::Newton || fit.iterations() < 120, "{name}: {} steps", fit.iterations());
        }
    }
}

#[test]
fn a_climb_that_ends_at_a_saddle_says_so() {
    let ys = factor_scores(1.5);
    let mut said = 0;
    for steps in 0..10 {
        // at w = 0 an M-step finds no gradient
        let options = Options {
            max_iterations: Some(steps),
            optimiser: Optimiser::Em,
            global: GlobalFactor::Point,
            parameterisation: Parameterisation::Centred,
            ..Options::default()
        };
        let fit = Factor::new(&ys).fit_with(&options).expect("the data are valid");
        let is_out = fit.guide().global.loc[0].abs() > 0.5;
        assert!(!fit.verdict().is_converged() || is_out, "{steps} steps: {fit}");
        said += usize::from(fit.verdict().to_string().contains("a saddle of the ELBO"));
    }
    assert!(said > 0);
}

model! {
    /// Nothing keeps sigma from 0 where the data are equal.
    Equal(ys: &[f64]) {
        mu ~ Normal(0.0, 10.0);
        sigma ~ Flat(Positive);
        for y in ys {
            y ~ Normal(mu, sigma);
        }
    }
}

model! {
    /// Nothing keeps the spread of a task from 0 where its data are equal.
    EqualTasks(groups: &[Group]) {
        mu ~ Normal(0.0, 10.0);
        for group in groups {
            spread ~ Flat(Positive);
            for y in &group.ys {
                y ~ Normal(mu, spread);
            }
        }
    }
}

model! {
    /// Flat priors.
    Logistic(points: &[(f64, bool)]) {
        a ~ Flat(RealLine);
        b ~ Flat(RealLine);
        for &(x, y) in points {
            y ~ BernoulliLogit(a + b * x);
        }
    }
}

#[test]
fn what_runs_away_is_named() {
    let fit = Equal::new(&[1.0; 6]).fit().expect("the data are valid");
    let verdict = fit.verdict().to_string();
    assert!(!fit.verdict().is_converged() && verdict.contains("`sigma`"), "{verdict}");
    assert!(verdict.contains("improper") && verdict.contains("a proper prior on `sigma`"), "{verdict}");
    let groups = [group(&[1.0, 2.0, 1.5]), group(&[0.5, 0.9]), group(&[0.7, 0.7, 0.7]), group(&[0.1, 1.9])];
    let fit = EqualTasks::new(&groups).fit().expect("the data are valid");
    let verdict = fit.verdict().to_string();
    assert!(!fit.verdict().is_converged() && verdict.contains("`spread` of task 2"), "{verdict}");
    let points = [(-2.0, false), (-1.0, false), (-0.5, false), (0.7, true), (1.0, true), (3.0, true)];
    for global in [GlobalFactor::MeanField, GlobalFactor::Point] {
        let options = Options { global, ..Options::default() };
        let fit = Logistic::new(&points).fit_with(&options).expect("the data are valid");
        let verdict = fit.verdict().to_string();
        assert!(!fit.verdict().is_converged() && verdict.contains("improper"), "{global:?}: {verdict}");
        assert!(verdict.contains("`a`") || verdict.contains("`b`"), "{global:?}: {verdict}");
    }
}

#[test]
fn no_iterations_end_where_they_start() {
    for optimiser in [Optimiser::Em, Optimiser::Newton, Optimiser::Lbfgs] {
        let options = Options { optimiser, max_iterations: Some(0), ..Options::default() };
        let fit = EightSchools::new(&SCHOOLS).fit_with(&options).expect("valid");
        assert!(!fit.verdict().is_converged(), "{fit}");
    }
}

model! {
    /// Densities that are infinite at the ends of their supports.
    Poles(counts: &[u32]) {
        share ~ Beta(0.5, 0.5);
        for count in counts {
            rate ~ Gamma(0.3, 1.0);
            count ~ Poisson(10.0 * share * rate);
        }
    }
}

#[test]
fn a_density_that_is_infinite_at_zero_is_no_obstacle() {
    let counts = [0, 3, 0, 1, 12, 0, 0, 5];
    for random_start in [None, Some(1), Some(2), Some(3)] {
        let options = Options { random_start, ..Options::default() };
        let fit = Poles::new(&counts).fit_with(&options).expect("the data are valid");
        assert!(fit.verdict().is_converged() && fit.trust().is_reliable, "start {random_start:?}: {fit}");
        assert!((0.0..1.0).contains(&fit.global().share.mean), "{fit}");
    }
}

#[test]
fn the_set_of_draws_grows_where_it_is_too_small() {
    // each task's likelihood is far narrower than what a dozen draws can see
    let options = Options { draws: 4, estimator: Estimator::ClosedKl, ..Options::default() };
    let few = Surgical::new(&HOSPITALS).fit_with(&options).expect("valid");
    let DrawsError { draws, error, .. } = few.draws_error();
    assert!(draws > 4 && error <= 0.05 && few.verdict().is_converged(), "{few}");
    let held = Options { most_draws: 4, ..options };
    let held = Surgical::new(&HOSPITALS).fit_with(&held).expect("valid");
    let DrawsError { draws, error, .. } = held.draws_error();
    assert!(draws == 4 && error > 0.05, "{held}");
}

model! {
    /// Normal means of unknown spread, without priors: the marginal likelihood has its maximum in closed form.
    Means(groups: &[Group], sigma: f64) {
        mu ~ Flat(RealLine);
        tau ~ Flat(Positive);
        for group in groups {
            theta ~ Normal(mu, tau);
            for y in &group.ys {
                y ~ Normal(theta, sigma);
            }
        }
    }
}

/// The mean of group i is N(mu, tau^2 + sigma^2 / n), so that at the maximum mu is the mean of these means and
/// tau^2 + sigma^2 / n their mean square about it.
#[test]
fn em_ends_at_the_maximum_of_the_marginal_likelihood() {
    const SIGMA: f64 = 0.8;
    let ys = [[0.1, 0.7, -0.2], [1.4, 1.1, 1.9], [-0.8, -0.5, -1.3], [2.4, 3.2, 1.9], [0.0, -0.3, 0.6]];
    let groups = ys.map(|ys| group(&ys));
    let options = Options {
        global: GlobalFactor::Point,
        optimiser: Optimiser::Em,
        parameterisation: Parameterisation::Centred,
        correction: Correction::MeanField,
        ..Options::default()
    };
    let fit = Means::new(&groups, SIGMA).fit_with(&options).expect("valid");
    assert!(fit.verdict().is_converged(), "{fit}");
    assert!(fit.trace().len() > 10, "{:?}", fit.trace());
    for pair in fit.trace().windows(2) {
        assert!(pair[1] >= pair[0] - 1e-12 * pair[0].abs(), "a step lowers the ELBO: {pair:?}");
    }
    let n = ys[0].len() as f64;
    let means = ys.map(|ys| ys.iter().sum::<f64>() / n);
    let mu = means.iter().sum::<f64>() / means.len() as f64;
    let variance = means.iter().map(|m| (m - mu).powi(2)).sum::<f64>() / means.len() as f64;
    let tau = (variance - SIGMA * SIGMA / n).sqrt();
    let near =
        |what: &str, found: f64, exact: f64| assert!((found - exact).abs() < 1e-5, "{what}: {found}, not {exact}");
    near("mu", fit.guide().global.loc[0], mu);
    near("ln tau", fit.guide().global.loc[1], tau.ln());
    // ln p(D): the mean of a group, and what its data are about it
    let ln_normal = |x: f64, variance: f64| -0.5 * (x * x / variance + (2.0 * PI * variance).ln());
    let of_group = |(ys, mean): (&[f64; 3], f64)| {
        let within: f64 = ys.iter().map(|y| ln_normal(y - mean, SIGMA * SIGMA)).sum();
        within + 0.5 * (2.0 * PI * SIGMA * SIGMA / n).ln() + ln_normal(mean - mu, variance)
    };
    let ln_likelihood: f64 = ys.iter().zip(means).map(of_group).sum();
    assert!((fit.elbo().total() - ln_likelihood).abs() < 1e-9, "{} and {ln_likelihood}", fit.elbo().total());
}
