//! Everything but a few globals integrated out, where the locals phi and the other globals w are Gaussian given these.
//!
//! ln p(D, phi, w, the few) is quadratic in (w, phi). With P the negative second derivatives, and value v and gradient g at
//! (w_0, phi_0), what task i says of d = w - w_0 is
//!     ln Z_i(d) = v_i + g_i' P_ii^-1 g_i / 2 - ln |P_ii| / 2 + n_i ln(2 pi) / 2 + h_i' d - d' S_i d / 2,
//!     h_i = g_wi - P_wi P_ii^-1 g_i,   S_i = P_wwi - P_wi P_ii^-1 P_iw,   E\[phi_i\] = phi_0 + P_ii^-1 (g_i - P_iw d),
//! so that with the sums h and S over tasks and what is outside, w is normal around w_0 + S^-1 h with the precision S, and
//!     ln p(D, the few) = ln p at (w_0) outside + sum_i ln Z_i(0) + h' S^-1 h / 2 - ln |S| / 2 + k ln(2 pi) / 2.
//! A task says something of those coordinates of w only that it names, its seats: of crossed effects some dozens in a thousand.

use crate::density::Density;
use crate::density::bordered::{Extent, Read, TaskAt, TaskNumbers, TaskSums};
use crate::density::gaussian_globals::GaussianGlobals;
use crate::density::given_others::{NormalStep, QuadraticInW};
use crate::special::LN_SQRT_2PI;
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

/// The tasks given theta.
pub(crate) struct TasksGiven {
    /// By task: ln p(D_i | theta).
    pub(crate) ln_z: Vec<f64>,
    /// E\[phi_i\], one task behind the other.
    pub(super) means: Vec<f64>,
    factors: Vec<f64>,
}

/// What is integrated out, and where.
pub(crate) struct Integration {
    pub(crate) globals: GaussianGlobals,
    pub(crate) tasks: Vec<TaskRoom>,
    /// phi_0: where sums are expanded, one task behind the other. Near the modes nothing large is taken from anything large.
    pub(super) phi: Vec<f64>,
    end: Firsts,
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
            Extent { seats: globals.seats(&self.named(i)), coordinates, storage: self.storage(i) }
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
        Integration { globals, tasks, phi, end }
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
        for (task, TaskRoom { extent, sums, first }) in tasks.iter().enumerate() {
            let at = TaskAt { task, extent, phi: &phi[first.coordinate..][..extent.coordinates] };
            self.fill(&mut space.numbers, at, sums.as_ref(), &read);
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

    /// A task given w.
    pub(super) fn given_w<'s>(&'s self, integration: &'s Integration, i: usize) -> GivenW<'s> {
        let TaskRoom { extent, first, .. } = &integration.tasks[i];
        let solved = &self.solved[first.solved..][..extent.coordinates * (extent.seats.len() + 1)];
        GivenW { extent, solved, factor: &self.factors[first.factor..][..extent.storage.len()] }
    }

    /// ln of the integral over (w, phi) of the density relative to that at the mode.
    pub(super) fn ln_volume(&self, integration: &Integration) -> f64 {
        let of_task = |TaskRoom { extent, first, .. }: &TaskRoom| {
            let factor = &self.factors[first.factor..][..extent.storage.len()];
            extent.coordinates as f64 * LN_SQRT_2PI - extent.storage.ln_det(factor)
        };
        self.w.ln_volume() + integration.tasks.iter().map(of_task).sum::<f64>()
    }

    /// The tasks given w, which is so far from w_0.
    pub(crate) fn tasks_given(&self, integration: &Integration, step: &[f64]) -> TasksGiven {
        let Self { slopes, curvatures, solved, factors, .. } = self;
        let (mut ln_z, factors) = (self.ln_z.clone(), factors.clone());
        let (mut means, mut d) = (Vec::with_capacity(integration.phi.len()), Vec::new());
        for (i, (ln_z, TaskRoom { extent, first, .. })) in ln_z.iter_mut().zip(&integration.tasks).enumerate() {
            d.clear();
            d.extend(extent.seats.iter().map(|seat| step[seat.of_w]));
            let (s, mut triangle) = (d.len(), &curvatures[first.curvature..]);
            for (r, d_r) in d.iter().enumerate() {
                let (row, below) = triangle.split_at(r + 1);
                let bent = row[..r].iter().zip(&d).map(|(c, d)| c * d).sum::<f64>() + 0.5 * row[r] * d_r;
                *ln_z += d_r * (slopes[first.seat + r] - bent);
                triangle = below;
            }
            let mean = |row: &[f64]| row[s] + row.iter().zip(&d).map(|(x, d)| x * d).sum::<f64>();
            let end = integration.tasks.get(i + 1).map_or(integration.end, |next| next.first);
            means.extend(solved[first.solved..end.solved].chunks_exact(s + 1).map(mean));
        }
        TasksGiven { ln_z, means, factors }
    }
}

/// A task given w: phi = phi_0 + P_ii^-1 g_i + G d + e, with G = -P_ii^-1 P_iw and the precision P_ii of e.
pub(super) struct GivenW<'a> {
    extent: &'a Extent,
    /// G, and a column more.
    solved: &'a [f64],
    factor: &'a [f64],
}

