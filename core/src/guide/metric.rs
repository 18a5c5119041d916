//! The guide's Fisher information: units in which its own width is 1.
//!
//! It is 1 / scale^2 for a mean and 2 for a log-scale (Amari 1998). A point has none: what stands in is said by who asks.

use crate::guide::{Guide, MeanField};
use crate::linalg::arrow::{Arrow, ArrowVector};
use crate::linalg::ragged::Ragged;
use nalgebra::DVector;

/// The least curvature that stands in for a point's information.
const LEAST_CURVATURE: f64 = 1e-6;

/// The Fisher information of a guide, in the arrow's shape.
#[derive(Clone, Debug)]
pub(crate) struct Metric(ArrowVector);

/// A guide after a step, and whether the step was made shorter.
pub(crate) struct Move {
    pub(crate) guide: Guide,
    pub(crate) is_shortened: bool,
}

impl Metric {
    /// The information of a guide at which the ELBO has this expansion: for a point its curvature.
    pub(crate) fn of(guide: &Guide, arrow: &Arrow) -> Self {
        let global = |j: usize| arrow.global_hessian[(j, j)].abs().max(LEAST_CURVATURE);
        let local = |i: usize, j: usize| {
            let n = 2 * guide.task(i).len();
            arrow.tasks.hessian[i][j * n + j].abs().max(LEAST_CURVATURE)
        };
        Self::with(guide, &global, &local)
    }

    /// The information of a guide, 1 for a point.
    pub(crate) fn plain(guide: &Guide) -> Self {
        Self::with(guide, &|_| 1.0, &|_, _| 1.0)
    }

    fn with(guide: &Guide, global: &dyn Fn(usize) -> f64, local: &dyn Fn(usize, usize) -> f64) -> Self {
        let of = |ln_scales: &[f64], of_point: &dyn Fn(usize) -> f64, to: &mut Vec<f64>| {
            let loc = |(j, s): (usize, &f64)| if s.is_finite() { (-2.0 * s).exp() } else { of_point(j) };
            to.extend(ln_scales.iter().enumerate().map(loc));
            to.extend(ln_scales.iter().map(|_| 2.0));
        };
        let mut theta = Vec::with_capacity(2 * guide.global.len());
        of(&guide.global.ln_scale, global, &mut theta);
        let mut tasks = Ragged::with_capacity(guide.num_tasks());
        for i in 0..guide.num_tasks() {
            tasks.push_with(|to| of(&guide.local.ln_scale[guide.task(i)], &|j| local(i, j), to));
        }
        Self(ArrowVector { global: DVector::from_vec(theta), tasks })
    }

    /// D, the information of each slot.
    pub(crate) fn diagonal(&self) -> &ArrowVector {
        &self.0
    }

    /// D^-1, flat.
    pub(crate) fn inverse(&self) -> Vec<f64> {
        self.0.iter().map(|d| d.recip()).collect()
    }

    /// sqrt(g' D^-1 g): how far a gradient is from zero, in units in which the guide's own width is 1.
    pub(crate) fn norm(&self, gradient: &ArrowVector) -> f64 {
        let part = |g: &[f64], d: &[f64]| g.iter().zip(d).map(|(g, d)| g * g / d).sum::<f64>();
        let tasks = part(&gradient.tasks.numbers, &self.0.tasks.numbers);
        (part(gradient.global.as_slice(), self.0.global.as_slice()) + tasks).sqrt()
    }

    /// The step D^-1 g.
    pub(crate) fn natural_step(&self, gradient: &ArrowVector) -> ArrowVector {
        let mut step = gradient.clone();
        step.global.component_div_assign(&self.0.global);
        step.tasks.numbers.iter_mut().zip(&self.0.tasks.numbers).for_each(|(p, d)| *p /= d);
        step
    }
}

impl Guide {
    /// The guide after the step, shortened as a whole if a log-scale would move by more than `longest`: exp of that is the
    /// factor on the scale.
    pub(crate) fn moved(&self, step: &ArrowVector, longest: f64) -> Move {
        let factor = (longest / step.longest_ln_scale()).min(1.0);
        Move { guide: self.moved_by(step, factor), is_shortened: factor < 1.0 }
    }

    /// The guide after `length` times the step.
    pub(crate) fn moved_by(&self, step: &ArrowVector, length: f64) -> Self {
        let mut out = self.clone();
        let apply = |factor: &mut MeanField, first: usize, p: &[f64]| {
            let n = p.len() / 2;
            for j in 0..n {
                factor.loc[first + j] += length * p[j];
                factor.ln_scale[first + j] += length * p[n + j];
            }
        };
        apply(&mut out.global, 0, step.global.as_slice());
        for (i, p) in step.tasks.iter().enumerate() {
            apply(&mut out.local, self.offsets[i], p);
        }
        out
    }
}
