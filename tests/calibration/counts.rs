//! Models of counts.

use crate::nature::Nature;
use crate::trial::Trial;
use hierarch::Draw;
use hierarch::prelude::*;
use hierarch::special::{ln_1p_exp, sigmoid};

/// Successes and trials.
pub(crate) type Successes = (u32, u32);

model! {
    /// Chances whose log odds differ.
    pub(crate) Chances(tasks: &[Successes]) {
        mu ~ Normal(0.0, 1.5);
        tau ~ HalfNormal(1.0);
        for &(successes, trials) in tasks {
            log_odds ~ Normal(mu, tau);
            successes ~ BinomialLogit(trials, log_odds);
        }
    }
}

pub(crate) fn chances(nature: &mut Nature) -> Trial {
    let (mu, tau) = (nature.normal(0.0, 1.5), nature.half_normal(1.0));
    let log_odds = nature.list(10, |nature| nature.normal(mu, tau));
    let tasks: Vec<Successes> = log_odds
        .iter()
        .map(|&log_odds| {
            let trials = 5 + nature.up_to(25);
            (nature.binomial(trials, sigmoid(log_odds)), trials)
        })
        .collect();
    let local = log_odds.into_iter().map(|log_odds| ChancesLocal { log_odds }).collect();
    let ln_likelihood = |d: &Draw<Chances<'_>>| {
        let of = |(&(k, n), local): (&Successes, &ChancesLocal<f64>)| {
            f64::from(k) * local.log_odds - f64::from(n) * ln_1p_exp(local.log_odds)
        };
        tasks.iter().zip(&d.local).map(of).sum()
    };
    nature.trial(
        Chances::new(&tasks),
        &Draw { global: ChancesGlobal { mu, tau }, local },
        &[
            ("mu", &|d| d.global.mu),
            ("tau", &|d| d.global.tau),
            ("log odds 0", &|d| d.local[0].log_odds),
            ("log odds 9", &|d| d.local[9].log_odds),
            ("ln likelihood", &ln_likelihood),
        ],
    )
}

/// What explains a count, and the count.
pub(crate) type Counts = Vec<(f64, u32)>;

/// Counts of each task, given x and the task's latent.
fn counted(nature: &mut Nature, us: &[f64], each: usize, count: impl Fn(&mut Nature, f64, f64) -> u32) -> Vec<Counts> {
    let mut point = |u: f64| {
        let x = nature.normal(0.0, 1.0);
        (x, count(nature, u, x))
    };
    us.iter().map(|&u| (0..each).map(|_| point(u)).collect()).collect()
}

model! {
    /// Counts whose log rates differ.
    pub(crate) Rates(tasks: &[Counts]) {
        mu ~ Normal(0.0, 1.0);
        beta ~ Normal(0.0, 0.5);
        tau ~ HalfNormal(0.7);
        for task in tasks {
            u ~ Normal(mu, tau);
            for &(x, y) in task {
                y ~ PoissonLog(u + beta * x);
            }
        }
    }
}

pub(crate) fn rates(nature: &mut Nature) -> Trial {
    let (mu, beta, tau) = (nature.normal(0.0, 1.0), nature.normal(0.0, 0.5), nature.half_normal(0.7));
    let us = nature.list(10, |nature| nature.normal(mu, tau));
    let tasks = counted(nature, &us, 5, |nature, u, x| nature.poisson((u + beta * x).exp()));
    let local = us.into_iter().map(|u| RatesLocal { u }).collect();
    let ln_likelihood = |d: &Draw<Rates<'_>>| {
        let of = |(task, local): (&Counts, &RatesLocal<f64>)| -> f64 {
            let eta = |x: f64| local.u + d.global.beta * x;
            task.iter().map(|&(x, y)| f64::from(y) * eta(x) - eta(x).exp()).sum()
        };
        tasks.iter().zip(&d.local).map(of).sum()
    };
    nature.trial(
        Rates::new(&tasks),
        &Draw { global: RatesGlobal { mu, beta, tau }, local },
        &[
            ("mu", &|d| d.global.mu),
            ("beta", &|d| d.global.beta),
            ("tau", &|d| d.global.tau),
            ("u 0", &|d| d.local[0].u),
            ("u 9", &|d| d.local[9].u),
            ("ln likelihood", &ln_likelihood),
        ],
    )
}

