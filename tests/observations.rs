//! Data that are censored, shifted, without a hurdle or in order: default fits against dense quadrature, and predictions
//! against the same. Two globals, and an intercept a task.

#[path = "observations/dense.rs"]
mod dense;

use dense::{Dense, TAU, cells};
use hierarch::Summary;
use hierarch::prelude::*;
use statrs::function::gamma::{gamma_lr, gamma_ur, ln_gamma};
use std::f64::consts::PI;

/// A time, which was cut short or not, and a time that a machine is known to have run, of which nothing else is.
type Watched = (f64, bool);

model! {
    /// Times of which some are only known to be longer, what the next one is, and when what still runs will fail.
    Machines(tasks: &[Vec<Watched>], unknown: Option<f64>) {
        mu ~ Normal(0.0, 1.0);
        shape ~ LogNormal(0.5, 0.4);
        for times in tasks {
            a ~ Normal(mu, TAU);
            for &(time, is_cut) in times {
                time ~ Censored(Gamma(shape, (-a).exp()), Lower(if is_cut { time } else { f64::INFINITY }));
            }
            unknown ~ Censored(Gamma(shape, (-a).exp()), Lower(RUNNING));
            unknown ~ Truncated(Gamma(shape, (-a).exp()), Lower(RUNNING));
        }
    }
}
/// How long what still runs has run.
const RUNNING: f64 = 3.0;

model! {
    /// Response times above a shortest possible one, which is learned.
    Responses(tasks: &[Vec<Option<f64>>], shortest: f64) {
        mu ~ Normal(-0.5, 1.0);
        shift ~ Uniform(0.0, shortest);
        for times in tasks {
            a ~ Normal(mu, TAU);
            for time in times {
                time ~ Shifted(LogNormal(a, SPREAD), shift);
            }
        }
    }
}
const SPREAD: f64 = 0.7;

model! {
    /// Counts with more zeros than a Poisson distribution has.
    Catches(tasks: &[Vec<Option<u64>>]) {
        mu ~ Normal(0.0, 1.0);
        nothing ~ Beta(2.0, 3.0);
        for counts in tasks {
            a ~ Normal(mu, TAU);
            for count in counts {
                count ~ ZeroInflated(PoissonLog(a), nothing);
            }
        }
    }
}

model! {
    /// Counts whose zeros are a matter of their own.
    Visits(tasks: &[Vec<Option<u64>>]) {
        mu ~ Normal(0.0, 1.0);
        none ~ Beta(2.0, 3.0);
        for counts in tasks {
            a ~ Normal(mu, TAU);
            for count in counts {
                count ~ Hurdle(NegativeBinomial2Log(a, DISPERSION), none);
            }
        }
    }
}
const DISPERSION: f64 = 1.5;

model! {
    /// Marks of 0, 1 or 2.
    Marks(tasks: &[Vec<Option<u8>>]) {
        cuts ~ Flat(Ordered(2));
        factor(-0.5 * (cuts[0] + 0.5).square() - (cuts[1] - cuts[0]));
        for marks in tasks {
            a ~ Normal(0.0, TAU);
            for mark in marks {
                mark ~ OrderedLogistic(a, cuts);
            }
        }
    }
}

fn ln_normal(x: f64, loc: f64, scale: f64) -> f64 {
    -0.5 * ((x - loc) / scale).powi(2) - scale.ln() - 0.5 * (2.0 * PI).ln()
}

/// The prior of the probability of a zero.
fn ln_beta_2_3(p: f64) -> f64 {
    (12.0 * p * (1.0 - p).powi(2)).ln()
}

#[test]
fn censored_times_and_what_they_would_have_been() {
    let tasks: Vec<Vec<Watched>> = (0..5_u32)
        .map(|i| (0..4).map(|k| (0.5 + 0.7 * f64::from((3 * k + 2 * i * i) % 7), (i + k) % 3 == 0)).collect())
        .collect();
    let fit = Machines::new(&tasks, None).fit().expect("valid");
    let ln_likelihood = |i: usize, [_, shape]: [f64; 2], a: f64| -> f64 {
        let term = |&(time, is_cut): &Watched| {
            let x = time * (-a).exp();
            if is_cut { gamma_ur(shape, x).ln() } else { shape * x.ln() - time.ln() - x - ln_gamma(shape) }
        };
        tasks[i].iter().map(term).sum()
    };
    let ln_prior = |[mu, shape]: [f64; 2]| ln_normal(mu, 0.0, 1.0) + ln_normal(shape.ln(), 0.5, 0.4) - shape.ln();
    let longer = |[_, shape]: [f64; 2], a: f64| {
        let x = RUNNING * (-a).exp();
        let runs = gamma_ur(shape, x);
        // where hardly any runs so long none runs much longer
        if runs < 1e-200 { RUNNING } else { shape * a.exp() * gamma_ur(shape + 1.0, x) / runs }
    };
    let dense = Dense {
        globals: [(-3.0, 3.0, 40), (0.3, 5.5, 40)],
        ln_prior: &ln_prior,
        centre: &|[mu, _]| mu,
        ln_likelihood: &ln_likelihood,
        predicted: &|[_, shape], a| shape * a.exp(),
    };
    let exact = dense.exact(tasks.len());
    let intercepts: Vec<Summary> = (0..tasks.len()).map(|i| fit.local(i).a).collect();
    exact.check(&fit, &[fit.global().mu, fit.global().shape], &intercepts);
    let of_running = Dense { predicted: &longer, ..dense }.exact(tasks.len());
    for i in 0..tasks.len() {
        let predictions = fit.predict(i).expect("a gamma distribution has a sampler");
        assert_eq!(predictions.len(), 2);
        exact.check_prediction(i, &predictions[0], |time| time);
        of_running.check_prediction(i, &predictions[1], |time| time);
        assert!(predictions[1].draws.iter().all(|&time| time > RUNNING));
    }
}

