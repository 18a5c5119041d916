//! The posterior of a task given theta against quadrature on grids.

use super::*;
use crate::conditional::mixture::Component;
use crate::density::Writing;
use crate::density::mode::find_mode;
use crate::density::shape::Shape;
use crate::fit::Fittable;
use crate::interpret::discover::Start;
use crate::linalg::gaussian::Gaussian;
use crate::model::Model;
use crate::model::subset::Subset;
use crate::options::Options;
use crate::prelude::*;
use crate::sampling::lattice::{Lattice, ln_density};
use crate::sampling::stream::keyed;
use crate::special::LN_SQRT_2PI;
use nalgebra::{DMatrix, DVector};
use rand::RngExt;
use std::f64::consts::TAU;

/// What asks one task of one theta after another.
pub(super) struct Asks {
    memory: TaskMemory,
    rng: ChaCha8Rng,
    inner: Inner,
}

impl Asks {
    pub(super) fn new(rng: ChaCha8Rng, wanted: usize) -> Self {
        Self { memory: TaskMemory::default(), rng, inner: Inner { wanted, most: 64 } }
    }

    pub(super) fn answer(&mut self, conditionals: &Conditionals<'_>, theta: &[f64], task: usize) -> Answer {
        let offsets = &conditionals.density.offsets;
        let n = offsets[task + 1] - offsets[task];
        let guess = Guess { start: &DVector::zeros(n), covariance: &DMatrix::identity(n, n) };
        let fixed = conditionals.fix(&[theta.to_vec()]);
        let ask = Ask { task, theta: 0, guess, inner: self.inner };
        let mut asker = fixed.asker();
        asker.answer(&ask, &mut self.memory, &mut self.rng).unwrap_or_else(|| {
            let (mut phi, mut weights) = (Vec::new(), Vec::new());
            let known = &mut Known { phi: &mut phi, weights: &mut weights };
            let ln_z = asker.sample(&ask, &mut self.memory, &mut self.rng, known);
            let draw = DVector::from_vec(phi);
            Answer { ln_z, mode: draw.clone(), draws: vec![draw], weights }
        })
    }
}

/// The centred density of a model.
pub(super) fn density<M: Model>(model: &M) -> Density<'_> {
    let program = Subset::all(model);
    let shape = Shape::discover(&program, &Start::Zero).expect("valid");
    Density::new(Box::new(program), &shape, Writing::CENTRED)
}

/// Points (x, y).
type Wave = Vec<(f64, f64)>;

/// So precisely known that a wave's posterior given 2 is its posterior.
const SCALE: f64 = 2.0;
const NOISE_OF_Y: f64 = 0.3;

model! {
    /// The likelihood has a mode at every phase + 2 pi k, and more while points are few.
    Turning(waves: &[Wave]) {
        ln_scale ~ Normal(SCALE.ln(), 0.001);
        for wave in waves {
            amplitude ~ HalfNormal(ln_scale.exp());
            phase ~ Normal(0.0, 2.0);
            for &(x, y) in wave {
                y ~ Normal(amplitude * (phase + x).sin(), NOISE_OF_Y);
            }
        }
    }
}

model! {
    /// Phases within one turn, whose ends are the same phase.
    Turned(waves: &[Wave]) {
        ln_scale ~ Normal(SCALE.ln(), 0.001);
        for wave in waves {
            amplitude ~ HalfNormal(ln_scale.exp());
            phase ~ Uniform(0.0, TAU);
            for &(x, y) in wave {
                y ~ Normal(amplitude * (phase + x).sin(), NOISE_OF_Y);
            }
        }
    }
}

/// Waves of 1, 5, 8 and 10 points; the first phase is next to an end of its turn, and is seen on both sides. Residues stand for noise.
fn waves() -> Vec<Wave> {
    let point = |amplitude: f64, phase: f64, k: u32| {
        let x = f64::from(k * 7 % 10) * 0.6 - 2.7;
        (x, amplitude * (x + phase).sin() + 0.1 * f64::from(k * 3 % 7) - 0.3)
    };
    [(1.5, 6.2, 8), (2.5, 3.0, 5), (0.4, 4.5, 10), (1.2, 2.0, 1)]
        .map(|(amplitude, phase, points)| (0..points).map(|k| point(amplitude, phase, k)).collect())
        .to_vec()
}

/// ln Z, and means of amplitude, amplitude sin(phase), phase and phase^2: what a posterior says of a wave.
#[derive(Debug)]
struct Says {
    ln_z: f64,
    means: [f64; 4],
}

/// What is compared, of an amplitude and a phase.
fn features(amplitude: f64, phase: f64) -> [f64; 4] {
    [amplitude, amplitude * phase.sin(), phase, phase * phase]
}

