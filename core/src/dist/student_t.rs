//! ln p(x | df, loc, scale) = c(df) - (df + 1) / 2 ln(1 + z^2 / df) - ln scale, with z = (x - loc) / scale and
//! c(df) = -ln B(1 / 2, df / 2) - ln(df) / 2.

use crate::dist::check::{finite, positive};
use crate::dist::{Distribution, draw};
use crate::error::Invalid;
use crate::numbers::{Args, Jet, Number, Param, Real};
use crate::special::{digamma, ln_beta, trigamma};
use crate::support::RealLine;
use rand::Rng;

/// Student's t distribution: `StudentT(df, loc, scale)`, with `df` degrees of freedom.
///
/// `loc` is the median; `df` and `scale` are positive. The mean exists for `df` > 1, the variance,
/// `scale`^2 `df` / (`df` - 2), for `df` > 2. Support: the real line.
#[derive(Clone, Copy, Debug)]
pub struct StudentT<D, L, S>(pub D, pub L, pub S);

impl<N: Number, D: Param<N>, L: Param<N>, S: Param<N>> Distribution<N> for StudentT<D, L, S> {
    type Support = RealLine;

    fn support(&self) -> RealLine {
        RealLine
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let Self(df, loc, scale) = *self;
        let (n, w) = (df.value(), scale.value().recip());
        let z = (x.value() - loc.value()) * w;
        let ww = w * w;
        let ln_ratio = (z * z / n).ln_1p();
        // g = c - (n + 1) / 2 ln(1 + z^2 / n); g' = -weight z; d g' / d n = by_df
        let recip = (n + z * z).recip();
        let weight = (n + 1.0) * recip;
        let first = -weight * z;
        let second = weight * (2.0 * z * z * recip - 1.0);
        let by_df = z * (1.0 - z * z) * recip * recip;
        let [c_first, c_second] = if df.varies() { normaliser_partials(n) } else { [0.0; 2] };
        // h = z^2 / (n (n + z^2)), minus the derivative of ln(1 + z^2 / n)
        let h = z * z * recip / n;
        let h_first = -h * (1.0 / n + recip);
        (x, df, loc, scale).join(&Jet {
            value: -ln_beta(0.5, 0.5 * n) - 0.5 * n.ln() - 0.5 * (n + 1.0) * ln_ratio - scale.value().ln(),
            first: [first * w, c_first - 0.5 * ln_ratio + 0.5 * (n + 1.0) * h, -first * w, -(1.0 + z * first) * w],
            second: [
                [second * ww, 0.0, 0.0, 0.0],
                [by_df * w, c_second + h + 0.5 * (n + 1.0) * h_first, 0.0, 0.0],
                [-second * ww, -by_df * w, second * ww, 0.0],
                [
                    -(first + z * second) * ww,
                    -z * by_df * w,
                    (first + z * second) * ww,
                    (1.0 + z * (2.0 * first + z * second)) * ww,
                ],
            ],
        })
    }

    fn check(&self) -> Result<(), Invalid> {
        positive::<N>("StudentT", "df", self.0)?;
        finite::<N>("StudentT", "loc", self.1)?;
        positive::<N>("StudentT", "scale", self.2)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        Some(self.1.value() + self.2.value() * draw::student_t(rng, self.0.value())?)
    }

    #[inline(always)]
    fn non_centred(&self, z: Real<N>) -> Option<(Real<N>, Real<N>)> {
        Some((self.1.real() + self.2.real() * z, StudentT(self.0, 0.0, 1.0).ln_density(z)))
    }
}

/// c' and c'' for c(df) = -ln B(1 / 2, df / 2) - ln(df) / 2.
#[inline(always)]
fn normaliser_partials(df: f64) -> [f64; 2] {
    let (half, next) = (0.5 * df, 0.5 * df + 0.5);
    [0.5 * (digamma(next) - digamma(half)) - 0.5 / df, 0.25 * (trigamma(next) - trigamma(half)) + 0.5 / (df * df)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_distribution;
    use crate::dist::reference::{check_refused, check_values};

    #[test]
    fn is_a_distribution() {
        check_distribution!(StudentT(3.5, -1.5, 2.5));
        check_distribution!(StudentT(1.0, 0.0, 1.0));
        check_distribution!(StudentT(500.0, 3.0, 0.4));
    }

    #[test]
    fn agrees_with_scipy() {
        // scipy 1.17: `t.logpdf(x, 3.5, -1.5, 2.5)`
        check_values(
            &StudentT(3.5, -1.5, 2.5),
            &[
                (-1_000_000_000.0, -88.218_435_610_094_23),
                (-40.0, -11.424_664_229_291_619),
                (-1.5, -1.905_764_323_133_657),
                (0.3, -2.216_536_224_289_899),
                (2.7, -3.236_270_130_563_493_6),
                (1_000_000_000.0, -88.218_435_623_594_23),
            ],
        );
        // scipy 1.17: `t.logpdf(x, 1)`
        check_values(&StudentT(1.0, 0.0, 1.0), &[(-40.0, -8.523_113_598_846_114), (0.3, -1.230_907_582_090_452_3)]);
        // scipy 1.17: `t.logpdf(x, 1e10)`
        check_values(
            &StudentT(1e10, 0.0, 1.0),
            &[(-3.0, -5.418_938_531_654_672), (0.0, -0.918_938_533_229_672_7), (0.3, -0.963_938_533_233_970_2)],
        );
    }

    #[test]
    fn refuses_invalid_parameters() {
        check_refused(&StudentT(0.0, 0.0, 1.0), "df");
        check_refused(&StudentT(1.0, f64::NAN, 1.0), "loc");
        check_refused(&StudentT(1.0, 0.0, -1.0), "scale");
    }
}
