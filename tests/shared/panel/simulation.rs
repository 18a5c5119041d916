//! Data that are drawn: the same for the same seed.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Poisson, StandardNormal};
use std::fmt::Display;

/// What is seen of a task: for each observation what explains it, and the observation.
pub type Seen<X, Y = f64> = Vec<(X, Y)>;

/// Draws data.
pub struct Simulator(ChaCha8Rng);

impl Simulator {
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    pub fn normal(&mut self, mean: f64, sd: f64) -> f64 {
        mean + sd * self.0.sample::<f64, _>(StandardNormal)
    }

    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        self.0.random_range(low..high)
    }

    pub fn below(&mut self, count: usize) -> usize {
        self.0.random_range(0..count)
    }

    pub fn bernoulli_logit(&mut self, eta: f64) -> u8 {
        u8::from(self.uniform(0.0, 1.0) < hierarch::special::sigmoid(eta))
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
    pub fn poisson(&mut self, rate: f64) -> u32 {
        Poisson::new(rate).expect("a positive rate").sample(&mut self.0) as u32
    }

    pub fn gamma(&mut self, shape: f64, scale: f64) -> f64 {
        rand_distr::Gamma::new(shape, scale).expect("positive parameters").sample(&mut self.0)
    }

    pub fn weibull(&mut self, shape: f64, scale: f64) -> f64 {
        rand_distr::Weibull::new(scale, shape).expect("positive parameters").sample(&mut self.0)
    }

    pub fn logistic(&mut self, loc: f64) -> f64 {
        let p = self.uniform(0.0, 1.0);
        loc + (p / (1.0 - p)).ln()
    }
}

/// What explains an observation, as numbers.
pub trait Covariates {
    fn numbers(&self) -> Vec<f64>;
}

impl Covariates for () {
    fn numbers(&self) -> Vec<f64> {
        Vec::new()
    }
}

impl Covariates for f64 {
    fn numbers(&self) -> Vec<f64> {
        vec![*self]
    }
}

impl Covariates for usize {
    fn numbers(&self) -> Vec<f64> {
        vec![*self as f64]
    }
}

impl<const K: usize> Covariates for [f64; K] {
    fn numbers(&self) -> Vec<f64> {
        self.to_vec()
    }
}

/// A line an observation: the number of the task, what explains it, and the observation.
pub fn lines<X: Covariates, Y: Display>(tasks: &[Seen<X, Y>]) -> String {
    let mut text = String::new();
    for (i, task) in tasks.iter().enumerate() {
        for (x, y) in task {
            let numbers: Vec<String> = x.numbers().iter().map(ToString::to_string).collect();
            let words = [vec![i.to_string()], numbers, vec![y.to_string()]].concat();
            text += &(words.join(",") + "\n");
        }
    }
    text
}