#[test]
fn shifted_times_are_predicted() {
    let tasks: Vec<Vec<Option<f64>>> = (0..4_u32)
        .map(|i| (0..6).map(|k| (k < 5).then(|| 0.45 + 0.12 * f64::from((5 * k + 3 * i * i) % 11))).collect())
        .collect();
    let shortest = tasks.iter().flatten().flatten().copied().fold(f64::INFINITY, f64::min);
    let fit = Responses::new(&tasks, shortest).fit().expect("valid");
    let ln_likelihood = |i: usize, [_, shift]: [f64; 2], a: f64| -> f64 {
        tasks[i].iter().flatten().map(|time| ln_normal((time - shift).ln(), a, SPREAD) - (time - shift).ln()).sum()
    };
    let exact = Dense {
        globals: [(-3.0, 2.0, 40), (0.0, shortest, 120)],
        ln_prior: &|[mu, _]| ln_normal(mu, -0.5, 1.0),
        centre: &|[mu, _]| mu,
        ln_likelihood: &ln_likelihood,
        predicted: &|[_, shift], a| shift + (a + 0.5 * SPREAD * SPREAD).exp(),
    }
    .exact(tasks.len());
    let intercepts: Vec<Summary> = (0..tasks.len()).map(|i| fit.local(i).a).collect();
    exact.check(&fit, &[fit.global().mu, fit.global().shift], &intercepts);
    for i in 0..tasks.len() {
        exact.check_prediction(i, &fit.predict(i).expect("it has a sampler")[0], |time| time);
    }
}

fn counts() -> Vec<Vec<Option<u64>>> {
    let count = |i: u64, k: u64| (k < 6).then_some(if (i + k).is_multiple_of(3) { 0 } else { (2 * k + 3 * i * i) % 5 });
    (0..5).map(|i| (0..7).map(|k| count(i, k)).collect()).collect()
}

/// What zero-inflated counts and those behind a hurdle have in common.
fn dense_counts<'a>(
    ln_likelihood: &'a dyn Fn(usize, [f64; 2], f64) -> f64,
    predicted: &'a dyn Fn([f64; 2], f64) -> f64,
) -> Dense<'a> {
    Dense {
        globals: [(-3.5, 3.5, 50), (0.0, 1.0, 60)],
        ln_prior: &|[mu, p]| ln_normal(mu, 0.0, 1.0) + ln_beta_2_3(p),
        centre: &|[mu, _]| mu,
        ln_likelihood,
        predicted,
    }
}

#[test]
fn counts_with_more_zeros_are_predicted() {
    let tasks = counts();
    let fit = Catches::new(&tasks).fit().expect("valid");
    let mass = |count: u64, rate: f64| (count as f64 * rate.ln() - rate - ln_gamma(count as f64 + 1.0)).exp();
    let ln_likelihood = |i: usize, [_, p]: [f64; 2], a: f64| -> f64 {
        let zero = |count: u64| if count == 0 { p } else { 0.0 };
        tasks[i].iter().flatten().map(|&y| (zero(y) + (1.0 - p) * mass(y, a.exp())).ln()).sum()
    };
    let exact = dense_counts(&ln_likelihood, &|[_, p], a| p + (1.0 - p) * (-a.exp()).exp()).exact(tasks.len());
    let intercepts: Vec<Summary> = (0..tasks.len()).map(|i| fit.local(i).a).collect();
    exact.check(&fit, &[fit.global().mu, fit.global().nothing], &intercepts);
    for i in 0..tasks.len() {
        let is_zero = |count: f64| f64::from(u8::from(count == 0.0));
        exact.check_prediction(i, &fit.predict(i).expect("it has a sampler")[0], is_zero);
    }
}

