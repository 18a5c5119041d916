//! Discrete latents that are summed out: what is visited, and that posteriors, classes and predictions are right.

use crate::language::recorder::{normal, observed, record, sampled};
use hierarch::dist::{Bernoulli, Categorical};
use hierarch::prelude::*;
use hierarch::{By, Error, Joint, Model, NamedSummary, Options, Prediction, Summary, Taken};

struct Row {
    x: f64,
    y: Option<f64>,
    w: f64,
}

model! {
    /// Two discrete latents that have nothing to do with each other, and statements that have to do with neither.
    Apart(rows: &[Row]) {
        share ~ Beta(2.0, 2.0);
        for row in rows {
            own ~ Normal(0.0, 1.0);
            side ~ Bernoulli(share);
            let shift = 3.0 * side as f64;
            row.x ~ Normal(own, 0.5);
            class ~ Categorical([0.2, 0.3, 0.5]);
            let mean = own + shift;
            row.y ~ Normal(mean, 1.0);
            row.w ~ Normal([-1.0, 0.0, 2.0][class], 0.3);
            factor(own);
        }
    }
}

#[test]
fn statements_stand_in_the_sum_of_the_latent_that_they_depend_on() {
    let rows = [Row { x: 0.3, y: Some(1.0), w: 0.7 }];
    let calls = record(&Apart::new(&rows), &[0.25, 0.5]);
    let categories = Categorical([0.2, 0.3, 0.5]);
    let expected = [
        sampled("share", 0.25, Beta(2.0, 2.0)),
        sampled("own", 0.5, normal(0.0, 1.0)),
        observed("row.x", 0.3, normal(0.5, 0.5)),
        sampled("side", 0.0, Bernoulli(0.25)),
        observed("row.y", 1.0, normal(0.5, 1.0)),
        sampled("side", 1.0, Bernoulli(0.25)),
        observed("row.y", 1.0, normal(3.5, 1.0)),
        sampled("class", 0.0, categories),
        observed("row.w", 0.7, normal(-1.0, 0.3)),
        sampled("class", 1.0, categories),
        observed("row.w", 0.7, normal(0.0, 0.3)),
        sampled("class", 2.0, categories),
        observed("row.w", 0.7, normal(2.0, 0.3)),
        crate::language::recorder::factor(0.5),
    ];
    assert_eq!(calls, expected);
}

type Line = Vec<(f64, f64)>;

model! {
    /// Regressions of two kinds.
    Kinds(tasks: &[Line]) {
        share ~ Beta(2.0, 2.0);
        low ~ Normal(-1.0, 1.0);
        high ~ Normal(1.5, 1.0);
        spread ~ HalfNormal(1.0);
        sd ~ HalfNormal(1.0);
        for task in tasks {
            own ~ Normal(0.0, spread);
            kind ~ Bernoulli(share);
            for &(x, y) in task {
                y ~ Normal(own + [low, high][kind] * x, sd);
            }
        }
    }
}

model! {
    /// The same, summed by hand.
    ByHand(tasks: &[Line]) {
        share ~ Beta(2.0, 2.0);
        low ~ Normal(-1.0, 1.0);
        high ~ Normal(1.5, 1.0);
        spread ~ HalfNormal(1.0);
        sd ~ HalfNormal(1.0);
        for task in tasks {
            own ~ Normal(0.0, spread);
            let masses = [(1.0 - share).ln(), share.ln()];
            let terms = [(low, masses[0]), (high, masses[1])].map(|(slope, mass)| {
                let of_points = task.iter().map(|&(x, y)| Normal(own + slope * x, sd).ln_density(y));
                of_points.fold(mass, |sum, term| sum + term)
            });
            factor(log_sum_exp(terms));
        }
    }
}

fn lines() -> Vec<Line> {
    let point = |i: usize, j: usize| {
        let x = j as f64 - 1.5;
        let slope = if i.is_multiple_of(3) { -0.8 } else { 1.2 };
        let noise = ((i * 31 + j * 17) % 13) as f64 / 13.0 - 0.5;
        (x, ((i * 7) % 5) as f64 * 0.2 - 0.4 + slope * x + 1.4 * noise)
    };
    (0..12).map(|i| (0..4).map(|j| point(i, j)).collect()).collect()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-5 * (1.0 + b.abs())
}

