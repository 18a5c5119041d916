//! Climbs with full-covariance locals, of which only q(theta) is left to move.
//!
//! Where tasks are linear and Gaussian given theta, L-BFGS climbs the bound itself. Otherwise EM does: the normals of the
//! locals are held while L-BFGS climbs (Neal & Hinton 1998).

use crate::density::Density;
use crate::elbo::Slope;
use crate::elbo::profile::{Normals, Profile, ProfileLocals};
use crate::guide::metric::Metric;
use crate::guide::{Guide, MeanField};
use crate::linalg::arrow::ArrowVector;
use crate::optimize::climb_end::{ClimbEnd, End, Watch};
use crate::optimize::history::History;
use crate::optimize::lbfgs::{LbfgsLimits, Saddles, lbfgs};
use crate::sampling::noise::Noise;
use nalgebra::DMatrix;

/// L-BFGS iterations in one M-step.
const STEPS_EACH: usize = 20;

/// What to climb with.
pub(crate) struct FullSettings<'a> {
    /// Draws of theta.
    pub(crate) noise: &'a Noise,
    /// Others, to tell how far the answer depends on them.
    pub(crate) other: Option<&'a Noise>,
    /// The same density with closed forms.
    pub(crate) closed: &'a Density<'a>,
    pub(crate) most_iterations: usize,
    pub(crate) tolerance: f64,
    /// Whether EM is asked for even where L-BFGS can climb the bound itself.
    pub(crate) em: bool,
}

/// Where the climb ended.
pub(crate) struct FullEnd {
    pub(crate) ended: ClimbEnd,
    pub(crate) locals: FullLocals,
    /// How far other draws would move theta's means, in guide standard deviations.
    pub(crate) draws_error: f64,
}

/// What is known of the locals beyond the guide.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug)]
pub(crate) struct FullLocals {
    /// The covariance of each task's coordinates given theta at its mean.
    pub(crate) covariances: Vec<DMatrix<f64>>,
    /// Whether every task is linear and Gaussian given theta.
    pub(crate) is_exact: bool,
}

/// Climbs from `guide`, whose locals are where Newton's method starts. The density has all its terms sampled.
pub(crate) fn full(density: &Density<'_>, guide: &Guide, settings: &FullSettings<'_>, watch: Watch<'_>) -> FullEnd {
    let FullSettings { most_iterations, tolerance, .. } = *settings;
    let profile_over =
        |noise| Profile::new(density, guide, noise).with_closed((!settings.em).then_some(settings.closed));
    let mut profile = profile_over(settings.noise);
    let mut theta = Guide { global: guide.global.clone(), local: MeanField::default(), offsets: vec![0] };
    let mut bound = profile.look(&theta);
    let mode = if profile.is_exact() && !settings.em { Normals::Follow } else { Normals::Held };
    let mut trace = vec![bound.total(&theta)];
    let (mut iterations, mut history) = (0, History::default());
    let (gradient_norm, end) = loop {
        history.visit(iterations, &theta);
        let limits = limits(mode, most_iterations - iterations, tolerance);
        let mut value = |theta: &Guide| {
            let bound = profile.evaluate(theta, mode);
            Slope { value: bound.total(theta), gradient: bound.gradient() }
        };
        let step = lbfgs(theta, limits, &mut value, &mut |step, elbo| watch(iterations + step, elbo));
        theta = step.guide;
        iterations += step.iterations.max(1);
        trace.extend_from_slice(&step.trace[1..]);
        bound = profile.evaluate(&theta, Normals::Follow);
        if mode == Normals::Follow {
            history = step.history;
            break (step.gradient_norm, step.end);
        }
        let norm = Metric::plain(&theta).norm(&bound.gradient());
        if norm <= tolerance {
            break (norm, End::Converged);
        }
        if iterations >= most_iterations || !norm.is_finite() {
            break (norm, End::Stopped);
        }
    };
    let draws_error = settings.other.map_or(0.0, |noise| draws_error(profile_over(noise), &theta));
    let is_exact = profile.is_exact();
    let ProfileLocals { factor, covariances } = profile.locals(&theta);
    let guide = Guide { local: factor, offsets: density.offsets.clone(), ..theta };
    let ended =
        ClimbEnd { elbo: bound.elbo(&guide), guide, arrow: None, iterations, gradient_norm, end, trace, history };
    FullEnd { ended, locals: FullLocals { covariances, is_exact }, draws_error }
}

fn limits(mode: Normals, left: usize, tolerance: f64) -> LbfgsLimits {
    match mode {
        Normals::Follow => LbfgsLimits { iterations: left, tolerance, saddles: Saddles::Leave },
        Normals::Held => {
            LbfgsLimits { iterations: STEPS_EACH.min(left), tolerance: 0.3 * tolerance, saddles: Saddles::Ignore }
        }
    }
}

/// How far the gradient over other draws says that theta's means would move, in guide standard deviations.
fn draws_error(mut of_others: Profile<'_>, theta: &Guide) -> f64 {
    let other = of_others.evaluate(theta, Normals::Follow);
    (0.5 * mean_square_step(theta, &other.gradient())).sqrt()
}

/// Mean square of the natural steps of theta's means, in the guide's widths.
fn mean_square_step(guide: &Guide, gradient: &ArrowVector) -> f64 {
    let metric = Metric::plain(guide);
    let (step, metric) = (metric.natural_step(gradient), metric.diagonal());
    let squares = step.global.iter().zip(&metric.global).take(guide.global.len()).map(|(p, d)| p * p * d);
    squares.sum::<f64>() / (guide.global.len() as f64).max(1.0)
}

#[cfg(test)]
mod tests;
