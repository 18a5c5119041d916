//! The sum over all latents of a tree: a lattice with a random shift for each of them.
//!
//! With f(x) = prod_v p(x_v | x_parent) p(D_v | x_v), x_v = c_v + (k + s_v) h_v and every s_v uniform in a cell,
//!     Z = prod_v h_v sum_x f(x),
//! the sum over all nodes of all lattices, taken from the leaves to the root:
//!     m_v(k) = h_v sum_l p(l | k) p(D_v | l) prod_{children c} m_c(l).
//! Its mean over shifts is exact whatever the h are, and x drawn from the root to the leaves, each node in proportion to
//! its term, has density f(x) / Z where it counts as much as its Z. How much Z depends on the shifts is a matter of the
//! spacings relative to the standard deviations given the latent around: of a Gaussian tree with covariance L D L', L from
//! the root down with a diagonal of ones and D those variances, the frequency w decays as exp(-w' L D L' w / 2), in which
//! any node v with w_v != 0 that has none of those below it counts with w_v^2 D_v. So a node has the spacing of a line.
//!
//! All edges are evaluated together: a visit of the task has the nodes of even depth at their k-th points, the others at
//! their l-th.

use crate::conditional::ask::TaskGiven;
use crate::conditional::tree::frame::{NodeFrame, TreeFrame};
use crate::conditional::tree::{NodeScorers, Tree, TreeNode};
use crate::sampling::resample::picked;
use nalgebra::DVector;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use std::ops::Range;

/// Points lie within so many standard deviations of the centre at first, and the next one has so many nats less than the
/// highest.
const REACH: f64 = 4.1;
const NEGLIGIBLE: f64 = 7.5;
/// A lattice never has more points, nor is made longer more often.
const MOST_POINTS: usize = 64;
const MOST_LENGTHENED: usize = 4;
/// Points that are added at a time.
const ADDED: usize = 2;
/// Terms so many nats below the highest are 0.
const NOTHING: f64 = 36.0;

/// The points of one latent: `first + k spacing`; of a node without a latent, one.
#[derive(Clone, Copy, Debug)]
struct Line {
    first: f64,
    spacing: f64,
    len: usize,
    /// Where its points begin among those of all.
    at: usize,
    /// Where its pairs with the points of the node around it begin; by those.
    pairs_at: usize,
}

/// Whether a tree could be summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Summed {
    Done,
    /// The density reaches too far, or is nowhere finite.
    Failed,
}

/// How the lattices lie.
#[derive(Clone, Copy)]
pub(super) struct Laid<'l> {
    pub(super) frame: &'l TreeFrame,
    /// Standard deviations given the latent around between points.
    pub(super) spacing: f64,
    /// By coordinate, between 0 and 1.
    pub(super) shift: &'l [f64],
}

/// The lattices and their sums; buffers are kept from one theta to the next.
#[derive(Default)]
pub(in crate::conditional) struct Lattices {
    /// By node.
    lines: Vec<Line>,
    /// By point, ln of what is below it: data and messages of the nodes within.
    below: Vec<f64>,
    /// By pair: ln p at first, then the probability of a point given that of the node around.
    given: Vec<f64>,
    /// By point, its probability.
    shares: Vec<f64>,
    u: Vec<f64>,
    pub(super) ln_z: f64,
}

impl Line {
    fn laid(frame: NodeFrame, spacing: f64, shift: f64) -> Option<Self> {
        let spacing = spacing * frame.sd_given;
        let reach = REACH * frame.sd / spacing;
        let (from, to) = ((-reach - shift).ceil(), (reach - shift).floor());
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded")]
        let len = (to - from + 1.0).clamp(1.0, MOST_POINTS as f64 + 1.0) as usize;
        let first = frame.centre + (from + shift) * spacing;
        (len <= MOST_POINTS).then_some(Self { first, spacing, len, at: 0, pairs_at: 0 })
    }

    /// Of a node without a latent.
    const POINT: Self = Self { first: 0.0, spacing: 1.0, len: 1, at: 0, pairs_at: 0 };

    fn point(&self, k: usize) -> f64 {
        self.first + k as f64 * self.spacing
    }

    fn points(&self) -> Range<usize> {
        self.at..self.at + self.len
    }

    /// The pairs with a point of the node around.
    fn row(&self, around: usize) -> Range<usize> {
        let from = self.pairs_at + around * self.len;
        from..from + self.len
    }
}

