//! What a fit found, by name: rows, tables of draws, intervals.

use crate::models::{EightSchools, SCHOOLS};
use hierarch::assess::{By, LeftOut};
use hierarch::prelude::*;
use hierarch::tasks::{Groups, grouped};
use hierarch::{Error, Fit, NumberName, Summary, TaskName};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn schools() -> Fit<EightSchools<'static>> {
    EightSchools::new(&SCHOOLS).fit().expect("valid")
}

model! {
    /// A scalar, a vector and the correlation of two slopes.
    Named(ys: &[f64]) {
        tau ~ HalfNormal(1.0);
        w[_ in 0..2] ~ Normal(0.0, 1.0);
        corr ~ LkjCholesky(2, 1.0);
        for &y in ys {
            v ~ MultivariateNormal(&w, diag_pre_multiply(&[1.0, 1.0], &corr));
            y ~ Normal(v[0] + v[1], tau);
        }
    }
}

#[test]
fn every_number_has_a_name_and_a_place() {
    let fit = Named::new(&[0.3, -0.4, 1.2]).fit().expect("valid");
    let rows = fit.rows();
    let names: Vec<String> = rows.iter().map(|row| row.name.to_string()).collect();
    let globals = ["tau", "w[0]", "w[1]", "corr[1, 0]"].map(str::to_owned);
    let locals = (0..3).flat_map(|i| (0..2).map(move |k| format!("v[{k}] task {i}")));
    assert_eq!(names, globals.into_iter().chain(locals).collect::<Vec<_>>());
    assert_eq!(rows[2].name, NumberName { node: String::new(), site: "w", entry: "[1]".into(), task: None });
    // the same numbers as those of the structs
    let found = |name: &str| rows.iter().find(|row| row.name.to_string() == name).expect("there is one").summary;
    assert_eq!(found("tau"), fit.global().tau);
    assert_eq!(found("w[1]"), fit.global().w[1]);
    assert_eq!(found("v[1] task 2"), fit.local(2).v[1]);
}

#[test]
fn a_table_of_draws_has_the_posterior_s_moments_and_is_written_whole() {
    let fit = schools();
    let table = fit.draws_table(4000);
    assert_eq!(table, fit.draws_table(4000));
    assert_eq!(table.names.len(), 10);
    for (row, column) in fit.rows().iter().zip(&table.columns) {
        let mean = column.iter().sum::<f64>() / 4000.0;
        assert!((mean - row.summary.mean).abs() < 0.1 * row.summary.sd, "{}: {mean} and {}", row.name, row.summary);
    }
    let mut csv = Vec::new();
    fit.draws_table(3).to_csv(&mut csv).expect("memory does not fail");
    let text = String::from_utf8(csv).expect("plain text");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4);
    assert!(lines[0].starts_with("mu,tau,theta task 0,"), "{text}");
    for (s, line) in lines[1..].iter().enumerate() {
        let numbers: Vec<f64> = line.split(',').map(|word| word.parse().expect("a number")).collect();
        let drawn: Vec<f64> = fit.draws_table(3).columns.iter().map(|column| column[s]).collect();
        assert_eq!(numbers, drawn);
    }
    // a name with a comma in it is quoted
    let mut csv = Vec::new();
    Named::new(&[0.3, -0.4]).fit().expect("valid").draws_table(1).to_csv(&mut csv).expect("memory does not fail");
    assert!(String::from_utf8(csv).expect("plain text").starts_with("tau,w[0],w[1],\"corr[1, 0]\",v[0] task 0,"));
}

#[test]
fn intervals_of_any_level() {
    let fit = schools();
    let Summary { q05, q95, .. } = fit.global().tau;
    let (from, to) = fit.interval(0.9, |d| d.global.tau).expect("a level");
    assert!((from - q05).abs() < 1e-12 && (to - q95).abs() < 1e-12, "{from} {to}");
    let (low, high) = fit.hdi(0.9, |d| d.global.tau).expect("a level");
    // the density of tau is highest at 0
    assert!(low < q05 && high < q95 && high - low < q95 - q05, "{low} {high}");
    for level in [0.0, 1.0, -1.0, f64::NAN] {
        for found in [fit.interval(level, |d| d.global.mu), fit.hdi(level, |d| d.global.mu)] {
            let error = found.expect_err("no such level");
            assert!(matches!(error, Error::Option { .. }) && error.to_string().contains("between 0 and 1"), "{error}");
        }
    }
}

