//! Everything but a few globals integrated out, where the locals phi and the other globals w are Gaussian given these.
//!
//! ln p(D, phi, w, the few) is quadratic in (w, phi). With P the negative second derivatives, and value v and gradient g at
//! (w_0, phi_0), what task i says of d = w - w_0 is
//!     ln Z_i(d) = v_i + g_i' P_ii^-1 g_i / 2 - ln |P_ii| / 2 + n_i ln(2 pi) / 2 + h_i' d - d' S_i d / 2,
//!     h_i = g_wi - P_wi P_ii^-1 g_i,   S_i = P_wwi - P_wi P_ii^-1 P_iw,   E\[phi_i\] = phi_0 + P_ii^-1 (g_i - P_iw d),
//! so that with the sums h and S over tasks and what is outside, w is normal around w_0 + S^-1 h with the precision S, and
//!     ln p(D, the few) = ln p at (w_0) outside + sum_i ln Z_i(0) + h' S^-1 h / 2 - ln |S| / 2 + k ln(2 pi) / 2.
//! A task says something of those coordinates of w only that it names, its seats: of crossed effects some dozens in a thousand.

mod given;

use crate::density::Density;
use crate::density::bordered::{Extent, Read, TaskAt, TaskNumbers, TaskSums};
use crate::density::gaussian_globals::GaussianGlobals;
use crate::density::given_others::{NormalStep, QuadraticInW};
use crate::density::prior_moves::OpenPriors;
use crate::density::program::Scoring;
use crate::special::LN_SQRT_2PI;
pub(super) use given::GivenW;
pub(crate) use given::TasksGiven;
use nalgebra::DVector;

/// Nats above which a difference is not exact to a millionth of one.
const CANCELLING: f64 = 1e10;

/// Everything else given a few globals.
#[derive(Default)]
pub(crate) struct Integrated {
    /// ln p(D, the few).
    pub(crate) ln_p: f64,
    /// Whether that is the difference of numbers so large that it is not exact enough.
    pub(crate) is_rough: bool,
    /// The normal of w.
    pub(crate) w: NormalStep,
    /// By task: ln Z_i(0).
    ln_z: Vec<f64>,
    /// By task, of its seats (s): h_i, and the lower triangle of S_i row by row.
    slopes: Vec<f64>,
    curvatures: Vec<f64>,
    /// By coordinate of a task: P_ii^-1 (-P_iw), a column a seat, and P_ii^-1 g_i, phi_0 added.
    solved: Vec<f64>,
    /// The factors of P_ii, one behind the other.
    factors: Vec<f64>,
}

/// What is integrated out, and where.
pub(crate) struct Integration {
    pub(crate) globals: GaussianGlobals,
    pub(crate) tasks: Vec<TaskRoom>,
    /// phi_0: where sums are expanded, one task behind the other. Near the modes nothing large is taken from anything large.
    pub(super) phi: Vec<f64>,
}

/// Space for one theta after another.
#[derive(Default)]
pub(crate) struct IntegrationSpace {
    task: TaskSpace,
    out: Integrated,
}

/// Space for one task after another.
#[derive(Default)]
struct TaskSpace {
    numbers: Vec<f64>,
    products: Vec<f64>,
}

/// What a task names of w, and where its numbers are among those of all.
pub(crate) struct TaskRoom {
    extent: Extent,
    sums: Option<TaskSums>,
    first: Firsts,
}

/// Where numbers of a task are, or what comes behind.
#[derive(Clone, Copy, Default)]
struct Firsts {
    coordinate: usize,
    seat: usize,
    curvature: usize,
    solved: usize,
    factor: usize,
}

impl Firsts {
    /// Behind a task.
    fn behind(self, Extent { seats, coordinates, storage }: &Extent) -> Self {
        let s = seats.len();
        Self {
            coordinate: self.coordinate + coordinates,
            seat: self.seat + s,
            curvature: self.curvature + s * (s + 1) / 2,
            solved: self.solved + coordinates * (s + 1),
            factor: self.factor + storage.len(),
        }
    }
}

