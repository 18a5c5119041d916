//! Globals that are Gaussian given the others, once the locals are integrated out: fixed effects with normal priors.
//!
//! Where all that is not constant in w and phi has closed forms, and none of them an exponent that names w or phi,
//! ln p(D, phi, w | the other globals) is quadratic in (w, phi). With P the precision of both,
//!     S = P_ww - sum_i P_wi P_ii^-1 P_iw,   E\[w\] = w_0 + S^-1 (g_w - sum_i P_wi P_ii^-1 g_i),
//! S being the precision of w and the gradient g that at (w_0, 0).

use crate::density::Density;
use crate::density::closed::{BlockPoint, ClosedBlock};
use crate::linalg::cholesky;
use crate::linalg::envelope::{Full, Symmetric};
use crate::linalg::storage::{Adder, Storage};
use crate::numbers::pass::{Derivatives, Order};
use crate::special::LN_SQRT_2PI;

/// With more tasks theta is so well known that all of it is all but Gaussian.
const MOST_TASKS: usize = 4096;
/// Where it is seen what depends on what: at this distance from the centre, to either side.
const AWAY: f64 = 0.7;

/// Which globals are Gaussian given the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GaussianGlobals {
    /// Coordinates of theta that are.
    pub(crate) w: Vec<usize>,
    /// The others.
    pub(crate) others: Vec<usize>,
    /// By coordinate of a task's block that is among w: where it is, and where among w.
    in_task: Vec<Seat>,
}

/// A coordinate of a block that is a coordinate of w.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seat {
    of_block: usize,
    of_w: usize,
}

/// The normal distribution of w given the other globals.
#[derive(Clone, Debug)]
pub(crate) struct GivenOthers {
    mean: Vec<f64>,
    /// L with L L' the precision.
    l: Vec<f64>,
}

impl GivenOthers {
    /// w from a standard normal z, and the log density of it.
    pub(crate) fn draw(&self, z: &[f64]) -> (Vec<f64>, f64) {
        let n = z.len();
        let mut w = z.to_vec();
        cholesky::solve_transposed(&self.l, &mut w);
        w.iter_mut().zip(&self.mean).for_each(|(w, m)| *w += m);
        let square: f64 = z.iter().map(|z| z * z).sum();
        (w, cholesky::ln_det(&self.l, n) - n as f64 * LN_SQRT_2PI - 0.5 * square)
    }
}

