//! Everything but a few globals integrated out, where the locals phi and the other globals w are Gaussian given these.
//!
//! ln p(D, phi, w, the few) is quadratic in (w, phi). With P the negative second derivatives, and value v and gradient g at
//! (w_0, phi_0), what task i says of d = w - w_0 is
//!     ln Z_i(d) = v_i + g_i' P_ii^-1 g_i / 2 - ln |P_ii| / 2 + n_i ln(2 pi) / 2 + h_i' d - d' S_i d / 2,
//!     h_i = g_wi - P_wi P_ii^-1 g_i,   S_i = P_wwi - P_wi P_ii^-1 P_iw,   E\[phi_i\] = phi_0 + P_ii^-1 (g_i - P_iw d),
//! so that with the sums h and S over tasks and what is outside, w is normal around w_0 + S^-1 h with the precision S, and
//!     ln p(D, the few) = ln p at (w_0) outside + sum_i ln Z_i(0) + h' S^-1 h / 2 - ln |S| / 2 + k ln(2 pi) / 2.

use crate::density::Density;
use crate::density::bordered::Workspace;
use crate::density::gaussian_globals::{GaussianGlobals, Seat};
use crate::density::given_others::{NormalStep, QuadraticInW};
use crate::linalg::storage::Storage;
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
    /// By task, of the seats of w (s) in its block: h_i, and S_i row by row.
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
    means: Vec<f64>,
    factors: Vec<f64>,
}

/// What is integrated out, and where.
pub(crate) struct Integration {
    pub(crate) globals: GaussianGlobals,
    pub(crate) storages: Vec<TaskStorage>,
    /// phi_0: where sums are expanded, one task behind the other. Near the modes nothing large is taken from anything large.
    phi: Vec<f64>,
}

/// Where the numbers of a task are among those of all.
pub(crate) struct TaskStorage {
    storage: Storage,
    first_coordinate: usize,
    first_number: usize,
}

impl Integration {
    /// Room for what will be found.
    fn room(&self) -> Integrated {
        let (tasks, seats) = (self.storages.len(), self.globals.in_task.len());
        Integrated {
            ln_z: Vec::with_capacity(tasks),
            slopes: Vec::with_capacity(tasks * seats),
            curvatures: Vec::with_capacity(tasks * seats * seats),
            solved: Vec::with_capacity(self.phi.len() * (seats + 1)),
            factors: Vec::with_capacity(self.storages.last().map_or(0, |last| last.first_number + last.storage.len())),
            ..Integrated::default()
        }
    }
}

/// A task that is to be integrated out: its log density at (w_0, phi_0).
struct TaskAt<'a> {
    storage: &'a Storage,
    phi: &'a [f64],
    value: f64,
}

impl Density<'_> {
    /// What can be integrated out, if there is something; around a `centre` that is possible, and the tasks' modes there.
    pub(crate) fn integration(&self, centre: &[f64], modes: &[DVector<f64>]) -> Option<Integration> {
        let globals = self.gaussian_globals(centre)?;
        let finite = |u: &f64| if u.is_finite() { *u } else { 0.0 };
        let phi = modes.iter().flat_map(|mode| mode.iter().map(finite)).collect();
        Some(Integration { globals, storages: self.task_storages(), phi })
    }

    fn task_storages(&self) -> Vec<TaskStorage> {
        let mut first_number = 0;
        let of_task = |i: usize| {
            let storage = self.storage(i);
            first_number += storage.len();
            TaskStorage { first_number: first_number - storage.len(), first_coordinate: self.offsets[i], storage }
        };
        (0..self.num_tasks()).map(of_task).collect()
    }

    /// Integrates everything but the other globals out; w is at w_0 in `theta`. `None` where it cannot be.
    pub(crate) fn integrate(
        &self,
        integration: &Integration,
        theta: &[f64],
        space: &mut Workspace,
    ) -> Option<Integrated> {
        let Integration { globals, storages, phi } = integration;
        let mut of_w = self.outside_of(&globals.w, theta);
        let mut out = integration.room();
        out.ln_p = self.all_outside(theta).total();
        let exps = self.shared_at(theta);
        space.read(self.layout.task_reads.iter().map(|&j| theta[j]));
        for (i, TaskStorage { storage, first_coordinate, .. }) in storages.iter().enumerate() {
            let (task, n) = (self.closed_task(i), self.offsets[i + 1] - self.offsets[i]);
            let phi = &phi[*first_coordinate..][..n];
            space.place(phi);
            let value = space.expand(&[task.latents, task.data], &exps, storage);
            if !storage.factorise(&mut space.own) {
                return None;
            }
            space.take_rows(&globals.in_task);
            let task = TaskAt { storage, phi, value };
            out.add(&task, space, &globals.in_task, &mut of_w);
        }
        out.finish(of_w)
    }
}