impl Density<'_> {
    /// What can be integrated out, if there is something; around a `centre` that is possible, where w is w_0, and the tasks' modes
    /// there.
    pub(crate) fn integration(&self, centre: &[f64], modes: &[DVector<f64>]) -> Option<Integration> {
        let globals = self.gaussian_globals(centre)?;
        let extent = |i: usize| {
            let coordinates = self.offsets[i + 1] - self.offsets[i];
            Extent { seats: globals.seats(i, self.named(i)), coordinates, storage: self.storage(i) }
        };
        let extents = (0..self.num_tasks()).map(extent).collect();
        Some(self.integration_of(globals, extents, centre, concatenated(modes)))
    }

    /// Room for what tasks of these extents say, by their closed forms around phi_0 and the w of a `centre`.
    pub(super) fn integration_of(
        &self,
        globals: GaussianGlobals,
        extents: Vec<Extent>,
        centre: &[f64],
        phi: Vec<f64>,
    ) -> Integration {
        let at_centre = Read::of(self, centre);
        let mut end = Firsts::default();
        let room = |(task, extent): (usize, Extent)| {
            let first = end;
            end = first.behind(&extent);
            let at = TaskAt { task, extent: &extent, phi: &phi[first.coordinate..end.coordinate] };
            let sums = self.sums(at, &globals, &at_centre);
            TaskRoom { extent, sums, first }
        };
        let tasks = extents.into_iter().enumerate().map(room).collect();
        Integration { globals, tasks, phi }
    }

    /// The same around another centre.
    pub(super) fn integration_around(&self, integration: &Integration, centre: &[f64], phi: Vec<f64>) -> Integration {
        let extents = integration.tasks.iter().map(|task| task.extent.clone()).collect();
        self.integration_of(integration.globals.clone(), extents, centre, phi)
    }

    /// Integrates everything but the other globals out; w is at w_0 in `theta`. `None` where it cannot be.
    pub(crate) fn integrate<'s>(
        &self,
        integration: &Integration,
        theta: &[f64],
        space: &'s mut IntegrationSpace,
    ) -> Option<&'s mut Integrated> {
        let mut outside = Outside { density: self, theta };
        self.integrate_with(integration, theta, space, &mut outside)
    }

    /// The same where closed forms do not say all.
    pub(super) fn integrate_with<'s>(
        &self,
        integration: &Integration,
        theta: &[f64],
        space: &'s mut IntegrationSpace,
        rest: &mut impl Beyond,
    ) -> Option<&'s mut Integrated> {
        let Integration { globals, tasks, phi, .. } = integration;
        let IntegrationSpace { task: space, out } = space;
        let mut of_w = self.outside_of(globals, theta, out.clear());
        out.ln_p = rest.outside(&mut of_w);
        let read = Read::of(self, theta);
        let fixed = self.has_open_priors().then(|| self.program.fix(Scoring::Value, &self.layout, &[theta.to_vec()]));
        let mut priors = fixed.as_deref().map(|fixed| OpenPriors::of(self, fixed));
        for (task, TaskRoom { extent, sums, first }) in tasks.iter().enumerate() {
            let at = TaskAt { task, extent, phi: &phi[first.coordinate..][..extent.coordinates] };
            self.fill(&mut space.numbers, at, sums.as_ref(), &read);
            if let Some(priors) = &mut priors
                && !priors.add_to(at, globals.moves(task), &mut space.numbers)
            {
                return None;
            }
            rest.task(at, &mut space.numbers);
            if !out.add(extent, at.phi, space, &mut of_w) {
                return None;
            }
        }
        out.finish(of_w).then_some(out)
    }
}

/// What is said beyond closed forms.
pub(super) trait Beyond {
    /// ln p outside the plate at (w_0, the others); what is not in closed forms is added to the quadratic function.
    fn outside(&mut self, of_w: &mut QuadraticInW) -> f64;

    /// Adds what a task says to its numbers.
    fn task(&mut self, at: TaskAt<'_>, numbers: &mut [f64]);
}

/// Nothing that depends on w or phi.
struct Outside<'a> {
    density: &'a Density<'a>,
    theta: &'a [f64],
}

impl Beyond for Outside<'_> {
    fn outside(&mut self, _: &mut QuadraticInW) -> f64 {
        self.density.all_outside(self.theta).total()
    }

    fn task(&mut self, _: TaskAt<'_>, _: &mut [f64]) {}
}