fn assert_same_globals(rows: Vec<NamedSummary>, others: Vec<NamedSummary>) {
    let globals = |rows: Vec<NamedSummary>| rows.into_iter().filter(|row| row.name.task.is_none());
    for (a, b) in globals(rows).zip(globals(others)) {
        let is_same = near(a.summary.mean, b.summary.mean) && near(a.summary.sd, b.summary.sd);
        assert!(is_same, "{}: {} {}", a.name, a.summary, b.summary);
    }
}

#[test]
fn a_sum_is_what_is_written_by_hand() {
    let lines = lines();
    let fit = Kinds::new(&lines).fit().expect("valid");
    let by_hand = ByHand::new(&lines).fit().expect("valid");
    assert_same_globals(fit.rows(), by_hand.rows());
    for (i, line) in lines.iter().enumerate() {
        let ln = |slope: f64, own: f64, sd: f64| -> f64 {
            line.iter().map(|&(x, y)| -0.5 * ((y - own - slope * x) / sd).powi(2)).sum()
        };
        let high = by_hand.marginal(|d| {
            let (g, own) = (&d.global, d.local[i].own);
            let odds_against = (1.0 - g.share) / g.share * (ln(g.low, own, g.sd) - ln(g.high, own, g.sd)).exp();
            (1.0 + odds_against).recip()
        });
        let local = fit.local(i);
        assert_eq!(local.kind.len(), 2);
        assert!(near(local.kind[1].mean, high.mean), "task {i}: {} is not {high}", local.kind[1]);
        assert!(near(local.kind[0].mean + local.kind[1].mean, 1.0));
        assert!(near(local.own.mean, by_hand.local(i).own.mean));
    }
    let [a, b] = [fit.loo(By::Task), by_hand.loo(By::Task)].map(|loo| loo.expect("not a point").elpd);
    assert!(near(a, b), "{a} {b}");
}

struct Score {
    y: Option<f64>,
}

struct Area {
    scores: Vec<Score>,
}

model! {
    /// A discrete latent of an area, and one of every score, whose distribution depends on it.
    Odd(areas: &[Area]) {
        mu ~ Normal(0.0, 1.0);
        for area in areas {
            kind ~ Bernoulli(0.3);
            for score in &area.scores {
                odd ~ Bernoulli(if kind == 1 { 0.6 } else { 0.1 });
                let sd = if odd == 1 { 3.0 } else { 0.5 };
                score.y ~ Normal(mu + [0.0, 1.5][kind], sd);
            }
        }
    }
}

fn area(ys: &[f64]) -> Area {
    Area { scores: ys.iter().map(|&y| Score { y: (!y.is_nan()).then_some(y) }).collect() }
}

/// p(y | mu, kind, odd) by the formula.
fn density(y: f64, mu: f64, kind: usize, odd: usize) -> f64 {
    let (mean, sd) = (mu + [0.0, 1.5][kind], [0.5, 3.0][odd]);
    if y.is_nan() { 1.0 } else { (-0.5 * ((y - mean) / sd).powi(2)).exp() / (sd * std::f64::consts::TAU.sqrt()) }
}

const ODDS: [[f64; 2]; 2] = [[0.9, 0.1], [0.4, 0.6]];
const KINDS: [f64; 2] = [0.7, 0.3];

/// p(kind, ys of an area | mu).
fn with_kind(ys: &[f64], mu: f64, kind: usize) -> f64 {
    let of_score = |&y: &f64| (0..2).map(|odd| ODDS[kind][odd] * density(y, mu, kind, odd)).sum::<f64>();
    KINDS[kind] * ys.iter().map(of_score).product::<f64>()
}

fn of_area(ys: &[f64], mu: f64) -> f64 {
    with_kind(ys, mu, 0) + with_kind(ys, mu, 1)
}

