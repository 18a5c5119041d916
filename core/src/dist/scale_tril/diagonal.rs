//! L = diag(scales): independent entries.

use crate::dist::ScaleTril;
use crate::dist::check::check_positive;
use crate::error::Invalid;
use crate::numbers::param_vec::ParamVec;
use crate::numbers::{Number, Param, Real};

/// A diagonal scale: `Diagonal(scales)`, the standard deviations of independent entries.
#[derive(Clone, Copy, Debug)]
pub struct Diagonal<S>(pub S);

impl<N: Number, S: ParamVec<N>> ScaleTril<N> for Diagonal<S> {
    type Entry = OnDiagonal<S::Entry>;

    fn dim(&self) -> usize {
        self.0.len()
    }
    #[inline(always)]
    fn entry(&self, i: usize, j: usize) -> Self::Entry {
        OnDiagonal((i == j).then(|| self.0.entry(i)))
    }
    fn check(&self, distribution: &'static str, _: &'static str) -> Result<(), Invalid> {
        check_positive::<N>(distribution, "scales", &self.0)
    }
    #[inline(always)]
    fn add_partials(&self, to: &mut N, partial: impl Fn(usize, usize) -> f64) {
        for i in 0..self.0.len() {
            if let Some(scale) = self.0.entry(i).varying() {
                to.add_partial(scale, partial(i, i));
            }
        }
    }
}

/// An entry of a diagonal matrix; `None`, and 0, off the diagonal.
#[derive(Clone, Copy, Debug)]
pub struct OnDiagonal<P>(Option<P>);

impl<N: Number, P: Param<N>> Param<N> for OnDiagonal<P> {
    #[inline(always)]
    fn value(self) -> f64 {
        self.0.map_or(0.0, P::value)
    }
    #[inline(always)]
    fn real(self) -> Real<N> {
        self.0.map_or(Real::constant(0.0), P::real)
    }
    #[inline(always)]
    fn varying(self) -> Option<N> {
        self.0.and_then(P::varying)
    }
}
