//! MAML's sinusoids by MAML's network.
//!
//! cargo run --release --example `sinusoid_network`

#[path = "sinusoid_network/network.rs"]
mod network;

use hierarch::assess::metrics::Estimate;
use hierarch::prelude::*;
use hierarch::{AdamOptions, Estimator, GradientFit, GradientOptions, Optimiser, Options, TaskFactor};
use network::{WEIGHTS, network, unit};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::f64::consts::PI;
use std::time::Instant;

/// Points (x, y) of a wave; y is `None` where it is not known.
pub type Task = Vec<(f64, Option<f64>)>;

model! {
    /// A network a wave.
    pub Waves(waves: &[Task]) {
        mean[_ in 0..WEIGHTS] ~ Normal(0.0, 1.0);
        scale[_ in 0..WEIGHTS] ~ LogNormal(0.0, 1.0);
        noise ~ LogNormal(-1.0, 1.0);
        for wave in waves {
            w[k in 0..WEIGHTS] ~ Normal(unit(k) * mean[k], 0.1 * unit(k) * scale[k]);
            for &(x, y) in wave {
                y ~ Normal(network(&w, x), noise);
            }
        }
    }
}

fn wave(known: usize, points: usize, rng: &mut impl Rng) -> (Task, Task) {
    let (a, p) = (rng.random_range(0.1..5.0), rng.random_range(0.0..PI));
    let full: Task = (0..points)
        .map(|_| {
            let x: f64 = rng.random_range(-5.0..5.0);
            (x, Some(a * (x - p).sin()))
        })
        .collect();
    let seen = full.iter().enumerate().map(|(k, &(x, y))| (x, y.filter(|_| k < known))).collect();
    (seen, full)
}

fn arg(name: &str, default: f64) -> f64 {
    std::env::args().find_map(|a| a.strip_prefix(name)?.strip_prefix('=')?.parse().ok()).unwrap_or(default)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let tasks = arg("tasks", 200.0) as usize;
    let (support, full): (Vec<Task>, Vec<Task>) =
        (0..tasks).map(|i| wave(if i % 2 == 0 { 5 } else { 10 }, 20, &mut rng)).unzip();
    let point = arg("point", 0.0) > 0.0;
    let (seen, whole) = (Waves::new(&support), Waves::new(&full));
    let options = Options {
        estimator: Estimator::ClosedKl,
        optimiser: Optimiser::Adam(AdamOptions {
            step: arg("step", 0.01),
            draws: arg("draws", 1.0) as usize,
            batch: Some(arg("batch", 16.0) as usize),
            window: arg("window", 500.0) as usize,
        }),
        max_iterations: Some(arg("iterations", 100.0) as usize),
        random_start: Some(1),
        draws: 2,
        posterior_draws: 100,
        ..Options::default()
    };
    let steps = GradientOptions {
        steps: arg("steps", 1.0) as usize,
        factor: if point { TaskFactor::Point } else { TaskFactor::MeanField },
        draws: 2,
        rate: (arg("rate", 0.0) > 0.0).then(|| arg("rate", 0.0)),
        options,
    };
    let start = Instant::now();
    let fit = GradientFit::train(&seen, &whole, &steps)?;
    println!("{fit}, {:.1} s", start.elapsed().as_secs_f64());
    println!("{:?}", fit.trace().iter().map(|e| (e / tasks as f64 * 100.0).round() / 100.0).collect::<Vec<_>>());
    println!("noise {} rates {:?}", fit.global().noise.mean, &fit.rates()[..5]);
    for k in [5, 10] {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let (mut errors, mut covered) = (Vec::new(), Vec::new());
        for _ in 0..arg("test", 60.0) as usize {
            let (a, p) = (rng.random_range(0.1..5.0), rng.random_range(0.0..PI));
            let task: Task = (0..k)
                .map(|_| {
                    let x: f64 = rng.random_range(-5.0..5.0);
                    (x, Some(a * (x - p).sin()))
                })
                .collect();
            let adapted = fit.adapt(&task)?;
            let (mut e, mut c) = (0.0, 0.0);
            for j in 0..50 {
                let x = -4.9 + 0.2 * f64::from(j);
                let s = adapted.marginal(|d| network::<f64, _>(&d.local.w, x).0);
                let y = a * (x - p).sin();
                e += (s.mean - y).powi(2) / 50.0;
                let sd = s.sd.hypot(fit.global().noise.mean);
                c += f64::from(u8::from((y - s.mean).abs() < 1.645 * sd)) / 50.0;
            }
            errors.push(e);
            covered.push(c);
        }
        println!("K = {k}: MSE {}, coverage {}", Estimate::of(&errors), Estimate::of(&covered));
    }
    println!("{:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}
