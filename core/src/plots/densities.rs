//! Densities before and after the data.

use crate::error::Error;
use crate::fit::{Fit, Fittable};
use crate::model::draw::Draw;
use crate::plots::chart::{Axis, Frame, Lines, Mark, Point};
use crate::plots::density_estimate::{DensityEstimate, quantile};
use crate::plots::picture::{Picture, PlotError};
use crate::plots::{POSTERIOR, PRIOR};
use crate::progress::Progress;
use crate::sampling::stream::{Question, Stream};
use plotters::prelude::SeriesLabelPosition;
use plotters::style::{Color, RGBColor};

/// Draws of prior and posterior.
const DRAWS: usize = 2000;
/// Points of a curve.
const POINTS: u32 = 300;

/// The posterior density of any function of the latents, over that of its prior; an improper prior, which cannot be drawn
/// from, is left out.
///
/// # Errors
/// [`PlotError::Drawing`], also where the function is the same number, or none, for all draws of the posterior;
/// [`PlotError::Model`] where the prior has no draw that its distributions allow.
pub fn densities<M: Fittable>(fit: &Fit<M>, name: &str, of: impl Fn(&Draw<M>) -> f64) -> Result<Picture, PlotError> {
    let options = &fit.solution.options;
    let [mut of_posterior, mut of_prior] =
        [Question::Picture, Question::PictureOfPrior].map(|question| Stream::Question(question).of(options.seed));
    let progress = Progress::new(options);
    progress.stage("densities", DRAWS);
    let posterior: Vec<f64> = fit.draws(DRAWS, &mut of_posterior).iter().map(&of).collect();
    let simulate = |done: usize| {
        progress.counted(done, "draws of the prior");
        Ok(of(&fit.model().simulate(&mut of_prior)?.latents))
    };
    let simulated: Result<Vec<f64>, Error> = (0..DRAWS).map(simulate).collect();
    let prior = match simulated {
        Ok(prior) => prior,
        Err(Error::NoSampler { .. }) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    draw(name, &prior, &posterior)
}

fn draw(name: &str, prior: &[f64], posterior: &[f64]) -> Result<Picture, PlotError> {
    let weights = vec![(DRAWS as f64).recip(); DRAWS];
    let [low, high] = [0.002, 0.998].map(|level| quantile(posterior, &weights, level));
    let room = 0.5 * (high - low);
    let is_positive = posterior.iter().chain(prior).all(|x| *x >= 0.0);
    let x = (if is_positive { (low - room).max(0.0) } else { low - room })..high + room;
    let curve = |draws: &[f64]| -> Option<Vec<Point>> {
        let density = DensityEstimate::of(draws, &weights[..draws.len()])?;
        let at = |k: u32| x.start + (x.end - x.start) * f64::from(k) / f64::from(POINTS);
        Some((0..=POINTS).map(|k| (at(k), density.at(at(k)))).collect())
    };
    let Some(after) = curve(posterior) else {
        return Err(PlotError::Drawing(format!("`{name}` has no density")));
    };
    let before = curve(prior).unwrap_or_default();
    let top = after.iter().chain(&before).fold(0.0_f64, |top, point| top.max(point.1));
    Picture::draw((720, 420), |area| {
        let height = Axis { lines: Lines::No, ..Axis::new("density", 0.0..1.08 * top) };
        let axes = [Axis::new(name, x.clone()), height];
        let mut chart = Frame { beside: 66, margin_right: 24, ..Frame::default() }.chart(area, name, axes)?;
        let curves: [(&str, &[Point], RGBColor); 2] = [("prior", &before, PRIOR), ("posterior", &after, POSTERIOR)];
        for (what, curve, color) in curves.into_iter().filter(|(_, curve, _)| !curve.is_empty()) {
            let floor = vec![(x.start, 0.0), (x.end, 0.0)];
            chart.band([curve.to_vec(), floor], &color.mix(0.2))?;
            chart.line(curve.iter().copied(), color.stroke_width(2))?;
            chart.name(what, Mark::Line, &color)?;
        }
        chart.key(SeriesLabelPosition::UpperRight)
    })
}
