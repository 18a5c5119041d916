//! The closed forms of a task, expanded in its own coordinates and in the globals that it reads, part by part.

use crate::density::closed::{BlockPoint, ClosedBlock};
use crate::density::gaussian_globals::Seat;
use crate::linalg::envelope::Symmetric;
use crate::linalg::storage::{Adder, Storage};

/// Space for one task after another.
#[derive(Default)]
pub(crate) struct Workspace {
    pub(super) reads: usize,
    u: Vec<f64>,
    pub(super) gradient: Vec<f64>,
    /// Second derivatives of the globals that the task reads.
    pub(super) corner: Vec<f64>,
    /// Of its own coordinates (n) against these.
    border: Vec<f64>,
    /// Of its own, and once factorised the factor of P_ii.
    pub(super) own: Vec<f64>,
    /// n rows of -P_iw, a column a seat, and g_i.
    pub(super) rows: Vec<f64>,
}

/// The second derivatives of a block as one symmetric matrix, the task's own part kept somehow.
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

impl Workspace {
    /// For tasks that read these globals.
    pub(super) fn read(&mut self, globals: impl Iterator<Item = f64>) {
        self.u.clear();
        self.u.extend(globals);
        self.reads = self.u.len();
    }

    /// The coordinates of the next task.
    pub(super) fn place(&mut self, phi: &[f64]) {
        self.u.truncate(self.reads);
        self.u.extend(phi);
    }

    /// Fills it with what closed forms of the task are at its coordinates; their value.
    pub(super) fn expand(&mut self, closed: &[ClosedBlock<'_>], exps: &[f64], storage: &Storage) -> f64 {
        let Self { reads, u, gradient, corner, border, own, .. } = self;
        let n = u.len() - *reads;
        for (numbers, len) in
            [(&mut *gradient, u.len()), (corner, *reads * *reads), (border, n * *reads), (own, storage.len())]
        {
            numbers.clear();
            numbers.resize(len, 0.0);
        }
        let point = BlockPoint { u, exps };
        let mut value = 0.0;
        for block in closed {
            value += block.at_point(point, gradient);
            storage.add_by(own, AddParts { block, point, reads: *reads, corner, border });
        }
        for h in own {
            *h = -*h;
        }
        value
    }

    /// The rows of -P_iw and g_i.
    pub(super) fn take_rows(&mut self, seats: &[Seat]) {
        let Self { reads, gradient, border, rows, .. } = self;
        rows.clear();
        for (row, slope) in gradient[*reads..].iter().enumerate() {
            rows.extend(seats.iter().map(|seat| border[row * *reads + seat.of_block]));
            rows.push(*slope);
        }
    }
}
