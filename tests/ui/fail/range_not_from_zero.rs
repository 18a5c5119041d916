use hierarch::prelude::*;

model! {
    Mistaken(n: usize) {
        v[k in 1..n] ~ Normal(0.0, 1.0);
        w[k in ..n] ~ Normal(v[k], 1.0);
        u[k in n] ~ Normal(w[k], 1.0);
        x[k in 0..u[0]] ~ Normal(u[1], 1.0);
        factor(x[0]);
    }
}

fn main() {}
