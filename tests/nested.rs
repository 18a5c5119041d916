//! Nested plates: what they visit, what they are called, and that their posteriors are right.

use crate::language::recorder::{normal, observed, record, sampled};
use crate::models::pastes::{Assay, Cask, Pastes, assays, batches};
use hierarch::prelude::*;
use hierarch::tasks::{Group, Groups, grouped};
use hierarch::{Fit, Model, Options, Summary};
use nalgebra::{DMatrix, DVector};
use std::time::Duration;

struct Class {
    scores: Vec<f64>,
}

struct School {
    bonus: f64,
    classes: Vec<Class>,
}

struct Area {
    schools: Vec<School>,
    rain: f64,
}

model! {
    /// Three levels with two latents in the middle one, and one behind the nested plate.
    Levels(areas: &[Area]) {
        mean ~ Normal(0.0, 2.0);
        for area in areas {
            a ~ Normal(mean, 1.5);
            let twice = 2.0 * a;
            for school in &area.schools {
                s ~ Normal(twice, 1.0);
                let moved = s + school.bonus;
                slope ~ Normal(a, 0.5);
                for (k, class) in school.classes.iter().enumerate() {
                    c ~ Normal(moved, 0.7);
                    for score in &class.scores {
                        score ~ Normal(c + slope * k as f64, 0.4);
                    }
                }
                school.bonus ~ Normal(slope, 2.0);
            }
            rain ~ Normal(a, 1.0);
            area.rain ~ Normal(rain, 0.3);
        }
    }
}

fn areas() -> Vec<Area> {
    let class = |scores: &[f64]| Class { scores: scores.to_vec() };
    vec![
        Area {
            schools: vec![
                School { bonus: 0.3, classes: vec![class(&[1.0, 1.4]), class(&[0.2])] },
                School { bonus: -0.2, classes: vec![class(&[]), class(&[0.9, 0.4, 1.1])] },
            ],
            rain: 0.6,
        },
        Area { schools: vec![School { bonus: 0.1, classes: vec![class(&[-0.3])] }], rain: -0.2 },
        Area { schools: vec![], rain: 0.4 },
    ]
}

#[test]
fn a_nested_plate_visits_level_by_level_depth_first() {
    let areas = areas();
    // mean; a, (s, slope, c, c), (s, slope, c, c), rain; a, (s, slope, c), rain; a, rain
    let values = [0.5, 1.0, 2.0, 0.1, 0.2, 0.3, 2.5, 0.4, 0.5, 0.6, 0.7, -1.0, -2.0, 0.8, 0.9, 1.1, 0.2, 1.2];
    let calls = record(&Levels::new(&areas), &values);
    let expected = [
        sampled("mean", 0.5, normal(0.0, 2.0)),
        sampled("a", 1.0, normal(0.5, 1.5)),
        sampled("s", 2.0, normal(2.0, 1.0)),
        sampled("slope", 0.1, normal(1.0, 0.5)),
        sampled("c", 0.2, normal(2.3, 0.7)),
        sampled("c", 0.3, normal(2.3, 0.7)),
        sampled("s", 2.5, normal(2.0, 1.0)),
        sampled("slope", 0.4, normal(1.0, 0.5)),
        sampled("c", 0.5, normal(2.3, 0.7)),
        sampled("c", 0.6, normal(2.3, 0.7)),
        sampled("rain", 0.7, normal(1.0, 1.0)),
        observed("score", 1.0, normal(0.2, 0.4)),
        observed("score", 1.4, normal(0.2, 0.4)),
        observed("score", 0.2, normal(0.4, 0.4)),
        observed("school.bonus", 0.3, normal(0.1, 2.0)),
        observed("score", 0.9, normal(1.0, 0.4)),
        observed("score", 0.4, normal(1.0, 0.4)),
        observed("score", 1.1, normal(1.0, 0.4)),
        observed("school.bonus", -0.2, normal(0.4, 2.0)),
        observed("area.rain", 0.6, normal(0.7, 0.3)),
        sampled("a", -1.0, normal(0.5, 1.5)),
        sampled("s", -2.0, normal(-2.0, 1.0)),
        sampled("slope", 0.8, normal(-1.0, 0.5)),
        sampled("c", 0.9, normal(-1.9, 0.7)),
        sampled("rain", 1.1, normal(-1.0, 1.0)),
        observed("score", -0.3, normal(0.9, 0.4)),
        observed("school.bonus", 0.1, normal(0.8, 2.0)),
        observed("area.rain", -0.2, normal(1.1, 0.3)),
        sampled("a", 0.2, normal(0.5, 1.5)),
        sampled("rain", 1.2, normal(0.2, 1.0)),
        observed("area.rain", 0.4, normal(1.2, 0.3)),
    ];
    assert_eq!(calls, expected);
}

