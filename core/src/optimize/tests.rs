//! The objective's derivatives against differences of its value, minibatches against the whole, optimisers against each
//! other.

use super::climb;
use super::summit::{Settings, Summit};
use crate::density::program::Program;
use crate::density::shape::Shape;
use crate::density::{Density, Taken, Writing};
use crate::dist::Distribution;
use crate::elbo::{Bound, Expansion, Slope};
use crate::guide::{Guide, MeanField};
use crate::interpret::discover::Start;
use crate::linalg::arrow::Arrow;
use crate::model::Model;
use crate::model::subset::Subset;
use crate::numbers::{Number, Param, Real};
use crate::options::{AdamOptions, Estimator, GlobalFactor, Optimiser, Options, Parameterisation};
use crate::prelude::*;
use crate::progress::Progress;
use crate::sampling::noise::Noise;
use crate::sampling::stream::keyed;
use crate::special::LN_SQRT_2PI;
use crate::support::RealLine;
use nalgebra::{DMatrix, DVector};
use rand::RngExt;
use std::f64::consts::LN_2;

model! {
    /// Terms with closed forms and without, data in the plate and outside, a global that the likelihood reads directly.
    Mixed(tasks: &[Vec<f64>], pooled: &[f64]) {
        mu ~ Normal(0.5, 2.0);
        tau ~ HalfNormal(1.0);
        sigma ~ LogNormal(0.0, 0.5);
        slope ~ StudentT(5.0, 0.0, 1.0);
        for y in pooled {
            y ~ Normal(mu, sigma);
        }
        for ys in tasks {
            theta ~ Normal(mu, tau);
            shape ~ Gamma(2.0, tau);
            w[_ in 0..ys.len()] ~ Normal(theta, 1.0);
            for (k, y) in ys.iter().enumerate() {
                y ~ Normal(theta + slope * shape + 0.5 * w[k], sigma);
            }
        }
    }
}

fn tasks() -> Vec<Vec<f64>> {
    vec![vec![0.3, 1.2], vec![-0.4], vec![], vec![2.0, 1.0, 1.5], vec![0.0], vec![0.7, 0.1]]
}

const POOLED: [f64; 2] = [0.2, 1.1];

fn guide_at(offsets: &[usize], globals: usize, seed: u64) -> Guide {
    let mut rng = keyed(seed, 0, 0);
    let mut factor = |len: usize| MeanField {
        loc: (0..len).map(|_| rng.random_range(-0.7..0.7)).collect(),
        ln_scale: (0..len).map(|_| rng.random_range(-1.5..-0.3)).collect(),
    };
    let (global, local) = (factor(globals), factor(offsets[offsets.len() - 1]));
    Guide { global, local, offsets: offsets.to_vec() }
}

/// Slot `slot` of a guide, all of the globals' (locs, `ln_scale`s) first, then task by task.
fn slot_of(guide: &mut Guide, mut slot: usize) -> &mut f64 {
    let globals = guide.global.len();
    if slot < 2 * globals {
        return if slot < globals { &mut guide.global.loc[slot] } else { &mut guide.global.ln_scale[slot - globals] };
    }
    slot -= 2 * globals;
    for i in 0..guide.num_tasks() {
        let (first, n) = (guide.task(i).start, guide.task(i).len());
        if slot < 2 * n {
            return if slot < n {
                &mut guide.local.loc[first + slot]
            } else {
                &mut guide.local.ln_scale[first + slot - n]
            };
        }
        slot -= 2 * n;
    }
    panic!("the guide has fewer slots");
}

/// The arrow as a dense gradient and Hessian.
fn dense(arrow: &Arrow) -> (DVector<f64>, DMatrix<f64>) {
    let globals = arrow.global_gradient.len();
    let total = globals + arrow.tasks.gradient.numbers.len();
    let (mut gradient, mut hessian) = (DVector::zeros(total), DMatrix::zeros(total, total));
    gradient.rows_mut(0, globals).copy_from(&arrow.global_gradient);
    hessian.view_mut((0, 0), (globals, globals)).copy_from(&arrow.global_hessian);
    let mut first = globals;
    let width = arrow.border_slots.len();
    for i in 0..arrow.tasks.gradient.len() {
        let n = arrow.tasks.gradient[i].len();
        gradient.rows_mut(first, n).copy_from_slice(&arrow.tasks.gradient[i]);
        hessian.view_mut((first, first), (n, n)).copy_from_slice(&arrow.tasks.hessian[i]);
        for (column, &slot) in arrow.border_slots.iter().enumerate() {
            for row in 0..n {
                hessian[(first + row, slot)] = arrow.tasks.border[i][row * width + column];
                hessian[(slot, first + row)] = arrow.tasks.border[i][row * width + column];
            }
        }
        first += n;
    }
    (gradient, hessian)
}

