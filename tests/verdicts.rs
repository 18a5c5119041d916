//! Fits that are hard or cannot work end in a verdict or an error, never in a panic, NaN or endless loop; and fits are
//! repeatable to the bit.

use crate::hand_written_model;
use crate::models::{self, EightSchools, Group, PUMPS, Pumps, Radon, Rats, SCHOOLS, School, group};
use hierarch::guide::Guide;
use hierarch::model::Latents;
use hierarch::prelude::*;
use hierarch::{AdamOptions, Correction, Fit, Fittable, GlobalFactor, Model, Optimiser, Options, Summary};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::time::{Duration, Instant};

/// What must hold of any fit: an answer in time, a verdict with a reason, finite numbers wherever it claims convergence.
fn survives<M: Fittable>(name: &str, model: M) -> Option<Fit<M>> {
    survives_with(name, model, &Options::default())
}

fn survives_with<M: Fittable>(name: &str, model: M, options: &Options) -> Option<Fit<M>> {
    let started = Instant::now();
    let fit = match model.fit_with(options) {
        Ok(fit) => fit,
        Err(error) => {
            eprintln!("{name}: {error}");
            return None;
        }
    };
    assert!(started.elapsed() < Duration::from_secs(20), "{name}: {:?}", started.elapsed());
    let printed = fit.to_string();
    eprintln!("{name}:\n{}", printed.lines().take(8).collect::<Vec<_>>().join("\n"));
    if fit.verdict().is_converged() {
        assert!(!printed.contains("NaN"), "{name}:\n{printed}");
        assert!(fit.elbo().total().is_finite(), "{name}:\n{printed}");
    }
    if fit.trust().is_reliable {
        // weights judge a proposal by themselves, and chains each other, wherever they come from
        let stands_alone = matches!(fit.trust().method, Correction::Importance | Correction::Chains);
        assert!(stands_alone || fit.verdict().is_converged(), "{name} is called reliable but: {}", fit.verdict());
        assert!(!printed.contains("NaN") && !printed.contains("inf "), "{name}:\n{printed}");
    }
    Some(fit)
}

model! {
    /// Nothing is known of one of two latents.
    Improper(ys: &[f64]) {
        a ~ Flat(RealLine);
        b ~ Flat(RealLine);
        for &y in ys {
            y ~ Normal(a, 1.0);
        }
        factor(0.0 * b);
    }
}

#[test]
fn an_improper_posterior_is_called_so() {
    let fit = survives("improper", Improper::new(&[1.0, 2.0])).expect("the data are valid");
    assert!(!fit.verdict().is_converged());
    assert!(!fit.trust().is_reliable);
    let verdict = fit.verdict().to_string();
    assert!(verdict.contains("the guide's scale of `b` grew to"), "{verdict}");
    assert!(verdict.contains("improper, or flat in `b`"), "{verdict}");
    assert!(verdict.ends_with("try a proper prior on `b`"), "{verdict}");
}

model! {
    /// Flat priors.
    Logistic2(points: &[(f64, bool)]) {
        a ~ Flat(RealLine);
        b ~ Flat(RealLine);
        for &(x, y) in points {
            y ~ BernoulliLogit(a + b * x);
        }
    }
}

#[test]
fn perfect_separation_under_flat_priors_does_not_converge() {
    let points = [(-2.0, false), (-1.0, false), (-0.5, false), (0.7, true), (1.0, true), (3.0, true)];
    let fit = survives("separated", Logistic2::new(&points)).expect("the data are valid");
    assert!(!fit.verdict().is_converged() && !fit.trust().is_reliable, "{fit}");
    let verdict = fit.verdict().to_string();
    let is_named = ["`a`", "`b`"].iter().any(|site| verdict.ends_with(&format!("a proper prior on {site}")));
    assert!(verdict.contains("improper, or flat in") && is_named, "{verdict}");
}

model! {
    /// A scale without a prior: with one task nothing bounds it.
    Unbounded(groups: &[Group]) {
        mu ~ Flat(RealLine);
        tau ~ Flat(Positive);
        for group in groups {
            theta ~ Normal(mu, tau);
            for y in &group.ys {
                y ~ Normal(theta, 1.0);
            }
        }
    }
}

