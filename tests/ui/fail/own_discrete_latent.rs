use hierarch::prelude::*;

fn coin(p: f64) -> Bernoulli<f64> {
    Bernoulli(p)
}

model! {
    Mistaken(ys: &[f64]) {
        side ~ coin(0.5);
        for y in ys {
            y ~ Normal(side, 1.0);
        }
    }
}

fn main() {}
