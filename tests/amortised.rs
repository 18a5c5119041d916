//! Amortised posteriors against exact ones.

use hierarch::prelude::*;
use hierarch::{AdamOptions, EncoderFit, GradientFit, GradientOptions, Mlp, Optimiser, Options};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::f64::consts::PI;

const TAU: f64 = 1.5;
const SIGMA: f64 = 0.8;
const POINTS: usize = 3;

model! {
    /// theta is known, so that the best encoder is.
    Known(tasks: &[[f64; POINTS]]) {
        for ys in tasks {
            phi ~ Normal(0.0, TAU);
            for y in ys {
                y ~ Normal(phi, SIGMA);
            }
        }
    }
}

model! {
    /// The same with theta to be learned.
    Learned(tasks: &[[Option<f64>; POINTS]]) {
        mu ~ Normal(0.0, 3.0);
        tau ~ LogNormal(0.0, 1.0);
        for ys in tasks {
            phi ~ Normal(mu, tau);
            for y in ys {
                y ~ Normal(phi, SIGMA);
            }
        }
    }
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    rng.sample(rand_distr::StandardNormal)
}

/// Tasks around `mu`.
fn tasks(number: usize, mu: f64, seed: u64) -> Vec<[f64; POINTS]> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let task = |_| {
        let phi = mu + TAU * normal(&mut rng);
        [(); POINTS].map(|()| phi + SIGMA * normal(&mut rng))
    };
    (0..number).map(task).collect()
}

fn mean(ys: &[f64; POINTS]) -> f64 {
    ys.iter().sum::<f64>() / POINTS as f64
}

fn linear() -> Mlp<impl Fn(&[f64; POINTS]) -> Vec<f64>> {
    Mlp::new(1, &[], 1, |ys: &[f64; POINTS]| vec![mean(ys)])
}

/// The weight of the data's mean in that of the posterior, and the posterior's standard deviation.
fn exact() -> (f64, f64) {
    let precision = TAU.powi(-2) + POINTS as f64 * SIGMA.powi(-2);
    (POINTS as f64 * SIGMA.powi(-2) / precision, precision.sqrt().recip())
}

/// ln p(y) = ln N(mean; 0, tau^2 + sigma^2 / n) + ln p(y | mean).
fn ln_evidence(ys: &[f64; POINTS]) -> f64 {
    let n = POINTS as f64;
    let spread: f64 = ys.iter().map(|y| (y - mean(ys)).powi(2)).sum();
    let variance = TAU * TAU + SIGMA * SIGMA / n;
    let of_mean = -0.5 * ((2.0 * PI * variance).ln() + mean(ys).powi(2) / variance);
    of_mean - 0.5 * ((n - 1.0) * (2.0 * PI * SIGMA * SIGMA).ln() + n.ln() + spread / (SIGMA * SIGMA))
}

#[test]
fn the_best_encoder_is_found_and_its_elbo_is_the_evidence() {
    let tasks = tasks(2000, 0.0, 1);
    let model = Known::new(&tasks);
    let adam = AdamOptions { step: 0.05, draws: 1, batch: Some(64), ..AdamOptions::default() };
    let options = Options { optimiser: Optimiser::Adam(adam), ..Options::default() };
    let fit = EncoderFit::train(&model, linear(), &options).unwrap();
    assert!(fit.verdict().is_converged(), "{fit}");
    let (slope, sd) = exact();
    // rows of the matrix (loc, ln_scale), then the biases
    for (weight, exact) in fit.weights().iter().zip([slope, 0.0, 0.0, sd.ln()]) {
        assert!((weight - exact).abs() < 1e-2, "{weight} and {exact}");
    }
    let evidence: f64 = tasks.iter().map(ln_evidence).sum();
    assert!(fit.elbo() <= evidence + 1e-6 && fit.elbo() > evidence - 0.5, "{} and {evidence}", fit.elbo());
    let q = fit.factor(&[1.0, 2.0, 3.0]).unwrap();
    let adapted = fit.adapt(&[1.0, 2.0, 3.0]).unwrap();
    let phi = adapted.local().phi;
    assert!((phi.mean - q.loc[0]).abs() < 1e-9 && (phi.sd - q.ln_scale[0].exp()).abs() < 1e-9, "{phi}");
    let predicted = adapted.replicate(&[0.0; POINTS]).unwrap()[2].summary;
    let spread = sd.hypot(SIGMA);
    assert!((predicted.mean - phi.mean).abs() < 0.1 * spread, "{predicted}");
    assert!((predicted.sd / spread - 1.0).abs() < 0.06, "{predicted}");
    assert!(!adapted.trust().is_reliable && adapted.to_string().contains("mean-field, by an encoder"), "{adapted}");
    assert!(format!("{fit}").starts_with("converged after "), "{fit}");
}

