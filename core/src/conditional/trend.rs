//! What is seen at some thetas, predicted at others.

use nalgebra::{DMatrix, DVector};

/// Numbers as a linear function of theta, by least squares.
#[derive(Default)]
pub(crate) struct Trend {
    /// The first theta.
    origin: Vec<f64>,
    /// What was learned last, and where.
    last: Option<Seen>,
    /// Sums of x x' and of x y', with x = (1, theta - origin); empty as long as theta is where it was.
    products: DMatrix<f64>,
    sums: DMatrix<f64>,
    seen: usize,
    coefficients: Option<DMatrix<f64>>,
}

struct Seen {
    theta: Vec<f64>,
    y: DVector<f64>,
}

impl Trend {
    /// Fitted first at so many times as many points as there are coefficients.
    const FIRST_FIT: usize = 2;
    /// Fitted last at so many times as many points.
    const LAST_FIT: usize = 16;
    /// Of a wider theta no trend is kept.
    const WIDEST: usize = 64;

    /// The numbers for theta; `None` before enough have been seen.
    pub(crate) fn predict(&self, theta: &[f64]) -> Option<DVector<f64>> {
        let here = self.last.as_ref().filter(|last| last.theta == theta);
        let trend = || self.coefficients.as_ref().map(|c| self.along(c, theta));
        here.map(|here| here.y.clone()).or_else(trend)
    }

    /// Learns the numbers that `y` tells of theta, if there is still something to learn.
    pub(crate) fn learn(&mut self, theta: &[f64], y: impl FnOnce() -> DVector<f64>) {
        let width = theta.len() + 1;
        if self.seen >= Self::LAST_FIT * width {
            return;
        }
        let y = y();
        if y.iter().any(|y| !y.is_finite()) {
            return;
        }
        if self.last.is_none() {
            self.origin = theta.to_vec();
        }
        if theta != self.origin && theta.len() <= Self::WIDEST {
            self.add(theta, &y);
        }
        self.last = Some(Seen { theta: theta.to_vec(), y });
    }

    fn add(&mut self, theta: &[f64], y: &DVector<f64>) {
        let width = theta.len() + 1;
        if self.seen == 0 {
            self.products = DMatrix::zeros(width, width);
            self.sums = DMatrix::zeros(width, y.len());
        }
        let x = self.features(theta);
        self.products.ger(1.0, &x, &x, 1.0);
        self.sums.ger(1.0, &x, y, 1.0);
        self.seen += 1;
        if self.seen.is_multiple_of(width)
            && (self.seen / width).is_power_of_two()
            && self.seen >= Self::FIRST_FIT * width
        {
            // a little ridge, as theta may not vary in every direction
            let ridge = 1e-9 * self.products.diagonal();
            let regular = &self.products + DMatrix::from_diagonal(&ridge.add_scalar(f64::MIN_POSITIVE));
            self.coefficients = regular.cholesky().map(|c| c.solve(&self.sums));
        }
    }

    /// The numbers for theta that these coefficients say: x' times each column.
    fn along(&self, coefficients: &DMatrix<f64>, theta: &[f64]) -> DVector<f64> {
        let number = |column: &[f64]| {
            let (constant, slopes) = (column[0], &column[1..]);
            constant + slopes.iter().zip(self.away(theta)).map(|(slope, away)| slope * away).sum::<f64>()
        };
        let columns = coefficients.as_slice().chunks_exact(coefficients.nrows());
        DVector::from_iterator(coefficients.ncols(), columns.map(number))
    }

    fn away<'t>(&'t self, theta: &'t [f64]) -> impl Iterator<Item = f64> + 't {
        theta.iter().zip(&self.origin).map(|(t, o)| t - o)
    }

    fn features(&self, theta: &[f64]) -> DVector<f64> {
        DVector::from_iterator(theta.len() + 1, std::iter::once(1.0).chain(self.away(theta)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_linear_in_theta_is_predicted() {
        let mut trend = Trend::default();
        let y = |theta: &[f64]| DVector::from_column_slice(&[1.0 + 2.0 * theta[0] - theta[1], 3.0 * theta[1]]);
        let theta = |k: u32| [f64::from(k).sin(), f64::from(k * k).cos()];
        assert!(trend.predict(&theta(0)).is_none());
        for k in 0..12 {
            trend.learn(&theta(k), || y(&theta(k)));
        }
        let at = [0.3, -2.0];
        let found = trend.predict(&at).expect("enough were seen");
        assert!((found - y(&at)).amax() < 1e-6);
    }

    /// Of a theta that is a point, however wide, nothing is kept but what was seen there last.
    #[test]
    fn a_theta_that_stays_costs_nothing() {
        let (mut trend, theta) = (Trend::default(), vec![0.5; 20_000]);
        for k in 0..100 {
            trend.learn(&theta, || DVector::from_element(2, f64::from(k)));
        }
        assert!(trend.products.is_empty() && trend.coefficients.is_none());
        assert_eq!(trend.predict(&theta), Some(DVector::from_element(2, 99.0)));
        assert!(trend.predict(&vec![0.25; 20_000]).is_none());
    }
}
