//! The Sinusoid environment: a task is a line plus a wave. Given the frequency it is linear in four latents, so the model
//! says that, and the frequency is a latent that all tasks share.

use crate::panel::Panel;
use crate::score::{Predictions, Scores, mean};
use hierarch::prelude::*;
use hierarch::special::normal_cdf;
use hierarch::{Fit, TaskDraw};
use nalgebra::{Matrix2, Vector2};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use rayon::prelude::*;

/// Points (x, y) of a task.
pub(crate) type Task = Vec<(f64, f64)>;

const TRAINING_TASKS: usize = 20;
const CONTEXT: usize = 5;
const TEST: usize = 200;

model! {
    /// A task is linear in its latents: of intercept, slope and the wave's two amplitudes, the first `terms`.
    pub(crate) Waves(terms: usize, tasks: &[Task]) {
        frequency ~ LogNormal(0.0, 0.5);
        mean[_ in 0..terms] ~ Normal(0.0, 5.0);
        spread[_ in 0..terms] ~ HalfNormal(0.5);
        sigma ~ HalfNormal(0.5);
        for task in tasks {
            w[k in 0..terms] ~ Normal(mean[k], spread[k]);
            for &(x, y) in task {
                y ~ Normal(curve(w, frequency, x), sigma);
            }
        }
    }
}

fn curve<N: Number>(w: &[Real<N>], frequency: Real<N>, x: f64) -> Real<N> {
    let line = w[0] + w[1] * x;
    if let [_, _, sin, cos] = w { line + *sin * (frequency * x).sin() + *cos * (frequency * x).cos() } else { line }
}

fn curve_of(draw: &TaskDraw<Waves<'_>>, x: f64) -> f64 {
    let w: Vec<Real<f64>> = draw.local.w.iter().map(|&w| Real(w)).collect();
    curve(&w, Real(draw.global.frequency), x).value()
}

fn adapted(fit: &Fit<Waves<'_>>, context: &Task, test: &Task) -> Result<Predictions, hierarch::Error> {
    let zeros = vec![0.0; test.len()];
    let mut out = Predictions { actual: test.iter().map(|point| point.1).collect(), mean: zeros.clone(), cdf: zeros };
    for (draw, weight) in fit.adapt(context)?.weighted_draws() {
        for (k, &(x, y)) in test.iter().enumerate() {
            let centre = curve_of(draw, x);
            out.mean[k] += weight * centre;
            out.cdf[k] += weight * normal_cdf((y - centre) / draw.global.sigma);
        }
    }
    Ok(out)
}

/// In one environment: the exact answer, a line only, and a line and a wave.
pub(crate) fn environment(seed: u64, tests: usize) -> Result<[Scores; 3], hierarch::Error> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let tasks: Vec<Task> = (0..TRAINING_TASKS).map(|_| Truth::draw(&mut rng).points(CONTEXT, &mut rng)).collect();
    let mut test = || {
        let truth = Truth::draw(&mut rng);
        (truth.points(CONTEXT, &mut rng), truth.points(TEST, &mut rng))
    };
    let tests: Vec<(Task, Task)> = (0..tests).map(|_| test()).collect();
    let model = |terms: usize| {
        let fit = Waves::new(terms, &tasks).fit()?;
        let scores = tests.par_iter().map(|(context, test)| Ok(adapted(&fit, context, test)?.scores()));
        Ok(mean(&scores.collect::<Result<Vec<_>, hierarch::Error>>()?))
    };
    let exact: Vec<Scores> =
        tests.par_iter().map(|(context, test)| Oracle::new(context).predict(test).scores()).collect();
    Ok([mean(&exact), model(2)?, model(4)?])
}

/// A new task after 1 and 5 points.
pub(crate) fn panels() -> Result<[Panel; 2], hierarch::Error> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let tasks: Vec<Task> = (0..TRAINING_TASKS).map(|_| Truth::draw(&mut rng).points(CONTEXT, &mut rng)).collect();
    let fit = Waves::new(4, &tasks).fit()?;
    fit.to_string().lines().take(14).for_each(|line| println!("{line}"));
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let truth = Truth::draw(&mut rng);
    let points = truth.points(CONTEXT, &mut rng);
    let panel = |count: usize| -> Result<Panel, hierarch::Error> {
        let context = points[..count].to_vec();
        let adapted = fit.adapt(&context)?;
        let xs = (0..=200).map(|k| -5.0 + f64::from(k) / 20.0);
        let curve = xs.map(|x| (x, truth.at(x), adapted.marginal(|d| curve_of(d, x)))).collect();
        Ok(Panel { title: format!("Sinusoid: a new task, points seen: {count}"), curve, context, y: 0.0..10.0 })
    };
    Ok([panel(1)?, panel(5)?])
}

