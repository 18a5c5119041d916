//! Where the posterior of a few coordinates is: Newton's method on their log density, which costs much to know and whose
//! derivatives are not known.
//!
//! Around z, with steps h along the coordinates, second differences tell
//!     g_j = (f(z + h_j e_j) - f(z - h_j e_j)) / 2 h_j,   H_jj = (f(z + h_j e_j) - 2 f(z) + f(z - h_j e_j)) / h_j^2,
//!     H_jk = (f(z + h_j e_j + h_k e_k) - f(z + h_j e_j) - f(z + h_k e_k) + f(z)) / h_j h_k.
//! The next z is the maximum of that quadratic, as far as it is trusted, with |H| in place of -H where that has directions of
//! ascent; the next h a standard deviation of each coordinate given the others.

use crate::correct::pool::Pool;
use crate::correct::proposal::Part;
use crate::correct::walk::AskAt;
use crate::linalg::gaussian::Gaussian;
use nalgebra::{DMatrix, DVector};

/// Of more coordinates second differences cost too much.
pub(crate) const MOST_SEARCHED: usize = 8;
/// Steps of the search, at most.
const MOST_STEPS: usize = 16;
/// It is over where the quadratic promises less, in nats, its curvature seen at a distance that is right.
const SETTLED: f64 = 0.1;
/// The first step leads no farther than so many standard deviations; what is trusted grows and falls by this.
const TRUSTED: f64 = 8.0;
const CHANGE: f64 = 2.0;
/// h changes no more than so many times in one step.
const FASTEST: f64 = 8.0;
/// h is right where it is a standard deviation within this factor.
const RIGHT: f64 = 2.0;
/// A step that leads down is halved so often at most.
const MOST_HALVED: i32 = 4;

/// The Gaussian of the posterior's mode and curvature, looked for from the part on, by asking about few thetas; `None` where
/// none was found in time.
pub(crate) fn peak<A: AskAt + ?Sized>(before: &Part, mut pool: Pool, ask: &mut A) -> Option<Part> {
    let n = before.dimensions();
    let mut look = |points: &[DVector<f64>]| {
        ask.at(points.iter().map(|z| before.heavy.wide.at(z)).collect(), &mut pool);
        (!ask.is_up()).then(|| pool.ln_p_of_last(points.len()))
    };
    let (mut z, mut h, mut trusted) = (DVector::zeros(n), DVector::from_element(n, 1.0), TRUSTED);
    for _ in 0..MOST_STEPS {
        let points = around(&z, &h);
        let values = look(&points)?;
        let Some(Quadratic { gradient, hessian }) = Quadratic::of(&values, &h) else {
            h /= FASTEST;
            continue;
        };
        let eigen = (-&hessian).symmetric_eigen();
        let is_peak = eigen.eigenvalues.iter().all(|l| *l > 0.0);
        // no direction is taken to be wider than the farthest step
        let least = (eigen.eigenvalues.amax() * f64::EPSILON).max(f64::MIN_POSITIVE);
        let inverse = eigen.eigenvalues.map(|l| l.abs().max(least).recip());
        let along = eigen.eigenvectors.tr_mul(&gradient);
        let mut step = &eigen.eigenvectors * along.component_mul(&inverse);
        let promised = 0.5 * step.dot(&gradient);
        let wanted = DVector::from_fn(n, |j, _| hessian[(j, j)].abs().max(f64::MIN_POSITIVE).sqrt().recip());
        let is_right = wanted.iter().zip(&h).all(|(wanted, h)| (wanted / h).ln().abs() < RIGHT.ln());
        if is_peak && promised < SETTLED && is_right {
            return before.of_standardised(&Gaussian::of_precision(&z + step, &(-hessian).cholesky()?));
        }
        step *= (trusted / step.amax()).min(1.0);
        let halved = better(&z, &step, values[0], &mut look)?;
        trusted *= if halved == 0 { CHANGE } else { CHANGE.powi(-halved) };
        z = if halved < MOST_HALVED {
            z + step * CHANGE.powi(-halved)
        } else {
            let best = (0..points.len()).max_by(|&a, &b| values[a].total_cmp(&values[b])).unwrap_or(0);
            points[best].clone()
        };
        h.zip_apply(&wanted, |h, wanted| *h = wanted.clamp(*h / FASTEST, *h * FASTEST));
    }
    None
}

/// How often the step must be halved until the density is higher; `None` where time is up.
fn better(
    z: &DVector<f64>,
    step: &DVector<f64>,
    value: f64,
    look: &mut impl FnMut(&[DVector<f64>]) -> Option<Vec<f64>>,
) -> Option<i32> {
    for halved in 0..MOST_HALVED {
        if look(&[z + step * CHANGE.powi(-halved)])?[0] > value {
            return Some(halved);
        }
    }
    Some(MOST_HALVED)
}

