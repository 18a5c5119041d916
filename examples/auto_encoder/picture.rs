//! Pictures of an auto-encoder: how its bound grows, what its latents mean, what it makes of half an image.

use crate::figure::{self, Axis, Frame, Mark, Picture};
use crate::{Image, Trained, decode};
use hierarch::prelude::*;
use plotters::prelude::*;
use std::error::Error;

/// The bound along a training, against images seen.
pub(crate) struct Curve {
    pub(crate) latents: usize,
    pub(crate) training: Vec<(f64, f64)>,
    pub(crate) test: Vec<(f64, f64)>,
}

const COLORS: [RGBColor; 4] =
    [RGBColor(0, 114, 178), RGBColor(213, 94, 0), RGBColor(0, 158, 115), RGBColor(204, 121, 167)];

/// Draws the bounds against images seen, on a logarithmic scale.
pub(crate) fn curves(curves: &[Curve]) -> Result<(), Box<dyn Error>> {
    let log = |points: &[(f64, f64)]| points.iter().map(|(n, bound)| (n.log10(), *bound)).collect::<Vec<_>>();
    let write = |x: &f64| format!("1e{x:.0}");
    let picture = Picture::draw((1000, 520), |area| {
        let axes = [
            Axis { labels: 4, write: Some(&write), ..Axis::new("images seen", 4.0..6.3) },
            Axis::new("bound, nats an image", -31.0..-15.0),
        ];
        let mut chart = Frame::default().chart(area, "Bound of an image by number of latents", axes)?;
        for (curve, color) in curves.iter().zip(COLORS) {
            chart.line(log(&curve.training), color.stroke_width(1))?;
            chart.dashes(log(&curve.test), &color)?;
            chart.dots(log(&curve.test), 5, &color)?;
            chart.name(format!("{} latents", curve.latents), Mark::Dot(5), &color)?;
        }
        chart.name("of the images that it is trained on", Mark::Line, &BLACK)?;
        chart.name("of images never seen", Mark::Dot(5), &BLACK)?;
        chart.key(SeriesLabelPosition::LowerRight)
    })?;
    figure::save("auto_encoder", &picture)
}

/// How black each pixel is: from 0 to 1.
type Shades = Vec<f64>;

/// Draws images in rows.
fn gallery(name: &str, rows: &[Vec<Shades>]) -> Result<(), Box<dyn Error>> {
    const CELL: i32 = 6;
    const STEP: i32 = 8 * CELL + 6;
    let size = |cells: usize| u32::try_from(STEP).unwrap_or(0) * u32::try_from(cells).unwrap_or(0) + 6;
    let picture = Picture::draw((size(rows[0].len()), size(rows.len())), |area| {
        for (y, row) in (0..).zip(rows) {
            for (x, image) in (0..).zip(row) {
                for (k, shade) in (0..).zip(image) {
                    let at = (6 + x * STEP + k % 8 * CELL, 6 + y * STEP + k / 8 * CELL);
                    let color = BLACK.mix(0.04 + 0.96 * shade);
                    area.draw(&Rectangle::new([at, (at.0 + CELL, at.1 + CELL)], color.filled()))?;
                }
            }
        }
        Ok(())
    })?;
    figure::save(name, &picture)
}

fn shades(logits: Vec<Real<f64>>) -> Shades {
    logits.into_iter().map(|logit| logit.sigmoid().value()).collect()
}

/// Draws what two latents stand for, at the quantiles of their prior.
pub(crate) fn plane<F>(fit: &Trained<'_, F>, any: &Image) -> Result<(), Box<dyn Error>>
where
    F: Fn(&Image) -> Vec<f64> + Send + Sync,
{
    let drawn = fit.correct(any, 1)?;
    let Some((draw, _)) = drawn.weighted_draws().next() else { return Ok(()) };
    let weights = &draw.global;
    let quantiles: Vec<f64> = (-4..=4).map(|k| f64::from(k) * 0.45).collect();
    let image = |x: f64, y: f64| shades(decode::<f64, _, _>([&weights.w, &weights.b, &weights.v, &weights.c], &[x, y]));
    let rows: Vec<_> = quantiles.iter().map(|&y| quantiles.iter().map(|&x| image(x, y)).collect()).collect();
    gallery("auto_encoder_plane", &rows)
}

/// Draws images, their upper halves, and what these make of the lower ones.
pub(crate) fn halves<F>(fit: &Trained<'_, F>, test: &[Image]) -> Result<(), Box<dyn Error>>
where
    F: Fn(&Image) -> Vec<f64> + Send + Sync,
{
    let mut rows = [Vec::new(), Vec::new(), Vec::new()];
    let (mut right, mut ln_p) = (0.0, 0.0);
    for (i, image) in test.iter().enumerate() {
        let half: Image = image.iter().enumerate().map(|(k, pixel)| pixel.filter(|_| k < 32)).collect();
        let adapted = fit.correct(&half, 500)?;
        let mut filled = vec![0.0; image.len()];
        for (draw, weight) in adapted.weighted_draws() {
            let weights = &draw.global;
            let logits = decode::<f64, _, _>([&weights.w, &weights.b, &weights.v, &weights.c], &draw.local.z);
            filled.iter_mut().zip(shades(logits)).for_each(|(sum, shade)| *sum += weight * shade);
        }
        for (pixel, shade) in image.iter().zip(&filled).skip(32) {
            let probability = if *pixel == Some(true) { *shade } else { 1.0 - shade };
            right += f64::from(u8::from(probability > 0.5)) / (32 * test.len()) as f64;
            ln_p += probability.ln() / (32 * test.len()) as f64;
        }
        if i % 20 == 5 {
            let seen = crate::pixels(&half);
            rows[0].push(crate::pixels(image));
            rows[1].push(seen.clone());
            rows[2].push(seen[..32].iter().chain(&filled[32..]).copied().collect());
        }
    }
    println!("lower halves from upper ones: {:.1}% of pixels right, ln p {ln_p:.3} a pixel", 100.0 * right);
    assert!(right > 0.7, "{right}");
    gallery("auto_encoder_halves", &rows)
}
