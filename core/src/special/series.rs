//! What the gamma family is summed by: where its asymptotic series begin, polynomials, and the way to the nearest pole.

/// From here on the asymptotic series are exact to double precision.
pub(super) const LARGE: f64 = 10.0;

/// The positive number that the reflection formulas lead to: x itself, or 1 - x.
#[inline(always)]
pub(super) fn reflected(x: f64) -> f64 {
    if x > 0.0 { x } else { 1.0 - x }
}

/// x less the nearest whole number; exact, and +0 at a whole number.
#[inline(always)]
pub(super) fn from_nearest(x: f64) -> f64 {
    x - x.round()
}

/// The polynomial with these coefficients, of the constant first, by Horner's rule.
#[inline(always)]
pub(super) fn polynomial<const T: usize>(x: f64, coefficients: [f64; T]) -> f64 {
    coefficients.into_iter().rev().fold(0.0, |sum, c| sum * x + c)
}
