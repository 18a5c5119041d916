use hierarch::prelude::*;

model! {
    Mistaken(ys: &[f64]) {
        mu ~ Normal(0.0, tau);
        tau ~ HalfNormal(1.0);
        alpha ~ Normal(alpha, 1.0);
        for y in ys {
            let shifted = 2.0 * theta;
            theta ~ Normal(mu, tau);
            y ~ Normal(shifted + alpha, 1.0);
        }
    }
}

fn main() {}