/// By the midpoint rule over amplitude and phase, 600 x 2400 points.
fn exactly(wave: &Wave, phases: (f64, f64), ln_prior: impl Fn(f64) -> f64) -> Says {
    const SIZE: (u32, u32) = (600, 2400);
    let (da, dp) = (9.0 / f64::from(SIZE.0), (phases.1 - phases.0) / f64::from(SIZE.1));
    let (mut total, mut means) = (0.0, [0.0; 4]);
    for j in 0..SIZE.1 {
        let p = phases.0 + (f64::from(j) + 0.5) * dp;
        // ln f is quadratic in the amplitude: -ss/2 + a sy - a^2 yy/2
        let (mut ss, mut sy, mut yy) = (0.0, 0.0, 0.0);
        for (x, y) in wave {
            let s = (x + p).sin();
            (ss, sy, yy) = (ss + s * s, sy + s * y, yy + y * y);
        }
        for i in 0..SIZE.0 {
            let a = (f64::from(i) + 0.5) * da;
            let squares = (a * a * ss - 2.0 * a * sy + yy) / (NOISE_OF_Y * NOISE_OF_Y) + (a / SCALE).powi(2);
            let density = (ln_prior(p) - 0.5 * squares).exp();
            total += density;
            means.iter_mut().zip(features(a, p)).for_each(|(m, f)| *m += f * density);
        }
    }
    let ln_normal = wave.len() as f64 * (NOISE_OF_Y.ln() + LN_SQRT_2PI);
    let ln_half_normal = 2.0_f64.ln() - LN_SQRT_2PI - SCALE.ln();
    Says { ln_z: (total * da * dp).ln() - ln_normal + ln_half_normal, means: means.map(|m| m / total) }
}

fn exactly_turning(wave: &Wave) -> Says {
    exactly(wave, (-14.0, 14.0), |p| -0.125 * p * p - LN_SQRT_2PI - 2.0_f64.ln())
}

fn exactly_turned(wave: &Wave) -> Says {
    exactly(wave, (0.0, TAU), |_| -TAU.ln())
}

/// What the posterior of a wave says from many answers, whose Z are averaged; `x` tells amplitude and phase from coordinates.
fn by_answers(program: &dyn Program, i: usize, x: impl Fn(&DVector<f64>) -> (f64, f64)) -> (Says, f64) {
    const ANSWERS: usize = 400;
    let density =
        Density::new(program.all(), &Shape::discover(program, &Start::Zero).expect("valid"), Writing::CENTRED);
    let conditionals = Conditionals::new(&density);
    let mut asks = Asks::new(keyed(1, 2, i as u64), 4);
    let (mut z, mut squared, mut means) = (0.0, 0.0, [0.0; 4]);
    for _ in 0..ANSWERS {
        let answer = asks.answer(&conditionals, &[SCALE.ln()], 0);
        z += answer.ln_z.exp();
        squared += (2.0 * answer.ln_z).exp();
        for draw in &answer.draws {
            let (a, p) = x(draw);
            let share = answer.ln_z.exp() / answer.draws.len() as f64;
            means.iter_mut().zip(features(a, p)).for_each(|(m, f)| *m += share * f);
        }
    }
    let noise = (squared * ANSWERS as f64 / (z * z) - 1.0).sqrt();
    (Says { ln_z: (z / ANSWERS as f64).ln(), means: means.map(|m| m / z) }, noise)
}

/// 1600 draws tell means within 0.1 to 0.2 (four standard errors; phases have an sd of up to 2, their squares of 5).
fn assert_agrees(name: &str, (found, noise): (Says, f64), exact: &Says) {
    assert!((found.ln_z - exact.ln_z).abs() < 0.02, "{name}: {found:?}, noise {noise}, but {exact:?}");
    assert!(noise < 0.25, "{name}: noise {noise}");
    for ((f, e), tolerance) in found.means.iter().zip(exact.means).zip([0.06, 0.1, 0.2, 0.6]) {
        assert!((f - e).abs() < tolerance, "{name}: {found:?}, noise {noise}, but {exact:?}");
    }
}

#[test]
fn waves_agree_with_quadrature_given_theta() {
    let x = |u: &DVector<f64>| (u[0].exp(), u[1]);
    let inside = |u: &DVector<f64>| (u[0].exp(), TAU / (1.0 + (-u[1]).exp()));
    for (i, wave) in waves().iter().enumerate() {
        let alone = std::slice::from_ref(wave);
        let turning = by_answers(&Subset::all(&Turning::new(alone)), i, x);
        assert_agrees(&format!("turning {i}"), turning, &exactly_turning(wave));
        let turned = by_answers(&Subset::all(&Turned::new(alone)), i, inside);
        assert_agrees(&format!("turned {i}"), turned, &exactly_turned(wave));
    }
}

