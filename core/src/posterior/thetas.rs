//! A few draws of theta that stand for all of a posterior's.
//!
//! All draws are split into cells of equal weight, each in turn across the coordinate in which it is widest; one draw of
//! a cell, picked in proportion to its weight, stands for the cell. Then one affine map, close to the identity, moves the
//! few: their weighted mean and covariance in unconstrained coordinates become those of all,
//!     u' = m + L L_few^-1 (u - m_few)   with L the lower root of a covariance.
//! Both serve the accuracy of means over few draws: the first as stratification does, the second by making the mean of
//! any quadratic function of u exact.

use crate::linalg::gaussian::Moments;
use crate::posterior::draws::WeightedDraws;
use crate::sampling::resample::resample;
use nalgebra::{DMatrix, DVector};
use rand::{Rng, RngExt};

/// Covariances are matched from this many draws a coordinate on; with fewer only variances are.
const DRAWS_A_COORDINATE: usize = 4;

/// Weighted draws of theta, neighbours close to each other.
#[derive(Clone)]
pub(crate) struct Thetas {
    rows: Vec<Vec<f64>>,
    /// Sum to 1.
    weights: Vec<f64>,
}

/// The moments of a wider theta are not matched: there are more of them than draws.
const WIDEST_MATCHED: usize = 128;

impl Thetas {
    /// The one theta of a posterior that has no other.
    pub(crate) fn fixed(posterior: &WeightedDraws) -> Self {
        Self { rows: vec![posterior.theta(0).to_vec()], weights: vec![1.0] }
    }

    /// At most `most` draws for all of the posterior; all of them, as they are, if there are no more.
    pub(crate) fn of<R: Rng>(posterior: &WeightedDraws, most: usize, rng: &mut R) -> Self {
        let mut draws: Vec<usize> = (0..posterior.len()).filter(|&s| posterior.weights[s] > 0.0).collect();
        let row = |s: usize| posterior.theta(s).to_vec();
        let weight = |s: usize| posterior.weights[s];
        if draws.len() <= most {
            return Self {
                rows: draws.iter().map(|&s| row(s)).collect(),
                weights: draws.into_iter().map(weight).collect(),
            };
        }
        if posterior.globals > WIDEST_MATCHED {
            let picked = resample(&posterior.weights, most, rng);
            let weights = vec![(picked.len() as f64).recip(); picked.len()];
            return Self { rows: picked.into_iter().map(row).collect(), weights };
        }
        let all = Moments::of(posterior.globals, || draws.iter().map(|&s| (posterior.theta(s), weight(s))));
        let cells = Cells { posterior, variance: all.covariance.diagonal().as_slice().to_vec() };
        let mut few = Self { rows: Vec::with_capacity(most), weights: Vec::with_capacity(most) };
        cells.split(&mut draws, most, &mut |cell| {
            let total: f64 = cell.iter().map(|&s| weight(s)).sum();
            let mut left = rng.random::<f64>() * total;
            let passed = |&&s: &&usize| {
                left -= weight(s);
                left >= 0.0
            };
            let picked = cell.iter().take_while(passed).count().min(cell.len() - 1);
            few.rows.push(row(cell[picked]));
            few.weights.push(total);
        });
        few.match_moments(&all);
        few
    }

    /// The draws with their weights.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (&[f64], f64)> + Clone {
        self.rows.iter().zip(&self.weights).map(|(row, &weight)| (row.as_slice(), weight))
    }

    fn match_moments(&mut self, all: &Moments) {
        let globals = all.mean.len();
        let few = Moments::of(globals, || self.iter());
        let roots = (self.rows.len() >= DRAWS_A_COORDINATE * globals)
            .then(|| Some((all.covariance.clone().cholesky()?, few.covariance.clone().cholesky()?)))
            .flatten();
        let map = match roots {
            Some((root, few)) => {
                let mut inverse = DMatrix::identity(globals, globals);
                let solved = few.l_dirty().solve_lower_triangular_mut(&mut inverse);
                debug_assert!(solved, "the diagonal of a Cholesky factor is positive");
                root.unpack() * inverse
            }
            None => DMatrix::from_diagonal(
                &all.covariance
                    .diagonal()
                    .zip_map(&few.covariance.diagonal(), |v, few| if few > 0.0 { (v / few).sqrt() } else { 1.0 }),
            ),
        };
        for row in &mut self.rows {
            let u = &all.mean + &map * (DVector::from_column_slice(row) - &few.mean);
            row.copy_from_slice(u.as_slice());
        }
    }
}

/// Splits draws into cells.
struct Cells<'a> {
    posterior: &'a WeightedDraws,
    /// Variance of each coordinate, over all draws.
    variance: Vec<f64>,
}