impl Density<'_> {
    /// The globals that are Gaussian given the others, if some are and some are not; `centre` is a theta that is possible.
    pub(crate) fn gaussian_globals(&self, centre: &[f64]) -> Option<GaussianGlobals> {
        let has_open_priors = self.open.tasks.latents.contains(&true);
        if self.num_tasks() > MOST_TASKS || has_open_priors || !self.is_gaussian_given_theta() {
            return None;
        }
        let mut is_other = vec![false; self.num_globals()];
        let outside = self.closed_outside();
        for block in [outside.latents, outside.data] {
            block.mark_exponents(&mut |j| is_other[j] = true);
        }
        for i in 0..self.num_tasks() {
            let task = self.closed_task(i);
            let reads = &self.layout.task_reads;
            let mut mark = |j: usize| reads.get(j).into_iter().for_each(|&j| is_other[j] = true);
            for block in [task.latents, task.data] {
                block.mark_exponents(&mut mark);
            }
        }
        self.mark_sampled(centre, &mut is_other);
        let (others, w): (Vec<usize>, Vec<usize>) = (0..is_other.len()).partition(|&j| is_other[j]);
        let seat = |(of_w, j): (usize, &usize)| {
            self.layout.task_reads.binary_search(j).ok().map(|of_block| Seat { of_block, of_w })
        };
        let in_task = w.iter().enumerate().filter_map(seat).collect();
        (!w.is_empty() && !others.is_empty()).then_some(GaussianGlobals { w, others, in_task })
    }

    /// Marks the coordinates that what has no closed form outside the plate depends on.
    fn mark_sampled(&self, centre: &[f64], is_other: &mut [bool]) {
        if !self.samples_outside {
            return;
        }
        let n = centre.len();
        let mut out = Derivatives::default();
        for away in [-AWAY, 0.0, AWAY] {
            let theta: Vec<f64> = centre.iter().map(|u| u + away).collect();
            self.program.expand_outside(Order::Second, &self.open.outside, &theta, &mut out);
            for (j, is_other) in is_other.iter_mut().enumerate() {
                // also where derivatives are not finite
                let is_zero = |d: &f64| *d == 0.0;
                *is_other |= !(is_zero(&out.gradient[j]) && out.hessian[j * n..(j + 1) * n].iter().all(is_zero));
            }
        }
    }

    /// The normal of w given the other globals; at w itself theta is where the expansion is taken. `None` where there is none.
    pub(crate) fn w_given_others(&self, globals: &GaussianGlobals, theta: &[f64]) -> Option<GivenOthers> {
        let k = globals.w.len();
        let (mut precision, mut gradient) = (vec![0.0; k * k], vec![0.0; k]);
        let outside = self.closed_outside();
        let whole = Expanded::of(&[outside.latents, outside.data], BlockPoint { u: theta, exps: &[] });
        for (r, &row) in globals.w.iter().enumerate() {
            gradient[r] += whole.gradient[row];
            for (c, &col) in globals.w.iter().enumerate() {
                precision[r * k + c] -= whole.hessian[row * theta.len() + col];
            }
        }
        let exps = self.shared_at(theta);
        let reads: Vec<f64> = self.layout.task_reads.iter().map(|&j| theta[j]).collect();
        for i in 0..self.num_tasks() {
            let task = self.closed_task(i);
            let mut u = reads.clone();
            u.resize(reads.len() + self.offsets[i + 1] - self.offsets[i], 0.0);
            let point = BlockPoint { u: &u, exps: &exps };
            let mut expanded = Bordered::new(reads.len(), self.storage(i));
            expanded.add(&[task.latents, task.data], point);
            expanded.eliminate(&globals.in_task, &mut precision, &mut gradient)?;
        }
        if !cholesky::factorise(&mut precision, k) {
            return None;
        }
        cholesky::solve(&precision, k, &mut gradient, 1);
        let mean: Vec<f64> = gradient.iter().zip(&globals.w).map(|(step, &j)| theta[j] + step).collect();
        mean.iter().all(|m| m.is_finite()).then_some(GivenOthers { mean, l: precision })
    }
}

/// Gradient and second derivatives, row-major, of closed forms in all coordinates of their block that no exponent names.
struct Expanded {
    gradient: Vec<f64>,
    hessian: Vec<f64>,
}

impl Expanded {
    fn of(closed: &[ClosedBlock<'_>], point: BlockPoint<'_>) -> Self {
        let m = point.u.len();
        let mut out = Self { gradient: vec![0.0; m], hessian: vec![0.0; m * m] };
        for block in closed {
            block.at_point(point, &mut out.gradient);
            block.add_curvature(0, point, &mut Full { n: m, numbers: &mut out.hessian });
        }
        out
    }
}

/// The same of a task, whose block begins with the globals that it reads, part by part.
struct Bordered {
    reads: usize,
    gradient: Vec<f64>,
    /// Of the globals.
    corner: Vec<f64>,
    /// Of its own coordinates (n) against the globals.
    border: Vec<f64>,
    storage: Storage,
    /// Of its own.
    own: Vec<f64>,
}

/// The parts as one symmetric matrix, its own part kept somehow.
struct Parts<'a, S> {
    reads: usize,
    corner: &'a mut [f64],
    border: &'a mut [f64],
    own: &'a mut S,
}

impl<S: Symmetric> Symmetric for Parts<'_, S> {
    #[inline(always)]
    fn add(&mut self, j: usize, k: usize, value: f64) {
        let reads = self.reads;
        match (j.checked_sub(reads), k.checked_sub(reads)) {
            (None, None) => self.corner[j * reads + k] += value,
            (Some(j), None) => self.border[j * reads + k] += value,
            (None, Some(_)) => {}
            (Some(j), Some(k)) => self.own.add(j, k, value),
        }
    }
}

/// Adds a closed form's second derivatives to the parts.
struct AddParts<'a> {
    block: &'a ClosedBlock<'a>,
    point: BlockPoint<'a>,
    reads: usize,
    corner: &'a mut [f64],
    border: &'a mut [f64],
}

