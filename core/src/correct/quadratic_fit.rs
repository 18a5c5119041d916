//! Where a posterior is that no draw of a proposal reached: the maximum of a quadratic function fitted to its log density.
//!
//! With z = R^-1 (u - m) of the proposal before,
//!     ln p(u) = a + b' z + z' Q z
//! by least squares over the draws that come nearest; then the mean is z = -Q^-1 b / 2, the precision -2 Q. Data of many
//! tasks make a posterior that narrow, and this nearly quadratic.

use crate::correct::proposal::{Part, Proposal};
use crate::linalg::gaussian::Gaussian;
use crate::sampling::psis::temper;
use nalgebra::{DMatrix, DVector};

/// Draws that count for each coefficient.
const DRAWS_EACH: f64 = 2.0;
/// The maximum lies within so many standard deviations of the proposal before.
const FARTHEST: f64 = 40.0;

/// The proposal from rows of theta of which next to none counts, where their log densities tell where the posterior is.
pub(crate) fn sought(rows: &[&[f64]], ln_p: &[f64], before: &Part) -> Option<Proposal> {
    quadratic_fit(rows, ln_p, before).map(Part::with_lookouts)
}

/// The Gaussian of the quadratic function; `None` where the draws are too few, or what they tell has no maximum nearby.
fn quadratic_fit(rows: &[&[f64]], ln_p: &[f64], before: &Part) -> Option<Part> {
    let n = before.dimensions();
    let coefficients = 1 + n + n * (n + 1) / 2;
    let least = DRAWS_EACH * coefficients as f64;
    if ln_p.iter().filter(|p| p.is_finite()).count() as f64 <= least {
        return None;
    }
    let weights = temper(ln_p, least);
    let highest = ln_p.iter().copied().filter(|p| p.is_finite()).fold(f64::NEG_INFINITY, f64::max);
    let (mut products, mut sums) = (DMatrix::zeros(coefficients, coefficients), DVector::zeros(coefficients));
    for ((row, ln_p), weight) in rows.iter().zip(ln_p).zip(weights).filter(|(_, weight)| *weight > 0.0) {
        let z = before.standardised(row);
        let x = features(&z);
        products.ger(weight, &x, &x, 1.0);
        sums.axpy(weight * (ln_p - highest), &x, 1.0);
    }
    let fitted = products.cholesky()?.solve(&sums);
    let mut precision = DMatrix::zeros(n, n);
    let mut second = fitted.iter().skip(1 + n);
    for i in 0..n {
        for j in 0..=i {
            // z_i z_j occurs once here, twice in z' Q z
            let q = second.next()? * if i == j { -2.0 } else { -1.0 };
            (precision[(i, j)], precision[(j, i)]) = (q, q);
        }
    }
    let precision = precision.cholesky()?;
    let mean = precision.solve(&fitted.rows(1, n).into_owned());
    if mean.norm() > FARTHEST {
        return None;
    }
    before.of_standardised(&Gaussian::of_precision(mean, &precision))
}

/// 1, z, and the products of two of z.
fn features(z: &DVector<f64>) -> DVector<f64> {
    let products = (0..z.len()).flat_map(|i| (0..=i).map(move |j| z[i] * z[j]));
    let all: Vec<f64> = std::iter::once(1.0).chain(z.iter().copied()).chain(products).collect();
    DVector::from_vec(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampling::lattice::Points;
    use crate::sampling::stream::keyed;

    /// Ten standard deviations of the proposal away, and a hundredth as wide.
    #[test]
    fn a_narrow_gaussian_far_away_is_found() {
        let before =
            Part::new(Gaussian { mean: DVector::from_column_slice(&[1.0, 2.0]), root: DMatrix::identity(2, 2) })
                .expect("regular");
        let (mut rng, target) = (keyed(1, 2, 3), [9.0, -4.0]);
        let mut points = Points::new(2, &mut rng);
        let draws: Vec<DVector<f64>> = (0..40).map(|_| before.heavy.wide.at(&points.next(&mut rng))).collect();
        let rows: Vec<&[f64]> = draws.iter().map(DVector::as_slice).collect();
        let ln_p: Vec<f64> = rows
            .iter()
            .map(|u| {
                let (x, y) = ((u[0] - target[0]) / 0.01, (u[1] - target[1]) / 0.02);
                3e5 - 0.5 * (x * x + y * y - x * y)
            })
            .collect();
        let found = quadratic_fit(&rows, &ln_p, &before).expect("quadratic").heavy.wide;
        assert!((&found.mean - DVector::from_column_slice(&target)).amax() < 1e-4, "{}", found.mean);
        // of the precision [[1, -1/2], [-1/2, 1]] in those units, wider by a tenth
        let sd = 1.1 * 0.01 * (4.0_f64 / 3.0).sqrt();
        assert!((found.covariance()[(0, 0)].sqrt() / sd - 1.0).abs() < 1e-3, "{}", found.covariance());
        assert!(quadratic_fit(&rows[..8], &ln_p[..8], &before).is_none(), "too few");
        let bowl: Vec<f64> = ln_p.iter().map(|p| -p).collect();
        assert!(quadratic_fit(&rows, &bowl, &before).is_none(), "no maximum");
    }
}
