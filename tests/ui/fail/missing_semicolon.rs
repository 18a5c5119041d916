use hierarch::prelude::*;

model! {
    Mistaken(ys: &[f64]) {
        mu ~ Normal(0.0, 1.0)
        tau ~ HalfNormal(1.0)
        for y in ys {
            y ~ Normal(mu, tau)
        }
    }
}

fn main() {}
