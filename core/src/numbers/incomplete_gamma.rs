//! The regularised incomplete gamma functions P(a, x) and Q(a, x) = 1 - P(a, x) by their logarithms, with derivatives by both.
//!
//! With w = x^a exp(-x) / gamma(a), P = w / (b(0) + a(1) / (b(1) + ...)) below the mean of the distribution, a, and Q above it:
//!
//! ```text
//! P: a(n) = (a + n - 1) n x^2 / (a + 2 n - 1)^2
//!    b(n) = n + n x / (a + 2 n - 1) + (a + n) / (a + 2 n + 1) (a - x + 1 + 2 n), without n x / (a + 2 n - 1) at n = 0
//! Q: a(n) = n (a - n), b(n) = x - a + 1 + 2 n
//! ```
//!
//! Q's fraction is Legendre's (Abramowitz & Stegun 1964, 6.5.31, contracted), P's the limit b -> inf at b x fixed of that of
//! the incomplete beta function (Didonato & Morris 1992, algorithm 708, BFRAC). Their derivatives by a are those of all
//! that is computed (as Moore 1982, AS 187, has them of the series).

use crate::numbers::continued_fraction::{Settling, continued_fraction};
use crate::numbers::dual::{Dual2, Lanes};
use crate::numbers::jet::{Jet, join_mass};
use crate::numbers::number::{Number, Real};
use crate::numbers::param::Param;
use crate::numbers::tail::Tail;
use crate::special::{STIRLING_FROM, minus_ln_1p, stirling};
use std::f64::consts::PI;

/// ln P(a, x) or ln Q(a, x) for a positive `a`; P is 0 for an `x` that is not positive, as it is at 0.
///
/// In relative terms of P and Q, right to some 1e-13; a Q that is nearly 0 only because `a` is, to 1e-16 / `a`.
pub(crate) fn ln_incomplete_gamma<N: Number>(tail: Tail, a: impl Param<N>, x: impl Param<N>) -> Real<N> {
    if !(x.value() > 0.0 && x.value() < f64::INFINITY) {
        let is_nothing = (x.value() > 0.0) == (tail == Tail::Upper);
        return Real::constant(if is_nothing { f64::NEG_INFINITY } else { 0.0 });
    }
    if a.varies() || x.varies() {
        return join_mass((a, x), &jet(tail, a.value(), x.value()));
    }
    Real::constant(plain(tail, a.value(), x.value()))
}

fn plain(tail: Tail, a: f64, x: f64) -> f64 {
    ln_share(tail, Real(a), x)[0].0
}

fn jet(tail: Tail, a: f64, x: f64) -> Jet<2> {
    let [ln_share, ln_weight] = ln_share(tail, Real(Dual2::<1, 1>::variable(a, 0)), x);
    let ln_density = ln_weight - x.ln();
    Jet { value: plain(tail, a, x), ..tail.jet(&ln_share.0, &ln_density.0, (a - 1.0) / x - 1.0) }
}

/// The logarithms of the tail and of w.
fn ln_share<N: Settling>(tail: Tail, a: Real<N>, x: f64) -> [Real<N>; 2] {
    let ln_weight = ln_weight(a, x);
    let below = if x < a.value().max(1.0) { Tail::Lower } else { Tail::Upper };
    let fraction = match below {
        Tail::Lower => continued_fraction(|n| {
            let (around, sum) = ((a + (2.0 * n - 1.0)).recip(), a + n);
            let middle = if n > 0.0 { around * (n * x) + n } else { Real::constant(0.0) };
            let b = middle + sum / (a + (2.0 * n + 1.0)) * (a + (1.0 + 2.0 * n - x));
            [(sum - 1.0) * around * around * (n * x * x), b]
        }),
        Tail::Upper => continued_fraction(|n| [(a - n) * n, x + 1.0 + 2.0 * n - a]),
    };
    [tail.from(below, ln_weight - fraction.ln()), ln_weight]
}

/// ln w. With a large a, where terms of the size of a cancel near the mean, and m = (x - a) / a:
/// ln(a / (2 pi)) / 2 - a (m - ln(1 + m)) - the error of Stirling's formula.
fn ln_weight<N: Number>(a: Real<N>, x: f64) -> Real<N> {
    if a.value() < STIRLING_FROM {
        return a * x.ln() - x - a.ln_gamma();
    }
    (a / (2.0 * PI)).ln() * 0.5 - a * deviance((x - a) / a) - stirling_error(a)
}

/// m - ln(1 + m).
pub(super) fn deviance<N: Number>(m: Real<N>) -> Real<N> {
    let (v, recip) = (m.value(), (1.0 + m.value()).recip());
    m.chain(minus_ln_1p(v), v * recip, recip * recip)
}

/// What Stirling's formula leaves out of ln gamma(a), for an a of at least [`STIRLING_FROM`].
pub(super) fn stirling_error<N: Number>(a: Real<N>) -> Real<N> {
    let [value, first, second] = stirling(a.value());
    a.chain(value, first, second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_gradient;

    #[test]
    fn derivatives_agree_with_differences() {
        for a in [0.02, 0.4, 1.0, 3.5, 19.0, 21.0, 400.0, 1e5] {
            for x in [-2.5, -0.4, 0.1, 2.0].map(|z: f64| a + z * a.sqrt()).into_iter().filter(|x| *x > 0.0) {
                check_gradient!(
                    |a, x| ln_incomplete_gamma(Tail::Lower, a, x) - ln_incomplete_gamma(Tail::Upper, a, x) * 0.3,
                    [a, x]
                );
            }
        }
    }
}
