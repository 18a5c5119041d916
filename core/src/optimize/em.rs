//! Variational EM: the E-step maximises the ELBO over the locals' guides, the M-step over that of theta.
//!
//! With a point for theta, and guides that hold the exact posteriors of the locals given theta, this is the EM algorithm
//! (Neal & Hinton 1998): it ends at the maximum of the marginal likelihood (times the prior), where the bound is tight.

use crate::elbo::Objective;
use crate::guide::Guide;
use crate::linalg::arrow::Moving;
use crate::model::Model;
use crate::optimize::history::History;
use crate::optimize::newton::{End, Ended, Limits, left, metric, newton, norm};
use crate::optimize::saddle::{MOST_ESCAPES, upward};
use crate::sampling::noise::Noise;

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
    let (mut trace, mut history) = (Vec::new(), History::default());
    let (mut iterations, mut escapes) = (0, 0);
    loop {
        let (elbo, arrow) = objective.expand(&guide, noise);
        watch(iterations, elbo.total());
        if trace.is_empty() {
            trace.push(elbo.total());
        }
        history.visit(iterations, &guide);
        let metric = metric(&guide, &arrow);
        let gradient_norm = norm(&arrow, &metric);
        let may_go_on = iterations < limits.iterations && gradient_norm.is_finite();
        let mut end = (!may_go_on).then_some(End::Stopped);
        if gradient_norm <= limits.tolerance {
            let way_out = upward(&arrow, &metric);
            end = Some(if way_out.is_some() { End::Saddle } else { End::Converged });
            if let Some(step) = way_out.filter(|_| may_go_on && escapes < MOST_ESCAPES)
                && let Some(out) = left(objective, &guide, (elbo.total(), &step), noise)
            {
                guide = out;
                escapes += 1;
                end = None;
            }
        }
        if let Some(end) = end {
            return Ended { guide, elbo, arrow: Some(arrow), iterations, gradient_norm, end, trace, history };
        }
        for moving in [Moving::Locals, Moving::Global] {
            let half = Limits { iterations: STEPS_EACH, tolerance: 0.1 * limits.tolerance, moving, ..limits };
            let ended = newton(objective, guide, noise, half, |_, _| {});
            trace.extend_from_slice(&ended.trace[1..]);
            guide = ended.guide;
        }
        iterations += 1;
    }
}
