//! Gradient of the log density of y ~ Normal(a_i + b_i x, sigma), 20 points a task, beside a hand-written analytic one.
#![allow(missing_docs)]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hierarch::Joint;
use std::hint::black_box;

#[path = "shared/by_hand.rs"]
mod by_hand;
#[path = "shared/regression.rs"]
mod regression;

use by_hand::by_hand;
use regression::{Regression, tasks};

fn gradient(c: &mut Criterion) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread can be started");
    let mut group = c.benchmark_group("gradient");
    for count in [1_000, 10_000] {
        let tasks = tasks(count);
        let model = Regression::new(&tasks);
        let joint = Joint::new(&model).expect("the data are valid");
        let visiting = Joint::by_dual_numbers(&model).expect("the data are valid");
        let u: Vec<f64> = (0..joint.num_coordinates()).map(|k| 0.1 * (k as f64).cos()).collect();
        let (mut dual, mut hand) = (vec![0.0; u.len()], vec![0.0; u.len()]);
        let (a, b) = (joint.gradient(&u, &mut dual), by_hand(&tasks, &u, &mut hand));
        assert!((a - b).abs() < 1e-9 * b.abs(), "both compute the same density: {a} and {b}");
        for (a, b) in dual.iter().zip(&hand) {
            assert!((a - b).abs() < 1e-9 * (1.0 + b.abs()), "both compute the same gradient: {a} and {b}");
        }
        group.throughput(Throughput::Elements(20 * count as u64));
        group.bench_function(BenchmarkId::new("hierarch, sufficient statistics", count), |bench| {
            pool.install(|| bench.iter(|| black_box(joint.gradient(black_box(&u), black_box(&mut dual)))));
        });
        group.bench_function(BenchmarkId::new("hierarch, every observation visited", count), |bench| {
            pool.install(|| bench.iter(|| black_box(visiting.gradient(black_box(&u), black_box(&mut dual)))));
        });
        group.bench_function(BenchmarkId::new("by hand", count), |bench| {
            bench.iter(|| black_box(by_hand(black_box(&tasks), black_box(&u), black_box(&mut hand))));
        });
    }
    group.finish();
}

criterion_group!(benches, gradient);
criterion_main!(benches);
