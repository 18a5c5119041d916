//! What closed forms of a task are at (w_0, phi_0), as numbers: a quadratic function of its own coordinates and of its seats, those
//! of w that it names.
//!
//! Theta but for w is in exponents alone, most often, so that all numbers are sums over these, with constants c_e that are known
//! once:
//!     numbers(theta) = c_0 + sum_e exp(e(theta)) c_e, and to the value a linear function of theta.

use crate::density::Density;
use crate::density::closed::{BlockPoint, ClosedBlock};
use crate::density::gaussian_globals::{GaussianGlobals, Seat};
use crate::linalg::envelope::Symmetric;
use crate::linalg::storage::{Adder, Storage};
use std::collections::BTreeSet;

/// How many numbers there are of a task.
#[derive(Clone, Debug)]
pub(super) struct Extent {
    pub(super) seats: Vec<Seat>,
    pub(super) coordinates: usize,
    pub(super) storage: Storage,
}

/// The numbers of a task, one kind behind the other.
pub(super) struct TaskNumbers<'a> {
    pub(super) value: &'a mut f64,
    /// First derivatives in the seats (s).
    pub(super) slopes: &'a mut [f64],
    /// n rows of -P_iw, a column a seat, and g_i.
    pub(super) rows: &'a mut [f64],
    /// P_ii, to be factorised.
    pub(super) own: &'a mut [f64],
    /// Second derivatives in the seats, the lower triangle row by row.
    pub(super) corner: &'a mut [f64],
}

impl Extent {
    fn len(&self) -> usize {
        let s = self.seats.len();
        1 + s + self.coordinates * (s + 1) + self.storage.len() + s * (s + 1) / 2
    }

    pub(super) fn split<'a>(&self, numbers: &'a mut [f64]) -> TaskNumbers<'a> {
        let s = self.seats.len();
        let (value, rest) = numbers.split_at_mut(1);
        let (slopes, rest) = rest.split_at_mut(s);
        let (rows, rest) = rest.split_at_mut(self.coordinates * (s + 1));
        let (own, corner) = rest.split_at_mut(self.storage.len());
        TaskNumbers { value: &mut value[0], slopes, rows, own, corner }
    }
}

/// A task, and where its coordinates are: phi_0.
#[derive(Clone, Copy)]
pub(super) struct TaskAt<'a> {
    pub(super) task: usize,
    pub(super) extent: &'a Extent,
    pub(super) phi: &'a [f64],
}

/// The numbers of a task for any theta with that w.
pub(super) struct TaskSums {
    /// Without any exponent, of theta at 0.
    base: Vec<f64>,
    /// By exponent: which of the shared ones, and its numbers, as long as any is not 0.
    of_exponents: Vec<(usize, Vec<f64>)>,
    /// Derivatives of the value in coordinates of theta.
    slopes: Vec<(usize, f64)>,
}

/// The second derivatives of a block as one symmetric matrix, the task's own part kept somehow; what it says of globals without
/// a seat is left out.
struct Parts<'a, S> {
    /// By global that tasks read: which of the task's seats it has.
    places: &'a [Option<usize>],
    seats: usize,
    corner: &'a mut [f64],
    rows: &'a mut [f64],
    own: &'a mut S,
}

impl<S: Symmetric> Symmetric for Parts<'_, S> {
    #[inline(always)]
    fn add(&mut self, j: usize, k: usize, value: f64) {
        let reads = self.places.len();
        match (j.checked_sub(reads), k.checked_sub(reads)) {
            (None, None) => {
                if let (Some(j), Some(k)) = (self.places[j], self.places[k])
                    && k <= j
                {
                    self.corner[j * (j + 1) / 2 + k] += value;
                }
            }
            (Some(j), None) => {
                if let Some(k) = self.places[k] {
                    self.rows[j * (self.seats + 1) + k] += value;
                }
            }
            (None, Some(_)) => {}
            (Some(j), Some(k)) => self.own.add(j, k, value),
        }
    }
}

/// Adds a closed form's second derivatives to the parts.
struct AddParts<'a> {
    block: &'a ClosedBlock<'a>,
    point: BlockPoint<'a>,
    places: &'a [Option<usize>],
    seats: usize,
    corner: &'a mut [f64],
    rows: &'a mut [f64],
}

impl Adder for AddParts<'_> {
    fn add_to(self, own: &mut impl Symmetric) {
        let Self { block, point, places, seats, corner, rows } = self;
        block.add_curvature(0, point, &mut Parts { places, seats, corner, rows, own });
    }
}

