use hierarch::prelude::*;

model! {
    Mistaken(xs: &[f64], ys: &[f64]) {
        for x in xs {
            alpha ~ Normal(0.0, 1.0);
            x ~ Normal(alpha, 1.0);
        }
        for y in ys {
            beta ~ Normal(0.0, 1.0);
            y ~ Normal(beta, 1.0);
        }
    }
}

fn main() {}