/// The latents of a task of the environment.
struct Truth {
    slope: f64,
    intercept: f64,
    amplitude: f64,
    shift: f64,
}

const NOISE: f64 = 0.1;

impl Truth {
    fn draw(rng: &mut impl Rng) -> Self {
        let mut normal = |mean: f64, sd: f64| mean + sd * rng.sample::<f64, _>(StandardNormal);
        let (slope, intercept, shift) = (normal(0.5, 0.2), normal(5.0, 0.1), normal(0.0, 0.1));
        Self { slope, intercept, amplitude: rng.random_range(0.7..1.3), shift }
    }

    fn at(&self, x: f64) -> f64 {
        self.slope * x + self.amplitude * (1.5 * (x - self.shift)).sin() + self.intercept
    }

    fn points(&self, n: usize, rng: &mut impl Rng) -> Task {
        let mut point = || {
            let x = rng.random_range(-5.0..5.0);
            (x, self.at(x) + NOISE * rng.sample::<f64, _>(StandardNormal))
        };
        (0..n).map(|_| point()).collect()
    }
}

/// The exact posterior of a task under the true distribution of tasks: a grid over amplitude and shift, given which the
/// posterior of intercept and slope is normal.
struct Oracle {
    cells: Vec<Cell>,
    /// Of intercept and slope, in every cell.
    covariance: Matrix2<f64>,
}

/// A likely cell of the grid.
struct Cell {
    weight: f64,
    amplitude: f64,
    shift: f64,
    /// The mean of intercept and slope.
    line: Vector2<f64>,
}

impl Cell {
    /// The mean of the task's function.
    fn at(&self, x: f64) -> f64 {
        self.line.dot(&Vector2::new(1.0, x)) + wave(self.amplitude, self.shift, x)
    }
}

fn wave(amplitude: f64, shift: f64, x: f64) -> f64 {
    amplitude * (1.5 * (x - shift)).sin()
}

impl Oracle {
    fn new(context: &Task) -> Self {
        const GRID: u32 = 40;
        let prior = Vector2::new(5.0, 0.5);
        let prior_precision = Matrix2::from_diagonal(&Vector2::new(0.1_f64.powi(-2), 0.2_f64.powi(-2)));
        let mut precision = prior_precision;
        for &(x, _) in context {
            precision += Vector2::new(1.0, x) * Vector2::new(1.0, x).transpose() / (NOISE * NOISE);
        }
        let covariance = precision.try_inverse().expect("the prior's precision is positive");
        // the logarithm of a cell's weight stands for the weight until all are known
        let cell = |amplitude: f64, shift: f64| {
            let mut target = prior_precision * prior;
            let mut squares = (shift / 0.1).powi(2);
            for &(x, y) in context {
                let rest = y - wave(amplitude, shift, x);
                target += Vector2::new(1.0, x) * rest / (NOISE * NOISE);
                squares += (rest / NOISE).powi(2);
            }
            let line = covariance * target;
            Cell { weight: -0.5 * (squares - target.dot(&line)), amplitude, shift, line }
        };
        let middle = |k: u32| (f64::from(k) + 0.5) / f64::from(GRID);
        let row = |i: u32| (0..GRID).map(move |j| cell(0.7 + 0.6 * middle(i), 0.5 * (2.0 * middle(j) - 1.0)));
        let mut cells: Vec<Cell> = (0..GRID).flat_map(row).collect();
        let top = cells.iter().map(|cell| cell.weight).fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = cells.iter().map(|cell| (cell.weight - top).exp()).sum();
        for cell in &mut cells {
            cell.weight = (cell.weight - top).exp() / total;
        }
        cells.retain(|cell| cell.weight > 1e-9);
        Self { cells, covariance }
    }

    fn predict(&self, test: &Task) -> Predictions {
        let mut out = Predictions::default();
        for &(x, y) in test {
            let at = Vector2::new(1.0, x);
            let sd = (at.dot(&(self.covariance * at)) + NOISE * NOISE).sqrt();
            let over = |value: &dyn Fn(&Cell) -> f64| self.cells.iter().map(|cell| cell.weight * value(cell)).sum();
            out.actual.push(y);
            out.mean.push(over(&|cell| cell.at(x)));
            out.cdf.push(over(&|cell| normal_cdf((y - cell.at(x)) / sd)));
        }
        out
    }
}
