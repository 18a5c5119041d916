//! Laws of the log density: gradients against differences, the same bits in every algebra, simulate then score.

use crate::models::{
    self, Batting, Conjugate, EightSchools, HOSPITALS, PUMPS, ProperRats, Pumps, Radon, SCHOOLS, Surgical,
};
use hierarch::Joint;
use hierarch::dual::{Dual, Dual2};
use hierarch::interpret::log_density::LogDensity;
use hierarch::interpret::site_mask::SiteMask;
use hierarch::model::Model;
use hierarch::number::{Number, Real};
use hierarch::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

model! {
    /// Vectors by index, of a length that differs from task to task, some likelihoods reading globals directly.
    Ragged(tasks: &[Vec<f64>], dim: usize) {
        scale[k in 0..dim] ~ HalfNormal(1.0 + k as f64);
        mean[k in 0..dim] ~ Normal(0.0, 2.0);
        noise ~ LogNormal(0.0, 0.5);
        for ys in tasks {
            w[k in 0..ys.len()] ~ Normal(mean[k % dim], scale[k % dim]);
            z[k in 0..ys.len() + 1] ~ StudentT(4.0, if k == 0 { Real::constant(0.0) } else { z[k - 1] }, noise);
            for (k, y) in ys.iter().enumerate() {
                y ~ Normal(w[k] + z[k + 1] * z[0], noise);
            }
        }
    }
}

model! {
    /// Correlated coefficients a task.
    Correlated(tasks: &[Vec<(f64, f64)>]) {
        mean[_ in 0..3] ~ Normal(0.0, 2.0);
        scales[_ in 0..3] ~ HalfNormal(1.0);
        corr ~ LkjCholesky(3, 2.0);
        sigma ~ InverseGamma(2.0, 1.0);
        for points in tasks {
            w ~ MultivariateNormal(mean, diag_pre_multiply(scales, corr));
            for &(x, y) in points {
                y ~ Normal(w[0] + w[1] * x + w[2] * (x * x), sigma);
            }
        }
    }
}

struct Votes {
    counts: Vec<usize>,
    turnout: (u32, u32),
}

model! {
    /// A simplex shared, a simplex a task.
    Parties(districts: &[Votes]) {
        shares ~ Dirichlet([2.0, 1.0, 3.0]);
        precision ~ Gamma(2.0, 0.1);
        rate ~ Beta(2.0, 3.0);
        for district in districts {
            own ~ Dirichlet(shares.iter().map(|s| *s * precision + 0.5).collect::<Vec<_>>());
            ability ~ Logistic(0.0, 1.0);
            for vote in &district.counts {
                vote ~ Categorical(own);
            }
            district.turnout.0 ~ BinomialLogit(district.turnout.1, ability + rate.ln() - (1.0 - rate).ln());
        }
    }
}

struct Patient {
    dose: Option<f64>,
    outcomes: [Option<f64>; 2],
    visits: u32,
    is_treated: bool,
}

model! {
    /// Factors, missing data, data outside the plate, `if` on data.
    Trial(patients: &[Patient], pooled: &[f64]) {
        effect ~ Cauchy(0.0, 1.0);
        spread ~ Weibull(1.5, 2.0);
        for y in pooled {
            y ~ Laplace(effect, spread);
        }
        factor(-0.5 * effect * effect);
        for patient in patients {
            response ~ Normal(effect, spread);
            frailty ~ Gumbel(0.0, spread);
            if patient.is_treated {
                factor(response * spread);
            }
            patient.dose ~ Normal(response, 2.0);
            patient.visits ~ PoissonLog(0.3 * response + frailty);
            for j in 0..2 {
                patient.outcomes[j] ~ StudentT(spread + 2.0, response, 1.0);
            }
        }
    }
}

model! {
    /// No plate.
    Regression(points: &[(f64, bool)]) {
        a ~ Normal(0.0, 3.0);
        b ~ Laplace(0.0, 1.0);
        for (i, &(x, y)) in points.iter().enumerate() {
            let eta = a + b * x * (1.0 + i as f64 / 10.0);
            y ~ BernoulliLogit(eta);
        }
    }
}

