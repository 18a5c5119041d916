use hierarch::prelude::*;

/// A column of a library of tables.
pub struct Column(Vec<f64>);

model! {
    Mistaken(ys: Column) {
        mu ~ Normal(0.0, 1.0);
        for y in ys {
            theta ~ Normal(mu, 1.0);
            y ~ Normal(theta, 1.0);
        }
    }
}

fn main() {}