model! {
    /// Counts that spread more than Poisson counts do.
    pub(crate) Overdispersed(tasks: &[Counts]) {
        mu ~ Normal(1.0, 1.0);
        beta ~ Normal(0.0, 0.5);
        tau ~ HalfNormal(0.7);
        dispersion ~ LogNormal(1.0, 0.7);
        for task in tasks {
            u ~ Normal(mu, tau);
            for &(x, y) in task {
                y ~ NegativeBinomial2Log(u + beta * x, dispersion);
            }
        }
    }
}

pub(crate) fn overdispersed(nature: &mut Nature) -> Trial {
    let (mu, beta) = (nature.normal(1.0, 1.0), nature.normal(0.0, 0.5));
    let (tau, dispersion) = (nature.half_normal(0.7), nature.log_normal(1.0, 0.7));
    let us = nature.list(10, |nature| nature.normal(mu, tau));
    let tasks = counted(nature, &us, 6, |nature, u, x| nature.negative_binomial((u + beta * x).exp(), dispersion));
    let local = us.into_iter().map(|u| OverdispersedLocal { u }).collect();
    nature.trial(
        Overdispersed::new(&tasks),
        &Draw { global: OverdispersedGlobal { mu, beta, tau, dispersion }, local },
        &[
            ("mu", &|d| d.global.mu),
            ("beta", &|d| d.global.beta),
            ("tau", &|d| d.global.tau),
            ("dispersion", &|d| d.global.dispersion),
            ("u 0", &|d| d.local[0].u),
            ("u 9", &|d| d.local[9].u),
        ],
    )
}

model! {
    /// Chances that differ by a beta distribution of which mean and concentration are learned.
    pub(crate) Concentrations(tasks: &[Successes]) {
        mean ~ Beta(2.0, 2.0);
        concentration ~ LogNormal(2.0, 1.0);
        for &(successes, trials) in tasks {
            chance ~ Beta(mean * concentration, (1.0 - mean) * concentration);
            successes ~ Binomial(trials, chance);
        }
    }
}

pub(crate) fn concentrations(nature: &mut Nature) -> Trial {
    let (mean, concentration) = (nature.beta(2.0, 2.0), nature.log_normal(2.0, 1.0));
    let chances = nature.list(10, |nature| nature.beta(mean * concentration, (1.0 - mean) * concentration));
    let tasks: Vec<Successes> = chances
        .iter()
        .map(|&chance| {
            let trials = 5 + nature.up_to(25);
            (nature.binomial(trials, chance), trials)
        })
        .collect();
    let local = chances.into_iter().map(|chance| ConcentrationsLocal { chance }).collect();
    nature.trial(
        Concentrations::new(&tasks),
        &Draw { global: ConcentrationsGlobal { mean, concentration }, local },
        &[
            ("mean", &|d| d.global.mean),
            ("concentration", &|d| d.global.concentration),
            ("chance 0", &|d| d.local[0].chance),
            ("chance 9", &|d| d.local[9].chance),
        ],
    )
}

model! {
    /// Counts with more zeros than Poisson counts have.
    pub(crate) Zeros(tasks: &[Vec<u32>]) {
        none ~ Beta(2.0, 4.0);
        mu ~ Normal(1.0, 1.0);
        tau ~ HalfNormal(0.7);
        for task in tasks {
            u ~ Normal(mu, tau);
            for &y in task {
                y ~ ZeroInflated(PoissonLog(u), none);
            }
        }
    }
}

pub(crate) fn zeros(nature: &mut Nature) -> Trial {
    let (none, mu, tau) = (nature.beta(2.0, 4.0), nature.normal(1.0, 1.0), nature.half_normal(0.7));
    let us = nature.list(8, |nature| nature.normal(mu, tau));
    let mut count = |u: f64| if nature.yes(none) { 0 } else { nature.poisson(u.exp()) };
    let tasks: Vec<Vec<u32>> = us.iter().map(|&u| (0..6).map(|_| count(u)).collect()).collect();
    let local = us.into_iter().map(|u| ZerosLocal { u }).collect();
    nature.trial(
        Zeros::new(&tasks),
        &Draw { global: ZerosGlobal { none, mu, tau }, local },
        &[
            ("none", &|d| d.global.none),
            ("mu", &|d| d.global.mu),
            ("tau", &|d| d.global.tau),
            ("u 0", &|d| d.local[0].u),
            ("u 7", &|d| d.local[7].u),
        ],
    )
}