/// Checks the expansion of a bound against differences of its value and of its gradient.
fn check_expansion(bound: &Bound<'_>, guide: &Guide, what: &str) {
    let Expansion { elbo, arrow } = bound.expand(guide);
    let value = bound.value(guide).total();
    assert!((elbo.total() - value).abs() < 1e-10 * value.abs(), "{what}: {} and {value}", elbo.total());
    let (gradient, hessian) = dense(&arrow);
    let moved = |slot: usize, h: f64| {
        let mut moved = guide.clone();
        *slot_of(&mut moved, slot) += h;
        moved
    };
    let h = 1e-5;
    for slot in 0..gradient.len() {
        let at = |h: f64| bound.value(&moved(slot, h)).total();
        let difference = (at(h) - at(-h)) / (2.0 * h);
        let tolerance = 1e-6 * (1.0 + gradient[slot].abs());
        assert!((gradient[slot] - difference).abs() < tolerance, "{what}, {slot}: {} {difference}", gradient[slot]);
        let at = |h: f64| dense(&bound.expand(&moved(slot, h)).arrow).0;
        let difference = (at(h) - at(-h)) / (2.0 * h);
        for other in 0..gradient.len() {
            let second = hessian[(slot, other)];
            let tolerance = 1e-5 * (1.0 + second.abs());
            assert!((second - difference[other]).abs() < tolerance, "{what}, {slot}, {other}: {second}");
        }
    }
}

#[test]
fn the_expansion_agrees_with_differences() {
    let (tasks, shape_start) = (tasks(), Start::Zero);
    let model = Mixed::new(&tasks, &POOLED);
    let shape = Shape::discover(&Subset::all(&model), &shape_start).expect("the data are valid");
    for (estimator, non_centred) in [
        (Estimator::ClosedForm, [false; 3]),
        (Estimator::ClosedKl, [true, false, true]),
        (Estimator::Sampled, [false; 3]),
        (Estimator::Sampled, [true, false, false]),
        (Estimator::ClosedForm, [true, false, true]),
    ] {
        let writing = Writing { non_centred: &non_centred, estimator, jacobian: true };
        let density = Density::new(Box::new(Subset::all(&model)), &shape, writing);
        let bound = Bound::new(&density, 6, 1);
        let guide = guide_at(&shape.offsets, density.num_globals(), 2);
        check_expansion(&bound, &guide, &format!("{estimator:?}, {non_centred:?}"));
    }
}

/// A density of arithmetic alone.
#[derive(Clone, Copy, Debug)]
struct SkewNormal<L, S, A>(L, S, A);

impl<N: Number, L: Param<N>, S: Param<N>, A: Param<N>> Distribution<N> for SkewNormal<L, S, A> {
    type Support = RealLine;

    fn support(&self) -> RealLine {
        RealLine
    }

    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let z = (x.real() - self.0.real()) / self.1.real();
        (self.2.real() * z).ln_normal_cdf() - 0.5 * z.square() - self.1.real().ln() + LN_2 - LN_SQRT_2PI
    }
}

model! {
    /// Functions of one, two and three leaves: of latents and data, in the plate and outside, of distributions built in
    /// and not, of numbers made in the body, and one of too many leaves.
    Leafy(tasks: &[Vec<f64>], pooled: &[f64]) {
        mu ~ Normal(0.5, 2.0);
        tau ~ HalfCauchy(1.0);
        shape ~ Normal(0.3, 1.0);
        rate ~ Beta(2.0, 3.0);
        for (k, y) in pooled.iter().enumerate() {
            y ~ StudentT(4.0, mu + 0.3 * k as f64 * shape, tau);
            (k > 0) ~ Bernoulli(rate);
        }
        for ys in tasks {
            theta ~ StudentT(5.0, mu, tau);
            slope ~ Normal(shape, 0.8);
            for (k, y) in ys.iter().enumerate() {
                let x = 0.4 * k as f64 - 0.5;
                (*y > 0.2) ~ BernoulliLogit(theta + slope * x);
                y ~ SkewNormal(theta, tau, shape);
                (3 * k) ~ NegativeBinomial2((theta + slope * x).exp(), tau);
                factor(-(y.abs() / (theta + slope * x).exp()).pow(tau));
                factor((tau * slope + mu).sigmoid());
                factor((tau * slope + mu.sin() * theta).tanh());
            }
        }
    }
}

