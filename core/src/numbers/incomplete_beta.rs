//! The regularised incomplete beta function I_x(a, b) and 1 - I_x(a, b) = I_y(b, a), y = 1 - x, by their logarithms, with
//! derivatives by a, b and x.
//!
//! With w = x^a y^b / B(a, b) and l = a y - b x, for an x up to the mean, where l >= 0 (Didonato & Morris 1992, algorithm 708,
//! BFRAC), I_x(a, b) = w / (b(0) + a(1) / (b(1) + ...)) with
//!
//! ```text
//! a(n) = (a + n - 1) (a + b + n - 1) n (b - n) x^2 / (a + 2 n - 1)^2
//! b(n) = n + n (b - n) x / (a + 2 n - 1) + (a + n) / (a + 2 n + 1) (l + 1 + n (1 + y)), without the first two at n = 0
//! ```
//!
//! Its derivatives by a and b are those of all that is computed (Boik & Robison-Cox 1998, for another fraction).

use crate::numbers::continued_fraction::{Settling, continued_fraction};
use crate::numbers::dual::{Dual2, Lanes};
use crate::numbers::incomplete_gamma::{deviance, stirling_error};
use crate::numbers::jet::{Jet, join_mass};
use crate::numbers::number::{Number, Real};
use crate::numbers::param::Param;
use crate::numbers::tail::Tail;
use crate::special::STIRLING_FROM;
use std::f64::consts::PI;

/// Where the function is asked for: x and y = 1 - x, both known to all digits, and their logarithms.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Between<N: Number> {
    pub(crate) x: Real<N>,
    pub(crate) y: Real<N>,
    pub(crate) ln_x: Real<N>,
    pub(crate) ln_y: Real<N>,
}

impl<N: Number> Between<N> {
    fn mirrored(self) -> Self {
        Self { x: self.y, y: self.x, ln_x: self.ln_y, ln_y: self.ln_x }
    }
}

/// ln I_x(a, b) or ln I_y(b, a), for positive `a` and `b`, with `y` = 1 - `x` to all its digits; I_x is 0 for an `x` that is
/// not positive, and I_y for a `y` that is not.
///
/// In relative terms of either, right to some 1e-13; one that is nearly 0 only because `a` or `b` is, to 1e-16 over that.
pub(crate) fn ln_incomplete_beta<N: Number>(
    tail: Tail,
    (a, b): (impl Param<N>, impl Param<N>),
    x: impl Param<N>,
    y: f64,
) -> Real<N> {
    if !(x.value() > 0.0 && y > 0.0) {
        let is_nothing = (x.value() > 0.0) == (tail == Tail::Upper);
        return Real::constant(if is_nothing { f64::NEG_INFINITY } else { 0.0 });
    }
    if a.varies() || b.varies() || x.varies() {
        return join_mass((a, b, x), &jet(tail, [a.value(), b.value()], [x.value(), y]));
    }
    Real::constant(plain(tail, [a.value(), b.value()], [x.value(), y]))
}

fn plain(tail: Tail, [a, b]: [f64; 2], [x, y]: [f64; 2]) -> f64 {
    ln_share(tail, Real(a), Real(b), &between(x, y))[0].0
}

fn jet(tail: Tail, [a, b]: [f64; 2], [x, y]: [f64; 2]) -> Jet<3> {
    let [of_a, of_b] = [Dual2::<2, 3>::variable(a, 0), Dual2::variable(b, 1)].map(Real);
    let at = between(x, y);
    let [ln_share, ln_weight] = ln_share(tail, of_a, of_b, &at);
    let ln_density = ln_weight - at.ln_x - at.ln_y;
    let slope = (a - 1.0) / x - (b - 1.0) / y;
    Jet { value: plain(tail, [a, b], [x, y]), ..tail.jet(&ln_share.0, &ln_density.0, slope) }
}

fn between<N: Number>(x: f64, y: f64) -> Between<N> {
    let ln = |v: f64, rest: f64| if v > 0.5 { (-rest).ln_1p() } else { v.ln() };
    let [x, y, ln_x, ln_y] = [x, y, ln(x, y), ln(y, x)].map(Real::constant);
    Between { x, y, ln_x, ln_y }
}

/// The logarithms of the tail and of w.
pub(crate) fn ln_share<N: Settling>(tail: Tail, a: Real<N>, b: Real<N>, at: &Between<N>) -> [Real<N>; 2] {
    let ln_weight = ln_weight(a, b, at);
    let is_below = b.value() * at.x.value() <= a.value() * at.y.value();
    let (side, ln_fraction) = if is_below {
        (Tail::Lower, fraction(a, b, at).ln())
    } else {
        (Tail::Upper, fraction(b, a, &at.mirrored()).ln())
    };
    [tail.from(side, ln_weight - ln_fraction), ln_weight]
}

/// w / I_x(a, b), for an x up to the mean.
fn fraction<N: Settling>(a: Real<N>, b: Real<N>, at: &Between<N>) -> Real<N> {
    let (away, more) = (a * at.y - b * at.x + 1.0, at.y + 1.0);
    continued_fraction(|n| {
        let (sum, around) = (a + n, at.x / (a + (2.0 * n - 1.0)));
        let product = (b - n) * around * n;
        let middle = if n > 0.0 { product + n } else { Real::constant(0.0) };
        [(sum - 1.0) * (sum + b - 1.0) * product * around, middle + sum / (a + (2.0 * n + 1.0)) * (away + more * n)]
    })
}

/// ln w. With large a and b, where terms of their size cancel near the mean, and d = b x - a y, m(v) = v - ln(1 + v):
/// ln(a b / (2 pi (a + b))) / 2 - a m(d / a) - b m(-d / b), and what Stirling's formula leaves out.
fn ln_weight<N: Number>(a: Real<N>, b: Real<N>, at: &Between<N>) -> Real<N> {
    if a.value() < STIRLING_FROM || b.value() < STIRLING_FROM {
        return a * at.ln_x + b * at.ln_y - a.ln_beta(b);
    }
    let (sum, away) = (a + b, b * at.x - a * at.y);
    let deviances = a * deviance(away / a) + b * deviance(-away / b);
    let errors = stirling_error(sum) - stirling_error(a) - stirling_error(b);
    (a * b / (sum * (2.0 * PI))).ln() * 0.5 - deviances + errors
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_gradient;

    #[test]
    fn derivatives_agree_with_differences() {
        for (a, b) in [(0.3, 0.6), (2.5, 0.7), (7.0, 40.0), (300.0, 2.0), (60.0, 25.0), (5e4, 3e4)] {
            let (mean, sd) = (a / (a + b), (a * b / (a + b + 1.0)).sqrt() / (a + b));
            for x in [-2.5, -0.4, 0.1, 2.0].map(|z| mean + z * sd).into_iter().filter(|x| (1e-3..0.999).contains(x)) {
                check_gradient!(
                    |a, b, x| ln_incomplete_beta(Tail::Lower, (a, b), x, 1.0 - x.value())
                        - ln_incomplete_beta(Tail::Upper, (a, b), x, 1.0 - x.value()) * 0.3,
                    [a, b, x]
                );
            }
        }
    }
}