/// Where tasks are, one behind the other; 0 where that is nowhere.
pub(super) fn concatenated(modes: &[DVector<f64>]) -> Vec<f64> {
    modes.iter().flatten().map(|u| if u.is_finite() { *u } else { 0.0 }).collect()
}

impl IntegrationSpace {
    /// What was found last.
    pub(super) fn found(&mut self) -> &mut Integrated {
        &mut self.out
    }
}

impl Integrated {
    /// Integrates a task out whose numbers are there, and adds what it says of w; false where it cannot be.
    fn add(&mut self, extent: &Extent, phi: &[f64], space: &mut TaskSpace, of_w: &mut QuadraticInW) -> bool {
        let (Extent { seats, storage, .. }, TaskSpace { numbers, products }) = (extent, space);
        let TaskNumbers { value, slopes, rows, own, corner } = extent.split(numbers);
        if !storage.factorise(own) {
            return false;
        }
        let (s, columns, first) = (seats.len(), seats.len() + 1, self.solved.len());
        self.solved.extend(&*rows);
        let solved = &mut self.solved[first..];
        storage.solve(own, solved, columns);
        // P_wi P_ii^-1 (P_iw, g_i) in the rows of seats, and g_i' P_ii^-1 g_i at their end
        products.clear();
        products.resize(columns * columns, 0.0);
        for (row, solved) in rows.chunks_exact(columns).zip(solved.chunks_exact(columns)) {
            for (x, sum) in row.iter().zip(products.chunks_exact_mut(columns)) {
                sum.iter_mut().zip(solved).for_each(|(sum, solved)| *sum += x * solved);
            }
        }
        let raised = 0.5 * products[columns * columns - 1];
        self.is_rough |= raised > CANCELLING;
        self.ln_z.push(*value + raised - storage.ln_det(own) + phi.len() as f64 * LN_SQRT_2PI);
        let (k, mut corner) = (of_w.gradient.len(), &*corner);
        for (r, (seat, products)) in seats.iter().zip(products.chunks_exact(columns)).enumerate() {
            let slope = slopes[r] + products[s];
            of_w.gradient[seat.of_w] += slope;
            self.slopes.push(slope);
            let (here, below) = corner.split_at(r + 1);
            corner = below;
            let last = self.curvatures.len();
            self.curvatures.extend(here.iter().zip(products).map(|(corner, product)| -(corner + product)));
            // of the precision no more than the lower triangle is read
            let row = &mut of_w.precision[seat.of_w * k..][..k];
            seats.iter().zip(&self.curvatures[last..]).for_each(|(other, curvature)| row[other.of_w] += curvature);
        }
        for (row, phi) in solved.chunks_exact_mut(columns).zip(phi) {
            row[s] += phi;
        }
        self.factors.extend(&*own);
        true
    }

    /// Forgets all; the numbers of a matrix that are of no use any more.
    fn clear(&mut self) -> Vec<f64> {
        let Self { ln_p: _, is_rough, w, ln_z, slopes, curvatures, solved, factors } = self;
        *is_rough = false;
        for numbers in [ln_z, slopes, curvatures, solved, factors] {
            numbers.clear();
        }
        std::mem::take(w).into_numbers()
    }

    /// Integrates w out; false where it cannot be.
    fn finish(&mut self, of_w: QuadraticInW) -> bool {
        let Some(w) = of_w.normal() else { return false };
        self.is_rough |= w.raised > CANCELLING;
        self.ln_p += self.ln_z.iter().sum::<f64>() + w.raised + w.ln_volume();
        self.w = w;
        true
    }

    /// ln of the integral over (w, phi) of the density relative to that at the mode.
    pub(super) fn ln_volume(&self, integration: &Integration) -> f64 {
        let of_task = |TaskRoom { extent, first, .. }: &TaskRoom| {
            let factor = &self.factors[first.factor..][..extent.storage.len()];
            extent.coordinates as f64 * LN_SQRT_2PI - extent.storage.ln_det(factor)
        };
        self.w.ln_volume() + integration.tasks.iter().map(of_task).sum::<f64>()
    }
}

#[cfg(test)]
mod tests;
