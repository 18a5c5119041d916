//! MAML's sinusoids by MAML's network (Finn et al. 2017), told nothing of waves: two hidden layers of 40 rectified linear
//! units, all of whose 1,761 weights are a wave's own.
//!
//! phi are the weights, theta the means and scales of their priors. A wave of 5 or 10 points is met by gradient steps
//! from the prior on the bound of its own points, with learned rates, and theta is learned through the steps by how well
//! all of 20 points are told (Ravi & Beatson 2019). Beside it, the same program with point estimates of phi, which is
//! what MAML trains, but for the learned rates (Li et al. 2017) and a prior that holds the weights. Both with one step, as
//! the paper trains, and with five. MAML trains for 70,000 iterations on 25 new waves each; here it is 8,000 on 16, or 5,000
//! on 8, of 4,000 waves.
//!
//! Without arguments the program trains for some seconds; with `--whole` as long as for the table of the docs, some 20
//! minutes of processor time.
//!
//! cargo run --release --example `sinusoid_network` -- --whole

#[path = "sinusoid_network/judge.rs"]
mod judge;
#[path = "shared/network.rs"]
mod network;
#[path = "shared/panel.rs"]
mod panel;
#[path = "sinusoid/wave.rs"]
mod wave;

use hierarch::prelude::*;
use hierarch::{AdamOptions, Estimator, GradientFit, GradientOptions, Optimiser, Options, TaskFactor};
use judge::{Found, judge};
use network::{groups, network, unit};
use panel::Panel;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use std::error::Error;
use wave::Wave;

/// Points (x, y) of a wave; y is `None` where it is not known.
pub type Task = Vec<(f64, Option<f64>)>;

/// Weights and biases of a wave's network.
const WEIGHTS: usize = groups(1)[6];
/// Points of a wave to learn from, known or to be told.
const POINTS: usize = 20;
/// How many of them are known, of one wave and the next.
const KNOWN: [usize; 2] = [5, 10];

model! {
    /// A network a wave.
    pub Waves(waves: &[Task]) {
        mean[_ in 0..WEIGHTS] ~ Normal(0.0, 1.0);
        scale[_ in 0..WEIGHTS] ~ LogNormal(0.0, 1.0);
        noise ~ LogNormal(-1.0, 1.0);
        for wave in waves {
            w[k in 0..WEIGHTS] ~ Normal(measured_in(k) * mean[k], 0.1 * measured_in(k) * scale[k]);
            for &(x, y) in wave {
                y ~ Normal(network(w, &[x]), noise);
            }
        }
    }
}

/// What a weight is measured in: with these, kinks of the first layer are all over the range of x.
fn measured_in(weight: usize) -> f64 {
    unit(1, [1.0, 3.0], weight)
}

/// Waves to learn from: with some points known, and with all.
struct Training {
    support: Vec<Task>,
    full: Vec<Task>,
}

impl Training {
    fn draw(waves: usize) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let wave = |i: usize| {
            let full = seen(&Wave::draw(&mut rng).points(POINTS, 0.0, &mut rng));
            let known = full.iter().enumerate().map(|(k, &(x, y))| (x, y.filter(|_| k < KNOWN[i % 2])));
            (known.collect(), full)
        };
        let (support, full) = (0..waves).map(wave).unzip();
        Self { support, full }
    }
}

fn seen(points: &[(f64, f64)]) -> Task {
    points.iter().map(|&(x, y)| (x, Some(y))).collect()
}

/// What is trained, and for how long.
struct Run {
    factor: TaskFactor,
    steps: usize,
    iterations: usize,
    /// Waves an iteration.
    batch: usize,
    is_drawn: bool,
}

type Trained<'a> = GradientFit<'a, Waves<'a>>;

impl Run {
    fn options(&self) -> GradientOptions {
        let options = Options {
            estimator: Estimator::ClosedKl,
            optimiser: Optimiser::Adam(AdamOptions { step: 0.01, draws: 1, batch: Some(self.batch), window: 500 }),
            max_iterations: Some(self.iterations),
            // from 0 all hidden units would stay alike
            random_start: Some(1),
            draws: 2,
            posterior_draws: 100,
            ..Options::default()
        };
        GradientOptions { steps: self.steps, factor: self.factor, draws: 2, options, ..GradientOptions::default() }
    }

