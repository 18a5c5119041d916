//! MAML's sinusoids (Finn et al. 2017): learn from 100 waves, then tell a new one from 1, 5, 10 or 20 of its points.
//!
//! A task is y = A sin(x - phase), A ~ U(0.1, 5), phase ~ U(0, pi), x ~ U(-5, 5). It is linear in two latents,
//! A cos(phase) and A sin(phase), which is why it is easy: a linear model with a learned prior over the two is exact as
//! soon as two points are known. At one point the prior's shape matters, and it is not normal (half a ring), so the
//! second model here says what the tasks are: an amplitude and a phase, each uniform between bounds to be learned.
//!
//! cargo run --release --example sinusoid

#[path = "shared/panel.rs"]
mod panel;

use hierarch::metrics::{Estimate, mean_squared_error};
use hierarch::prelude::*;
use hierarch::{Correction, Fit, Options, Parameterisation};
use panel::Panel;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use std::f64::consts::PI;

/// Points (x, y) of a task.
pub type Task = Vec<(f64, f64)>;

const TRAINING_TASKS: usize = 100;
const TRAINING_POINTS: usize = 10;
const QUERIES: usize = 20;

model! {
    /// Linear in two latents, with any normal prior.
    pub Linear(tasks: &[Task], noise: f64) {
        mean[_ in 0..2] ~ Normal(0.0, 5.0);
        spread[_ in 0..2] ~ HalfNormal(5.0);
        correlation ~ LkjCholesky(2, 1.0);
        for task in tasks {
            w[..] ~ MultivariateNormal(&mean, diag_pre_multiply(&spread, &correlation));
            for &(x, y) in task {
                y ~ Normal(w[0] * x.sin() + w[1] * x.cos(), noise);
            }
        }
    }
}