#[test]
fn waves_are_adapted_to_and_corrected() {
    let waves = waves();
    // 4000 draws: a mean has an error of 0.016 sd
    let options = Options { posterior_draws: 4000, ..Options::default() };
    let fit = Turned::new(&waves[..3]).fit_with(&options).expect("valid");
    let evidence = fit.evidence().expect("few data");
    let exact: f64 = waves[..3].iter().map(|wave| exactly_turned(wave).ln_z).sum();
    assert!((evidence.ln_evidence - exact).abs() < 0.05, "{} but {exact}: {fit}", evidence.ln_evidence);
    for (i, wave) in waves[..3].iter().enumerate() {
        let exact = exactly_turned(wave).means;
        let found = [
            fit.marginal(|d| d.local[i].amplitude),
            fit.marginal(|d| d.local[i].amplitude * d.local[i].phase.sin()),
            fit.marginal(|d| d.local[i].phase),
        ];
        for (f, e) in found.iter().zip(exact) {
            assert!((f.mean - e).abs() < 0.1 * f.sd, "wave {i}: {} but {e}\n{fit}", f.mean);
        }
    }
    for wave in &waves {
        let (adapted, exact) = (fit.adapt(wave).expect("valid"), exactly_turned(wave));
        let ln_evidence = adapted.evidence().expect("it was adapted to").ln_evidence;
        assert!((ln_evidence - exact.ln_z).abs() < 0.1, "{ln_evidence} but {exact:?}");
        let found = [
            adapted.marginal(|d| d.local.amplitude),
            adapted.marginal(|d| d.local.amplitude * d.local.phase.sin()),
            adapted.marginal(|d| d.local.phase),
        ];
        // 256 draws, four a theta: 0.25 sd are four standard errors
        for (f, e) in found.iter().zip(exact.means) {
            assert!((f.mean - e).abs() < 0.25 * f.sd, "{} but {e}", f.mean);
        }
    }
}

model! {
    /// Gaussian but for `bend`, in a way that no closed form knows; with a constant.
    Bent(tasks: &[Vec<f64>], bend: f64, constant: f64) {
        for ys in tasks {
            x ~ Normal(0.0, 1.0);
            factor(constant + bend * x * x * x.sin());
            for &y in ys {
                factor(-0.5 * (x - y) * (x - y));
            }
        }
    }
}

/// Whether the only task of a `Bent` is taken for Gaussian.
fn is_taken_for_gaussian(ys: &[f64], bend: f64, constant: f64) -> bool {
    let tasks = [ys.to_vec()];
    let model = Bent::new(&tasks, bend, constant);
    let density = density(&model);
    assert!(!density.is_gaussian_given_theta());
    let mut asks = Asks::new(keyed(1, 2, 3), 1);
    asks.answer(&Conditionals::new(&density), &[], 0);
    asks.memory.is_known_as_gaussian()
}

#[test]
fn what_is_gaussian_does_not_depend_on_constants() {
    for constant in [0.0, -1e6, 1e6] {
        assert!(!is_taken_for_gaussian(&[1.0, 2.0], 0.01, constant), "bent, {constant}");
        assert!(is_taken_for_gaussian(&[1.0, 2.0], 0.0, constant), "Gaussian, {constant}");
    }
}

#[test]
fn a_gaussian_task_of_many_data_is_found_out() {
    for (n, scale) in [(1000, 1.0), (100_000, 1.0), (100_000, 30.0), (1_000_000, 3.0)] {
        let ys: Vec<f64> = (0..n).map(|k| scale * f64::from(k).sin()).collect();
        assert!(is_taken_for_gaussian(&ys, 0.0, 0.0), "{n} data of size {scale}");
    }
}

model! {
    /// A funnel of phi, the narrower the more `bend`: what b may be depends on a.
    Funnels(ys: &[f64], bend: f64) {
        shift ~ Normal(0.0, 1.0);
        for &y in ys {
            a ~ Normal(shift, 1.5);
            b[_ in 0..3] ~ Normal(0.0, (bend * a).exp());
            y ~ Normal(b[0] + b[1] + b[2], 1.0);
        }
    }
}

/// Given a, y is normal of variance 1 + 3 exp(2 bend a). By the trapezoidal rule over a.
fn ln_z_of_funnel(shift: f64, y: f64, bend: f64) -> f64 {
    let terms = (0..2000_i32).map(|k| {
        let a = shift + 0.012 * f64::from(k - 1000);
        let variance = 1.0 + 3.0 * (2.0 * bend * a).exp();
        (-0.5 * ((a - shift) / 1.5).powi(2) - 0.5 * y * y / variance).exp() / variance.sqrt()
    });
    (terms.sum::<f64>() * 0.012 / 1.5).ln() - 2.0 * LN_SQRT_2PI
}

