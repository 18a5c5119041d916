use hierarch::prelude::*;

model! {
    Mistaken(ys: &[f64], shares: &[f64; 2]) {
        season ~ Categorical(shares);
        for y in ys {
            sides[k in 0..2] ~ Bernoulli(0.5);
            events ~ hierarch::dist::Poisson(1.0);
            time ~ Censored(Exponential(1.0), Lower(2.0));
            y ~ Normal(time, 1.0);
        }
    }
}

model! {
    Dependent(ys: &[f64]) {
        mean ~ Normal(0.0, 1.0);
        for y in ys {
            let mut total = mean;
            let mut values = Vec::new();
            side ~ Bernoulli(0.5);
            let shift = 2.0 * side as f64;
            own ~ Normal(mean + shift, 1.0);
            total += shift;
            values.push(side);
            ys[side] ~ Normal(own, 1.0);
            y ~ Normal(total, 1.0);
            for x in ys {
                each ~ Normal(side as f64, 1.0);
                x ~ Normal(each, 1.0);
            }
            if side == 1 {
                total = mean;
            }
        }
        factor(side as f64);
    }
}

fn main() {}