model! {
    /// An amplitude and a phase, each uniform.
    pub Ring(tasks: &[Task], noise: f64) {
        lowest ~ LogNormal(0.0, 1.0);
        width ~ LogNormal(1.0, 1.0);
        first ~ Normal(0.0, 1.0);
        arc ~ LogNormal(1.0, 0.5);
        for task in tasks {
            amplitude ~ Uniform(lowest, lowest + width);
            phase ~ Uniform(first, first + arc);
            for &(x, y) in task {
                y ~ Normal(amplitude * (x - phase).sin(), noise);
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Wave {
    amplitude: f64,
    phase: f64,
}

impl Wave {
    fn draw(rng: &mut impl Rng) -> Self {
        Self { amplitude: rng.random_range(0.1..5.0), phase: rng.random_range(0.0..PI) }
    }

    fn at(self, x: f64) -> f64 {
        self.amplitude * (x - self.phase).sin()
    }

    fn points(self, n: usize, noise: f64, rng: &mut impl Rng) -> Task {
        let mut point = || {
            let x = rng.random_range(-5.0..5.0);
            (x, self.at(x) + noise * rng.sample::<f64, _>(StandardNormal))
        };
        (0..n).map(|_| point()).collect()
    }
}

/// Predicts y at some x.
type Predict<'a> = Box<dyn Fn(f64) -> f64 + 'a>;

fn linear<'f>(fit: &'f Fit<Linear<'_>>, context: &Task) -> Result<Predict<'f>, hierarch::Error> {
    let w = fit.adapt(context)?.local().w;
    Ok(Box::new(move |x| w[0].mean * x.sin() + w[1].mean * x.cos()))
}

fn ring<'f>(fit: &'f Fit<Ring<'_>>, context: &Task) -> Result<Predict<'f>, hierarch::Error> {
    let adapted = fit.adapt(context)?;
    let sin = adapted.marginal(|d| d.local.amplitude * d.local.phase.cos()).mean;
    let cos = adapted.marginal(|d| -d.local.amplitude * d.local.phase.sin()).mean;
    Ok(Box::new(move |x| sin * x.sin() + cos * x.cos()))
}

/// The exact Bayes predictor. With noise: a grid over amplitude and phase. Without, one point leaves a curve,
/// A = y / sin(x - phase) with density 1 / |sin(x - phase)|, and two points leave nothing to predict.
fn bayes(truth: Wave, context: &Task, noise: f64) -> Predict<'static> {
    let middle = |k: u32, n: u32| (f64::from(k) + 0.5) / f64::from(n);
    let cells: Vec<(f64, f64, f64)> = if noise > 0.0 {
        let grid = (0..160).flat_map(|i| (0..160).map(move |j| (0.1 + 4.9 * middle(i, 160), PI * middle(j, 160))));
        let ln_likelihood = |(a, p): (f64, f64)| {
            let squares = context.iter().map(|&(x, y)| (y - a * (x - p).sin()).powi(2));
            (a, p, -0.5 * squares.sum::<f64>() / (noise * noise))
        };
        grid.map(ln_likelihood).collect()
    } else if let [(x, y)] = context[..] {
        let curve =
            (0..20_000).map(|k| PI * middle(k, 20_000)).map(|p| (y / (x - p).sin(), p, -(x - p).sin().abs().ln()));
        curve.filter(|cell| (0.1..5.0).contains(&cell.0)).collect()
    } else {
        return Box::new(move |x| truth.at(x));
    };
    let top = cells.iter().map(|c| c.2).fold(f64::NEG_INFINITY, f64::max);
    let (mut sin, mut cos, mut total) = (0.0, 0.0, 0.0);
    for (a, p, ln_weight) in cells {
        let weight = (ln_weight - top).exp();
        sin += weight * a * p.cos();
        cos -= weight * a * p.sin();
        total += weight;
    }
    Box::new(move |x| (sin * x.sin() + cos * x.cos()) / total)
}

/// Mean squared errors, an entry a test task.
#[derive(Default)]
struct Errors {
    linear: Vec<f64>,
    ring: Vec<f64>,
    bayes: Vec<f64>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let quick = std::env::args().any(|arg| arg == "--quick");
    let test_tasks = if quick { 60 } else { 600 };
    println!("MSE over {test_tasks} test tasks, and its standard error\n");
    println!("{:>5} {:>3} {:>19} {:>19} {:>19}", "noise", "K", "linear", "amplitude and phase", "exact Bayes");
    for (noise, assumed) in [(0.0, 0.05), (0.3, 0.3)] {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut waves = || (Wave::draw(&mut rng), rng.random::<u64>());
        let training: Vec<Task> = (0..TRAINING_TASKS)
            .map(|_| waves())
            .map(|(wave, seed)| wave.points(TRAINING_POINTS, noise, &mut ChaCha8Rng::seed_from_u64(seed)))
            .collect();
        let test: Vec<(Wave, u64)> = (0..test_tasks).map(|_| waves()).collect();
        let lines = Linear::new(&training, assumed).fit()?;
        // one point leaves a ridge: a little noise in the model keeps it wide enough to draw from
        let fast = Options {
            correction: Correction::LinearResponse,
            parameterisation: Parameterisation::Centred,
            ..Options::default()
        };
        let rings = Ring::new(&training, assumed.max(0.3)).fit_with(&fast)?;
        if noise > 0.0 {
            draw(&lines)?;
        }
        for k in [1, 5, 10, 20] {
            let mut errors = Errors::default();
            for &(wave, seed) in &test {
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                let context = wave.points(k, noise, &mut rng);
                let query = wave.points(QUERIES, 0.0, &mut rng);
                let error = |predict: Predict<'_>| {
                    let (predicted, actual): (Vec<f64>, Vec<f64>) = query.iter().map(|&(x, y)| (predict(x), y)).unzip();
                    mean_squared_error(&predicted, &actual)
                };
                errors.linear.push(error(linear(&lines, &context)?));
                errors.bayes.push(error(bayes(wave, &context, noise)));
                if k == 1 {
                    errors.ring.push(error(ring(&rings, &context)?));
                }
            }
            report(noise, k, &errors, quick);
        }
    }
    println!(
        "\npublished, no noise: K = 5 MAML 0.600 (1 step), 0.280 (10 steps), GP-VIB 0.02; K = 20 MAML 0.043, GP-VIB 0.001"
    );
    Ok(())
}

/// A row of the table, and the targets.
fn report(noise: f64, k: usize, errors: &Errors, quick: bool) {
    let (line, exact) = (Estimate::of(&errors.linear), Estimate::of(&errors.bayes));
    let digits = if line.mean < 0.01 { 7 } else { 3 };
    let ring = if k == 1 { format!("{:.3}", Estimate::of(&errors.ring)) } else { String::new() };
    println!("{noise:>5} {k:>3} {line:>19.digits$} {ring:>19} {exact:>19.digits$}");
    if k == 5 && noise == 0.0 {
        assert!(line.mean <= 1e-3, "no noise, K = 5: {line}");
    }
    if k == 1 {
        // the same tasks, so the difference is known far better than either error
        let paired: Vec<f64> = errors.ring.iter().zip(&errors.bayes).map(|(r, b)| r - b).collect();
        let excess = Estimate::of(&paired);
        println!(
            "{:>9} amplitude and phase above exact Bayes: {:.1} +- {:.1}%",
            "",
            100.0 * excess.mean / exact.mean,
            100.0 * excess.std_error / exact.mean
        );
        let most = if quick || noise > 0.0 { 0.2 } else { 0.05 };
        assert!(excess.mean <= most * exact.mean, "K = 1: {excess} above {exact}");
    }
}

/// A new task after 1, 2, 5 and 20 noisy points.
fn draw(fit: &Fit<Linear<'_>>) -> Result<(), Box<dyn std::error::Error>> {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let wave = Wave::draw(&mut rng);
    let points = wave.points(20, 0.3, &mut rng);
    let panel = |count: usize| -> Result<Panel, hierarch::Error> {
        let context = points[..count].to_vec();
        let adapted = fit.adapt(&context)?;
        let xs = (0..=200).map(|k| -5.0 + f64::from(k) / 20.0);
        let believed = |x: f64| adapted.marginal(|d| d.local.w[0] * x.sin() + d.local.w[1] * x.cos());
        let title = format!("a new wave, {count} noisy point{} seen", if count == 1 { "" } else { "s" });
        Ok(Panel { title, curve: xs.map(|x| (x, wave.at(x), believed(x))).collect(), context, y: -6.0..12.0 })
    };
    panel::save("sinusoid", &[panel(1)?, panel(2)?, panel(5)?, panel(20)?])
}