fn patients() -> [Patient; 4] {
    let patient = |dose, a, b, visits, is_treated| Patient { dose, outcomes: [a, b], visits, is_treated };
    [
        patient(Some(1.0), Some(0.3), None, 3, true),
        patient(None, None, None, 0, false),
        patient(Some(-0.2), Some(1.3), Some(-2.0), 1, true),
        patient(None, Some(0.7), Some(0.1), 7, false),
    ]
}

fn votes() -> [Votes; 3] {
    [
        Votes { counts: vec![0, 2, 2, 1], turnout: (3, 7) },
        Votes { counts: vec![], turnout: (0, 4) },
        Votes { counts: vec![1, 1, 0], turnout: (5, 5) },
    ]
}

fn ragged() -> [Vec<f64>; 4] {
    [vec![0.3, -1.0, 2.0], vec![], vec![1.5], vec![0.1, 0.2, 0.3, 0.4, 0.5, 0.6]]
}

fn curves() -> [Vec<(f64, f64)>; 3] {
    [vec![(0.0, 1.0), (1.0, 2.5), (2.0, 3.0)], vec![(-1.0, 0.5)], vec![(0.5, 0.1), (1.5, -2.0)]]
}

/// Calls `visit` with every model of this file.
macro_rules! every_model {
    ($visit:ident) => {
        $visit("eight schools", &EightSchools::new(&SCHOOLS));
        $visit("radon", &Radon::new(&models::counties()[..60]));
        $visit("rats", &ProperRats::new(&models::rats()));
        $visit("pumps", &Pumps::new(&PUMPS));
        $visit("surgical", &Surgical::new(&HOSPITALS));
        $visit("baseball", &Batting::new(&[18, 17, 7, 12], 45));
        $visit("conjugate", &Conjugate::new(&models::groups(), 1.5, 0.8));
        $visit("ragged", &Ragged::new(&ragged(), 2));
        $visit("correlated", &Correlated::new(&curves()));
        $visit("parties", &Parties::new(&votes()));
        $visit("trial", &Trial::new(&patients(), &[0.5, -1.5]));
        $visit("regression", &Regression::new(&[(0.5, true), (-1.0, false), (2.0, true), (0.1, false)]));
    };
}

fn random_point(len: usize, seed: u64) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..len).map(|_| rng.random_range(-1.5..1.5)).collect()
}

#[test]
fn gradients_agree_with_differences() {
    fn visit<M: Model>(name: &str, model: &M) {
        let joint = Joint::new(model).expect(name);
        let n = joint.num_coordinates();
        let (mut gradient, mut scratch) = (vec![0.0; n], vec![0.0; n]);
        for seed in 0..3 {
            let u = random_point(n, seed);
            let value = joint.gradient(&u, &mut gradient);
            assert!(value.is_finite(), "{name} at {u:?}");
            for j in 0..n {
                let mut at = |h: f64| {
                    let mut moved = u.clone();
                    moved[j] += h;
                    joint.gradient(&moved, &mut scratch)
                };
                // five points: error of order h^4
                let h = 1e-3;
                let difference = (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h);
                let tolerance = 1e-6 * (1.0 + gradient[j].abs()) + 1e-11 * value.abs() / h;
                assert!(
                    (gradient[j] - difference).abs() < tolerance,
                    "{name}, coordinate {j}, start {seed}: gradient {} but difference {difference}",
                    gradient[j]
                );
            }
        }
    }
    every_model!(visit);
}

