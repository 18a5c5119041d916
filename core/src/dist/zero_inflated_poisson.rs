//! p(x | w, rate) = w \[x = 0\] + (1 - w) rate^x exp(-rate) / x!, x = 0, 1, 2, ...

use crate::dist::check::{positive, probability};
use crate::dist::mass::{is_count, join_mass, ln_factorial};
use crate::dist::{Distribution, draw};
use crate::error::Invalid;
use crate::numbers::{Jet, Number, Param, Real};
use crate::special::ln_1p_exp;
use crate::support::Count;
use rand::{Rng, RngExt};

/// Poisson distribution with more zeros: `ZeroInflatedPoisson(zero_probability, rate)`, 0 with probability
/// `zero_probability`, else a Poisson count of mean `rate` (which may be 0 as well).
///
/// `zero_probability` is from 0 to 1, `rate` is positive. Support: counts.
#[derive(Clone, Copy, Debug)]
pub struct ZeroInflatedPoisson<W, L>(pub W, pub L);

impl<N: Number, W: Param<N>, L: Param<N>> Distribution<N> for ZeroInflatedPoisson<W, L> {
    type Support = Count;

    fn support(&self) -> Count {
        Count
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let (x, w, rate) = (x.value(), self.0.value(), self.1.value());
        if !is_count(x) {
            return Real::constant(f64::NEG_INFINITY);
        }
        join_mass((self.0, self.1), &if x == 0.0 { zero(w, rate) } else { more(x, w, rate) })
    }

    fn check(&self) -> Result<(), Invalid> {
        let name = "ZeroInflatedPoisson";
        probability::<N>(name, "zero_probability", self.0)?;
        positive::<N>(name, "rate", self.1)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        let uniform: f64 = rng.random();
        let count = draw::poisson(rng, self.1.value())?;
        Some(if uniform < self.0.value() { 0.0 } else { count })
    }
}

/// f = ln m, m = w + (1 - w) exp(-rate).
fn zero(w: f64, rate: f64) -> Jet<2> {
    let (ln_w, ln_poisson) = (w.ln(), (-w).ln_1p() - rate);
    let high = ln_w.max(ln_poisson);
    let value = high + ln_1p_exp(ln_w.min(ln_poisson) - high);
    // Over m: exp(-rate), (1 - w) exp(-rate), 1 - exp(-rate).
    let (e, of_poisson, by_w) = ((-rate - value).exp(), (ln_poisson - value).exp(), -(-rate).exp_m1() * (-value).exp());
    Jet {
        value,
        first: [by_w, -of_poisson],
        second: [[-by_w * by_w, 0.0], [e + by_w * of_poisson, of_poisson * (1.0 - of_poisson)]],
    }
}

fn more(x: f64, w: f64, rate: f64) -> Jet<2> {
    let miss = (1.0 - w).recip();
    Jet {
        value: (-w).ln_1p() + x * rate.ln() - rate - ln_factorial(x),
        first: [-miss, x / rate - 1.0],
        second: [[-miss * miss, 0.0], [0.0, -x / (rate * rate)]],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_discrete_distribution;
    use crate::dist::reference::check_values;

    #[test]
    fn passes_the_kit() {
        for (w, rate) in [(0.3, 2.0), (0.01, 0.1), (0.9, 60.0)] {
            check_discrete_distribution!(ZeroInflatedPoisson(w, rate));
        }
    }

    #[test]
    fn the_edges_are_exact() {
        check_values(&ZeroInflatedPoisson(0.0, 800.0), &[(0.0, -800.0)]);
        check_values(&ZeroInflatedPoisson(1.0, 2.0), &[(0.0, 0.0), (1.0, f64::NEG_INFINITY)]);
    }
}
