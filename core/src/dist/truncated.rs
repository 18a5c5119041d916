//! ln p(x | x in region) = ln p(x) - ln P(X in region), x in the region.

use crate::dist::{Cdf, Distribution, Region};
use crate::error::Invalid;
use crate::numbers::{Number, Param, Real};
use crate::support::Continuous;
use rand::{Rng, RngExt};

/// A distribution given that its value lies in a region: `Truncated(distribution, region)`, such as
/// `Truncated(Normal(loc, scale), Lower(0.0))`.
///
/// The distribution is continuous and has a [`Cdf`]; the region is a [`Lower`](crate::support::Lower), an
/// [`Upper`](crate::support::Upper), an [`Interval`](crate::support::Interval) or
/// [`Positive`](crate::support::Positive), and should lie in the distribution's support. A bound may be a constant or a
/// latent. Support: the region.
///
/// ```
/// use hierarch::dist::{Distribution, Normal, Truncated};
/// use hierarch::support::Interval;
/// // scipy 1.17: `truncnorm.logpdf(1, -0.5, 1, 1, 2)`
/// let speed = Truncated(Normal(1.0, 2.0), Interval(0.0, 3.0));
/// let ln_density: hierarch::number::Real<f64> = speed.ln_density(1.0);
/// assert!((ln_density.value() + 0.982_490).abs() < 1e-6);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Truncated<D, S>(pub D, pub S);

impl<N: Number, D: Cdf<N>, S: Region<N>> Distribution<N> for Truncated<D, S>
where
    D::Support: Continuous<N>,
{
    type Support = S;

    fn support(&self) -> S {
        self.1.clone()
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let nowhere = Real::constant(f64::NEG_INFINITY);
        if !self.1.contains(x.value()) {
            return nowhere;
        }
        let (ln_density, ln_mass) = (self.0.ln_density(x), self.1.ln_mass(&self.0));
        if ln_density.value() == f64::NEG_INFINITY || !ln_mass.value().is_finite() {
            return nowhere;
        }
        ln_density - ln_mass
    }

    fn check(&self) -> Result<(), Invalid> {
        self.0.check()?;
        let value = self.1.ln_mass(&self.0).value().exp();
        if value > 0.0 || self.1.ln_mass(&self.0).value().is_finite() {
            return Ok(());
        }
        let expected = "a region of positive probability (this is its probability)";
        Err(Invalid { distribution: "Truncated", name: "region", value, expected, varies: false, culprit: None })
    }

    /// The first of a few draws that is in the region; without one, by inversion: solves P(X <= x | region) = uniform
    /// for the coordinate of x, by bisection.
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        for _ in 0..8 {
            if let Some(x) = self.0.sample(rng).filter(|&x| self.1.contains(x)) {
                return Some(x);
            }
        }
        let uniform: f64 = rng.sample(rand_distr::Open01);
        let goal = uniform.ln() + self.1.ln_mass(&self.0).value();
        if !goal.is_finite() {
            return None;
        }
        let at = |u: f64| self.1.constrain(Real::constant(u)).0.value();
        // The coordinate of an `Upper` falls as x rises.
        let rises = at(1.0) > at(0.0);
        let is_too_low = |u: f64| {
            let x = at(u);
            if self.1.contains(x) { (self.1.ln_mass_below(&self.0, x).value() < goal) == rises } else { u < 0.0 }
        };
        let (mut low, mut high) = (-700.0, 700.0);
        for _ in 0..64 {
            let middle = 0.5 * (low + high);
            *(if is_too_low(middle) { &mut low } else { &mut high }) = middle;
        }
        Some(at(0.5 * (low + high))).filter(|&x| self.1.contains(x))
    }
}

/// F(x) = P(X in region, X <= x) / P(X in region)
impl<N: Number, D: Cdf<N>, S: Region<N>> Cdf<N> for Truncated<D, S>
where
    D::Support: Continuous<N>,
{
    fn ln_cdf<X: Param<N>>(&self, x: X) -> Real<N> {
        let [low, high] = self.1.ends();
        if x.value() > low && x.value() < high {
            return self.given(self.1.ln_mass_below(&self.0, x));
        }
        Real::constant(if x.value() < high { f64::NEG_INFINITY } else { 0.0 })
    }
    fn ln_survival<X: Param<N>>(&self, x: X) -> Real<N> {
        let [low, high] = self.1.ends();
        if x.value() > low && x.value() < high {
            return self.given(self.1.ln_mass_above(&self.0, x));
        }
        Real::constant(if x.value() < high { 0.0 } else { f64::NEG_INFINITY })
    }
}

