//! Variational EM: the E-step maximises the ELBO over the locals' guides, the M-step over that of theta.
//!
//! With a point for theta, and guides that hold the exact posteriors of the locals given theta, this is the EM algorithm
//! (Neal & Hinton 1998): it ends at the maximum of the marginal likelihood (times the prior), where the bound is tight.

use crate::arrow::Moving;
use crate::elbo::Objective;
use crate::guide::Guide;
use crate::model::Model;
use crate::noise::Noise;
use crate::optimize::newton::{Ended, Limits, metric, newton, norm};

/// Newton steps in one E- or M-step: more would only polish what the next one moves again.
const STEPS_EACH: usize = 5;

/// Climbs by turns until the whole gradient is small.
pub(crate) fn em<M: Model>(
    objective: &Objective<'_, M>,
    mut guide: Guide,
    noise: &Noise,
    limits: Limits,
    mut watch: impl FnMut(usize, f64),
) -> Ended {
    let mut trace = Vec::new();
    let mut iterations = 0;
    loop {
        for moving in [Moving::Locals, Moving::Global] {
            let half = Limits { iterations: STEPS_EACH, tolerance: 0.1 * limits.tolerance, moving, ..limits };
            let ended = newton(objective, guide, noise, half, |_, _| {});
            trace.extend_from_slice(&ended.trace[usize::from(!trace.is_empty())..]);
            guide = ended.guide;
        }
        iterations += 1;
        let (elbo, arrow) = objective.expand(&guide, noise);
        watch(iterations, elbo.total());
        let gradient_norm = norm(&arrow, &metric(&guide, &arrow));
        let converged = gradient_norm <= limits.tolerance;
        if converged || iterations == limits.iterations || !gradient_norm.is_finite() {
            return Ended { guide, elbo, arrow: Some(arrow), iterations, gradient_norm, converged, trace };
        }
    }
}
