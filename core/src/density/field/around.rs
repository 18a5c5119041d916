//! What there is given a few globals, and where.

use crate::density::integrated::{Integrated, Integration, TasksGiven};
use crate::model::site_mask::SiteMask;
use nalgebra::Matrix3;

/// A root of V, the covariance of the leaves of a site, for as many leaves as there may be.
pub(super) type Spread = Matrix3<f64>;

/// What there is given a few globals, and around where.
pub(crate) struct Field {
    pub(crate) integration: Integration,
    /// Theta, w being at w_0: the mode with the others as they are there.
    pub(crate) centre: Vec<f64>,
    /// The sites outside the plate that are not expanded.
    pub(super) rest: SiteMask,
    /// How the mode moves with each of the few.
    pub(super) ways: Vec<Way>,
    /// V of every site, of what is outside the plate first, then task by task; none as long as they are not known.
    pub(super) spreads: Vec<Vec<Spread>>,
}

/// Derivatives of a mode in a coordinate that it is given.
pub(super) struct Way {
    pub(super) of_w: Vec<f64>,
    pub(super) of_phi: Vec<f64>,
}

/// The normal given the few.
pub(crate) struct Mode<'s> {
    pub(crate) integrated: &'s mut Integrated,
    /// The tasks given the mean of w.
    pub(super) tasks: TasksGiven,
}

/// A point x, with the others.
#[derive(Clone)]
pub(super) struct Point {
    pub(super) theta: Vec<f64>,
    pub(super) phi: Vec<f64>,
}

impl Point {
    pub(super) fn halfway_to(&mut self, other: &Self) {
        let pairs = self.theta.iter_mut().zip(&other.theta).chain(self.phi.iter_mut().zip(&other.phi));
        pairs.for_each(|(a, b)| *a = f64::midpoint(*a, *b));
    }
}

impl Field {
    /// Where the mode is to be expected, given the others of a theta.
    pub(super) fn expected(&self, theta: &[f64]) -> Point {
        let Integration { globals, phi, .. } = &self.integration;
        let mut at = Point { theta: theta.to_vec(), phi: phi.clone() };
        for (Way { of_w, of_phi }, &j) in self.ways.iter().zip(&globals.others) {
            let away = theta[j] - self.centre[j];
            globals.w.iter().zip(of_w).for_each(|(&w, by)| at.theta[w] += away * by);
            at.phi.iter_mut().zip(of_phi).for_each(|(phi, by)| *phi += away * by);
        }
        at
    }

    /// The mean of what was integrated around a theta whose w is at w_0.
    pub(super) fn mean(&self, integrated: &Integrated, theta: &[f64]) -> Point {
        let step = integrated.w.mean();
        let mut mean = Point { theta: theta.to_vec(), phi: integrated.tasks_given(&self.integration, step).means };
        self.integration.globals.w.iter().zip(step).for_each(|(&j, step)| mean.theta[j] += step);
        mean
    }
}
