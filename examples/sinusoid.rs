//! MAML's sinusoids (Finn et al. 2017): learn from 100 waves, then tell a new one from 1, 5, 10 or 20 of its points.
//!
//! A task is y = A sin(x - phase), A ~ U(0.1, 5), phase ~ U(0, pi), x ~ U(-5, 5). It is linear in two latents,
//! A cos(phase) and A sin(phase), which is why five points are easy: two unknowns, and a linear model with a learned prior
//! over them is exact as soon as two points are known. At one point the prior's shape matters, and it is not normal (half
//! a ring), so the second model here says what the tasks are: an amplitude and a phase, each uniform between bounds to be
//! learned. Given the phase the amplitude is normal but for its bounds, and summed out. One point without noise leaves
//! a curve, too thin to draw from: the model assumes some noise, as much as predicts training tasks best. Where there is
//! noise, both models are given its size. So K = 5 is met by the first model, K = 1 by the second, which is run there only.
//!
//! Errors are means over test tasks, for one set of training tasks: what another set would change is not in the errors.
//!
//! The exact Bayes predictor b is the mean of what it predicts, so that another predictor's mean squared error is larger
//! by the mean of (prediction - b)^2: far less noisy than a difference of errors.
//!
//! A full run takes 22 seconds of processor time.
//!
//! cargo run --release --example sinusoid

#[path = "sinusoid/amplitude.rs"]
mod amplitude;
#[path = "shared/panel.rs"]
mod panel;
#[path = "sinusoid/wave.rs"]
mod wave;

use amplitude::Amplitude;
use hierarch::assess::metrics::{Estimate, mean_squared_error};
use hierarch::prelude::*;
use hierarch::{Correction, Fit, Options, Parameterisation, TaskDraw};
use indicatif::ProgressBar;
use panel::Panel;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use std::f64::consts::PI;
use wave::Wave;

/// Points (x, y) of a task.
pub type Task = Vec<(f64, f64)>;

const TRAINING_TASKS: usize = 100;
const TRAINING_POINTS: usize = 10;

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
    /// An amplitude and a phase, each uniform; the amplitude is summed out.
    pub Ring(tasks: &[Task], noise: f64) {
        lowest ~ LogNormal(0.0, 1.0);
        width ~ LogNormal(1.0, 1.0);
        first ~ Normal(0.0, 1.0);
        arc ~ LogNormal(1.0, 0.5);
        for task in tasks {
            phase ~ Uniform(first, first + arc);
            factor(Amplitude::given(task, phase, noise).ln_evidence(lowest, lowest + width));
        }
    }
}

impl Wave {
    fn predictor(self) -> Predictor {
        Predictor { sin: self.amplitude * self.phase.cos(), cos: -self.amplitude * self.phase.sin() }
    }
}

/// A predictor, linear in the two: sin * sin(x) + cos * cos(x).
#[derive(Clone, Copy)]
struct Predictor {
    sin: f64,
    cos: f64,
}

impl Predictor {
    fn at(self, x: f64) -> f64 {
        self.sin * x.sin() + self.cos * x.cos()
    }

    /// Mean squared difference over x ~ U(-5, 5), where sin^2 is (1 - sin(10) / 10) / 2 on average and sin * cos is 0.
    fn squared_distance(self, other: Self) -> f64 {
        let [sin, cos] = [-1.0, 1.0].map(|sign| 0.5 + sign * 10.0_f64.sin() / 20.0);
        sin * (self.sin - other.sin).powi(2) + cos * (self.cos - other.cos).powi(2)
    }
}

fn linear(fit: &Fit<Linear<'_>>, context: &Task) -> Result<Predictor, hierarch::Error> {
    let w = fit.adapt(context)?.local().w;
    Ok(Predictor { sin: w[0].mean, cos: w[1].mean })
}

fn learn_ring(training: &[Task], noise: f64) -> Result<Fit<Ring<'_>>, hierarch::Error> {
    let options = Options {
        correction: Correction::LinearResponse,
        parameterisation: Parameterisation::Centred,
        ..Options::default()
    };
    Ring::new(training, noise).fit_with(&options)
}