/// A joint normal as a list of variables, each affine in those before it plus independent noise.
#[derive(Default)]
struct Joint {
    /// Rows: the loading of each variable on the noises, and its mean.
    loadings: Vec<Vec<f64>>,
    means: Vec<f64>,
    scales: Vec<f64>,
}

impl Joint {
    /// A variable: sum of coefficients times variables, plus a constant, plus noise.
    fn push(&mut self, terms: &[(usize, f64)], constant: f64, scale: f64) -> usize {
        let n = self.means.len();
        let mut loading = vec![0.0; n + 1];
        let mut mean = constant;
        for &(j, c) in terms {
            self.loadings[j].iter().enumerate().for_each(|(k, l)| loading[k] += c * l);
            mean += c * self.means[j];
        }
        loading[n] = 1.0;
        self.loadings.push(loading);
        self.means.push(mean);
        self.scales.push(scale);
        n
    }

    fn covariance(&self) -> DMatrix<f64> {
        let n = self.means.len();
        let l = DMatrix::from_fn(n, n, |i, j| self.loadings[i].get(j).map_or(0.0, |l| l * self.scales[j]));
        &l * l.transpose()
    }

    /// Means and sds of some variables given others.
    fn given(&self, wanted: &[usize], data: &[(usize, f64)]) -> Vec<[f64; 2]> {
        let covariance = self.covariance();
        let seen: Vec<usize> = data.iter().map(|d| d.0).collect();
        let off = DVector::from_iterator(data.len(), data.iter().map(|&(j, y)| y - self.means[j]));
        let own = covariance.select_rows(&seen).select_columns(&seen).cholesky().expect("positive definite");
        let one = |&j: &usize| {
            let cross = DVector::from_iterator(seen.len(), seen.iter().map(|&k| covariance[(j, k)]));
            let mean = self.means[j] + cross.dot(&own.solve(&off));
            [mean, (covariance[(j, j)] - cross.dot(&own.solve(&cross))).sqrt()]
        };
        wanted.iter().map(one).collect()
    }
}

/// The model as a joint normal: the latents in the order of `fit.rows()`, and the data.
fn exact(areas: &[Area]) -> Vec<[f64; 2]> {
    let (mut joint, mut latents, mut data) = (Joint::default(), Vec::new(), Vec::new());
    let mean = joint.push(&[], 0.0, 2.0);
    latents.push(mean);
    for area in areas {
        let a = joint.push(&[(mean, 1.0)], 0.0, 1.5);
        latents.push(a);
        for school in &area.schools {
            let s = joint.push(&[(a, 2.0)], 0.0, 1.0);
            let slope = joint.push(&[(a, 1.0)], 0.0, 0.5);
            latents.extend([s, slope]);
            for (k, class) in school.classes.iter().enumerate() {
                let c = joint.push(&[(s, 1.0)], school.bonus, 0.7);
                latents.push(c);
                data.extend(class.scores.iter().map(|&y| (joint.push(&[(c, 1.0), (slope, k as f64)], 0.0, 0.4), y)));
            }
            data.push((joint.push(&[(slope, 1.0)], 0.0, 2.0), school.bonus));
        }
        let rain = joint.push(&[(a, 1.0)], 0.0, 1.0);
        latents.push(rain);
        data.push((joint.push(&[(rain, 1.0)], 0.0, 0.3), area.rain));
    }
    joint.given(&latents, &data)
}

fn assert_exact<M: Model>(fit: &Fit<M>, exact: &[[f64; 2]]) {
    let rows = fit.rows();
    assert_eq!(rows.len(), exact.len());
    for (row, [mean, sd]) in rows.iter().zip(exact) {
        let Summary { mean: found, sd: width, .. } = row.summary;
        assert!((found - mean).abs() < 0.1 * sd, "{}: {found} is not {mean} +- {sd}", row.name);
        assert!((width / sd - 1.0).abs() < 0.1, "{}: sd {width} is not {sd}", row.name);
    }
}

#[test]
fn three_levels_are_the_joint_normal_that_they_say() {
    let areas = areas();
    let fit = Levels::new(&areas).fit().expect("valid");
    assert!(fit.trust().is_reliable, "{fit}");
    assert_exact(&fit, &exact(&areas));
}

