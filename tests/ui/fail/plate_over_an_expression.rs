use hierarch::prelude::*;

model! {
    Mistaken(xs: &[f64], ys: &[f64]) {
        for (x, y) in xs.iter().zip(ys) {
            theta ~ Normal(*x, 1.0);
            y ~ Normal(theta, 1.0);
        }
    }
}

fn main() {}
