//! ln p(x | n, eta) = ln(n over x) - x ln(1 + exp(-eta)) - (n - x) ln(1 + exp(eta)), x = 0, ..., n.

use crate::dist::binomial::ln_tail_of_failures;
use crate::dist::check::{count, finite};

use crate::dist::mass::{count_tails, join_mass, ln_choose};
use crate::dist::{Distribution, draw};
use crate::error::Invalid;
use crate::numbers::tail::Tail;
use crate::numbers::{Jet, Number, Param, Real};
use crate::special::{ln_1p_exp, sigmoid};
use crate::support::{CountUpTo, Support};
use rand::Rng;

/// Binomial distribution by its log odds: `BinomialLogit(n, eta)`, how many of `n` independent trials succeed, each
/// with probability 1 / (1 + exp(-`eta`)).
///
/// `n` is a count and taken as a constant; `eta` is any finite number. Support: counts up to `n`.
#[derive(Clone, Copy, Debug)]
pub struct BinomialLogit<T, E>(pub T, pub E);

impl<N: Number, T: Param<N>, E: Param<N>> Distribution<N> for BinomialLogit<T, E> {
    type Support = CountUpTo;

    fn support(&self) -> CountUpTo {
        CountUpTo(self.0.value())
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let (n, eta) = (self.0.value(), self.1.value());
        if !Support::<N>::contains(&CountUpTo(n), x.value()) {
            return Real::constant(f64::NEG_INFINITY);
        }
        let (successes, failures) = (x.value(), n - x.value());
        let (p, q) = (sigmoid(eta), sigmoid(-eta));
        // n = 0 leaves an eta of any size without effect.
        let times = |count: f64, factor: f64| if count == 0.0 { 0.0 } else { count * factor };
        join_mass(
            (self.1,),
            &Jet {
                value: ln_choose(n, successes) - times(successes, ln_1p_exp(-eta)) - times(failures, ln_1p_exp(eta)),
                first: [successes * q - failures * p],
                second: [[-n * p * q]],
            },
        )
    }

    fn check(&self) -> Result<(), Invalid> {
        count::<N>("BinomialLogit", "n", self.0)?;
        finite::<N>("BinomialLogit", "eta", self.1)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        draw::binomial(rng, self.0.value(), sigmoid(self.1.value()))
    }
}

count_tails!(BinomialLogit<T, E>, ln_tail);

fn ln_tail<N: Number, T: Param<N>, E: Param<N>>(dist: &BinomialLogit<T, E>, tail: Tail, k: f64) -> Real<N> {
    let eta = dist.1.real();
    ln_tail_of_failures(tail, [dist.0.value(), k], (-eta).sigmoid(), sigmoid(eta.value()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::Binomial;
    use crate::dist::Cdf;
    use crate::dist::reference::{check_cumulated, check_values};
    use crate::{check_discrete_distribution, check_gradient};

    #[test]
    fn passes_the_kit() {
        for eta in [0.0, -2.5, 7.0] {
            check_discrete_distribution!(|eta| BinomialLogit(12, eta), [eta]);
            check_discrete_distribution!(|eta| BinomialLogit(0, eta), [eta]);
        }
    }

    #[test]
    fn is_the_binomial_of_the_sigmoid() {
        for eta in [-3.0, 0.2, 1.5] {
            let table: Vec<(f64, f64)> = (0..=7)
                .map(|k| (f64::from(k), Distribution::<f64>::ln_density(&Binomial(7, sigmoid(eta)), k).0))
                .collect();
            check_values(&BinomialLogit(7, eta), &table);
        }
    }

    #[test]
    fn the_tails_keep_their_digits() {
        check_values(&BinomialLogit(2, 900.0), &[(0.0, -1800.0), (2.0, 0.0)]);
        check_values(&BinomialLogit(2, -1e300), &[(2.0, -2e300), (0.0, 0.0)]);
    }

    #[test]
    fn tails_are_sums_of_masses() {
        check_cumulated(&BinomialLogit(9, -0.7), 12);
        check_gradient!(|e| BinomialLogit(9, e).ln_cdf(3) - BinomialLogit(9, e).ln_survival(3) * 0.3, [0.4]);
    }
}