#[test]
fn a_scale_without_prior_and_a_single_task_do_not_make_a_reliable_fit() {
    let groups = [group(&[1.0, 2.0])];
    let fit = survives("unbounded", Unbounded::new(&groups)).expect("the data are valid");
    assert!(!fit.verdict().is_converged() && !fit.trust().is_reliable, "{fit}");
    // with tau at large, mu is as well
    let verdict = fit.verdict().to_string();
    let is_named = ["`mu`", "`tau`"].iter().any(|site| verdict.ends_with(&format!("a proper prior on {site}")));
    assert!(verdict.contains("improper, or flat in") && is_named, "{verdict}");
}

model! {
    /// Known scales.
    Known(groups: &[Group], scale: f64) {
        mu ~ Normal(0.0, 10.0);
        tau ~ HalfNormal(1.0);
        for group in groups {
            theta ~ Normal(mu, tau);
            for y in &group.ys {
                y ~ Normal(theta, scale);
            }
        }
    }
}

#[test]
fn contradictory_data_end_in_an_answer() {
    // the sds are known, so that contradictions widen nothing
    for (name, away) in [("a thousand sds away", 1e3), ("a million sds away", 1e6)] {
        let groups = [group(&[away, -away]), group(&[5.0])];
        let fit = survives(name, Known::new(&groups, 1.0)).expect("the data are valid");
        assert!(fit.verdict().is_converged() && fit.trust().is_reliable, "{name}: {fit}");
        assert!(fit.local(0).theta.mean.abs() < 5.0, "{name}: {fit}");
    }
    let groups = [group(&[1e150, -1e150]), group(&[1e150])];
    let fit = survives("beyond all measure", Known::new(&groups, 1.0)).expect("the data are valid");
    assert!(!fit.verdict().is_converged() && !fit.trust().is_reliable);
    assert!(fit.verdict().to_string().contains("the ELBO is not finite"), "{}", fit.verdict());
    let groups = [group(&[1.0, 2.0]), group(&[3.0])];
    let fit = survives("tiny noise", Known::new(&groups, 1e-8)).expect("the data are valid");
    assert!(fit.verdict().is_converged(), "{fit}");
    assert!((fit.local(0).theta.mean - 1.5).abs() < 1e-6, "{fit}");
    assert!(survives("infinitesimal noise", Known::new(&groups, 1e-160)).is_none());
}

model! {
    /// Scales to be learned, whatever the units.
    Unknown(groups: &[Group], unit: f64) {
        mu ~ Normal(0.0, 10.0 * unit);
        tau ~ HalfNormal(unit);
        sigma ~ HalfNormal(unit);
        for group in groups {
            theta ~ Normal(mu, tau);
            for y in &group.ys {
                y ~ Normal(theta, sigma);
            }
        }
    }
}

/// Groups of numbers of the order of 1, in other units and shifted.
fn measured(unit: f64, shift: f64) -> Vec<Group> {
    let values = [[0.1, 0.7, -0.2], [1.4, 1.1, 1.9], [-0.8, -0.5, -1.3], [0.4, 0.2, 0.9], [0.0, -0.3, 0.6]];
    values.iter().map(|ys| group(&ys.map(|y| shift + unit * y))).collect()
}

#[test]
fn units_do_not_matter() {
    let one = measured(1.0, 0.0);
    let fit = survives("unit 1", Unknown::new(&one, 1.0)).expect("the data are valid");
    assert!(fit.verdict().is_converged(), "{fit}");
    for unit in [1e-6, 1e-3, 1e3, 1e6] {
        let other = measured(unit, 0.0);
        let scaled = survives(&format!("unit {unit}"), Unknown::new(&other, unit)).expect("the data are valid");
        assert!(scaled.verdict().is_converged(), "{scaled}");
        let near = |a: Summary, b: Summary| {
            assert!((a.mean - b.mean / unit).abs() < 0.1 * a.sd, "unit {unit}: {a} and {b}");
            assert!((a.sd * unit / b.sd - 1.0).abs() < 0.1, "unit {unit}: {a} and {b}");
        };
        near(fit.global().mu, scaled.global().mu);
        near(fit.global().tau, scaled.global().tau);
        near(fit.global().sigma, scaled.global().sigma);
        near(fit.local(1).theta, scaled.local(1).theta);
    }
}

