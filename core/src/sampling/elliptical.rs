//! Generalised elliptical slice sampling (Nishihara, Murray & Adams 2014; Murray, Adams & MacKay 2010).
//!
//! With t the density of a Student-t of n coordinates and f degrees of freedom, of centre m and scale R R', the target is
//! p(v) = t(v) L(v). A step from v draws the ellipse and the height,
//!     s = (f + d^2) / (2 g),   g ~ Gamma((f + n) / 2),   d = |R^-1 (v - m)|,   w = sqrt(s) R z,   ln h = ln L(v) + ln uniform,
//! and looks for a point of v(a) = m + (v - m) cos a + w sin a with ln L above ln h, at a random angle of a bracket around
//! a = 0 that shrinks to where it was not found. Nothing is to be tuned; a density that is estimated without bias, with new
//! random numbers each time, leaves p invariant as well.
//!
//! With L to a power b < 1 it is t^(1 - b) p^b that is sampled, from whose states p has the weights L^(1 - b): what is apart
//! under p need not be so there.

use crate::linalg::gaussian::{Gaussian, standard_normal};
use nalgebra::{DMatrix, DVector};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma};
use std::f64::consts::TAU;

/// f: tails that are heavier than those of what is sampled.
const DEGREES: f64 = 5.0;
/// How much wider t is where p is flattened, and the power b.
const WIDER: f64 = 2.0;
const FLATTENED: f64 = 0.25;
/// A step that has looked at so many points stays where it was.
const MOST_LOOKS: usize = 32;

/// The Student-t that ellipses are drawn from.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    gaussian: Gaussian,
    inverse: DMatrix<f64>,
    /// b
    power: f64,
}

impl Reference {
    /// Of that centre and scale; `None` where the root is singular.
    pub(crate) fn new(gaussian: Gaussian) -> Option<Self> {
        let inverse = gaussian.root.clone().try_inverse()?;
        Some(Self { gaussian, inverse, power: 1.0 })
    }

    /// The wider one under which p is flattened.
    pub(crate) fn flattened(&self) -> Self {
        Self { gaussian: self.gaussian.clone().widened(WIDER), inverse: &self.inverse / WIDER, power: FLATTENED }
    }

    /// d^2
    fn distance(&self, v: &DVector<f64>) -> f64 {
        (&self.inverse * (v - &self.gaussian.mean)).norm_squared()
    }

    /// ln L(v), but for a constant.
    fn ln_ratio(&self, v: &DVector<f64>, ln_p: f64) -> f64 {
        ln_p + 0.5 * (DEGREES + v.len() as f64) * (self.distance(v) / DEGREES).ln_1p()
    }

    /// The log weight under p of a state that was sampled by this reference.
    pub(crate) fn ln_weight(&self, v: &DVector<f64>, ln_p: f64) -> f64 {
        (1.0 - self.power) * self.ln_ratio(v, ln_p)
    }
}

/// A chain.
pub(crate) struct Walker {
    at: DVector<f64>,
    ln_p: f64,
    step: Option<Step>,
    rng: ChaCha8Rng,
}

/// A step under way.
struct Step {
    away: DVector<f64>,
    across: DVector<f64>,
    ln_height: f64,
    lower: f64,
    upper: f64,
    angle: f64,
    looks: usize,
}

/// What became of a look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Look {
    /// The chain has moved there.
    Moved,
    /// The step is over without a move.
    Stayed,
    /// It goes on.
    On,
}

impl Walker {
    /// A chain that starts there.
    pub(crate) fn new(at: DVector<f64>, ln_p: f64, rng: ChaCha8Rng) -> Self {
        Self { at, ln_p, step: None, rng }
    }

    /// Where to look next.
    pub(crate) fn next(&mut self, reference: &Reference) -> DVector<f64> {
        let Self { at, ln_p, step, rng } = self;
        let mean = &reference.gaussian.mean;
        let step = step.get_or_insert_with(|| {
            let shape = 0.5 * (DEGREES + at.len() as f64);
            let gamma = Gamma::new(shape, 1.0).map_or(shape, |gamma| gamma.sample(rng));
            let s = 0.5 * (DEGREES + reference.distance(at)) / gamma;
            let across = &reference.gaussian.root * standard_normal(at.len(), rng) * s.sqrt();
            let ln_height = reference.power * reference.ln_ratio(at, *ln_p) + rng.random::<f64>().ln();
            let lower = -TAU * rng.random::<f64>();
            let upper = lower + TAU;
            let angle = rng.random_range(lower..upper);
            Step { away: &*at - mean, across, ln_height, lower, upper, angle, looks: 0 }
        });
        mean + &step.away * step.angle.cos() + &step.across * step.angle.sin()
    }