impl Cells<'_> {
    /// Calls `take` with each of `count` cells; with fewer where single draws outweigh a cell.
    fn split(&self, draws: &mut [usize], count: usize, take: &mut impl FnMut(&[usize])) {
        if count == 1 || draws.len() == 1 {
            return take(draws);
        }
        let at = |s: usize, j: usize| self.posterior.theta(s)[j];
        if let Some(j) = self.widest(draws) {
            draws.sort_unstable_by(|&a, &b| at(a, j).total_cmp(&at(b, j)));
        }
        let weight = |s: &usize| self.posterior.weights[*s];
        let mut left = draws.iter().map(weight).sum::<f64>() * (count / 2) as f64 / count as f64;
        let below = draws.iter().take_while(|s| {
            left -= weight(s);
            left >= 0.0
        });
        let middle = below.count().clamp(1, draws.len() - 1);
        let (low, high) = draws.split_at_mut(middle);
        self.split(low, count / 2, take);
        self.split(high, count - count / 2, take);
    }

    /// The coordinate in which the draws vary most, as a share of its variance over all.
    fn widest(&self, draws: &[usize]) -> Option<usize> {
        let origin = self.posterior.theta(draws[0]);
        let (mut total, mut sums) = (0.0, vec![(0.0, 0.0); origin.len()]);
        for &s in draws {
            let weight = self.posterior.weights[s];
            total += weight;
            for ((sum, squares), (u, from)) in sums.iter_mut().zip(self.posterior.theta(s).iter().zip(origin)) {
                *sum += weight * (u - from);
                *squares += weight * (u - from) * (u - from);
            }
        }
        let shares = sums.iter().zip(&self.variance).enumerate().filter(|(_, (_, all))| **all > 0.0);
        let shares = shares.map(|(j, ((sum, squares), all))| ((squares - sum * sum / total) / all, j));
        shares.max_by(|a, b| a.0.total_cmp(&b.0)).map(|widest| widest.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::posterior::draws::LocalDraws;
    use crate::posterior::mc_error::Dependence;
    use crate::sampling::stream::keyed;

    /// Draws of two coordinates, the second skewed and dependent on the first, with weights.
    fn posterior(draws: usize) -> WeightedDraws {
        let mut rng = keyed(1, 2, 3);
        let mut theta = Vec::new();
        let mut weights = Vec::new();
        for _ in 0..draws {
            let [a, b] = [(); 2].map(|()| rng.sample::<f64, _>(rand_distr::StandardNormal));
            theta.extend([a, (0.5 * a + 0.3 * b).exp()]);
            weights.push(rng.random::<f64>());
        }
        let total: f64 = weights.iter().sum();
        for w in &mut weights {
            *w /= total;
        }
        WeightedDraws {
            theta,
            globals: 2,
            weights,
            locals: LocalDraws::Gaussian { seed: 0 },
            non_centred: Vec::new(),
            are_values: false,
            dependence: Dependence::NONE,
        }
    }

    fn mean(draws: impl Iterator<Item = (f64, f64)>) -> f64 {
        draws.map(|(value, weight)| value * weight).sum()
    }

    #[test]
    fn the_few_have_the_moments_of_all() {
        let all = posterior(2000);
        let few = Thetas::of(&all, 64, &mut keyed(0, 0, 0));
        assert_eq!(few.iter().len(), 64);
        let quadratics: [fn(&[f64]) -> f64; 6] =
            [|_| 1.0, |u| u[0], |u| u[1], |u| u[0] * u[0], |u| u[0] * u[1], |u| u[1] * u[1]];
        for f in quadratics {
            let expected = mean((0..all.len()).map(|s| (f(all.theta(s)), all.weights[s])));
            let found = mean(few.iter().map(|(u, w)| (f(u), w)));
            assert!((found - expected).abs() < 1e-12 * (1.0 + expected.abs()), "{found}, not {expected}");
        }
        // neither quadratic nor smooth: independent draws would be off by 0.06 on average
        let share = mean((0..all.len()).map(|s| (f64::from(all.theta(s)[0] > 0.7), all.weights[s])));
        let errors = (0..40).map(|seed| {
            let few = Thetas::of(&all, 64, &mut keyed(seed, 0, 0));
            mean(few.iter().map(|(u, w)| (f64::from(u[0] > 0.7), w))) - share
        });
        let error = (errors.map(|e| e * e).sum::<f64>() / 40.0).sqrt();
        assert!(error < 0.03, "{error}");
    }

    #[test]
    fn few_draws_and_points_stay_as_they_are() {
        let all = posterior(10);
        let few = Thetas::of(&all, 64, &mut keyed(0, 0, 0));
        assert!(few.iter().eq((0..10).map(|s| (all.theta(s), all.weights[s]))));
        let point = WeightedDraws { theta: [0.5, -2.0].repeat(500), weights: vec![0.002; 500], ..all };
        let few = Thetas::of(&point, 64, &mut keyed(0, 0, 0));
        assert!(few.iter().all(|(u, w)| (u[0] - 0.5).abs() + (u[1] + 2.0).abs() < 1e-12 && (0.01..0.02).contains(&w)));
    }

    #[test]
    fn more_coordinates_than_draws_have_their_means_and_variances() {
        let mut rng = keyed(4, 0, 0);
        let theta: Vec<f64> = (0..200 * 30).map(|_| rng.sample(rand_distr::StandardNormal)).collect();
        let all = WeightedDraws { theta, globals: 30, weights: vec![0.005; 200], ..posterior(0) };
        let few = Thetas::of(&all, 20, &mut keyed(0, 0, 0));
        for j in 0..30 {
            for f in [|u: f64| u, |u: f64| u * u] {
                let expected = mean((0..200).map(|s| (f(all.theta(s)[j]), 0.005)));
                let found = mean(few.iter().map(|(u, w)| (f(u[j]), w)));
                assert!((found - expected).abs() < 1e-12 * (1.0 + expected.abs()), "{j}: {found}, not {expected}");
            }
        }
    }
}