fn ring(fit: &Fit<Ring<'_>>, context: &Task, noise: f64) -> Result<Predictor, hierarch::Error> {
    let adapted = fit.adapt(context)?;
    let amplitude = |d: &TaskDraw<Ring>| {
        let (low, width) = (d.global.lowest, d.global.width);
        Amplitude::<f64>::given(context, Real(d.local.phase), noise).mean_between(low, low + width)
    };
    let sin = adapted.marginal(|d| amplitude(d) * d.local.phase.cos()).mean;
    let cos = adapted.marginal(|d| -amplitude(d) * d.local.phase.sin()).mean;
    Ok(Predictor { sin, cos })
}

/// The noise to assume of waves without any: of one point of each training task, what predicts the others best.
fn choose_noise(training: &[Task]) -> Result<f64, hierarch::Error> {
    let mut best = (0.0, f64::INFINITY);
    for noise in [0.03, 0.1, 0.3] {
        let fit = learn_ring(training, noise)?;
        let error = |task: &Task| -> Result<f64, hierarch::Error> {
            let predictor = ring(&fit, &task[..1].to_vec(), noise)?;
            let (predicted, actual): (Vec<f64>, Vec<f64>) =
                task[1..].iter().map(|&(x, y)| (predictor.at(x), y)).unzip();
            Ok(mean_squared_error(&predicted, &actual))
        };
        let errors = training.par_iter().map(error).collect::<Result<Vec<_>, _>>()?;
        let error = Estimate::of(&errors);
        println!("assuming noise of {noise}: MSE {error} on training tasks, from one point of each");
        if error.mean < best.1 {
            best = (noise, error.mean);
        }
    }
    Ok(best.0)
}

/// The exact Bayes predictor. With noise: a grid over amplitude and phase. Without, one point leaves a curve,
/// A = y / sin(x - phase) with density 1 / |sin(x - phase)|, and two points leave nothing to predict.
fn bayes(truth: Wave, context: &Task, noise: f64) -> Predictor {
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
        return truth.predictor();
    };
    let top = cells.iter().map(|c| c.2).fold(f64::NEG_INFINITY, f64::max);
    let (mut sin, mut cos, mut total) = (0.0, 0.0, 0.0);
    for (a, p, ln_weight) in cells {
        let weight = (ln_weight - top).exp();
        sin += weight * a * p.cos();
        cos -= weight * a * p.sin();
        total += weight;
    }
    Predictor { sin: sin / total, cos: cos / total }
}

/// How a predictor did on a test task.
#[derive(Clone, Copy)]
struct Outcome {
    /// Mean squared error.
    error: f64,
    /// Mean squared distance from the exact Bayes predictor.
    excess: f64,
}

/// A row of the table, over test tasks.
struct Row {
    noise: f64,
    k: usize,
    linear: Vec<Outcome>,
    /// Where it is run.
    ring: Option<Vec<Outcome>>,
    bayes: Vec<Outcome>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let test_tasks: u64 = if is_quick() { 60 } else { 600 };
    let bar = ProgressBar::new(8 * test_tasks);
    let mut rows = rows(0.0, test_tasks, &bar)?;
    rows.extend(self::rows(0.3, test_tasks, &bar)?);
    bar.finish_and_clear();
    println!("\nMSE over {test_tasks} test tasks, and its standard error\n");
    println!("{:>5} {:>3} {:>19} {:>19} {:>19}", "noise", "K", "linear", "amplitude and phase", "exact Bayes");
    rows.iter().for_each(report);
    println!("published, no noise");
    for (k, what) in [(5, "MAML 0.600 (1 step), 0.280 (10 steps); GP-VIB 0.02"), (20, "MAML 0.043; GP-VIB 0.001")] {
        println!("{:>5} {k:>3} {what}", 0);
    }
    Ok(())
}