fn leafy(tasks: &[Vec<f64>], non_centred: [bool; 2], check: impl FnOnce(&Density<'_>, &Guide)) {
    let model = Leafy::new(tasks, &POOLED);
    let shape = Shape::discover(&Subset::all(&model), &Start::Zero).expect("the data are valid");
    let writing = Writing { non_centred: &non_centred, estimator: Estimator::ClosedForm, jacobian: true };
    let density = Density::new(Box::new(Subset::all(&model)), &shape, writing);
    check(&density, &guide_at(&shape.offsets, density.num_globals(), 3));
}

#[test]
fn leaves_are_counted() {
    let q = |dimensions: usize| Taken::Quadrature { dimensions };
    leafy(&tasks(), [false; 2], |density, _| {
        let (closed, drawn) = (Taken::ClosedForm, Taken::Sampled);
        let expected = [closed, q(1), closed, q(1), q(3), closed, q(2), q(1), q(1), q(3), q(2), q(2), q(3), drawn];
        assert_eq!(density.taken, expected);
    });
}

#[test]
fn the_expansion_over_nodes_agrees_with_differences() {
    for non_centred in [[false, false], [false, true], [true, true]] {
        leafy(&tasks()[..3], non_centred, |density, guide| {
            let bound = Bound::new(density, 6, 1);
            check_expansion(&bound, guide, &format!("first nodes, {non_centred:?}"));
            let finer = bound.nodes.finer().expect("there are finer nodes");
            check_expansion(&bound.with_nodes(finer.clone()), guide, &format!("finer nodes, {non_centred:?}"));
            let mut narrow = guide.clone();
            narrow.global.ln_scale.fill(-4.0);
            let narrowed = Bound::new(density, 6, 1).with_nodes(finer).narrowed_at(&narrow);
            check_expansion(&narrowed, guide, &format!("narrow nodes, {non_centred:?}"));
        });
    }
}

/// A point for theta leaves directions in which the leaves do not vary.
#[test]
fn the_expansion_over_nodes_holds_at_a_point() {
    leafy(&tasks()[..2], [false; 2], |density, guide| {
        let mut guide = guide.clone();
        guide.global.ln_scale.fill(f64::NEG_INFINITY);
        let bound = Bound::new(density, 2, 1);
        let slope = |guide: &Guide| bound.slope(guide).gradient;
        let (gradient, hessian) = dense(&bound.expand(&guide).arrow);
        assert!(gradient.iter().chain(&hessian).all(|x| x.is_finite()));
        for j in 0..guide.global.len() {
            let moved = |h: f64| {
                let mut moved = guide.clone();
                moved.global.loc[j] += h;
                moved
            };
            let h = 1e-5;
            let value = (bound.value(&moved(h)).total() - bound.value(&moved(-h)).total()) / (2.0 * h);
            assert!((gradient[j] - value).abs() < 1e-6 * (1.0 + value.abs()), "{j}: {} and {value}", gradient[j]);
            let (up, down) = (slope(&moved(h)), slope(&moved(-h)));
            let first = 2 * guide.global.len();
            for (slot, (up, down)) in up.tasks.numbers.iter().zip(&down.tasks.numbers).enumerate() {
                let (difference, second) = ((up - down) / (2.0 * h), hessian[(first + slot, j)]);
                assert!((second - difference).abs() < 1e-5 * (1.0 + second.abs()), "{j}, {slot}: {second}");
            }
        }
    });
}

/// All sets of `size` tasks of `0..of`, ascending.
fn batches(of: usize, size: usize) -> Vec<Vec<usize>> {
    let all = 0..1_usize << of;
    let sets = all.filter(|set| set.count_ones() as usize == size);
    sets.map(|set| (0..of).filter(|i| set >> i & 1 == 1).collect()).collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "one law, stated once for every size of batch")]
