//! p(x) = P(X in region) for an x in the region, else the distribution's density.

use crate::dist::{Cdf, Distribution, Region};
use crate::error::Invalid;
use crate::numbers::form::ClosedForm;
use crate::numbers::{Number, Param, Real};
use crate::support::Support;
use rand::Rng;

/// A distribution of which a value in a region is only known to be there: `Censored(distribution, region)`.
///
/// Right censoring is `Censored(distribution, Lower(c))`, "somewhere above c"; left censoring, as by a limit of detection,
/// `Censored(distribution, Upper(c))`; interval censoring `Censored(distribution, Interval(a, b))`. A datum in the region or
/// at one of its ends, whatever its value, counts by the probability of the region, any other by the density. So with times
/// of which some were cut short, `time ~ Censored(lifetime, Lower(cut))` where `cut` is the time itself for those, and
/// infinite for the others; and with intervals as data `low ~ Censored(lifetime, Interval(low, high))`, whose ends are the
/// same where the value is known, and of which `high` may be infinite. What is censored at two limits is
/// `Censored(Censored(distribution, Upper(a)), Lower(b))`; lifetimes entered late and cut short are
/// `Censored(Truncated(lifetime, Lower(entry)), Lower(cut))`.
///
/// The distribution has a [`Cdf`], the region is one that [`Truncated`](crate::dist::Truncated) takes, with ends that may be
/// latents. A discrete distribution counts the ends of the region in: `Censored(Poisson(rate), Lower(5))` is for counts of
/// "5 or more". Support: that of the distribution, and the region.
///
/// A draw is the value itself, as if nothing were censored: of data that are missing, `predict` gives what would be seen
/// without censoring, and `replicate` of all. They know nothing of a region that a value was in; to draw one that was,
/// observe what is missing under `Truncated(distribution, region)`.
///
/// ```
/// use hierarch::prelude::*;
/// model! {
///     /// Times to failure of machines, some of which still run.
///     Machines(times: &[(f64, bool)]) {
///         shape ~ LogNormal(0.0, 0.5);
///         rate ~ Exponential(1.0);
///         for &(time, still_runs) in times {
///             time ~ Censored(Gamma(shape, rate), Lower(if still_runs { time } else { f64::INFINITY }));
///         }
///     }
/// }
/// let fit = Machines::new(&[(1.2, false), (0.4, false), (3.0, true), (2.2, false)]).fit()?;
/// assert!(fit.trust().is_reliable);
/// # Ok::<(), hierarch::Error>(())
/// ```
#[doc(alias("survival", "interval-censored", "censoring", "tobit", "limit of detection"))]
#[derive(Clone, Copy, Debug)]
pub struct Censored<D, S>(pub D, pub S);

impl<N: Number, D: Cdf<N>, S: Region<N>> Distribution<N> for Censored<D, S> {
    type Support = Known<D::Support, S>;

    fn support(&self) -> Self::Support {
        Known { seen: self.0.support(), censored: self.1.clone() }
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        if !reaches(&self.1, x.value()) {
            return self.0.ln_density(x);
        }
        let ln_mass = self.ln_mass();
        if ln_mass.value() > f64::NEG_INFINITY { ln_mass } else { Real::constant(f64::NEG_INFINITY) }
    }

    fn check(&self) -> Result<(), Invalid> {
        self.0.check()?;
        let [low, high] = self.1.ends();
        if low <= high {
            return Ok(());
        }
        let value = if low.is_nan() { low } else { high };
        let expected = "one that does not end before it begins (this is an end)";
        let varies = !self.1.is_fixed();
        Err(Invalid { distribution: "Censored", name: "region", value, expected, varies, culprit: None })
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        self.0.sample(rng)
    }

    /// That of the distribution, where it is known that a value was seen.
    fn closed_form<X: Param<N>>(&self, x: X) -> Option<ClosedForm> {
        if self.1.is_fixed() && !reaches(&self.1, x.value()) { self.0.closed_form(x) } else { None }
    }
}

