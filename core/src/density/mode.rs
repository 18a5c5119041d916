//! To a local maximum of a small log density, from anywhere.
//!
//! Where the density is log-concave the step is Newton's, H step = -g. Elsewhere it is Newton's with the curvatures made
//! positive: step = sum_j v_j (v_j' g) / |c_j| over the eigenpairs (c_j, v_j) of -H, which climbs, and leaves saddles.
//! Steps that lose are halved.

use crate::numbers::pass::Derivatives;
use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

/// A Newton step that promises less than this, in nats, is taken without looking: proposals need no more.
const CLOSE: f64 = 0.01;
/// Ascent ends where a step gains less, in nats; a step at least gains this part of what its slope says.
const LITTLE: f64 = 1e-5;
const ARMIJO: f64 = 1e-4;
const MOST_STEPS: usize = 100;
const MOST_HALVINGS: usize = 40;
/// Curvatures are at least this part of the largest.
const FLAT: f64 = 1e-4;

/// Where an ascent ended: a mode, or the best it found, with the Cholesky factor of the precision there, if it has one.
pub(crate) struct Mode {
    pub(crate) at: DVector<f64>,
    pub(crate) value: f64,
    pub(crate) precision: Option<Cholesky<f64, Dyn>>,
}

impl Mode {
    /// Squared distance in the metric of the precision here; infinite without one.
    pub(crate) fn distance_squared(&self, other: &DVector<f64>) -> f64 {
        self.precision.as_ref().map_or(f64::INFINITY, |p| (p.l().transpose() * (other - &self.at)).norm_squared())
    }
}

/// Climbs from `start` to a local maximum.
pub(crate) fn find_mode(start: DVector<f64>, evaluate: &mut dyn FnMut(&DVector<f64>, &mut Derivatives)) -> Mode {
    let (mut here, mut next) = (Derivatives::default(), Derivatives::default());
    evaluate(&start, &mut here);
    let mut mode = Mode { precision: precision(&here), value: here.value, at: start };
    for _ in 0..MOST_STEPS {
        let gradient = DVector::from_column_slice(&here.gradient);
        let step = match &mode.precision {
            Some(precision) => {
                let step = precision.solve(&gradient);
                let promised = 0.5 * step.dot(&gradient);
                if promised < CLOSE {
                    mode.at += step;
                    mode.value += promised;
                    return mode;
                }
                step
            }
            None => match modified_step(&here, &gradient) {
                Some(step) => step,
                None => return mode,
            },
        };
        let slope = step.dot(&gradient);
        let mut factor = 1.0;
        let found = (0..MOST_HALVINGS).find_map(|_| {
            let at = &mode.at + &step * factor;
            evaluate(&at, &mut next);
            let is_better = next.value.is_finite() && next.value > mode.value + ARMIJO * factor * slope;
            factor *= 0.5;
            is_better.then_some(at)
        });
        let Some(at) = found else { return mode };
        std::mem::swap(&mut here, &mut next);
        let gained = here.value - mode.value;
        mode = Mode { precision: precision(&here), value: here.value, at };
        if gained < LITTLE {
            return mode;
        }
    }
    mode
}

/// The Cholesky factor of -H, where that is positive definite.
pub(crate) fn precision(here: &Derivatives) -> Option<Cholesky<f64, Dyn>> {
    let n = here.gradient.len();
    let is_finite = here.value.is_finite() && here.gradient.iter().all(|g| g.is_finite());
    is_finite.then(|| (-DMatrix::from_row_slice(n, n, &here.hessian)).cholesky()).flatten()
}

/// The step where -H is not positive definite; `None` where nothing is to be gained or derivatives are not finite.
fn modified_step(here: &Derivatives, gradient: &DVector<f64>) -> Option<DVector<f64>> {
    let n = gradient.len();
    if !here.value.is_finite() || here.gradient.iter().chain(&here.hessian).any(|d| !d.is_finite()) {
        return None;
    }
    let eigen = (-DMatrix::from_row_slice(n, n, &here.hessian)).symmetric_eigen();
    let largest = eigen.eigenvalues.amax();
    // without curvature: a step of length 1
    let floor = if largest > 0.0 { FLAT * largest } else { gradient.norm() };
    let mut step = DVector::zeros(n);
    for (&curvature, v) in eigen.eigenvalues.iter().zip(eigen.eigenvectors.column_iter()) {
        let size = curvature.abs().max(floor).max(f64::MIN_POSITIVE);
        let slope = v.dot(gradient);
        // at a saddle the gradient does not tell the way out: one standard deviation of a mode as sharp
        let least = if curvature < -floor { size.sqrt().recip() } else { 0.0 };
        let length = (slope.abs() / size).max(least).copysign(slope);
        step.axpy(length, &v, 1.0);
    }
    (step.norm() > 0.0 && step.iter().all(|s| s.is_finite())).then_some(step)
}
