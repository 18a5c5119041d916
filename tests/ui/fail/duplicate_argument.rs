use hierarch::prelude::*;

model! {
    Mistaken(ys: &[f64], ys: f64) {
        mu ~ Normal(0.0, 1.0);
        ys ~ Normal(mu, 1.0);
    }
}

fn main() {}
