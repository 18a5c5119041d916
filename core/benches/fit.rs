//! Whole fits: radon from data to posterior, and how the cost grows with tasks and threads.
#![allow(missing_docs)]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hierarch::prelude::*;
use hierarch::{Correction, Joint, Options, Parameterisation};
use serde_json::Value;
use std::hint::black_box;

pub struct County {
    log_uranium: f64,
    /// Pairs of floor and log radon.
    houses: Vec<(f64, f64)>,
}

model! {
    Radon(counties: &[County]) {
        mu_alpha ~ Normal(0.0, 10.0);
        sigma_alpha ~ HalfNormal(1.0);
        beta_uranium ~ Normal(0.0, 10.0);
        beta_floor ~ Normal(0.0, 10.0);
        sigma_y ~ HalfNormal(1.0);
        for county in counties {
            alpha ~ Normal(mu_alpha, sigma_alpha);
            let base = alpha + beta_uranium * county.log_uranium;
            for &(floor, log_radon) in &county.houses {
                log_radon ~ Normal(base + beta_floor * floor, sigma_y);
            }
        }
    }
}

type Task = Vec<(f64, f64)>;

model! {
    Regression(tasks: &[Task]) {
        mu_a ~ Normal(0.0, 10.0);
        mu_b ~ Normal(0.0, 10.0);
        tau_a ~ HalfNormal(1.0);
        tau_b ~ HalfNormal(1.0);
        sigma ~ HalfNormal(1.0);
        for task in tasks {
            a ~ Normal(mu_a, tau_a);
            b ~ Normal(mu_b, tau_b);
            for &(x, y) in task {
                y ~ Normal(a + b * x, sigma);
            }
        }
    }
}

fn counties() -> Vec<County> {
    let file: Value =
        serde_json::from_str(include_str!("../../examples/data/radon_mn.json")).expect("the file is JSON");
    let entries = |name: &str| file[name].as_array().cloned().unwrap_or_default();
    let column = |name: &str| -> Vec<f64> { entries(name).iter().filter_map(Value::as_f64).collect() };
    let (floor, radon, uranium) = (column("floor"), column("log_radon"), column("log_uranium"));
    let mut counties: Vec<County> = Vec::new();
    for (i, index) in entries("county_idx").iter().filter_map(Value::as_u64).enumerate() {
        let index = usize::try_from(index).expect("a county's number is small");
        counties.resize_with(counties.len().max(index), || County { log_uranium: uranium[i], houses: Vec::new() });
        counties[index - 1].houses.push((floor[i], radon[i]));
    }
    counties
}

/// Lines with noise; the waves stand for random numbers.
fn tasks(count: usize) -> Vec<Task> {
    let wave = |k: usize| (k as f64 * 0.7).sin();
    let point = |i: usize, j: usize| {
        let x = j as f64 / 10.0 - 1.0;
        (x, 1.0 + wave(i) + 0.5 * wave(7 * i) * x + 0.3 * wave(i + j * j))
    };
    (0..count).map(|i| (0..20).map(|j| point(i, j)).collect()).collect()
}

fn one_thread(correction: Correction) -> Options {
    Options { threads: Some(1), correction, ..Options::default() }
}

fn radon(c: &mut Criterion) {
    let counties = counties();
    let mut group = c.benchmark_group("radon, one thread");
    group.sample_size(20);
    for (name, correction) in
        [("guide and linear response", Correction::LinearResponse), ("importance-corrected", Correction::Importance)]
    {
        let options = one_thread(correction);
        let fit = Radon::new(&counties).fit_with(&options).expect("the data are valid");
        println!(
            "radon, {name}: {}, {} iterations, gradient norm {:.0e}, {:?}",
            fit.verdict(),
            fit.iterations(),
            fit.gradient_norm(),
            fit.times()
        );
        group.bench_function(name, |b| b.iter(|| black_box(Radon::new(&counties).fit_with(&options))));
    }
    group.finish();
}

/// Microseconds a task that one Newton step takes: the difference of climbs of few steps and of more, which read the same
/// data and correct nothing.
fn newton_step(tasks: &[Task]) -> f64 {
    const STEPS: [usize; 2] = [2, 6];
    let timed = STEPS.map(|steps| {
        let options = Options {
            max_iterations: Some(steps),
            parameterisation: Parameterisation::Centred,
            ..one_thread(Correction::MeanField)
        };
        let climb = |_| {
            let fit = Regression::new(tasks).fit_with(&options).expect("the data are valid");
            assert_eq!(fit.iterations(), steps, "too few steps to tell: {}", fit.verdict());
            fit.times().climb.as_secs_f64()
        };
        (0..(1_000_000 / tasks.len()).clamp(5, 50)).map(climb).fold(f64::INFINITY, f64::min)
    });
    1e6 * (timed[1] - timed[0]) / ((STEPS[1] - STEPS[0]) * tasks.len()) as f64
}

fn scaling(c: &mut Criterion) {
    let mut group = c.benchmark_group("regression by tasks, one thread");
    group.sample_size(10);
    let options = one_thread(Correction::LinearResponse);
    let mut of_few = None;
    for count in [1_000, 10_000, 100_000] {
        let tasks = tasks(count);
        let step = newton_step(&tasks);
        let ratio = step / *of_few.get_or_insert(step);
        println!("{count} tasks: {step:.3} microseconds a task and Newton step, {ratio:.2} times that of 1000 tasks");
        let fit = Regression::new(&tasks).fit_with(&options).expect("the data are valid");
        println!("{count} tasks: {}, {} iterations, {:?} in all", fit.verdict(), fit.iterations(), fit.times().climb);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::from_parameter(count), |b| {
            b.iter(|| black_box(Regression::new(&tasks).fit_with(&options)));
        });
    }
    group.finish();
}

fn threads(c: &mut Criterion) {
    let mut group = c.benchmark_group("gradient of 10,000 tasks by threads");
    let tasks = tasks(10_000);
    let model = Regression::new(&tasks);
    let joint = Joint::by_dual_numbers(&model).expect("the data are valid");
    let u = vec![0.1; joint.num_coordinates()];
    let mut gradient = vec![0.0; u.len()];
    for count in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(count).build().expect("threads can be started");
        group.bench_function(BenchmarkId::from_parameter(count), |b| {
            pool.install(|| b.iter(|| black_box(joint.gradient(black_box(&u), &mut gradient))));
        });
    }
    group.finish();
}

criterion_group!(benches, radon, scaling, threads);
criterion_main!(benches);