impl Lattices {
    /// Sums over lattices that are as long as it takes.
    pub(super) fn sum(&mut self, tree: &Tree, laid: Laid<'_>, scorers: &mut NodeScorers<'_>, at: TaskGiven) -> Summed {
        scorers.turn_to(tree);
        self.u.clear();
        self.u.resize(laid.frame.0.len(), 0.0);
        self.lines.clear();
        for node in &tree.nodes {
            let line = node
                .coordinate
                .map_or(Some(Line::POINT), |own| Line::laid(laid.frame.0[own], laid.spacing, laid.shift[own]));
            let Some(line) = line else { return Summed::Failed };
            self.lines.push(line);
        }
        for _ in 0..=MOST_LENGTHENED {
            self.evaluate(tree, scorers, at);
            self.pass_up(tree);
            if !self.ln_z.is_finite() {
                return Summed::Failed;
            }
            self.pass_down(tree);
            match self.lengthen(tree) {
                None => return Summed::Failed,
                Some(false) => return Summed::Done,
                Some(true) => {}
            }
        }
        Summed::Failed
    }

    /// Gives every line its place; the lengths of the longest at even and at odd depths.
    fn allot(&mut self, tree: &Tree) -> [usize; 2] {
        let (mut points, mut pairs, mut longest) = (0, 0, [1; 2]);
        for (at, node) in tree.nodes.iter().enumerate() {
            let around = node.parent.map_or(0, |parent| self.lines[parent].len);
            let line = &mut self.lines[at];
            (line.at, line.pairs_at) = (points, pairs);
            points += line.len;
            pairs += line.len * around;
            longest[node.depth % 2] = longest[node.depth % 2].max(line.len);
        }
        self.below.clear();
        self.below.resize(points, 0.0);
        self.given.clear();
        self.given.resize(pairs, 0.0);
        longest
    }

    /// The terms of all points and pairs.
    fn evaluate(&mut self, tree: &Tree, scorers: &mut NodeScorers<'_>, at: TaskGiven) {
        let [even, odd] = self.allot(tree);
        for k in 0..even {
            self.place(tree, 0, k);
            for l in 0..odd {
                self.place(tree, 1, l);
                self.add_pairs(tree, [k, l], scorers.latents(at, &self.u));
                if tree.data_read_parents {
                    self.add_pairs(tree, [k, l], scorers.data(at, &self.u));
                }
            }
        }
        if !tree.data_read_parents {
            for k in 0..even.max(odd) {
                self.place(tree, 0, k);
                self.place(tree, 1, k);
                for (line, term) in self.lines.iter().zip(scorers.data(at, &self.u)) {
                    if k < line.len {
                        self.below[line.at + k] += number(*term);
                    }
                }
            }
        }
    }

    /// Puts the nodes of even depths, or of odd ones, at their k-th points, or at their last ones.
    fn place(&mut self, tree: &Tree, parity: usize, k: usize) {
        for (node, line) in tree.nodes.iter().zip(&self.lines).filter(|(node, _)| node.depth % 2 == parity) {
            if let Some(own) = node.coordinate {
                self.u[own] = line.point(k.min(line.len - 1));
            }
        }
    }

    /// Adds to the pairs that a visit was of, and to the points of the first node.
    fn add_pairs(&mut self, tree: &Tree, points: [usize; 2], terms: &[f64]) {
        for ((node, line), term) in tree.nodes.iter().zip(&self.lines).zip(terms) {
            let own = points[node.depth % 2];
            let around = points[1 - node.depth % 2];
            match node.parent {
                Some(parent) if own < line.len && around < self.lines[parent].len => {
                    self.given[line.row(around).start + own] += number(*term);
                }
                None if own < line.len && around == 0 => self.below[line.at + own] += number(*term),
                _ => {}
            }
        }
    }

    /// The messages, from the leaves to the root.
    fn pass_up(&mut self, tree: &Tree) {
        for (node, line) in tree.nodes.iter().zip(&self.lines).rev() {
            let Some(parent) = node.parent else { continue };
            let parent = self.lines[parent];
            for around in 0..parent.len {
                let row = &mut self.given[line.row(around)];
                row.iter_mut().zip(&self.below[line.points()]).for_each(|(pair, below)| *pair += below);
                self.below[parent.at + around] += normalise(row) + line.spacing.ln();
            }
        }
        let root = self.lines[0];
        self.shares.clone_from(&self.below);
        self.ln_z = normalise(&mut self.shares[root.points()]) + root.spacing.ln();
    }

    /// The probabilities of all points, from the root to the leaves.
    fn pass_down(&mut self, tree: &Tree) {
        for (node, line) in tree.nodes.iter().zip(&self.lines) {
            let Some(parent) = node.parent else { continue };
            let (before, own) = self.shares.split_at_mut(line.at);
            let own = &mut own[..line.len];
            own.fill(0.0);
            for (around, share) in before[self.lines[parent].points()].iter().enumerate() {
                let row = &self.given[line.row(around)];
                own.iter_mut().zip(row).for_each(|(own, given)| *own += share * given);
            }
        }
    }

