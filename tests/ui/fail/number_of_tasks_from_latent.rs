use hierarch::prelude::*;

model! {
    Mistaken(ys: &[f64]) {
        mu ~ Normal(0.0, 1.0);
        for i in 0..mu.value() as usize {
            theta ~ Normal(mu, 1.0);
            ys[i] ~ Normal(theta, 1.0);
        }
    }
}

fn main() {}
