//! Continued fractions of numbers: b(0) + a(1) / (b(1) + a(2) / (b(2) + ...)), by the modified method of Lentz (Thompson &
//! Barnett 1986).

use crate::numbers::dual::{Dual2, Lanes};
use crate::numbers::number::{Number, Real};

/// Levels after which a fraction is left as it is: those of the incomplete gamma and beta functions have some 5 n^(1/3)
/// levels at parameters of size n, where they have most.
const MOST_LEVELS: u32 = 100_000;

/// An algebra that tells when a product has all the factors that it needs.
pub(crate) trait Settling: Number {
    /// Whether `factor`, the last, changes nothing of `product`.
    fn is_settled(product: &Self, factor: &Self) -> bool;
}

impl Settling for f64 {
    fn is_settled(_: &Self, factor: &Self) -> bool {
        (factor - 1.0).abs() <= f64::EPSILON
    }
}

/// Where a numerator is 0 the value is settled, while the derivatives are not.
impl<const K: usize, const T: usize> Settling for Dual2<K, T> {
    fn is_settled(product: &Self, factor: &Self) -> bool {
        let rounding = |of: &f64| f64::EPSILON * (1e-6 + (of / product.value()).abs());
        let are_small = |of: &[f64], all: &[f64]| of.iter().zip(all).all(|(x, all)| x.abs() <= rounding(all));
        f64::is_settled(&product.value(), &factor.value())
            && are_small(factor.partials(), product.partials())
            && are_small(factor.triangle(), product.triangle())
    }
}

/// The fraction whose level n has `[a(n), b(n)]`; a(0) is not used.
pub(super) fn continued_fraction<N: Settling>(level: impl Fn(f64) -> [Real<N>; 2]) -> Real<N> {
    let mut fraction = level(0.0)[1];
    let (mut above, mut below) = (fraction, Real::constant(0.0));
    for n in 1..MOST_LEVELS {
        let [a, b] = level(f64::from(n));
        below = (b + a * below).recip();
        above = b + a / above;
        let change = above * below;
        fraction *= change;
        if N::is_settled(&fraction.0, &change.0) || !change.value().is_finite() {
            break;
        }
    }
    fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Abramowitz & Stegun 1964, 4.4.43: atan(z) = z / (1 + z^2 / (3 + 4 z^2 / (5 + 9 z^2 / (7 + ...)))).
    fn atan<N: Settling>(z: Real<N>) -> Real<N> {
        z / continued_fraction(|n| [z.square() * (n * n), Real::constant(2.0 * n + 1.0)])
    }

    #[test]
    fn the_fraction_of_the_inverse_tangent_converges() {
        for z in [0.01, 0.7, 3.0, 40.0] {
            let (Real(found), Real(expected)) = (atan(variable(z)), variable(z).atan());
            let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-13 * (1.0 + b.abs()), "{z}: {a}, not {b}");
            near(found.value(), expected.value());
            near(found.partials()[0], expected.partials()[0]);
            near(found.triangle()[0], expected.triangle()[0]);
            near(atan(Real(z)).0, z.atan());
        }
    }

    /// 1 + (z - 1) / (1 + 1 / (1 + 1 / (1 + ...))), which is settled at z = 1 but for its slope, 2 / (1 + sqrt(5)).
    #[test]
    fn a_numerator_of_zero_does_not_end_the_derivatives() {
        let golden = |z: Real<Dual2<1, 1>>| {
            continued_fraction(|n| [if n > 1.0 { Real::constant(1.0) } else { z - 1.0 }, Real::constant(1.0)])
        };
        let found = golden(variable(1.0)).0;
        assert!((found.partials()[0] - 2.0 / (1.0 + 5.0_f64.sqrt())).abs() < 1e-14, "{found:?}");
    }

    fn variable(z: f64) -> Real<Dual2<1, 1>> {
        Real(Lanes::variable(z, 0))
    }
}
