//! Eighteen batters after 45 times at bat in 1970 (Efron & Morris 1975): who will be how good in the rest of the season?
//!
//! Twice: on the arcsine scale, where the noise has variance 1, and as a binomial model of the hits themselves. Errors are
//! squared on the arcsine scale, so that what is to be estimated is the mean there: the binomial model is asked for the
//! posterior mean of the transformed chance, and beside it for the transform of the mean chance.
//!
//! Takes less than a second; `--quick` has nothing to leave out.
//!
//! cargo run --release --example baseball

#[path = "baseball/batting.rs"]
#[expect(unreachable_pub, reason = "tests fit this model too")]
mod batting;

use batting::{Batting, Season};
use figure::{Axis, Frame, Lines, Picture};
use hierarch::prelude::*;
use indicatif::ProgressBar;
use plotters::prelude::*;

model! {
    /// sqrt(45) asin(2 p - 1) of a batting average p is nearly normal with variance 1.
    pub Arcsine(scores: &[f64]) {
        mu ~ Flat(RealLine);
        tau ~ HalfCauchy(1.0);
        for score in scores {
            theta ~ Normal(mu, tau);
            score ~ Normal(theta, 1.0);
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let season = batting::season()?;
    let rest = &season.remaining_average_published;
    let at_bats = f64::from(season.at_bats);
    let early: Vec<f64> = season.hits.iter().map(|&hits| f64::from(hits) / at_bats).collect();

    let root = at_bats.sqrt();
    let arcsine = |p: &f64| root * (2.0 * p - 1.0).asin();
    let scores: Vec<f64> = early.iter().map(arcsine).collect();
    let bar = ProgressBar::new(2);
    let arcsine_fit = Arcsine::new(&scores).fit()?;
    bar.inc(1);
    let thetas: Vec<f64> = (0..scores.len()).map(|i| arcsine_fit.local(i).theta.mean).collect();
    let errors = |estimates: &[f64]| -> f64 {
        estimates.iter().zip(rest).map(|(estimate, p)| (estimate - arcsine(p)).powi(2)).sum()
    };
    let ours = errors(&thetas);

    let fit = Batting::new(&season.hits, season.at_bats).fit()?;
    bar.finish_and_clear();
    print!("{fit}");
    println!("\n{:12} {:>6} {:>9} {:>9} {:>6}", "", "early", "binomial", "arcsine", "rest");
    for (i, name) in season.names.iter().enumerate() {
        let back = 0.5 * ((thetas[i] / root).sin() + 1.0);
        println!("{name:12} {:>6.3} {:>9.3} {back:>9.3} {:>6.3}", early[i], fit.local(i).theta.mean, rest[i]);
    }
    println!("\ntotal squared error on the arcsine scale");
    let means: Vec<f64> = (0..scores.len()).map(|i| fit.local(i).theta.mean).collect();
    let binomial: Vec<f64> = (0..scores.len()).map(|i| fit.marginal(|d| arcsine(&d.local[i].theta)).mean).collect();
    let transformed: Vec<f64> = means.iter().map(arcsine).collect();
    println!("  early averages                     {:>6.2}   published 17.56", errors(&scores));
    println!("  James-Stein                                 published  5.01");
    println!("  arcsine model                      {ours:>6.2}");
    println!("  binomial model                     {:>6.2}", errors(&binomial));
    println!("  binomial model, transform of means {:>6.2}", errors(&transformed));
    draw(&season, &early, &means)?;

    assert!(ours <= 5.1, "{ours}");
    assert!((errors(&scores) - 17.56).abs() < 0.02, "the published total comes out");
    let exact = &season.beta_binomial_exact;
    let mut compared = vec![(fit.global().phi, exact.phi_mean, exact.phi_sd)];
    compared.extend((0..means.len()).map(|i| (fit.local(i).theta, exact.theta_mean[i], exact.theta_sd[i])));
    reference::assert_near("quadrature", &compared);
    Ok(())
}

/// A line a batter: early average, estimate, rest of the season.
fn draw(season: &Season, early: &[f64], means: &[f64]) -> Result<(), Box<dyn std::error::Error>> {
    let picture = Picture::draw((900, 620), |area| {
        let title = "Batting averages of 1970: seen early, estimated, and what came of it";
        let write = |y: &f64| format!("{y:.2}");
        let axes = [
            Axis { lines: Lines::NoAxis, ..Axis::new("", -0.1..2.45) },
            Axis { write: Some(&write), ..Axis::new("hits per time at bat", 0.14..0.42) },
        ];
        let mut chart = Frame { below: 8, ..Frame::default() }.chart(area, title, axes)?;
        for (text, x) in [("first 45 at bats", -0.08), ("estimate", 0.92), ("rest of the season", 1.85)] {
            chart.text(text, (x, 0.412), 16, &BLACK)?;
        }
        let rest = &season.remaining_average_published;
        for i in 0..means.len() {
            chart.beads([(0.0, early[i]), (1.0, means[i]), (2.0, rest[i])], &color_of(i))?;
        }
        for (i, at) in apart(rest, 0.0075).into_iter().enumerate() {
            chart.text(&season.names[i], (2.04, at + 0.004), 14, &color_of(i))?;
        }
        Ok(())
    })?;
    figure::save("baseball", &picture)
}

/// Where to write names beside `values`: near them, and at least `space` apart.
fn apart(values: &[f64], space: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut at = values.to_vec();
    for _ in 0..200 {
        for pair in order.windows(2) {
            let short = space - (at[pair[1]] - at[pair[0]]);
            if short > 0.0 {
                at[pair[0]] -= 0.5 * short;
                at[pair[1]] += 0.5 * short;
            }
        }
    }
    at
}

/// From red, who began best, to blue.
fn color_of(player: usize) -> RGBColor {
    let (r, g, b) = HSLColor(0.72 * player as f64 / 17.0, 0.75, 0.42).rgb();
    RGBColor(r, g, b)
}

#[path = "shared/figure.rs"]
mod figure;

#[path = "shared/reference.rs"]
mod reference;
