//! With z = L^-1 (x - loc), w = L^-T z and dz = L^-1 (dx - dloc - dL z), the density and its differentials are
//!
//! ```text
//! ln p(x | loc, L) = -n ln(2 pi) / 2 - sum ln L_ii - z . z / 2
//! d ln p = w . (dloc - dx) + sum_{j <= i} w_i z_j dL_ij - sum dL_ii / L_ii
//! d2 ln p = -dz . dz + 2 sum_{j <= i} w_i dL_ij dz_j + sum (dL_ii / L_ii)^2
//! ```
//!
//! where d2 has one more part if the arguments are curved themselves: d ln p with their d2 for their d.

mod expectation;
pub(crate) mod natural;

use self::expectation::Expectation;
use crate::dist::check::{check_len, finite};
use crate::dist::{ScaleTril, VectorDistribution, draw};
use crate::error::Invalid;
use crate::numbers::param_vec::ParamVec;
use crate::numbers::scratch::with_scratch;
use crate::numbers::{Number, Param, Real};
use crate::special::LN_SQRT_2PI;
use crate::support::RealVector;
use nalgebra::DMatrix;
use rand::Rng;

/// Multivariate normal distribution: `MultivariateNormal(loc, scale_tril)`, the mean vector and the Cholesky factor L of
/// the covariance L L^T, as Stan's `multi_normal_cholesky`.
///
/// `loc` has n entries: see [`ParamVec`]; `Repeat(0.0, n)` for a constant one. `scale_tril` has n rows and a positive
/// diagonal: see [`ScaleTril`]. A density costs O(n^2) however many of its arguments vary.
///
/// ```
/// use hierarch::prelude::*;
/// let (scales, corr_tril) = ([2.0, 10.0], [1.0, 0.6, 0.8]);
/// let prior = MultivariateNormal([0.5, -1.0], diag_pre_multiply(scales, corr_tril));
/// let ln_p: Real<f64> = prior.ln_density(&[0.5, -1.0]);
/// assert!((ln_p.value() + (2.0 * std::f64::consts::PI * 16.0).ln()).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MultivariateNormal<L, T>(pub L, pub T);

impl<N: Number, L: ParamVec<N> + Clone, T: ScaleTril<N> + Clone> VectorDistribution<N> for MultivariateNormal<L, T> {
    type Support = RealVector;

    fn support(&self) -> RealVector {
        RealVector(self.1.dim())
    }

    fn ln_density<X: Param<N>>(&self, x: &[X]) -> Real<N> {
        let (n, varies) = (x.len(), x.iter().copied().any(X::varies) || self.0.varies() || self.1.varies());
        with_scratch(2 * n, |space: &mut [f64]| {
            let (z, w) = space.split_at_mut(n);
            let mut out = N::computed(self.standardize(x, z));
            if varies && out.value() > f64::NEG_INFINITY {
                w.copy_from_slice(z);
                solve_transposed(&self.1, w);
                self.add_first(&mut out, x, z, w);
                if N::ORDER >= 2 {
                    with_scratch(n, |dz: &mut [N]| self.add_second(&mut out, x, [z, w], dz));
                }
            }
            Real(out)
        })
    }

    fn expected_ln_density(&self, mean: &[f64], root: &DMatrix<f64>) -> Option<Real<N>> {
        if N::ORDER > 1 {
            return None;
        }
        let (n, tril) = (mean.len(), &self.1);
        let values = DMatrix::from_fn(n, n, |i, j| if j <= i { tril.entry(i, j).value() } else { 0.0 });
        let residual: Vec<f64> = (0..n).map(|i| mean[i] - self.0.entry(i).value()).collect();
        let Some(expectation) = Expectation::new(values, &residual, root) else {
            return Some(Real::constant(f64::NEG_INFINITY));
        };
        let mut out = N::computed(expectation.value());
        for i in 0..n {
            if let Some(loc) = self.0.entry(i).varying() {
                out.add_partial(loc, expectation.by_loc(i));
            }
        }
        if tril.varies() {
            let by_tril = expectation.by_tril();
            tril.add_partials(&mut out, |i, j| by_tril[(i, j)]);
        }
        Some(Real(out))
    }

