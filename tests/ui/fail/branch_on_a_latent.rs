use hierarch::prelude::*;

model! {
    pub Branches(ys: &[f64]) {
        mu ~ Normal(0.0, 1.0);
        for y in ys {
            a ~ Normal(mu, 1.0);
            let mean = if a > 0.0 { a } else { Real::constant(0.0) };
            y ~ Normal(mean, 1.0);
        }
    }
}

fn main() {}
