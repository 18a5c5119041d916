//! Where a block is looked at: under a guide, or at a point.

/// Mean and variance of a block's coordinates under the guide, and E\[exp\] of the exponents that blocks share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockView<'a> {
    pub(crate) loc: &'a [f64],
    pub(crate) variance: &'a [f64],
    pub(crate) exps: &'a [f64],
}

/// A point in a block's coordinates, and exp of the shared exponents there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockPoint<'a> {
    pub(crate) u: &'a [f64],
    pub(crate) exps: &'a [f64],
}