    fn as_normal(&self, mean: &mut Vec<Real<N>>, tril: &mut Vec<Real<N>>) -> bool {
        for i in 0..self.1.dim() {
            mean.push(self.0.entry(i).real());
            tril.extend((0..=i).map(|j| self.1.entry(i, j).real()));
        }
        true
    }

    fn check(&self) -> Result<(), Invalid> {
        self.1.check("MultivariateNormal", "scale_tril")?;
        let (len, dim) = (self.0.len(), self.1.dim());
        check_len("MultivariateNormal", "loc.len()", len, dim, "the number of rows of `scale_tril`")?;
        (0..len).try_for_each(|i| finite::<N>("MultivariateNormal", "loc", self.0.entry(i)))
    }

    /// x = loc + L z with z standard normal.
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R, x: &mut Vec<f64>) -> Option<()> {
        let (n, start) = (self.1.dim(), x.len());
        x.extend((0..n).map(|_| draw::normal(rng)));
        let x = &mut x[start..];
        for i in (0..n).rev() {
            x[i] = self.0.entry(i).value() + (0..=i).map(|j| self.1.entry(i, j).value() * x[j]).sum::<f64>();
        }
        Some(())
    }
}

impl<L, T> MultivariateNormal<L, T> {
    /// z = L^-1 (x - loc) by forward substitution; the log density. -inf where L has no positive diagonal.
    #[inline(always)]
    fn standardize<N: Number>(&self, x: &[impl Param<N>], z: &mut [f64]) -> f64
    where
        L: ParamVec<N>,
        T: ScaleTril<N>,
    {
        let mut ln_density = -(x.len() as f64) * LN_SQRT_2PI;
        for i in 0..x.len() {
            let mut residual = x[i].value() - self.0.entry(i).value();
            for (j, z) in z[..i].iter().enumerate() {
                residual -= self.1.entry(i, j).value() * z;
            }
            let diagonal = self.1.entry(i, i).value();
            if diagonal <= 0.0 {
                return f64::NEG_INFINITY;
            }
            z[i] = residual / diagonal;
            ln_density -= diagonal.ln() + 0.5 * z[i] * z[i];
        }
        ln_density
    }

    #[inline(always)]
    fn add_first<N: Number>(&self, out: &mut N, x: &[impl Param<N>], z: &[f64], w: &[f64])
    where
        L: ParamVec<N>,
        T: ScaleTril<N>,
    {
        for (i, w) in w.iter().enumerate() {
            self.add_residual(out, x, i, -w);
        }
        if self.1.varies() {
            self.1.add_partials(out, |i, j| {
                let of_ln = if i == j { self.1.entry(i, i).value().recip() } else { 0.0 };
                w[i] * z[j] - of_ln
            });
        }
    }

    /// `dz` is space for the first derivatives of z.
    fn add_second<N: Number>(&self, out: &mut N, x: &[impl Param<N>], [z, w]: [&[f64]; 2], dz: &mut [N])
    where
        L: ParamVec<N>,
        T: ScaleTril<N>,
    {
        let tril = &self.1;
        for i in 0..z.len() {
            let mut row = N::constant(0.0);
            self.add_residual(&mut row, x, i, 1.0);
            for (j, z) in z[..=i].iter().enumerate() {
                tril.add_entry(&mut row, i, j, -z);
            }
            for (j, &dz) in dz[..i].iter().enumerate() {
                row.add_partial(dz, -tril.entry(i, j).value());
            }
            dz[i] = row.scale(tril.entry(i, i).value().recip());
            out.add_square(dz[i], -1.0);
        }
        if !tril.varies() {
            return;
        }
        for (j, &dz) in dz.iter().enumerate() {
            let mut column = N::constant(0.0);
            for (i, &w) in w.iter().enumerate().skip(j) {
                tril.add_entry(&mut column, i, j, w);
            }
            out.add_cross(column, dz, 1.0);
            let mut ln_diagonal = N::constant(0.0);
            tril.add_entry(&mut ln_diagonal, j, j, tril.entry(j, j).value().recip());
            out.add_square(ln_diagonal, 1.0);
        }
    }