#[test]
fn numbers_are_named_and_typed_by_level() {
    let areas = areas();
    let fit = Levels::new(&areas).fit().expect("valid");
    let names: Vec<String> = fit.rows().iter().map(|row| row.name.to_string()).collect();
    assert_eq!(
        names[..6],
        [
            "mean",
            "a task 0",
            "schools[0].s task 0",
            "schools[0].slope task 0",
            "schools[0].classes[0].c task 0",
            "schools[0].classes[1].c task 0"
        ]
    );
    assert_eq!(names[names.len() - 2..], ["a task 2", "rain task 2"]);
    let found = |name: &str| fit.rows().into_iter().find(|row| row.name.to_string() == name).expect("there is one");
    let local = fit.local(0);
    assert_eq!(local.schools.len(), 2);
    assert_eq!(local.schools[1].classes[1].c, found("schools[1].classes[1].c task 0").summary);
    assert_eq!(fit.local(2).schools, vec![]);
    let table = fit.to_string();
    assert!(table.contains("schools[1].classes[0].c  task 0"), "{table}");
    let difference = fit.marginal(|d| d.local[0].schools[0].s - d.local[0].schools[1].s);
    assert!(difference.sd > 0.0);
}

/// Four levels, the plate included, over rows of a table grouped three times.
type Row = (u8, &'static str, u16, u8, f64);

type Schools = Group<u16, Group<u8, Row>>;

model! {
    Deep(regions: Groups<u8, Group<&'static str, Schools>>) {
        mean ~ Normal(1.0, 2.0);
        for region in regions {
            r ~ Normal(mean, 1.0);
            for area in region {
                a ~ Normal(r, 0.8);
                for school in area {
                    s ~ Normal(a, 0.6);
                    for class in school {
                        c ~ Normal(s, 0.5);
                        for row in class {
                            row.4 ~ Normal(c, 0.4);
                        }
                    }
                }
            }
        }
    }
}

fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for n in 0..160_u16 {
        let (region, area) = ((n % 3) as u8, ["Camden", "Brent"][usize::from(n / 3 % 2)]);
        let (school, class) = (n / 6 % 3, (n / 18 % 4) as u8);
        let y = 1.0 + f64::from(region) - f64::from(class) * 0.2 + f64::from(n * 37 % 11) * 0.07;
        rows.push((region, area, school, class, y));
    }
    rows
}

#[test]
fn four_levels_are_right_and_carry_the_labels_of_each() {
    let regions = grouped(rows(), |row| row.0).nested(|rows| {
        grouped(rows, |row| row.1).nested(|rows| grouped(rows, |row| row.2).nested(|rows| grouped(rows, |row| row.3)))
    });
    let (mut joint, mut latents, mut data) = (Joint::default(), Vec::new(), Vec::new());
    let mean = joint.push(&[], 1.0, 2.0);
    latents.push(mean);
    for region in &regions {
        let r = joint.push(&[(mean, 1.0)], 0.0, 1.0);
        latents.push(r);
        for area in region {
            let a = joint.push(&[(r, 1.0)], 0.0, 0.8);
            latents.push(a);
            for school in area {
                let s = joint.push(&[(a, 1.0)], 0.0, 0.6);
                latents.push(s);
                for class in school {
                    let c = joint.push(&[(s, 1.0)], 0.0, 0.5);
                    latents.push(c);
                    data.extend(class.iter().map(|row| (joint.push(&[(c, 1.0)], 0.0, 0.4), row.4)));
                }
            }
        }
    }
    let exact = joint.given(&latents, &data);
    let fit = Deep::new(regions).fit().expect("valid");
    assert!(fit.trust().is_reliable, "{fit}");
    assert_exact(&fit, &exact);
    let names: Vec<String> = fit.rows().iter().map(|row| row.name.to_string()).collect();
    assert_eq!(names[..4], ["mean", "r 0", "area[Camden].a 0", "area[Camden].school[0].s 0"]);
    assert!(names.contains(&"area[Brent].school[2].class[3].c 2".to_owned()), "{names:?}");
    let places: Vec<String> = fit.replicate(1).expect("samplers").iter().map(|drawn| drawn.place.to_string()).collect();
    assert!(
        places[0].starts_with("`row.4`, task 1 (1), area[Camden].school[0].class[0], observation 0 ("),
        "{places:?}"
    );
    assert_eq!(fit.local_of("2").expect("a region").area[1].school[2].class.len(), 4);
}

/// Batches of pastes, of whose casks two assays were made each.
fn pastes() -> Groups<&'static str, Cask> {
    batches(assays().expect("the file is valid"))
}

