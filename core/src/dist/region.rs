//! Regions of the line that a distribution can be truncated to, or its values censored in.

use crate::dist::Cdf;
use crate::numbers::{Number, Param, Real};
use crate::support::{Continuous, Interval, Lower, Positive, Upper};

/// A region that a distribution can be truncated to, or censored in: see [`Truncated`](crate::dist::Truncated) and
/// [`Censored`](crate::dist::Censored).
pub trait Region<N: Number>: Continuous<N> {
    /// Where it begins and where it ends, -inf or inf if nowhere.
    fn ends(&self) -> [f64; 2];

    /// Whether neither end varies with latents.
    fn is_fixed(&self) -> bool;

    /// ln P(X in region).
    fn ln_mass<D: Cdf<N>>(&self, distribution: &D) -> Real<N>;

    /// ln P(X in region, X <= x), for an x in the region.
    fn ln_mass_below<D: Cdf<N>, X: Param<N>>(&self, distribution: &D, x: X) -> Real<N>;

    /// ln P(X in region, X > x), for an x in the region.
    fn ln_mass_above<D: Cdf<N>, X: Param<N>>(&self, distribution: &D, x: X) -> Real<N>;
}

fn is_constant<N: Number>(end: impl Param<N>) -> bool {
    end.form().as_constant().is_some()
}

impl<N: Number, B: Param<N>> Region<N> for Lower<B> {
    fn ends(&self) -> [f64; 2] {
        [self.0.value(), f64::INFINITY]
    }
    fn is_fixed(&self) -> bool {
        is_constant(self.0)
    }
    fn ln_mass<D: Cdf<N>>(&self, distribution: &D) -> Real<N> {
        distribution.ln_survival(self.0)
    }
    fn ln_mass_below<D: Cdf<N>, X: Param<N>>(&self, distribution: &D, x: X) -> Real<N> {
        distribution.ln_between(self.0, x)
    }
    fn ln_mass_above<D: Cdf<N>, X: Param<N>>(&self, distribution: &D, x: X) -> Real<N> {
        distribution.ln_survival(x)
    }
}

impl<N: Number> Region<N> for Positive {
    fn ends(&self) -> [f64; 2] {
        [0.0, f64::INFINITY]
    }
    fn is_fixed(&self) -> bool {
        true
    }
    fn ln_mass<D: Cdf<N>>(&self, distribution: &D) -> Real<N> {
        Lower(0.0).ln_mass(distribution)
    }
    fn ln_mass_below<D: Cdf<N>, X: Param<N>>(&self, distribution: &D, x: X) -> Real<N> {
        Lower(0.0).ln_mass_below(distribution, x)
    }
    fn ln_mass_above<D: Cdf<N>, X: Param<N>>(&self, distribution: &D, x: X) -> Real<N> {
        Lower(0.0).ln_mass_above(distribution, x)
    }
}

impl<N: Number, B: Param<N>> Region<N> for Upper<B> {
    fn ends(&self) -> [f64; 2] {
        [f64::NEG_INFINITY, self.0.value()]
    }
    fn is_fixed(&self) -> bool {
        is_constant(self.0)
    }
    fn ln_mass<D: Cdf<N>>(&self, distribution: &D) -> Real<N> {
        distribution.ln_cdf(self.0)
    }
    fn ln_mass_below<D: Cdf<N>, X: Param<N>>(&self, distribution: &D, x: X) -> Real<N> {
        distribution.ln_cdf(x)
    }
    fn ln_mass_above<D: Cdf<N>, X: Param<N>>(&self, distribution: &D, x: X) -> Real<N> {
        distribution.ln_between(x, self.0)
    }
}

impl<N: Number, L: Param<N>, H: Param<N>> Region<N> for Interval<L, H> {
    fn ends(&self) -> [f64; 2] {
        [self.0.value(), self.1.value()]
    }
    fn is_fixed(&self) -> bool {
        is_constant(self.0) && is_constant(self.1)
    }
    fn ln_mass<D: Cdf<N>>(&self, distribution: &D) -> Real<N> {
        distribution.ln_between(self.0, self.1)
    }
    fn ln_mass_below<D: Cdf<N>, X: Param<N>>(&self, distribution: &D, x: X) -> Real<N> {
        distribution.ln_between(self.0, x)
    }
    fn ln_mass_above<D: Cdf<N>, X: Param<N>>(&self, distribution: &D, x: X) -> Real<N> {
        distribution.ln_between(x, self.1)
    }
}