    /// Adds `partial * d (x_i - loc_i)`.
    #[inline(always)]
    fn add_residual<N: Number>(&self, to: &mut N, x: &[impl Param<N>], i: usize, partial: f64)
    where
        L: ParamVec<N>,
    {
        if let Some(x) = x[i].varying() {
            to.add_partial(x, partial);
        }
        if let Some(loc) = self.0.entry(i).varying() {
            to.add_partial(loc, -partial);
        }
    }
}

/// w becomes L^-T w, by back substitution.
#[inline(always)]
fn solve_transposed<N: Number>(tril: &impl ScaleTril<N>, w: &mut [f64]) {
    for i in (0..w.len()).rev() {
        w[i] /= tril.entry(i, i).value();
        let solved = w[i];
        for (j, w) in w[..i].iter_mut().enumerate() {
            *w -= tril.entry(i, j).value() * solved;
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "constants change no bit of a value")]
mod tests {
    use super::*;
    use crate::check_vector_distribution;
    use crate::dist::{Diagonal, Distribution, Normal, diag_pre_multiply};
    use crate::numbers::dual::{Dual, Dual2, Lanes};
    use crate::numbers::param_vec::Repeat;
    use crate::testing::{Function, check_gradient};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    const X: [f64; 3] = [1.0, 0.25, -0.5];
    const LOC: [f64; 3] = [0.5, -1.0, 2.0];
    const TRIL: [f64; 6] = [1.5, 0.3, 0.8, -0.4, 0.5, 2.0];
    const SCALES: [f64; 3] = [2.0, 0.5, 1.5];
    const CORR: [f64; 6] = [1.0, 0.6, 0.8, -0.3, 0.4, 0.866_025_403_784_438_6];

    /// Arguments as in `PreMultiplied`: the expectation itself, and the mean over points that have the same moments.
    struct Expected;
    struct Averaged;

    const ROOT: [f64; 9] = [0.7, 0.1, -0.2, 0.0, 0.4, 0.3, 0.0, 0.0, 1.1];

    impl Function for Expected {
        fn call<N: Number>(&self, v: &[Real<N>]) -> Real<N> {
            let prior = MultivariateNormal(&v[..3], diag_pre_multiply(&v[3..6], &v[6..]));
            prior.expected_ln_density(&X, &DMatrix::from_row_slice(3, 3, &ROOT)).unwrap_or_default()
        }
    }
    impl Function for Averaged {
        fn call<N: Number>(&self, v: &[Real<N>]) -> Real<N> {
            let prior = MultivariateNormal(&v[..3], diag_pre_multiply(&v[3..6], &v[6..]));
            let point = |c: usize, away: f64| -> [f64; 3] { std::array::from_fn(|i| X[i] + away * ROOT[3 * i + c]) };
            let points = (0..3).flat_map(|c| [point(c, 3f64.sqrt()), point(c, -(3f64.sqrt()))]);
            points.map(|x| prior.ln_density(&x) / 6.0).sum()
        }
    }

    #[test]
    fn an_expectation_is_the_mean_over_points_of_the_same_moments() {
        type N = Dual<12>;
        let at = [&LOC[..], &SCALES, &CORR].concat();
        let seeded: Vec<_> = at.iter().enumerate().map(|(i, &v)| Real(N::variable(v, i))).collect();
        let (Real(found), Real(expected)) = (Expected.call(&seeded), Averaged.call(&seeded));
        close(found.value(), expected.value());
        for (found, expected) in found.partials().iter().zip(expected.partials()) {
            assert!((found - expected).abs() <= 1e-12 * (1.0 + expected.abs()), "{found} is not {expected}");
        }
    }

    fn ln_density(distribution: &impl VectorDistribution<f64>, x: &[f64]) -> f64 {
        distribution.ln_density(x).value()
    }

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-12 * expected.abs(), "{found} is not {expected}");
    }

    /// `scipy.stats.multivariate_normal.logpdf(X, LOC, L @ L.T)`, scipy 1.17.1
    #[test]
    fn agrees_with_scipy() {
        close(ln_density(&MultivariateNormal(LOC, TRIL), &X), -5.911_017_518_391_519);
        close(ln_density(&MultivariateNormal(LOC, diag_pre_multiply(SCALES, CORR)), &X), -12.243_962_208_144_824);
        close(ln_density(&MultivariateNormal(&LOC[..], Diagonal(SCALES)), &X), -7.707_419_596_611_071);
    }

    /// `scipy.stats.multivariate_normal.logpdf`, scipy 1.17.1, with covariance `exp(-|i - j| / 5)`, n = 20, `x_i = sin(i)`; the factor is nalgebra's.
    #[test]
    fn agrees_with_scipy_at_twenty() {
        let covariance = DMatrix::from_fn(20, 20, |i, j| (-(i as f64 - j as f64).abs() / 5.0).exp());
        let tril = covariance.cholesky().expect("positive definite").l();
        let x: Vec<f64> = (0..20).map(|i| f64::from(i).sin()).collect();
        close(ln_density(&MultivariateNormal(Repeat(0.0, 20), &tril), &x), -19.259_819_116_282_973);
    }

    /// Arguments: x (3), loc (3), then the six entries of the triangle, or scales (3) and six entries.
    struct Packed;
    struct PreMultiplied;
    struct OfScales;

    impl Function for Packed {
        fn call<N: Number>(&self, v: &[Real<N>]) -> Real<N> {
            MultivariateNormal(&v[3..6], &v[6..]).ln_density(&v[..3])
        }
    }
    impl Function for PreMultiplied {
        fn call<N: Number>(&self, v: &[Real<N>]) -> Real<N> {
            MultivariateNormal(&v[3..6], diag_pre_multiply(&v[6..9], &v[9..])).ln_density(&v[..3])
        }
    }
    impl Function for OfScales {
        fn call<N: Number>(&self, v: &[Real<N>]) -> Real<N> {
            MultivariateNormal(&v[3..6], Diagonal(&v[6..])).ln_density(&v[..3])
        }
    }

    #[test]
    fn derivatives_agree_with_differences() {
        check_gradient("packed", &Packed, &[&X[..], &LOC, &TRIL].concat());
        check_gradient("pre-multiplied", &PreMultiplied, &[&X[..], &LOC, &SCALES, &CORR].concat());
        check_gradient("diagonal", &OfScales, &[&X[..], &LOC, &SCALES].concat());
    }

    /// The arguments of a number that depends on two latents, through all of them at once.
    fn moved<N: Lanes>(values: &[f64], shift: f64) -> Vec<Real<N>> {
        let [a, b] = [0, 1].map(|lane| Real(N::variable(0.0, lane)));
        values.iter().zip(1..).map(|(&v, k)| v + a * (f64::from(k) + shift).sin() + (b * v + a * b).exp_m1()).collect()
    }

    fn derivatives(Real(ln_density): Real<Dual2<2, 3>>) -> [f64; 5] {
        let (first, second) = (ln_density.partials(), ln_density.triangle());
        [first[0], first[1], second[0], second[1], second[2]]
    }

    /// A constant argument gives what the same argument without derivatives gives, whichever argument it is.
    #[test]
    fn constants_cost_nothing_and_change_nothing() {
        type N = Dual2<2, 3>;
        let fixed = |values: &[f64]| values.iter().map(|&v| Real(N::constant(v))).collect::<Vec<_>>();
        let (x, loc, tril) = (moved::<N>(&X, 0.1), moved::<N>(&LOC, 0.2), moved::<N>(&TRIL, 0.3));
        let (fixed_x, fixed_loc, fixed_tril) = (fixed(&X), fixed(&LOC), fixed(&TRIL));
        for (found, expected) in [
            (MultivariateNormal(&loc, &tril).ln_density(&X), MultivariateNormal(&loc, &tril).ln_density(&fixed_x)),
            (MultivariateNormal(LOC, &tril).ln_density(&x), MultivariateNormal(&fixed_loc, &tril).ln_density(&x)),
            (MultivariateNormal(&loc, TRIL).ln_density(&x), MultivariateNormal(&loc, &fixed_tril).ln_density(&x)),
            (MultivariateNormal(LOC, TRIL).ln_density(&x), MultivariateNormal(&fixed_loc, &fixed_tril).ln_density(&x)),
            (MultivariateNormal(LOC, &tril).ln_density(&X), MultivariateNormal(&fixed_loc, &tril).ln_density(&fixed_x)),
        ] {
            assert_eq!(found.value(), expected.value());
            for (found, expected) in derivatives(found).into_iter().zip(derivatives(expected)) {
                assert!((found - expected).abs() <= 1e-12 * (1.0 + expected.abs()), "{found} is not {expected}");
            }
        }
    }

    /// A diagonal scale: the sum of as many normal log densities.
    #[test]
    fn independent_entries_add_up_at_two_hundred() {
        type N = Dual<2>;
        let values: Vec<f64> = (0..200).map(|i| 1.5 + f64::from(i).sin()).collect();
        let (x, scales) = (moved::<N>(&values, 0.1), moved::<N>(&values, 0.7));
        let Real(found) = MultivariateNormal(Repeat(0.5, 200), Diagonal(&scales)).ln_density(&x);
        let Real(expected) = x.iter().zip(&scales).map(|(x, scale)| Normal(0.5, scale).ln_density(x)).sum();
        close(found.value(), expected.value());
        close(found.partials()[0], expected.partials()[0]);
        close(found.partials()[1], expected.partials()[1]);
    }

    #[test]
    fn satisfies_the_laws_of_a_distribution() {
        check_vector_distribution!(|m, a, b, c| MultivariateNormal([m, m], [a, b, c]), [0.5, 1.5, -0.3, 0.8]);
        check_vector_distribution!(|m, a, b| MultivariateNormal(Repeat(m, 2), Diagonal([a, b])), [0.5, 1.5, 0.8]);
        check_vector_distribution!(
            |a, b, r| MultivariateNormal([0.0, 1.0], diag_pre_multiply([a, b], [r, r, r])),
            [1.5, 0.8, 0.6]
        );
    }

    #[test]
    fn a_diagonal_of_zero_has_no_density() {
        assert_eq!(ln_density(&MultivariateNormal([0.0, 0.0], Diagonal([1.0, 0.0])), &[0.0, 0.0]), f64::NEG_INFINITY);
    }

    /// Means and covariances of 100,000 draws; each within 5 standard errors (below 1e-5 for all nine).
    #[test]
    fn draws_have_the_mean_and_the_covariance() {
        let (n, mut rng) = (100_000, ChaCha8Rng::seed_from_u64(1));
        let (mut sum, mut squares) = ([0.0; 3], [[0.0; 3]; 3]);
        let mut x = Vec::new();
        for _ in 0..n {
            x.clear();
            VectorDistribution::<f64>::sample(&MultivariateNormal(LOC, TRIL), &mut rng, &mut x).expect("has a sampler");
            for i in 0..3 {
                sum[i] += (x[i] - LOC[i]) / f64::from(n);
                for (j, square) in squares[i][..=i].iter_mut().enumerate() {
                    *square += (x[i] - LOC[i]) * (x[j] - LOC[j]) / f64::from(n);
                }
            }
        }
        let row = |i: usize| &TRIL[i * (i + 1) / 2..][..=i];
        let covariance = |i: usize, j: usize| row(i).iter().zip(row(j)).map(|(a, b)| a * b).sum::<f64>();
        for i in 0..3 {
            assert!(sum[i].abs() < 5.0 * (covariance(i, i) / f64::from(n)).sqrt());
            for (j, square) in squares[i][..=i].iter().enumerate() {
                let variance = covariance(i, i) * covariance(j, j) + covariance(i, j).powi(2);
                assert!((square - covariance(i, j)).abs() < 5.0 * (variance / f64::from(n)).sqrt());
            }
        }
    }

    #[test]
    fn lengths_that_do_not_fit_are_named() {
        let invalid = VectorDistribution::<f64>::check(&MultivariateNormal([0.0; 3], [1.0, 0.0, 1.0])).unwrap_err();
        assert_eq!(
            invalid.to_string(),
            "`loc.len()` of MultivariateNormal must be the number of rows of `scale_tril`, but is 3"
        );
        assert!(VectorDistribution::<f64>::check(&MultivariateNormal([0.0, f64::NAN], [1.0, 0.0, 1.0])).is_err());
        assert!(VectorDistribution::<f64>::check(&MultivariateNormal([0.0; 2], [1.0, 0.0, 1.0])).is_ok());
    }
}
