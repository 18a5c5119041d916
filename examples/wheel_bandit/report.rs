//! The table, and its picture.

use crate::bandit::DELTAS;
use crate::figure;
use hierarch::metrics::Estimate;
use plotters::prelude::*;
use std::error::Error;

/// A row of the table: means over runs, for each delta.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) cells: [Estimate; 5],
}

/// Published means have no errors.
pub(crate) fn published(name: &'static str, percent: [f64; 5]) -> Row {
    Row { name, cells: percent.map(|mean| Estimate { mean, std_error: f64::NAN }) }
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

/// A panel for each number of steps: regret against delta, a line a row of its table.
pub(crate) fn draw(steps: &[usize], tables: &[Vec<Row>]) -> Result<(), Box<dyn Error>> {
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
    let font = |size: i32, colour: &RGBColor| ("sans-serif", size).into_font().color(colour);
    figure::save("wheel_bandit", (560 * u32::try_from(steps.len())?, 420), |root| {
        for (panel, (n, table)) in root.split_evenly((1, steps.len())).iter().zip(steps.iter().zip(tables)) {
            let means = || table.iter().flat_map(|row| row.cells.iter().map(|c| c.mean));
            let (low, high) = (means().fold(f64::MAX, f64::min) / 1.6, means().fold(0.0, f64::max) * 1.6);
            let mut chart = ChartBuilder::on(panel)
                .caption(format!("Wheel bandit, {n} steps"), font(17, &BLACK))
                .margin(10)
                .margin_right(150)
                .x_label_area_size(40)
                .y_label_area_size(62)
                .build_cartesian_2d(-0.2..4.2, (low..high).log_scale())?;
            chart
                .configure_mesh()
                .disable_x_mesh()
                .bold_line_style(BLACK.mix(0.12))
                .light_line_style(TRANSPARENT)
                .x_labels(5)
                .x_label_formatter(&|x: &f64| {
                    let near = DELTAS.iter().enumerate().find(|(d, _)| (*d as f64 - x).abs() < 0.5);
                    near.map_or_else(String::new, |(_, delta)| delta.to_string())
                })
                .y_label_formatter(&|y: &f64| format!("{y}"))
                .x_desc("delta: the radius within which nothing pays 50")
                .y_desc("cumulative regret, % of uniform play")
                .label_style(font(13, &BLACK))
                .draw()?;
            let mut labels: Vec<(i32, i32, &str, &RGBColor)> = Vec::new();
            for (Row { name, cells }, colour) in table.iter().zip(&COLOURS) {
                let points: Vec<(f64, f64)> = cells.iter().enumerate().map(|(d, c)| (d as f64, c.mean)).collect();
                chart.draw_series(LineSeries::new(points.iter().copied(), colour.stroke_width(2)))?;
                chart.draw_series(points.iter().map(|&p| Circle::new(p, 3, colour.filled())))?;
                let (x, y) = chart.backend_coord(&points[4]);
                labels.push((y, x, name, colour));
            }
            labels.sort_unstable_by_key(|label| label.0);
            let mut free = 0;
            for (y, x, name, colour) in labels {
                let y = free.max(y - 7);
                root.draw(&Text::new(name, (x + 10, y), font(13, colour)))?;
                free = y + 16;
            }
        }
        Ok(())
    })
}
