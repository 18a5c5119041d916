//! L = diag(scales) C: scales and the Cholesky factor C of a correlation matrix.

use crate::dist::ScaleTril;
use crate::dist::check::{check_len, check_positive};
use crate::error::Invalid;
use crate::numbers::param_vec::ParamVec;
use crate::numbers::{Number, Param, Real};

/// Scales times a correlation: see [`diag_pre_multiply`].
#[derive(Clone, Copy, Debug)]
pub struct DiagPreMultiply<S, C> {
    scales: S,
    corr_tril: C,
}

/// `diag(scales) * corr_tril`: the Cholesky factor of the covariance with these standard deviations (n) and with the
/// correlation matrix whose Cholesky factor is `corr_tril` (n rows). Named as in Stan. Nothing is computed until asked.
///
/// ```
/// use hierarch::prelude::*;
/// use hierarch::dist::ScaleTril;
/// let tril = diag_pre_multiply([2.0, 10.0], [1.0, 0.6, 0.8]);
/// assert_eq!(Param::<f64>::value(ScaleTril::<f64>::entry(&tril, 1, 0)), 6.0);
/// ```
pub fn diag_pre_multiply<S, C>(scales: S, corr_tril: C) -> DiagPreMultiply<S, C> {
    DiagPreMultiply { scales, corr_tril }
}

impl<N: Number, S: ParamVec<N>, C: ScaleTril<N>> ScaleTril<N> for DiagPreMultiply<S, C> {
    type Entry = Product<S::Entry, C::Entry>;

    fn dim(&self) -> usize {
        self.scales.len()
    }
    #[inline(always)]
    fn entry(&self, i: usize, j: usize) -> Self::Entry {
        Product(self.scales.entry(i), self.corr_tril.entry(i, j))
    }
    fn check(&self, distribution: &'static str, _: &'static str) -> Result<(), Invalid> {
        self.corr_tril.check(distribution, "corr_tril")?;
        let rows = self.corr_tril.dim();
        check_len(distribution, "scales.len()", self.scales.len(), rows, "the number of rows of `corr_tril`")?;
        check_positive::<N>(distribution, "scales", &self.scales)
    }

    /// `d (s_i c_ij) = c_ij d s_i + s_i d c_ij`
    #[inline(always)]
    fn add_entry(&self, to: &mut N, i: usize, j: usize, partial: f64) {
        let (scale, corr) = (self.scales.entry(i), self.corr_tril.entry(i, j));
        if let Some(number) = scale.varying() {
            to.add_partial(number, partial * corr.value());
        }
        self.corr_tril.add_entry(to, i, j, partial * scale.value());
    }

    /// With c the sum of `partial(i, j) c_ij` over row i, the sum over that row is `d (s_i c)`.
    #[inline(always)]
    fn add_partials(&self, to: &mut N, partial: impl Fn(usize, usize) -> f64) {
        for i in 0..self.scales.len() {
            let scale = self.scales.entry(i);
            let (mut c, mut dc) = (0.0, N::constant(0.0));
            for j in 0..=i {
                let (corr, p) = (self.corr_tril.entry(i, j), partial(i, j));
                c += p * corr.value();
                if let Some(corr) = corr.varying() {
                    dc.add_partial(corr, p);
                }
            }
            to.add_partial(dc, scale.value());
            if let Some(scale) = scale.varying() {
                to.add_partial(scale, c);
                to.add_cross(scale, dc, 1.0);
            }
        }
    }
}

/// The product of two parameters.
#[derive(Clone, Copy, Debug)]
pub struct Product<A, B>(A, B);

impl<N: Number, A: Param<N>, B: Param<N>> Param<N> for Product<A, B> {
    #[inline(always)]
    fn value(self) -> f64 {
        self.0.value() * self.1.value()
    }
    #[inline(always)]
    fn real(self) -> Real<N> {
        self.varying().map_or(Real::constant(self.value()), Real)
    }
    #[inline(always)]
    fn varying(self) -> Option<N> {
        match (self.0.varying(), self.1.varying()) {
            (Some(a), Some(b)) => Some(a.mul(b)),
            (Some(a), None) => Some(a.scale(self.1.value())),
            (None, Some(b)) => Some(b.scale(self.0.value())),
            (None, None) => None,
        }
    }
    /// Without the product, which a tape would record.
    #[inline(always)]
    fn varies(self) -> bool {
        self.0.varies() || self.1.varies()
    }
}
