//! Posteriors with several modes: their shares are right, the best end of several climbs counts, and what there is of modes is said.

use crate::models::{EightSchools, SCHOOLS};
use hierarch::prelude::*;
use hierarch::{Fit, Fittable, Options};

/// Fits by so many seeds.
fn by_seeds<M: Fittable>(model: impl Fn() -> M) -> impl Iterator<Item = (u64, Fit<M>)> {
    (0..8).map(move |seed| (seed, model().fit_with(&Options { seed, ..Options::default() }).expect("valid")))
}

/// Whether the trust says something of modes.
fn says<M: Fittable>(fit: &Fit<M>, what: &str) -> bool {
    fit.trust().notes.iter().any(|note| note.contains(what))
}

/// The part of a density of one number that is above 0, by the trapezoidal rule.
fn share_above_0(ln_density: impl Fn(f64) -> f64) -> f64 {
    let mass = |sign: f64| (0..40_000).map(|k| ln_density(sign * (f64::from(k) + 0.5) * 1e-3).exp()).sum::<f64>();
    let above = mass(1.0);
    above / (above + mass(-1.0))
}

model! {
    /// The sign of theta is known from its prior alone.
    Square(ys: &[f64], mean: f64) {
        theta ~ Normal(mean, 1.0);
        for &y in ys {
            y ~ Normal(theta * theta, 0.5);
        }
    }
}

#[test]
fn modes_have_their_shares_of_the_posterior() {
    let ys = [0.7, 1.1, 1.4, 0.9, 0.6, 1.3, 0.8, 1.0, 1.2, 0.5];
    let ln_density = |x: f64| -0.5 * (x - 0.3).powi(2) - ys.iter().map(|y| 2.0 * (y - x * x).powi(2)).sum::<f64>();
    let exact = share_above_0(ln_density);
    assert!((0.6..0.7).contains(&exact), "{exact}");
    for (seed, fit) in by_seeds(|| Square::new(&ys, 0.3)) {
        let share = fit.marginal(|draw| f64::from(draw.global.theta > 0.0)).mean;
        assert!((share / exact - 1.0).abs() < 0.1, "seed {seed}: {share} is not {exact}: {fit}");
        assert!(fit.trust().is_reliable && says(&fit, "the posterior has 2 modes"), "seed {seed}: {fit}");
    }
}

model! {
    /// A place that outliers leave where it is.
    Place(ys: &[f64]) {
        place ~ Normal(0.0, 10.0);
        for &y in ys {
            y ~ StudentT(2.0, place, 0.5);
        }
    }
}

#[test]
fn a_conflict_of_data_is_not_decided_by_where_the_climb_starts() {
    let ys = [-5.2, -5.0, -4.8, -5.1, -4.9, -5.0, 5.4, 5.0, 4.6, 5.3, 4.7, 4.9];
    let of_datum = |y: &f64, x: f64| -1.5 * (1.0 + ((y - x) / 0.5).powi(2) / 2.0).ln();
    // but for a constant that keeps it in range
    let ln_density = |x: f64| 50.0 - 0.005 * x * x + ys.iter().map(|y| of_datum(y, x)).sum::<f64>();
    let exact = share_above_0(ln_density);
    assert!((0.02..0.5).contains(&exact), "{exact}");
    for (seed, fit) in by_seeds(|| Place::new(&ys)) {
        let above = fit.marginal(|draw| f64::from(draw.global.place > 0.0)).mean;
        assert!(((1.0 - above) / (1.0 - exact) - 1.0).abs() < 0.1, "seed {seed}: {above} is not {exact}: {fit}");
        assert!(says(&fit, "the posterior has 2 modes"), "seed {seed}: {fit}");
    }
}

/// Three kinds that are far apart.
fn of_three_kinds() -> Vec<f64> {
    let around = |place: f64| move |k: i32| place + 0.7 * (1.7 * f64::from(k)).sin() + 0.4 * (0.9 * f64::from(k)).cos();
    [-6.0, 0.0, 6.0].into_iter().flat_map(|place| (0..30).map(around(place))).collect()
}

model! {
    /// The order tells the kinds apart.
    Kinds(ys: &[f64]) {
        share ~ Dirichlet([1.0, 1.0, 1.0]);
        place ~ Flat(Ordered(3));
        sd[_ in 0..3] ~ HalfNormal(2.0);
        factor(Normal(0.0, 10.0).ln_density(place[0]) + Normal(0.0, 10.0).ln_density(place[2]));
        for &y in ys {
            kind ~ Categorical(share);
            y ~ Normal(place[kind], sd[kind]);
        }
    }
}

#[test]
fn the_best_of_several_optima_is_found_from_every_seed() {
    let ys = of_three_kinds();
    for (seed, fit) in by_seeds(|| Kinds::new(&ys)) {
        let place: Vec<f64> = fit.global().place.iter().map(|place| place.mean).collect();
        let is_right = place.iter().zip([-6.0, 0.0, 6.0]).all(|(found, right)| (found - right).abs() < 0.5);
        assert!(is_right && fit.trust().is_reliable, "seed {seed}: {place:?}: {fit}");
        assert!(!says(&fit, "names can trade places"), "seed {seed}: {fit}");
    }
}

model! {
    /// Nothing tells the kinds apart.
    Nameless(ys: &[f64]) {
        place[_ in 0..2] ~ Normal(0.0, 10.0);
        for &y in ys {
            y ~ Mixture([0.5, 0.5], (Normal(place[0], 1.0), Normal(place[1], 1.0)));
        }
    }
}

#[test]
fn names_that_can_trade_places_are_said_with_the_remedy() {
    let ys: Vec<f64> = of_three_kinds().into_iter().filter(|y| y.abs() > 3.0).collect();
    for (seed, fit) in by_seeds(|| Nameless::new(&ys)) {
        assert!(says(&fit, "names can trade places") && says(&fit, "`Ordered`"), "seed {seed}: {fit}");
        let mut place: Vec<f64> = fit.global().place.iter().map(|place| place.mean).collect();
        place.sort_by(f64::total_cmp);
        assert!((place[0] + 6.0).abs() < 0.5 && (place[1] - 6.0).abs() < 0.5, "seed {seed}: {place:?}");
    }
}

model! {
    /// One mode, by a likelihood without a closed form.
    Dose(doses: &[(f64, bool)]) {
        a ~ Normal(0.0, 2.0);
        b ~ Normal(0.0, 2.0);
        for &(dose, is_dead) in doses {
            is_dead ~ BernoulliLogit(a + b * dose);
        }
    }
}

#[test]
fn nothing_is_said_of_one_mode() {
    let doses: Vec<(f64, bool)> = (0..40).map(|k| (f64::from(k) / 10.0 - 2.0, (k * 7 + k / 5) % 11 < k / 4)).collect();
    let is_silent = |notes: &[String]| !notes.iter().any(|note| note.contains("mode"));
    let schools = EightSchools::new(&SCHOOLS).fit().expect("valid");
    assert!(is_silent(&schools.trust().notes), "{schools}");
    let dose = Dose::new(&doses).fit().expect("valid");
    assert!(is_silent(&dose.trust().notes), "{dose}");
    let ys = of_three_kinds();
    let kinds = Kinds::new(&ys).fit().expect("valid");
    assert!(is_silent(&kinds.trust().notes), "{kinds}");
}