fn gradients_of_batches_average_to_that_of_the_whole() {
    let tasks = tasks();
    let model = Mixed::new(&tasks, &POOLED);
    let shape = Shape::discover(&Subset::all(&model), &Start::Zero).expect("the data are valid");
    for estimator in [Estimator::ClosedForm, Estimator::Sampled] {
        let writing = Writing { non_centred: &[false; 3], estimator, jacobian: true };
        let density = Density::new(Box::new(Subset::all(&model)), &shape, writing);
        let guide = guide_at(&shape.offsets, density.num_globals(), 4);
        let of = |batch: &[usize]| {
            let bound = Bound::over(&density, Noise::fresh(density.noise_size(3), batch, 9, 5));
            let Slope { value, gradient } = bound.slope_of(&guide, batch);
            (value, gradient)
        };
        let everyone: Vec<usize> = (0..tasks.len()).collect();
        let (elbo, whole) = of(&everyone);
        for size in 1..tasks.len() {
            let batches = batches(tasks.len(), size);
            let share = (batches.len() as f64).recip();
            let mut mean_elbo = 0.0;
            let mut mean = whole.clone();
            mean.global.fill(0.0);
            mean.tasks.numbers.fill(0.0);
            for batch in &batches {
                let (elbo, gradient) = of(batch);
                mean_elbo += share * elbo;
                mean.global += gradient.global * share;
                for (&i, g) in batch.iter().zip(gradient.tasks.iter()) {
                    mean.tasks[i].iter_mut().zip(g).for_each(|(mean, g)| *mean += g * share);
                }
            }
            assert!((mean_elbo - elbo).abs() < 1e-11 * elbo.abs(), "batches of {size}: {mean_elbo} and {elbo}");
            let near = |a: &[f64], b: &[f64]| {
                let top = b.iter().fold(1.0, |top: f64, b| top.max(b.abs()));
                a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-11 * top)
            };
            let (global, expected) = (mean.global.as_slice(), whole.global.as_slice());
            assert!(near(global, expected), "batches of {size}: {global:?} and {expected:?}");
            for (a, b) in mean.tasks.iter().zip(whole.tasks.iter()) {
                assert!(near(a, b), "batches of {size}: {a:?} and {b:?}");
            }
        }
    }
}

/// Gradients of what is sampled by the tape, and those by lanes; the same bits whatever the number of threads.
#[test]
fn the_tape_agrees_with_lanes() {
    let tasks = tasks();
    let model = Mixed::new(&tasks, &POOLED);
    let shape = Shape::discover(&Subset::all(&model), &Start::Zero).expect("the data are valid");
    for non_centred in [[false; 3], [true, false, true]] {
        let writing = Writing { non_centred: &non_centred, estimator: Estimator::Sampled, jacobian: true };
        let density = Density::new(Box::new(Subset::all(&model)), &shape, writing);
        let guide = guide_at(&shape.offsets, density.num_globals(), 4);
        let batch = [0, 3, 5];
        let bound = Bound::over(&density, Noise::fresh(density.noise_size(20), &batch, 9, 5));
        let Slope { value: elbo, gradient: lanes } = bound.slope_of(&guide, &batch);
        let by_tape = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be started");
            pool.install(|| bound.taped_sum(&guide, &batch))
        };
        let (tape, other) = (by_tape(1), by_tape(3));
        assert_eq!(format!("{tape:?}"), format!("{other:?}"));
        // what lanes have besides is the entropy: 1 a log-scale
        let near = |tape: &[f64], lanes: &[f64], entropy: f64| {
            for (slot, (t, l)) in tape.iter().zip(lanes).enumerate() {
                let entropy = if slot < lanes.len() / 2 { 0.0 } else { entropy };
                assert!((t + entropy - l).abs() < 1e-11 * (1.0 + l.abs()), "{t} + {entropy} is not {l}");
            }
        };
        near(&tape.gradient, lanes.global.as_slice(), 1.0);
        let mut total = tape.outside.total() + guide.global.entropy(0..guide.global.len());
        for ((&i, task), lanes) in batch.iter().zip(&tape.tasks).zip(lanes.tasks.iter()) {
            near(&task.gradient, lanes, 2.0);
            total += 2.0 * (task.parts.total() + guide.local.entropy(guide.task(i)));
        }
        assert!((total - elbo).abs() < 1e-11 * elbo.abs(), "{total} is not {elbo}");
    }
}

fn climbed<M: Model>(model: &M, options: &Options) -> Summit {
    let program: &dyn Program = &Subset::all(model);
    let shape = Shape::discover(program, &Start::Zero).expect("valid");
    climb(program, &Settings { options, shape: &shape, start: Start::Zero, progress: &Progress::new(options) })
}