impl GivenW<'_> {
    pub(super) fn coordinates(&self) -> usize {
        self.extent.coordinates
    }

    /// Adds c' G to the coefficients of w, and puts those of e, in units of a root of its covariance, in place of c.
    pub(super) fn take_apart(&self, c: &mut [f64], of_w: &mut Vec<(usize, f64)>) {
        let seats = &self.extent.seats;
        for (c, row) in c.iter().zip(self.solved.chunks_exact(seats.len() + 1)) {
            of_w.extend(seats.iter().zip(row).map(|(seat, g)| (seat.of_w, c * g)));
        }
        self.extent.storage.solve_factor(self.factor, c);
    }
}

impl TasksGiven {
    /// Appends the draw of phi that a standard normal z stands for, which is used up.
    pub(crate) fn draw_into(&self, TaskRoom { extent, first, .. }: &TaskRoom, z: &mut [f64], out: &mut Vec<f64>) {
        let factor = &self.factors[first.factor..][..extent.storage.len()];
        extent.storage.solve_transposed(factor, z);
        out.extend(self.means[first.coordinate..].iter().zip(&*z).map(|(m, x)| m + x));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::density::Writing;
    use crate::density::shape::Shape;
    use crate::interpret::discover::Start;
    use crate::model::subset::Subset;
    use crate::prelude::*;

    model! {
        /// mean, slope and shifts are Gaussian given the scales.
        Lines(lines: &[Vec<(f64, f64)>]) {
            mean ~ Normal(0.0, 3.0);
            slope ~ Normal(mean, 2.0);
            shift[_ in 0..3] ~ Normal(0.0, 0.7);
            tau ~ HalfCauchy(1.0);
            sigma ~ HalfNormal(1.0);
            for line in lines {
                a ~ Normal(mean, tau);
                for (k, &(x, y)) in line.iter().enumerate() {
                    y ~ Normal(a + slope * x + shift[(line.len() + k) % 2 + line.len() % 2], sigma);
                }
            }
        }
    }

    /// The same as one w after another and one task after another say; tasks name different shifts.
    #[test]
    fn it_is_the_density_of_what_is_integrated_out() {
        let lines: Vec<Vec<(f64, f64)>> =
            (0..4).map(|i| (0..i + 2).map(|k| (f64::from(k) - 1.0, f64::from(i * k % 3) + 0.5)).collect()).collect();
        let model = Lines::new(&lines);
        let program = Subset::all(&model);
        let shape = Shape::discover(&program, &Start::Zero).expect("valid");
        let density = Density::new(Box::new(program), &shape, Writing::CENTRED);
        let modes: Vec<DVector<f64>> = (0..4).map(|i| DVector::from_element(1, f64::from(i) - 1.0)).collect();
        let w_0 = [5.0, -3.0, 0.4, -0.2, 0.1];
        let at = |w: &[f64], others: [f64; 2]| [w, &others].concat();
        let integration = density.integration(&at(&w_0, [0.0; 2]), &modes).expect("mean, slope and shifts");
        let globals = &integration.globals;
        assert_eq!((&globals.w[..], &globals.others[..]), (&[0, 1, 2, 3, 4][..], &[5, 6][..]));
        let seats: Vec<usize> = integration.tasks.iter().map(|task| task.extent.seats.len()).collect();
        assert_eq!(seats, [4; 4], "two shifts each");
        let mut space = IntegrationSpace::default();
        for z in [[0.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.3, 2.0], [-2.0, -1.5]] {
            let (z, theta) = ([z[0], z[1], z[0] - z[1], 0.5 * z[1], -z[0]], at(&w_0, [-0.4, 0.3]));
            let given = density.integrate(&integration, &theta, &mut space).expect("Gaussian");
            let (ln_p, (step, ln_q)) = (given.ln_p, given.w.draw(&z));
            let moved: Vec<f64> = w_0.iter().zip(&step).map(|(w, step)| w + step).collect();
            let theta = at(&moved, [-0.4, 0.3]);
            // ln p(D, the others) is the same by any w
            let fixed = density.fix_gaussian(std::slice::from_ref(&theta));
            let mut eliminator = fixed.eliminator();
            let found = given.tasks_given(&integration, &step);
            let mut sum = 0.0;
            for (i, at) in integration.tasks.iter().enumerate() {
                let conditional = eliminator.eliminate(i, 0).expect("Gaussian");
                assert!((found.ln_z[i] - conditional.ln_z()).abs() < 1e-9, "task {i}: {}", found.ln_z[i]);
                let (mut draw, mut same) = (Vec::new(), Vec::new());
                found.draw_into(at, &mut [0.7], &mut draw);
                conditional.draw_into(&mut [0.7], &mut same);
                assert!((draw[0] - same[0]).abs() < 1e-9, "{draw:?} is not {same:?}");
                sum += conditional.ln_z();
            }
            let off = density.all_outside(&theta).total() + sum - ln_q - ln_p;
            assert!(off.abs() < 1e-9, "{z:?}: {off}");
        }
    }
}