#[test]
fn a_network_serves_a_hundred_thousand_tasks_with_the_parameters_of_a_few() {
    let tasks: Vec<[Option<f64>; POINTS]> = tasks(100_000, 2.0, 2).iter().map(|ys| ys.map(Some)).collect();
    let network = || {
        let feature = |ys: &[Option<f64>; POINTS]| vec![ys.iter().flatten().sum::<f64>() / POINTS as f64];
        Mlp::new(1, &[8], 1, feature)
    };
    let adam = |step| Optimiser::Adam(AdamOptions { step, draws: 1, batch: Some(256), ..AdamOptions::default() });
    let train = |tasks: &[[Option<f64>; POINTS]]| {
        let model = Learned::new(tasks);
        let options = Options { optimiser: adam(0.02), max_iterations: Some(1500), ..Options::default() };
        let fit = EncoderFit::train(&model, network(), &options).unwrap();
        let phi = fit.adapt(&[Some(1.0), Some(2.0), Some(3.0)]).unwrap().local().phi;
        (fit.num_parameters(), fit.global(), phi)
    };
    let (few, ..) = train(&tasks[..10]);
    let (many, global, phi) = train(&tasks);
    assert_eq!(few, many);
    assert!((global.mu.mean - 2.0).abs() < 0.1 && (global.tau.mean - TAU).abs() < 0.1, "{} {}", global.mu, global.tau);
    assert!((phi.mean - 2.0).abs() < 0.1 && (phi.sd - exact().1).abs() < 0.05, "{phi}");
}

#[test]
fn the_same_seed_gives_the_same_bits_and_a_bad_task_is_an_error() {
    let tasks = tasks(300, 0.0, 3);
    let model = Known::new(&tasks);
    let options = Options { max_iterations: Some(50), ..Options::default() };
    let train = || EncoderFit::train(&model, linear(), &options).unwrap();
    let (a, b) = (train(), train());
    assert_eq!(a.weights(), b.weights());
    assert_eq!(a.elbo().to_bits(), b.elbo().to_bits());
    let error = a.factor(&[0.0, f64::NAN, 0.0]).unwrap_err().to_string();
    assert!(error.starts_with("`y`"), "{error}");
}

#[test]
fn many_gradient_steps_reach_the_exact_posterior() {
    let full = tasks(40, 0.0, 4);
    let model = Known::new(&full);
    let options = Options { max_iterations: Some(0), ..Options::default() };
    let many = GradientOptions { steps: 3000, options, ..GradientOptions::default() };
    let fit = GradientFit::train(&model, &model, &many).unwrap();
    let (slope, sd) = exact();
    for ys in &full[..5] {
        let phi = fit.adapt(ys).unwrap().local().phi;
        assert!((phi.mean - slope * mean(ys)).abs() < 1e-6 && (phi.sd - sd).abs() < 1e-6, "{phi}");
    }
    let evidence: f64 = full.iter().map(ln_evidence).sum();
    assert!((fit.elbo() - evidence).abs() < 1e-6, "{} and {evidence}", fit.elbo());
}