/// E\[f(mu) | areas\], and ln p(areas), over a grid of mu.
fn exact(areas: &[&[f64]], f: impl Fn(f64) -> f64) -> (f64, f64) {
    let (mut sum, mut total) = (0.0, 0.0);
    for step in 0..20_000 {
        let mu = -6.0 + 12.0 * (f64::from(step) + 0.5) / 20_000.0;
        let prior = (-0.5 * mu * mu).exp() / std::f64::consts::TAU.sqrt();
        let weight = prior * areas.iter().map(|ys| of_area(ys, mu)).product::<f64>() * 12.0 / 20_000.0;
        sum += weight * f(mu);
        total += weight;
    }
    (sum / total, total.ln())
}

const AREAS: [&[f64]; 4] =
    [&[0.4, 0.9, 0.1, -0.2], &[2.1, 1.4, f64::NAN, 4.9, -1.0], &[1.0, 1.3], &[0.3, -0.5, 0.6, 5.2, 0.2]];

fn odd() -> (Vec<Area>, Vec<&'static [f64]>) {
    (AREAS.iter().map(|ys| area(ys)).collect(), AREAS.to_vec())
}

#[test]
fn a_sum_within_a_sum_is_exact() {
    let (areas, ys) = odd();
    let fit = Odd::new(&areas).fit().expect("valid");
    let (mean, ln_evidence) = exact(&ys, |mu| mu);
    let sd = exact(&ys, |mu| (mu - mean).powi(2)).0.sqrt();
    let mu = fit.global().mu;
    assert!((mu.mean - mean).abs() < 0.05 * sd && (mu.sd / sd - 1.0).abs() < 0.05, "{mu} {mean} {sd}");
    assert!((fit.evidence().expect("corrected").ln_evidence - ln_evidence).abs() < 0.02);
    for (i, ys_of) in ys.iter().enumerate() {
        let local = fit.local(i);
        let kind = exact(&ys, |mu| with_kind(ys_of, mu, 1) / of_area(ys_of, mu)).0;
        assert!((local.kind[1].mean - kind).abs() < 0.01, "area {i}: {} is not {kind}", local.kind[1]);
        assert_eq!(local.scores.len(), ys_of.len());
        for (j, y) in ys_of.iter().enumerate() {
            let odd = exact(&ys, |mu| {
                let given = |kind: usize| {
                    let [even, odd] = [0, 1].map(|odd| ODDS[kind][odd] * density(*y, mu, kind, odd));
                    odd / (even + odd)
                };
                (0..2).map(|kind| with_kind(ys_of, mu, kind) * given(kind)).sum::<f64>() / of_area(ys_of, mu)
            });
            let found = &local.scores[j].odd;
            assert!((found[1].mean - odd.0).abs() < 0.01, "area {i}, score {j}: {} is not {}", found[1], odd.0);
        }
    }
    let names: Vec<String> = fit.rows().iter().map(|row| row.name.to_string()).collect();
    assert_eq!(
        names[..5],
        ["mu", "kind[0] task 0", "kind[1] task 0", "scores[0].odd[0] task 0", "scores[0].odd[1] task 0"]
    );
}

/// E\[y | kind, mu\] of an area's next score, and E\[y^2\].
fn next(kind: usize, mu: f64) -> [f64; 2] {
    let mean = mu + [0.0, 1.5][kind];
    [mean, mean * mean + ODDS[kind][0] * 0.25 + ODDS[kind][1] * 9.0]
}

/// Mean and standard deviation of the next score of an area with these scores, which may be among the areas.
fn exact_next(areas: &[&[f64]], own: &[f64]) -> (f64, f64) {
    let moment = |at: usize| {
        let of_mu =
            |mu: f64| (0..2).map(|kind| with_kind(own, mu, kind) * next(kind, mu)[at]).sum::<f64>() / of_area(own, mu);
        exact(areas, of_mu).0
    };
    (moment(0), (moment(1) - moment(0).powi(2)).sqrt())
}

/// Within a twentieth of a standard deviation of the mean, and of the standard deviation.
fn assert_near(prediction: &Prediction, (mean, sd): (f64, f64), tolerance: f64) {
    let Summary { mean: found, sd: width, .. } = prediction.summary;
    let is_near = (found - mean).abs() < 0.05 * sd && (width / sd - 1.0).abs() < tolerance;
    assert!(is_near, "{found} +- {width} is not {mean} +- {sd}");
}

