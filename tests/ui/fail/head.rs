use hierarch::prelude::*;

model! {}

model! {
    pub struct Regression {}
}

model! {
    Untyped(ys) {}
}

model! {
    NoArguments {
        mu ~ Normal(0.0, 1.0);
    }
}

model! {
    NoBody(ys: &[f64]);
}

model! {
    First(ys: &[f64]) {
        mu ~ Normal(0.0, 1.0);
    }
    Second(ys: &[f64]) {
        mu ~ Normal(0.0, 1.0);
    }
}

fn main() {}
