//! Variational EM: the E-step maximises the ELBO over the locals' guides, the M-step over that of theta.
//!
//! With a point for theta, and guides that hold the exact posteriors of the locals given theta, this is the EM algorithm
//! (Neal & Hinton 1998): it ends at the maximum of the marginal likelihood (times the prior), where the bound is tight.

use crate::elbo::Bound;
use crate::guide::Guide;
use crate::linalg::arrow::Moving;
use crate::optimize::climb::{Climb, WayOut};
use crate::optimize::climb_end::{ClimbEnd, End, Limits, Watch};
use crate::optimize::newton::newton;

/// Newton steps in one E- or M-step: more would only polish what the next one moves again.
const STEPS_EACH: usize = 5;

/// Climbs by turns until the whole gradient is small.
pub(crate) fn em(bound: &Bound<'_>, guide: Guide, limits: Limits, watch: Watch<'_>) -> ClimbEnd {
    let mut climb = Climb::new(bound, guide, limits);
    climb.trace.push(climb.at.value);
    loop {
        climb.report(watch);
        if climb.is_level() {
            match climb.look_around(climb.at.value) {
                WayOut::Taken => {}
                WayOut::Seen => return climb.end(End::Saddle),
                WayOut::None => return climb.end(End::Converged),
            }
        }
        if !climb.may_go_on() {
            return climb.end(End::Stopped);
        }
        let mut guide = climb.at.guide.clone();
        for moving in [Moving::Locals, Moving::Global] {
            let half = Limits { iterations: STEPS_EACH, tolerance: 0.1 * limits.tolerance, moving, ..limits };
            let ended = newton(bound, guide, half, &mut |_, _| {});
            climb.trace.extend_from_slice(&ended.trace[1..]);
            guide = ended.guide;
        }
        let at = climb.look_at(guide);
        climb.move_to(at);
    }
}