/// z, then z + h_j e_j and z - h_j e_j of each coordinate, then z + h_j e_j + h_k e_k of each pair.
fn around(z: &DVector<f64>, h: &DVector<f64>) -> Vec<DVector<f64>> {
    let n = z.len();
    let moved = |moves: &[(usize, f64)]| {
        let mut at = z.clone();
        for &(j, sign) in moves {
            at[j] += sign * h[j];
        }
        at
    };
    let axes = (0..n).flat_map(|j| [moved(&[(j, 1.0)]), moved(&[(j, -1.0)])]);
    let pairs = (0..n).flat_map(|j| (0..j).map(move |k| (j, k)));
    std::iter::once(z.clone()).chain(axes).chain(pairs.map(|(j, k)| moved(&[(j, 1.0), (k, 1.0)]))).collect()
}

/// What differences tell.
struct Quadratic {
    gradient: DVector<f64>,
    hessian: DMatrix<f64>,
}

impl Quadratic {
    /// From the values at the points around; `None` where one is not finite.
    fn of(values: &[f64], h: &DVector<f64>) -> Option<Self> {
        if !values.iter().all(|value| value.is_finite()) {
            return None;
        }
        let (n, here) = (h.len(), values[0]);
        let [up, down] = [1, 2].map(|first| move |j: usize| values[first + 2 * j]);
        let gradient = DVector::from_fn(n, |j, _| (up(j) - down(j)) / (2.0 * h[j]));
        let mut hessian =
            DMatrix::from_diagonal(&DVector::from_fn(n, |j, _| (up(j) - 2.0 * here + down(j)) / (h[j] * h[j])));
        let mut of_pairs = values[1 + 2 * n..].iter();
        for (j, k) in (0..n).flat_map(|j| (0..j).map(move |k| (j, k))) {
            let mixed = (of_pairs.next()? - up(j) - up(k) + here) / (h[j] * h[k]);
            (hessian[(j, k)], hessian[(k, j)]) = (mixed, mixed);
        }
        Some(Self { gradient, hessian })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correct::pool::Proposed;

    /// A log density of two coordinates.
    struct Told(fn(&[f64]) -> f64, usize);

    impl AskAt for Told {
        fn at(&mut self, coordinates: Vec<DVector<f64>>, pool: &mut Pool) {
            self.1 += coordinates.len();
            let ln_outside = coordinates.iter().map(|u| (self.0)(u.as_slice())).collect();
            let u = coordinates.iter().map(|u| u.as_slice().to_vec()).collect();
            pool.add(Proposed { u, coordinates, ln_outside });
        }

        fn is_up(&self) -> bool {
            self.1 > 400
        }
    }

    fn search(f: fn(&[f64]) -> f64) -> (Option<Gaussian>, usize) {
        let mean = DVector::from_column_slice(&[1.0, 2.0]);
        let before = Part::new(Gaussian { mean, root: DMatrix::identity(2, 2) }).expect("regular");
        let mut told = Told(f, 0);
        let found = peak(&before, Pool::new(2, 0), &mut told);
        (found.map(|part| part.heavy.wide), told.1)
    }

    #[test]
    fn a_narrow_peak_far_away_is_found() {
        let (found, asked) = search(|u| {
            let (x, y) = ((u[0] - 9.0) / 0.01, (u[1] + 4.0) / 0.02);
            3e5 - 0.5 * (x * x + y * y - x * y)
        });
        let found = found.expect("a peak");
        assert!((found.mean[0] - 9.0).abs() < 1e-6 && (found.mean[1] + 4.0).abs() < 1e-6, "{}", found.mean);
        let covariance = found.covariance();
        let sds = [covariance[(0, 0)].sqrt(), covariance[(1, 1)].sqrt()];
        let exact = (4.0_f64 / 3.0).sqrt();
        // Part::new widens by a tenth
        let wider = sds[0] / (0.01 * exact);
        assert!((1.0..1.2).contains(&wider) && (sds[1] / (0.02 * exact) - wider).abs() < 1e-3, "{sds:?}");
        assert!(asked < 120, "{asked}");
    }

    /// ln of a scale far below where the data want it: convex on the way, and with a flat side.
    #[test]
    fn the_way_may_be_neither_concave_nor_alike_on_both_sides() {
        let (found, asked) = search(|u| {
            let (tau, y) = (0.5 * (u[0] + 6.0), u[1] - 2.0);
            -10.0 * (tau + 0.5 * (1.0 + 40.0 * (-2.0 * tau).exp()).ln())
                - 5.0 * (-2.0 * tau).exp()
                - 0.5 * y * y
                - 0.5 * (tau - 1.0).powi(2)
        });
        assert!(found.is_some() && asked < 200, "{asked}");
    }

    #[test]
    fn no_peak_is_none() {
        for f in [|u: &[f64]| u[0], |_: &[f64]| 0.0, |_: &[f64]| f64::NAN] {
            assert!(search(f).0.is_none());
        }
    }
}
