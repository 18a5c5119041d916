#![allow(missing_docs, reason = "fields are called what they are")]
//! Eruptions of Old Faithful: how long each took, and how long the next was waited for (Azzalini & Bowman 1990; the data set
//! `faithful` of R). There are short ones and long ones, but no one wrote down which is which.
//!
//! cargo run --release --example eruptions
//!
//! A discrete latent that is summed out. Writes a picture to `target/figures`.

#[path = "shared/figure.rs"]
mod figure;
#[path = "shared/reference.rs"]
mod reference;

use figure::{Axis, Frame, Mark, Picture};
use hierarch::prelude::*;
use plotters::prelude::*;

/// How long an eruption took, and how long it was until the next, in minutes, if that is known.
pub struct Eruption {
    pub minutes: f64,
    pub waiting: Option<f64>,
}

model! {
    /// Two kinds of eruptions, the shorter first.
    pub Eruptions(eruptions: &[Eruption]) {
        /// How many are of each kind.
        share ~ Dirichlet([1.0, 1.0]);
        /// How long one takes, on average; the order tells the kinds apart.
        minutes ~ Flat(Ordered(2));
        factor(Normal(2.0, 1.0).ln_density(minutes[0]) + Normal(4.0, 1.0).ln_density(minutes[1]));
        sd[_ in 0..2] ~ HalfNormal(1.0);
        /// How long the next is waited for.
        wait[_ in 0..2] ~ Normal(70.0, 20.0);
        wait_sd[_ in 0..2] ~ HalfNormal(10.0);
        for eruption in eruptions {
            kind ~ Categorical(share);
            eruption.minutes ~ Normal(minutes[kind], sd[kind]);
            eruption.waiting ~ Normal(wait[kind], wait_sd[kind]);
        }
    }
}

/// The table, a row an eruption.
pub fn eruptions() -> Result<Vec<Eruption>, Box<dyn std::error::Error>> {
    let row = |line: &str| {
        let (minutes, waiting) = line.split_once(',').ok_or_else(|| format!("not two fields: {line}"))?;
        Ok(Eruption { minutes: minutes.parse()?, waiting: Some(waiting.parse()?) })
    };
    include_str!("data/faithful.csv").lines().skip(1).map(row).collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let eruptions = eruptions()?;
    let fit = Eruptions::new(&eruptions).fit()?;
    print!("{fit}");
    let is_long: Vec<f64> = (0..eruptions.len()).map(|i| fit.local(i).kind[1].mean).collect();
    let (at, doubtful) =
        (0..is_long.len()).map(|i| (i, (is_long[i] - 0.5).abs())).min_by(|a, b| a.1.total_cmp(&b.1)).expect("rows");
    println!("least clear: eruption {at}, long with probability {:.3}", is_long[at]);
    assert!(doubtful > 0.4, "the kinds are far apart");

    // how long the next is waited for depends on the kind of the last, of which its length tells
    for (minutes, wait) in [(2.0, 54.5), (4.0, 80.0)] {
        let last = Eruption { minutes, waiting: None };
        let adapted = fit.adapt(&last)?;
        let predicted = adapted.predict(&last)?;
        println!("after {minutes} minutes, {}: {}", adapted.local().kind[1], predicted[0].summary);
        assert!((predicted[0].summary.mean - wait).abs() < 1.0);
    }
    draw(&eruptions, &is_long)?;

    // a random walk on the nine numbers of the model summed by hand, some 10,000 effective draws
    let global = fit.global();
    let expected = [
        (global.share, [(0.3573, 0.0287), (0.6427, 0.0287)]),
        (global.minutes, [(2.0380, 0.0275), (4.2908, 0.0314)]),
        (global.sd, [(0.2702, 0.0204), (0.4144, 0.0226)]),
        (global.wait, [(54.510, 0.604), (79.986, 0.456)]),
        (global.wait_sd, [(5.914, 0.431), (6.041, 0.327)]),
    ];
    let of_kinds = expected.into_iter().flat_map(|(found, kinds)| found.into_iter().zip(kinds));
    let compared: Vec<_> = of_kinds.map(|(found, (mean, sd))| (found, mean, sd)).collect();
    reference::assert_near("a random walk", &compared);
    for (i, long) in [(243, 0.0590), (23, 0.9772), (210, 0.0023), (214, 0.9992)] {
        assert!((is_long[i] - long).abs() < 0.01, "eruption {i}: {} is not {long}", is_long[i]);
    }
    Ok(())
}

/// Every eruption, in the colour of its kind.
fn draw(eruptions: &[Eruption], is_long: &[f64]) -> Result<(), Box<dyn std::error::Error>> {
    let picture = Picture::draw((720, 480), |area| {
        let axes = [Axis::new("minutes that it took", 1.4..5.4), Axis::new("minutes until the next", 40.0..100.0)];
        let title = "Eruptions of Old Faithful, of two kinds";
        let mut chart = Frame { title_size: 19, ..Frame::default() }.chart(area, title, axes)?;
        let (short, long) = (RGBColor(31, 119, 180), RGBColor(214, 96, 40));
        chart.name("short", Mark::Dot(5), &short)?;
        chart.name("long", Mark::Dot(5), &long)?;
        for (Eruption { minutes, waiting }, p) in eruptions.iter().zip(is_long) {
            let at = waiting.map(|waiting| (*minutes, waiting));
            chart.dots(at, 4, &short.mix(1.0 - p))?;
            chart.dots(at, 4, &long.mix(*p))?;
        }
        chart.key(SeriesLabelPosition::UpperLeft)
    })?;
    figure::save("eruptions", &picture)
}