/// Theta as tasks read it, and exp of the exponents that they share.
#[derive(Default)]
pub(super) struct Read {
    globals: Vec<f64>,
    exps: Vec<f64>,
}

impl Read {
    pub(super) fn of(density: &Density<'_>, theta: &[f64]) -> Self {
        let globals = density.layout.task_reads.iter().map(|&j| theta[j]).collect();
        Self { globals, exps: density.shared_at(theta) }
    }
}

impl Density<'_> {
    /// The numbers of a task for one theta; its gradient in theta as it reads it.
    fn numbers(&self, TaskAt { task, extent, phi }: TaskAt<'_>, read: &Read) -> (Vec<f64>, Vec<f64>) {
        let (reads, s) = (read.globals.len(), extent.seats.len());
        let mut numbers = vec![0.0; extent.len()];
        let TaskNumbers { value, slopes, rows, own, corner } = extent.split(&mut numbers);
        let mut places = vec![None; reads];
        for (number, seat) in extent.seats.iter().enumerate() {
            places[seat.of_block] = Some(number);
        }
        let u = [&read.globals, phi].concat();
        let mut gradient = vec![0.0; u.len()];
        let point = BlockPoint { u: &u, exps: &read.exps };
        let closed = self.closed_task(task);
        for block in &[closed.latents, closed.data] {
            *value += block.at_point(point, &mut gradient);
            let places = &places;
            extent.storage.add_by(own, AddParts { block, point, places, seats: s, corner, rows });
        }
        for h in own {
            *h = -*h;
        }
        for (slope, seat) in slopes.iter_mut().zip(&extent.seats) {
            *slope = gradient[seat.of_block];
        }
        for (row, slope) in rows.chunks_exact_mut(s + 1).zip(&gradient[reads..]) {
            row[s] = *slope;
        }
        gradient.truncate(reads);
        (numbers, gradient)
    }

    /// The sums of a task, w being where it is in `centre`; `None` where theta but for w is in more than exponents.
    pub(super) fn sums(&self, at: TaskAt<'_>, globals: &GaussianGlobals, centre: &Read) -> Option<TaskSums> {
        let task = self.closed_task(at.task);
        let (mut exponents, mut is_squared) = (BTreeSet::new(), false);
        for block in [task.latents, task.data] {
            block.mark_shared(&mut |e| exponents.extend([e]));
            block.mark_squared(&mut |j| is_squared |= j < centre.globals.len() && !globals.is_w(j));
        }
        if is_squared {
            return None;
        }
        let at_w = |(j, x): (usize, &f64)| if globals.is_w(j) { *x } else { 0.0 };
        let mut read =
            Read { globals: centre.globals.iter().enumerate().map(at_w).collect(), exps: vec![0.0; centre.exps.len()] };
        let (base, gradient) = self.numbers(at, &read);
        let mut of_exponent = |e: usize| {
            read.exps[e] = 1.0;
            let (mut numbers, _) = self.numbers(at, &read);
            read.exps[e] = 0.0;
            numbers.iter_mut().zip(&base).for_each(|(x, base)| *x -= base);
            numbers.truncate(numbers.iter().rposition(|x| *x != 0.0).map_or(0, |last| last + 1));
            numbers.shrink_to_fit();
            (e, numbers)
        };
        let of_exponents = exponents.into_iter().map(&mut of_exponent).collect();
        let is_other = |&(j, slope): &(usize, f64)| !globals.is_w(j) && slope != 0.0;
        let slopes = gradient.into_iter().enumerate().filter(is_other).collect();
        Some(TaskSums { base, of_exponents, slopes })
    }

    /// Puts the numbers of a task in place of others, by its sums where there are any.
    pub(super) fn fill(&self, numbers: &mut Vec<f64>, at: TaskAt<'_>, sums: Option<&TaskSums>, read: &Read) {
        let Some(TaskSums { base, of_exponents, slopes }) = sums else {
            *numbers = self.numbers(at, read).0;
            return;
        };
        numbers.clone_from(base);
        for (e, of_exponent) in of_exponents {
            let exp = read.exps[*e];
            numbers.iter_mut().zip(of_exponent).for_each(|(sum, x)| *sum += exp * x);
        }
        numbers[0] += slopes.iter().map(|&(j, slope)| slope * read.globals[j]).sum::<f64>();
    }
}
