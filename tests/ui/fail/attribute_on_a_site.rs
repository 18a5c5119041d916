use hierarch::prelude::*;

model! {
    Mistaken(ys: &[f64]) {
        #[cfg(test)]
        mu ~ Normal(0.0, 1.0);
        #[inline]
        factor(mu);
        for y in ys {
            y ~ Normal(mu, 1.0);
        }
    }
}

fn main() {}
