//! `InferenceData`: what stands in it, where, and under which names. ArviZ itself opens one in `tests/open_in_arviz.sh`.

use crate::models::{Conjugate, EightSchools, Group, SCHOOLS};
use crate::saved::{Schools, areas};
use hierarch::prelude::*;
use hierarch::tasks::{Groups, grouped};
use hierarch::{Fit, Model};
use serde_json::{Value, json};

const DRAWS: usize = 300;

fn written<M: Model>(fit: &Fit<M>) -> Value {
    let mut json = Vec::new();
    fit.to_inference_data(DRAWS).to_json(&mut json).expect("memory does not fail");
    serde_json::from_slice(&json).expect("numbers are finite here")
}

/// Lengths of nested lists.
fn shape(value: &Value) -> Vec<usize> {
    let mut shape = Vec::new();
    let mut at = value;
    while let Some(list) = at.as_array() {
        shape.push(list.len());
        at = &list[0];
    }
    shape
}

fn numbers(value: &Value) -> Vec<f64> {
    match value.as_array() {
        Some(list) => list.iter().flat_map(numbers).collect(),
        None => vec![value.as_f64().expect("a number")],
    }
}

#[test]
fn one_observation_a_task_has_the_coordinate_of_tasks() {
    let fit = EightSchools::new(&SCHOOLS).fit().expect("valid");
    let data = written(&fit);
    assert_eq!(shape(&data["posterior"]["mu"]), [1, DRAWS]);
    assert_eq!(shape(&data["posterior"]["theta"]), [1, DRAWS, 8]);
    assert_eq!(data["dims"]["theta"], json!(["task"]));
    assert_eq!(data["coords"]["task"], json!([0, 1, 2, 3, 4, 5, 6, 7]));
    assert_eq!(data["dims"]["school.effect"], json!(["task"]));
    assert_eq!(numbers(&data["observed_data"]["school.effect"]), SCHOOLS.map(|school| school.effect));
    for group in ["log_likelihood", "posterior_predictive"] {
        assert_eq!(shape(&data[group]["school.effect"]), [1, DRAWS, 8], "{group}");
    }
    // the draws are those of the table, and ln p that of a normal around them
    let (table, theta) = (fit.draws_table(DRAWS), numbers(&data["posterior"]["theta"]));
    let ln_p = numbers(&data["log_likelihood"]["school.effect"]);
    for (s, i) in [(0, 0), (17, 3), (299, 7)] {
        assert_eq!(theta[8 * s + i].to_bits(), table.columns[2 + i][s].to_bits());
        let z = (SCHOOLS[i].effect - theta[8 * s + i]) / SCHOOLS[i].std_error;
        let expected = -0.5 * z * z - SCHOOLS[i].std_error.ln() - 0.5 * std::f64::consts::TAU.ln();
        assert!((ln_p[8 * s + i] - expected).abs() < 1e-12, "{s} {i}");
    }
    // replications spread by the standard error around theta
    let replicated = numbers(&data["posterior_predictive"]["school.effect"]);
    let z = |k: usize| (replicated[k] - theta[k]) / SCHOOLS[k % 8].std_error;
    let n = replicated.len() as f64;
    let variance = (0..replicated.len()).map(|k| z(k) * z(k)).sum::<f64>() / n;
    // the sd of the mean of n squares of normals is sqrt(2 / n): four of them are met once in 16,000 times
    assert!((variance - 1.0).abs() < 4.0 * (2.0 / n).sqrt(), "{variance}");
    assert_eq!(data["sample_stats_attrs"]["trust"], "reliable");
    assert_eq!(shape(&data["sample_stats"]["weight"]), [1, DRAWS]);
}