#[test]
fn predictions_know_the_classes() {
    let (areas, ys) = odd();
    let fit = Odd::new(&areas).fit_with(&Options { posterior_draws: 20_000, ..Options::default() }).expect("valid");
    let missing = fit.predict(1).expect("sampled");
    assert_eq!(missing.len(), 1);
    assert_near(&missing[0], exact_next(&ys, ys[1]), 0.05);
    let new = fit.predict_new(&area(&[f64::NAN])).expect("sampled");
    assert_near(&new[0], exact_next(&ys, &[]), 0.05);
    let unseen = fit.unseen(&area(&[0.2])).expect("sampled").local();
    assert!((unseen.kind[1].mean - 0.3).abs() < 1e-12 && (unseen.scores[0].odd[1].mean - 0.25).abs() < 1e-12);
}

/// E\[f(kind, mu)\] over the posterior of an area with these scores, which are among the areas.
fn exact_given(areas: &[&[f64]], own: &[f64], f: impl Fn(usize, f64) -> f64) -> f64 {
    exact(areas, |mu| (0..2).map(|kind| with_kind(own, mu, kind) * f(kind, mu)).sum::<f64>() / of_area(own, mu)).0
}

#[test]
fn predictions_of_a_new_task_know_the_classes_of_what_was_adapted_to() {
    let (areas, ys) = odd();
    let fit = Odd::new(&areas).fit_with(&Options { posterior_draws: 20_000, ..Options::default() }).expect("valid");
    let own = [2.4, 2.2, 1.9];
    let adapted = fit.adapt(&area(&own)).expect("valid");
    let with_own = [ys.as_slice(), &[&own]].concat();
    let is_odd = |kind: usize, mu: f64| {
        let [even, odd] = [0, 1].map(|odd| ODDS[kind][odd] * density(own[0], mu, kind, odd));
        odd / (even + odd)
    };
    let local = adapted.local();
    let (kind, odd) = (exact_given(&with_own, &own, |kind, _| kind as f64), exact_given(&with_own, &own, is_odd));
    assert!((local.kind[1].mean - kind).abs() < 0.01, "{} {kind}", local.kind[1]);
    assert!((local.scores[0].odd[1].mean - odd).abs() < 0.01, "{} {odd}", local.scores[0].odd[1]);
    let again = adapted.replicate(&area(&[f64::NAN; 3])).expect("sampled");
    assert_eq!(again.len(), 3);
    let mean = |kind: usize, mu: f64| mu + [0.0, 1.5][kind];
    let square = |kind, mu| mean(kind, mu).powi(2) + 0.25 + (9.0 - 0.25) * is_odd(kind, mu);
    let [mean, square] = [exact_given(&with_own, &own, mean), exact_given(&with_own, &own, square)];
    assert_near(&again[0], (mean, (square - mean * mean).sqrt()), 0.1);
    let ln_evidence = exact(&with_own, |_| 1.0).1 - exact(&ys, |_| 1.0).1;
    assert!((adapted.evidence().expect("adapted").ln_evidence - ln_evidence).abs() < 0.02);
    // a second set of the same area's scores: p(more | own) = p(both) / p(own), where the odd ones are the same
    let more = [2.0, 2.3, 1.7];
    let both = |kind: usize, mu: f64| {
        let of_score = |j: usize| {
            let mass = |odd: usize| ODDS[kind][odd] * density(own[j], mu, kind, odd);
            (0..2).map(|odd| mass(odd) * density(more[j], mu, kind, odd)).sum::<f64>() / (mass(0) + mass(1))
        };
        (0..3).map(of_score).product::<f64>()
    };
    let expected = exact_given(&with_own, &own, both).ln();
    let found = adapted.ln_predictive(&area(&more)).expect("valid");
    assert!((found - expected).abs() < 0.03, "{found} {expected}");
}

