#![allow(missing_docs, reason = "fields are called what they are")]
//! Major earthquakes of each year from 1900 to 2006 (Zucchini & MacDonald 2009, Hidden Markov Models for Time Series, table 1.1).
//! There are quiet years and others, which follow each other, but no one wrote down which is which.
//!
//! cargo run --release --example earthquakes
//!
//! A chain of hidden states that is summed out. Writes a picture to `target/figures`.

#[path = "shared/figure.rs"]
mod figure;
#[path = "shared/reference.rs"]
mod reference;

use figure::{Axis, Frame, Mark, Picture};
use hierarch::prelude::*;
use plotters::prelude::*;

/// How many there were in each of some years in a row, where that is known.
pub type Years = Vec<Option<u64>>;

model! {
    /// Years of three kinds, those with the fewest earthquakes first.
    pub Earthquakes(series: &[Years]) {
        /// ln of how many a year has, on average; the order tells the kinds apart.
        ln_rate ~ Flat(Ordered(3));
        for k in 0..3 {
            factor(Normal(3.0, 0.7).ln_density(ln_rate[k]));
        }
        /// What follows a year of each kind.
        after_few ~ Dirichlet([6.0, 2.0, 1.0]);
        after_some ~ Dirichlet([2.0, 6.0, 2.0]);
        after_many ~ Dirichlet([1.0, 2.0, 6.0]);
        for years in series {
            kind[t in 0..years.len()] ~ Markov(Repeat(1.0 / 3.0, 3), &[after_few, after_some, after_many]);
            for (t, count) in years.iter().enumerate() {
                count ~ PoissonLog(ln_rate[kind[t]]);
            }
        }
    }
}

/// The years of the table, and the next one, which is not known.
pub fn years() -> Result<Years, Box<dyn std::error::Error>> {
    let count = |line: &str| {
        let (_, count) = line.split_once(',').ok_or_else(|| format!("not two fields: {line}"))?;
        Ok(Some(count.parse()?))
    };
    include_str!("data/earthquakes.csv").lines().skip(1).map(count).chain([Ok(None)]).collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let series = [years()?];
    let fit = Earthquakes::new(&series).fit()?;
    print!("{fit}");
    let rates: Vec<_> = (0..3).map(|k| fit.marginal(move |d| d.global.ln_rate[k].exp())).collect();
    for (kind, rate) in ["few", "some", "many"].iter().zip(&rates) {
        println!("years of {kind}: {rate}");
    }
    let kinds: Vec<[f64; 3]> = fit.local(0).kind.iter().map(|kinds| std::array::from_fn(|k| kinds[k].mean)).collect();
    let next = &fit.predict(0)?[0].summary;
    println!("2007: {next}, after a year of few with probability {:.3}", kinds[106][0]);
    draw(&series[0], &kinds, &rates)?;

    // NumPyro 0.22, NUTS on the same model summed by its forward recursion: 4 chains of 5,000 draws
    let global = fit.global();
    let expected = [
        (global.after_few, [(0.8351, 0.0753), (0.1243, 0.0706), (0.0406, 0.0353)]),
        (global.after_some, [(0.0955, 0.0507), (0.8026, 0.0711), (0.1019, 0.0514)]),
        (global.after_many, [(0.0503, 0.0458), (0.2109, 0.0896), (0.7388, 0.0963)]),
        (rates, [(13.067, 0.872), (19.639, 1.058), (29.527, 1.878)]),
    ];
    let of_kinds = expected.into_iter().flat_map(|(found, kinds)| found.into_iter().zip(kinds));
    let compared: Vec<_> = of_kinds.map(|(found, (mean, sd))| (found, mean, sd)).collect();
    reference::assert_near("NUTS", &compared);
    let smoothed = [
        (1905, [0.0075, 0.3050, 0.6875]),
        (1910, [0.0000, 0.0157, 0.9843]),
        (1931, [0.0332, 0.8764, 0.0904]),
        (1956, [0.0924, 0.8867, 0.0209]),
        (1970, [0.0001, 0.2545, 0.7455]),
        (2006, [0.9576, 0.0423, 0.0001]),
    ];
    for (year, expected) in smoothed {
        let found = kinds[year - 1900];
        let is_near = found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 0.02);
        assert!(is_near, "{year}: {found:?} is not {expected:?}");
    }
    assert!((next.mean - 14.695).abs() < 0.5, "{next}");
    Ok(())
}

/// Every year's count, and what the kinds make one expect of it.
fn draw(years: &Years, kinds: &[[f64; 3]], rates: &[hierarch::Summary]) -> Result<(), Box<dyn std::error::Error>> {
    let picture = Picture::draw((860, 420), |area| {
        let axes = [Axis::new("year", 1899.0..2008.0), Axis::new("major earthquakes", 0.0..45.0)];
        let title = "Major earthquakes, and the rates of hidden kinds of years";
        let mut chart = Frame { title_size: 19, ..Frame::default() }.chart(area, title, axes)?;
        let (counted, expected) = (RGBColor(31, 119, 180), RGBColor(214, 96, 40));
        chart.name("counted", Mark::Dot(5), &counted)?;
        chart.name("expected of the year's kind", Mark::Line, &expected)?;
        let counts = years.iter().enumerate().filter_map(|(t, count)| Some((1900.0 + t as f64, (*count)? as f64)));
        chart.dots(counts, 4, &counted.mix(0.8))?;
        let of_year = |kinds: &[f64; 3]| kinds.iter().zip(rates).map(|(p, rate)| p * rate.mean).sum::<f64>();
        let line = kinds.iter().enumerate().map(|(t, kinds)| (1900.0 + t as f64, of_year(kinds)));
        chart.line(line, expected)?;
        chart.key(SeriesLabelPosition::UpperRight)
    })?;
    figure::save("earthquakes", &picture)
}
