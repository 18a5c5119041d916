//! Chains of discrete latents: what is visited, and that posteriors, smoothed states and predictions are those of sums over all
//! paths.

use crate::language::recorder::{Call, normal, observed, record, sampled};
use crate::summed::assert_same_density;
use hierarch::prelude::*;
use hierarch::{AdaptOptions, By, Error, Joint, Options, Prediction};
use rand::SeedableRng;

struct Series {
    ys: Vec<Option<f64>>,
    counts: Vec<u64>,
    begin: f64,
}

model! {
    /// Statements that depend on an entry directly, by a variable and by a condition, and some that do not.
    Hidden(series: &[Series]) {
        first ~ Dirichlet([1.0, 2.0]);
        stay ~ Beta(4.0, 2.0);
        low ~ Normal(-1.0, 1.0);
        gap ~ HalfNormal(2.0);
        for series in series {
            own ~ Normal(0.0, 0.5);
            state[t in 0..series.ys.len()] ~ Markov(first, &[[stay, 1.0 - stay], [0.4 * (1.0 - stay), 0.6 + 0.4 * stay]]);
            let means = [low, low + gap];
            series.begin ~ Normal(own, 1.0);
            if !series.ys.is_empty() {
                series.begin ~ Normal([0.0, 1.0][state[0]], 2.0);
            }
            for (t, y) in series.ys.iter().enumerate() {
                let mean = own + means[state[t]];
                factor(-0.1 * own.square());
                if state[t] == 1 {
                    y ~ Normal(mean, 1.0);
                } else {
                    y ~ StudentT(4.0, mean, 0.5);
                }
                for _ in 0..2 {
                    series.counts[t] ~ Poisson([1.0, 3.0][state[t]]);
                }
            }
        }
    }
}

/// The paths of so many entries of two states.
fn paths(len: usize, states: usize) -> impl Iterator<Item = Vec<usize>> {
    let power = move |t: usize| states.pow(u32::try_from(t).expect("short"));
    (0..power(len)).map(move |at| (0..len).map(|t| at / power(t) % states).collect())
}

/// ln p(path, data) of a series.
fn ln_joint<N: Number>(
    series: &Series,
    first: &[Real<N>],
    [stay, low, gap, own]: [Real<N>; 4],
    path: &[usize],
) -> Real<N> {
    let steps = [[stay, 1.0 - stay], [0.4 * (1.0 - stay), 0.6 + 0.4 * stay]];
    let mut sum = path.first().map_or(Real::constant(0.0), |begin| {
        first[*begin].ln() + Normal([0.0, 1.0][*begin], 2.0).ln_density(series.begin)
    });
    for step in path.windows(2) {
        sum += steps[step[0]][step[1]].ln();
    }
    for (t, state) in path.iter().enumerate() {
        let mean = own + [low, low + gap][*state];
        if let Some(y) = series.ys[t] {
            sum += if *state == 1 { Normal(mean, 1.0).ln_density(y) } else { StudentT(4.0, mean, 0.5).ln_density(y) };
        }
        let of_count: Real<N> = Poisson([1.0, 3.0][*state]).ln_density(series.counts[t] as f64);
        sum += 2.0 * of_count;
    }
    sum
}

model! {
    /// The same, summed over all paths.
    HiddenByHand(series: &[Series]) {
        first ~ Dirichlet([1.0, 2.0]);
        stay ~ Beta(4.0, 2.0);
        low ~ Normal(-1.0, 1.0);
        gap ~ HalfNormal(2.0);
        for series in series {
            own ~ Normal(0.0, 0.5);
            series.begin ~ Normal(own, 1.0);
            factor(-0.1 * series.ys.len() as f64 * own.square());
            let terms = paths(series.ys.len(), 2).map(|path| ln_joint(series, first, [stay, low, gap, own], &path));
            factor(log_sum_exp(terms));
        }
    }
}