model! {
    /// Latents and data of several lengths.
    Uneven(subjects: &Groups<String, (String, Vec<f64>)>) {
        mean[_ in 0..2] ~ Normal(0.0, 10.0);
        corr ~ LkjCholesky(2, 1.0);
        for subject in subjects {
            level[_ in 0..subject.len()] ~ Normal(mean[0], 1.0);
            for (k, (_, ys)) in subject.iter().enumerate() {
                ys[..] ~ MultivariateNormal(&[level[k], mean[1]], &corr);
            }
        }
    }
}

model! {
    /// What is called as a dimension is.
    Named(draws: &[f64]) {
        chain ~ Normal(0.0, 1.0);
        for &task in draws {
            draw ~ Normal(chain, 1.0);
            task ~ Normal(draw, 1.0);
        }
    }
}

#[test]
fn variables_are_not_called_as_dimensions_are() {
    let data = written(&Named::new(&[0.5, 1.0]).fit().expect("valid"));
    for group in ["observed_data", "log_likelihood", "posterior_predictive"] {
        let names: Vec<&String> = data[group].as_object().expect("variables by name").keys().collect();
        assert_eq!(names, ["task_"], "{group}");
    }
    assert!(data["posterior"]["chain_"].is_array() && data["posterior"]["draw_"].is_array());
}

#[test]
fn labels_become_coordinates_and_uneven_latents_are_named_one_by_one() {
    let rows = [("308", [1.0, 0.5]), ("ann, \"b\"", [4.0, 1.0]), ("308", [2.0, -1.0])];
    let groups = grouped(rows.map(|(name, ys)| (name.to_owned(), ys.to_vec())), |row| row.0.clone());
    let data = written(&Uneven::new(&groups).fit().expect("valid"));
    assert_eq!(data["coords"]["task"], json!(["308", "ann, \"b\""]));
    assert_eq!((&data["dims"]["mean"], &data["coords"]["mean_entry"]), (&json!(["mean_entry"]), &json!(["0", "1"])));
    assert_eq!(data["dims"]["corr"], json!([]));
    assert_eq!(shape(&data["posterior"]["level"]), [1, DRAWS, 3]);
    assert_eq!(data["coords"]["level_entry"], json!(["308 [0]", "308 [1]", "ann, \"b\""]));
    // a vector is one observation with two numbers
    assert_eq!(data["dims"]["ys"], json!(["ys_observation", "ys_entry"]));
    assert_eq!(data["coords"]["ys_observation"], json!(["308 [0]", "308 [1]", "ann, \"b\" [0]"]));
    assert_eq!(shape(&data["log_likelihood"]["ys"]), [1, DRAWS, 3]);
    assert_eq!(shape(&data["posterior_predictive"]["ys"]), [1, DRAWS, 3, 2]);
    assert_eq!(numbers(&data["observed_data"]["ys"]), [1.0, 0.5, 2.0, -1.0, 4.0, 1.0]);
    assert_eq!(numbers(&data["constant_data"]["ys_task"]), [0.0, 0.0, 1.0]);
}

#[test]
fn several_observations_a_task_are_told_apart() {
    let groups = [Group { ys: vec![Some(1.0), Some(2.0)] }, Group { ys: vec![Some(0.5)] }];
    let data = written(&Conjugate::new(&groups, 1.0, 1.0).fit().expect("valid"));
    assert_eq!(data["dims"]["y"], json!(["y_observation"]));
    assert_eq!(data["coords"]["y_observation"], json!(["task 0 [0]", "task 0 [1]", "task 1 [0]"]));
    assert_eq!(numbers(&data["constant_data"]["y_task"]), [0.0, 0.0, 1.0]);
}

#[test]
fn turns_of_nested_plates_are_entries_of_their_latents() {
    let areas = areas();
    let data = written(&Schools::new(&areas).fit().expect("valid"));
    assert_eq!(data["dims"]["own"], json!(["task", "own_entry"]));
    assert_eq!(data["coords"]["own_entry"], json!(["schools[0]", "schools[1]"]));
    assert_eq!(shape(&data["posterior"]["own"]), [1, DRAWS, 2, 2]);
}
