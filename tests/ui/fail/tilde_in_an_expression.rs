use hierarch::prelude::*;

model! {
    Mistaken(ys: &[f64]) {
        let mu = {
            inner ~ Normal(0.0, 1.0);
            2.0 * inner
        };
        for y in ys {
            y ~ Normal(mu, 1.0);
        }
    }
}

fn main() {}