/// Of lengths 0 to 6.
fn series() -> Vec<Series> {
    let y = |i: usize, t: usize| {
        let level = if (t + i) % 5 < 2 { 1.5 } else { -1.0 };
        (!(i + 3 * t).is_multiple_of(7)).then_some(level + ((i * 13 + t * 7) % 11) as f64 / 11.0 - 0.5)
    };
    let count = |i: usize, t: usize| ((i + 2 * t) % 4) as u64;
    let of = |i: usize| Series {
        ys: (0..i % 7).map(|t| y(i, t)).collect(),
        counts: (0..i % 7).map(|t| count(i, t)).collect(),
        begin: 0.1 * i as f64,
    };
    (0..9).map(of).collect()
}

#[test]
fn a_chain_is_the_sum_over_its_paths() {
    let series = series();
    assert_same_density(&Hidden::new(&series), &HiddenByHand::new(&series));
    let fit = Hidden::new(&series).fit().expect("valid");
    let by_hand = HiddenByHand::new(&series).fit().expect("valid");
    let [a, b] = [fit.evidence(), by_hand.evidence()].map(|evidence| evidence.expect("corrected").ln_evidence);
    assert!((a - b).abs() < 0.02, "{a} {b}");
    for (i, of_task) in series.iter().enumerate() {
        let local = fit.local(i);
        assert_eq!(local.state.len(), of_task.ys.len());
        for (t, found) in local.state.iter().enumerate() {
            let expected = fit.marginal(|d| {
                let (g, own) = (&d.global, d.local[i].own);
                let (first, numbers) = ([Real(g.first[0]), Real(g.first[1])], [g.stay, g.low, g.gap, own].map(Real));
                let weigh = |path: &Vec<usize>| ln_joint(of_task, &first, numbers, path).value().exp();
                let [there, all] = [Some(1), None].map(|wanted| {
                    let paths = paths(of_task.ys.len(), 2).filter(|path| wanted.is_none_or(|state| path[t] == state));
                    paths.map(|path| weigh(&path)).sum::<f64>()
                });
                there / all
            });
            assert_eq!(found.len(), 2);
            assert!(
                (found[1].mean - expected.mean).abs() < 1e-9,
                "task {i}, entry {t}: {} is not {expected}",
                found[1]
            );
            assert!((found[0].mean + found[1].mean - 1.0).abs() < 1e-9);
        }
    }
}

struct Calls {
    ys: [f64; 2],
    x: f64,
}

model! {
    Visited(rows: &[Calls]) {
        share ~ Beta(2.0, 2.0);
        for row in rows {
            state[t in 0..2] ~ Markov(&[share, 1.0 - share], &[[0.5, 0.5], [0.1, 0.9]]);
            for (t, y) in row.ys.iter().enumerate() {
                row.x ~ Normal(share, 1.0);
                y ~ Normal(state[t] as f64, 2.0);
            }
            row.x ~ Normal(1.0, 3.0);
        }
    }
}

