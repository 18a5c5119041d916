//! Radon in counties never measured (data of Gelman & Hill 2007): predicted from soil and other counties, and again
//! after half of a county's houses have been seen.
//!
//! Ten-fold cross-validation over counties, against no pooling and complete pooling; with the uranium of the soil, and
//! without. With it, there is little left for a county's own houses to tell.
//!
//! A full run takes 3 seconds of processor time.
//!
//! cargo run --release --example `radon_new_county`

use figure::{Axis, Frame, Lines, Mark, Picture};
use hierarch::assess::metrics::Estimate;
use hierarch::prelude::*;
use hierarch::{Fit, Model, TaskDraw};
use indicatif::ProgressBar;
use plotters::prelude::*;
use std::time::Instant;

/// The hierarchical model is that of the example `radon`: it pools partially.
#[path = "radon.rs"]
#[expect(dead_code, unreachable_pub, reason = "a program of its own, of which the model and its data serve here")]
mod radon;

use radon::{County, House, Radon};

model! {
    /// Nothing is learned from other counties but the effect of the floor and the noise.
    pub NoPooling(counties: &[County]) {
        beta_floor ~ Normal(0.0, 10.0);
        sigma_y ~ HalfNormal(1.0);
        for county in counties {
            alpha ~ Normal(0.0, 10.0);
            for house in &county.houses {
                house.log_radon ~ Normal(alpha + beta_floor * house.floor, sigma_y);
            }
        }
    }
}

model! {
    /// Counties with the same soil are the same.
    pub CompletePooling(counties: &[County]) {
        alpha ~ Normal(0.0, 10.0);
        beta_uranium ~ Normal(0.0, 10.0);
        beta_floor ~ Normal(0.0, 10.0);
        sigma_y ~ HalfNormal(1.0);
        for county in counties {
            for house in &county.houses {
                house.log_radon ~ Normal(alpha + beta_uranium * county.log_uranium + beta_floor * house.floor, sigma_y);
            }
        }
    }
}

/// How well the second half of each county's houses is predicted, county by county.
#[derive(Clone, Default)]
struct Score {
    name: &'static str,
    /// Houses predicted, sum of their squared errors, sum of their log predictive densities, houses in all.
    counties: Vec<[f64; 4]>,
    /// Seconds an adaptation took.
    seconds: Vec<f64>,
}

impl Score {
    fn named(name: &'static str) -> Self {
        Self { name, ..Self::default() }
    }

    /// Adapts to `support`, predicts the houses of `query`. `mean` is the expected value for the place of a house.
    fn add<M: Model<Task = County>>(
        &mut self,
        fit: &Fit<M>,
        (support, query, size): (&County, &County, usize),
        mean: impl Fn(&TaskDraw<M>, &House) -> f64,
    ) -> Result<(), hierarch::Error> {
        let start = Instant::now();
        let adapted = fit.adapt(support)?;
        self.seconds.push(start.elapsed().as_secs_f64());
        let mut sums = [query.houses.len() as f64, 0.0, 0.0, size as f64];
        for house in &query.houses {
            let predicted = adapted.marginal(|draw| mean(draw, house)).mean;
            sums[1] += (predicted - house.log_radon).powi(2);
            sums[2] += adapted.ln_predictive(&County { houses: vec![*house], ..*support })?;
        }
        self.counties.push(sums);
        Ok(())
    }

    /// A mean over houses, and its standard error; houses of a county are not independent, counties are.
    fn mean(&self, column: usize) -> Estimate {
        let houses: f64 = self.counties.iter().map(|c| c[0]).sum();
        let mean = self.counties.iter().map(|c| c[column]).sum::<f64>() / houses;
        let squares: f64 = self.counties.iter().map(|c| (c[column] - mean * c[0]).powi(2)).sum();
        Estimate { mean, std_error: squares.sqrt() / houses }
    }

    /// This less `other` on the same houses.
    fn less(&self, other: &Self) -> Self {
        let pairs = self.counties.iter().zip(&other.counties);
        Self { counties: pairs.map(|(a, b)| [a[0], a[1] - b[1], a[2] - b[2], a[3]]).collect(), ..Self::default() }
    }

