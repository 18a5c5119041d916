//! The way out of a saddle: a small gradient is a maximum only where the ELBO curves down in every direction.
//!
//! The arrow tells. -H is positive definite where every task's block A_i and the Schur complement S are (Haynsworth 1968);
//! where a block A_i is not, the ELBO rises along its eigenvector, and where S is not, along
//!     v of S,  p_i = -A_i^-1 B_i v,
//! since p' (-H) p = v' S v. Without second derivatives the Lanczos method looks for the largest curvature, with
//! products H v from differences of gradients (Golub & Van Loan 2013, section 10.1).

use crate::guide::metric::Metric;
use crate::linalg::arrow::{Arrow, ArrowVector};
use nalgebra::{DMatrix, DVector};

/// Curvature upwards is no more than rounding below this, in units in which the guide's own curvature is 1.
const FLAT: f64 = 1e-6;
/// Curvature upwards is no more than rounding below this where curvatures are differences of gradients.
const FLAT_BY_DIFFERENCES: f64 = 1e-2;
/// Lanczos steps, one gradient each, and how long the steps are that gradients are compared over, in the guide's widths.
const LANCZOS_STEPS: usize = 16;
const DIFFERENCE: f64 = 1e-4;
/// A climb leaves so many saddles.
pub(super) const MOST_ESCAPES: usize = 20;
/// How often the step out of a saddle is halved.
const HALVINGS: usize = 20;

/// A step along which the ELBO curves up, of length 1 in the metric, not against the gradient; `None` where it curves
/// down in all directions.
pub(super) fn way_up(arrow: &Arrow, metric: &Metric) -> Option<ArrowVector> {
    let metric = metric.diagonal();
    if arrow.factorise(FLAT, metric).is_some() {
        return None;
    }
    let mut step = ArrowVector { global: DVector::zeros(metric.global.len()), tasks: arrow.tasks.gradient.clone() };
    let mut is_found = false;
    for i in 0..step.tasks.len() {
        let n = metric.tasks[i].len();
        let found = most_upward(&DMatrix::from_row_slice(n, n, &arrow.tasks.hessian[i]), &metric.tasks[i]);
        is_found |= found.is_some();
        step.tasks[i].copy_from_slice(found.unwrap_or_else(|| DVector::zeros(n)).as_slice());
    }
    if !is_found {
        let (s, eliminated) = arrow.eliminate(FLAT, metric)?;
        step = eliminated.with_tasks(most_upward(&-s, metric.global.as_slice())?);
    }
    let square: f64 = step.iter().zip(metric.iter()).map(|(p, d)| p * p * d).sum();
    let factor = square.sqrt().recip().copysign(step.dot(&arrow.gradient()));
    step.iter_mut().for_each(|p| *p *= factor);
    factor.is_finite().then_some(step)
}

/// The direction in which a Hessian is largest in a diagonal metric, if it is positive there.
fn most_upward(hessian: &DMatrix<f64>, metric: &[f64]) -> Option<DVector<f64>> {
    let root: Vec<f64> = metric.iter().map(|d| d.sqrt().recip()).collect();
    let scaled = DMatrix::from_fn(root.len(), root.len(), |r, c| root[r] * hessian[(r, c)] * root[c]);
    let (curvature, v) = largest(scaled)?;
    (curvature > FLAT).then(|| v.component_mul(&DVector::from_vec(root)))
}

/// The largest eigenvalue of a symmetric matrix of finite numbers, and its eigenvector.
fn largest(matrix: DMatrix<f64>) -> Option<(f64, DVector<f64>)> {
    if matrix.is_empty() || matrix.iter().any(|h| !h.is_finite()) {
        return None;
    }
    let eigen = matrix.symmetric_eigen();
    let (top, curvature) = eigen.eigenvalues.argmax();
    Some((curvature, eigen.eigenvectors.column(top).into_owned()))
}

/// A step along which a function curves up, of length 1 in the metric of the inverse `width`, from its `gradient` here and
/// those a step away, starting from the direction `first`; `None` if a few steps find none.
pub(super) fn way_up_by_differences(
    gradient: &[f64],
    width: &[f64],
    first: &[f64],
    gradient_after: &mut dyn FnMut(&[f64]) -> Vec<f64>,
) -> Option<Vec<f64>> {
    let root = DVector::from_iterator(width.len(), width.iter().map(|w| w.sqrt()));
    let here = DVector::from_column_slice(gradient);
    let mut basis = vec![DVector::from_column_slice(first).normalize()];
    let mut products: Vec<DVector<f64>> = Vec::new();
    for _ in 0..LANCZOS_STEPS.min(width.len()) {
        let step = basis[basis.len() - 1].component_mul(&root) * DIFFERENCE;
        let change = DVector::from_vec(gradient_after(step.as_slice())) - &here;
        products.push(change.component_mul(&root) / DIFFERENCE);
        let projected = DMatrix::from_fn(basis.len(), basis.len(), |r, c| {
            0.5 * (basis[r].dot(&products[c]) + basis[c].dot(&products[r]))
        });
        let (curvature, mix) = largest(projected)?;
        if curvature > FLAT_BY_DIFFERENCES {
            let up = basis.iter().zip(mix.iter()).map(|(v, m)| v * *m).sum::<DVector<f64>>().component_mul(&root);
            let sign = 1.0_f64.copysign(up.dot(&here));
            return Some(up.iter().map(|u| sign * u).collect());
        }
        let mut next = products[products.len() - 1].clone();
        // twice, since the first turn leaves rounding
        for v in basis.iter().chain(&basis) {
            next.axpy(-v.dot(&next), v, 1.0);
        }
        let size = next.norm();
        if size.is_nan() || size <= FLAT_BY_DIFFERENCES {
            return None;
        }
        basis.push(next / size);
    }
    None
}

/// What is reached along a way out of a saddle: the first of the candidates, one for every signed length, whose value beats
/// `beyond`.
pub(super) fn escaped<T>(beyond: f64, mut candidate: impl FnMut(f64) -> (f64, T)) -> Option<T> {
    let lengths = (0..HALVINGS).map(|halvings| 0.5_f64.powi(i32::try_from(halvings).unwrap_or(i32::MAX)));
    lengths.flat_map(|length| [length, -length]).find_map(|length| {
        let (value, at) = candidate(length);
        (value.is_finite() && value > beyond).then_some(at)
    })
}
