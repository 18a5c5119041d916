//! A network whose weights are a task's own.

use hierarch::prelude::*;

/// Units of each of the two hidden layers.
pub(crate) const HIDDEN: usize = 40;

/// Where the groups of weights begin in a list of all of them, of each layer the weights, then the biases, and where the last
/// one ends.
pub(crate) const fn groups(inputs: usize) -> [usize; 7] {
    let first = inputs * HIDDEN;
    let second = first + HIDDEN;
    let third = second + HIDDEN * HIDDEN + HIDDEN;
    [0, first, second, third - HIDDEN, third, third + HIDDEN, third + HIDDEN + 1]
}

/// What a weight is measured in, so that random weights between -1 and 1 make a network of moderate size (He et al. 2015).
/// Weights and biases of the first layer are measured in what is given.
pub(crate) fn unit(inputs: usize, first: [f64; 2], weight: usize) -> f64 {
    match groups(inputs).partition_point(|&first| first <= weight) {
        1 => first[0],
        2 => first[1],
        3 | 5 => (6.0 / HIDDEN as f64).sqrt(),
        _ => 0.1,
    }
}

/// What two hidden layers of rectified linear units make of x.
pub(crate) fn network<N: Number, W: Param<N>>(w: &[W], x: &[f64]) -> Real<N> {
    let groups = groups(x.len());
    let group = |g: usize| &w[groups[g]..groups[g + 1]];
    let rectified = |y: Real<N>| if y.value() > 0.0 { y } else { Real::constant(0.0) };
    let units: Vec<Real<N>> = dense(group(0), group(1), x).into_iter().map(rectified).collect();
    let units: Vec<Real<N>> = dense(group(2), group(3), &units).into_iter().map(rectified).collect();
    dense(group(4), group(5), &units)[0]
}
