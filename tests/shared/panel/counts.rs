//! Simulated rows of counts and of yes or no.

use super::answer::{Job, compared, job, kept};
use super::simulation::{Seen, Simulator, lines};
use super::{Row, of_data, on_file};
use hierarch::prelude::*;

compared!(NegativeBinomials: mu beta tau dispersion; u);
compared!(Counts: mu beta tau; u);
compared!(Logit: mu beta tau; u);

/// The logarithm of an exposure, then four covariates.
pub type Exposed = [f64; 5];

fn dot<N: Number>(weights: &[Real<N>], x: &[f64]) -> Real<N> {
    weights.iter().zip(x).map(|(weight, x)| *weight * *x).sum()
}

model! {
    /// Overdispersed counts with an exposure.
    pub NegativeBinomials(tasks: &[Seen<Exposed, u32>]) {
        mu ~ Normal(0.0, 5.0);
        beta[_ in 0..4] ~ Normal(0.0, 2.0);
        tau ~ HalfNormal(2.0);
        dispersion ~ LogNormal(1.0, 1.0);
        for task in tasks {
            u ~ Normal(mu, tau);
            for &(x, y) in task {
                y ~ NegativeBinomial2((u + x[0] + dot(beta, &x[1..])).exp(), dispersion);
            }
        }
    }
}

pub const NEGATIVE_BINOMIAL: Row = Row {
    data: Some(|| lines(&overdispersed())),
    ..of_data(
        "negative binomial",
        || {
            let tasks = kept(overdispersed());
            job(|| NegativeBinomials::new(tasks))
        },
        on_file!("negative_binomial.ref"),
    )
};

/// 20 tasks of 12; mu 1, beta 0.5, -0.3, 0.2 and 0, tau 0.5, dispersion 3, exposures from 0.5 to 3.
fn overdispersed() -> Vec<Seen<Exposed, u32>> {
    let mut rng = Simulator::new(8);
    let task = |_| {
        let u = rng.normal(1.0, 0.5);
        let mut point = |_| {
            let mut x = [rng.uniform(0.5, 3.0).ln(), 0.0, 0.0, 0.0, 0.0];
            x[1..].fill_with(|| rng.normal(0.0, 1.0));
            let mean = (u + x[0] + 0.5 * x[1] - 0.3 * x[2] + 0.2 * x[3]).exp();
            let rate = rng.gamma(3.0, mean / 3.0);
            (x, rng.poisson(rate))
        };
        (0..12).map(&mut point).collect()
    };
    (0..20).map(task).collect()
}

model! {
    /// Counts whose log rates have an intercept a task.
    pub Counts(tasks: &[Seen<f64, u32>]) {
        mu ~ Normal(0.0, 5.0);
        beta ~ Normal(0.0, 2.0);
        tau ~ HalfNormal(2.0);
        for task in tasks {
            u ~ Normal(mu, tau);
            for &(x, y) in task {
                y ~ PoissonLog(u + beta * x);
            }
        }
    }
}

pub const POISSON: Row = Row {
    data: Some(|| lines(&counts())),
    ..of_data(
        "Poisson 235 x 9",
        || {
            let tasks = kept(counts());
            job(|| Counts::new(tasks))
        },
        on_file!("poisson.ref"),
    )
};

/// 235 tasks of 9; mu 0.5, beta 0.3, tau 0.8.
fn counts() -> Vec<Seen<f64, u32>> {
    let mut rng = Simulator::new(13);
    let task = |_| {
        let u = rng.normal(0.5, 0.8);
        let mut point = |_| {
            let x = rng.normal(0.0, 1.0);
            (x, rng.poisson((u + 0.3 * x).exp()))
        };
        (0..9).map(&mut point).collect()
    };
    (0..235).map(task).collect()
}

model! {
    /// Answers whose log odds have an intercept a task.
    pub Logit(tasks: &[Seen<f64, u8>]) {
        mu ~ Normal(0.0, 5.0);
        beta ~ Normal(0.0, 2.0);
        tau ~ HalfNormal(2.0);
        for task in tasks {
            u ~ Normal(mu, tau);
            for &(x, y) in task {
                y ~ BernoulliLogit(u + beta * x);
            }
        }
    }
}

pub const LOGIT_235: Row = Row {
    data: Some(|| lines(&answers(235, 9))),
    ..of_data("logit 235 x 9", || logit(235, 9), on_file!("logit_235.ref"))
};

pub const LOGIT_1000: Row =
    Row { data: Some(|| lines(&answers(1000, 10))), ..of_data("logit 1,000 x 10", || logit(1000, 10), Vec::new) };

fn logit(count: usize, points: usize) -> Job {
    let tasks = kept(answers(count, points));
    job(|| Logit::new(tasks))
}

/// mu -0.5, beta 0.8, tau 1.
fn answers(count: usize, points: usize) -> Vec<Seen<f64, u8>> {
    let mut rng = Simulator::new(14);
    let task = |_| {
        let u = rng.normal(-0.5, 1.0);
        let mut point = |_| {
            let x = rng.normal(0.0, 1.0);
            (x, rng.bernoulli_logit(u + 0.8 * x))
        };
        (0..points).map(&mut point).collect()
    };
    (0..count).map(task).collect()
}
