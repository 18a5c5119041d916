use hierarch::prelude::*;

model! {
    Mistaken(ys: &[f64]) {
        mu ~ Normal(0.0, 1.0);
        mu;
        mu < -Normal(0.0, 1.0);
        Normal(mu, 1.0);
        const LIMIT: f64 = 3.0;
        @ys ~ Normal(mu, 1.0);
        for y in ys {
            y ~ Normal(mu, 1.0);
        }
    }
}

fn main() {}