#[test]
fn a_large_offset_does_not_matter() {
    // weak priors in the units of the offset: 1e6 +- 1
    let shifted = measured(1.0, 1e6);
    let fit = survives("offset", Unknown::new(&shifted, 1e6)).expect("the data are valid");
    let mu = fit.global().mu;
    let is_right = (mu.mean - 1e6).abs() < 1.0 && mu.sd < 5.0;
    assert!(is_right || !fit.verdict().is_converged() && !fit.trust().is_reliable, "{fit}");
}

#[test]
fn a_scale_near_zero_is_an_answer() {
    let alike: Vec<Group> = (0..20).map(|_| group(&[1.0, -1.0, 0.5, -0.5])).collect();
    let fit = survives("tasks alike", Unknown::new(&alike, 1.0)).expect("the data are valid");
    assert!(fit.verdict().is_converged(), "{fit}");
    assert!(fit.global().tau.mean < 0.3, "{fit}");
    let equal: Vec<Group> = (0..20).map(|_| group(&[1.0])).collect();
    survives("data equal", Unknown::new(&equal, 1.0));
}

#[test]
fn little_data_is_enough() {
    for (name, groups) in [
        ("one observation", vec![group(&[1.3])]),
        ("one task", vec![group(&[1.3, 0.4, 0.8])]),
        ("no observation", vec![group(&[])]),
        ("two tasks", vec![group(&[1.3]), group(&[-2.0])]),
    ] {
        let fit = survives(name, Unknown::new(&groups, 1.0)).expect("the data are valid");
        assert!(fit.verdict().is_converged(), "{name}: {fit}");
    }
    let schools = &SCHOOLS[..1];
    let fit = survives("one school", EightSchools::new(schools)).expect("the data are valid");
    assert!(fit.verdict().is_converged(), "{fit}");
}

model! {
    /// Counts, from none to very many.
    Many(counts: &[u64]) {
        mean ~ Normal(0.0, 5.0);
        spread ~ HalfNormal(2.0);
        for count in counts {
            ln_rate ~ Normal(mean, spread);
            count ~ PoissonLog(ln_rate);
        }
    }
}

#[test]
fn counts_from_none_to_very_many() {
    for (name, counts) in [
        ("no counts", vec![0, 0, 0, 0]),
        ("huge counts", vec![1_000_000, 1_100_000, 900_000]),
        ("both", vec![0, 1, 1_000_000]),
        ("a billion", vec![1_000_000_000]),
    ] {
        let fit = survives(name, Many::new(&counts)).expect("the data are valid");
        assert!(fit.verdict().is_converged() || name == "no counts", "{name}: {fit}");
    }
}

model! {
    /// Proportions with flat hyperpriors of heavy tails.
    Proportions(counts: &[(u32, u32)]) {
        p ~ Uniform(0.0, 1.0);
        size ~ Pareto(1.0, 0.5);
        for &(k, n) in counts {
            share ~ Beta(p * size, (1.0 - p) * size);
            k ~ Binomial(n, share);
        }
    }
}

#[test]
fn extreme_proportions() {
    survives("all fail", Proportions::new(&[(0, 10), (0, 20), (0, 5)]));
    survives("all or nothing", Proportions::new(&[(0, 1000), (1000, 1000), (0, 1000)]));
    survives("no trials", Proportions::new(&[(0, 0), (0, 0)]));
}

model! {
    /// A funnel, with no data.
    Funnel(tasks: &[()]) {
        v ~ Normal(0.0, 3.0);
        for () in tasks {
            x ~ Normal(0.0, (0.5 * v).exp());
            factor(0.0 * x);
        }
    }
}

#[test]
fn the_funnel_is_straightened() {
    let fit = survives("funnel", Funnel::new(&[(); 9])).expect("no data are valid");
    assert!(fit.verdict().is_converged(), "{fit}");
    let v = fit.global().v;
    assert!(v.mean.abs() < 0.3 && (v.sd / 3.0 - 1.0).abs() < 0.1, "{v}");
}

