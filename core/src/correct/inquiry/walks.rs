//! Thetas that chains ask about, and a search for a first proposal.

use super::Inquiry;
use super::points::ThetaPoint;
use crate::conditional::GridSpacing;
use crate::correct::pool::{Pool, Proposed, TaskAnswers};
use crate::correct::proposal::Part;
use crate::correct::rest::Rest;
use crate::correct::search::{MOST_SEARCHED, peak};
use crate::correct::walk::AskAt;
use crate::linalg::gaussian::standard_normal;
use nalgebra::DVector;
use rayon::prelude::*;

/// More tasks than these leave theta a posterior that is narrower than what a mean-field guide is off by.
const SHARP: usize = 4096;

impl Inquiry<'_> {
    /// A better first proposal where little is known of few coordinates, or where so many tasks tell of them that a guide is many
    /// standard deviations off: at the peak of their density, everything else being integrated out, exactly or by a normal around
    /// its mode, which is looked for from that peak then.
    pub(crate) fn searched(&mut self, first: Part) -> Part {
        let is_exact = self.conditionals.density.is_gaussian_given_theta();
        let is_sharp = is_exact && self.tasks.len() > SHARP;
        if (self.basis.gaussian.curvature.is_some() && !is_sharp) || first.dimensions() > MOST_SEARCHED {
            return first;
        }
        let pool = Pool::new(self.basis.guide.global.len(), 0);
        match &self.rest {
            Rest::Nothing if is_sharp => peak(&first, pool, self).unwrap_or(first),
            Rest::Integrated(_) => peak(&first, pool, self).unwrap_or(first),
            Rest::Field(_) => {
                let found = peak(&first, pool, &mut ByNormals(self)).unwrap_or(first);
                let (theta, _) = self.theta_of(&found.heavy.wide.mean);
                self.rest.turn_to(&theta, self.conditionals.density, self.basis);
                found
            }
            Rest::Nothing | Rest::Presumed(_) => first,
        }
    }
}

impl AskAt for Inquiry<'_> {
    fn at(&mut self, coordinates: Vec<DVector<f64>>, pool: &mut Pool) {
        let of_w = self.rest.globals().map_or(0, |globals| globals.w.len());
        let rng = &mut self.of_chains;
        let point = |proposed| ThetaPoint { proposed, z: standard_normal(of_w, rng).as_slice().to_vec() };
        let points: Vec<ThetaPoint> = coordinates.into_iter().map(point).collect();
        let (u, ln_p) = if let Some(integrated) = self.integrated(&points, |_, _, _| ()) {
            integrated.into_iter().map(|given| (given.theta, given.ln_p)).unzip()
        } else {
            let (u, mut ln_p): (Vec<_>, Vec<_>) = points.iter().map(|point| self.complete(point)).unzip();
            let mut tasks = vec![TaskAnswers::default(); self.tasks.len()];
            // where chains wander grids may have to be finer than draws want them
            let spacings: Vec<GridSpacing> = self.tasks.iter().map(|task| task.memory.spacing.clone()).collect();
            self.ask(&u, &mut tasks);
            for (task, before) in self.tasks.iter_mut().zip(spacings).filter(|(_, before)| !before.is_learning()) {
                task.memory.spacing = before;
            }
            for task in tasks {
                ln_p.iter_mut().zip(task.ln_z).for_each(|(p, z)| *p += z);
            }
            (u, ln_p)
        };
        self.clock.thetas += u.len();
        self.progress.of_thetas(self.clock.thetas, 0);
        let coordinates = points.into_iter().map(|point| point.proposed).collect();
        pool.add(Proposed { u, coordinates, ln_outside: ln_p });
    }

    fn is_up(&self) -> bool {
        self.clock.is_up()
    }
}

/// Tells densities by the bounds of normals, in which there is no chance.
struct ByNormals<'i, 'a>(&'i mut Inquiry<'a>);

impl AskAt for ByNormals<'_, '_> {
    fn at(&mut self, coordinates: Vec<DVector<f64>>, pool: &mut Pool) {
        let Self(inquiry) = self;
        let of_point = |proposed: &DVector<f64>| {
            let (mut theta, ln_volume) = inquiry.theta_of(proposed);
            let bound = |space: &mut _| inquiry.rest.bound_at(inquiry.conditionals.density, &mut theta, space);
            let ln_p = inquiry.with_space(bound).unwrap_or(f64::NEG_INFINITY);
            (theta, ln_p + ln_volume)
        };
        let (u, ln_outside): (Vec<_>, Vec<_>) = coordinates.par_iter().map(of_point).unzip();
        inquiry.clock.thetas += u.len();
        pool.add(Proposed { u, coordinates, ln_outside });
    }

    fn is_up(&self) -> bool {
        self.0.clock.is_up()
    }
}
