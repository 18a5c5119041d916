//! Models of several latents a task, of many globals, and of data that say little of heavy tails.

use crate::nature::Nature;
use crate::trial::Trial;
use hierarch::Draw;
use hierarch::prelude::*;
use hierarch::special::sigmoid;

model! {
    /// Groups each of which has a noise of its own.
    pub(crate) OwnScales(groups: &[Vec<f64>]) {
        mu ~ Normal(0.0, 3.0);
        tau ~ HalfNormal(1.0);
        centre ~ Normal(0.0, 1.0);
        spread ~ HalfNormal(0.7);
        for group in groups {
            u ~ Normal(mu, tau);
            sigma ~ LogNormal(centre, spread);
            for &y in group {
                y ~ Normal(u, sigma);
            }
        }
    }
}

pub(crate) fn own_scales(nature: &mut Nature) -> Trial {
    let (mu, tau) = (nature.normal(0.0, 3.0), nature.half_normal(1.0));
    let (centre, spread) = (nature.normal(0.0, 1.0), nature.half_normal(0.7));
    let local: Vec<OwnScalesLocal<f64>> = nature
        .list(10, |nature| OwnScalesLocal { u: nature.normal(mu, tau), sigma: nature.log_normal(centre, spread) });
    let groups: Vec<Vec<f64>> =
        local.iter().map(|local| nature.list(5, |nature| nature.normal(local.u, local.sigma))).collect();
    nature.trial(
        OwnScales::new(&groups),
        &Draw { global: OwnScalesGlobal { mu, tau, centre, spread }, local },
        &[
            ("mu", &|d| d.global.mu),
            ("tau", &|d| d.global.tau),
            ("centre", &|d| d.global.centre),
            ("spread", &|d| d.global.spread),
            ("u 0", &|d| d.local[0].u),
            ("sigma 0", &|d| d.local[0].sigma),
            ("sigma 9", &|d| d.local[9].sigma),
        ],
    )
}

/// What explains an answer, and the answer.
pub(crate) type Answers = Vec<([f64; 2], bool)>;

model! {
    /// Three weights a task, and yes or no.
    pub(crate) LogitSlopes(tasks: &[Answers]) {
        mean[_ in 0..3] ~ Normal(0.0, 1.0);
        scale[_ in 0..3] ~ HalfNormal(1.0);
        for task in tasks {
            w[k in 0..3] ~ Normal(mean[k], scale[k]);
            for &([a, b], y) in task {
                y ~ BernoulliLogit(w[0] + w[1] * a + w[2] * b);
            }
        }
    }
}

pub(crate) fn logit_slopes(nature: &mut Nature) -> Trial {
    let mean = nature.list(3, |nature| nature.normal(0.0, 1.0));
    let scale = nature.list(3, |nature| nature.half_normal(1.0));
    let weights: Vec<Vec<f64>> = nature.list(10, |nature| (0..3).map(|k| nature.normal(mean[k], scale[k])).collect());
    let mut answer = |w: &[f64]| {
        let x = [nature.normal(0.0, 1.0), nature.normal(0.0, 1.0)];
        (x, nature.yes(sigmoid(w[0] + w[1] * x[0] + w[2] * x[1])))
    };
    let tasks: Vec<Answers> = weights.iter().map(|w| (0..12).map(|_| answer(w)).collect()).collect();
    let local = weights.into_iter().map(|w| LogitSlopesLocal { w }).collect();
    nature.trial(
        LogitSlopes::new(&tasks),
        &Draw { global: LogitSlopesGlobal { mean, scale }, local },
        &[
            ("mean 0", &|d| d.global.mean[0]),
            ("mean 2", &|d| d.global.mean[2]),
            ("scale 0", &|d| d.global.scale[0]),
            ("scale 2", &|d| d.global.scale[2]),
            ("w 0, 0", &|d| d.local[0].w[0]),
            ("w 9, 2", &|d| d.local[9].w[2]),
        ],
    )
}

/// Which item, and the answer.
pub(crate) type Rows = Vec<(usize, bool)>;

model! {
    /// Persons and items, each of which is somewhere on one line.
    pub(crate) Items(persons: &[Rows]) {
        difficulty[_ in 0..6] ~ Normal(0.0, 1.5);
        tau ~ HalfNormal(1.0);
        for person in persons {
            u ~ Normal(0.0, tau);
            for &(item, y) in person {
                y ~ BernoulliLogit(u - difficulty[item]);
            }
        }
    }
}