/// The log density as an interpreter of numbers `N` gives it, task by task.
fn plain<N: Number, M: Model>(model: &M, joint: &Joint<'_, M>, u: &[f64]) -> f64 {
    let observed = M::OBSERVED_SITES.len();
    let outside = SiteMask::all(M::GLOBAL_SITES.len(), observed);
    let inside = SiteMask::all(M::LOCAL_SITES.len(), observed);
    let u: Vec<Real<N>> = u.iter().map(|&u| Real::constant(u)).collect();
    let mut global = Default::default();
    let mut run = LogDensity::new(&u[..joint.num_global_coordinates()], &outside);
    model.global(&mut run, &mut global);
    let before = (run.latents + run.data()).value();
    let mut total = 0.0;
    for i in 0..model.num_tasks() {
        let mut local = Default::default();
        let mut run = LogDensity::new(&u[joint.task(i)], &inside);
        model.local(&mut run, &global, model.task(i), &mut local);
        let prior = run.latents.value();
        let mut run = LogDensity::new(&[], &inside);
        model.likelihood(&mut run, &global, &local, model.task(i));
        total += prior + run.data().value();
    }
    before + total
}

#[test]
fn every_algebra_gives_the_same_bits() {
    fn visit<M: Model>(name: &str, model: &M) {
        let joint = Joint::new(model).expect(name);
        let u = random_point(joint.num_coordinates(), 7);
        let value = plain::<f64, M>(model, &joint, &u);
        assert_eq!(plain::<Dual<2>, M>(model, &joint, &u).to_bits(), value.to_bits(), "{name}: first derivatives");
        assert_eq!(plain::<Dual2<2, 3>, M>(model, &joint, &u).to_bits(), value.to_bits(), "{name}: second derivatives");
        // by blocks and sufficient statistics: other sums, the same value
        let by_blocks = joint.gradient(&u, &mut vec![0.0; u.len()]);
        assert!((by_blocks - value).abs() < 1e-12 * (1.0 + value.abs()), "{name}: {by_blocks} and {value}");
    }
    every_model!(visit);
}

#[test]
fn the_density_of_eight_schools_is_the_formula() {
    let model = EightSchools::new(&SCHOOLS);
    let joint = Joint::new(&model).expect("valid");
    let u = [2.0, 0.7, 5.0, 4.0, 3.0, 2.0, 1.0, 0.0, -1.0, -2.0];
    let ln_normal = |x: f64, loc: f64, scale: f64| {
        -0.5 * ((x - loc) / scale).powi(2) - scale.ln() - 0.5 * (2.0 * std::f64::consts::PI).ln()
    };
    let tau = u[1].exp();
    let half_cauchy = (2.0 / (std::f64::consts::PI * 5.0 * (1.0 + (tau / 5.0).powi(2)))).ln() + u[1];
    let tasks: f64 = SCHOOLS
        .iter()
        .zip(&u[2..])
        .map(|(school, &theta)| ln_normal(theta, u[0], tau) + ln_normal(school.effect, theta, school.std_error))
        .sum();
    let expected = ln_normal(u[0], 0.0, 5.0) + half_cauchy + tasks;
    let value = joint.gradient(&u, &mut [0.0; 10]);
    assert!((value - expected).abs() < 1e-12 * expected.abs(), "{value} is not {expected}");
}

#[test]
fn what_is_simulated_can_be_scored() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for _ in 0..50 {
        let drawn = EightSchools::new(&SCHOOLS).simulate(&mut rng).expect("all have samplers");
        let schools: Vec<models::School> = drawn
            .data
            .tasks()
            .zip(&SCHOOLS)
            .map(|(y, s)| models::School { effect: y[0], std_error: s.std_error })
            .collect();
        let again = EightSchools::new(&schools);
        let joint = Joint::new(&again).expect("simulated data are valid");
        let latents = &drawn.latents;
        let mut u = vec![latents.global.mu, latents.global.tau.ln()];
        u.extend(latents.local.iter().map(|l| l.theta));
        assert!(joint.gradient(&u, &mut vec![0.0; u.len()]).is_finite());
    }
    for _ in 0..50 {
        let drawn = Pumps::new(&PUMPS).simulate(&mut rng).expect("all have samplers");
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let pumps: Vec<models::Count> = drawn
            .data
            .tasks()
            .zip(&PUMPS)
            .map(|(y, p)| models::Count { count: y[0] as u32, exposure: p.exposure })
            .collect();
        let again = Pumps::new(&pumps);
        let joint = Joint::new(&again).expect("simulated data are valid");
        let latents = &drawn.latents;
        let mut u = vec![latents.global.alpha.ln(), latents.global.beta.ln()];
        u.extend(latents.local.iter().map(|l| l.rate.ln()));
        let mut gradient = vec![0.0; u.len()];
        let value = joint.gradient(&u, &mut gradient);
        assert!(!value.is_nan() && gradient.iter().all(|g| !g.is_nan()), "{value} at {u:?}");
    }
}

