use hierarch::prelude::*;

model! {
    Mistaken(ys: &[f64]) {
        mu ~ Normal(0.0, 1.0);
        for j in 0..3 {
            theta[j] ~ Normal(mu, 1.0);
        }
        school.effect ~ Normal(mu, 1.0);
    }
}

fn main() {}
