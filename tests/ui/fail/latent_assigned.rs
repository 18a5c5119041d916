use hierarch::prelude::*;

model! {
    Mistaken(ys: &[f64]) {
        mu ~ Normal(0.0, 1.0);
        w[k in 0..3] ~ Normal(0.0, 1.0);
        mu = 2.0 * mu;
        w[0] += mu;
        total = w[0] + w[1];
        target += total;
    }
}

fn main() {}