#[test]
fn simulation_visits_every_datum_of_every_model() {
    fn visit<M: Model>(name: &str, model: &M) {
        let mut rng = ChaCha8Rng::seed_from_u64(11);
        let drawn = model.simulate(&mut rng).expect(name);
        assert_eq!(drawn.data.tasks().len(), model.num_tasks(), "{name}");
        assert_eq!(drawn.latents.local.len(), model.num_tasks(), "{name}");
        assert!(drawn.data.values().iter().all(|y| !y.is_nan()), "{name}");
    }
    every_model!(visit);
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let patients = patients();
    let drawn = Trial::new(&patients, &[0.5, -1.5]).simulate(&mut rng).expect("all have samplers");
    let lengths: Vec<usize> = drawn.data.tasks().map(<[f64]>::len).collect();
    assert_eq!(drawn.data.outside().len(), 2);
    assert_eq!(lengths, [4, 4, 4, 4], "missing data are drawn too");
}

model! {
    /// Scales, a pole, a simplex and correlations: what can vanish.
    Vanishing(tasks: &[Vec<f64>]) {
        tau ~ HalfCauchy(1.0);
        shares ~ Dirichlet([0.5, 1.0, 0.5]);
        odds ~ Beta(0.5, 0.5);
        rate ~ Gamma(0.3, 1.0);
        for ys in tasks {
            u ~ Normal(0.0, tau);
            shape ~ LogNormal(0.0, tau);
            for y in ys {
                y ~ Normal(u + shares[0], tau);
                y ~ Gamma(shape, rate);
                (*y > 1.0) ~ Bernoulli(odds);
            }
        }
    }
}

#[test]
fn a_density_far_out_is_never_nan() {
    fn check<M: Model>(name: &str, model: &M) {
        for joint in [Joint::new(model), Joint::by_dual_numbers(model)] {
            let joint = joint.expect("valid");
            let n = joint.num_coordinates();
            let mut gradient = vec![0.0; n];
            let mut seen_zero = false;
            for far in
                [-1e300, -1e9, -2000.0, -746.0, -710.0, -400.0, 400.0, 710.0, 2000.0, 1e300, f64::NAN, f64::INFINITY]
            {
                // one coordinate, then all of them
                for j in 0..=n {
                    let u: Vec<f64> = (0..n).map(|k| if k == j || j == n { far } else { 0.1 }).collect();
                    let value = joint.gradient(&u, &mut gradient);
                    assert!(value < f64::INFINITY, "{name}, u[{j}] = {far}: {value}");
                    assert!(gradient.iter().all(|g| g.is_finite()), "{name}, u[{j}] = {far}: {gradient:?}");
                    seen_zero |= value == f64::NEG_INFINITY;
                    assert!(value.is_finite() || gradient.iter().all(|g| *g == 0.0), "{name}: {gradient:?}");
                }
            }
            assert!(seen_zero, "{name}");
        }
    }
    check("vanishing", &Vanishing::new(&[vec![0.5, 1.5], vec![]]));
    check("eight schools", &EightSchools::new(&SCHOOLS));
    check("pumps", &Pumps::new(&PUMPS));
    check("correlated", &Correlated::new(&[vec![(0.0, 1.0), (1.0, 0.5)]]));
}
