//! Who finds the normals of tasks under thetas that are held: visits of the tasks, or elimination by closed forms.

use crate::density::Density;
use crate::density::elimination::GaussianThetas;
use crate::density::program::{Fixed, Recorder, Scorer};
use crate::elbo::eliminated::Eliminated;
use crate::elbo::normals::{Cubature, Knowledge, TaskAt, TaskNormal, Terms};
use crate::model::site_mask::SiteMask;
use crate::sampling::noise::Noise;
use nalgebra::DVector;

/// Some thetas, held.
pub(super) enum HeldThetas<'t> {
    Visited(Box<dyn Fixed + 't>),
    Closed(&'t Density<'t>, GaussianThetas<'t>),
}

/// What finds the normals of tasks under thetas that are held.
pub(super) enum NormalFinder<'t> {
    Scorer(Box<dyn Scorer + 't>),
    Eliminated(Box<Eliminated<'t>>),
}

impl HeldThetas<'_> {
    /// What finds normals of tasks of which these sites count; expectations are averages over these standard normal points.
    pub(super) fn finder<'t>(&'t self, all: &'t SiteMask, points: &'t Noise) -> NormalFinder<'t> {
        match self {
            Self::Visited(fixed) => NormalFinder::Scorer(fixed.scorer(all)),
            Self::Closed(closed, thetas) => NormalFinder::Eliminated(Box::new(Eliminated::new(closed, thetas, points))),
        }
    }
}

impl NormalFinder<'_> {
    /// The normal of a task, looked for from `start`.
    pub(super) fn normal(&mut self, at: TaskAt, start: &DVector<f64>, knowledge: Knowledge) -> TaskNormal {
        match self {
            Self::Scorer(scorer) => TaskNormal::follow(at, start.clone(), knowledge, &mut **scorer),
            Self::Eliminated(eliminated) => eliminated.normal(at, start),
        }
    }

    /// The terms of a task under its normal; what they owe to theta is left in the adjoints before, or owed.
    pub(super) fn terms(
        &mut self,
        at: TaskAt,
        normal: &TaskNormal,
        cubature: &Cubature<'_>,
        recorder: &mut dyn Recorder,
    ) -> Terms {
        match self {
            Self::Scorer(_) => cubature.terms(at.task, normal, recorder),
            Self::Eliminated(eliminated) => eliminated.terms(at, normal, recorder),
        }
    }
}
