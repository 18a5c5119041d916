#![allow(missing_docs, reason = "fields are called what they are")]
//! Verbal aggression: would you curse, scold or shout? 316 persons answer 24 items (Vansteelandt 2000; `VerbAgg` of R's lme4).
//! Persons differ and items differ, and every person answers every item.
//!
//! cargo run --release --example verb_agg
//!
//! Crossed effects of binary data: persons are the tasks, items a vector of globals. Writes a picture to `target/figures`.

#[path = "verb_agg/answers.rs"]
#[allow(unreachable_pub, reason = "tests have the same file")]
mod answers;
#[path = "shared/figure.rs"]
mod figure;
#[path = "shared/reference.rs"]
mod reference;

use answers::{Item, VerbalAggression, items, persons};
use figure::{Axis, Frame, Lines, Picture};
use hierarch::prelude::*;
use hierarch::{Options, Summary};
use plotters::style::{BLACK, Color, RGBColor};
use std::time::Duration;

const ITEM: RGBColor = RGBColor(0, 80, 150);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (persons, items) = (persons(), items());
    let model = VerbalAggression::new(&persons, &items);
    // of an occupied machine too
    let options = Options { correction_budget: Duration::from_secs(60), ..Options::default() };
    let fit = model.fit_with(&options)?;
    print!("{fit}");
    assert!(fit.trust().is_reliable, "{:?}", fit.trust());

    // how easily each item is said yes to, by a woman of little anger
    let ease = |j: usize| {
        let of: &Item = &items[j];
        fit.marginal(|draw| {
            let global = &draw.global;
            global.intercept
                + global.item[j]
                + global.curse * of.curse
                + global.scold * of.scold
                + global.to_blame * of.to_blame
        })
    };
    let ease: Vec<Summary> = (0..items.len()).map(ease).collect();
    let between = fit.marginal(|draw| (draw.global.item_scale / draw.global.tau).powi(2));
    println!("variance between items over that between persons: {between}");
    draw(&items, &ease)?;

    // NumPyro's NUTS, non-centred, 4 chains of 2,500: 3,231 effective draws and more
    let global = fit.global();
    let compared = [
        (global.anger, 0.5694, 0.1717),
        (global.curse, 2.0417, 0.3062),
        (global.to_blame, -1.0446, 0.2472),
        (global.tau, 1.3626, 0.0707),
        (global.item_scale, 0.5869, 0.1082),
    ];
    reference::assert_near("NUTS", &compared);
    Ok(())
}

/// Items, the easiest on top.
fn draw(items: &[Item], ease: &[Summary]) -> Result<(), Box<dyn std::error::Error>> {
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by(|&a, &b| ease[b].mean.total_cmp(&ease[a].mean));
    let picture = Picture::draw((760, 620), |area| {
        let name = |y: &f64| {
            let row = order.iter().enumerate().find(|(row, _)| (y + *row as f64).abs() < 1e-9);
            row.map_or_else(String::new, |(_, &j)| items[j].name.to_owned())
        };
        let rows = Axis {
            labels: items.len() + 1,
            lines: Lines::No,
            write: Some(&name),
            ..Axis::new("item", 0.2 - items.len() as f64..1.0)
        };
        let title = "Would you? Median and 90% of each item, log odds of yes";
        let frame = Frame { beside: 130, margin_right: 24, ..Frame::default() };
        let mut chart = frame.chart(area, title, [Axis::new("log odds", -4.0..3.0), rows])?;
        chart.dashes([(0.0, -(items.len() as f64) + 0.2), (0.0, 0.6)], &BLACK.mix(0.5))?;
        for (row, &j) in order.iter().enumerate() {
            let (of, y) = (&ease[j], -(row as f64));
            chart.bars([[(of.q05, y), (of.q95, y)]], &ITEM.mix(0.6))?;
            chart.dots([(of.q50, y)], 4, &ITEM)?;
        }
        Ok(())
    })?;
    figure::save("verb_agg", &picture)
}