/// What answers for a funnel's task, at thetas in turn, are like: the mean of Z over its exact value, the variance of that,
/// and the mean number of proposals.
fn asked_of_a_funnel(bend: f64, most_grown: usize) -> (f64, f64, f64) {
    const ANSWERS: u32 = 1000;
    let ys = [3.0];
    let model = Funnels::new(&ys, bend);
    let density = density(&model);
    let conditionals = Conditionals::new(&density).growing_to(most_grown);
    let mut asks = Asks::new(keyed(1, 2, 3), 1);
    let (mut mean, mut squares, mut proposals) = (0.0, 0.0, 0.0);
    for s in 0..ANSWERS {
        let shift = 0.5 * f64::from(s).sin();
        let answer = asks.answer(&conditionals, &[shift], 0);
        let ratio = (answer.ln_z - ln_z_of_funnel(shift, ys[0], bend)).exp();
        mean += ratio / f64::from(ANSWERS);
        squares += ratio * ratio / f64::from(ANSWERS);
        proposals += answer.weights.len() as f64 / f64::from(ANSWERS);
    }
    (mean, squares - mean * mean, proposals)
}

#[test]
fn noisy_tasks_get_more_proposals_and_less_noise() {
    for (bend, grows) in [(0.2, false), (0.6, true), (0.8, true)] {
        let (mean, variance, proposals) = asked_of_a_funnel(bend, 64);
        let (grown_mean, grown_variance, grown_proposals) = asked_of_a_funnel(bend, 1024);
        let said = format!(
            "bend {bend}: {proposals:.0} proposals, mean {mean:.3}, variance {variance:.4}; \
             {grown_proposals:.0}, {grown_mean:.3}, {grown_variance:.4}"
        );
        assert!(proposals < 70.0 && grown_proposals < 1040.0, "{said}");
        assert_eq!(grown_proposals > 1.5 * proposals, grows, "{said}");
        if grows {
            // but for the error of a mean of 1000 answers
            let error = 4.0 * (grown_variance / 1000.0).sqrt();
            let is_nearer = (grown_mean - 1.0).abs() < (mean - 1.0).abs() + error;
            assert!(grown_variance < 0.7 * variance && is_nearer, "{said}");
        }
    }
}

model! {
    /// A curved ridge.
    Bananas(ys: &[f64]) {
        shift ~ Normal(0.0, 1.0);
        for &y in ys {
            a ~ Normal(shift, 1.0);
            b ~ Normal(a * a, 0.5);
            y ~ Normal(b, 1.0);
        }
    }
}

/// Given a, y is normal: mean a^2, variance 1.25. By the trapezoidal rule over a.
#[test]
fn a_curved_ridge_agrees_with_quadrature() {
    let model = Bananas::new(&[2.0]);
    let bananas = density(&model);
    let conditionals = Conditionals::new(&bananas);
    let mut asks = Asks::new(keyed(1, 2, 3), 4);
    let grid = (-4000..=4000).map(|k| f64::from(k) * 2e-3);
    let density = |a: f64| (-0.5 * (a - 0.3).powi(2) - 0.5 * (2.0 - a * a).powi(2) / 1.25).exp() / 1.25_f64.sqrt();
    let exact = (grid.clone().map(density).sum::<f64>() * 2e-3).ln() - 2.0 * LN_SQRT_2PI;
    let exact_mean = grid.clone().map(|a| a * density(a)).sum::<f64>() / grid.map(density).sum::<f64>();
    let answers: Vec<Answer> = (0..200).map(|_| asks.answer(&conditionals, &[0.3], 0)).collect();
    let z = |answer: &Answer| answer.ln_z.exp();
    let total: f64 = answers.iter().map(z).sum();
    assert!(((total / 200.0).ln() - exact).abs() < 0.03, "{} but {exact}", (total / 200.0).ln());
    let mean = answers.iter().map(|s| z(s) * s.draws.iter().map(|u| u[0]).sum::<f64>() / 4.0).sum::<f64>() / total;
    assert!((mean - exact_mean).abs() < 0.15, "{mean} but {exact_mean}");
    let noise = answers.iter().map(|s| (z(s) * 200.0 / total - 1.0).powi(2)).sum::<f64>() / 200.0;
    assert!(noise < 0.25, "relative variance {noise}");
}

model! {
    /// Log-concave, but not Gaussian.
    Counts(tasks: &[Vec<u32>]) {
        mu ~ Normal(0.0, 1.0);
        for counts in tasks {
            eta ~ Normal(mu, 0.7);
            for count in counts {
                *count ~ PoissonLog(eta);
            }
        }
    }
}

