use hierarch::prelude::*;

model! {
    Mistaken(ys: &[f64]) {
        mu ~ Normal(0.0, 1.0);
        w[k in 0..2] ~ Normal(mu, 1.0);
        let sum = w[0] + w[1];
        w[0] ~ Normal(1.0, 1.0);
        sum ~ Normal(0.0, 1.0);
        3.0 ~ Normal(mu, 1.0);
    }
}

fn main() {}
