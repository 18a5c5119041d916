use hierarch::prelude::*;

model! {
    Mistaken(ys: &[f64]) {
        mu ~ Normal(0.0, 1.0);
        let mut before = 0.0;
        for y in ys {
            theta ~ Normal(mu * before, 1.0);
            y ~ Normal(theta, 1.0);
            before = *y;
        }
    }
}

fn main() {}
