//! ln p(x | loc, scale, shape) = ln 2 - z^2 / 2 - ln(2 pi) / 2 + ln F(shape z) - ln scale, with z = (x - loc) / scale and the
//! normal integral F.

use crate::dist::check::{finite, positive};
use crate::dist::{Distribution, draw};
use crate::error::Invalid;
use crate::numbers::{Args, Jet, Number, Param, Real};
use crate::special::{LN_SQRT_2PI, ln_normal_cdf_partials};
use crate::support::RealLine;
use rand::Rng;
use std::f64::consts::LN_2;

/// Skew normal distribution: `SkewNormal(loc, scale, shape)`, with a longer right tail for a positive `shape`, a longer left
/// one for a negative, and normal at 0 (Azzalini 1985).
///
/// `scale` is positive. With d = `shape` / sqrt(1 + `shape`^2) and m = d sqrt(2 / pi), the mean is `loc` + `scale` m and the
/// variance `scale`^2 (1 - m^2). Support: the real line. Stan's `skew_normal`.
#[derive(Clone, Copy, Debug)]
pub struct SkewNormal<L, S, A>(pub L, pub S, pub A);

impl<N: Number, L: Param<N>, S: Param<N>, A: Param<N>> Distribution<N> for SkewNormal<L, S, A> {
    type Support = RealLine;

    fn support(&self) -> RealLine {
        RealLine
    }

    /// With q = (ln F)': g = ln 2 - z^2 / 2 + ln F(a z) has the slope a q - z by z, and z q by the shape a.
    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let Self(loc, scale, shape) = *self;
        let (w, a) = (scale.value().recip(), shape.value());
        let z = (x.value() - loc.value()) * w;
        if !(z * z).is_finite() {
            return Real::constant(f64::NEG_INFINITY);
        }
        let ww = w * w;
        let [ln_share, q, slope_of_q] = ln_normal_cdf_partials((a * z).clamp(-f64::MAX, f64::MAX));
        let (first, second) = (a * q - z, a * a * slope_of_q - 1.0);
        let (by_a, mixed) = (z * q, q + a * z * slope_of_q);
        let by_scale = -(1.0 + z * first);
        (x, loc, scale, shape).join(&Jet {
            value: LN_2 - LN_SQRT_2PI - 0.5 * z * z + ln_share - scale.value().ln(),
            first: [first * w, -first * w, by_scale * w, by_a],
            second: [
                [second * ww, 0.0, 0.0, 0.0],
                [-second * ww, second * ww, 0.0, 0.0],
                [
                    -(first + z * second) * ww,
                    (first + z * second) * ww,
                    (1.0 + z * (2.0 * first + z * second)) * ww,
                    0.0,
                ],
                [mixed * w, -mixed * w, -z * mixed * w, z * z * slope_of_q],
            ],
        })
    }

    fn check(&self) -> Result<(), Invalid> {
        finite::<N>("SkewNormal", "loc", self.0)?;
        positive::<N>("SkewNormal", "scale", self.1)?;
        finite::<N>("SkewNormal", "shape", self.2)
    }

    /// z = (a |u| + v) / sqrt(1 + a^2) of two standard normals (Azzalini 1986).
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        let a = self.2.value();
        let root = a.hypot(1.0);
        let (u, v) = (draw::normal(rng).abs(), draw::normal(rng));
        Some(self.0.value() + self.1.value() * (a / root * u + v / root))
    }

    #[inline(always)]
    fn non_centred(&self, z: Real<N>) -> Option<(Real<N>, Real<N>)> {
        Some((self.0.real() + self.1.real() * z, SkewNormal(0.0, 1.0, self.2).ln_density(z)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_distribution;
    use crate::dist::reference::{check_refused, check_values};

    #[test]
    fn is_a_distribution() {
        for (loc, scale, shape) in [(0.5, 1.5, 2.0), (-3.0, 0.4, -5.0), (0.0, 1.0, 0.0), (1.0, 20.0, 300.0)] {
            check_distribution!(SkewNormal(loc, scale, shape));
        }
    }

    #[test]
    fn agrees_with_scipy() {
        // scipy 1.17: `skewnorm.logpdf(x, 2, 0.5, 1.5)`, but mpmath 1.3 at -40, where SciPy has no digits
        check_values(
            &SkewNormal(0.5, 1.5, 2.0),
            &[
                (-40.0, -1_828.039_521_682_534_3),
                (-3.0, -16.743_311_957_691_564),
                (0.0, -2.063_185_601_281_517_7),
                (0.5, -1.324_403_641_312_837),
                (2.7, -1.708_490_141_801_206),
                (9.0, -16.686_812_016_308_45),
            ],
        );
        // scipy 1.17: `skewnorm.logpdf(x, -0.7, 0.5, 1.5)`
        check_values(
            &SkewNormal(0.5, 1.5, -0.7),
            &[(-4.0, -5.149_282_376_310_619_5), (0.5, -1.324_403_641_312_837), (3.0, -4.126_567_582_057_54)],
        );
    }

    #[test]
    fn refuses_invalid_parameters() {
        check_refused(&SkewNormal(f64::NAN, 1.0, 1.0), "loc");
        check_refused(&SkewNormal(0.0, 0.0, 1.0), "scale");
        check_refused(&SkewNormal(0.0, -1.0, 1.0), "scale");
        check_refused(&SkewNormal(0.0, f64::INFINITY, 1.0), "scale");
        check_refused(&SkewNormal(0.0, 1.0, f64::NAN), "shape");
    }
}
