use hierarch::prelude::*;

model! {
    Mistaken(rows: &[Vec<f64>]) {
        for row in rows {
            mu ~ Normal(0.0, 1.0);
            for y in row {
                theta ~ Normal(mu, 1.0);
                y ~ Normal(theta, 1.0);
            }
        }
    }
}

fn main() {}