impl Adder for AddParts<'_> {
    fn add_to(self, own: &mut impl Symmetric) {
        let Self { block, point, reads, corner, border } = self;
        block.add_curvature(0, point, &mut Parts { reads, corner, border, own });
    }
}

impl Bordered {
    fn new(reads: usize, storage: Storage) -> Self {
        let own = vec![0.0; storage.len()];
        Self { reads, gradient: Vec::new(), corner: vec![0.0; reads * reads], border: Vec::new(), storage, own }
    }

    fn add(&mut self, closed: &[ClosedBlock<'_>], point: BlockPoint<'_>) {
        let Self { reads, gradient, corner, border, storage, own } = self;
        gradient.resize(point.u.len(), 0.0);
        border.resize((point.u.len() - *reads) * *reads, 0.0);
        for block in closed {
            block.at_point(point, gradient);
            storage.add_by(own, AddParts { block, point, reads: *reads, corner, border });
        }
    }

    /// Adds what the task says of w, its own coordinates integrated out; `None` where they cannot be.
    fn eliminate(mut self, seats: &[Seat], precision: &mut [f64], gradient: &mut [f64]) -> Option<()> {
        if seats.is_empty() {
            return Some(());
        }
        let (reads, k, columns) = (self.reads, gradient.len(), seats.len() + 1);
        let n = self.gradient.len() - reads;
        let mut solved = Vec::with_capacity(n * columns);
        for (row, slope) in self.border.chunks_exact(reads).zip(&self.gradient[reads..]) {
            solved.extend(seats.iter().map(|seat| row[seat.of_block]));
            solved.push(*slope);
        }
        let border = solved.clone();
        self.own.iter_mut().for_each(|h| *h = -*h);
        if !self.storage.factorise(&mut self.own) {
            return None;
        }
        self.storage.solve(&self.own, &mut solved, columns);
        for (r, seat) in seats.iter().enumerate() {
            let dot = |c: usize| (0..n).map(|l| border[l * columns + r] * solved[l * columns + c]).sum::<f64>();
            gradient[seat.of_w] += self.gradient[seat.of_block] + dot(seats.len());
            for (c, other) in seats.iter().enumerate() {
                precision[seat.of_w * k + other.of_w] -= self.corner[seat.of_block * reads + other.of_block] + dot(c);
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use crate::density::shape::Shape;
    use crate::density::{Density, Writing};
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

    /// ln p(theta) + sum_i ln p(D_i | theta) is quadratic in w with the mean and the precision said.
    #[test]
    fn it_is_the_density_of_what_is_integrated_out() {
        let lines: Vec<Vec<(f64, f64)>> =
            (0..4).map(|i| (0..i + 2).map(|k| (f64::from(k) - 1.0, f64::from(i * k % 3) + 0.5)).collect()).collect();
        let model = Lines::new(&lines);
        let program = Subset::all(&model);
        let shape = Shape::discover(&program, &Start::Zero).expect("valid");
        let density = Density::new(Box::new(program), &shape, Writing::CENTRED);
        let globals = density.gaussian_globals(&[0.0; 4]).expect("mean and slope");
        assert_eq!((&globals.w[..], &globals.others[..]), (&[0, 1][..], &[2, 3][..]));
        let marginal = |w: [f64; 2]| {
            let theta = [w[0], w[1], -0.4, 0.3];
            let fixed = density.fix_gaussian(&[theta.to_vec()]);
            let mut eliminator = fixed.eliminator();
            let tasks = (0..lines.len()).map(|i| eliminator.eliminate(i, 0).expect("Gaussian").ln_z());
            density.all_outside(&theta).total() + tasks.sum::<f64>()
        };
        let given = density.w_given_others(&globals, &[5.0, -3.0, -0.4, 0.3]).expect("Gaussian");
        // differences of ln p are those of ln N
        let ln_ratio = |z: [f64; 2]| {
            let ((at, of_at), (origin, of_origin)) = (given.draw(&z), given.draw(&[0.0, 0.0]));
            (marginal([at[0], at[1]]) - marginal([origin[0], origin[1]])) - (of_at - of_origin)
        };
        for z in [[1.0, 0.0], [-1.0, 0.0], [0.3, 2.0], [-2.0, -1.5]] {
            assert!(ln_ratio(z).abs() < 1e-9, "{z:?}: {}", ln_ratio(z));
        }
    }
}
