//! Coordinates of scales in which tails are those of a normal.
//!
//! A scale whose prior density is finite at 0, of which data only say that it is small, has a log u with the density exp(u) on
//! the left. With the guide's centre m of u, below it
//!     u - m = 2 w sqrt(1 + w^2),   z = m + 2 w,   du/dz = (1 + 2 w^2) / sqrt(1 + w^2)
//! leaves narrow posteriors as they are, and makes a density exp(u) one that falls as exp(-(z - m)^2 / 2) does; down to some w,
//! below which there is next to nothing of such a density, and u goes on as z does, as it does above m.

use crate::density::Density;
use crate::guide::Guide;
use nalgebra::DVector;

/// w down to which the tail is known: a density exp(u - m) has 5e-9 below.
const KNOWN: f64 = -3.0;
/// Where it is seen how the prior of a scale falls on the left: so far from the centre, and one more.
const FAR: f64 = 12.0;
/// The slope of a density that is finite at 0 is 1 there, up to this.
const SLACK: f64 = 0.1;

/// Which of the coordinates that are proposed are logs of scales.
pub(super) struct LogScales {
    /// By coordinate: m.
    centres: Vec<Option<f64>>,
}

impl LogScales {
    /// Of these coordinates of theta.
    pub(super) fn among(proposed: &[usize], density: &Density<'_>, guide: &Guide) -> Self {
        let loc = &guide.global.loc;
        let centre = |&j: &usize| is_log_of_scale(j, density, loc).then_some(loc[j]);
        Self { centres: proposed.iter().map(centre).collect() }
    }

    /// Puts coordinates of theta in place of z; ln |du/dz|.
    pub(super) fn to_theta(&self, z: &mut DVector<f64>) -> f64 {
        let mut ln_slope = 0.0;
        for (x, centre) in z.iter_mut().zip(&self.centres) {
            let Some(centre) = centre else { continue };
            let w = 0.5 * (*x - centre);
            let known = w.clamp(KNOWN, 0.0);
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
        for (x, centre) in u.iter_mut().zip(&self.centres) {
            let Some(centre) = centre else { continue };
            let least = 2.0 * KNOWN * (1.0 + KNOWN * KNOWN).sqrt();
            let (away, known) = (*x - centre, (*x - centre).clamp(least, 0.0));
            *x = centre + 2.0 * (0.5 * known.asinh()).sinh() + (away - known);
        }
    }
}

/// Whether a coordinate is the log of a number with a prior density that is finite and positive at 0.
fn is_log_of_scale(j: usize, density: &Density<'_>, loc: &[f64]) -> bool {
    let Some(slot) = density.layout.global.slot_of(j) else { return false };
    if slot.identity || slot.coordinates.len() != slot.values.len() {
        return false;
    }
    let number = slot.values.start + j - slot.coordinates.start;
    let mut mask = density.open.outside.cleared();
    mask.latents[slot.site] = true;
    let at = |away: f64| {
        let (mut theta, mut values) = (loc.to_vec(), Vec::new());
        theta[j] -= away;
        density.program.global_values(&theta, &mut values);
        (values[number], density.program.outside(&mask, &theta).latents)
    };
    let ((here, _), (near, higher), (far, lower)) = (at(0.0), at(FAR), at(FAR + 1.0));
    let is_log = ((here / near).ln() - FAR).abs() < SLACK && ((near / far).ln() - 1.0).abs() < SLACK;
    is_log && (higher - lower - 1.0).abs() < SLACK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_with_its_slope() {
        let scales = LogScales { centres: vec![Some(-1.0), None, Some(2.0)] };
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