#[test]
fn statements_are_visited_for_each_value_of_their_entry() {
    let calls = record(&Visited::new(&[Calls { ys: [0.3, 0.7], x: 4.0 }]), &[0.25]);
    let given = |t: usize| Call { site: "given", value: t as f64, ln_density: 0.0 };
    let of_entry = |t: usize, y: f64| {
        let of_state = |state: f64| [given(t), observed("y", y, normal(state, 2.0))];
        [vec![observed("row.x", 4.0, normal(0.25, 1.0))], [0.0, 1.0].into_iter().flat_map(of_state).collect()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
    };
    let expected = [
        vec![sampled("share", 0.25, Beta(2.0, 2.0)), Call { site: "state", value: 2.0, ln_density: 0.0 }],
        of_entry(0, 0.3),
        of_entry(1, 0.7),
        vec![observed("row.x", 4.0, normal(1.0, 3.0))],
    ];
    assert_eq!(calls, expected.into_iter().flatten().collect::<Vec<_>>());
}

const FIRST: [f64; 3] = [0.5, 0.3, 0.2];
const STEPS: [[f64; 3]; 3] = [[0.8, 0.1, 0.1], [0.0, 0.7, 0.3], [0.25, 0.25, 0.5]];
const SHIFTS: [f64; 3] = [-1.0, 0.5, 2.5];

model! {
    /// One number that is not known beside the states.
    Level(series: &[Vec<Option<f64>>]) {
        mu ~ Normal(0.0, 1.0);
        for ys in series {
            state[t in 0..ys.len()] ~ Markov(&FIRST, &STEPS);
            for (t, y) in ys.iter().enumerate() {
                y ~ Normal(mu + SHIFTS[state[t]], 0.8);
            }
        }
    }
}

type Ys = Vec<Option<f64>>;

fn levels() -> Vec<Ys> {
    [
        vec![0.1, 0.7, 2.9, f64::NAN, f64::NAN],
        vec![-1.2, -0.4, f64::NAN, 2.2],
        vec![1.9],
        vec![],
        vec![-0.8, -1.3, -0.9, 0.8, 0.4],
    ]
    .map(|ys| ys.into_iter().map(|y: f64| (!y.is_nan()).then_some(y)).collect())
    .to_vec()
}

/// Sums over the paths of a series, p(path, ys | mu) times a function of the path.
fn over_paths(ys: &Ys, mu: f64, f: impl Fn(&[usize]) -> f64) -> f64 {
    let weight = |path: &Vec<usize>| {
        let begin = path.first().map_or(1.0, |begin| FIRST[*begin]);
        let steps: f64 = path.windows(2).map(|step| STEPS[step[0]][step[1]]).product();
        let of_entry = |(y, state): (&Option<f64>, &usize)| {
            y.map_or(1.0, |y| {
                let z = (y - mu - SHIFTS[*state]) / 0.8;
                (-0.5 * z * z).exp() / (0.8 * std::f64::consts::TAU.sqrt())
            })
        };
        begin * steps * ys.iter().zip(path).map(of_entry).product::<f64>()
    };
    paths(ys.len(), 3).map(|path| weight(&path) * f(&path)).sum()
}

/// E\[f(mu) | series\], and ln p(series), over a grid of mu.
fn exact(series: &[Ys], f: impl Fn(f64) -> f64) -> (f64, f64) {
    let (mut sum, mut total) = (0.0, 0.0);
    for step in 0..300 {
        let mu = -3.0 + 6.0 * (f64::from(step) + 0.5) / 300.0;
        let prior = (-0.5 * mu * mu).exp() / std::f64::consts::TAU.sqrt();
        let weight = prior * series.iter().map(|ys| over_paths(ys, mu, |_| 1.0)).product::<f64>() * 6.0 / 300.0;
        sum += weight * f(mu);
        total += weight;
    }
    (sum / total, total.ln())
}

/// E\[f(path, mu) | series\] of one of the series.
fn exact_of(series: &[Ys], own: &Ys, f: impl Fn(&[usize], f64) -> f64) -> f64 {
    exact(series, |mu| over_paths(own, mu, |path| f(path, mu)) / over_paths(own, mu, |_| 1.0)).0
}

#[test]
fn posteriors_and_predictions_are_those_of_sums_over_paths() {
    let series = levels();
    let fit = Level::new(&series).fit_with(&Options { posterior_draws: 20_000, ..Options::default() }).expect("valid");
    let (mean, ln_evidence) = exact(&series, |mu| mu);
    let sd = exact(&series, |mu| (mu - mean).powi(2)).0.sqrt();
    let mu = fit.global().mu;
    assert!((mu.mean - mean).abs() < 0.05 * sd && (mu.sd / sd - 1.0).abs() < 0.05, "{mu} {mean} {sd}");
    assert!((fit.evidence().expect("corrected").ln_evidence - ln_evidence).abs() < 0.02);
    for (i, own) in series.iter().enumerate() {
        for (t, found) in fit.local(i).state.iter().enumerate() {
            for (k, found) in found.iter().enumerate() {
                let expected = exact_of(&series, own, |path, _| f64::from(u8::from(path[t] == k)));
                assert!((found.mean - expected).abs() < 0.01, "task {i}, entry {t}: {found} is not {expected}");
            }
        }
    }
    // two that are missing, one after the other at the end: a forecast
    let missing = fit.predict(0).expect("sampled");
    let level = |path: &[usize], mu: f64, t: usize| mu + SHIFTS[path[t]];
    let joint = |f: &dyn Fn(f64, f64) -> f64| {
        exact_of(&series, &series[0], |path, mu| f(level(path, mu, 3), level(path, mu, 4)))
    };
    let [a, b, product] = [joint(&|a, _| a), joint(&|_, b| b), joint(&|a, b| a * b)];
    let square = joint(&|a, _| a * a) + 0.64;
    assert_eq!(missing.len(), 2);
    assert!((missing[0].summary.mean - a).abs() < 0.04 && (missing[1].summary.mean - b).abs() < 0.04);
    assert!((missing[0].summary.sd / (square - a * a).sqrt() - 1.0).abs() < 0.03, "{}", missing[0].summary);
    let pairs = missing[0].draws.iter().zip(&missing[1].draws).zip(&missing[0].weights);
    let covariance: f64 = pairs.map(|((x, y), weight)| weight * (x - a) * (y - b)).sum();
    assert!((covariance - (product - a * b)).abs() < 0.06, "{covariance} {}", product - a * b);
}

#[test]
fn what_is_left_out_is_left_out_of_all_paths() {
    let series = levels();
    let fit = Level::new(&series).fit().expect("valid");
    let ln_evidence = exact(&series, |_| 1.0).1;
    let loo = fit.loo(By::Observation).expect("not a point");
    let mut points = loo.points.iter();
    for (i, own) in series.iter().enumerate() {
        for t in (0..own.len()).filter(|&t| own[t].is_some()) {
            let mut others = series.clone();
            others[i][t] = None;
            let expected = ln_evidence - exact(&others, |_| 1.0).1;
            let found = points.next().expect("as many as data").elpd;
            assert!((found - expected).abs() < 0.03, "task {i}, entry {t}: {found} is not {expected}");
        }
    }
    assert!(points.next().is_none());
    let by_task = fit.loo(By::Task).expect("not a point");
    let expected = ln_evidence - exact(&series[1..], |_| 1.0).1;
    assert!((by_task.points[0].elpd - expected).abs() < 0.03, "{} is not {expected}", by_task.points[0].elpd);
}

/// Within four standard errors of as many draws as count.
fn assert_expected(found: &Prediction, expected: f64) {
    let effective = found.weights.iter().map(|weight| weight * weight).sum::<f64>().recip();
    let error = found.summary.sd / effective.sqrt();
    let is_near = (found.summary.mean - expected).abs() < 4.0 * error;
    assert!(effective > 4000.0 && is_near, "{} is not {expected}, of {effective} draws", found.summary);
}

#[test]
fn a_new_series_is_known_by_its_past() {
    let series = levels();
    let fit = Level::new(&series).fit_with(&Options { posterior_draws: 20_000, ..Options::default() }).expect("valid");
    let own: Ys = [2.4, 2.9, 0.6].map(Some).to_vec();
    let with_own = [series.as_slice(), std::slice::from_ref(&own)].concat();
    let options = AdaptOptions { global_draws: 2000, ..AdaptOptions::default() };
    let adapted = fit.adapt_with(&own, &options).expect("valid");
    for (k, found) in adapted.local().state[2].iter().enumerate() {
        let expected = exact_of(&with_own, &own, |path, _| f64::from(u8::from(path[2] == k)));
        assert!((found.mean - expected).abs() < 0.01, "{found} is not {expected}");
    }
    // the same entries again, and two more behind them
    let longer = vec![None; 5];
    let predicted = adapted.predict(&longer).expect("sampled");
    let path_goes_on = |path: &[usize], mu: f64| {
        let next = |state: usize| (0..3).map(move |k| (k, STEPS[state][k]));
        next(path[2]).flat_map(|(k, p)| next(k).map(move |(l, q)| p * q * SHIFTS[l])).sum::<f64>() + mu
    };
    let expected = exact_of(&with_own, &own, path_goes_on);
    assert_eq!(predicted.len(), 5);
    assert_expected(&predicted[4], expected);
    let second = exact_of(&with_own, &own, |path, mu| mu + SHIFTS[path[1]]);
    assert_expected(&predicted[1], second);
    // p(again | own): the states are the same, the data are new
    let again = [2.0, 2.2, 1.0];
    let of_again = |path: &[usize], mu: f64| {
        let density = |(y, state): (f64, &usize)| {
            let z = (y - mu - SHIFTS[*state]) / 0.8;
            (-0.5 * z * z).exp() / (0.8 * std::f64::consts::TAU.sqrt())
        };
        again.into_iter().zip(path).map(density).product::<f64>()
    };
    let expected = exact_of(&with_own, &own, of_again).ln();
    let found = adapted.ln_predictive(&again.map(Some).to_vec()).expect("valid");
    assert!((found - expected).abs() < 0.03, "{found} {expected}");
    let unseen = fit.unseen(&vec![None; 2]).expect("sampled").local();
    let second = (0..3).map(|k| FIRST[k] * STEPS[k][0]).sum::<f64>();
    assert!((unseen.state[0][0].mean - FIRST[0]).abs() < 1e-12 && (unseen.state[1][0].mean - second).abs() < 1e-12);
}

#[test]
fn a_simulated_path_is_certain_and_steps_as_it_should() {
    let series = vec![vec![None; 4]; 3000];
    let drawn = Level::new(&series).simulate(&mut rand_chacha::ChaCha8Rng::seed_from_u64(5)).expect("sampled");
    let (mut begins, mut steps, mut squares) = ([0.0; 3], [[0.0; 3]; 3], 0.0);
    for (i, local) in drawn.latents.local.iter().enumerate() {
        let path: Vec<usize> = local
            .state
            .iter()
            .map(|entry| {
                assert!((entry.iter().sum::<f64>() - 1.0).abs() < 1e-12);
                entry.iter().position(|p| (*p - 1.0).abs() < 1e-12).expect("certain")
            })
            .collect();
        begins[path[0]] += 1.0 / 3000.0;
        path.windows(2).for_each(|step| steps[step[0]][step[1]] += 1.0);
        let error = |(y, state): (&f64, &usize)| (y - drawn.latents.global.mu - SHIFTS[*state]).powi(2);
        squares += drawn.data.task(i).iter().zip(&path).map(error).sum::<f64>() / 12_000.0;
    }
    // five standard errors
    for k in 0..3 {
        assert!((begins[k] - FIRST[k]).abs() < 0.05, "{begins:?}");
        let from: f64 = steps[k].iter().sum();
        for (count, p) in steps[k].iter().zip(STEPS[k]) {
            assert!((count / from - p).abs() < 2.5 / from.sqrt(), "{steps:?}");
        }
    }
    assert!((squares - 0.64).abs() < 0.05, "{squares}");
}

struct School {
    ys: Vec<f64>,
}

model! {
    /// A chain in each turn of a nested plate, whose steps are those of the kind of the task, a discrete latent too.
    Nested(areas: &[Vec<School>]) {
        mu ~ Normal(0.0, 1.0);
        stay ~ Beta(3.0, 1.0);
        for schools in areas {
            kind ~ Bernoulli(0.4);
            for school in schools.iter() {
                of_school ~ Normal(mu, 0.5);
                let stays = [0.5 + 0.0 * stay, stay][kind];
                state[t in 0..school.ys.len()] ~ Markov(&[0.5, 0.5], &[[stays, 1.0 - stays], [1.0 - stays, stays]]);
                for (t, y) in school.ys.iter().enumerate() {
                    y ~ Normal(of_school + 2.0 * state[t] as f64, 0.7);
                }
            }
        }
    }
}

/// ln p(ys | of_school, stays), over all paths.
fn of_school<N: Number>(ys: &[f64], of_school: Real<N>, stays: Real<N>) -> Real<N> {
    log_sum_exp(paths(ys.len(), 2).map(|path| {
        let mut sum = if path.is_empty() { Real::constant(0.0) } else { Real::constant(0.5_f64.ln()) };
        for step in path.windows(2) {
            sum += if step[0] == step[1] { stays.ln() } else { (1.0 - stays).ln() };
        }
        for (y, state) in ys.iter().zip(&path) {
            sum += Normal(of_school + 2.0 * *state as f64, 0.7).ln_density(*y);
        }
        sum
    }))
}

model! {
    NestedByHand(areas: &[Vec<School>]) {
        mu ~ Normal(0.0, 1.0);
        stay ~ Beta(3.0, 1.0);
        for schools in areas {
            let mut terms = [Real::constant(0.6_f64.ln()), Real::constant(0.4_f64.ln())];
            for school in schools.iter() {
                own ~ Normal(mu, 0.5);
                terms[0] += of_school(&school.ys, own, Real::constant(0.5));
                terms[1] += of_school(&school.ys, own, stay);
            }
            factor(log_sum_exp(terms));
        }
    }
}

fn areas() -> Vec<Vec<School>> {
    let y = |a: usize, s: usize, t: usize| {
        let up = if (t / (1 + a)).is_multiple_of(2) { 2.0 } else { 0.0 };
        up + ((a * 13 + s * 7 + t * 5) % 11) as f64 / 11.0 - 0.5
    };
    let school = |a: usize, s: usize| School { ys: (0..2 + (a + s) % 4).map(|t| y(a, s, t)).collect() };
    (0..3).map(|a| (0..2 + a).map(|s| school(a, s)).collect()).collect()
}

#[test]
fn chains_stand_in_nested_plates_and_in_sums() {
    let areas = areas();
    let model = Nested::new(&areas);
    assert_same_density(&model, &NestedByHand::new(&areas));
    assert_eq!(Joint::new(&model).expect("valid").num_coordinates(), 2 + 9);
    let fit = Nested::new(&areas).fit().expect("valid");
    let by_hand = NestedByHand::new(&areas).fit().expect("valid");
    let kind = by_hand.marginal(|d| {
        let of_kind = |stays: f64| {
            let own = d.local[1].school.iter().map(|school| school.own);
            let each = areas[1].iter().zip(own);
            each.map(|(school, own)| of_school(&school.ys, Real(own), Real(stays)).value()).sum::<f64>()
        };
        0.4 / (0.4 + 0.6 * (of_kind(0.5) - of_kind(d.global.stay)).exp())
    });
    let local = fit.local(1);
    assert!((local.kind[1].mean - kind.mean).abs() < 0.02, "{} is not {kind}", local.kind[1]);
    assert_eq!(local.school[2].state.len(), areas[1][2].ys.len());
    let names: Vec<String> = fit.rows().iter().map(|row| row.name.to_string()).collect();
    for name in ["kind[1] task 0", "school[1].state[0, 1] task 2", "school[0].of_school task 1"] {
        assert!(names.iter().any(|found| found == name), "{name} is not in {names:?}");
    }
}

#[test]
fn a_fit_with_chains_can_be_kept_and_written() {
    let series = levels();
    let fit = Level::new(&series).fit().expect("valid");
    let file = std::env::temp_dir().join(format!("hierarch_chains_{}.fit", std::process::id()));
    fit.save(&file).expect("the folder of temporary files can be written");
    let again = Level::new(&series).load(&file);
    std::fs::remove_file(&file).expect("it was written");
    let again = again.expect("the same model and data");
    assert_eq!(again.local(0).state, fit.local(0).state);
    let mut csv = Vec::new();
    fit.draws_table(20).to_csv(&mut csv).expect("memory");
    let header = String::from_utf8(csv).expect("text").lines().next().expect("a header").to_owned();
    assert!(header.contains("state[4, 2]"), "{header}");
    let mut json = Vec::new();
    fit.to_inference_data(20).to_json(&mut json).expect("memory");
    let json = String::from_utf8(json).expect("text");
    assert!(json.contains("0 [4, 2]"), "{json}");
    assert!(fit.to_string().contains("state[0, 1]  task 0"), "{fit}");
    let check = fit.check(|data| data.values().iter().copied().fold(f64::MIN, f64::max)).expect("sampled");
    assert!((check.observed - 2.9).abs() < 1e-12 && (0.02..0.98).contains(&check.p_value), "{check}");
}

model! {
    /// Entries up to `read`, of as many as `len` says.
    Read(rows: &[usize], len: usize) {
        mu ~ Normal(0.0, 1.0);
        for read in rows {
            state[t in 0..len] ~ Markov(&[0.5, 0.5], &[[0.5, 0.5], [0.5, 0.5]]);
            for t in 0..*read {
                factor(mu * state[t] as f64 - mu.square());
            }
        }
    }
}

model! {
    /// Rows of data as the probabilities.
    Rows(first: Vec<f64>, steps: Vec<Vec<f64>>, ys: Vec<f64>) {
        mu ~ Normal(0.0, 1.0);
        for y in ys {
            state[_ in 0..1] ~ Markov(first, steps);
            y ~ Normal(mu + state[0] as f64, 1.0);
        }
    }
}

model! {
    /// A discrete latent behind the chain, of which the same statements depend.
    Behind(ys: &[[f64; 2]]) {
        mu ~ Normal(0.0, 1.0);
        for ys in ys {
            state[t in 0..2] ~ Markov(&[0.5, 0.5], &[[0.5, 0.5], [0.5, 0.5]]);
            is_odd ~ Bernoulli(0.1);
            for (t, y) in ys.iter().enumerate() {
                y ~ Normal(mu + state[t] as f64, [1.0, 5.0][is_odd]);
            }
        }
    }
}

#[test]
fn what_is_wrong_with_a_chain_is_said() {
    let Err(error @ Error::Entry { found, len, .. }) = Read::new(&[2, 3], 2).fit() else { panic!("an entry too many") };
    assert_eq!((found, len), (2, 2));
    let text = error.to_string();
    assert!(text.contains("`state`") && text.contains("task 1"), "{text}");
    assert!(Read::new(&[2, 3], 3).fit().is_ok());

    let half = || vec![0.5, 0.5];
    let message = |first: Vec<f64>, rows: Vec<Vec<f64>>| {
        let error = Rows::new(first, rows, vec![0.3]).fit().err().expect("invalid").to_string();
        assert!(error.contains("`state`") && error.contains("task 0"), "{error}");
        error.split(": ").last().expect("a message").to_owned()
    };
    assert_eq!(
        message(vec![1.0], vec![half(), half()]),
        "`step.len()` of Markov must be as many rows as `first` has entries, but is 2"
    );
    assert_eq!(
        message(half(), vec![half(), vec![1.0]]),
        "`step[..].len()` of Markov must be as many as `first` has entries, but is 1"
    );
    assert_eq!(
        message(half(), vec![half(), vec![0.5, 0.6]]),
        "`step[..]` of Markov must be numbers whose sum is 1, but is 1.1"
    );
    assert_eq!(message(vec![], vec![]), "`first` of Markov must be numbers whose sum is 1, but is 0");
    assert!(Rows::new(half(), vec![half(), half()], vec![0.3]).fit().is_ok());

    let Err(Error::WithinChain { place, chain }) = Behind::new(&[[0.1, 0.2]]).fit() else { panic!("a sum in a sum") };
    assert_eq!((place.site, chain), ("is_odd", "state"));
}
