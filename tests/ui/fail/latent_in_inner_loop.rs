use hierarch::prelude::*;

model! {
    Mistaken(rows: &[Vec<f64>]) {
        for row in rows {
            mu ~ Normal(0.0, 1.0);
            let mut k = 0;
            while k < row.len() {
                theta ~ Normal(mu, 1.0);
                row[k] ~ Normal(theta, 1.0);
                k += 1;
            }
        }
    }
}

fn main() {}
