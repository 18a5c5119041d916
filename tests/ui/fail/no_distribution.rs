use hierarch::prelude::*;

model! {
    Mistaken(ys: &[f64]) {
        mu ~ 0.0;
        tau ~ 2.0 * mu;
        nu ~ mu;
        rho ~ 0..3;
        for y in ys {
            y ~ (mu + tau + nu + rho);
        }
    }
}

fn main() {}