impl<D, S> Censored<D, S> {
    /// ln P(X in region or at one of its ends).
    fn ln_mass<N: Number>(&self) -> Real<N>
    where
        D: Cdf<N>,
        S: Region<N>,
    {
        let [low, high] = self.1.ends();
        match self.0.last_before(low) {
            Some(before) => self.0.ln_between(before, high),
            None => self.1.ln_mass(&self.0),
        }
    }
}

/// Whether x is in the region or at an end of it; a region of one point is none.
#[inline(always)]
fn reaches<N: Number>(region: &impl Region<N>, x: f64) -> bool {
    let [low, high] = region.ends();
    low < high && low <= x && x <= high && x.is_finite()
}

/// That of the value, seen or not.
impl<N: Number, D: Cdf<N>, S: Region<N>> Cdf<N> for Censored<D, S> {
    fn ln_cdf<X: Param<N>>(&self, x: X) -> Real<N> {
        self.0.ln_cdf(x)
    }
    fn ln_survival<X: Param<N>>(&self, x: X) -> Real<N> {
        self.0.ln_survival(x)
    }
    fn last_before(&self, x: f64) -> Option<f64> {
        self.0.last_before(x)
    }
}

/// What can be known of a censored value: that value, or that it is in a region.
#[derive(Clone, Copy, Debug)]
pub struct Known<S, R> {
    seen: S,
    censored: R,
}