/// By the trapezoidal rule over eta; the answers differ in theta as the correction's do, and draws have the right mean.
#[test]
fn grids_of_few_nodes_are_enough_where_the_density_is_nearly_normal() {
    let tasks = vec![vec![2, 0, 3]; 60];
    let model = Counts::new(&tasks);
    let density = density(&model);
    let conditionals = Conditionals::new(&density);
    let mut asks = Asks::new(keyed(1, 2, 3), 1);
    let ln_normal = LN_SQRT_2PI + 0.7_f64.ln();
    let (mut squares, mut away, mut variance) = (0.0, 0.0, 0.0);
    for k in 0..400 {
        let mu = f64::from(k * 37 % 200) / 200.0 - 0.5;
        let answer = asks.answer(&conditionals, &[mu], 5);
        // 2! 3! = 12
        let f = |eta: f64| (-0.5 * ((eta - mu) / 0.7).powi(2) + 5.0 * eta - 3.0 * eta.exp()).exp() / 12.0;
        let grid = || (-600..=400).map(|j| f64::from(j) * 0.01);
        let total = grid().map(f).sum::<f64>() * 0.01;
        squares += (answer.ln_z - (total.ln() - ln_normal)).powi(2) / 400.0;
        let mean = grid().map(|eta| eta * f(eta)).sum::<f64>() * 0.01 / total;
        variance += grid().map(|eta| (eta - mean).powi(2) * f(eta)).sum::<f64>() * 0.01 / total;
        away += answer.draws[0][0] - mean;
        assert!(answer.weights.is_empty());
    }
    assert!(squares < conditionals.effort.noise, "variance of ln Z {squares}");
    assert!(away.abs() < 4.0 * variance.sqrt(), "{away}, with an sd of {}", variance.sqrt());
}

/// Derivatives of a function of two coordinates by central differences, which are exact enough to climb.
fn differences(f: impl Fn(f64, f64) -> f64) -> impl FnMut(&DVector<f64>, &mut Derivatives) {
    move |at, out| {
        let (x, y, h) = (at[0], at[1], 1e-4);
        out.reset(2, Order::Second);
        out.value = f(x, y);
        out.gradient = vec![(f(x + h, y) - f(x - h, y)) / (2.0 * h), (f(x, y + h) - f(x, y - h)) / (2.0 * h)];
        let cross = (f(x + h, y + h) - f(x + h, y - h) - f(x - h, y + h) + f(x - h, y - h)) / (4.0 * h * h);
        let xx = (f(x + h, y) - 2.0 * f(x, y) + f(x - h, y)) / (h * h);
        let yy = (f(x, y + h) - 2.0 * f(x, y) + f(x, y - h)) / (h * h);
        out.hessian = vec![xx, cross, cross, yy];
    }
}

/// Every local maximum is 0 in each of these.
#[test]
fn ascent_reaches_a_mode_from_anywhere() {
    type Function = fn(f64, f64) -> f64;
    let cases: [(&str, Function, &[[f64; 2]]); 5] = [
        ("two wells, from between them", |x, y| -(x * x - 4.0).powi(2) - y * y, &[[0.0, 0.0], [0.0, 3.0], [0.1, -1.0]]),
        ("Rosenbrock's valley", |x, y| -(1.0 - x).powi(2) - 100.0 * (y - x * x).powi(2), &[[-1.2, 1.0], [3.0, -4.0]]),
        ("Cauchy tails", |x, y| -(x * x).ln_1p() - (y * y).ln_1p(), &[[50.0, -3.0], [1e3, 1e3]]),
        ("far too large a first step", |x, y| 1.0 + x - x.exp() - y * y, &[[-12.0, 1.0], [6.0, 0.0]]),
        ("waves", |x, y| 2.0 * (x.sin() - 1.0) - y * y, &[[-1.0, 0.0], [2.9, 1.0], [7.0, 0.5]]),
    ];
    for (name, f, starts) in cases {
        for start in starts {
            let mut evaluations = 0;
            let mut evaluate = differences(f);
            let mode = find_mode(DVector::from_row_slice(start), &mut |at, out| {
                evaluations += 1;
                evaluate(at, out);
            });
            assert!(f(mode.at[0], mode.at[1]) > -0.01, "{name} from {start:?} to {}", mode.at);
            assert!(mode.precision.is_some(), "{name} from {start:?}");
            assert!(evaluations < 60, "{name} from {start:?}: {evaluations} evaluations");
        }
    }
}

#[test]
fn ascent_ends_where_nothing_can_be_gained() {
    for f in [|_: f64, _: f64| 1.0, |_, _| f64::NAN, |_, _| f64::NEG_INFINITY] {
        let mode = find_mode(DVector::zeros(2), &mut differences(f));
        assert!(mode.precision.is_none());
        assert_eq!(mode.at, DVector::zeros(2));
    }
}

/// Quantiles of Student's t with 4 degrees of freedom as SciPy 1.17 has them (`scipy.stats.t(4).ppf`, `.logpdf`).
#[test]
fn proposals_are_student_t() {
    let mut rng = keyed(0, 0, 0);
    let mut lattice = Lattice::shifted(1, &mut rng);
    let mut z = DVector::zeros(1);
    let mut all: Vec<(f64, f64)> = (0..1024).map(|_| (lattice.propose(&mut z, &mut rng), z[0])).collect();
    for (ln_q, z) in &all {
        assert!((ln_q - (0.375_f64.ln() - 2.5 * (1.0 + 0.25 * z * z).ln())).abs() < 1e-9);
    }
    all.sort_by(|a, b| a.1.total_cmp(&b.1));
    // the lattice leaves between k - 1 and k points below the quantile of k / 1024
    for (k, quantile) in [(32, QUANTILES[0]), (256, QUANTILES[1]), (512, 0.0), (768, -QUANTILES[1])] {
        assert!(all[k - 1].1 <= quantile + 1e-12 && quantile <= all[k].1 + 1e-12, "{k}: {quantile}");
    }
}

