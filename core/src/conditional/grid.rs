//! One or two latents given theta, by quadrature: sums over a grid with a random shift.
//!
//! With phi = centre + R z and the grid z = (k + shift) h, k in Z^n, shift uniform in a cell,
//!     Z = |R| h^n sum_k f(k),   p(k) = f(k) / sum_k f(k).
//! The mean of Z over shifts is exact whatever h is, and a node picked with probability p has density f(phi) / Z where it
//! counts as much as its Z. How much Z depends on the shift falls faster than any power of h where f is smooth: of a
//! normal by 2 exp(-2 pi^2 / h^2), 3e-4 with nodes 1.5 standard deviations apart. The four (two) grids of 2 h that the grid
//! is made of tell how much it would be with those.
//!
//! Nodes are found from where f is large outwards, until f is negligible.

use crate::linalg::gaussian::Gaussian;
use nalgebra::DVector;

/// Tasks of more latents are not summed over grids.
pub(super) const WIDEST: usize = 2;
/// Nodes whose density is this many nats below the highest are left out.
const NEGLIGIBLE: f64 = 10.0;
/// Nodes lie within so many steps of the centre.
const REACH: i32 = 48;
const SIDE: usize = 2 * REACH as usize + 1;
/// A grid never has more nodes.
const MOST_NODES: usize = 600;

/// Where a task's density is large, and how wide it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Frame {
    pub(super) n: usize,
    pub(super) centre: [f64; WIDEST],
    /// Lower triangle of R: (0, 0), (1, 0), (1, 1).
    pub(super) root: [f64; 3],
}

impl Frame {
    pub(super) fn of(gaussian: &Gaussian) -> Self {
        let n = gaussian.mean.len();
        let covariance = gaussian.covariance();
        let mut out = Self { n, root: [1.0, 0.0, 1.0], ..Self::default() };
        out.centre[..n].copy_from_slice(gaussian.mean.as_slice());
        out.root[0] = covariance[(0, 0)].sqrt();
        if n == 2 {
            out.root[1] = covariance[(1, 0)] / out.root[0];
            out.root[2] = (covariance[(1, 1)] - out.root[1] * out.root[1]).max(0.0).sqrt();
        }
        out
    }

    /// The numbers that describe it: the centre, the logarithms of the diagonal of R, what is below it over that.
    pub(super) fn features(&self) -> DVector<f64> {
        let Self { n, centre: [x, y], root: [a, b, c] } = *self;
        match n {
            1 => DVector::from_column_slice(&[x, a.ln()]),
            _ => DVector::from_column_slice(&[x, y, a.ln(), c.ln(), b / a]),
        }
    }

    /// The frame that these numbers describe.
    pub(super) fn of_features(n: usize, features: &[f64]) -> Self {
        match *features {
            [x, y, a, c, below] => Self { n, centre: [x, y], root: [a.exp(), below * a.exp(), c.exp()] },
            _ => Self { n, centre: [features[0], 0.0], root: [features[1].exp(), 0.0, 1.0] },
        }
    }

    /// |R|.
    pub(super) fn volume(&self) -> f64 {
        self.root[0] * self.root[2]
    }

    /// A grid of that spacing in the frame; the uniform numbers are its shift, and what its draws are picked by.
    pub(super) fn laid(self, spacing: f64, uniform: [f64; WIDEST + 1]) -> Laid {
        let mut shift = [0.0; WIDEST];
        shift[..self.n].copy_from_slice(&uniform[..self.n]);
        Laid { frame: self, spacing, shift: shift.map(|s| s - 0.5), pick: uniform[self.n] }
    }

    /// Whether it is a place to start from.
    pub(super) fn is_regular(&self) -> bool {
        let [a, b, c] = self.root;
        a > 0.0 && c > 0.0 && [a, b, c].iter().chain(&self.centre).all(|x| x.is_finite())
    }

    fn at(&self, z: [f64; WIDEST]) -> [f64; WIDEST] {
        let [a, b, c] = self.root;
        [self.centre[0] + a * z[0], self.centre[1] + b * z[0] + c * z[1]]
    }

    /// z of a point.
    fn z_of(&self, u: &[f64]) -> [f64; WIDEST] {
        let first = (u[0] - self.centre[0]) / self.root[0];
        let second = u.get(1).map_or(0.0, |u| (u - self.centre[1] - self.root[1] * first) / self.root[2]);
        [first, second]
    }
}