#[test]
fn an_observation_is_left_out_of_its_sum() {
    let (areas, ys) = odd();
    let fit = Odd::new(&areas).fit().expect("valid");
    let loo = fit.loo(By::Observation).expect("not a point");
    let mut at = 0;
    for (i, ys_of) in ys.iter().enumerate() {
        for j in (0..ys_of.len()).filter(|&j| !ys_of[j].is_nan()) {
            let mut without = ys_of.to_vec();
            without[j] = f64::NAN;
            let mut others = ys.clone();
            others[i] = &without;
            let exact = exact(&ys, |_| 1.0).1 - exact(&others, |_| 1.0).1;
            let point = &loo.points[at];
            assert!((point.elpd - exact).abs() < 0.05, "area {i}, score {j}: {} is not {exact}", point.elpd);
            at += 1;
        }
    }
    assert_eq!(loo.points.len(), at);
}

model! {
    /// More combinations of values than are summed over.
    TooMany(ys: &[f64]) {
        mu ~ Normal(0.0, 1.0);
        for y in ys {
            first ~ Binomial(39, 0.5);
            second ~ Binomial(29, 0.5);
            y ~ Normal(mu + (first * second) as f64, 1.0);
        }
    }
}

model! {
    /// Which data are observed depends on the discrete latent.
    Uneven(ys: &[[f64; 2]]) {
        mu ~ Normal(0.0, 1.0);
        for ys in ys {
            side ~ Bernoulli(0.5);
            ys[0] ~ Normal(mu, 1.0);
            if side == 1 {
                ys[1] ~ Normal(mu, 1.0);
            }
        }
    }
}

model! {
    /// The same data under both values, by other statements.
    Even(ys: &[f64]) {
        mu ~ Normal(0.0, 1.0);
        share ~ Beta(2.0, 6.0);
        for y in ys {
            side ~ Bernoulli(share);
            if side == 1 {
                y ~ Normal(mu, 5.0);
            } else {
                y ~ StudentT(4.0, mu, 0.5);
            }
        }
    }
}

#[test]
fn what_cannot_be_summed_out_is_said() {
    let Err(Error::Classes { place, found, most }) = TooMany::new(&[0.3]).fit() else { panic!("1,200 classes") };
    assert_eq!((place.site, found, most), ("second", 30, 1024));
    let Err(error @ Error::Uneven { .. }) = Uneven::new(&[[0.1, 0.2]]).fit() else { panic!("other data") };
    assert_eq!(
        error.to_string().split(": ").last().expect("a message"),
        "which data are observed must not depend on this discrete latent, but differs between its values 0 and 1"
    );
    let Err(Error::Parameter { place, .. }) = Invalid::new(&[0.1]).fit() else { panic!("no probability") };
    assert_eq!(place.site, "side");
}

model! {
    Invalid(ys: &[f64]) {
        mu ~ Normal(0.0, 1.0);
        for y in ys {
            side ~ Bernoulli(1.5);
            y ~ Normal(mu + side as f64, 1.0);
        }
    }
}

/// A plate with nothing but a discrete latent is a mixture; its observations may be other statements under each value.
#[test]
fn a_row_may_have_a_discrete_latent_alone() {
    let ys = [0.1, 0.4, -0.3, 6.0, 0.2, 0.0, -7.5, 0.3];
    let fit = Even::new(&ys).fit().expect("valid");
    let local: Vec<f64> = (0..ys.len()).map(|i| fit.local(i).side[1].mean).collect();
    assert!(local[3] > 0.8 && local[6] > 0.9 && local[0] < 0.3, "{local:?}\n{fit}");
    let side = |i: usize| {
        fit.marginal(move |d| {
            let (g, y) = (&d.global, ys[i]);
            let t = (y - g.mu) / 0.5;
            // Gamma(5/2) / (Gamma(2) sqrt(4 pi)) = 3/8
            let student = 0.375 * (1.0 + t * t / 4.0).powf(-2.5) / 0.5;
            let normal = (-0.5 * ((y - g.mu) / 5.0).powi(2)).exp() / (5.0 * std::f64::consts::TAU.sqrt());
            g.share * normal / (g.share * normal + (1.0 - g.share) * student)
        })
    };
    for (i, p) in local.iter().enumerate() {
        assert!((p - side(i).mean).abs() < 1e-9, "{p} {}", side(i));
    }
    let check = fit.check(|data| data.values().iter().map(|y| y.abs()).fold(0.0, f64::max)).expect("sampled");
    assert!((check.observed - 7.5).abs() < 1e-12 && (0.02..0.98).contains(&check.p_value), "{check}");
    assert_eq!(fit.observed().values(), ys);
    assert!(fit.to_string().contains("side[1]"), "{fit}");
}

