//! The beta function's logarithm.
//!
//! No loops, and of the standard library only what the compiler knows to be without effects (not `tan`, not `ln_1p`):
//! then it can take a call with an invariant argument out of the loop it is in.

use super::LN_SQRT_2PI;
use super::ln_gamma::{ln_gamma, stirling_error};
use super::series::LARGE;

/// ln B(a, b) = ln(gamma(a) gamma(b) / gamma(a + b)) for positive a and b, without cancellation when either is large
/// (Didonato & Morris 1992, algorithm 708, function BETALN).
#[inline]
pub fn ln_beta(a: f64, b: f64) -> f64 {
    let (small, large) = (a.min(b), a.max(b));
    let sum = small + large;
    if large < LARGE {
        return ln_gamma(small) + ln_gamma(large) - ln_gamma(sum);
    }
    let share = small / sum;
    let ln_rest = ln_1m(share);
    let rest = stirling_error(large) - stirling_error(sum);
    if small < LARGE {
        return ln_gamma(small) + rest + small - small * sum.ln() + (large - 0.5) * ln_rest;
    }
    let powers = (small - 0.5) * share.ln() + large * ln_rest;
    LN_SQRT_2PI - 0.5 * large.ln() + stirling_error(small) + rest + powers
}

/// ln(1 - x) for 0 < x < 1, accurate near 0 (Kahan's correction for the rounding of 1 - x); unlike `ln_1p` free of effects.
#[inline(always)]
fn ln_1m(x: f64) -> f64 {
    let rest = 1.0 - x;
    let rounded = 1.0 - rest;
    if rounded == 0.0 { -x } else { rest.ln() * (x / rounded) }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "symmetry is exact")]
mod tests {
    use super::*;
    use crate::special::tests::check_table;

    /// mpmath 1.3: `loggamma(a) + loggamma(b) - loggamma(a + b)` with 400 digits.
    #[test]
    fn ln_beta_agrees() {
        for (a, b, expected) in [
            (1.0e-300, 1.0e-5, 690.775_527_898_213_7),
            (1.0e-10, 0.3, 23.025_850_930_232_988),
            (0.5, 0.5, 1.144_729_885_849_400_2),
            (2.0, 9.5, -4.602_667_055_769_973),
            (0.25, 30.0, 0.440_856_749_858_086_65),
            (9.0, 1_000_000.0, -113.735_028_118_831_22),
            (12.0, 15.0, -18.568_172_732_389_435),
            (1000.0, 1_000_000_000.0, -14_818.045_913_237_063),
            (1_000_000_000_000_000.0, 1_000_000_000_000_000.0, -1_386_294_361_119_906.5),
            (0.5, 1.0e300, -344.815_399_006_182_13),
        ] {
            check_table(|a| ln_beta(a, b), 4e-15, &[(a, expected)]);
            assert_eq!(ln_beta(a, b), ln_beta(b, a));
        }
    }
}