    /// Makes lattices longer where what is beyond their ends may count; whether any was, or none if one would be too long.
    fn lengthen(&mut self, tree: &Tree) -> Option<bool> {
        let mut is_longer = false;
        for (node, line) in tree.nodes.iter().zip(&mut self.lines) {
            if node.coordinate.is_none() {
                continue;
            }
            let shares = &self.shares[line.points()];
            let [first, last] = [goes_on(shares.iter().copied()), goes_on(shares.iter().rev().copied())];
            if first {
                line.first -= ADDED as f64 * line.spacing;
                line.len += ADDED;
            }
            if last {
                line.len += ADDED;
            }
            is_longer |= first || last;
            if line.len > MOST_POINTS {
                return None;
            }
        }
        Some(is_longer)
    }

    /// The relative variance of Z from lattices of twice the spacing, by node.
    pub(super) fn variances_of_coarser(&self, tree: &Tree) -> impl Iterator<Item = f64> {
        tree.nodes.iter().zip(&self.lines).filter(|(node, _)| node.coordinate.is_some()).map(|(node, line)| {
            self.given_around(node, line).map(|(share, row)| share * difference_of_halves(row).powi(2)).sum::<f64>()
        })
    }

    /// The mean of the latents.
    pub(super) fn centre(&self, tree: &Tree) -> DVector<f64> {
        DVector::from_iterator(self.u.len(), self.moments(tree).0.iter().map(|frame| frame.centre))
    }

    /// Where the latents are, by coordinate.
    pub(super) fn moments(&self, tree: &Tree) -> TreeFrame {
        let mut frames = vec![NodeFrame::default(); self.u.len()];
        for (node, line) in tree.nodes.iter().zip(&self.lines) {
            let Some(own) = node.coordinate else { continue };
            let (mean, variance) = moments(&self.shares[line.points()]);
            let given: f64 = self.given_around(node, line).map(|(share, row)| share * moments(row).1).sum();
            frames[own] = NodeFrame {
                centre: line.first + mean * line.spacing,
                sd: variance.sqrt() * line.spacing,
                sd_given: given.sqrt() * line.spacing,
            };
        }
        TreeFrame(frames)
    }

    /// A draw of the latents, with that uniform number for the first of them.
    pub(super) fn draw(&self, tree: &Tree, first: f64, rng: &mut ChaCha8Rng) -> DVector<f64> {
        let mut draw = DVector::zeros(self.u.len());
        let mut points: Vec<usize> = Vec::with_capacity(self.lines.len());
        for (node, line) in tree.nodes.iter().zip(&self.lines) {
            let (weights, uniform) = match node.parent {
                Some(parent) => (&self.given[line.row(points[parent])], rng.random()),
                None => (&self.shares[line.points()], first),
            };
            let point = picked(weights, 1, line.len - 1, uniform).next().unwrap_or_default();
            points.push(point);
            if let Some(own) = node.coordinate {
                draw[own] = line.point(point);
            }
        }
        draw
    }

    /// By point of the node around: its probability, and those of the node's own points given it.
    fn given_around<'l>(&'l self, node: &TreeNode, line: &'l Line) -> impl Iterator<Item = (f64, &'l [f64])> {
        let around = node.parent.map(|parent| &self.shares[self.lines[parent].points()]);
        let rows = around.into_iter().flatten().enumerate().map(|(k, share)| (*share, &self.given[line.row(k)]));
        rows.chain(node.parent.is_none().then(|| (1.0, &self.shares[line.points()])))
    }
}

/// What is no number says that something is impossible.
fn number(term: f64) -> f64 {
    if term.is_nan() { f64::NEG_INFINITY } else { term }
}

/// Turns logarithms into shares of their sum, and returns ln of that.
fn normalise(terms: &mut [f64]) -> f64 {
    let highest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !highest.is_finite() {
        terms.fill(0.0);
        return highest;
    }
    for term in terms.iter_mut() {
        let below = *term - highest;
        *term = if below > -NOTHING { below.exp() } else { 0.0 };
    }
    let total: f64 = terms.iter().sum();
    for term in terms.iter_mut() {
        *term /= total;
    }
    highest + total.ln()
}

/// Whether the point before these may count, where the logarithm goes on as a parabola through the first three.
fn goes_on(shares: impl Iterator<Item = f64> + Clone) -> bool {
    let highest = shares.clone().fold(0.0, f64::max);
    let mut first = shares.map(|share| (share / highest).ln());
    match (first.next(), first.next(), first.next()) {
        (Some(a), Some(b), Some(c)) => a > -NEGLIGIBLE && 3.0 * (a - b) + c > -NEGLIGIBLE,
        _ => true,
    }
}

/// The sum over every other point, less that over the others.
fn difference_of_halves(shares: &[f64]) -> f64 {
    shares.iter().enumerate().map(|(k, share)| if k % 2 == 0 { *share } else { -share }).sum()
}

/// Mean and variance of the number of a point.
fn moments(shares: &[f64]) -> (f64, f64) {
    let (mut mean, mut square) = (0.0, 0.0);
    for (k, share) in shares.iter().enumerate() {
        mean += share * k as f64;
        square += share * (k * k) as f64;
    }
    (mean, (square - mean * mean).max(0.0))
}
