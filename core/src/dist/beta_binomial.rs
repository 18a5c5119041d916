//! ln p(x | n, a, b) = ln(n over x) + ln((a)_x) + ln((b)_(n - x)) - ln((a + b)_n), with the rising factorial
//! (a)_x = gamma(a + x) / gamma(a); x = 0, ..., n.

use crate::dist::check::{count, positive};
use crate::dist::mass::{join_mass, ln_choose};
use crate::dist::negative_binomial_2::{ln_rising_over_power, rising_partials};
use crate::dist::{Distribution, draw};
use crate::error::Invalid;
use crate::numbers::{Jet, Number, Param, Real};
use crate::support::{CountUpTo, Support};
use rand::Rng;

/// Beta-binomial distribution: `BetaBinomial(n, a, b)`, how many of `n` trials succeed, each with the same probability,
/// itself drawn from `Beta(a, b)`.
///
/// `n` is a count and taken as a constant; `a` and `b` are positive. Support: counts up to `n`.
#[derive(Clone, Copy, Debug)]
pub struct BetaBinomial<T, A, B>(pub T, pub A, pub B);

impl<N: Number, T: Param<N>, A: Param<N>, B: Param<N>> Distribution<N> for BetaBinomial<T, A, B> {
    type Support = CountUpTo;

    fn support(&self) -> CountUpTo {
        CountUpTo(self.0.value())
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let (n, a, b) = (self.0.value(), self.1.value(), self.2.value());
        if !Support::<N>::contains(&CountUpTo(n), x.value()) {
            return Real::constant(f64::NEG_INFINITY);
        }
        let (successes, failures) = (x.value(), n - x.value());
        let (mut first, mut second) = ([0.0; 2], [[0.0; 2]; 2]);
        if self.1.varies() || self.2.varies() {
            let (of_a, of_b, of_sum) = (partials(successes, a), partials(failures, b), partials(n, a + b));
            first = [of_a[0] - of_sum[0], of_b[0] - of_sum[0]];
            second = [[of_a[1] - of_sum[1], 0.0], [-of_sum[1], of_b[1] - of_sum[1]]];
        }
        let value = ln_choose(n, successes) + ln_rising(successes, a) + ln_rising(failures, b) - ln_rising(n, a + b);
        join_mass((self.1, self.2), &Jet { value, first, second })
    }

    fn check(&self) -> Result<(), Invalid> {
        count::<N>("BetaBinomial", "n", self.0)?;
        positive::<N>("BetaBinomial", "a", self.1)?;
        positive::<N>("BetaBinomial", "b", self.2)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        let p = draw::beta(rng, self.1.value(), self.2.value())?;
        draw::binomial(rng, self.0.value(), p)
    }
}

/// ln((a)_x).
fn ln_rising(x: f64, a: f64) -> f64 {
    ln_rising_over_power(x, a) + if x == 0.0 { 0.0 } else { x * a.ln() }
}

/// First and second derivative of [`ln_rising`] by a.
fn partials(x: f64, a: f64) -> [f64; 2] {
    let [first, second] = rising_partials(x, a);
    [first + x / a, second - x / (a * a)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_discrete_distribution;
    use crate::dist::reference::check_values;

    #[test]
    fn passes_the_kit() {
        for (a, b) in [(1.0, 1.0), (0.4, 2.0), (30.0, 7.0)] {
            check_discrete_distribution!(|a, b| BetaBinomial(15, a, b), [a, b]);
            check_discrete_distribution!(|a, b| BetaBinomial(1, a, b), [a, b]);
        }
    }

    #[test]
    fn a_uniform_probability_gives_a_uniform_count() {
        let table: Vec<(f64, f64)> = (0..=20).map(|x| (f64::from(x), -(21.0_f64.ln()))).collect();
        check_values(&BetaBinomial(20, 1.0, 1.0), &table);
    }
}
