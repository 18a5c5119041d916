use hierarch::prelude::*;

model! {
    Mistaken(ys: &[f64]) {
        mu ~ Normal(0.0, 1.0);
        mu ~ Normal(1.0, 1.0);
        for y in ys {
            mu ~ Normal(mu, 1.0);
            y ~ Normal(mu, 1.0);
        }
    }
}

fn main() {}
