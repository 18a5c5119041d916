use hierarch::prelude::*;

model! {
    Mistaken(rows: &[Vec<f64>], strict: bool) {
        if strict {
            mu ~ Normal(0.0, 1.0);
        } else {
            nu ~ Normal(0.0, 2.0);
        }
        match rows.len() {
            0 => tau ~ HalfNormal(1.0),
            _ => {}
        }
        for row in rows {
            theta ~ Normal(mu, 1.0);
            row[0] ~ Normal(theta, tau);
        }
    }
}

fn main() {}