impl<D, S> Truncated<D, S> {
    /// The logarithm of a probability within the region, given that X is in it.
    fn given<N: Number>(&self, ln_mass: Real<N>) -> Real<N>
    where
        D: Cdf<N>,
        S: Region<N>,
    {
        if ln_mass.value() == f64::NEG_INFINITY { ln_mass } else { ln_mass - self.1.ln_mass(&self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_distribution;
    use crate::dist::{
        Beta, Cauchy, Exponential, Gamma, Gumbel, HalfNormal, InverseGamma, Laplace, LogNormal, Logistic, Normal,
        StudentT, Uniform, Weibull,
    };
    use crate::support::{Interval, Lower, Positive, Upper};

    #[test]
    fn every_region_passes_the_kit() {
        for (loc, scale) in [(0.5, 1.0), (-6.0, 0.8), (20.0, 3.0)] {
            check_distribution!(|l, s, b| Truncated(Normal(l, s), Lower(b)), [loc, scale, 0.2]);
            check_distribution!(|l, s, b| Truncated(Normal(l, s), Upper(b)), [loc, scale, 0.2]);
            check_distribution!(|l, s, a, b| Truncated(Normal(l, s), Interval(a, b)), [loc, scale, -0.5, 2.0]);
            check_distribution!(|l, s| Truncated(Normal(l, s), Positive), [loc, scale]);
        }
    }

    #[test]
    fn every_distribution_passes_the_kit() {
        check_distribution!(|l, s, a| Truncated(Cauchy(l, s), Lower(a)), [0.5, 1.5, 2.0]);
        check_distribution!(|l, s, a, b| Truncated(Cauchy(l, s), Interval(a, b)), [0.5, 1.5, -4.0, 2.0]);
        check_distribution!(|l, s, a, b| Truncated(Logistic(l, s), Interval(a, b)), [0.5, 1.5, -4.0, 2.0]);
        check_distribution!(|l, s, a, b| Truncated(Laplace(l, s), Interval(a, b)), [0.5, 1.5, 0.7, 2.0]);
        check_distribution!(|l, s, a, b| Truncated(Gumbel(l, s), Interval(a, b)), [0.5, 1.5, -1.0, 9.0]);
        check_distribution!(|r, a, b| Truncated(Exponential(r), Interval(a, b)), [1.5, 0.1, 2.0]);
        check_distribution!(|k, s, a| Truncated(Weibull(k, s), Upper(a)), [1.5, 2.0, 2.0]);
        check_distribution!(|k, s, a, b| Truncated(Weibull(k, s), Interval(a, b)), [0.7, 2.0, 0.5, 2.0]);
        check_distribution!(|l, s, a, b| Truncated(LogNormal(l, s), Interval(a, b)), [0.5, 1.5, 0.5, 20.0]);
        check_distribution!(|l, s, a, b| Truncated(Uniform(l, s), Interval(a, b)), [0.5, 3.5, 0.7, 2.0]);
        check_distribution!(|k, r, a, b| Truncated(Gamma(k, r), Interval(a, b)), [2.5, 1.3, 0.5, 4.0]);
        check_distribution!(|k, r, a| Truncated(Gamma(k, r), Lower(a)), [1.0, 1.0, 3.0]);
        check_distribution!(|k, r, a| Truncated(InverseGamma(k, r), Upper(a)), [2.5, 1.3, 0.4]);
        check_distribution!(|a, b, l, h| Truncated(Beta(a, b), Interval(l, h)), [2.0, 3.0, 0.3, 0.9]);
        check_distribution!(|n, l, s, a| Truncated(StudentT(n, l, s), Lower(a)), [3.5, 0.2, 1.4, 1.0]);
        check_distribution!(|n, a, b| Truncated(StudentT(n, 0.0, 1.0), Interval(a, b)), [40.0, -0.5, 2.0]);
    }

    #[test]
    fn a_half_normal_is_a_truncated_normal() {
        for x in [0.1, 1.0, 30.0] {
            let found: Real<f64> = Truncated(Normal(0.0, 2.0), Positive).ln_density(x);
            let expected: Real<f64> = HalfNormal(2.0).ln_density(x);
            assert!((found.0 - expected.0).abs() < 1e-13 * (1.0 + expected.0.abs()));
        }
    }

    #[test]
    fn what_is_truncated_twice_is_truncated_to_less() {
        let once = Truncated(Gamma(2.0, 0.5), Interval(3.0, 4.0));
        for x in [3.1, 3.5, 3.9] {
            let expected: Real<f64> = once.ln_density(x);
            let found: Real<f64> = Truncated(Truncated(Gamma(2.0, 0.5), Lower(3.0)), Interval(1.0, 4.0)).ln_density(x);
            let other: Real<f64> = Truncated(Truncated(Gamma(2.0, 0.5), Upper(4.0)), Lower(3.0)).ln_density(x);
            assert!(
                (found.0 - expected.0).abs() < 1e-13 && (other.0 - expected.0).abs() < 1e-13,
                "{found:?} {other:?}"
            );
        }
    }

    #[test]
    fn an_empty_region_is_refused() {
        assert!(Distribution::<f64>::check(&Truncated(Normal(0.0, 1.0), Interval(2.0, 1.0))).is_err());
        assert!(Distribution::<f64>::check(&Truncated(Uniform(0.0, 1.0), Lower(2.0))).is_err());
        assert!(Distribution::<f64>::check(&Truncated(Normal(0.0, 1.0), Lower(60.0))).is_ok());
    }
}