model! {
    /// A heavy tail in every place.
    Cauchys(ys: &[f64]) {
        centre ~ Cauchy(0.0, 1.0);
        scale ~ HalfCauchy(1.0);
        for &y in ys {
            effect ~ Cauchy(centre, scale);
            y ~ Cauchy(effect, 1.0);
        }
    }
}

#[test]
fn heavy_tails_and_outliers() {
    survives("outlier", Cauchys::new(&[0.1, -0.4, 0.3, 1e6]));
    survives("two camps", Cauchys::new(&[-50.0, -50.5, 50.0, 50.5]));
    survives("one datum", Cauchys::new(&[3.0]));
}

model! {
    /// A log density that overflows a little further on.
    Overflowing(cost: f64) {
        u ~ Normal(0.0, 1.0);
        factor(cost * u.exp());
    }
}

#[test]
fn an_elbo_that_is_not_finite_has_not_converged() {
    let fit = survives("overflowing", Overflowing::new(f64::MAX)).expect("finite at the start");
    let verdict = fit.verdict().to_string();
    assert!(!fit.verdict().is_converged() && verdict.contains("ELBO is not finite"), "{fit}");
}

model! {
    /// Responses to doses, of which one may be 0: its logarithm does no harm to the density, but to its derivatives.
    Doses(patients: &[Vec<(f64, f64)>]) {
        hill ~ LogNormal(0.0, 0.5);
        for visits in patients {
            ln_ed50 ~ Normal(1.0, 0.5);
            for &(dose, response) in visits {
                response ~ Normal((hill * (dose.ln() - ln_ed50)).sigmoid(), 0.1);
            }
        }
    }
}

model! {
    /// A rate that nothing keeps positive.
    Unlinked(rows: &[(f64, u32)]) {
        slope ~ Normal(0.0, 1.0);
        for &(x, count) in rows {
            level ~ Normal(0.0, 1.0);
            count ~ Poisson(level + slope * x);
        }
    }
}

#[test]
fn a_verdict_names_the_site_that_is_not_finite() {
    let patients = [vec![(1.0, 0.3), (4.0, 0.6)], vec![(2.0, 0.4), (0.0, 0.0)]];
    let fit = survives("dose 0", Doses::new(&patients)).expect("the density is finite");
    let verdict = fit.verdict().to_string();
    assert!(verdict.contains("ELBO is not finite: `response`, task 1, observation 1 ("), "{verdict}");
    assert!(verdict.contains("-inf enters here") && verdict.contains("try finite numbers"), "{verdict}");
    let finite = patients.map(|visits| visits.into_iter().filter(|visit| visit.0 > 0.0).collect());
    assert!(survives("no dose 0", Doses::new(&finite)).expect("valid").verdict().is_converged());

    let fit = survives("no link", Unlinked::new(&[(1.0, 3), (2.0, 2)])).expect("finite at some start");
    let verdict = fit.verdict().to_string();
    assert!(verdict.contains("the ELBO is not finite: `count`, task "), "{verdict}");
    assert!(verdict.contains("`rate` of Poisson must be") && verdict.contains("`exp`"), "{verdict}");
}

#[test]
#[should_panic(expected = "there is no task 8: there are 8, counted from 0")]
fn a_task_that_there_is_not_is_refused() {
    survives("eight schools", EightSchools::new(&SCHOOLS)).expect("valid").local(8);
}