    fn rmse(&self) -> Estimate {
        let square = self.mean(1);
        let mean = square.mean.sqrt();
        Estimate { mean, std_error: 0.5 * square.std_error / mean }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folds = if std::env::args().any(|arg| arg == "--quick") { 2 } else { 10 };
    let counties = radon::counties()?;
    let no_soil: Vec<County> = counties.iter().map(|c| County { log_uranium: 0.0, ..c.clone() }).collect();
    let bar = ProgressBar::new(2 * folds as u64);
    let unknown = cross_validate(&no_soil, folds, &bar)?;
    let known = cross_validate(&counties, folds, &bar)?;
    bar.finish_and_clear();

    let houses: f64 = known[0].counties.iter().map(|c| c[0]).sum();
    println!("{houses} houses of {} counties, {folds} folds of counties left out of the fit", known[0].counties.len());
    for (soil, scores) in [("unknown", &unknown), ("known", &known)] {
        println!("\n{:24} {:>15} {:>20} {:>20}", format!("soil {soil}"), "RMSE", "ln density", "less the last");
        for score in scores {
            let less = score.less(&scores[3]).mean(2);
            println!("{:24} {:15.3} {:20.3} {less:20.3}", score.name, score.rmse(), score.mean(2));
        }
    }
    let mut times: Vec<f64> = known[3].seconds.clone();
    times.sort_by(f64::total_cmp);
    println!("\none `adapt` to half a county: median {:.0} microseconds", 1e6 * times[times.len() / 2]);
    draw(&unknown, &known)?;

    // what the houses of the county itself tell, and what the other counties do, each beyond doubt
    let [complete, none, new, half] = &unknown;
    for other in [complete, none, new] {
        let less = other.less(half).mean(2);
        assert!(less.mean < -2.0 * less.std_error, "{} must be worse than {}: {less}", other.name, half.name);
        assert!(other.rmse().mean > half.rmse().mean);
    }
    // where the soil is known, there is little left for a county's own houses to tell: no loss by learning it
    let [complete, none, new, half] = &known;
    for other in [complete, none, new] {
        let less = other.less(half).mean(2);
        assert!(less.mean < less.std_error, "soil known, {} must not be better than {}: {less}", other.name, half.name);
    }
    Ok(())
}

/// Each county is predicted by fits to the others: complete pooling, no pooling, hierarchical without and with half of
/// its own houses.
fn cross_validate(counties: &[County], folds: usize, bar: &ProgressBar) -> Result<[Score; 4], hierarch::Error> {
    let names = ["complete pooling", "no pooling, half seen", "hierarchical, none seen", "hierarchical, half seen"];
    let [mut complete, mut none, mut new, mut half] = names.map(Score::named);
    for fold in 0..folds {
        let held_out = |i: usize| i % folds == fold;
        let train: Vec<County> = (0..counties.len()).filter(|&i| !held_out(i)).map(|i| counties[i].clone()).collect();
        let partial = Radon::new(&train).fit()?;
        let separate = NoPooling::new(&train).fit()?;
        let pooled = CompletePooling::new(&train).fit()?;
        for county in (0..counties.len()).filter(|&i| held_out(i)).map(|i| &counties[i]) {
            // every other house, so that the floors are spread
            let houses = |rest| county.houses.iter().skip(rest).step_by(2).copied().collect();
            let [support, query] = [0, 1].map(|rest| County { houses: houses(rest), ..*county });
            let nothing = County { houses: Vec::new(), ..*county };
            if query.houses.is_empty() {
                continue;
            }
            let (uranium, size) = (county.log_uranium, county.houses.len());
            for (score, seen) in [(&mut new, &nothing), (&mut half, &support)] {
                score.add(&partial, (seen, &query, size), |d, house| {
                    d.local.alpha + d.global.beta_uranium * uranium + d.global.beta_floor * house.floor
                })?;
            }
            none.add(&separate, (&support, &query, size), |d, house| {
                d.local.alpha + d.global.beta_floor * house.floor
            })?;
            complete.add(&pooled, (&nothing, &query, size), |d, house| {
                d.global.alpha + d.global.beta_uranium * uranium + d.global.beta_floor * house.floor
            })?;
        }
        bar.inc(1);
    }
    Ok([complete, none, new, half])
}

/// Error against the number of houses, for each way to predict.
fn draw(unknown: &[Score; 4], known: &[Score; 4]) -> Result<(), Box<dyn std::error::Error>> {
    let series = [
        (&unknown[1], unknown[1].name.to_owned(), RGBColor(213, 94, 0)),
        (&unknown[2], unknown[2].name.to_owned(), RGBColor(150, 150, 150)),
        (&unknown[3], unknown[3].name.to_owned(), RGBColor(86, 180, 233)),
        (&known[3], format!("{}, soil known", known[3].name), RGBColor(0, 80, 150)),
    ];
    let groups = [(2.0, 3.0), (4.0, 5.0), (6.0, 9.0), (10.0, 29.0), (30.0, 999.0)];
    let names = ["2 or 3", "4 or 5", "6 to 9", "10 to 29", "30 or more"];
    let group_name = |x: &f64| {
        let near = (0..names.len()).find(|&g| (1.0 + g as f64 - x).abs() < 0.25);
        near.map_or_else(String::new, |g| names[g].to_owned())
    };
    let picture = Picture::draw((900, 520), |area| {
        let axes = [
            Axis {
                labels: 5,
                lines: Lines::No,
                write: Some(&group_name),
                ..Axis::new("houses in the county, half of them seen", 0.4..5.6)
            },
            Axis::new("RMSE of ln radon in its other houses, +- standard error", 0.5..1.3),
        ];
        let title = "Radon in a county that was not part of the fit";
        let mut chart = Frame { beside: 62, ..Frame::default() }.chart(area, title, axes)?;
        for (k, (score, name, color)) in series.iter().enumerate() {
            let part = |(low, high): (f64, f64)| Score {
                counties: score.counties.iter().filter(|c| (low..=high).contains(&c[3])).copied().collect(),
                ..Score::default()
            };
            let at = |(g, &group)| (1.0 + g as f64 + 0.11 * (k as f64 - 1.5), part(group).rmse());
            let values: Vec<(f64, Estimate)> = groups.iter().enumerate().map(at).collect();
            let ends = |&(x, rmse): &(f64, Estimate)| [-1.0, 1.0].map(|sign| (x, rmse.mean + sign * rmse.std_error));
            chart.bars(values.iter().map(ends), color)?;
            chart.dots(values.iter().map(|&(x, rmse)| (x, rmse.mean)), 5, color)?;
            chart.name(name, Mark::Dot(5), color)?;
        }
        chart.key(SeriesLabelPosition::UpperRight)
    })?;
    figure::save("radon_new_county", &picture)
}

#[path = "shared/figure.rs"]
mod figure;