    /// Takes what the density is where it looked.
    pub(crate) fn told(&mut self, looked_at: DVector<f64>, ln_p: f64, reference: &Reference) -> Look {
        let Some(step) = &mut self.step else { return Look::Stayed };
        let angle = step.angle;
        if reference.power * reference.ln_ratio(&looked_at, ln_p) > step.ln_height {
            (self.at, self.ln_p, self.step) = (looked_at, ln_p, None);
            return Look::Moved;
        }
        step.looks += 1;
        if step.looks >= MOST_LOOKS {
            self.step = None;
            return Look::Stayed;
        }
        *(if angle < 0.0 { &mut step.lower } else { &mut step.upper }) = angle;
        step.angle = self.rng.random_range(step.lower..=step.upper);
        Look::On
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampling::stream::keyed;

    fn reference(scale: f64) -> Reference {
        let root = DMatrix::identity(2, 2) * scale;
        Reference::new(Gaussian { mean: DVector::zeros(2), root }).expect("regular")
    }

    /// So many states of a chain from 0.
    fn walk(reference: &Reference, steps: usize, mut ln_p: impl FnMut(&DVector<f64>) -> f64) -> Vec<DVector<f64>> {
        let start = DVector::zeros(2);
        let mut walker = Walker::new(start.clone(), ln_p(&start), keyed(1, 2, 3));
        let mut states = Vec::new();
        while states.len() < steps {
            let at = walker.next(reference);
            let found = ln_p(&at);
            if walker.told(at, found, reference) != Look::On {
                states.push(walker.at.clone());
            }
        }
        states
    }

    fn mean(states: &[DVector<f64>], f: impl Fn(&DVector<f64>) -> f64) -> f64 {
        states.iter().map(f).sum::<f64>() / states.len() as f64
    }

    /// y ~ N(0, 1), x ~ N(y^2 / 2, 1): E x = 1/2, var x = 3/2.
    fn banana(v: &DVector<f64>) -> f64 {
        -0.5 * v[1] * v[1] - 0.5 * (v[0] - 0.5 * v[1] * v[1]).powi(2)
    }

    #[test]
    fn states_have_the_moments_of_what_is_sampled() {
        let states = walk(&reference(1.5), 40_000, banana);
        let (x, y) = (mean(&states, |v| v[0]), mean(&states, |v| v[1]));
        assert!((x - 0.5).abs() < 0.05 && y.abs() < 0.04, "{x} {y}");
        let (xx, yy) = (mean(&states, |v| (v[0] - x).powi(2)), mean(&states, |v| v[1] * v[1]));
        assert!((xx / 1.5).ln().abs() < 0.1 && yy.ln().abs() < 0.05, "{xx} {yy}");
    }

    /// Two normals 8 standard deviations apart, the second with a tenth of the mass.
    #[test]
    fn what_is_apart_is_found_where_it_is_flattened() {
        let two = |v: &DVector<f64>| {
            let of = |at: f64| (-0.5 * (v[0] - at).powi(2) - 0.5 * v[1] * v[1]).exp();
            (0.9 * of(0.0) + 0.1 * of(8.0)).ln()
        };
        let flat = reference(1.0).flattened();
        let states = walk(&flat, 20_000, two);
        let weights: Vec<f64> = states.iter().map(|v| flat.ln_weight(v, two(v)).exp()).collect();
        let beyond = states.iter().zip(&weights).filter(|(v, _)| v[0] > 4.0).map(|(_, w)| w).sum::<f64>();
        let share = beyond / weights.iter().sum::<f64>();
        assert!((share - 0.1).abs() < 0.03, "{share}");
    }

    /// The weight of each evaluation is 1/2 or 3/2 by chance.
    #[test]
    fn a_density_that_is_estimated_without_bias_will_do() {
        let mut rng = keyed(4, 5, 6);
        let states = walk(&reference(1.0), 40_000, |v| {
            let weight: f64 = if rng.random::<bool>() { 0.5 } else { 1.5 };
            -0.5 * v.norm_squared() + weight.ln()
        });
        let (x, xx) = (mean(&states, |v| v[0]), mean(&states, |v| v[0] * v[0]));
        assert!(x.abs() < 0.03 && xx.ln().abs() < 0.05, "{x} {xx}");
    }

    #[test]
    fn from_where_there_is_no_density_it_finds_some() {
        let wall = |v: &DVector<f64>| if v[0] > 0.3 { -0.5 * v.norm_squared() } else { f64::NEG_INFINITY };
        let states = walk(&reference(1.0), 5000, wall);
        assert!(states[10..].iter().all(|v| v[0] > 0.3));
        // of a normal beyond 0.3
        let x = mean(&states[10..], |v| v[0]);
        assert!((x - 0.9985).abs() < 0.05, "{x}");
    }
}