const QUANTILES: [f64; 2] = [-2.562_084_319_144_090_7, -0.740_697_084_112_682_9];

/// Whatever the dimension, the log density that a proposal comes with is that of the place it is at, and integrates to 1.
#[test]
fn proposals_have_the_density_they_say() {
    for dimensions in [1, 2, 3, 8, 9] {
        let mut rng = keyed(1, 0, dimensions as u64);
        let mut lattice = Lattice::shifted(dimensions, &mut rng);
        let mut z = DVector::zeros(dimensions);
        for _ in 0..64 {
            let ln_q = lattice.propose(&mut z, &mut rng);
            assert!((ln_q - ln_density(&z)).abs() < 1e-9, "{dimensions}: {z}");
        }
    }
    for dimensions in [1, 3] {
        let origin = DVector::zeros(dimensions);
        let along = |x: f64| {
            let mut z = origin.clone();
            z[0] = x;
            (ln_density(&z) - ln_density(&origin) * (1.0 - 1.0 / dimensions as f64)).exp()
        };
        let integral: f64 = (-100_000..100_000).map(|k| along(f64::from(k) * 1e-3) * 1e-3).sum();
        assert!((integral - 1.0).abs() < 1e-5, "{dimensions}: {integral}");
    }
    // quantiles of the normal distribution through the cube: P(|g| < 1) = 0.682689 (SciPy 1.17)
    let mut lattice = Lattice::shifted(3, &mut keyed(0, 0, 0));
    let mut z = DVector::zeros(3);
    let mut inside = || {
        lattice.propose(&mut z, &mut keyed(0, 0, 0));
        z.iter().filter(|z| z.abs() < 1.02).count()
    };
    let share = (0..4096).map(|_| inside()).sum::<usize>() as f64 / (3.0 * 4096.0);
    assert!((share - 0.682_689).abs() < 1e-3, "{share}");
}

/// A normal density is integrated the better the more points, far faster than the root of their number in 1 dimension.
#[test]
fn lattices_integrate_smooth_functions() {
    for (dimensions, count, expected) in [(1, 8, 5e-2), (1, 16, 2e-3), (2, 64, 2e-2), (5, 64, 2e-2)] {
        let mut squares = 0.0;
        for shift in 0..50 {
            let mut sample = Sample::default();
            let component = Component::new(Gaussian {
                mean: DVector::zeros(dimensions),
                root: DMatrix::identity(dimensions, dimensions),
            });
            let mut ln_f = |u: &[f64]| u.iter().map(|u| -0.5 * u * u - LN_SQRT_2PI).sum();
            sample.draw(component, count, &mut ln_f, &mut keyed(shift, 0, 0));
            sample.weigh();
            squares += sample.ln_z.powi(2) / 50.0;
        }
        assert!(squares.sqrt() < expected, "{dimensions} dimensions, {count} points: {}", squares.sqrt());
    }
}

model! {
    /// Gaussian given theta, however small sigma.
    Precise(ys: &[f64]) {
        ln_sigma ~ Normal(0.0, 10.0);
        for y in ys {
            phi ~ Normal(0.0, 1.0);
            y ~ Normal(phi, ln_sigma.exp());
        }
    }
}

/// y ~ N(0, 1 + sigma^2), of which a sigma of e^-40 leaves N(0, 1): precisions of e^80 cancel, and must not be seen to.
#[test]
fn no_precision_is_too_large() {
    let ys = [0.3, -1.7];
    let model = Precise::new(&ys);
    let density = density(&model);
    assert!(density.is_gaussian_given_theta());
    let conditionals = Conditionals::new(&density);
    for ln_sigma in [0.0, -3.0, -8.0, -20.0, -40.0] {
        for (i, y) in ys.iter().enumerate() {
            let answer = Asks::new(keyed(0, 0, 0), 1).answer(&conditionals, &[ln_sigma], i);
            let variance = 1.0 + (2.0 * ln_sigma).exp();
            let exact = -0.5 * (y * y / variance + variance.ln()) - LN_SQRT_2PI;
            assert!((answer.ln_z - exact).abs() < 1e-9, "{ln_sigma}: {}, not {exact}", answer.ln_z);
        }
    }
}

/// Points (x, y).
type Points = Vec<(f64, f64)>;

model! {
    /// Intercepts and slopes that go together, and one more number of each task, around them.
    Together(tasks: &[Points]) {
        mean[_ in 0..2] ~ Normal(0.0, 5.0);
        scale[_ in 0..2] ~ HalfNormal(2.0);
        corr ~ LkjCholesky(2, 2.0);
        for task in tasks {
            w ~ MultivariateNormal(&mean, diag_pre_multiply(&scale, &corr));
            more ~ Normal(w[0] + w[1], 0.5);
            for &(x, y) in task {
                y ~ Normal(w[0] + w[1] * x + more, 0.7);
            }
        }
    }
}

