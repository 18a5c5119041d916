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

use crate::conditional::frame::{Frame, Laid, WIDEST};
use crate::sampling::resample::picked;
use nalgebra::DVector;
use std::collections::HashMap;

/// Nodes whose density is this many nats below the highest are left out.
const NEGLIGIBLE: f64 = 10.0;
/// What rounding may make of a log density, relative to it.
const ROUNDING: f64 = 1e-9;
/// Nodes lie within so many steps of the centre.
const REACH: i32 = 48;
const SIDE: usize = 2 * REACH as usize + 1;
/// A grid never has more nodes.
const MOST_NODES: usize = 600;

#[derive(Clone, Copy, Debug)]
struct Node {
    at: [i32; WIDEST],
    ln_f: f64,
}

/// A grid and its nodes so far; buffers are kept from one theta to the next.
#[derive(Default)]
pub(super) struct Grid {
    /// Whether the density is known to fall outwards as a log-concave one does.
    pub(super) falls_ever_faster: bool,
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
            let is_line = frame.n == 1 && starts.len() <= 1;
            let found = if is_line { self.walk(at[0], ln_f) } else { self.climb_and_spread(at, &mut next, ln_f) };
            if found == Summed::Failed {
                return found;
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
        if !self.cells.is_empty() {
            self.nodes.iter().for_each(|node| self.cells[cell(node.at)] = 0);
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

    /// Whether the density bends upwards anywhere along the nodes of a line, or of a row or a column of a plane.
    pub(super) fn bends_upwards(&self) -> bool {
        let at: HashMap<[i32; WIDEST], f64> = self.nodes.iter().map(|node| (node.at, node.ln_f)).collect();
        self.nodes.iter().any(|&Node { at: [a, b], ln_f }| {
            let rows = [[[a - 1, b], [a + 1, b]], [[a, b - 1], [a, b + 1]]];
            rows.iter().any(|[before, after]| {
                let both = at.get(before).zip(at.get(after));
                both.is_some_and(|(before, after)| before + after - 2.0 * ln_f > ROUNDING * (1.0 + ln_f.abs()))
            })
        })
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
        let draw = |at: usize| {
            let u = self.laid.frame.at(self.z(self.nodes[at].at));
            DVector::from_column_slice(&u[..self.laid.frame.n])
        };
        picked(&self.weights, wanted, self.weights.len() - 1, self.laid.pick).map(draw).collect()
    }

    fn z(&self, at: [i32; WIDEST]) -> [f64; WIDEST] {
        [0, 1].map(|j| {
            if j < self.laid.frame.n { (f64::from(at[j]) + self.laid.shift[j]) * self.laid.spacing } else { 0.0 }
        })
    }

    /// From one node of a line outwards to either side, as long as nodes may count.
    fn walk(&mut self, from: i32, ln_f: &mut dyn FnMut(&[f64]) -> f64) -> Summed {
        let Some(first) = self.evaluate([from, 0], ln_f) else { return Summed::Failed };
        for direction in [1, -1] {
            let (mut before, mut at) = (first, from);
            loop {
                at += direction;
                let Some(here) = self.evaluate([at, 0], ln_f) else { return Summed::Failed };
                if !self.goes_on(here, before) {
                    break;
                }
                before = here;
            }
        }
        Summed::Done
    }

    /// From a cell uphill, and from there outwards.
    fn climb_and_spread(
        &mut self,
        from: [i32; WIDEST],
        next: &mut usize,
        ln_f: &mut dyn FnMut(&[f64]) -> f64,
    ) -> Summed {
        self.cells.resize(SIDE * SIDE, 0);
        match self.climb(from, ln_f) {
            Summed::Done => self.spread(next, ln_f),
            Summed::Failed => Summed::Failed,
        }
    }

    /// ln f at a node that was not visited before, which is one of the grid's now; `None` out of reach.
    fn evaluate(&mut self, at: [i32; WIDEST], ln_f: &mut dyn FnMut(&[f64]) -> f64) -> Option<f64> {
        if at.iter().any(|a| a.abs() > REACH) || self.nodes.len() == MOST_NODES {
            return None;
        }
        let u = self.laid.frame.at(self.z(at));
        let value = ln_f(&u[..self.laid.frame.n]);
        let ln_f = if value.is_nan() { f64::NEG_INFINITY } else { value };
        self.highest = self.highest.max(ln_f);
        self.nodes.push(Node { at, ln_f });
        Some(ln_f)
    }

    /// The node there, which is visited if it was not before; `None` out of reach.
    fn visit(&mut self, at: [i32; WIDEST], ln_f: &mut dyn FnMut(&[f64]) -> f64) -> Option<usize> {
        if let Some(known) = self.known(at) {
            return Some(known);
        }
        self.evaluate(at, ln_f)?;
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

    /// Whether a neighbour of a node may count, from what is known on the node's other side.
    fn may_count(&self, node: Node, at: [i32; WIDEST]) -> bool {
        let behind = [2 * node.at[0] - at[0], 2 * node.at[1] - at[1]];
        let before = self.known(behind).map_or(f64::NEG_INFINITY, |known| self.nodes[known].ln_f);
        self.goes_on(node.ln_f, before)
    }

    /// Whether what follows on `here`, as `here` does on `before`, may count: of a log-concave density it is no higher than
    /// on the line through the two; of others nothing is known.
    fn goes_on(&self, here: f64, before: f64) -> bool {
        let least = self.highest - NEGLIGIBLE;
        here > least && !(self.falls_ever_faster && 2.0 * here - before <= least)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::gaussian::Gaussian;
    use crate::sampling::stream::keyed;
    use crate::special::LN_SQRT_2PI;
    use nalgebra::DMatrix;
    use rand::RngExt;
    use rand_chacha::ChaCha8Rng;

    fn frame(mean: &[f64], root: &[f64]) -> Frame {
        let n = mean.len();
        Frame::of(&Gaussian { mean: DVector::from_column_slice(mean), root: DMatrix::from_row_slice(n, n, root) })
    }

    fn laid(frame: Frame, spacing: f64, rng: &mut ChaCha8Rng) -> Laid {
        frame.laid(spacing, [rng.random(), rng.random(), rng.random()])
    }

    /// Mean and variance over shifts of Z over what it should be, and of the first coordinate of the draws.
    struct Told {
        ratio: [f64; 2],
        draw: [f64; 2],
    }

    fn told(frame: Frame, spacing: f64, ln_z: f64, ln_f: fn(&[f64]) -> f64) -> Told {
        const GRIDS: u32 = 4000;
        let (mut grid, mut rng) = (Grid::default(), keyed(1, 2, 3));
        let (mut ratio, mut draw) = ([0.0; 2], [0.0; 2]);
        for _ in 0..GRIDS {
            assert_eq!(grid.sum(laid(frame, spacing, &mut rng), &[], &mut { ln_f }), Summed::Done);
            let z = (grid.ln_z() - ln_z).exp();
            let u = grid.pick(1)[0][0];
            ratio = [ratio[0] + z, ratio[1] + z * z];
            draw = [draw[0] + z * u, draw[1] + z * u * u];
        }
        let moments = |[one, two]: [f64; 2], total: f64| [one / total, two / total - (one / total).powi(2)];
        Told { draw: moments(draw, ratio[0]), ratio: moments(ratio, f64::from(GRIDS)) }
    }

    /// The relative variance of a normal's Z over shifts is 2 exp(-4 pi^2 / h^2): 4.8e-8 at h = 1.5.
    #[test]
    fn a_normal_is_known_from_a_few_nodes() {
        let of = told(frame(&[0.5], &[2.0]), 1.5, LN_SQRT_2PI, |u| -0.5 * u[0] * u[0]);
        // three quarters of a standard deviation between nodes, for a frame twice as wide as the density
        assert!((of.ratio[0] - 1.0).abs() < 0.02 && of.ratio[1] < 0.05, "{:?}", of.ratio);
        let of = told(frame(&[0.5], &[1.0]), 1.5, LN_SQRT_2PI, |u| -0.5 * u[0] * u[0]);
        assert!((of.ratio[0] - 1.0).abs() < 1e-4 && of.ratio[1] < 3e-7, "{:?}", of.ratio);
        // 4000 draws
        assert!(of.draw[0].abs() < 0.07 && (of.draw[1] - 1.0).abs() < 0.1, "{:?}", of.draw);
    }

    /// A gamma of shape 3 as a function of the logarithm: Z = 2, mean psi(3) = 0.9228, variance psi'(3) = 0.3949.
    #[test]
    fn a_skew_density_is_known_whatever_its_frame() {
        for (mean, root, spacing) in [(1.1, 0.58, 1.5), (0.2, 0.9, 1.0), (3.0, 0.3, 1.5)] {
            let of = told(frame(&[mean], &[root]), spacing, 2.0_f64.ln(), |u| 3.0 * u[0] - u[0].exp());
            assert!((of.ratio[0] - 1.0).abs() < 3e-3 && of.ratio[1] < 2e-3, "{mean}: {:?}", of.ratio);
            assert!((of.draw[0] - 0.9228).abs() < 0.04, "{mean}: {:?}", of.draw);
            assert!((of.draw[1] - 0.3949).abs() < 0.05, "{mean}: {:?}", of.draw);
        }
    }

    /// Correlation 0.8: ln Z = ln(2 pi) + ln(1 - 0.64) / 2.
    #[test]
    fn a_plane_is_summed_along_its_own_axes() {
        let ln_f = |u: &[f64]| -0.5 * (u[0] * u[0] - 1.6 * u[0] * u[1] + u[1] * u[1]) / 0.36;
        let of = told(frame(&[0.2, -0.1], &[1.0, 0.0, 0.8, 0.6]), 1.5, 2.0 * LN_SQRT_2PI + 0.6_f64.ln(), ln_f);
        assert!((of.ratio[0] - 1.0).abs() < 1e-3 && of.ratio[1] < 1e-5, "{:?}", of.ratio);
        assert!(of.draw[0].abs() < 0.07 && (of.draw[1] - 1.0).abs() < 0.1, "{:?}", of.draw);
    }

    /// Two normals eight apart, from a start at each; from one alone the other is not found.
    #[test]
    fn every_start_is_spread_from() {
        let ln_f = |u: &[f64]| ((-0.5 * (u[0] - 4.0).powi(2)).exp() + (-0.5 * (u[0] + 4.0).powi(2)).exp()).ln();
        let (mut grid, mut rng) = (Grid::default(), keyed(1, 2, 3));
        let starts = [4.0, -4.0].map(|u| DVector::from_element(1, u));
        let laid = laid(frame(&[4.0], &[1.0]), 1.0, &mut rng);
        assert_eq!(grid.sum(laid, &starts, &mut { ln_f }), Summed::Done);
        assert!((grid.ln_z() - LN_SQRT_2PI - 2.0_f64.ln()).abs() < 1e-3, "{}", grid.ln_z());
        assert!(grid.moments().centre[0].abs() < 1e-2);
    }

    #[test]
    fn what_reaches_too_far_or_is_nowhere_fails() {
        let (mut grid, mut rng) = (Grid::default(), keyed(1, 2, 3));
        let of: [fn(&[f64]) -> f64; 3] = [|_| 0.0, |_| f64::NAN, |_| f64::NEG_INFINITY];
        for ln_f in of {
            for frame in [frame(&[0.0], &[1.0]), frame(&[0.0, 0.0], &[1.0, 0.0, 0.0, 1.0])] {
                assert_eq!(grid.sum(laid(frame, 1.0, &mut rng), &[], &mut { ln_f }), Summed::Failed);
            }
        }
    }
}