#[test]
fn a_simulated_class_is_certain() {
    use rand::SeedableRng;
    let areas: Vec<Area> = (0..2000).map(|_| area(&[0.0, 0.0])).collect();
    let drawn = Odd::new(&areas).simulate(&mut rand_chacha::ChaCha8Rng::seed_from_u64(3)).expect("sampled");
    let (mut kinds, mut odds, mut square) = (0.0, 0.0, 0.0);
    for (i, local) in drawn.latents.local.iter().enumerate() {
        assert!(local.kind == [0.0, 1.0] || local.kind == [1.0, 0.0]);
        kinds += local.kind[1];
        odds += local.scores.iter().map(|score| score.odd[1]).sum::<f64>();
        let mean = drawn.latents.global.mu + 1.5 * local.kind[1];
        let of_odd = local.scores.iter().zip(drawn.data.task(i)).filter(|(score, _)| score.odd[1] > 0.5);
        square += of_odd.map(|(_, y)| (y - mean).powi(2)).sum::<f64>();
    }
    assert!((kinds / 2000.0 - 0.3).abs() < 0.04, "{kinds}");
    assert!((odds / 4000.0 - 0.25).abs() < 0.04, "{odds}");
    assert!((square / odds - 9.0).abs() < 1.5, "{}", square / odds);
}

model! {
    /// A sum that is a function of one number.
    Few(ys: &[f64]) {
        mu ~ Normal(0.0, 1.0);
        for y in ys {
            own ~ Normal(mu, 1.0);
            side ~ BernoulliLogit(0.3);
            y ~ Normal(own + 2.0 * side as f64, 0.5);
        }
    }
}

#[test]
fn a_sum_of_few_leaves_is_averaged_over_nodes() {
    let fit = Few::new(&[0.3, 2.2, -0.4]).fit().expect("valid");
    let taken = fit.explain().into_iter().find(|site| site.site == "side" && site.taken != Taken::ClosedForm);
    assert_eq!(taken.expect("the sum").taken, Taken::Quadrature { dimensions: 1 });
    assert!(fit.trust().is_reliable, "{fit}");
}

struct School {
    ys: Vec<f64>,
}

model! {
    /// A switch in a nested plate with a latent of its own, in tasks of many coordinates.
    Switches(areas: &[Vec<School>]) {
        mu ~ Normal(0.0, 2.0);
        jump ~ Normal(2.0, 0.5);
        noise ~ HalfNormal(1.0);
        for schools in areas {
            of_area ~ Normal(mu, 0.5);
            for school in schools.iter() {
                of_school ~ Normal(of_area, 0.4);
                is_up ~ BernoulliLogit(of_school - 0.5);
                let level = of_school + jump * is_up as f64;
                for y in &school.ys {
                    y ~ Normal(level, noise);
                }
            }
        }
    }
}

model! {
    /// The same, summed by hand.
    SwitchesByHand(areas: &[Vec<School>]) {
        mu ~ Normal(0.0, 2.0);
        jump ~ Normal(2.0, 0.5);
        noise ~ HalfNormal(1.0);
        for schools in areas {
            of_area ~ Normal(mu, 0.5);
            for school in schools.iter() {
                of_school ~ Normal(of_area, 0.4);
                let odds = of_school - 0.5;
                let terms = [(of_school, -odds.ln_1p_exp()), (of_school + jump, -(-odds).ln_1p_exp())].map(|(level, mass)| {
                    school.ys.iter().map(|&y| Normal(level, noise).ln_density(y)).fold(mass, |sum, term| sum + term)
                });
                factor(log_sum_exp(terms));
            }
        }
    }
}

