use hierarch::prelude::*;

model! {
    Mistaken(ys: &[f64]) {
        mu ~ Normal(0.0, 1.0);
        for y in ys {
            if *y < 0.0 {
                continue;
            }
            theta ~ Normal(mu, 1.0);
            let Some(z) = Some(*y) else { return };
            z ~ Normal(theta, 1.0);
        }
    }
}

fn main() {}
