//! Differentiating in more coordinates than there are lanes: in passes.

use crate::numbers::dual::Lanes;
use crate::numbers::number::Real;

/// First derivatives, or first and second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    First,
    Second,
}

/// A function's value, gradient and Hessian (row-major, full; empty for first order) in n coordinates.
#[derive(Clone, Debug, Default)]
pub(crate) struct Derivatives {
    pub(crate) value: f64,
    pub(crate) gradient: Vec<f64>,
    pub(crate) hessian: Vec<f64>,
}

impl Derivatives {
    /// Zeros, for a function of n coordinates.
    pub(crate) fn reset(&mut self, n: usize, order: Order) {
        self.value = 0.0;
        self.gradient.clear();
        self.gradient.resize(n, 0.0);
        self.hessian.clear();
        self.hessian.resize(if order == Order::Second { n * n } else { 0 }, 0.0);
    }

    /// Adds `factor` times another function, coordinate c of which is slot `at[c]` here; those behind have no slot.
    pub(crate) fn add(&mut self, from: &Self, factor: f64, at: &[usize]) {
        for (g, slot) in from.gradient.iter().zip(at) {
            self.gradient[*slot] += factor * g;
        }
        self.add_hessian(from, factor, at);
    }

    /// Adds `factor` times the Hessian of another function, coordinate c of which is slot `at[c]` here.
    pub(crate) fn add_hessian(&mut self, from: &Self, factor: f64, at: &[usize]) {
        let (n, width) = (self.gradient.len(), from.gradient.len());
        for (row, from) in at.iter().zip(from.hessian.chunks(width.max(1))) {
            for (col, h) in at.iter().zip(from) {
                self.hessian[row * n + col] += factor * h;
            }
        }
    }

    /// Adds the gradient of one pass, coordinate c of which is slot `at[c]` here.
    #[inline(always)]
    pub(crate) fn add_gradient<N: Lanes>(&mut self, number: &N, pass: &Pass, at: &[usize]) {
        let mut rest = number.partials();
        for (first, end) in pass.runs {
            let (run, behind) = rest.split_at(end - first);
            for (slot, partial) in at[first..end].iter().zip(run) {
                self.gradient[*slot] += partial;
            }
            rest = behind;
        }
    }

    /// Takes the derivatives of one pass, whose lanes stand for the given coordinates.
    #[inline(always)]
    pub(crate) fn take<N: Lanes>(&mut self, number: &N, pass: &Pass) {
        let n = self.gradient.len();
        self.value = number.value();
        for (lane, coordinate) in pass.coordinates() {
            self.gradient[coordinate] = number.partials()[lane];
        }
        if N::ORDER == 2 {
            let triangle = number.triangle();
            for (row, j) in pass.coordinates() {
                for (col, k) in pass.coordinates().take_while(|t| t.0 <= row) {
                    let second = triangle[row * (row + 1) / 2 + col];
                    self.hessian[j * n + k] = second;
                    self.hessian[k * n + j] = second;
                }
            }
        }
    }
}

/// Which coordinates ride on which lanes in one evaluation: two runs of consecutive coordinates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pass {
    runs: [(usize, usize); 2],
}

impl Pass {
    /// Pairs (lane, coordinate), lanes ascending.
    #[inline(always)]
    pub(crate) fn coordinates(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let [(a, a_end), (b, b_end)] = self.runs;
        (a..a_end).chain(b..b_end).enumerate()
    }

    #[inline(always)]
    pub(crate) fn lane(&self, coordinate: usize) -> Option<usize> {
        let [(a, a_end), (b, b_end)] = self.runs;
        if (a..a_end).contains(&coordinate) {
            return Some(coordinate - a);
        }
        (b..b_end).contains(&coordinate).then(|| coordinate - b + a_end - a)
    }

    #[inline(always)]
    pub(crate) fn seed<N: Lanes>(&self, value: f64, coordinate: usize) -> Real<N> {
        Real(match self.lane(coordinate) {
            Some(lane) => N::variable(value, lane),
            None => N::constant(value),
        })
    }
}

/// The passes that together give all derivatives in n coordinates: chunks of the width for first derivatives, pairs of
/// half-width chunks for second ones. The first passes of a longer list are those of a shorter one, but for their ends.
pub(crate) fn passes<N: Lanes>(n: usize) -> Vec<Pass> {
    if N::ORDER < 2 { first_passes(n, N::WIDTH) } else { second_passes(n, N::WIDTH) }
}

fn first_passes(n: usize, width: usize) -> Vec<Pass> {
    (0..n.div_ceil(width).max(1)).map(|i| Pass { runs: [chunk(n, width, i), (n, n)] }).collect()
}

fn second_passes(n: usize, width: usize) -> Vec<Pass> {
    if n <= width {
        return vec![Pass { runs: [(0, n), (n, n)] }];
    }
    assert!(width.is_multiple_of(2), "a block of {n} coordinates needs an even number of lanes, not {width}");
    let half = width / 2;
    let pairs = (1..n.div_ceil(half)).flat_map(|b| (0..b).map(move |a| [a, b]));
    pairs.map(|pair| Pass { runs: pair.map(|i| chunk(n, half, i)) }).collect()
}

/// Chunk `i` of that size, as far as there are coordinates: where it begins and ends.
fn chunk(n: usize, size: usize, i: usize) -> (usize, usize) {
    ((i * size).min(n), ((i + 1) * size).min(n))
}