model! {
    /// Everything in closed form.
    Closed(tasks: &[Vec<f64>]) {
        mu ~ Normal(0.0, 2.0);
        tau ~ LogNormal(0.0, 0.5);
        for ys in tasks {
            theta ~ Normal(mu, tau);
            for y in ys {
                y ~ Normal(theta, 0.7);
            }
        }
    }
}

#[test]
fn every_optimiser_reaches_the_same_guide() {
    let tasks: Vec<Vec<f64>> = (0..12).map(|i| (0..3).map(|k| f64::from(i * 7 % 5 + k) / 2.0).collect()).collect();
    let model = Closed::new(&tasks);
    let base = Options { parameterisation: Parameterisation::Centred, progress: false, ..Options::default() };
    let newton = climbed(&model, &base);
    assert!(newton.verdict.is_converged());
    let small = AdamOptions { batch: Some(3), ..AdamOptions::default() };
    for (optimiser, tolerance) in [
        (Optimiser::Em, 1e-4),
        (Optimiser::Lbfgs, 1e-4),
        (Optimiser::Adam(AdamOptions::default()), 0.05),
        (Optimiser::Adam(small), 0.05),
    ] {
        let other = climbed(&model, &Options { optimiser: optimiser.clone(), ..base.clone() });
        assert!(other.verdict.is_converged(), "{optimiser:?}: {}", other.verdict);
        let lost = newton.elbo.total() - other.elbo.total();
        assert!((-1e-9..tolerance).contains(&lost), "{optimiser:?} ended {lost} nats below Newton");
        let scale = newton.guide.global.ln_scale.iter().map(|s| s.exp());
        for ((a, b), s) in newton.guide.global.loc.iter().zip(&other.guide.global.loc).zip(scale) {
            assert!((a - b).abs() < 2.0 * tolerance.max(0.005) * s, "{optimiser:?}: {a} and {b}");
        }
    }
}

model! {
    /// Tasks of a few trials each.
    Trials(tasks: &[(u64, u64)]) {
        mu ~ Normal(0.0, 2.0);
        sigma ~ HalfNormal(2.0);
        for &(n, k) in tasks {
            u ~ Normal(mu, sigma);
            k ~ BinomialLogit(n, u);
        }
    }
}

/// A climb that starts where one of some tasks leads to ends where one from the start does.
#[test]
fn some_tasks_lead_to_the_maximum_of_all() {
    let tasks: Vec<(u64, u64)> = (0..600).map(|i| (i % 5 + 1, (i * 7 % 11) * (i % 5 + 1) / 20)).collect();
    let model = Trials::new(&tasks);
    let from_some = climbed(&model, &Options::default());
    let written = from_some.open.tasks.non_centred[0];
    let parameterisation = if written { Parameterisation::NonCentred } else { Parameterisation::Centred };
    let from_start = climbed(&model, &Options { parameterisation, ..Options::default() });
    assert!(from_some.verdict.is_converged() && from_start.verdict.is_converged());
    assert!(
        (from_some.elbo.total() - from_start.elbo.total()).abs() < 0.02,
        "{} {}",
        from_some.elbo.total(),
        from_start.elbo.total()
    );
    let (a, b) = (&from_some.guide.global, &from_start.guide.global);
    for j in 0..2 {
        assert!((a.loc[j] - b.loc[j]).abs() < 0.05 * b.ln_scale[j].exp(), "{:?} and {:?}", a.loc, b.loc);
        assert!((a.ln_scale[j] - b.ln_scale[j]).abs() < 0.02, "{:?} and {:?}", a.ln_scale, b.ln_scale);
    }
}

#[test]
fn em_raises_the_elbo_in_every_turn() {
    let tasks = tasks();
    let model = Mixed::new(&tasks, &POOLED);
    for global in [GlobalFactor::MeanField, GlobalFactor::Point] {
        let options = Options { optimiser: Optimiser::Em, global, max_iterations: Some(30), ..Options::default() };
        let ended = climbed(&model, &Options { parameterisation: Parameterisation::Centred, ..options });
        assert!(ended.trace.len() > 2);
        for pair in ended.trace.windows(2) {
            assert!(pair[1] >= pair[0] - 1e-9 * pair[0].abs(), "{global:?}: {pair:?}");
        }
    }
}
