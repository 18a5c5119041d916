//! Coordinates of scales in which their long tails are those of a normal.
//!
//! A scale whose prior density is finite at 0, of which data only say that it is small, has a log u with the density exp(u) on
//! the left; where its prior falls as a power, as of half-Cauchy scales that few groups tell of, it falls exponentially on the right
//! as well. With the guide's centre m of u,
//!     u - m = 2 w sqrt(1 + w^2),   z = m + 2 w,   du/dz = (1 + 2 w^2) / sqrt(1 + w^2)
//! leaves narrow posteriors as they are, and makes a density exp(-|u - m|) one that falls as exp(-(z - m)^2 / 2) does; up to some
//! |w|, behind which there is next to nothing of such a density, and u goes on as z does, as it does on a side without such a tail.

use crate::density::Density;
use crate::guide::Guide;
use nalgebra::DVector;

/// |w| up to which a tail is known: a density exp(-|u - m|) has 5e-9 beyond.
const KNOWN: f64 = 3.0;
/// Where it is seen how the prior of a scale falls: so far from the centre, and one more.
const FAR: f64 = 12.0;
/// The slope of a density that is finite at 0 is 1 on the left, up to this.
const SLACK: f64 = 0.1;
/// The steepest slope on the right of one that falls as a power.
const STEEPEST: f64 = -10.0;

/// Which of the coordinates that are proposed are logs of scales.
pub(super) struct LogScales {
    /// By coordinate.
    of_coordinates: Vec<Option<LogScale>>,
}

/// The log of a scale.
#[derive(Clone, Copy)]
struct LogScale {
    /// m
    centre: f64,
    /// How far w goes to the right along a long tail; 0 where there is none.
    known_above: f64,
}

impl LogScales {
    /// Of these coordinates of theta.
    pub(super) fn among(proposed: &[usize], density: &Density<'_>, guide: &Guide) -> Self {
        Self { of_coordinates: proposed.iter().map(|&j| LogScale::find(j, density, &guide.global.loc)).collect() }
    }

    /// Puts coordinates of theta in place of z; ln |du/dz|.
    pub(super) fn to_theta(&self, z: &mut DVector<f64>) -> f64 {
        let mut ln_slope = 0.0;
        for (x, of_coordinate) in z.iter_mut().zip(&self.of_coordinates) {
            let Some(LogScale { centre, known_above }) = of_coordinate else { continue };
            let w = 0.5 * (*x - centre);
            let known = w.clamp(-KNOWN, *known_above);
            let (root, beyond) = ((1.0 + known * known).sqrt(), w - known);
            *x = centre + 2.0 * known * root + 2.0 * beyond;
            if beyond == 0.0 {
                ln_slope += ((1.0 + 2.0 * w * w) / root).ln();
            }
        }
        ln_slope
    }

    /// Puts z in place of coordinates of theta.
    pub(super) fn of_theta(&self, u: &mut DVector<f64>) {
        let reach = |w: f64| 2.0 * w * (1.0 + w * w).sqrt();
        for (x, of_coordinate) in u.iter_mut().zip(&self.of_coordinates) {
            let Some(LogScale { centre, known_above }) = of_coordinate else { continue };
            let away = *x - centre;
            let known = away.clamp(reach(-KNOWN), reach(*known_above));
            *x = centre + 2.0 * (0.5 * known.asinh()).sinh() + (away - known);
        }
    }
}

impl LogScale {
    /// That of a coordinate which is the log of a number with a prior density that is finite and positive at 0.
    fn find(j: usize, density: &Density<'_>, loc: &[f64]) -> Option<Self> {
        let slot = density.layout.global.slot_of(j)?;
        if slot.identity || slot.coordinates.len() != slot.values.len() {
            return None;
        }
        let number = slot.values.start + j - slot.coordinates.start;
        let mut mask = density.open.outside.cleared();
        mask.latents[slot.site] = true;
        let at = |away: f64| {
            let mut theta = loc.to_vec();
            theta[j] += away;
            theta
        };
        let value = |away: f64| {
            let mut values = Vec::new();
            density.program.global_values(&at(away), &mut values);
            values[number]
        };
        let ln_prior = |away: f64| density.program.outside(&mask, &at(away)).latents;
        let is_log_over = |from: f64, to: f64| ((value(to) / value(from)).ln() - (to - from)).abs() < SLACK;
        let is_log = is_log_over(-FAR, 0.0) && is_log_over(-FAR - 1.0, -FAR);
        let (below, above) = (ln_prior(-FAR) - ln_prior(-FAR - 1.0), ln_prior(FAR + 1.0) - ln_prior(FAR));
        let known_above = if above > STEEPEST { KNOWN } else { 0.0 };
        (is_log && (below - 1.0).abs() < SLACK).then_some(Self { centre: loc[j], known_above })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::density::Writing;
    use crate::density::shape::Shape;
    use crate::interpret::discover::Start;
    use crate::model::subset::Subset;
    use crate::prelude::*;

    model! {
        Scales(rate: f64) {
            by_power ~ HalfCauchy(1.0);
            finite ~ HalfNormal(1.0);
            exponential ~ Exponential(rate);
            away_from_0 ~ LogNormal(0.0, 1.0);
            real ~ Normal(0.0, 1.0);
        }
    }

    #[test]
    fn priors_tell_which_tails_are_long() {
        let model = Scales::new(2.0);
        let shape = Shape::discover(&Subset::all(&model), &Start::Zero).expect("valid");
        let density = Density::new(Box::new(Subset::all(&model)), &shape, Writing::CENTRED);
        let known_above = |j: usize| LogScale::find(j, &density, &[0.1; 5]).map(|scale| scale.known_above);
        assert_eq!([0, 1, 2, 3, 4].map(known_above), [Some(KNOWN), Some(0.0), Some(0.0), None, None]);
    }

    #[test]
    fn there_and_back_with_its_slope() {
        let of = |centre, known_above| Some(LogScale { centre, known_above });
        let scales = LogScales { of_coordinates: vec![of(-1.0, 0.0), None, of(2.0, KNOWN)] };
        for z in [[-4.0, 3.0, 2.0], [-1.0, 0.0, 9.5], [0.5, -2.0, 1.9], [-40.0, 1.0, 12.0]] {
            let (mut u, step) = (DVector::from_row_slice(&z), 1e-6);
            let ln_slope = scales.to_theta(&mut u);
            let slope = |j: usize| {
                let [up, down] = [step, -step].map(|by| {
                    let mut moved = DVector::from_row_slice(&z);
                    moved[j] += by;
                    scales.to_theta(&mut moved);
                    moved[j]
                });
                (up - down) / (2.0 * step)
            };
            let expected: f64 = (0..3).map(|j| slope(j).ln()).sum();
            assert!((ln_slope - expected).abs() < 1e-8, "{ln_slope} is not {expected}");
            scales.of_theta(&mut u);
            assert!((u - DVector::from_row_slice(&z)).amax() < 1e-12);
        }
    }
}