#[test]
fn every_option_gives_an_answer() {
    let base = || Options { posterior_draws: 400, ..Options::default() };
    for correction in [Correction::Auto, Correction::Importance, Correction::LinearResponse, Correction::MeanField] {
        for global in [GlobalFactor::MeanField, GlobalFactor::Point] {
            let name = format!("{correction:?} {global:?}");
            let options = Options { correction, global, ..base() };
            let fit = survives_with(&name, EightSchools::new(&SCHOOLS), &options).expect("valid");
            assert!(fit.local(0).theta.mean.is_finite(), "{name}: {fit}");
            let groups = measured(1.0, 0.0);
            let fit = survives_with(&name, Unknown::new(&groups, 1.0), &options).expect("valid");
            if global == GlobalFactor::Point {
                assert!(fit.global().tau.sd.abs() < 1e-12, "{name}: {fit}");
            }
        }
    }
    for (name, options) in [
        ("no iterations", Options { max_iterations: Some(0), ..base() }),
        ("one iteration", Options { max_iterations: Some(1), ..base() }),
        ("one draw", Options { draws: 1, ..base() }),
        ("one posterior draw", Options { posterior_draws: 1, ..base() }),
        ("no tolerance", Options { tolerance: f64::MIN_POSITIVE, ..base() }),
        ("no budget", Options { correction_budget: Duration::from_nanos(1), ..base() }),
    ] {
        let fit = survives_with(name, EightSchools::new(&SCHOOLS), &options).expect("valid");
        if name.contains("iteration") || name == "no tolerance" {
            assert!(!fit.verdict().is_converged() || name == "no tolerance", "{name}: {fit}");
        }
    }
}

#[test]
fn adam_reaches_what_newton_does() {
    let newton = EightSchools::new(&SCHOOLS).fit().expect("valid");
    let centred = hierarch::Parameterisation::NonCentred;
    for batch in [None, Some(2)] {
        let options = Options {
            optimiser: Optimiser::Adam(AdamOptions { batch, ..AdamOptions::default() }),
            parameterisation: centred,
            ..Options::default()
        };
        let adam = survives_with(&format!("Adam, {batch:?}"), EightSchools::new(&SCHOOLS), &options).expect("valid");
        assert!(adam.verdict().is_converged(), "{adam}");
        let lost = newton.elbo().total() - adam.elbo().total();
        // the values are means of different draws
        assert!(lost.abs() < 0.2, "batch {batch:?}: {} and {}", newton.elbo().total(), adam.elbo().total());
        for (a, b) in std::iter::zip(&newton.guide().global.loc, &adam.guide().global.loc) {
            assert!((a - b).abs() < 0.15, "batch {batch:?}: {:?} and {:?}", newton.guide().global, adam.guide().global);
        }
    }
}

#[test]
fn random_starts_lead_to_the_same_guide() {
    fn same<M: Fittable>(name: &str, model: impl Fn() -> M, starts: u64) {
        let options = Options { correction: Correction::MeanField, ..Options::default() };
        let first = model().fit_with(&options).expect("valid");
        for start in 1..=starts {
            let other = model().fit_with(&Options { random_start: Some(start), ..options.clone() }).expect("valid");
            assert!(other.verdict().is_converged(), "{name}, start {start}: {other}");
            let factors = |fit: &Fit<M>| {
                let Guide { global, local, .. } = fit.guide().clone();
                [global, local]
            };
            for (a, b) in std::iter::zip(factors(&first), factors(&other)) {
                for j in 0..a.len() {
                    // means in standard deviations, standard deviations as ratios
                    let off = ((a.loc[j] - b.loc[j]) / a.ln_scale[j].exp()).abs();
                    let off = off.max((a.ln_scale[j] - b.ln_scale[j]).abs());
                    assert!(off < 1e-6, "{name}, start {start}: coordinate {j} is off by {off}");
                }
            }
        }
    }
    same("eight schools", || EightSchools::new(&SCHOOLS), 20);
    let rats = models::rats();
    same("rats", || Rats::new(&rats), 20);
    let counties = models::counties();
    same("radon", || Radon::new(&counties), 20);
    same("pumps", || Pumps::new(&PUMPS), 20);
}

#[test]
fn a_point_estimate_has_the_same_locals_whatever_the_correction() {
    let locals = |correction: Correction| {
        let options = Options { correction, global: GlobalFactor::Point, ..Options::default() };
        let fit = EightSchools::new(&SCHOOLS).fit_with(&options).expect("valid");
        assert!(fit.global().tau.sd < 1e-9);
        (0..8).map(|i| fit.local(i).theta.sd).collect::<Vec<_>>()
    };
    let importance = locals(Correction::Importance);
    for (a, b) in std::iter::zip(importance, locals(Correction::LinearResponse)) {
        assert!((a / b - 1.0).abs() < 0.1, "sd {a} by importance, {b} by linear response");
    }
}