/// A theta with a mean that is far off where asked.
fn theta_of_together(mean: f64) -> Vec<f64> {
    vec![mean, -0.5, 0.3, -0.7, 0.4]
}

/// Mean and covariance of (w, more) and of the data, written out.
fn moments_of_together(theta: &[f64], task: &Points) -> (DVector<f64>, DMatrix<f64>) {
    let (scale, rho) = ([theta[2].exp(), theta[3].exp()], theta[4].tanh());
    let root = DMatrix::from_row_slice(2, 2, &[scale[0], 0.0, scale[1] * rho, scale[1] * (1.0 - rho * rho).sqrt()]);
    let n = task.len();
    // in terms of w, the noise of `more`, and that of the data
    let mut map = DMatrix::zeros(3 + n, 3 + n);
    map.view_mut((0, 0), (2, 2)).fill_with_identity();
    map.view_mut((2, 0), (1, 3)).copy_from_slice(&[1.0, 1.0, 1.0]);
    for (k, (x, _)) in task.iter().enumerate() {
        map.view_mut((3 + k, 0), (1, 3)).copy_from_slice(&[2.0, 1.0 + x, 1.0]);
        map[(3 + k, 3 + k)] = 1.0;
    }
    let mut covariance = DMatrix::from_diagonal_element(3 + n, 3 + n, 0.49);
    covariance.view_mut((0, 0), (2, 2)).copy_from(&(&root * root.transpose()));
    covariance[(2, 2)] = 0.25;
    let mut mean = DVector::zeros(3 + n);
    mean[0] = theta[0];
    mean[1] = theta[1];
    (&map * mean, &map * covariance * map.transpose())
}

/// ln p(D_i | theta) as the density of all data at once, and means of draws of (w, more) by conditioning.
#[test]
fn correlated_locals_are_eliminated_exactly() {
    let tasks: [Points; 2] = [vec![(0.3, 1.0), (-1.0, 2.0), (2.0, -0.7)], vec![(1.5, 4.0)]];
    let model = Together::new(&tasks);
    let density = density(&model);
    assert!(density.is_gaussian_given_theta());
    let conditionals = Conditionals::new(&density);
    for theta in [theta_of_together(1.0), theta_of_together(1e6)] {
        for (i, task) in tasks.iter().enumerate() {
            let n = task.len();
            let (mean, covariance) = moments_of_together(&theta, task);
            let y = DVector::from_iterator(n, task.iter().map(|p| p.1)) - mean.rows(3, n);
            let of_data = covariance.view((3, 3), (n, n)).into_owned().cholesky().expect("positive definite");
            let solved = of_data.solve(&y);
            let ln_det: f64 = of_data.l().diagonal().iter().map(|d| d.ln()).sum();
            let exact = -0.5 * y.dot(&solved) - ln_det - LN_SQRT_2PI * n as f64;
            let given = mean.rows(0, 3) + covariance.view((0, 3), (3, n)) * solved;
            let fixed = conditionals.fix(std::slice::from_ref(&theta));
            let Asker::Closed { mut eliminator, .. } = fixed.asker() else { panic!("it is Gaussian by structure") };
            let found = eliminator.eliminate(i, 0).expect("proper");
            assert!((found.ln_z() - exact).abs() < 1e-11 * exact.abs().max(1.0), "{} is not {exact}", found.ln_z());
            for (found, given) in found.mean.iter().zip(&given) {
                assert!((found - given).abs() < 1e-10 * given.abs().max(1.0), "{found} is not {given}");
            }
        }
    }
}

model! {
    /// A vector whose mean another latent of the task has a say in, and bends.
    Around(tasks: &[f64]) {
        for &y in tasks {
            centre ~ Normal(0.0, 1.0);
            w ~ MultivariateNormal([centre.exp(), centre], [1.0, 0.5, 1.0]);
            y ~ Normal(w[0] + w[1], 1.0);
        }
    }
}

model! {
    /// A vector that is normal, and data that are not.
    Answers(tasks: &[u8]) {
        for &y in tasks {
            w ~ MultivariateNormal([0.0, 1.0], [1.0, 0.5, 1.0]);
            y ~ BernoulliLogit(w[0] + w[1]);
        }
    }
}

#[test]
fn a_normal_vector_alone_does_not_make_a_task_gaussian() {
    assert!(!density(&Around::new(&[0.3, 1.0])).is_gaussian_given_theta());
    assert!(!density(&Answers::new(&[0, 1])).is_gaussian_given_theta());
}

model! {
    /// One latent a task, as precisely known as its scale says.
    Single(counts: &[(u64, u64)]) {
        mu ~ Normal(0.0, 2.0);
        tau ~ HalfNormal(1.0);
        for &(n, k) in counts {
            u ~ Normal(mu, tau);
            k ~ BinomialLogit(n, u);
        }
    }
}

