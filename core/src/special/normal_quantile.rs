//! The inverse of the normal distribution function, to seven digits (Wichura 1988, algorithm AS 241, PPND7).

use super::series::polynomial;

/// z with P(Z <= z) = p, for 0 < p < 1.
pub(crate) fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * polynomial(r, [3.387_132_717_9, 50.434_271_938, 159.291_132_02, 59.109_374_720])
            / polynomial(r, [1.0, 17.895_169_469, 78.757_757_664, 67.187_563_600]);
    }
    let r = (-p.min(1.0 - p).ln()).sqrt();
    let z = if r <= 5.0 {
        let r = r - 1.6;
        polynomial(r, [1.423_437_277_7, 2.756_815_390_0, 1.306_728_481_6, 0.170_238_211_03])
            / polynomial(r, [1.0, 0.737_001_642_50, 0.120_211_329_75, 0.0])
    } else {
        let r = r - 5.0;
        polynomial(r, [6.657_905_115_0, 3.081_226_386_0, 0.428_682_943_37, 0.017_337_203_997])
            / polynomial(r, [1.0, 0.241_978_942_25, 0.012_258_202_635, 0.0])
    };
    z.copysign(q)
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{ContinuousCDF, Normal};

    #[test]
    fn agrees_with_statrs() {
        let normal = Normal::standard();
        for p in [1e-15, 1e-9, 1e-4, 0.01, 0.074, 0.076, 0.3, 0.5, 0.7, 0.924, 0.926, 0.999, 1.0 - 1e-9] {
            let (found, expected) = (normal_quantile(p), normal.inverse_cdf(p));
            assert!((found - expected).abs() < 2e-7 * (1.0 + expected.abs()), "at {p}: {found}, not {expected}");
        }
    }
}
