//! How a trained network does on waves never seen.

use crate::network::network;
use crate::wave::Wave;
use crate::{KNOWN, Trained, seen};
use hierarch::assess::metrics::Estimate;
use hierarch::special::normal_cdf;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Points of a wave that are told, evenly from -5 to 5.
const TOLD: u32 = 50;

/// Means over waves, by the number of points known.
pub(crate) struct Found {
    /// Mean squared error of the predictive mean.
    pub(crate) error: [Estimate; 2],
    /// The share of a wave that is within the 90% band of its prediction, noise included.
    pub(crate) coverage: [Estimate; 2],
}

/// The same waves, whoever tells them.
pub(crate) fn judge(fit: &Trained<'_>, waves: usize) -> Result<Found, hierarch::Error> {
    let noise = fit.global().noise.mean;
    let of = |known: usize| {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let of_wave = |_| {
            let (wave, seed) = (Wave::draw(&mut rng), rng.random());
            of_wave(fit, noise, wave, &wave.points(known, 0.0, &mut ChaCha8Rng::seed_from_u64(seed)))
        };
        let found = (0..waves).map(of_wave).collect::<Result<Vec<[f64; 2]>, hierarch::Error>>()?;
        Ok::<_, hierarch::Error>([0, 1].map(|k| Estimate::of(&found.iter().map(|f| f[k]).collect::<Vec<_>>())))
    };
    let ([few, few_covered], [many, many_covered]) = (of(KNOWN[0])?, of(KNOWN[1])?);
    Ok(Found { error: [few, many], coverage: [few_covered, many_covered] })
}

/// The mean squared error on a wave, and the share of it within the band.
fn of_wave(fit: &Trained<'_>, noise: f64, wave: Wave, points: &[(f64, f64)]) -> Result<[f64; 2], hierarch::Error> {
    let adapted = fit.adapt(&seen(points))?;
    let (mut error, mut covered) = (0.0, 0.0);
    for k in 0..TOLD {
        let x = 10.0 * (f64::from(k) + 0.5) / f64::from(TOLD) - 5.0;
        let (mut mean, mut below) = (0.0, 0.0);
        for (draw, weight) in adapted.weighted_draws() {
            let told = network::<f64, _>(&draw.local.w, &[x]).value();
            mean += weight * told;
            below += weight * normal_cdf((wave.at(x) - told) / noise);
        }
        error += (mean - wave.at(x)).powi(2) / f64::from(TOLD);
        covered += f64::from(u8::from((0.05..0.95).contains(&below))) / f64::from(TOLD);
    }
    Ok([error, covered])
}