/// Where the nodes of a grid are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Laid {
    frame: Frame,
    spacing: f64,
    shift: [f64; WIDEST],
    pick: f64,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    at: [i32; WIDEST],
    ln_f: f64,
}

/// A grid and its nodes so far; buffers are kept from one theta to the next.
#[derive(Default)]
pub(super) struct Grid {
    laid: Laid,
    nodes: Vec<Node>,
    /// By cell of the window: the node's number and 1; 0 where there is none.
    cells: Vec<u32>,
    highest: f64,
    /// By node, f over its highest.
    weights: Vec<f64>,
    total: f64,
}

/// Whether a grid could be summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Summed {
    Done,
    /// The density reaches too far, or is nowhere finite.
    Failed,
}

impl Grid {
    /// Sums f over a new grid, from the points of `starts` outwards.
    pub(super) fn sum(&mut self, laid: Laid, starts: &[DVector<f64>], ln_f: &mut dyn FnMut(&[f64]) -> f64) -> Summed {
        self.clear();
        self.laid = laid;
        let Laid { frame, spacing, shift, .. } = laid;
        let mut next = 0;
        let centre = &frame.centre[..frame.n];
        for start in starts.iter().map(DVector::as_slice).chain(starts.is_empty().then_some(centre)) {
            let z = frame.z_of(start);
            let step = |j: usize| (z[j] / spacing - shift[j]).round().clamp(-1e6, 1e6);
            #[expect(clippy::cast_possible_truncation, reason = "within a million")]
            let at = [step(0) as i32, if frame.n == 2 { step(1) as i32 } else { 0 }];
            if self.climb(at, ln_f) == Summed::Failed || self.spread(&mut next, ln_f) == Summed::Failed {
                return Summed::Failed;
            }
        }
        if self.highest == f64::NEG_INFINITY {
            return Summed::Failed;
        }
        // in this order draws are spread evenly, too
        self.nodes.sort_unstable_by_key(|node| node.at);
        let Self { nodes, weights, highest, .. } = self;
        weights.clear();
        weights.extend(nodes.iter().map(|node| (node.ln_f - *highest).exp()));
        self.total = weights.iter().sum();
        Summed::Done
    }

    fn clear(&mut self) {
        self.cells.resize(SIDE * SIDE, 0);
        for node in &self.nodes {
            self.cells[cell(node.at)] = 0;
        }
        self.nodes.clear();
        self.highest = f64::NEG_INFINITY;
    }

    /// ln Z.
    pub(super) fn ln_z(&self) -> f64 {
        let Self { laid: Laid { frame, spacing, .. }, highest, total, .. } = self;
        let ln_cell = frame.n as f64 * spacing.ln() + frame.volume().ln();
        highest + total.ln() + ln_cell
    }

    /// The relative variance of Z from a grid of twice the spacing.
    pub(super) fn variance_of_coarser(&self) -> f64 {
        let mut cosets = [0.0; 1 << WIDEST];
        for (node, weight) in self.nodes.iter().zip(&self.weights) {
            cosets[usize::from(node.at[0] & 1 == 1) + 2 * usize::from(node.at[1] & 1 == 1)] += weight;
        }
        let count = 1 << self.laid.frame.n;
        cosets[..count].iter().map(|c| (c * count as f64 / self.total - 1.0).powi(2)).sum::<f64>() / count as f64
    }

    /// Mean and root of the covariance of the nodes.
    pub(super) fn moments(&self) -> Frame {
        let (mut mean, mut square) = ([0.0; WIDEST], [0.0; 3]);
        for (node, weight) in self.nodes.iter().zip(&self.weights) {
            let z = self.z(node.at);
            let share = weight / self.total;
            for j in 0..WIDEST {
                mean[j] += share * z[j];
            }
            square =
                [square[0] + share * z[0] * z[0], square[1] + share * z[0] * z[1], square[2] + share * z[1] * z[1]];
        }
        let [a, b, c] = self.laid.frame.root;
        let (v0, v1) = (square[0] - mean[0] * mean[0], square[2] - mean[1] * mean[1]);
        let cross = square[1] - mean[0] * mean[1];
        let first = v0.sqrt();
        let (below, second) = (cross / first, (v1 - cross * cross / v0).max(0.0).sqrt());
        let root =
            if self.laid.frame.n == 1 { [a * first, 0.0, 1.0] } else { [a * first, b * first + c * below, c * second] };
        Frame { n: self.laid.frame.n, centre: self.laid.frame.at(mean), root }
    }