/// Every number of a fit, as bits.
fn bits<M: Model>(fit: &Fit<M>) -> Vec<u64> {
    let guide = fit.guide();
    let mut numbers =
        [&guide.global.loc, &guide.global.ln_scale, &guide.local.loc, &guide.local.ln_scale].map(Clone::clone).concat();
    numbers.push(fit.elbo().total());
    numbers.extend(fit.elbo().reconstruction.iter().chain(&fit.elbo().local_kl));
    numbers.extend(fit.evidence().map(|e| e.ln_evidence));
    let mut summary = |s: &Summary| numbers.extend([s.mean, s.sd, s.q05, s.q50, s.q95, s.mc_error, s.sd_mc_error]);
    M::Global::map(&fit.global(), &mut Default::default(), |s: &Summary| summary(s));
    for i in 0..fit.model().num_tasks() {
        M::Local::map(&fit.local(i), &mut Default::default(), |s: &Summary| summary(s));
    }
    for draw in fit.draws(7, &mut ChaCha8Rng::seed_from_u64(5)) {
        M::Global::map(&draw.global, &mut Default::default(), |x: &f64| numbers.push(*x));
        for local in &draw.local {
            M::Local::map(local, &mut Default::default(), |x: &f64| numbers.push(*x));
        }
    }
    numbers.into_iter().map(f64::to_bits).collect()
}

/// Fits with other seeds and threads; the same bits where they should be.
fn is_repeatable<M: Fittable>(name: &str, model: impl Fn() -> M, options: &Options) {
    let fit = |seed: u64, threads: Option<usize>| {
        bits(&model().fit_with(&Options { seed, threads, ..options.clone() }).expect("valid"))
    };
    let first = fit(1, Some(1));
    assert_eq!(first, fit(1, Some(1)), "{name}: again");
    assert_eq!(first, fit(1, Some(2)), "{name}: two threads");
    assert_eq!(first, fit(1, Some(3)), "{name}: three threads");
    assert_eq!(first, fit(1, None), "{name}: the global pool");
    assert_ne!(first, fit(2, Some(1)), "{name}: another seed");
}

#[test]
fn the_same_seed_gives_the_same_bits_for_any_number_of_threads() {
    let options = Options { posterior_draws: 200, ..Options::default() };
    is_repeatable("eight schools", || EightSchools::new(&SCHOOLS), &options);
    let counties = models::counties();
    is_repeatable("radon", || Radon::new(&counties), &options);
    is_repeatable("pumps", || Pumps::new(&PUMPS), &options);
    let linear = Options { correction: Correction::LinearResponse, ..options.clone() };
    is_repeatable("radon, linear response", || Radon::new(&counties), &linear);
    let adam = AdamOptions { batch: Some(16), ..AdamOptions::default() };
    let adam = Options { optimiser: Optimiser::Adam(adam), max_iterations: Some(100), ..linear };
    is_repeatable("radon, Adam", || Radon::new(&counties), &adam);
}

#[test]
fn later_questions_have_the_same_bits_too() {
    let ask = || {
        let fit =
            EightSchools::new(&SCHOOLS).fit_with(&Options { threads: Some(2), ..Options::default() }).expect("valid");
        let new = School { effect: 20.0, std_error: 5.0 };
        let adapted = fit.adapt(&new).expect("valid");
        let predicted = fit.replicate(2).expect("Normal has a sampler")[0].draws.clone();
        let of_new = fit.predict_new(&new).expect("Normal has a sampler")[0].draws.clone();
        [
            vec![adapted.local().theta.mean, adapted.evidence().expect("it was adapted to").ln_evidence],
            predicted,
            of_new,
        ]
        .concat()
    };
    assert_eq!(ask(), ask());
}

#[test]
fn the_expansion_and_the_model_written_by_hand_give_the_same_bits() {
    let options = Options { seed: 3, ..Options::default() };
    let by_hand =
        hand_written_model::EightSchools::new(&hand_written_model::SCHOOLS).fit_with(&options).expect("valid");
    let by_macro = EightSchools::new(&SCHOOLS).fit_with(&options).expect("valid");
    assert_eq!(bits(&by_hand), bits(&by_macro));
}