model! {
    /// Groups of a long table.
    Labelled(subjects: &Groups<String, (String, f64)>) {
        mean ~ Normal(0.0, 10.0);
        for subject in subjects {
            level ~ Normal(mean, 1.0);
            for (_, y) in subject {
                y ~ Normal(level, 1.0);
            }
        }
    }
}

#[test]
fn tasks_are_called_what_their_groups_are() {
    let rows = [("308", 1.0), ("ann, b", 4.0), ("308", 2.0)].map(|(subject, y)| (subject.to_owned(), y));
    let groups = grouped(rows, |row| row.0.clone());
    let fit = Labelled::new(&groups).fit().expect("valid");
    assert!(fit.to_string().contains("level  308 ") && fit.to_string().contains("level  ann, b "), "{fit}");
    assert_eq!(fit.local_of("ann, b").expect("there is one").level, fit.local(1).level);
    assert!(fit.local_of("309").is_none());
    assert_eq!([fit.task_of("308"), fit.task_of("ann, b"), fit.task_of("309")], [Some(0), Some(1), None]);
    let last = fit.rows().pop().expect("there are some").name;
    assert_eq!(
        (last.to_string().as_str(), last.task),
        ("level ann, b", Some(TaskName { number: 1, label: Some("ann, b".to_owned()) }))
    );
    let mut csv = Vec::new();
    fit.draws_table(1).to_csv(&mut csv).expect("memory does not fail");
    assert!(String::from_utf8(csv).expect("plain text").starts_with("mean,level 308,\"level ann, b\"\n"));
}

/// What is wrong with a group's rows says which group it is, wherever it is found.
#[test]
fn errors_say_what_a_task_is_called() {
    let groups = |second: f64| {
        let rows = [("308", 1.0), ("ann", second)].map(|(subject, y)| (subject.to_owned(), y));
        grouped(rows, |row| row.0.clone())
    };
    let infinite = groups(f64::INFINITY);
    let error = Labelled::new(&infinite).fit().err().expect("infinite");
    assert!(error.to_string().starts_with("`y`, task 1 (ann), observation 0 ("), "{error}");
    let finite = groups(2.0);
    let model = Labelled::new(&finite);
    let drawn = model.simulate(&mut ChaCha8Rng::seed_from_u64(1)).expect("samplers");
    let fit = model.fit().expect("valid");
    let ann = TaskName { number: 1, label: Some("ann".to_owned()) };
    let [of_drawn, of_observed] =
        [&drawn.data, &fit.observed()].map(|data| data.iter().last().expect("data").0.clone());
    assert_eq!(of_drawn.task, Some(ann.clone()));
    assert_eq!(of_observed.task, Some(ann.clone()));
    assert_eq!(fit.replicate(1).expect("samplers")[0].place.task, Some(ann.clone()));
    assert_eq!(fit.loo(By::Task).expect("tasks").points[1].left_out, LeftOut::Task(ann));
}

model! {
    /// A level of each group without a proper prior.
    Improper(subjects: &Groups<String, (String, f64)>) {
        mean ~ Normal(0.0, 10.0);
        for subject in subjects {
            level ~ Flat(RealLine);
            for (_, y) in subject {
                factor(0.0 * (level + mean) * *y);
            }
        }
    }
}

#[test]
fn verdicts_and_notes_say_what_a_task_is_called() {
    let groups = grouped([("308".to_owned(), 1.0)], |row| row.0.clone());
    let fit = Improper::new(&groups).fit().expect("a fit that says what is wrong");
    assert!(fit.to_string().contains("task 0 (308)"), "{fit}");
}