impl<N: Number, S: Support<N>, R: Region<N>> Support<N> for Known<S, R> {
    fn contains(&self, x: f64) -> bool {
        self.seen.contains(x) || reaches(&self.censored, x)
    }
    fn describe(&self) -> String {
        format!("{}, or {} for a censored one", self.seen.describe(), self.censored.describe())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_gradient;
    use crate::dist::reference::{check_refused, check_values};
    use crate::dist::{Gamma, LogNormal, NegativeBinomial2, Normal, Poisson, StudentT};
    use crate::support::{Interval, Lower, Positive, Upper};
    use rand::SeedableRng;

    #[test]
    fn agrees_with_scipy() {
        // scipy 1.17: `norm.logsf(3, 1, 2)`, `norm.logpdf(2.5, 1, 2)`
        let (beyond, seen) = (-1.841_021_645_009_263_4, -1.893_335_713_764_618);
        check_values(&Censored(Normal(1.0, 2.0), Lower(3.0)), &[(2.5, seen), (3.0, beyond), (9.0, beyond)]);
        // scipy 1.17: `gamma.logcdf(0.5, 2.5, scale=1 / 0.7)`, `gamma.logpdf(0.6, 2.5, scale=1 / 0.7)`
        let (below, seen) = (-4.072_700_994_498_978_5, -2.362_608_665_968_736);
        check_values(&Censored(Gamma(2.5, 0.7), Upper(0.5)), &[(-3.0, below), (0.0, below), (0.5, below), (0.6, seen)]);
        // scipy 1.17: `np.log(t.cdf(2, 4) - t.cdf(-1, 4))`, `t.logpdf(2.5, 4)`
        let (between, seen) = (-0.281_049_112_460_373_7, -3.333_287_614_173_042_5);
        let t = Censored(StudentT(4.0, 0.0, 1.0), Interval(-1.0, 2.0));
        check_values(&t, &[(-1.0, between), (0.3, between), (2.0, between), (2.5, seen)]);
    }

    #[test]
    fn the_ends_of_a_region_of_counts_are_in_it() {
        // scipy 1.17: `poisson.logsf(4, 3.5)`, `poisson.logcdf(2, 3.5)`,
        // `np.log(poisson.cdf(6, 3.5) - poisson.cdf(2, 3.5))`
        let (five_or_more, at_most_two, three_to_six) =
            (-1.292_603_503_745_643_8, -1.136_790_285_189_519_3, -0.487_980_726_730_127_93);
        let count = Poisson(3.5);
        let seen = Distribution::<f64>::ln_density(&count, 4).0;
        check_values(&Censored(count, Lower(5)), &[(5.0, five_or_more), (8.0, five_or_more), (4.0, seen)]);
        check_values(&Censored(count, Upper(2)), &[(0.0, at_most_two), (2.0, at_most_two), (4.0, seen)]);
        check_values(&Censored(count, Interval(3, 6)), &[(3.0, three_to_six), (6.0, three_to_six)]);
    }

    #[test]
    fn an_end_at_infinity_is_none() {
        let seen = |x: f64| Distribution::<f64>::ln_density(&Normal(1.0, 2.0), x).0;
        check_values(&Censored(Normal(1.0, 2.0), Lower(f64::INFINITY)), &[(3.0, seen(3.0))]);
        check_values(&Censored(Normal(1.0, 2.0), Upper(f64::NEG_INFINITY)), &[(3.0, seen(3.0))]);
        check_values(&Censored(Normal(1.0, 2.0), Interval(3.0, 3.0)), &[(3.0, seen(3.0))]);
        // scipy 1.17: `norm.logsf(3, 1, 2)`
        check_values(&Censored(Normal(1.0, 2.0), Interval(3.0, f64::INFINITY)), &[(3.0, -1.841_021_645_009_263_4)]);
    }

    #[test]
    fn two_limits_are_two_regions() {
        let tobit = Censored(Censored(Normal(1.0, 2.0), Upper(0.0)), Lower(3.0));
        let (low, high) = (Normal(1.0, 2.0).ln_cdf(0.0), Normal(1.0, 2.0).ln_survival(3.0));
        let (low, high): (Real<f64>, Real<f64>) = (low, high);
        check_values(&tobit, &[(0.0, low.0), (3.0, high.0)]);
    }

    #[test]
    fn derivatives_agree_with_differences() {
        for x in [0.4, 1.5, 2.0] {
            check_gradient!(|x, a, b, c| Censored(Gamma(a, b), Lower(c)).ln_density(x), [x, 2.5, 0.7, 1.2]);
            check_gradient!(|x, n, l, s| Censored(StudentT(n, l, s), Upper(1.0)).ln_density(x), [x, 3.5, 0.5, 0.8]);
            check_gradient!(
                |x, l, s, a, b| Censored(LogNormal(l, s), Interval(a, b)).ln_density(x),
                [x, 0.2, 0.6, 1.0, 1.7]
            );
        }
        check_gradient!(|m, d| Censored(NegativeBinomial2(m, d), Lower(5)).ln_density(7), [4.0, 1.5]);
    }

    #[test]
    fn an_observation_may_be_what_is_seen_or_in_the_region() {
        let support = Distribution::<f64>::support(&Censored(Gamma(2.0, 1.0), Upper(0.5)));
        assert!(Support::<f64>::contains(&support, 3.0) && Support::<f64>::contains(&support, -1.0));
        let support = Distribution::<f64>::support(&Censored(Gamma(2.0, 1.0), Lower(0.5)));
        assert!(!Support::<f64>::contains(&support, -1.0) && !Support::<f64>::contains(&support, f64::INFINITY));
        let expected = "a positive number, or a number above 0.5 for a censored one";
        assert_eq!(Support::<f64>::describe(&support), expected);
    }

    #[test]
    fn a_draw_is_the_value_itself() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let censored = Censored(Normal(0.0, 1.0), Positive);
        let positive = (0..1000).filter(|_| Distribution::<f64>::sample(&censored, &mut rng) > Some(0.0)).count();
        assert!((400..600).contains(&positive), "{positive}");
    }

    #[test]
    fn invalid_regions_and_parameters_are_refused() {
        check_refused(&Censored(Normal(0.0, 1.0), Lower(f64::NAN)), "region");
        check_refused(&Censored(Normal(0.0, 1.0), Upper(f64::NAN)), "region");
        check_refused(&Censored(Normal(0.0, 1.0), Interval(2.0, 1.0)), "region");
        let invalid = Distribution::<f64>::check(&Censored(Normal(0.0, 0.0), Lower(1.0))).expect_err("no scale");
        assert_eq!((invalid.distribution, invalid.name), ("Normal", "scale"));
    }
}