fn is_quick() -> bool {
    std::env::args().any(|arg| arg == "--quick")
}

/// The rows of the table for waves seen with that noise, a number of points each.
fn rows(noise: f64, test_tasks: u64, bar: &ProgressBar) -> Result<Vec<Row>, Box<dyn std::error::Error>> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut waves = || (Wave::draw(&mut rng), rng.random::<u64>());
    let training: Vec<Task> = (0..TRAINING_TASKS)
        .map(|_| waves())
        .map(|(wave, seed)| wave.points(TRAINING_POINTS, noise, &mut ChaCha8Rng::seed_from_u64(seed)))
        .collect();
    let test: Vec<(Wave, u64)> = (0..test_tasks).map(|_| waves()).collect();
    let lines = Linear::new(&training, f64::max(noise, 0.05)).fit()?;
    let assumed = match noise {
        0.0 if is_quick() => 0.3,
        0.0 => choose_noise(&training)?,
        _ => noise,
    };
    let rings = learn_ring(&training, assumed)?;
    if noise > 0.0 {
        draw(&lines)?;
    }
    let row = |k: usize| -> Result<Row, Box<dyn std::error::Error>> {
        let outcomes = |&(wave, seed): &(Wave, u64)| -> Result<_, hierarch::Error> {
            bar.inc(1);
            let context = wave.points(k, noise, &mut ChaCha8Rng::seed_from_u64(seed));
            let exact = bayes(wave, &context, noise);
            let outcome = |predictor: Predictor| Outcome {
                error: predictor.squared_distance(wave.predictor()),
                excess: predictor.squared_distance(exact),
            };
            let ring = if k == 1 { Some(outcome(ring(&rings, &context, assumed)?)) } else { None };
            Ok((outcome(linear(&lines, &context)?), ring, outcome(exact)))
        };
        let outcomes = test.par_iter().map(outcomes).collect::<Result<Vec<_>, _>>()?;
        Ok(Row {
            noise,
            k,
            linear: outcomes.iter().map(|o| o.0).collect(),
            ring: outcomes.iter().map(|o| o.1).collect(),
            bayes: outcomes.iter().map(|o| o.2).collect(),
        })
    };
    [1, 5, 10, 20].into_iter().map(row).collect()
}

/// Prints a row of the table, and asserts the targets.
fn report(row: &Row) {
    let over =
        |outcomes: &[Outcome], of: fn(&Outcome) -> f64| Estimate::of(&outcomes.iter().map(of).collect::<Vec<_>>());
    let error = |outcomes: &[Outcome]| over(outcomes, |o| o.error);
    let (noise, k, line, exact) = (row.noise, row.k, error(&row.linear), error(&row.bayes));
    let ring = row.ring.as_ref().map_or_else(|| "-".to_owned(), |ring| readable(error(ring)));
    println!("{noise:>5} {k:>3} {:>19} {ring:>19} {:>19}", readable(line), readable(exact));
    if k == 5 && noise == 0.0 {
        assert!(line.mean <= 1e-3, "no noise, K = 5: {line}");
    }
    if let Some(ring) = &row.ring {
        let share = |outcomes: &[Outcome]| {
            let excess = over(outcomes, |o| o.excess);
            [excess.mean, excess.std_error].map(|x| 100.0 * x / exact.mean)
        };
        let ([line, line_error], [ring, ring_error]) = (share(&row.linear), share(ring));
        println!(
            "{:>9} {:>19} {:>19}",
            "above",
            format!("{line:.2} +- {line_error:.2}%"),
            format!("{ring:.2} +- {ring_error:.2}%")
        );
        assert!(ring <= 5.0, "K = 1: {ring}% above exact Bayes");
    }
}

/// Small numbers by their powers of ten.
fn readable(Estimate { mean, std_error }: Estimate) -> String {
    match mean {
        0.0 => "0".to_owned(),
        m if m < 0.01 => format!("{mean:.1e} +- {std_error:.0e}"),
        _ => format!("{mean:.3} +- {std_error:.3}"),
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