#[test]
fn pastes_agree_with_a_long_reference_run() {
    // a random walk on the three sds, everything else integrated: 6,469 effective draws
    let reference = [
        ("mean", 60.0431, 0.7845),
        ("sd_batch", 1.4140, 0.9189),
        ("sd_cask", 3.0529, 0.4870),
        ("sd_assay", 0.8610, 0.1177),
    ];
    for seed in 0..4 {
        // however busy the machine is
        let options = Options { seed, correction_budget: Duration::from_secs(600), ..Options::default() };
        let fit = Pastes::new(pastes()).fit_with(&options).expect("valid");
        assert!(fit.trust().is_reliable, "{fit}");
        for (row, (name, mean, sd)) in fit.rows().iter().zip(reference) {
            assert_eq!(row.name.to_string(), name);
            let Summary { mean: found, sd: width, .. } = row.summary;
            assert!((found - mean).abs() < 0.1 * sd, "seed {seed}, {name}: {found} is not {mean}");
            assert!((width / sd - 1.0).abs() < 0.1, "seed {seed}, {name}: sd {width} is not {sd}");
        }
        let above = fit.marginal(|d| d.local[0].of_batch - d.global.mean);
        assert!((above.mean - 0.804).abs() < 0.1 * 1.259 && (above.sd / 1.259 - 1.0).abs() < 0.1, "{above}");
        let evidence = fit.evidence().expect("weights").ln_evidence;
        assert!((evidence + 135.0887).abs() < 0.06, "{evidence}");
    }
}

mod by_vectors {
    use super::*;

    model! {
        /// The same with a vector in the plate.
        pub(super) Pastes(batches: Groups<&'static str, Cask>) {
            mean ~ Normal(0.0, 60.0);
            sd_batch ~ HalfNormal(5.0);
            sd_cask ~ HalfNormal(5.0);
            sd_assay ~ HalfNormal(5.0);
            for batch in batches {
                of_batch ~ Normal(mean, sd_batch);
                of_cask[_ in 0..batch.len()] ~ Normal(of_batch, sd_cask);
                for (of_cask, cask) in of_cask.iter().zip(batch) {
                    for assay in cask {
                        assay.strength ~ Normal(*of_cask, sd_assay);
                    }
                }
            }
        }
    }
}

#[test]
fn a_nested_plate_is_the_vector_that_it_stands_for() {
    let nested = Pastes::new(pastes()).fit().expect("valid");
    let vector = by_vectors::Pastes::new(pastes()).fit().expect("valid");
    let bits = |rows: Vec<hierarch::NamedSummary>| rows.into_iter().map(|row| row.summary).collect::<Vec<_>>();
    assert_eq!(bits(nested.rows()), bits(vector.rows()));
}

/// A cask with assays of these strengths.
fn cask(label: &'static str, strengths: &[f64]) -> Cask {
    let assay = |&strength: &f64| Assay { batch: "", cask: label, strength };
    Group { label, rows: strengths.iter().map(assay).collect() }
}

#[test]
fn a_new_batch_and_a_new_cask_of_a_known_batch_are_predicted() {
    let fit = Pastes::new(pastes()).fit().expect("valid");
    // a batch of which one cask is known, and one is not: it is at the batch, as wide as casks differ
    let batch = |rows| Group { label: "new", rows };
    let adapted = fit.adapt(&batch(vec![cask("a", &[64.0, 64.2]), cask("b", &[])])).expect("valid");
    let local = adapted.local();
    let (known, new) = (local.cask[0].of_cask, local.cask[1].of_cask);
    assert!((known.mean - 64.0).abs() < 0.3, "{known}");
    assert!((new.mean - local.of_batch.mean).abs() < 0.3 && new.sd > 2.5, "{new}, {}", local.of_batch);
    let unseen = fit.predict_new(&batch(vec![cask("a", &[0.0]), cask("b", &[0.0, 0.0])])).expect("valid");
    assert_eq!(unseen.len(), 3);
}

#[test]
fn a_new_cask_of_a_known_batch_is_what_a_fit_with_it_says() {
    let fit = Pastes::new(pastes()).fit().expect("valid");
    let mut rows = assays().expect("the file is valid");
    rows.extend([61.0, 60.5].map(|strength| Assay { batch: "E", cask: "d", strength }));
    let batches = batches(rows);
    let readapted = fit.readapt(4, &batches[4]).expect("valid");
    assert!(readapted.trust().is_reliable, "{readapted}");
    let again = Pastes::new(batches).fit().expect("valid").local(4);
    let local = readapted.local();
    assert_eq!(local.cask.len(), 4);
    for (found, right) in [
        (local.of_batch, again.of_batch),
        (local.cask[3].of_cask, again.cask[3].of_cask),
        (local.cask[0].of_cask, again.cask[0].of_cask),
    ] {
        assert!((found.mean - right.mean).abs() < 0.2 * right.sd, "{found} is not {right}");
        assert!((found.sd / right.sd - 1.0).abs() < 0.15, "{found} is not {right}");
    }
}
