//! Families of a location and a scale: ln p(x | loc, scale) = g(z) - ln scale, with z = (x - loc) / scale.
//!
//! By the chain rule with d z = (d x - d loc - z d scale) / scale, the partials need no more of a family than
//! `[g, g', g'']` at z.

use crate::number::{Args, Jet, Number, Param, Real};

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

/// The same without a location, loc = 0.
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
