//! ln p(x | loc, concentration) = concentration (cos(x - loc) - 1) - ln(exp(-concentration) I_0(concentration)) - ln(2 pi),
//! -pi <= x <= pi, with the modified Bessel function I_0.

use crate::dist::check::{finite, positive};
use crate::dist::{Distribution, draw};
use crate::error::Invalid;
use crate::numbers::{Args, Jet, Number, Param, Real};
use crate::special::ln_scaled_bessel_i0;
use crate::support::{Circle, Support};
use rand::{Rng, RngExt};
use std::f64::consts::{PI, TAU};

/// Von Mises distribution over angles: `VonMises(loc, concentration)`, around the direction `loc`, and the more closely the
/// larger the `concentration`, which is 1 / variance where it is large.
///
/// Angles are in radians: `loc` is any finite number, `concentration` is positive. Support: from -pi to pi; bring data there
/// by `x.sin().atan2(x.cos())`. For a latent the circle is cut at its back, so -pi and pi are ends that it should be away
/// from. Stan's `von_mises`.
///
/// ```
/// use hierarch::dist::{Distribution, VonMises};
/// // scipy 1.17: `vonmises.logpdf(1, 2.5, 0.3)`
/// let ln_density: hierarch::number::Real<f64> = VonMises(0.3, 2.5).ln_density(1.0);
/// assert!((ln_density.value() + 1.116_61).abs() < 1e-6);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct VonMises<L, K>(pub L, pub K);

impl<N: Number, L: Param<N>, K: Param<N>> Distribution<N> for VonMises<L, K> {
    type Support = Circle;

    fn support(&self) -> Circle {
        Circle
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let Self(loc, concentration) = *self;
        if !Support::<N>::contains(&Circle, x.value()) {
            return Real::constant(f64::NEG_INFINITY);
        }
        let (away, k) = (x.value() - loc.value(), concentration.value());
        let [normaliser, n_first, n_second] = ln_scaled_bessel_i0(k);
        let (sin, cos) = away.sin_cos();
        let half = (0.5 * away).sin();
        // cos - 1
        let fallen = -2.0 * half * half;
        (x, loc, concentration).join(&Jet {
            value: k * fallen - normaliser - TAU.ln(),
            first: [-k * sin, k * sin, fallen - n_first],
            second: [[-k * cos, 0.0, 0.0], [k * cos, -k * cos, 0.0], [-sin, sin, -n_second]],
        })
    }

    fn check(&self) -> Result<(), Invalid> {
        finite::<N>("VonMises", "loc", self.0)?;
        positive::<N>("VonMises", "concentration", self.1)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        let (sin, cos) = (self.0.value() + angle(rng, self.1.value())?).sin_cos();
        Some(sin.atan2(cos))
    }
}

/// A draw around 0, out of a wrapped Cauchy distribution (Best & Fisher 1979); normal or uniform where that is the same to
/// seven digits, and the wrapped Cauchy's own parameter is not to be had.
fn angle<R: Rng + ?Sized>(rng: &mut R, concentration: f64) -> Option<f64> {
    if concentration > 1e7 {
        return Some(draw::normal(rng) / concentration.sqrt());
    }
    if concentration < 1e-7 {
        return Some(PI * (2.0 * rng.random::<f64>() - 1.0));
    }
    let tau = 1.0 + (1.0 + 4.0 * concentration * concentration).sqrt();
    let rho = (tau - (2.0 * tau).sqrt()) / (2.0 * concentration);
    let r = (1.0 + rho * rho) / (2.0 * rho);
    // two in three proposals are taken, or more
    for _ in 0..1000 {
        let [u, v, side]: [f64; 3] = rng.random();
        let z = (PI * u).cos();
        let f = (1.0 + r * z) / (r + z);
        let c = concentration * (r - f);
        if c * (2.0 - c) > v || (c / v).ln() + 1.0 >= c {
            return Some(f.clamp(-1.0, 1.0).acos().copysign(side - 0.5));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_distribution;
    use crate::dist::reference::{check_refused, check_values};

    #[test]
    fn is_a_distribution() {
        for (loc, concentration) in [(0.3, 2.5), (-3.0, 0.4), (9.0, 30.0), (1.0, 1e-3), (2.0, 1e-9), (0.5, 1e5)] {
            check_distribution!(VonMises(loc, concentration));
        }
        check_distribution!(|k| VonMises(-0.5, k), [3e7]);
    }

    #[test]
    fn agrees_with_scipy() {
        // scipy 1.17: `vonmises.logpdf(x, 2.5, 0.3)`
        check_values(
            &VonMises(0.3, 2.5),
            &[
                (-3.0, -5.497_415_162_377_536),
                (0.0, -0.640_374_514_791_358_4),
                (0.3, -0.528_715_737_605_373_5),
                (1.0, -1.116_610_269_394_152_2),
                (3.1, -5.384_271_589_277_019),
                (3.2, f64::NEG_INFINITY),
            ],
        );
        // scipy 1.17: `vonmises.logpdf(x, 0.01, 0.3)`
        check_values(&VonMises(0.3, 0.01), &[(-3.0, -1.847_776_863_952_185_9), (1.0, -1.830_253_644_380_252_2)]);
        // mpmath 1.3, 400 digits, from the formula, where SciPy has fewer
        check_values(
            &VonMises(0.3, 1e6),
            &[(0.3, 5.988_816_620_777_402), (0.301, 5.488_816_662_444_067), (-1.0, -732_495.182_558_791_8)],
        );
    }

    #[test]
    fn refuses_invalid_parameters() {
        check_refused(&VonMises(f64::NAN, 1.0), "loc");
        check_refused(&VonMises(0.0, 0.0), "concentration");
        check_refused(&VonMises(0.0, -1.0), "concentration");
        check_refused(&VonMises(0.0, f64::INFINITY), "concentration");
    }
}
