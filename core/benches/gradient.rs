//! Gradient of the log density of y ~ Normal(a_i + b_i x, sigma), 20 points a task, beside a hand-written analytic one.
#![allow(missing_docs)]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hierarch::Joint;
use std::hint::black_box;

#[path = "shared/regression.rs"]
mod regression;

use regression::{Regression, Task, tasks};

const LN_SQRT_2PI: f64 = 0.918_938_533_204_672_8;

/// The same density by hand: u = (mu_a, mu_b, ln tau_a, ln tau_b, ln sigma), then (a, b) a task.
fn by_hand(tasks: &[Task], u: &[f64], gradient: &mut [f64]) -> f64 {
    let [mu_a, mu_b, tau_a, tau_b, sigma] = [u[0], u[1], u[2].exp(), u[3].exp(), u[4].exp()];
    let mut value = 0.0;
    for k in 0..2 {
        let z = u[k] / 10.0;
        value += -0.5 * z * z - 10.0_f64.ln() - LN_SQRT_2PI;
        gradient[k] = -z / 10.0;
    }
    for k in 2..5 {
        let s = u[k].exp();
        value += -0.5 * s * s - LN_SQRT_2PI + 2.0_f64.ln() + u[k];
        gradient[k] = 1.0 - s * s;
    }
    let (ln_sigma, precision) = (sigma.ln(), 1.0 / (sigma * sigma));
    for (i, task) in tasks.iter().enumerate() {
        let (a, b) = (u[5 + 2 * i], u[6 + 2 * i]);
        let (mut sum, mut sum_x, mut squares) = (0.0, 0.0, 0.0);
        for &(x, y) in task {
            let r = y - a - b * x;
            sum += r;
            sum_x += r * x;
            squares += r * r;
        }
        let n = task.len() as f64;
        value += -0.5 * precision * squares - n * (ln_sigma + LN_SQRT_2PI);
        gradient[4] += precision * squares - n;
        let (za, zb) = ((a - mu_a) / tau_a, (b - mu_b) / tau_b);
        value -= 0.5 * (za * za + zb * zb) + tau_a.ln() + tau_b.ln() + 2.0 * LN_SQRT_2PI;
        gradient[0] += za / tau_a;
        gradient[1] += zb / tau_b;
        gradient[2] += za * za - 1.0;
        gradient[3] += zb * zb - 1.0;
        gradient[5 + 2 * i] = precision * sum - za / tau_a;
        gradient[6 + 2 * i] = precision * sum_x - zb / tau_b;
    }
    value
}

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