pub(crate) fn items(nature: &mut Nature) -> Trial {
    let difficulty = nature.list(6, |nature| nature.normal(0.0, 1.5));
    let tau = nature.half_normal(1.0);
    let us = nature.list(25, |nature| nature.normal(0.0, tau));
    let persons: Vec<Rows> =
        us.iter().map(|u| (0..6).map(|item| (item, nature.yes(sigmoid(u - difficulty[item])))).collect()).collect();
    let local = us.into_iter().map(|u| ItemsLocal { u }).collect();
    nature.trial(
        Items::new(&persons),
        &Draw { global: ItemsGlobal { difficulty, tau }, local },
        &[
            ("difficulty 0", &|d| d.global.difficulty[0]),
            ("difficulty 5", &|d| d.global.difficulty[5]),
            ("tau", &|d| d.global.tau),
            ("u 0", &|d| d.local[0].u),
            ("u 24", &|d| d.local[24].u),
        ],
    )
}

model! {
    /// Two groups of two, and two scales of heavy tails.
    pub(crate) TwoGroups(groups: &[Vec<f64>]) {
        mu ~ Normal(0.0, 5.0);
        tau ~ HalfCauchy(1.0);
        sigma ~ HalfCauchy(1.0);
        for group in groups {
            theta ~ Normal(mu, tau);
            for &y in group {
                y ~ Normal(theta, sigma);
            }
        }
    }
}

pub(crate) fn two_groups(nature: &mut Nature) -> Trial {
    let (mu, tau, sigma) = (nature.normal(0.0, 5.0), nature.half_cauchy(1.0), nature.half_cauchy(1.0));
    let thetas = nature.list(2, |nature| nature.normal(mu, tau));
    let groups: Vec<Vec<f64>> = thetas.iter().map(|&t| nature.list(2, |nature| nature.normal(t, sigma))).collect();
    let local = thetas.into_iter().map(|theta| TwoGroupsLocal { theta }).collect();
    nature.trial(
        TwoGroups::new(&groups),
        &Draw { global: TwoGroupsGlobal { mu, tau, sigma }, local },
        &[
            ("mu", &|d| d.global.mu),
            ("tau", &|d| d.global.tau),
            ("sigma", &|d| d.global.sigma),
            ("theta 0", &|d| d.local[0].theta),
            ("theta 1", &|d| d.local[1].theta),
        ],
    )
}

model! {
    /// Pairs of answers, and a scale of heavy tails that they say little of.
    pub(crate) Pairs(tasks: &[[bool; 2]]) {
        mu ~ Normal(0.0, 1.5);
        tau ~ HalfCauchy(1.0);
        for pair in tasks {
            u ~ Normal(mu, tau);
            for &y in pair {
                y ~ BernoulliLogit(u);
            }
        }
    }
}

pub(crate) fn pairs(nature: &mut Nature) -> Trial {
    let (mu, tau) = (nature.normal(0.0, 1.5), nature.half_cauchy(1.0));
    let us = nature.list(8, |nature| nature.normal(mu, tau));
    let tasks: Vec<[bool; 2]> = us.iter().map(|&u| [0, 1].map(|_| nature.yes(sigmoid(u)))).collect();
    let local = us.into_iter().map(|u| PairsLocal { u }).collect();
    nature.trial(
        Pairs::new(&tasks),
        &Draw { global: PairsGlobal { mu, tau }, local },
        &[("mu", &|d| d.global.mu), ("tau", &|d| d.global.tau), ("u 0", &|d| d.local[0].u), ("u 7", &|d| d.local[7].u)],
    )
}

model! {
    /// Locals and noise of very heavy tails.
    pub(crate) Outliers(groups: &[Vec<f64>]) {
        mu ~ Cauchy(0.0, 1.0);
        tau ~ HalfNormal(1.0);
        sigma ~ HalfNormal(1.0);
        for group in groups {
            theta ~ Cauchy(mu, tau);
            for &y in group {
                y ~ StudentT(3.0, theta, sigma);
            }
        }
    }
}

pub(crate) fn outliers(nature: &mut Nature) -> Trial {
    let (mu, tau, sigma) = (nature.student_t(1.0, 0.0, 1.0), nature.half_normal(1.0), nature.half_normal(1.0));
    let thetas = nature.list(8, |nature| nature.student_t(1.0, mu, tau));
    let groups: Vec<Vec<f64>> =
        thetas.iter().map(|&t| nature.list(3, |nature| nature.student_t(3.0, t, sigma))).collect();
    let local = thetas.into_iter().map(|theta| OutliersLocal { theta }).collect();
    nature.trial(
        Outliers::new(&groups),
        &Draw { global: OutliersGlobal { mu, tau, sigma }, local },
        &[
            ("mu", &|d| d.global.mu),
            ("tau", &|d| d.global.tau),
            ("sigma", &|d| d.global.sigma),
            ("theta 0", &|d| d.local[0].theta),
            ("theta 7", &|d| d.local[7].theta),
        ],
    )
}