#[test]
fn training_raises_the_outer_bound() {
    let full: Vec<_> = tasks(100, 2.0, 5).iter().map(|ys| ys.map(Some)).collect();
    let support: Vec<_> = full.iter().map(|&[a, b, _]| [a, b, None]).collect();
    let (support, full) = (Learned::new(&support), Learned::new(&full));
    let train = |steps| {
        let optimiser =
            Optimiser::Adam(AdamOptions { step: 0.02, draws: 1, batch: Some(25), ..AdamOptions::default() });
        let options = Options { max_iterations: Some(steps), optimiser, ..Options::default() };
        GradientFit::train(&support, &full, &GradientOptions { options, ..GradientOptions::default() }).unwrap()
    };
    let (before, half, after) = (train(0), train(300), train(1000));
    assert!(before.elbo() + 50.0 < half.elbo() && half.elbo() < after.elbo() + 0.5, "{before}\n{half}\n{after}");
    assert!((after.global().mu.mean - 2.0).abs() < 0.5, "{}", after.global().mu);
    assert!(after.rates().iter().all(|&rate| rate > 0.0 && rate < 2.0), "{:?}", after.rates());
}

/// A wave a sin x + b cos x: its amplitude and phase are those of a and b.
struct Wave {
    points: Vec<(f64, Option<f64>)>,
}

model! {
    Waves(waves: &[Wave]) {
        mu[_ in 0..2] ~ Normal(0.0, 2.0);
        tau[_ in 0..2] ~ LogNormal(0.0, 1.0);
        for wave in waves {
            w[k in 0..2] ~ Normal(mu[k], tau[k]);
            for &(x, y) in &wave.points {
                y ~ Normal(x.sin() * w[0] + x.cos() * w[1], 0.3);
            }
        }
    }
}

/// Waves with a ~ N(1, 1), b ~ N(-1, 0.5): five points of support, then ten of query.
fn waves(number: usize, seed: u64) -> (Vec<Wave>, Vec<Wave>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let wave = |_| {
        let w = [1.0 + normal(&mut rng), -1.0 + 0.5 * normal(&mut rng)];
        let mut point = |_| {
            let x: f64 = rng.random_range(-5.0..5.0);
            (x, Some(x.sin() * w[0] + x.cos() * w[1] + 0.3 * normal(&mut rng)))
        };
        let points: Vec<_> = (0..15).map(&mut point).collect();
        let support = points.iter().enumerate().map(|(k, &(x, y))| (x, y.filter(|_| k < 5))).collect();
        (Wave { points: support }, Wave { points })
    };
    (0..number).map(wave).unzip()
}

#[test]
fn five_steps_learn_to_adapt_to_a_wave() {
    let (support, full) = waves(300, 6);
    let (support, full) = (Waves::new(&support), Waves::new(&full));
    let optimiser = Optimiser::Adam(AdamOptions { step: 0.03, draws: 1, batch: Some(25), ..AdamOptions::default() });
    let options = Options { optimiser, max_iterations: Some(600), ..Options::default() };
    let fit = GradientFit::train(&support, &full, &GradientOptions { options, ..GradientOptions::default() }).unwrap();
    let mu = fit.global().mu;
    assert!((mu[0].mean - 1.0).abs() < 0.3 && (mu[1].mean + 1.0).abs() < 0.3, "{} {}", mu[0], mu[1]);
    let (new_support, new_full) = waves(50, 7);
    let (mut adapted, mut prior, mut covered) = (0.0, 0.0, 0);
    for (support, full) in new_support.iter().zip(&new_full) {
        let w = fit.adapt(support).unwrap().local().w;
        for &(x, y) in &full.points[5..] {
            let at = |a: f64, b: f64| x.sin() * a + x.cos() * b;
            adapted += (y.unwrap() - at(w[0].mean, w[1].mean)).powi(2) / 500.0;
            prior += (y.unwrap() - at(mu[0].mean, mu[1].mean)).powi(2) / 500.0;
            let sd = (0.09 + (x.sin() * w[0].sd).powi(2) + (x.cos() * w[1].sd).powi(2)).sqrt();
            covered += usize::from((y.unwrap() - at(w[0].mean, w[1].mean)).abs() < 1.645 * sd);
        }
    }
    // exact posteriors predict with a mean square of about 0.09 (1 + 2 / 5)
    assert!(adapted < 0.18 && prior > 3.0 * adapted, "{adapted} after adaptation, {prior} before; {fit}");
    assert!((400..490).contains(&covered), "{covered} of 500 inside their 90% intervals");
}
