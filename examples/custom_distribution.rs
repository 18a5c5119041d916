//! A distribution of one's own, in 13 lines, as prior and as likelihood: how much gasoline crude oils yield.
//!
//! Prater (1956) distilled ten crudes at 32 temperatures in all; the data beta regression was introduced with
//! (Ferrari & Cribari-Neto 2004). The crate has `Beta(a, b)`; what is wanted is a beta by its mean and precision.
//!
//! cargo run --release --example `custom_distribution`

use figure::{Axis, Frame, Mark, Picture};
use hierarch::prelude::*;
use hierarch::{Fit, Summary, check_distribution};
use plotters::prelude::*;
use serde::Deserialize;

/// p(x) = x^(a - 1) (1 - x)^(b - 1) / B(a, b) with a = mean * precision and b = (1 - mean) * precision.
#[derive(Clone)]
struct Proportion<M, P>(M, P);

impl<N: Number, M: Param<N>, P: Param<N>> Distribution<N> for Proportion<M, P> {
    type Support = Interval<f64, f64>;
    fn support(&self) -> Self::Support {
        Interval(0.0, 1.0)
    }
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let f64::MIN_POSITIVE..1.0 = x.value() else { return Real::constant(f64::NEG_INFINITY) };
        let (a, b) = (self.0.real() * self.1.real(), (1.0 - self.0.real()) * self.1.real());
        (a - 1.0) * x.real().ln() + (b - 1.0) * (-x.real()).ln_1p() - a.ln_beta(b)
    }
}

/// One crude oil, and its distillations.
pub struct Crude {
    runs: Vec<Run>,
}

/// End point of a distillation, in 100 degrees Fahrenheit above 332, and the share of the crude that became gasoline.
pub struct Run {
    heat: f64,
    share: f64,
}

model! {
    /// A curve a crude, partially pooled.
    pub Refinery(crudes: &[Crude]) {
        /// Mean share at 332 degrees.
        typical ~ Proportion(0.2, 5.0);
        /// How alike the crudes are.
        alike ~ LogNormal(3.0, 1.0);
        /// Effect of 100 degrees on the log odds.
        slope ~ Normal(0.0, 2.0);
        /// How repeatable a distillation is.
        precision ~ LogNormal(6.0, 1.0);
        for crude in crudes {
            /// The crude's share at 332 degrees.
            base ~ Proportion(typical, alike);
            for run in &crude.runs {
                run.share ~ Proportion((base.logit() + slope * run.heat).sigmoid(), precision);
            }
        }
    }
}

#[derive(Deserialize)]
struct File {
    crude: Vec<usize>,
    temperature_f: Vec<f64>,
    share: Vec<f64>,
    reference: Reference,
}

#[derive(Deserialize)]
struct Reference {
    mean: Values,
    sd: Values,
}

#[derive(Deserialize)]
struct Values {
    typical: f64,
    alike: f64,
    slope: f64,
    precision: f64,
    base: Vec<f64>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // integrates to one, gradient right in value and parameters, never NaN: with constants and with numbers that vary
    check_distribution!(Proportion(0.2, 5.0));
    check_distribution!(|mean| Proportion(mean, 400.0), [0.03]);
    check_distribution!(|precision| Proportion(0.6, precision), [20.0]);

    let file: File = serde_json::from_str(include_str!("data/prater_gasoline.json"))?;
    let mut crudes: Vec<Crude> = Vec::new();
    for (i, &crude) in file.crude.iter().enumerate() {
        crudes.resize_with(crudes.len().max(crude), || Crude { runs: Vec::new() });
        crudes[crude - 1].runs.push(Run { heat: (file.temperature_f[i] - 332.0) / 100.0, share: file.share[i] });
    }

    let fit = Refinery::new(&crudes).fit()?;
    print!("{fit}");
    let global = fit.global();
    println!("\n{:24} {:>18} {:>24}", "", "this model", "beta regression (ML)");
    println!("{:24} {:>9.3} +- {:.3} {:>15.3} +- {:.3}", "slope", global.slope.mean, global.slope.sd, 1.097, 0.041);
    println!(
        "{:24} {:>9.0} +- {:<5.0} {:>15} +- {}",
        "precision", global.precision.mean, global.precision.sd, 440, 110
    );
    draw(&crudes, &fit)?;

    // a long NUTS run of the same model by NumPyro, with its own beta
    let Reference { mean, sd } = &file.reference;
    let mut compared = vec![
        (global.typical, mean.typical, sd.typical),
        (global.alike, mean.alike, sd.alike),
        (global.slope, mean.slope, sd.slope),
        (global.precision, mean.precision, sd.precision),
    ];
    compared.extend((0..crudes.len()).map(|i| (fit.local(i).base, mean.base[i], sd.base[i])));
    assert!(fit.verdict().is_converged());
    reference::assert_near("NUTS", &compared);
    Ok(())
}

/// Measurements, and for each crude the posterior mean and 90% interval of its curve.
fn draw(crudes: &[Crude], fit: &Fit<Refinery>) -> Result<(), Box<dyn std::error::Error>> {
    let picture = Picture::draw((900, 560), |area| {
        let title = "Gasoline from ten crude oils: Proportion(mean, precision), a distribution of one's own";
        let (degrees, percent) = (|x: &f64| format!("{x:.0}"), |y: &f64| format!("{:.0}%", 100.0 * y));
        let axes = [
            Axis {
                write: Some(&degrees),
                ..Axis::new("end point of the distillation, degrees Fahrenheit", 185.0..480.0)
            },
            Axis { write: Some(&percent), ..Axis::new("share of the crude that becomes gasoline", 0.0..0.6) },
        ];
        let mut chart = Frame { title_size: 19, ..Frame::default() }.chart(area, title, axes)?;
        for (i, crude) in crudes.iter().enumerate() {
            let color = HSLColor(i as f64 / 10.5, 0.75, 0.4);
            let curve = curve(fit, i, crude);
            let along = |value: fn(&Summary) -> f64| -> Vec<_> {
                curve.iter().map(|(degrees, share)| (*degrees, value(share))).collect()
            };
            chart.band([along(|share| share.q95), along(|share| share.q05)], &color.mix(0.18))?;
            chart.line(along(|share| share.mean), color.stroke_width(2))?;
            chart.name(format!("crude {}", i + 1), Mark::Dot(5), &color)?;
            chart.dots(crude.runs.iter().map(|run| (332.0 + 100.0 * run.heat, run.share)), 4, &color)?;
        }
        chart.key(SeriesLabelPosition::UpperLeft)
    })?;
    figure::save("custom_distribution", &picture)
}

/// What is believed of the share of a crude by the end point in degrees, where it was measured.
fn curve(fit: &Fit<Refinery>, crude: usize, Crude { runs }: &Crude) -> Vec<(f64, Summary)> {
    let (first, last) = (runs[0].heat, runs[runs.len() - 1].heat);
    let share = |heat: f64| {
        fit.marginal(|d| {
            let base = d.local[crude].base;
            1.0 / (1.0 + (1.0 - base) / base * (-d.global.slope * heat).exp())
        })
    };
    let heats = (0..=20).map(|k| first - 0.1 + (last - first + 0.2) * f64::from(k) / 20.0);
    heats.map(|heat| (332.0 + 100.0 * heat, share(heat))).collect()
}

#[path = "shared/figure.rs"]
mod figure;

#[path = "shared/reference.rs"]
mod reference;
