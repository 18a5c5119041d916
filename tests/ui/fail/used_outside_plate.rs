use hierarch::prelude::*;

model! {
    Mistaken(ys: &[f64]) {
        mu ~ Normal(0.0, 1.0);
        for y in ys {
            theta ~ Normal(mu, 1.0);
            y ~ Normal(theta, 1.0);
        }
        nu ~ Normal(theta, 1.0);
        factor(-1.0 * nu);
    }
}

fn main() {}
