//! Pictures of a fit, behind the feature `plots`: one call each, saved as SVG or PNG.
//!
//! ```no_run
//! use hierarch::{assess::reliability::Reliability, plots};
//! # use hierarch::prelude::*;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # model! {
//! #     Groups(groups: &[Vec<f64>]) {
//! #         mu ~ Normal(0.0, 5.0);
//! #         tau ~ HalfNormal(2.0);
//! #         for ys in groups {
//! #             theta ~ Normal(mu, tau);
//! #             for y in ys {
//! #                 y ~ Normal(theta, 1.0);
//! #             }
//! #         }
//! #     }
//! # }
//! # let groups = [vec![0.3, 2.0, -0.2], vec![1.1, 0.2, 0.9]];
//! let fit = Groups::new(&groups).fit()?;
//! let means: Vec<f64> = groups.iter().map(|ys| ys.iter().sum::<f64>() / ys.len() as f64).collect();
//! plots::forest(&fit, "theta", |local| local.theta, &means)?.save("forest.svg")?;
//! let difference = ("first - second".to_owned(), fit.marginal(|draw| draw.local[0].theta - draw.local[1].theta));
//! plots::intervals("Median and 90%", ["difference", "groups"], &[difference], 0.0)?.save("differences.svg")?;
//! plots::densities(&fit, "tau", |draw| draw.global.tau)?.save("tau.png")?;
//! plots::check(&fit.check(|data| data.task(0)[1])?, "second value of the first group")?.save("check.svg")?;
//! plots::trace(&fit)?.save("elbo.svg")?;
//! // of any predictions with probabilities: how sure they were, and whether they came true
//! let diagram = Reliability::new(&[0.6, 0.7, 0.8, 0.95], &[true, false, true, true], 10);
//! plots::reliability("rain tomorrow", &[("model", &diagram)])?.save("reliability.png")?;
//! # Ok(())
//! # }
//! ```

pub mod chart;
mod check;
mod densities;
mod density_estimate;
mod forest;
mod intervals;
mod picture;
mod reliability;
#[cfg(test)]
mod tests;
mod trace;

pub use check::check;
pub use densities::densities;
pub use forest::forest;
pub use intervals::intervals;
pub use picture::{Area, Drawn, Picture, PlotError};
pub use plotters;
pub use reliability::reliability;
pub use trace::trace;

use plotters::style::RGBColor;

/// Of what is believed.
const POSTERIOR: RGBColor = RGBColor(0, 80, 150);
/// Of what was believed before.
const PRIOR: RGBColor = RGBColor(130, 130, 130);
/// Of what was seen.
const SEEN: RGBColor = RGBColor(213, 94, 0);
/// Of things that are compared: told apart by the colour-blind too (Okabe & Ito 2008).
const PALETTE: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(120, 120, 120),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
];

/// A range around all of these numbers, with a little room on both sides.
fn around(numbers: impl IntoIterator<Item = f64>) -> std::ops::Range<f64> {
    let finite = numbers.into_iter().filter(|x| x.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    if low > high {
        return 0.0..1.0;
    }
    let room = if high > low { 0.05 * (high - low) } else { 0.5 * low.abs().max(1.0) };
    low - room..high + room
}
