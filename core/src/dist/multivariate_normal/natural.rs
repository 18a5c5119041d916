//! A multivariate normal as an exponential family: with K the inverse of the Cholesky factor L of the covariance and P = K' K,
//!     ln p(x) = c + (P m)' x - x' P x / 2,   c = sum ln K_ii - m' P m / 2 - n ln(2 pi) / 2,
//! linear in the natural parameters (c, P m, P), whatever numbers these are.

use crate::numbers::number::{Number, Real};
use crate::special::LN_SQRT_2PI;

/// c, P m, and the lower triangle of P row by row, of a mean m and a packed lower triangle L.
pub(crate) fn natural_parameters<N: Number>(mean: &[Real<N>], tril: &[Real<N>]) -> Vec<Real<N>> {
    let n = mean.len();
    let inverse = inverse(tril, n);
    let k = |i: usize, j: usize| inverse[i * (i + 1) / 2 + j];
    let precision = |a: usize, b: usize| (a.max(b)..n).map(|i| k(i, a) * k(i, b)).sum::<Real<N>>();
    let triangle: Vec<Real<N>> =
        (0..n).flat_map(|a| (0..=a).map(move |b| (a, b))).map(|(a, b)| precision(a, b)).collect();
    let p = |a: usize, b: usize| triangle[a.max(b) * (a.max(b) + 1) / 2 + a.min(b)];
    let moved: Vec<Real<N>> = (0..n).map(|a| (0..n).map(|b| p(a, b) * mean[b]).sum()).collect();
    let square: Real<N> = moved.iter().zip(mean).map(|(&pm, &m)| pm * m).sum();
    let ln_det: Real<N> = (0..n).map(|i| k(i, i).ln()).sum();
    let constant = ln_det - square * 0.5 - n as f64 * LN_SQRT_2PI;
    std::iter::once(constant).chain(moved).chain(triangle).collect()
}

/// K: K_ii = 1 / L_ii, K_ij = -sum_{j <= k < i} L_ik K_kj / L_ii.
fn inverse<N: Number>(tril: &[Real<N>], n: usize) -> Vec<Real<N>> {
    let at = |i: usize, j: usize| i * (i + 1) / 2 + j;
    let mut inverse: Vec<Real<N>> = Vec::with_capacity(tril.len());
    for i in 0..n {
        let own = tril[at(i, i)].recip();
        for j in 0..i {
            let sum: Real<N> = (j..i).map(|k| tril[at(i, k)] * inverse[at(k, j)]).sum();
            inverse.push(-sum * own);
        }
        inverse.push(own);
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::{MultivariateNormal, VectorDistribution};

    #[test]
    fn the_density_is_linear_in_them() {
        let (mean, tril) = ([0.5, -1.0, 2.0].map(Real), [1.5, 0.3, 0.8, -0.4, 0.5, 2.0].map(Real));
        let natural = natural_parameters::<f64>(&mean, &tril);
        let x = [1.0, 0.25, -0.5];
        let mut statistics = vec![1.0];
        statistics.extend(x);
        for a in 0..3 {
            statistics.extend((0..=a).map(|b| if a == b { -0.5 * x[a] * x[a] } else { -x[a] * x[b] }));
        }
        let found: f64 = natural.iter().zip(&statistics).map(|(Real(p), t)| p * t).sum();
        let expected: Real<f64> = MultivariateNormal(mean, tril).ln_density(&x);
        assert!((found - expected.value()).abs() < 1e-13, "{found} is not {expected:?}");
    }
}
