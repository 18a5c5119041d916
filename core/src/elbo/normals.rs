//! The normals that stand for full-covariance locals given theta, and what the bound says of a task under its own.

use crate::density::mode::find_mode;
use crate::density::program::{LogParts, Recorder, Scorer};
use crate::linalg::gaussian::Gaussian;
use crate::model::site_mask::SiteMask;
use crate::numbers::number::Real;
use crate::numbers::pass::Derivatives;
use crate::numbers::tape::Mark;
use crate::sampling::noise::Noise;
use nalgebra::{DMatrix, DVector};

/// q(phi_i | theta) for one theta, or where it is looked for.
#[derive(Clone, Debug)]
pub(super) enum TaskNormal {
    /// The density has no strict maximum that was found; this is the best point.
    At(DVector<f64>),
    Found(Gaussian),
}

impl TaskNormal {
    pub(super) fn mean(&self) -> &DVector<f64> {
        match self {
            Self::At(mean) => mean,
            Self::Found(gaussian) => &gaussian.mean,
        }
    }
}

/// One task under its normal: expected log densities, entropy, and how far from Gaussian it is, in nats.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Terms {
    pub(super) parts: LogParts,
    pub(super) entropy: f64,
    pub(super) bend: f64,
}

/// What is known of how far tasks are from Gaussian given theta.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Knowledge {
    /// Nobody has looked.
    None,
    /// Some task is not Gaussian.
    Bent,
    /// Every task is Gaussian, so that modes are one Newton step away.
    Exact,
}

/// A task, and the number of the theta that it is given.
#[derive(Clone, Copy, Debug)]
pub(super) struct TaskAt {
    pub(super) task: usize,
    pub(super) draw: usize,
}

impl TaskNormal {
    /// The normal at the mode of a task given the theta of that draw, looked for from `start`; of a Gaussian, one step away.
    pub(super) fn follow(at: TaskAt, start: DVector<f64>, knowledge: Knowledge, scorer: &mut dyn Scorer) -> Self {
        let TaskAt { task, draw } = at;
        let n = start.len();
        let (mean, precision) = if knowledge == Knowledge::Exact {
            let mut out = Derivatives::default();
            scorer.score(draw, task, start.as_slice(), &mut out);
            let precision = (-DMatrix::from_column_slice(n, n, &out.hessian)).cholesky();
            let step = precision.as_ref().map(|p| p.solve(&DVector::from_column_slice(&out.gradient)));
            (step.map_or_else(|| start.clone(), |step| &start + step), precision)
        } else {
            let mode = find_mode(start, &mut |u, out| {
                scorer.score(draw, task, u.as_slice(), out);
            });
            (mode.at, mode.precision)
        };
        match precision {
            Some(precision) => Self::Found(Gaussian::of_precision(mean, &precision)),
            None => Self::At(mean),
        }
    }
}

/// Averages over a normal, exact for quadratic functions.
pub(super) struct Cubature<'c> {
    /// Standard normal points.
    pub(super) points: &'c Noise,
    /// The sites that count.
    pub(super) open: &'c SiteMask,
    /// All local sites but the first count.
    pub(super) but_first: &'c SiteMask,
    pub(super) knowledge: Knowledge,
}

impl Cubature<'_> {
    /// The terms of one task; what they owe to theta is left in the adjoints before.
    pub(super) fn terms(&self, i: usize, normal: &TaskNormal, recorder: &mut dyn Recorder) -> Terms {
        let TaskNormal::Found(gaussian) = normal else {
            return Terms { entropy: f64::NEG_INFINITY, ..Terms::default() };
        };
        let draws = self.points.draws;
        let each = (draws as f64).recip();
        let mut out = Terms { entropy: gaussian.entropy(), ..Terms::default() };
        let mut mask = self.open;
        if self.knowledge != Knowledge::None {
            let mark = Mark::here();
            if let Some(expected) = recorder.expected_first(i, gaussian) {
                mark.sweep(expected);
                out.parts.latents += expected.value();
                mask = self.but_first;
            }
        }
        let z = DMatrix::from_fn(gaussian.mean.len(), draws, |j, k| self.points.local(0, k)[j]);
        let away = &gaussian.root * &z;
        let mut values = Vec::with_capacity(draws);
        for (z, away) in z.column_iter().zip(away.column_iter()) {
            let u: Vec<_> = gaussian.mean.iter().zip(away.iter()).map(|(m, away)| Real::constant(m + away)).collect();
            let mark = Mark::here();
            let parts = recorder.task(i, &u, mask);
            mark.sweep(parts.total() * each);
            out.parts.add(each, parts.values());
            values.push(parts.total().value() + 0.5 * z.norm_squared());
        }
        // of a Gaussian all of these are the density at the mode
        let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| (v.min(l), v.max(h)));
        if self.knowledge == Knowledge::None {
            out.bend = (high - low) / (1.0 + low.abs());
        }
        out
    }
}