    /// Draws of phi: nodes in proportion to f, evenly spread.
    pub(super) fn pick(&self, wanted: usize) -> Vec<DVector<f64>> {
        let offset = self.laid.pick;
        let (mut at, mut below) = (0, self.weights[0]);
        let picked = (0..wanted).map(|k| {
            let level = self.total * (k as f64 + offset) / wanted as f64;
            while below <= level && at + 1 < self.weights.len() {
                at += 1;
                below += self.weights[at];
            }
            let u = self.laid.frame.at(self.z(self.nodes[at].at));
            DVector::from_column_slice(&u[..self.laid.frame.n])
        });
        picked.collect()
    }

    fn z(&self, at: [i32; WIDEST]) -> [f64; WIDEST] {
        [0, 1].map(|j| {
            if j < self.laid.frame.n { (f64::from(at[j]) + self.laid.shift[j]) * self.laid.spacing } else { 0.0 }
        })
    }

    /// The node there, which is visited if it was not before; `None` out of reach.
    fn visit(&mut self, at: [i32; WIDEST], ln_f: &mut dyn FnMut(&[f64]) -> f64) -> Option<usize> {
        if at.iter().any(|a| a.abs() > REACH) || self.nodes.len() == MOST_NODES {
            return None;
        }
        if let Some(known) = self.known(at) {
            return Some(known);
        }
        let u = self.laid.frame.at(self.z(at));
        let value = ln_f(&u[..self.laid.frame.n]);
        let ln_f = if value.is_nan() { f64::NEG_INFINITY } else { value };
        self.highest = self.highest.max(ln_f);
        self.nodes.push(Node { at, ln_f });
        self.cells[cell(at)] = u32::try_from(self.nodes.len()).expect("few nodes");
        Some(self.nodes.len() - 1)
    }

    fn known(&self, at: [i32; WIDEST]) -> Option<usize> {
        let is_near = at.iter().all(|a| a.abs() <= REACH);
        is_near.then(|| self.cells[cell(at)]).and_then(|number| (number as usize).checked_sub(1))
    }

    /// From a cell to one that is higher than its neighbours.
    fn climb(&mut self, from: [i32; WIDEST], ln_f: &mut dyn FnMut(&[f64]) -> f64) -> Summed {
        let Some(mut here) = self.visit(from, ln_f) else { return Summed::Failed };
        loop {
            let mut best = here;
            for at in self.neighbours(self.nodes[here].at) {
                let Some(there) = self.visit(at, ln_f) else { return Summed::Failed };
                if self.nodes[there].ln_f > self.nodes[best].ln_f {
                    best = there;
                }
            }
            if best == here {
                return Summed::Done;
            }
            here = best;
        }
    }

    /// Visits the neighbours of nodes from that number on, as long as they may count.
    fn spread(&mut self, next: &mut usize, ln_f: &mut dyn FnMut(&[f64]) -> f64) -> Summed {
        while let Some(&node) = self.nodes.get(*next) {
            *next += 1;
            for at in self.neighbours(node.at) {
                if self.known(at).is_none() && self.may_count(node, at) && self.visit(at, ln_f).is_none() {
                    return Summed::Failed;
                }
            }
        }
        Summed::Done
    }

    /// Whether a neighbour of a node counts, if ln f goes on as it does on the node's other side; of a log-concave density
    /// it is no higher.
    fn may_count(&self, node: Node, at: [i32; WIDEST]) -> bool {
        let least = self.highest - NEGLIGIBLE;
        let behind = [2 * node.at[0] - at[0], 2 * node.at[1] - at[1]];
        let before = self.known(behind).map(|known| self.nodes[known].ln_f);
        node.ln_f > least && before.is_none_or(|before| 2.0 * node.ln_f - before > least)
    }

    fn neighbours(&self, [a, b]: [i32; WIDEST]) -> impl Iterator<Item = [i32; WIDEST]> + use<> {
        [[a + 1, b], [a - 1, b], [a, b + 1], [a, b - 1]].into_iter().take(2 * self.laid.frame.n)
    }
}

fn cell([a, b]: [i32; WIDEST]) -> usize {
    #[expect(clippy::cast_sign_loss, reason = "within reach")]
    let cell = |x: i32| (x + REACH) as usize;
    cell(b) * SIDE + cell(a)
}
