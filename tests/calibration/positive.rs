//! Models whose data or locals are positive.

use crate::nature::Nature;
use crate::trial::Trial;
use hierarch::Draw;
use hierarch::prelude::*;

model! {
    /// Positive measurements around positive levels.
    pub(crate) Levels(groups: &[Vec<f64>]) {
        mu ~ Normal(0.0, 1.0);
        tau ~ HalfNormal(0.7);
        shape ~ LogNormal(1.0, 0.5);
        for group in groups {
            level ~ LogNormal(mu, tau);
            for &y in group {
                y ~ Gamma(shape, shape / level);
            }
        }
    }
}

pub(crate) fn levels(nature: &mut Nature) -> Trial {
    let (mu, tau, shape) = (nature.normal(0.0, 1.0), nature.half_normal(0.7), nature.log_normal(1.0, 0.5));
    let levels = nature.list(8, |nature| nature.log_normal(mu, tau));
    let groups: Vec<Vec<f64>> =
        levels.iter().map(|level| nature.list(4, |nature| nature.gamma(shape, shape / level))).collect();
    let local = levels.into_iter().map(|level| LevelsLocal { level }).collect();
    nature.trial(
        Levels::new(&groups),
        &Draw { global: LevelsGlobal { mu, tau, shape }, local },
        &[
            ("mu", &|d| d.global.mu),
            ("tau", &|d| d.global.tau),
            ("shape", &|d| d.global.shape),
            ("level 0", &|d| d.local[0].level),
            ("level 7", &|d| d.local[7].level),
        ],
    )
}

/// A covariate, how long somebody watched, and the time until it happened or until nobody watched any more.
#[derive(Clone, Copy)]
pub(crate) struct Lifetime {
    x: f64,
    watched: f64,
    time: f64,
}

model! {
    /// Lifetimes of which some are only known to be longer.
    pub(crate) Survival(groups: &[Vec<Lifetime>]) {
        shape ~ LogNormal(0.0, 0.5);
        mu ~ Normal(0.0, 1.0);
        beta ~ Normal(0.0, 0.5);
        tau ~ HalfNormal(0.7);
        for group in groups {
            u ~ Normal(mu, tau);
            for life in group {
                life.time ~ Censored(Weibull(shape, (u + beta * life.x).exp()), Lower(life.watched));
            }
        }
    }
}

pub(crate) fn survival(nature: &mut Nature) -> Trial {
    let (shape, mu) = (nature.log_normal(0.0, 0.5), nature.normal(0.0, 1.0));
    let (beta, tau) = (nature.normal(0.0, 0.5), nature.half_normal(0.7));
    let us = nature.list(10, |nature| nature.normal(mu, tau));
    let mut life = |u: f64| {
        let (x, watched) = (nature.normal(0.0, 1.0), nature.uniform(0.5, 6.0));
        Lifetime { x, watched, time: nature.weibull(shape, (u + beta * x).exp()).min(watched) }
    };
    let groups: Vec<Vec<Lifetime>> = us.iter().map(|&u| (0..8).map(|_| life(u)).collect()).collect();
    let local = us.into_iter().map(|u| SurvivalLocal { u }).collect();
    let ln_likelihood = |d: &Draw<Survival<'_>>| {
        let of = |life: &Lifetime, u: f64| {
            let ln_relative = life.time.ln() - (u + d.global.beta * life.x);
            let k = d.global.shape;
            let ln_hazard = k.ln() + (k - 1.0) * ln_relative - (u + d.global.beta * life.x);
            let is_seen = life.time < life.watched;
            (if is_seen { ln_hazard } else { 0.0 }) - (k * ln_relative).exp()
        };
        groups.iter().zip(&d.local).map(|(group, local)| group.iter().map(|life| of(life, local.u)).sum::<f64>()).sum()
    };
    nature.trial(
        Survival::new(&groups),
        &Draw { global: SurvivalGlobal { shape, mu, beta, tau }, local },
        &[
            ("shape", &|d| d.global.shape),
            ("mu", &|d| d.global.mu),
            ("beta", &|d| d.global.beta),
            ("tau", &|d| d.global.tau),
            ("u 0", &|d| d.local[0].u),
            ("u 9", &|d| d.local[9].u),
            ("ln likelihood", &ln_likelihood),
        ],
    )
}

/// Failures, and the time in which they were counted.
pub(crate) type Failures = (u32, f64);

model! {
    /// Rates that differ by a gamma distribution.
    pub(crate) Pumps(pumps: &[Failures]) {
        alpha ~ LogNormal(0.0, 0.7);
        beta ~ Gamma(2.0, 1.0);
        for &(count, exposure) in pumps {
            rate ~ Gamma(alpha, beta);
            count ~ Poisson(rate * exposure);
        }
    }
}

pub(crate) fn pumps(nature: &mut Nature) -> Trial {
    let (alpha, beta) = (nature.log_normal(0.0, 0.7), nature.gamma(2.0, 1.0));
    let rates = nature.list(10, |nature| nature.gamma(alpha, beta));
    let pumps: Vec<Failures> = rates
        .iter()
        .map(|rate| {
            let exposure = nature.uniform(1.0, 20.0);
            (nature.poisson(rate * exposure), exposure)
        })
        .collect();
    let local = rates.into_iter().map(|rate| PumpsLocal { rate }).collect();
    nature.trial(
        Pumps::new(&pumps),
        &Draw { global: PumpsGlobal { alpha, beta }, local },
        &[
            ("alpha", &|d| d.global.alpha),
            ("beta", &|d| d.global.beta),
            ("rate 0", &|d| d.local[0].rate),
            ("rate 9", &|d| d.local[9].rate),
        ],
    )
}