fn areas_of_schools() -> Vec<Vec<School>> {
    let school = |a: usize, s: usize| {
        let up = if (a + 2 * s).is_multiple_of(3) { 2.2 } else { 0.0 };
        let y = |k: usize| up + 0.3 * a as f64 + ((a * 13 + s * 7 + k * 5) % 11) as f64 / 11.0 - 0.5;
        School { ys: (0..3).map(y).collect() }
    };
    (0..3).map(|a| (0..9).map(|s| school(a, s)).collect()).collect()
}

/// Value and gradient at some point, by the tape and by dual numbers.
pub(crate) fn assert_same_density<A: Model, B: Model>(summed: &A, by_hand: &B) {
    let (tape, dual) = (Joint::new(summed).expect("valid"), Joint::by_dual_numbers(summed).expect("valid"));
    let by_hand = Joint::new(by_hand).expect("valid");
    let n = by_hand.num_coordinates();
    assert_eq!(tape.num_coordinates(), n);
    let u: Vec<f64> = (0..n).map(|j| ((j * 29 + 3) % 17) as f64 / 17.0 - 0.4).collect();
    let mut gradients = [vec![0.0; n], vec![0.0; n], vec![0.0; n]];
    let [a, b, c] = &mut gradients;
    let values = [tape.gradient(&u, a), dual.gradient(&u, b), by_hand.gradient(&u, c)];
    let is_near = |a: f64, b: f64| (a - b).abs() < 1e-11 * (1.0 + b.abs());
    assert!(is_near(values[0], values[2]) && is_near(values[1], values[2]), "{values:?}");
    for ((a, b), c) in a.iter().zip(&*b).zip(&*c) {
        assert!(is_near(*a, *c) && is_near(*b, *c), "{a} {b} {c}");
    }
}

#[test]
fn densities_and_their_gradients_are_those_written_by_hand() {
    let (lines, areas) = (lines(), areas_of_schools());
    assert_same_density(&Kinds::new(&lines), &ByHand::new(&lines));
    assert_same_density(&Switches::new(&areas), &SwitchesByHand::new(&areas));
}

/// The probabilities against those at the draws of another fit, up to Monte Carlo errors.
#[test]
fn a_switch_in_a_nested_plate_has_the_probabilities_that_it_should() {
    let areas = areas_of_schools();
    let fit = Switches::new(&areas).fit().expect("valid");
    let by_hand = SwitchesByHand::new(&areas).fit().expect("valid");
    assert!(fit.trust().is_reliable, "{fit}");
    for (a, area) in areas.iter().enumerate() {
        for (s, school) in area.iter().enumerate() {
            let is_up = by_hand.marginal(|d| {
                let (g, of_school) = (&d.global, d.local[a].school[s].of_school);
                let square = |level: f64| school.ys.iter().map(|y| (y - level).powi(2)).sum::<f64>();
                let against = (square(of_school + g.jump) - square(of_school)) / (2.0 * g.noise * g.noise);
                (1.0 + (0.5 - of_school + against).exp()).recip()
            });
            let found = &fit.local(a).school[s].is_up[1];
            assert!((found.mean - is_up.mean).abs() < 0.02, "area {a}, school {s}: {found} {is_up}");
        }
    }
}

#[test]
fn a_fit_with_classes_can_be_kept() {
    let ys = [0.1, 0.4, -0.3, 6.0, 0.2];
    let fit = Even::new(&ys).fit().expect("valid");
    let file = std::env::temp_dir().join(format!("hierarch_classes_{}.fit", std::process::id()));
    fit.save(&file).expect("the folder of temporary files can be written");
    let again = Even::new(&ys).load(&file);
    std::fs::remove_file(&file).expect("it was written");
    let again = again.expect("the same model and data");
    assert_eq!(again.local(3).side, fit.local(3).side);
    assert_eq!(again.rows().len(), fit.rows().len());
    let mut csv = Vec::new();
    fit.draws_table(20).to_csv(&mut csv).expect("memory");
    let header = String::from_utf8(csv).expect("text").lines().next().expect("a header").to_owned();
    assert!(header.contains("side[1]"), "{header}");
}
