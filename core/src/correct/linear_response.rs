//! Linear-response covariances: what mean-field underestimates, repaired (Giordano, Broderick & Jordan 2018).
//!
//! The covariance of u is how the optimal means respond to a tilt of the posterior: the means' block of the inverse of the
//! ELBO's negative Hessian in (loc, ln_scale) at the optimum. The arrow gives it in O(M).

use crate::density::shape::Shape;
use crate::guide::Guide;
use crate::guide::metric::Metric;
use crate::linalg::arrow::{Arrow, Factorised, TaskCovariance};
use crate::posterior::gaussian::{GaussianHierarchy, GivenTheta, Refusal, Spread, diagonal};
use nalgebra::DMatrix;

/// Corrected standard deviations below this many mean-field ones, or above so many, are not believed. A large ratio is what
/// strong correlation looks like: with a covariate of 2000 +- 1 for a year, intercept and slope have ratios of 2000. But of
/// the logarithm of a scale, or whatever else is transformed, it is what a heavy tail does to a linear approximation.
const LEAST: f64 = 0.25;
const MOST: f64 = 1e4;
const MOST_TRANSFORMED: f64 = 4.0;

/// Which coordinates are latents as they are, not transformed.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// By global coordinate.
    pub(crate) global: Vec<bool>,
    /// Whether all local coordinates are.
    pub(crate) local: bool,
}

impl Identity {
    pub(crate) fn of(shape: &Shape) -> Self {
        let slots = shape.global.slots().iter();
        let global = slots.flat_map(|slot| slot.coordinates.clone().map(|_| slot.identity)).collect();
        Self { global, local: shape.local_identity }
    }
}

/// The linear-response posterior, from the expansion of the ELBO at its optimum; `None` where the negative Hessian is not positive definite.
///
/// A global coordinate that is refused is made independent of the other globals before any task is looked at, so that
/// tasks respond to it as they do to every other, and share none of the variance that is not believed.
pub(crate) fn linear_response(guide: &Guide, arrow: &Arrow, identity: &Identity) -> Option<GaussianHierarchy> {
    let mut factorised: Factorised = arrow.factorise(0.0, Metric::of(guide, arrow).diagonal())?;
    let globals = guide.global.len();
    let mut refused: Vec<Refusal> = Vec::new();
    let whole = factorised.global_inverse.clone().cholesky().map(|c| c.inverse());
    let curvature = whole.map(|whole| whole.view((0, 0), (globals, globals)).into_owned());
    if guide.is_point() {
        factorised.global_inverse.fill(0.0);
    } else {
        let refused_here = believe(&mut factorised.global_inverse, &guide.global.ln_scale, |j| identity.global[j]);
        refused.extend(refused_here.into_iter().map(|coordinate| Refusal { task: None, coordinate }));
    }
    let global = factorised.global_inverse.view((0, 0), (globals, globals)).into_owned();
    let inverse = global.clone().cholesky().map(|c| c.inverse());
    let tasks = (0..guide.num_tasks()).map(|i| {
        let scales = &guide.local.ln_scale[guide.task(i)];
        let n = scales.len();
        let mut refuse = |coordinate| refused.push(Refusal { task: Some(i), coordinate });
        let TaskCovariance { mut own, cross } = factorised.task_covariance(i);
        let refused_here = believe(&mut own, scales, |_| identity.local);
        let own = own.view((0, 0), (n, n)).into_owned();
        if !refused_here.is_empty() {
            refused_here.into_iter().for_each(refuse);
            return GivenTheta { slope: None, covariance: own };
        }
        let cross = cross.view((0, 0), (n, globals));
        let slope = inverse.as_ref().map(|inverse| cross * inverse);
        let covariance = match &slope {
            Some(slope) => own - slope * cross.transpose(),
            None => own,
        };
        if covariance.clone().cholesky().is_none() {
            (0..n).for_each(&mut refuse);
            return GivenTheta { slope: None, covariance: diagonal(scales) };
        }
        GivenTheta { slope, covariance }
    });
    let tasks = tasks.collect();
    Some(GaussianHierarchy { global: Spread::Covariance(global), tasks, curvature, refused })
}

