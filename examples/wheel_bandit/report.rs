//! The table, and its picture.

use crate::figure::{self, Area, Axis, Frame, Lines, Picture};
use crate::wheel::DELTAS;
use hierarch::assess::metrics::Estimate;
use plotters::prelude::*;
use std::error::Error;

/// A row of the table: means over runs, for each delta.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) cells: [Estimate; 5],
}

/// What is published of 2,000 and of 80,000 steps: means without errors.
pub(crate) fn published_tables() -> Vec<Vec<Row>> {
    let row = |name, percent: [f64; 5]| Row { name, cells: percent.map(|mean| Estimate { mean, std_error: f64::NAN }) };
    vec![
        vec![row("MAML", [1.79, 2.10, 6.08, 16.80, 55.53]), row("Ravi & Beatson", [1.36, 1.59, 3.51, 7.21, 35.04])],
        vec![row("MAML", [0.20, 0.34, 1.02, 2.10, 9.81]), row("Ravi & Beatson", [0.22, 0.29, 0.66, 1.03, 4.66])],
    ]
}

/// Prints what the rows of the tables are.
pub(crate) fn explain(runs: u64) {
    println!("stepwise: told of arms, quadrants, radius, and that a wheel's rewards step once, about one radius;");
    println!("structured: told which arm pays where, but not the rewards, nor delta, nor how sharp the step there is;");
    println!("sharp: told that it is sharp, too");
    let many = 20 * runs;
    println!(
        "\nCumulative regret, % of that of uniform play (standard error over {runs} runs, {many} in the last row)"
    );
}

pub(crate) fn print(n: usize, table: &[Row]) {
    print!("\n{:<24}", format!("n = {n}, delta ="));
    for delta in DELTAS {
        print!("{delta:>17}");
    }
    println!();
    for Row { name, cells } in table {
        print!("{name:<24}");
        for Estimate { mean, std_error } in cells {
            let error = if std_error.is_nan() { String::new() } else { format!("({std_error:.4})") };
            print!("{mean:>8.4}{error:>9}");
        }
        println!();
    }
}

const COLOURS: [RGBColor; 9] = [
    RGBColor(150, 150, 150),
    RGBColor(40, 40, 40),
    RGBColor(230, 140, 50),
    RGBColor(190, 60, 30),
    RGBColor(80, 160, 220),
    RGBColor(20, 80, 160),
    RGBColor(90, 180, 90),
    RGBColor(20, 110, 40),
    RGBColor(150, 90, 170),
];

const FRAME: Frame = Frame {
    margin: 10,
    margin_right: 150,
    below: 40,
    beside: 62,
    title_size: 17,
    name_size: 13,
    label_size: 13,
    darkness: 0.12,
};

/// Draws a panel for each number of steps: regret against delta, a line a row of its table.
pub(crate) fn draw(steps: &[usize], tables: &[Vec<Row>]) -> Result<(), Box<dyn Error>> {
    let picture = Picture::draw((560 * u32::try_from(steps.len())?, 420), |root| {
        for (area, (n, table)) in root.split_evenly((1, steps.len())).iter().zip(steps.iter().zip(tables)) {
            let title = format!("Wheel bandit, {n} steps");
            panel(root, area, &title, table)?;
        }
        Ok(())
    })?;
    figure::save("wheel_bandit", &picture)
}

/// Draws the lines of a table, and writes their names to the right of them.
fn panel(root: &Area<'_>, area: &Area<'_>, title: &str, table: &[Row]) -> Result<(), Box<dyn Error>> {
    let means = || table.iter().flat_map(|row| row.cells.iter().map(|c| c.mean));
    let (low, high) = (means().fold(f64::MAX, f64::min) / 1.6, means().fold(0.0, f64::max) * 1.6);
    let delta = |x: &f64| {
        let near = DELTAS.iter().enumerate().find(|(d, _)| (*d as f64 - x).abs() < 0.5);
        near.map_or_else(String::new, |(_, delta)| delta.to_string())
    };
    let regret = |y: &f64| format!("{y}");
    let axes = [
        Axis {
            labels: 5,
            lines: Lines::No,
            write: Some(&delta),
            ..Axis::new("delta: the radius within which nothing pays 50", -0.2..4.2)
        },
        Axis { write: Some(&regret), ..Axis::new("cumulative regret, % of uniform play", low..high) },
    ];
    let mut chart = FRAME.log_chart(area, title, axes)?;
    let mut names: Vec<((i32, i32), &str, &RGBColor)> = Vec::new();
    for (Row { name, cells }, colour) in table.iter().zip(&COLOURS) {
        let points: Vec<(f64, f64)> = cells.iter().enumerate().map(|(d, c)| (d as f64, c.mean)).collect();
        chart.line(points.iter().copied(), colour.stroke_width(2))?;
        chart.dots(points.iter().copied(), 3, colour)?;
        names.push((chart.pixel(points[4]), name, colour));
    }
    names.sort_unstable_by_key(|((_, y), ..)| *y);
    let mut free = 0;
    for ((x, y), name, colour) in names {
        let y = free.max(y - 7);
        root.draw(&Text::new(name, (x + 10, y), ("sans-serif", 13).into_font().color(colour)))?;
        free = y + 16;
    }
    Ok(())
}
