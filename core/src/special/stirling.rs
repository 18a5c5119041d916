//! What Stirling's formula leaves out of the gamma function's logarithm, with derivatives (Abramowitz & Stegun 1964,
//! 6.1.41).

/// Where [`stirling`] is exact to rounding.
pub(crate) const STIRLING_FROM: f64 = 20.0;

/// ln gamma(z) - (z - 1/2) ln z + z - ln(2 pi) / 2, for z of at least 20, and its first two derivatives.
pub(crate) fn stirling(z: f64) -> [f64; 3] {
    let w = z.recip();
    let s = w * w;
    [
        w * (1.0 / 12.0 - s * (1.0 / 360.0 - s * (1.0 / 1260.0 - s * (1.0 / 1680.0 - s / 1188.0)))),
        -s * (1.0 / 12.0 - s * (3.0 / 360.0 - s * (5.0 / 1260.0 - s * (7.0 / 1680.0 - s * 9.0 / 1188.0)))),
        s * w * (2.0 / 12.0 - s * (12.0 / 360.0 - s * (30.0 / 1260.0 - s * (56.0 / 1680.0 - s * 90.0 / 1188.0)))),
    ]
}