impl Integrated {
    /// Integrates a task out that the workspace holds, and adds what it says of w.
    fn add(&mut self, task: &TaskAt<'_>, space: &Workspace, seats: &[Seat], of_w: &mut QuadraticInW) {
        let TaskAt { storage, phi, value } = *task;
        let (s, columns, first) = (seats.len(), seats.len() + 1, self.solved.len());
        self.solved.extend(&space.rows);
        storage.solve(&space.own, &mut self.solved[first..], columns);
        let solved = &mut self.solved[first..];
        let product = |r: usize, c: usize| -> f64 {
            let both = space.rows.chunks_exact(columns).zip(solved.chunks_exact(columns));
            both.map(|(row, solved)| row[r] * solved[c]).sum()
        };
        let raised = 0.5 * product(s, s);
        self.is_rough |= raised > CANCELLING;
        self.ln_z.push(value + raised - storage.ln_det(&space.own) + phi.len() as f64 * LN_SQRT_2PI);
        let k = of_w.gradient.len();
        for (r, seat) in seats.iter().enumerate() {
            let slope = space.gradient[seat.of_block] + product(r, s);
            of_w.gradient[seat.of_w] += slope;
            self.slopes.push(slope);
            for (c, other) in seats.iter().enumerate() {
                let curvature = -(space.corner[seat.of_block * space.reads + other.of_block] + product(r, c));
                of_w.precision[seat.of_w * k + other.of_w] += curvature;
                self.curvatures.push(curvature);
            }
        }
        for (row, phi) in solved.chunks_exact_mut(columns).zip(phi) {
            row[s] += phi;
        }
        self.factors.extend(&space.own);
    }

    /// Integrates w out; `None` where it cannot be.
    fn finish(mut self, of_w: QuadraticInW) -> Option<Self> {
        self.w = of_w.normal()?;
        self.is_rough |= self.w.raised > CANCELLING;
        self.ln_p += self.ln_z.iter().sum::<f64>() + self.w.raised + self.w.ln_volume();
        Some(self)
    }

    /// The tasks given w, which is so far from w_0.
    pub(crate) fn tasks_given(self, globals: &GaussianGlobals, step: &[f64]) -> TasksGiven {
        let Self { mut ln_z, slopes, curvatures, solved, factors, .. } = self;
        let d: Vec<f64> = globals.in_task.iter().map(|seat| step[seat.of_w]).collect();
        let s = d.len();
        for (i, ln_z) in ln_z.iter_mut().enumerate() {
            for (r, d_r) in d.iter().enumerate() {
                let bent: f64 = curvatures[(i * s + r) * s..][..s].iter().zip(&d).map(|(c, d)| c * d).sum();
                *ln_z += d_r * (slopes[i * s + r] - 0.5 * bent);
            }
        }
        let mean = |row: &[f64]| row[s] + row.iter().zip(&d).map(|(x, d)| x * d).sum::<f64>();
        TasksGiven { ln_z, means: solved.chunks_exact(s + 1).map(mean).collect(), factors }
    }
}

impl TasksGiven {
    /// Appends the draw of phi that a standard normal z stands for, which is used up.
    pub(crate) fn draw_into(&self, at: &TaskStorage, z: &mut [f64], out: &mut Vec<f64>) {
        let factor = &self.factors[at.first_number..][..at.storage.len()];
        at.storage.solve_transposed(factor, z);
        out.extend(self.means[at.first_coordinate..].iter().zip(&*z).map(|(m, x)| m + x));
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
        /// mean and slope are Gaussian given the scales.
        Lines(lines: &[Vec<(f64, f64)>]) {
            mean ~ Normal(0.0, 3.0);
            slope ~ Normal(mean, 2.0);
            tau ~ HalfCauchy(1.0);
            sigma ~ HalfNormal(1.0);
            for line in lines {
                a ~ Normal(mean, tau);
                for &(x, y) in line {
                    y ~ Normal(a + slope * x, sigma);
                }
            }
        }
    }

    /// The same as one w after another and one task after another say.
    #[test]
    fn it_is_the_density_of_what_is_integrated_out() {
        let lines: Vec<Vec<(f64, f64)>> =
            (0..4).map(|i| (0..i + 2).map(|k| (f64::from(k) - 1.0, f64::from(i * k % 3) + 0.5)).collect()).collect();
        let model = Lines::new(&lines);
        let program = Subset::all(&model);
        let shape = Shape::discover(&program, &Start::Zero).expect("valid");
        let density = Density::new(Box::new(program), &shape, Writing::CENTRED);
        let modes: Vec<DVector<f64>> = (0..4).map(|i| DVector::from_element(1, f64::from(i) - 1.0)).collect();
        let integration = density.integration(&[0.0; 4], &modes).expect("mean and slope");
        let globals = &integration.globals;
        assert_eq!((&globals.w[..], &globals.others[..]), (&[0, 1][..], &[2, 3][..]));
        let w_0 = [5.0, -3.0];
        let integrate = || {
            let theta = [w_0[0], w_0[1], -0.4, 0.3];
            density.integrate(&integration, &theta, &mut Workspace::default()).expect("Gaussian")
        };
        for z in [[0.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.3, 2.0], [-2.0, -1.5]] {
            let given = integrate();
            let (ln_p, (step, ln_q)) = (given.ln_p, given.w.draw(&z));
            let theta = [w_0[0] + step[0], w_0[1] + step[1], -0.4, 0.3];
            // ln p(D, the others) is the same by any w
            let fixed = density.fix_gaussian(&[theta.to_vec()]);
            let mut eliminator = fixed.eliminator();
            let found = given.tasks_given(globals, &step);
            let mut sum = 0.0;
            for (i, at) in integration.storages.iter().enumerate() {
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
