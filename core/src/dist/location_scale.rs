//! Families of a location and a scale: ln p(x | loc, scale) = g(z) - ln scale, with z = (x - loc) / scale.
//!
//! By the chain rule with d z = (d x - d loc - z d scale) / scale, the partials need no more of a family than
//! `[g, g', g'']` at z.

use crate::numbers::{Args, Jet, Number, Param, Real};

/// The impl of the family `$family(loc, scale)`, from what is standard about it: `$standard` gives `[g, g', g'']` at z,
/// `$draw` a draw of z; then anything else it has.
macro_rules! location_scale_family {
    ($family:ident, $standard:expr, $draw:expr $(, { $($more:item)* })?) => {
        impl<N: $crate::number::Number, L: $crate::number::Param<N>, S: $crate::number::Param<N>>
            $crate::dist::Distribution<N> for $family<L, S>
        {
            type Support = $crate::support::RealLine;

            fn support(&self) -> $crate::support::RealLine {
                $crate::support::RealLine
            }

            #[inline(always)]
            fn ln_density<X: $crate::number::Param<N>>(&self, x: X) -> $crate::number::Real<N> {
                $crate::dist::location_scale::location_scale(x, self.0, self.1, $standard)
            }

            fn check(&self) -> Result<(), $crate::error::Invalid> {
                $crate::dist::check::finite::<N>(stringify!($family), "loc", self.0)?;
                $crate::dist::check::positive::<N>(stringify!($family), "scale", self.1)
            }

            fn sample<R: rand::Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
                Some(self.0.value() + self.1.value() * $draw(rng))
            }

            #[inline(always)]
            fn non_centred(
                &self,
                z: $crate::number::Real<N>,
            ) -> Option<($crate::number::Real<N>, $crate::number::Real<N>)> {
                Some((self.0.real() + self.1.real() * z, $crate::dist::Distribution::ln_density(&$family(0.0, 1.0), z)))
            }

            $($($more)*)?
        }
    };
}
pub(crate) use location_scale_family;

/// The distribution function of the symmetric family `$family(loc, scale)`: `$ln_cdf` gives `[ln F, (ln F)', (ln F)'']` at
/// z; the survival at z is F at -z.
macro_rules! symmetric_tails {
    ($family:ident, $ln_cdf:expr) => {
        impl<N: $crate::number::Number, L: $crate::number::Param<N>, S: $crate::number::Param<N>> $crate::dist::Cdf<N>
            for $family<L, S>
        {
            fn ln_cdf<X: $crate::number::Param<N>>(&self, x: X) -> $crate::number::Real<N> {
                let z = $crate::dist::location_scale::standardised::<N>(x, self.0, self.1);
                let [value, first, second] = $ln_cdf(z.value());
                z.chain(value, first, second)
            }

            fn ln_survival<X: $crate::number::Param<N>>(&self, x: X) -> $crate::number::Real<N> {
                let z = -$crate::dist::location_scale::standardised::<N>(x, self.0, self.1);
                let [value, first, second] = $ln_cdf(z.value());
                z.chain(value, first, second)
            }
        }
    };
}
pub(crate) use symmetric_tails;

/// (x - loc) / scale
pub(crate) fn standardised<N: Number>(x: impl Param<N>, loc: impl Param<N>, scale: impl Param<N>) -> Real<N> {
    (x.real() - loc.real()) / scale.real()
}

/// The log density of the family of `standard`, which gives `[g, g', g'']` at z.
#[inline(always)]
pub(crate) fn location_scale<N: Number>(
    x: impl Param<N>,
    loc: impl Param<N>,
    scale: impl Param<N>,
    standard: impl Fn(f64) -> [f64; 3],
) -> Real<N> {
    let w = scale.value().recip();
    let ww = w * w;
    let z = (x.value() - loc.value()) * w;
    let [g, first, second] = standard(z);
    let [by_scale, mixed, twice_by_scale] = scale_partials(z, first, second);
    (x, loc, scale).join(&Jet {
        value: g - scale.value().ln(),
        first: [first * w, -first * w, by_scale * w],
        second: [
            [second * ww, 0.0, 0.0],
            [-second * ww, second * ww, 0.0],
            [mixed * ww, -mixed * ww, twice_by_scale * ww],
        ],
    })
}

/// The log density of the family of `standard` at loc = 0.
#[inline(always)]
pub(crate) fn scale_family<N: Number>(
    x: impl Param<N>,
    scale: impl Param<N>,
    standard: impl Fn(f64) -> [f64; 3],
) -> Real<N> {
    let w = scale.value().recip();
    let ww = w * w;
    let z = x.value() * w;
    let [g, first, second] = standard(z);
    let [by_scale, mixed, twice_by_scale] = scale_partials(z, first, second);
    (x, scale).join(&Jet {
        value: g - scale.value().ln(),
        first: [first * w, by_scale * w],
        second: [[second * ww, 0.0], [mixed * ww, twice_by_scale * ww]],
    })
}

/// Partials by scale, by x and scale, and twice by scale, at scale 1.
#[inline(always)]
fn scale_partials(z: f64, first: f64, second: f64) -> [f64; 3] {
    [-1.0 - z * first, -first - z * second, 1.0 + z * (2.0 * first + z * second)]
}
