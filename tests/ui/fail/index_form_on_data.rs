use hierarch::prelude::*;

model! {
    Mistaken(ys: &[f64], n: usize) {
        mu ~ Normal(0.0, 1.0);
        ys[k in 0..n] ~ Normal(mu, 1.0);
    }
}

fn main() {}
