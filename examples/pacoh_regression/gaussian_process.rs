//! Noisy values of a Gaussian process, as a distribution with derivatives in closed form.
//!
//! With S = spread^2 exp(-distance^2 / (2 reach^2)), K = S + sigma^2 I, e = mean - y, a = -K^-1 e, and h the logarithms of
//! the kernel's parameters (Rasmussen & Williams 2006, section 5.4):
//!
//! ```text
//! ln p = -(e . K^-1 e + ln |K| + n ln 2 pi) / 2
//! d/de = a,   d/dh = (a . K_h a - tr K^-1 K_h) / 2
//! d2/de de = -K^-1,   d2/de dh = -K^-1 K_h a
//! d2/dh dh' = -a . K_h K^-1 K_h' a + (tr K^-1 K_h K^-1 K_h' + a . K_hh' a - tr K^-1 K_hh') / 2
//! ```

use hierarch::prelude::*;
use hierarch::support::RealVector;
use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use std::f64::consts::TAU;

/// A place in the plane.
pub(crate) type Place = [f64; 2];

/// The covariance of values: of the function, and the noise of seeing it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kernel<T> {
    pub(crate) spread: T,
    pub(crate) reach: T,
    pub(crate) sigma: T,
}

fn squared_distance(a: Place, b: Place) -> f64 {
    (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2)
}

impl Kernel<f64> {
    /// Between the function's values at two places.
    pub(crate) fn between(&self, a: Place, b: Place) -> f64 {
        self.spread.powi(2) * (-0.5 * squared_distance(a, b) / self.reach.powi(2)).exp()
    }

    /// Their squared distance in units of the reach.
    fn scaled(&self, a: Place, b: Place) -> f64 {
        squared_distance(a, b) / self.reach.powi(2)
    }

    /// The root of K, the covariance of noisy values.
    pub(crate) fn root(&self, at: &[Place]) -> Option<Cholesky<f64, Dyn>> {
        let noise = |i, j| if i == j { self.sigma.powi(2) } else { 0.0 };
        DMatrix::from_fn(at.len(), at.len(), |i, j| self.between(at[i], at[j]) + noise(i, j)).cholesky()
    }
}

/// Noisy values at the places, around the means.
#[derive(Clone, Debug)]
pub(crate) struct GaussianProcess<'a, N: Number> {
    pub(crate) at: &'a [Place],
    pub(crate) mean: Vec<Real<N>>,
    pub(crate) kernel: Kernel<Real<N>>,
}

impl<N: Number> VectorDistribution<N> for GaussianProcess<'_, N> {
    type Support = RealVector;

    fn support(&self) -> RealVector {
        RealVector(self.at.len())
    }

    fn ln_density<X: Param<N>>(&self, y: &[X]) -> Real<N> {
        let n = y.len();
        let Kernel { spread, reach, sigma } = self.kernel;
        let plain = Kernel { spread: spread.value(), reach: reach.value(), sigma: sigma.value() };
        let Some(root) = plain.root(self.at) else { return Real(N::constant(f64::NEG_INFINITY)) };
        let errors: Vec<N> = self.mean.iter().zip(y).map(|(mean, y)| (*mean - y.real()).0).collect();
        let e = DVector::from_iterator(n, errors.iter().map(|e| e.value()));
        let a = -root.solve(&e);
        let ln_det: f64 = root.l_dirty().diagonal().iter().map(|d| d.ln()).sum();
        let mut out = N::constant(0.5 * e.dot(&a) - ln_det - 0.5 * n as f64 * TAU.ln());
        if N::ORDER > 0 {
            let logs = [spread, reach, sigma].map(|parameter| parameter.ln().0);
            Derivatives::new(plain, self.at, a, root.inverse()).add(&mut out, &errors, logs);
        }
        Real(out)
    }
}

/// What the derivatives are made of, in the names above.
struct Derivatives<'a> {
    kernel: Kernel<f64>,
    at: &'a [Place],
    a: DVector<f64>,
    /// K^-1
    inverse: DMatrix<f64>,
    /// K_h
    first: [DMatrix<f64>; 3],
}

impl<'a> Derivatives<'a> {
    fn new(kernel: Kernel<f64>, at: &'a [Place], a: DVector<f64>, inverse: DMatrix<f64>) -> Self {
        let n = at.len();
        let smooth = DMatrix::from_fn(n, n, |i, j| kernel.between(at[i], at[j]));
        let scaled = DMatrix::from_fn(n, n, |i, j| smooth[(i, j)] * kernel.scaled(at[i], at[j]));
        let first = [2.0 * smooth, scaled, DMatrix::identity(n, n) * (2.0 * kernel.sigma.powi(2))];
        Self { kernel, at, a, inverse, first }
    }

    /// (a . K_h a - tr K^-1 K_h) / 2
    fn quadratic(&self, k: &DMatrix<f64>) -> f64 {
        0.5 * (self.a.dot(&(k * &self.a)) - self.inverse.dot(k))
    }

    /// (a . K_hg a - tr K^-1 K_hg) / 2
    fn second(&self, h: usize, g: usize) -> f64 {
        let scaled = |i: usize, j: usize| self.kernel.scaled(self.at[i], self.at[j]);
        match (h, g) {
            (1, 1) => {
                let n = self.at.len();
                self.quadratic(&DMatrix::from_fn(n, n, |i, j| self.first[1][(i, j)] * (scaled(i, j) - 2.0)))
            }
            (2, 2) | (0, 0 | 1) => 2.0 * self.quadratic(&self.first[g]),
            _ => 0.0,
        }
    }

    /// Adds the derivatives by the errors and by the logarithms, as many as the numbers carry.
    fn add<N: Number>(&self, out: &mut N, errors: &[N], logs: [N; 3]) {
        let Self { a, inverse, first, .. } = self;
        errors.iter().zip(a).for_each(|(e, a)| out.add_partial(*e, *a));
        logs.iter().zip(first).for_each(|(h, k)| out.add_partial(*h, self.quadratic(k)));
        if N::ORDER == 1 {
            return;
        }
        for i in 0..errors.len() {
            out.add_square(errors[i], -inverse[(i, i)]);
            (0..i).for_each(|j| out.add_cross(errors[i], errors[j], -inverse[(i, j)]));
        }
        let whitened = [0, 1, 2].map(|h| inverse * &first[h]);
        for h in 0..3 {
            let along = &whitened[h] * a;
            errors.iter().zip(&along).for_each(|(e, along)| out.add_cross(*e, logs[h], -along));
            for g in h..3 {
                let both =
                    -(&first[g] * a).dot(&along) + 0.5 * whitened[h].dot(&whitened[g].transpose()) + self.second(h, g);
                if h == g { out.add_square(logs[h], both) } else { out.add_cross(logs[h], logs[g], both) }
            }
        }
    }
}
