//! A network whose weights are a task's own.

use hierarch::prelude::*;

/// Units of each of the two hidden layers.
pub(crate) const HIDDEN: usize = 40;
/// Weights and biases.
pub(crate) const WEIGHTS: usize = 3 * HIDDEN + HIDDEN * HIDDEN + HIDDEN + 1;

/// Where the groups of weights begin: of each layer the weights, then the biases.
const GROUPS: [usize; 6] = [0, HIDDEN, 2 * HIDDEN, 2 * HIDDEN + HIDDEN * HIDDEN, WEIGHTS - HIDDEN - 1, WEIGHTS - 1];

/// What a weight is measured in, so that random weights between -1 and 1 make a network of moderate size (He et al. 2015),
/// with kinks all over the range of x.
pub(crate) fn unit(weight: usize) -> f64 {
    let wide = (6.0 / HIDDEN as f64).sqrt();
    match GROUPS.partition_point(|&first| first <= weight) {
        1 => 1.0,
        2 => 3.0,
        3 | 5 => wide,
        _ => 0.1,
    }
}

/// Two hidden layers of rectified linear units.
pub(crate) fn network<N: Number, W: Param<N>>(w: &[W], x: f64) -> Real<N> {
    let group = |g: usize| &w[GROUPS[g]..GROUPS.get(g + 1).map_or(WEIGHTS, |&end| end)];
    let rectified = |y: Real<N>| if y.value() > 0.0 { y } else { Real::constant(0.0) };
    let units: Vec<Real<N>> = dense(group(0), group(1), &[x]).into_iter().map(rectified).collect();
    let units: Vec<Real<N>> = dense(group(2), group(3), &units).into_iter().map(rectified).collect();
    dense(group(4), group(5), &units)[0]
}
