use hierarch::prelude::*;
use std::collections::HashMap;

pub struct Task {
    pub y: f64,
}

fn line<N: Number>(a: Real<N>, x: f64) -> Real<N> {
    a * x
}

model! {
    Types(tasks: &[Task]) {
        mu ~ Normal(0.0, 1.0);
        let difference = mu.minus(1.0);
        for task in tasks {
            theta ~ Normal(line(mu, 1), difference);
            task.z ~ Normal(theta, missing);
        }
    }
}

model! {
    NoList(tasks: HashMap<String, f64>) {
        for (_, y) in &tasks {
            theta ~ Normal(0.0, 1.0);
            y ~ Normal(theta, 1.0);
        }
    }
}

fn main() {}
