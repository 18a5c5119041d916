#![allow(missing_docs, reason = "fields are called what they are")]
//! Lectures at ETH Zurich: 73,421 marks of 1 to 5 that 2,972 students gave to 1,128 lecturers of 14 departments (`InstEval` of R's
//! lme4). Students differ, lecturers differ, departments differ, and all are crossed with each other.
//!
//! cargo run --release --example insteval
//!
//! Crossed effects of normal data, the whole posterior: students are the tasks, lecturers and departments vectors of globals.
//! Writes a picture to `target/figures`. `--quick` takes the first 100 students, and fewer draws.

#[path = "shared/figure.rs"]
mod figure;

use figure::{Axis, Frame, Picture};
use hierarch::prelude::*;
use hierarch::tasks::{Groups, grouped};
use hierarch::{Options, Summary};
use plotters::style::{BLACK, Color, RGBColor};
use std::collections::BTreeSet;
use std::time::Duration;

/// A mark. `lecturer` and `department` are their places among those that got any.
pub struct Mark {
    pub student: u32,
    pub lecturer: usize,
    pub department: usize,
    /// 1 for a lecture that is a service to another department.
    pub service: f64,
    pub mark: f64,
}

model! {
    pub Lectures(students: Groups<u32, Mark>, lecturers: usize, departments: usize) {
        mean ~ Normal(0.0, 5.0);
        service ~ Normal(0.0, 2.0);
        student_sd ~ HalfNormal(2.0);
        lecturer_sd ~ HalfNormal(2.0);
        department_sd ~ HalfNormal(2.0);
        sd ~ HalfNormal(2.0);
        of_lecturer[_ in 0..lecturers] ~ Normal(0.0, lecturer_sd);
        of_department[_ in 0..departments] ~ Normal(0.0, department_sd);
        for student in students {
            of_student ~ Normal(0.0, student_sd);
            for mark in student {
                let lecture = of_lecturer[mark.lecturer] + of_department[mark.department] + service * mark.service;
                mark.mark ~ Normal(mean + of_student + lecture, sd);
            }
        }
    }
}

/// A row of the table.
#[derive(serde::Deserialize)]
struct Row {
    s: u32,
    d: u32,
    service: f64,
    dept: u32,
    y: f64,
}

/// The marks of the first so many students, and the numbers of lecturers and of departments.
fn marks(most: u32) -> csv::Result<(Vec<Mark>, Vec<u32>, usize)> {
    let rows: Vec<Row> =
        csv::Reader::from_path("examples/data/insteval.csv")?.deserialize().collect::<Result<_, _>>()?;
    let rows: Vec<Row> = rows.into_iter().filter(|row| row.s <= most).collect();
    let levels = |of: fn(&Row) -> u32| rows.iter().map(of).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>();
    let (lecturers, departments) = (levels(|row| row.d), levels(|row| row.dept));
    let place = |levels: &[u32], of: u32| levels.binary_search(&of).expect("a level of the table");
    let mark = |row: &Row| Mark {
        student: row.s,
        lecturer: place(&lecturers, row.d),
        department: place(&departments, row.dept),
        service: row.service,
        mark: row.y,
    };
    Ok((rows.iter().map(mark).collect(), lecturers, departments.len()))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let is_quick = std::env::args().any(|arg| arg == "--quick");
    let (marks, lecturers, departments) = marks(if is_quick { 100 } else { u32::MAX })?;
    println!("{} marks", marks.len());
    let model = Lectures::new(grouped(marks, |mark| mark.student), lecturers.len(), departments);
    // of an occupied machine too
    let correction_budget = Duration::from_secs(60);
    let posterior_draws = if is_quick { 200 } else { 500 };
    let options = Options { correction_budget, posterior_draws, ..Options::default() };
    let fit = model.fit_with(&options)?;
    let evidence = fit.evidence().expect("weights");
    let effective = evidence.effective_sample_size;
    let seconds = (fit.times().climb + fit.times().correction).as_secs_f64();
    println!("k-hat {:.2}, {effective:.0} effective draws after {seconds:.1} s", evidence.k_hat);
    assert!(!fit.trust().is_doubtful && effective > if is_quick { 80.0 } else { 200.0 }, "{:?}", fit.trust());
    let global = fit.global();
    let scales = [
        ("students", global.student_sd, 0.3254, 0.0071),
        ("lecturers", global.lecturer_sd, 0.5151, 0.0130),
        ("departments", global.department_sd, 0.0898, 0.0293),
        ("marks", global.sd, 1.1775, 0.0031),
        ("mean", global.mean, 3.2825, 0.0317),
        ("service", global.service, -0.0926, 0.0134),
    ];
    for (name, found, ..) in scales {
        println!("{name:12} {found}");
    }
    let share = fit.marginal(|draw| (draw.global.lecturer_sd / draw.global.sd).powi(2));
    println!("variance between lecturers over that of a mark: {share}");
    draw(&global.of_lecturer)?;

    // all but the four sds integrated out exactly, these by importance draws of which 338 count: errors of 0.05 sd
    for (name, found, mean, sd) in scales.into_iter().filter(|_| !is_quick) {
        assert!((found.mean - mean).abs() < 0.2 * sd, "{name}: {found} is not {mean} +- {sd}");
        assert!((found.sd / sd).ln().abs() < 0.15, "{name}: {found} is not {mean} +- {sd}");
    }
    // the first students say the same, if less of it
    for (name, found, mean, sd) in scales {
        assert!((found.mean - mean).abs() < 4.0 * found.sd.hypot(sd), "{name}: {found} is not {mean} +- {sd}");
    }
    Ok(())
}

/// Lecturers, the best on the right.
fn draw(lecturers: &[Summary]) -> Result<(), Box<dyn std::error::Error>> {
    const ALL: RGBColor = RGBColor(0, 80, 150);
    let mut sorted = lecturers.to_vec();
    sorted.sort_by(|a, b| a.mean.total_cmp(&b.mean));
    let n = sorted.len() as f64;
    let picture = Picture::draw((900, 460), |area| {
        let axes = [Axis::new("lecturers, by their marks", 0.0..n), Axis::new("marks above the mean", -2.5..2.0)];
        let title = format!("{n} lecturers: mean and 90% of each");
        let mut chart = Frame::default().chart(area, &title, axes)?;
        let at = |k: usize| k as f64 + 0.5;
        chart.bars(sorted.iter().enumerate().map(|(k, of)| [(at(k), of.q05), (at(k), of.q95)]), &ALL.mix(0.25))?;
        chart.dashes([(0.0, 0.0), (n, 0.0)], &BLACK.mix(0.5))?;
        chart.line(sorted.iter().enumerate().map(|(k, of)| (at(k), of.mean)), ALL.stroke_width(2))
    })?;
    figure::save("insteval", &picture)
}
