use hierarch::prelude::*;

model! {
    Mistaken(ys: &[f64]) {
        p ~ Beta(1.0, 1.0);
        for y in ys {
            group ~ Bernoulli(p);
            counts[k in 0..2] ~ hierarch::dist::Poisson(1.0);
            time ~ Censored(Exponential(1.0), Lower(2.0));
            y ~ Normal(group + counts[0], time);
        }
    }
}

fn main() {}
