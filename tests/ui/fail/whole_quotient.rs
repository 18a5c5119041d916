use hierarch::prelude::*;

model! {
    Mistaken(ys: &[f64]) {
        mu ~ Normal(1 / 2, 1);
        tau ~ HalfNormal(2 / 1);
        let half = (1) / 3;
        for i in 0..ys.len() / 2 {
            ys[i] ~ Normal(2 / 3 * mu, half * tau);
        }
    }
}

fn main() {}