/// In a covariance of means and then log-scales: makes the coordinates whose variance is implausible independent of the
/// others, with their mean-field variance and a log-scale that is held; returns them.
fn believe(covariance: &mut DMatrix<f64>, ln_scale: &[f64], is_identity: impl Fn(usize) -> bool) -> Vec<usize> {
    let n = ln_scale.len();
    let is_implausible = |&j: &usize| {
        let ratio = covariance[(j, j)].sqrt() / ln_scale[j].exp();
        !(LEAST..=if is_identity(j) { MOST } else { MOST_TRANSFORMED }).contains(&ratio)
    };
    let refused: Vec<usize> = (0..n).filter(is_implausible).collect();
    for &j in &refused {
        for slot in [j, n + j] {
            covariance.row_mut(slot).fill(0.0);
            covariance.column_mut(slot).fill(0.0);
        }
        covariance[(j, j)] = (2.0 * ln_scale[j]).exp();
    }
    refused
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guide::MeanField;
    use crate::linalg::arrow::TaskArrows;
    use nalgebra::DVector;

    /// The expansion of a Gaussian log density of theta and, by task, phi, at the mean-field optimum: H is minus the
    /// precision for means, -2 for log-scales. Precision: p_theta of theta, p_i of phi_i, b_i between them.
    fn expanded(p_theta: f64, tasks: &[(f64, f64)]) -> (Guide, Arrow) {
        let mut blocks = TaskArrows::default();
        for &(p, b) in tasks {
            blocks.gradient.push([0.0, 0.0]);
            blocks.hessian.push([-p, 0.0, 0.0, -2.0]);
            blocks.border.push([-b, 0.0, 0.0, 0.0]);
        }
        let arrow = Arrow {
            global_gradient: DVector::zeros(2),
            global_hessian: DMatrix::from_diagonal(&DVector::from_column_slice(&[-p_theta, -2.0])),
            border_slots: vec![0, 1],
            tasks: blocks,
        };
        let scale = |p: f64| -0.5 * p.ln();
        let guide = Guide {
            global: MeanField { loc: vec![0.0], ln_scale: vec![scale(p_theta)] },
            local: MeanField { loc: vec![0.0; tasks.len()], ln_scale: tasks.iter().map(|&(p, _)| scale(p)).collect() },
            offsets: (0..=tasks.len()).collect(),
        };
        (guide, arrow)
    }

    fn identical(guide: &Guide, arrow: &Arrow) -> Option<GaussianHierarchy> {
        linear_response(guide, arrow, &Identity { global: vec![true], local: true })
    }

    fn variance(linear: &GaussianHierarchy, i: usize) -> f64 {
        let Spread::Covariance(global) = &linear.global else { panic!("a covariance") };
        let GivenTheta { slope, covariance } = &linear.tasks[i];
        covariance[(0, 0)] + slope.as_ref().map_or(0.0, |slope| slope[(0, 0)].powi(2) * global[(0, 0)])
    }

    #[test]
    fn a_gaussian_has_its_covariance() {
        let (guide, arrow) = expanded(2.0, &[(1.0, -1.0), (4.0, 0.5)]);
        let linear = identical(&guide, &arrow).expect("positive definite");
        let precision = DMatrix::from_row_slice(3, 3, &[2.0, -1.0, 0.5, -1.0, 1.0, 0.0, 0.5, 0.0, 4.0]);
        let exact = precision.try_inverse().expect("regular");
        assert!(linear.refused.is_empty());
        for i in 0..2 {
            assert!((variance(&linear, i) - exact[(i + 1, i + 1)]).abs() < 1e-12, "{linear:?}");
        }
    }

    /// The Schur complement of theta is all but zero: its sd would be 100,000 times what the guide says. Given theta
    /// the tasks are known as before, and respond to it as before.
    #[test]
    fn tasks_share_nothing_of_a_variance_that_is_refused() {
        let (guide, arrow) = expanded(2.0 + 2e-10, &[(1.0, -1.0), (1.0, -1.0)]);
        let linear = identical(&guide, &arrow).expect("positive definite");
        assert_eq!(linear.refused, [Refusal { task: None, coordinate: 0 }]);
        let of_theta = guide.global.ln_scale[0].exp().powi(2);
        for (i, task) in linear.tasks.iter().enumerate() {
            let slope = task.slope.as_ref().expect("known")[(0, 0)];
            assert!((slope - 1.0).abs() < 1e-9, "{linear:?}");
            assert!((task.covariance[(0, 0)] - 1.0).abs() < 1e-9, "{linear:?}");
            assert!((variance(&linear, i) - (1.0 + of_theta)).abs() < 1e-9, "{linear:?}");
        }
    }

    /// A hundred times the guide's sd is plausible for a latent that is a coordinate itself, not for the logarithm of one.
    #[test]
    fn more_is_believed_of_what_is_not_transformed() {
        let (guide, arrow) = expanded(2.0 + 2e-4, &[(1.0, -1.0), (1.0, -1.0)]);
        for is_identity in [true, false] {
            let identity = Identity { global: vec![is_identity], local: true };
            let linear = linear_response(&guide, &arrow, &identity).expect("positive definite");
            assert_eq!(linear.refused.is_empty(), is_identity, "{linear:?}");
        }
    }

    #[test]
    fn a_task_that_is_refused_is_named_and_has_no_slope() {
        // phi's sd is a tenth of what the guide says
        let (mut guide, arrow) = expanded(2.0, &[(1.0, -0.1), (1.0, -1.0)]);
        guide.local.ln_scale[0] += 10_f64.ln();
        let linear = identical(&guide, &arrow).expect("positive definite");
        assert_eq!(linear.refused, [Refusal { task: Some(0), coordinate: 0 }]);
        assert!(linear.tasks[0].slope.is_none() && linear.tasks[1].slope.is_some());
        assert!((linear.tasks[0].covariance[(0, 0)] - 100.0).abs() < 1e-9, "{linear:?}");
    }

    #[test]
    fn of_a_point_tasks_have_their_own_variance_alone() {
        let (mut guide, arrow) = expanded(2.0, &[(1.0, -1.0), (1.0, 0.5)]);
        guide.global.ln_scale[0] = f64::NEG_INFINITY;
        let linear = identical(&guide, &arrow).expect("positive definite");
        assert!((0..2).all(|i| (variance(&linear, i) - 1.0).abs() < 1e-12), "{linear:?}");
    }
}