#[test]
fn counts_behind_a_hurdle_are_predicted() {
    let tasks = counts();
    let fit = Visits::new(&tasks).fit().expect("valid");
    let mass = |count: u64, mean: f64| {
        let (x, share) = (count as f64, mean / (mean + DISPERSION));
        let ln_choose = ln_gamma(x + DISPERSION) - ln_gamma(DISPERSION) - ln_gamma(x + 1.0);
        (ln_choose + x * share.ln() + DISPERSION * (1.0 - share).ln()).exp()
    };
    let ln_likelihood = |i: usize, [_, p]: [f64; 2], a: f64| -> f64 {
        let more = |y: u64| (1.0 - p) * mass(y, a.exp()) / (1.0 - mass(0, a.exp()));
        tasks[i].iter().flatten().map(|&y| if y == 0 { p.ln() } else { more(y).ln() }).sum()
    };
    let predicted = |[_, p]: [f64; 2], a: f64| (1.0 - p) * a.exp() / (1.0 - mass(0, a.exp()));
    let exact = dense_counts(&ln_likelihood, &predicted).exact(tasks.len());
    let intercepts: Vec<Summary> = (0..tasks.len()).map(|i| fit.local(i).a).collect();
    exact.check(&fit, &[fit.global().mu, fit.global().none], &intercepts);
    for i in 0..tasks.len() {
        exact.check_prediction(i, &fit.predict(i).expect("it has a sampler")[0], |count| count);
    }
}

#[test]
fn ordered_marks_are_predicted() {
    let mark = |i: u32, k: u32| (k < 6).then(|| u8::try_from((k * k + 2 * i) % 5 % 3).expect("a small number"));
    let tasks: Vec<Vec<Option<u8>>> = (0..5).map(|i| (0..7).map(|k| mark(i, k)).collect()).collect();
    let fit = Marks::new(&tasks).fit().expect("valid");
    let below = |cut: f64, a: f64| (1.0 + (a - cut).exp()).recip();
    let ln_likelihood = |i: usize, [cut, width]: [f64; 2], a: f64| -> f64 {
        let [first, second] = [below(cut, a), below(cut + width, a)];
        tasks[i].iter().flatten().map(|&y| [first, second - first, 1.0 - second][usize::from(y)].ln()).sum()
    };
    let dense = Dense {
        globals: [(-4.5, 3.5, 50), (0.0, 5.0, 80)],
        ln_prior: &|[cut, width]| ln_normal(cut, -0.5, 1.0) - width,
        centre: &|_| 0.0,
        ln_likelihood: &ln_likelihood,
        predicted: &|[cut, width], a| 1.0 - below(cut + width, a),
    };
    let exact = dense.exact(tasks.len());
    let intercepts: Vec<Summary> = (0..tasks.len()).map(|i| fit.local(i).a).collect();
    let width = fit.marginal(|draw| draw.global.cuts[1] - draw.global.cuts[0]);
    exact.check(&fit, &[fit.global().cuts[0], width], &intercepts);
    for i in 0..tasks.len() {
        let is_best = |mark: f64| f64::from(u8::from(mark > 1.5));
        exact.check_prediction(i, &fit.predict(i).expect("it has a sampler")[0], is_best);
    }
}

#[test]
fn two_limits_of_a_normal_are_a_conjugate_problem_with_tails() {
    model! {
        Tobit(ys: &[f64]) {
            mu ~ Normal(0.0, 2.0);
            for y in ys {
                y ~ Censored(Censored(Normal(mu, 1.0), Upper(0.0)), Lower(2.0));
            }
        }
    }
    let ys = [0.0, 0.4, 1.3, 2.0, 2.0, 1.1];
    let fit = Tobit::new(&ys).fit().expect("valid");
    let tail = |z: f64| 0.5 * if z < 0.0 { 1.0 + gamma_lr(0.5, 0.5 * z * z) } else { gamma_ur(0.5, 0.5 * z * z) };
    let ln_density = |mu: f64| -> f64 {
        let term = |&y: &f64| match y {
            y if y <= 0.0 => tail(mu).ln(),
            y if y >= 2.0 => tail(2.0 - mu).ln(),
            y => ln_normal(y, mu, 1.0),
        };
        ln_normal(mu, 0.0, 2.0) + ys.iter().map(term).sum::<f64>()
    };
    let [total, one, two] = cells((-6.0, 8.0, 1000)).fold([0.0; 3], |[total, one, two], mu| {
        let p = ln_density(mu).exp();
        [total + p, one + p * mu, two + p * mu * mu]
    });
    let (mean, found) = (one / total, fit.global().mu);
    let sd = (two / total - mean * mean).sqrt();
    assert!((found.mean - mean).abs() < 0.1 * sd, "{} but {mean} +- {sd}\n{fit}", found.mean);
    assert!((found.sd / sd - 1.0).abs() < 0.06, "an sd of {} but {sd}\n{fit}", found.sd);
}