model! {
    /// The same of data that are Gaussian.
    Measured(values: &[f64]) {
        mu ~ Normal(0.0, 2.0);
        tau ~ HalfNormal(1.0);
        for &y in values {
            u ~ Normal(mu, tau);
            y ~ Normal(u, 0.7);
        }
    }
}

model! {
    /// Two and three latents a task.
    Several(values: &[[u32; 3]]) {
        mu ~ Normal(0.0, 2.0);
        tau ~ HalfNormal(1.0);
        for y in values {
            u[_ in 0..if y[2] > 50 { 2 } else { 3 }] ~ Normal(mu, tau);
            y[0] ~ PoissonLog(u[0] + u[1]);
            y[1] ~ PoissonLog(u[1] - u[0]);
        }
    }
}

/// ln Z of a task of one, two and three latents whose scale is exp(ln_tau).
fn by_scale(ln_tau: f64) -> [f64; 4] {
    let (single, measured) = (Single::new(&[(10, 3)]), Measured::new(&[1.3]));
    let (two, three) = (Several::new(&[[2, 3, 60]]), Several::new(&[[2, 3, 1]]));
    [density(&single), density(&measured), density(&two), density(&three)].map(|density| {
        let conditionals = Conditionals::new(&density);
        let mut asks = Asks::new(keyed(1, 2, 3), 1);
        asks.answer(&conditionals, &[-1.24, -1.0], 0);
        asks.answer(&conditionals, &[-1.24, ln_tau], 0).ln_z
    })
}

/// The smaller the scale, the closer Z is to the likelihood at the mean; as soon as numbers are too far apart for the latents
/// it is no larger than that, and never anything else.
#[test]
fn scales_beyond_all_precision_make_no_evidence() {
    let limit = by_scale(-12.0);
    for ln_tau in [-15.0, -20.0, -25.0, -28.0, -30.0, -35.0, -40.0, -60.0, -300.0, -360.0, -700.0, -745.0, -1e5] {
        for (k, (found, limit)) in by_scale(ln_tau).into_iter().zip(limit).enumerate() {
            assert!(!found.is_nan() && found < limit + 1e-3, "{k}, ln tau {ln_tau}: {found}, and in the limit {limit}");
            assert!(ln_tau < -28.0 || (found - limit).abs() < 1e-3, "{k}, ln tau {ln_tau}: {found}, not {limit}");
        }
    }
}

model! {
    /// Latents with heavy tails, whose likelihood may be flat on one side.
    Hospitals(hospitals: &[(u32, u32)]) {
        mu ~ Normal(0.0, 1.5);
        tau ~ HalfNormal(1.0);
        for &(n, k) in hospitals {
            theta ~ StudentT(4.0, mu, tau);
            k ~ BinomialLogit(n, theta);
        }
    }
}

/// Z = int t_4(x; mu, tau) exp(k x) / (1 + exp(x))^n dx but for the binomial coefficient, by the trapezoid rule.
fn z_of_hospital((n, k): (u32, u32), [mu, tau]: [f64; 2]) -> f64 {
    const STEP: f64 = 0.02;
    let ln_f = |x: f64| {
        let z = (x - mu) / tau;
        f64::from(k) * x - f64::from(n) * x.exp().ln_1p() - 2.5 * (0.25 * z * z).ln_1p() - (tau / 0.375).ln()
    };
    (0..1500).map(|i| STEP * ln_f(STEP * f64::from(i) - 20.0).exp()).sum()
}

/// The mean of Z over thetas is right: no shift of a grid is preferred to others, and tails are not cut.
#[test]
fn grids_are_right_on_average_where_tails_are_heavy() {
    let hospitals = [(47, 0), (148, 18)];
    let model = Hospitals::new(&hospitals);
    let density = density(&model);
    let conditionals = Conditionals::new(&density);
    for (task, hospital) in hospitals.into_iter().enumerate() {
        let (mut asks, mut rng) = (Asks::new(keyed(task as u64, 2, 3), 1), keyed(9, 9, task as u64));
        let mut normal = || rng.sample::<f64, _>(rand_distr::StandardNormal);
        let count = 3000;
        let mut mean = 0.0;
        for _ in 0..count {
            let (mu, ln_tau) = (-2.6 + 0.15 * normal(), -1.0 + 0.35 * normal());
            let found = asks.answer(&conditionals, &[mu, ln_tau], task).ln_z;
            mean +=
                (found - ln_choose(hospital)).exp() / z_of_hospital(hospital, [mu, ln_tau.exp()]) / f64::from(count);
        }
        assert!((mean - 1.0).abs() < 1e-3, "{hospital:?}: {mean}");
    }
}

/// ln (n choose k)
fn ln_choose((n, k): (u32, u32)) -> f64 {
    let ln_factorial = |n: u32| crate::special::ln_gamma(f64::from(n) + 1.0);
    ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
}
