//! Whole fits: radon from data to posterior, and how the cost grows with tasks and threads.
#![allow(missing_docs)]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hierarch::prelude::*;
use hierarch::{Correction, Joint, Options, Parameterisation};
use std::hint::black_box;

/// The example of that name: its model and its data.
#[path = "../../examples/radon.rs"]
#[expect(dead_code, unreachable_pub, reason = "a program of its own, of which the model and its data serve here")]
mod radon;
#[path = "shared/regression.rs"]
mod regression;

use radon::Radon;
use regression::{Regression, Task, tasks};

fn one_thread(correction: Correction) -> Options {
    Options { threads: Some(1), correction, ..Options::default() }
}

fn whole_fit(c: &mut Criterion) {
    let counties = radon::counties().expect("the file is valid");
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

criterion_group!(benches, whole_fit, scaling, threads);
criterion_main!(benches);
