//! Which globals w are Gaussian given the others, once the locals are integrated out: fixed effects with normal priors.
//!
//! They are where all that is not constant in w and phi has closed forms, and none of them an exponent that names w or phi.

use crate::density::Density;
use crate::model::site_mask::SiteMask;
use crate::numbers::pass::{Derivatives, Order};

/// With more tasks theta is so well known that all of it is all but Gaussian.
const MOST_TASKS: usize = 4096;
/// Where it is seen what depends on what: at this distance from the centre, to either side.
pub(super) const AWAY: f64 = 0.7;

/// Which globals are Gaussian given the others.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GaussianGlobals {
    /// Coordinates of theta that are.
    pub(crate) w: Vec<usize>,
    /// The others.
    pub(crate) others: Vec<usize>,
    /// By coordinate of theta that tasks read: where among w it is.
    of_reads: Vec<Option<usize>>,
    /// By task, what moves the mean of its prior if that has no closed form; empty where all have one.
    moves: Vec<Vec<Move>>,
}

/// A global that moves the mean of a task's prior.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Move {
    /// Its number among those that tasks read.
    pub(super) read: usize,
    /// How each entry of the mean moves with it.
    pub(super) by: Vec<f64>,
}

/// A coordinate of a block that is a coordinate of w.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seat {
    pub(super) of_block: usize,
    pub(super) of_w: usize,
}

impl GaussianGlobals {
    /// Of which no task says anything that is Gaussian.
    pub(super) fn without_tasks(w: Vec<usize>, others: Vec<usize>) -> Self {
        Self { w, others, of_reads: Vec::new(), moves: Vec::new() }
    }

    /// By coordinate of theta: where among w it is.
    pub(super) fn places(&self) -> Vec<Option<usize>> {
        let mut places = vec![None; self.w.len() + self.others.len()];
        self.w.iter().enumerate().for_each(|(place, &j)| places[j] = Some(place));
        places
    }

    /// Moves w in `theta` by a step.
    pub(crate) fn move_w(&self, theta: &mut [f64], step: &[f64]) {
        self.w.iter().zip(step).for_each(|(&j, step)| theta[j] += step);
    }

    /// Whether the coordinate of that number of those that tasks read is of w.
    pub(super) fn is_w(&self, read: usize) -> bool {
        self.of_reads[read].is_some()
    }

    /// What moves the mean of a task's prior.
    pub(super) fn moves(&self, task: usize) -> &[Move] {
        self.moves.get(task).map_or(&[], Vec::as_slice)
    }

    /// The coordinates of w that a task names, ascending; `is_named` by coordinate of theta that tasks read, but for its prior.
    pub(super) fn seats(&self, task: usize, mut is_named: Vec<bool>) -> Vec<Seat> {
        self.moves(task).iter().for_each(|moves| is_named[moves.read] = true);
        let seat = |(of_block, of_w): (usize, &Option<usize>)| {
            of_w.filter(|_| is_named[of_block]).map(|of_w| Seat { of_block, of_w })
        };
        self.of_reads.iter().enumerate().filter_map(seat).collect()
    }
}

impl Density<'_> {
    /// The globals that are Gaussian given the others, if some are and some are not; `centre` is a theta that is possible.
    pub(crate) fn gaussian_globals(&self, centre: &[f64]) -> Option<GaussianGlobals> {
        if self.has_open_data() {
            return None;
        }
        self.globals_given(centre, self.not_gaussian_outside(centre))
    }

    /// Which globals have normal priors given the others, as have the locals, if some have and some have not, whatever is said of
    /// them where few leaves are read.
    pub(super) fn globals_with_normal_priors(&self, centre: &[f64]) -> Option<GaussianGlobals> {
        if self.draws.tasks {
            return None;
        }
        let mut is_other = self.scales_outside();
        self.mark_open(&self.drawn.outside, centre, &mut is_other);
        self.globals_given(centre, is_other)
    }

    /// The globals that are not among the others, nor are in exponents of a task's.
    fn globals_given(&self, centre: &[f64], mut is_other: Vec<bool>) -> Option<GaussianGlobals> {
        if self.num_tasks() > MOST_TASKS || !self.are_open_priors_normal() || !self.is_closed_part_quadratic() {
            return None;
        }
        for i in 0..self.num_tasks() {
            let task = self.closed_task(i);
            let reads = &self.layout.task_reads;
            let mut mark = |j: usize| reads.get(j).into_iter().for_each(|&j| is_other[j] = true);
            for block in [task.latents, task.data] {
                block.mark_exponents(&mut mark);
            }
        }
        let mut moves = if self.has_open_priors() { self.prior_moves(centre, &mut is_other) } else { Vec::new() };
        let (others, w): (Vec<usize>, Vec<usize>) = (0..is_other.len()).partition(|&j| is_other[j]);
        let of_reads: Vec<Option<usize>> = self.layout.task_reads.iter().map(|j| w.binary_search(j).ok()).collect();
        for of_task in &mut moves {
            of_task.retain(|by| of_reads[by.read].is_some());
        }
        (!w.is_empty() && !others.is_empty()).then_some(GaussianGlobals { w, others, of_reads, moves })
    }

    /// By coordinate of theta that tasks read, whether closed forms of a task name it outside of exponents.
    pub(super) fn named(&self, i: usize) -> Vec<bool> {
        let task = self.closed_task(i);
        let mut is_named = vec![false; self.layout.task_reads.len()];
        for block in [task.latents, task.data] {
            block.mark_named(&mut |j| is_named.get_mut(j).into_iter().for_each(|named| *named = true));
        }
        is_named
    }

    /// By coordinate of theta, whether what is outside the plate is no Gaussian in it, given the others.
    pub(super) fn not_gaussian_outside(&self, centre: &[f64]) -> Vec<bool> {
        let mut is_other = self.scales_outside();
        self.mark_open(&self.open.outside, centre, &mut is_other);
        is_other
    }

    /// By coordinate of theta, whether exponents outside the plate name it.
    fn scales_outside(&self) -> Vec<bool> {
        let mut is_scale = vec![false; self.num_globals()];
        let outside = self.closed_outside();
        for block in [outside.latents, outside.data] {
            block.mark_exponents(&mut |j| is_scale[j] = true);
        }
        is_scale
    }

    /// Marks the coordinates that these sites outside the plate depend on.
    fn mark_open(&self, sites: &SiteMask, centre: &[f64], is_other: &mut [bool]) {
        if !self.samples_outside {
            return;
        }
        let n = centre.len();
        let mut out = Derivatives::default();
        for away in [-AWAY, 0.0, AWAY] {
            let theta: Vec<f64> = centre.iter().map(|u| u + away).collect();
            self.program.expand_outside(Order::Second, sites, &theta, &mut out);
            for (j, is_other) in is_other.iter_mut().enumerate() {
                // also where derivatives are not finite
                let is_zero = |d: &f64| *d == 0.0;
                *is_other |= !(is_zero(&out.gradient[j]) && out.hessian[j * n..(j + 1) * n].iter().all(is_zero));
            }
        }
    }
}