    fn name(&self) -> String {
        let what = if self.factor == TaskFactor::Point { "points" } else { "normals" };
        format!("{what}, {} step{}", self.steps, if self.steps == 1 { "" } else { "s" })
    }
}

/// What became of a run.
struct Outcome {
    found: Found,
    report: String,
    noise: f64,
}

impl Run {
    /// Trains, judges, and draws what is believed of waves by normals of several steps.
    fn outcome(&self, [support, full]: [&Waves<'_>; 2], test: usize) -> Result<Outcome, Box<dyn Error + Send + Sync>> {
        let fit = GradientFit::train(support, full, &self.options())?;
        if self.is_drawn {
            draw(&fit).map_err(|error| error.to_string())?;
        }
        Ok(Outcome { found: judge(&fit, test)?, report: fit.to_string(), noise: fit.global().noise.mean })
    }
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let is_whole = std::env::args().any(|arg| arg == "--whole");
    let (waves, test) = if is_whole { (4000, 600) } else { (500, 60) };
    let training = Training::draw(waves);
    let models = [&Waves::new(&training.support), &Waves::new(&training.full)];
    let run = |factor, steps, iterations, batch| Run { factor, steps, iterations, batch, is_drawn: false };
    let (normals, points) = (TaskFactor::MeanField, TaskFactor::Point);
    let runs = if is_whole {
        vec![
            run(normals, 1, 8000, 16),
            run(points, 1, 8000, 16),
            Run { is_drawn: true, ..run(normals, 5, 5000, 8) },
            run(points, 5, 5000, 8),
        ]
    } else {
        vec![Run { is_drawn: true, ..run(normals, 1, 300, 16) }]
    };
    let outcomes = runs.par_iter().map(|run| run.outcome(models, test)).collect::<Result<Vec<_>, _>>()?;
    println!(
        "Over {test} test waves, and standard errors: MSE, and the share of a wave in the 90% band of its prediction\n"
    );
    println!("{:<18} {:>17} {:>17} {:>17} {:>17}", "", "K = 5, MSE", "in band", "K = 10, MSE", "in band");
    for (run, Outcome { found: Found { error, coverage }, .. }) in runs.iter().zip(&outcomes) {
        let [few, many] = [0, 1].map(|k| format!("{:>17} {:>17}", error[k], coverage[k]));
        println!("{:<18} {few} {many}", run.name());
    }
    println!("{:<18} {:>17}, 0.280 (10 steps)", "MAML, published", "0.600 (1 step)");
    for (run, Outcome { found, report, noise }) in runs.iter().zip(&outcomes) {
        println!("\n{}: noise {noise:.3}\n{report}", run.name());
        // 0 everywhere has 4.3; with several steps, MAML's figure for ten
        let most = match run.steps {
            _ if !is_whole => [3.5, 3.5],
            1 => [0.9, 0.4],
            _ => [0.28, 0.1],
        };
        assert!((0..2).all(|k| found.error[k].mean < most[k]), "{} should have learned", run.name());
    }
    Ok(())
}

/// Two new waves after 5 and 10 points.
fn draw(fit: &Trained<'_>) -> Result<(), Box<dyn Error>> {
    let panel = |seed: u64, known: usize| -> Result<Panel, hierarch::Error> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let wave = Wave::draw(&mut rng);
        let context = wave.points(known, 0.0, &mut rng);
        let adapted = fit.adapt(&seen(&context))?;
        let believed = |x: f64| adapted.marginal(|d| network::<f64, _>(&d.local.w, &[x]).value());
        let xs = (0..=100).map(|k| -5.0 + f64::from(k) / 10.0);
        let curve = xs.map(|x| (x, wave.at(x), believed(x))).collect();
        Ok(Panel { title: format!("a new wave, {known} points seen"), curve, context, y: -6.0..10.0 })
    };
    panel::save("sinusoid_network", &[panel(4, 5)?, panel(4, 10)?, panel(5, 5)?, panel(5, 10)?])
}
