#![deny(deprecated)]

use hierarch::prelude::*;

model! {
    Mistaken(ys: &[f64]) {
        mu ~ Normal(0.0, 1.0);
        nu ~ Normal(0.0, 1.0);
        _quiet ~ Normal(0.0, 1.0);
        #[allow(unused)]
        derived ~ Normal(mu, 1.0);
        for y in ys {
            theta ~ Normal(mu, 1.0);
            y ~ Normal(mu, 1.0);
        }
    }
}

fn main() {}
