#![deny(deprecated)]

use hierarch::prelude::*;

model! {
    Mistaken(ys: &[f64]) {
        mu ~ Normal(0.0, 1.0);
        nu ~ Normal(0.0, 1.0);
        _quiet ~ Normal(0.0, 1.0);
        #[allow(unused)]
        derived ~ Normal(mu, 1.0);
        #[expect(unused, reason = "generated")]
        expected ~ Normal(mu, 1.0);
        #[allow(non_snake_case)]
        Other ~ Normal(mu, 1.0);
        #[expect(unused_variables)]
        in_vain ~ Normal(mu, 1.0);
        for y in ys {
            theta ~ Normal(mu, 1.0);
            y ~ Normal(in_vain, 1.0);
        }
    }
}

fn main() {}
