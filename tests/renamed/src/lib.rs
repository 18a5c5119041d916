//! The macro finds the core crate by the name that the user gave it.

use bayes::prelude::*;

model! {
    /// A mean a number, around a common one.
    pub Renamed(ys: &[f64]) {
        mu ~ Normal(0.0, 1.0);
        for y in ys {
            theta ~ Normal(mu, 1.0);
            y ~ Normal(theta, 1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_fits_under_another_name() {
        let fit = Renamed::new(&[1.0, 2.0, 3.0]).fit().expect("fits");
        // y_i given mu has variance 2: the mean is sum y_i / 2 over the precision 1 + 3 / 2
        assert!((fit.global().mu.mean - 1.2).abs() < 0.05, "{fit}");
    }
}
