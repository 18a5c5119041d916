//! ln p(x | df, loc, scale) = c(df) - (df + 1) / 2 ln(1 + z^2 / df) - ln scale, with z = (x - loc) / scale and
//! c(df) = -ln B(1 / 2, df / 2) - ln(df) / 2.

use crate::dist::check::{finite, positive};
use crate::dist::location_scale::standardised;
use crate::dist::{Cdf, Distribution, draw};
use crate::error::Invalid;
use crate::numbers::continued_fraction::Settling;
use crate::numbers::dual::{Dual2, Lanes};
use crate::numbers::incomplete_beta::{Between, ln_share};
use crate::numbers::jet::join_mass;
use crate::numbers::tail::Tail;
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

/// F(z) = I_x(df / 2, 1 / 2) / 2 for z < 0, with x = df / (df + z^2) (Abramowitz & Stegun 1964, 26.7.1).
impl<N: Number, D: Param<N>, L: Param<N>, S: Param<N>> Cdf<N> for StudentT<D, L, S> {
    fn ln_cdf<X: Param<N>>(&self, x: X) -> Real<N> {
        ln_tail(self.0, standardised::<N>(x, self.1, self.2))
    }
    fn ln_survival<X: Param<N>>(&self, x: X) -> Real<N> {
        ln_tail(self.0, -standardised::<N>(x, self.1, self.2))
    }
}

/// ln P(Z <= z)
fn ln_tail<N: Number>(df: impl Param<N>, z: Real<N>) -> Real<N> {
    if !z.value().is_finite() {
        return Real::constant(if z.value() > 0.0 { 0.0 } else { f64::NEG_INFINITY });
    }
    if !z.varies() {
        return Real::constant(ln_tail_given_z(Real(df.value()), z.value()).0);
    }
    let (n, at) = (Real(Dual2::<1, 1>::variable(df.value(), 0)), z.value());
    let ln_density: Real<Dual2<1, 1>> = StudentT(n, 0.0, 1.0).ln_density(at);
    let slope = -(n.value() + 1.0) * at / (n.value() + at * at);
    let jet = Tail::Lower.jet(&ln_tail_given_z(n, at).0, &ln_density.0, slope);
    join_mass((df, z), &Jet { value: ln_tail_given_z(Real(df.value()), at).0, ..jet })
}

/// ln P(Z <= z) as a function of `df`; with l = ln(z^2 / df), x = 1 / (1 + exp(l)).
fn ln_tail_given_z<N: Settling>(df: Real<N>, z: f64) -> Real<N> {
    let l = 2.0 * z.abs().ln() - df.ln();
    let at = Between { x: (-l).sigmoid(), y: l.sigmoid(), ln_x: -l.ln_1p_exp(), ln_y: -(-l).ln_1p_exp() };
    // so near the median that z^2 vanishes
    if at.y.value() == 0.0 {
        return Real::constant(0.5_f64.ln());
    }
    let [ln_share, _] = ln_share(Tail::Lower, df * 0.5, Real::constant(0.5), &at);
    let outer = ln_share - std::f64::consts::LN_2;
    if z < 0.0 { outer } else { outer.ln_1m_exp() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::reference::{check_refused, check_tails_within, check_values};
    use crate::{check_distribution, check_gradient};

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

    #[test]
    fn tails_agree_with_mpmath() {
        // mpmath 1.3, 700 digits, from the power series; scipy 1.17 agrees where it has digits
        check_tails_within(
            1e-12,
            &StudentT(3.5, -1.5, 2.5),
            &[
                [-1_000_000_000.0, -68.747_932_743_143_18, -1.390_439_725_893_340_7e-30],
                [-40.0, -9.014_789_939_827_343, -0.000_121_605_405_324_204_16],
                [-2.0, -0.852_668_642_622_723_1, -0.555_606_546_667_026_5],
                [-1.5, -std::f64::consts::LN_2, -std::f64::consts::LN_2],
                [-1.25, -0.621_575_096_477_709_4, -0.770_239_457_045_211_9],
                [3.0, -0.081_424_957_257_820_08, -2.548_509_695_651_172],
                [100_000.0, -1.390_366_718_617_283_5e-16, -36.511_793_949_214_81],
            ],
        );
        check_tails_within(
            1e-12,
            &StudentT(1e9, 0.0, 1.0),
            &[
                [-20.0, -203.917_115_171_353_06, -2.753_734_815_816_397_6e-89],
                [-2.0, -3.783_184_327_748_993, -0.023_012_909_467_083_145],
                [-0.001, -0.693_945_383_466_765_6, -0.692_349_614_272_887_5],
                [0.5, -0.368_946_415_368_212_7, -1.175_911_761_415_325_2],
                [6.0, -9.865_879_827_359_24e-10, -20.736_768_608_178_93],
            ],
        );
        check_tails_within(
            1e-12,
            &StudentT(0.3, 0.0, 1.0),
            &[
                [-1.0e150, -104.667_578_832_274_64, -3.495_007_233_838_572_6e-46],
                [-2.0, -1.265_370_132_693_479_2, -0.331_473_540_219_701_27],
                [-0.001, -0.693_605_923_941_064_2, -0.692_688_647_527_823_6],
                [0.5, -0.511_418_126_445_605_8, -0.915_402_635_571_597_8],
                [6.0e30, -2.041_750_656_481_703_5e-10, -22.312_043_325_257_413],
            ],
        );
    }

    #[test]
    fn tails_have_the_right_derivatives() {
        for x in [-300.0, -4.0, -0.99, 1e-9, 0.2, 7.0] {
            check_gradient!(
                |x, n, l, s| StudentT(n, l, s).ln_cdf(x) + StudentT(n, l, s).ln_survival(x) * 0.3,
                [x, 3.5, -1.0, 2.5]
            );
        }
        check_gradient!(|x, n| StudentT(n, 0.0, 1.0).ln_cdf(x), [1.5, 4e3]);
    }
}
