use hierarch::prelude::*;

model! {
    Mistaken(ys: &[f64]) {
        mu ~ Normal(0.0, 1.0);
        factor();
        factor(mu, mu);
        for y in ys {
            y ~ Normal(mu, 1.0);
        }
    }
}

fn main() {}
