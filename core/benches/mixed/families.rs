//! The three models, as somebody would write them who has read the page for users of lme4, and their data sets.

use crate::simulated::{Numbers, Prior, Row, Set, Size, Which, correlations};
use crate::trial::{Trial, trial};
use hierarch::Options;
use hierarch::prelude::*;

/// Rows of each group.
type Groups<Y> = [Vec<Row<Y>>];

model! {
    /// y ~ x1 + ... + xp + (x1 + ... + xq | group)
    pub(crate) Measurements(groups: &Groups<f64>, fixed: usize, random: usize, prior: Prior, noise_scale: f64) {
        beta[_ in 0..fixed] ~ Normal(0.0, prior.fixed);
        sd[_ in 0..random] ~ HalfNormal(prior.random);
        corr ~ LkjCholesky(random, prior.concentration);
        noise ~ HalfNormal(noise_scale);
        for group in groups {
            b ~ MultivariateNormal(Repeat(0.0, random), diag_pre_multiply(&sd, &corr));
            for row in group {
                row.y ~ Normal(dot(&beta, &row.x) + dot(&b, &row.z), noise);
            }
        }
    }
}

model! {
    /// The same of what is true or not.
    pub(crate) Answers(groups: &Groups<bool>, fixed: usize, random: usize, prior: Prior) {
        beta[_ in 0..fixed] ~ Normal(0.0, prior.fixed);
        sd[_ in 0..random] ~ HalfNormal(prior.random);
        corr ~ LkjCholesky(random, prior.concentration);
        for group in groups {
            b ~ MultivariateNormal(Repeat(0.0, random), diag_pre_multiply(&sd, &corr));
            for row in group {
                row.y ~ BernoulliLogit(dot(&beta, &row.x) + dot(&b, &row.z));
            }
        }
    }
}

model! {
    /// The same of counts.
    pub(crate) Counts(groups: &Groups<u32>, fixed: usize, random: usize, prior: Prior) {
        beta[_ in 0..fixed] ~ Normal(0.0, prior.fixed);
        sd[_ in 0..random] ~ HalfNormal(prior.random);
        corr ~ LkjCholesky(random, prior.concentration);
        for group in groups {
            b ~ MultivariateNormal(Repeat(0.0, random), diag_pre_multiply(&sd, &corr));
            for row in group {
                row.y ~ PoissonLog(dot(&beta, &row.x) + dot(&b, &row.z));
            }
        }
    }
}

/// A family of observations.
pub(crate) struct Family {
    pub(crate) name: &'static str,
    /// The trial of a data set of that stream and number.
    pub(crate) run: fn(Which, &Size, &Options) -> Trial,
}

pub(crate) const FAMILIES: [Family; 3] = [
    Family { name: "normal", run: measurements },
    Family { name: "Bernoulli", run: answers },
    Family { name: "Poisson", run: counts },
];

/// The latents of a draw; `$noise` is that of its globals, where there is one.
macro_rules! numbers {
    ($draw:ident, $($noise:expr)?) => {
        Numbers {
            fixed: $draw.global.beta.clone(),
            scales: $draw.global.sd.iter().copied()$(.chain([$noise]))?.collect(),
            correlations: correlations(&rows_of(&$draw.global.corr)),
            effects: $draw.local.iter().flat_map(|local| local.b.iter().copied()).collect(),
        }
    };
}

/// The rows of a packed lower triangle.
fn rows_of(mut packed: &[f64]) -> Vec<Vec<f64>> {
    let mut rows = Vec::new();
    while let Some((row, rest)) = packed.split_at_checked(rows.len() + 1) {
        rows.push(row.to_vec());
        packed = rest;
    }
    rows
}

fn measurements(which: Which, size: &Size, options: &Options) -> Trial {
    let noise_scale = 1.0;
    let prior = Prior { fixed: 1.0, random: 1.0, concentration: 2.0, noise: Some(noise_scale) };
    let noise_of = |numbers: &Numbers| *numbers.scales.last().expect("the noise");
    let set = Set::new(which, size, prior, |nature, eta, truth| eta + nature.normal(noise_of(truth)));
    let model = Measurements::new(&set.groups, set.truth.fixed.len(), set.num_random(), prior, noise_scale);
    let ln_density = |y: &f64, eta: f64, numbers: &Numbers| {
        let ln_p: Real<f64> = Normal(eta, noise_of(numbers)).ln_density(*y);
        ln_p.value()
    };
    trial(&set, (model, options), |draw| numbers!(draw, draw.global.noise), ln_density)
}

fn answers(which: Which, size: &Size, options: &Options) -> Trial {
    let prior = Prior { fixed: 1.0, random: 1.0, concentration: 2.0, noise: None };
    let set = Set::new(which, size, prior, |nature, eta, _| nature.yes((1.0 + (-eta).exp()).recip()));
    let model = Answers::new(&set.groups, set.truth.fixed.len(), set.num_random(), prior);
    let ln_density = |y: &bool, eta: f64, _: &Numbers| -(if *y { -eta } else { eta }).exp().ln_1p();
    trial(&set, (model, options), |draw| numbers!(draw,), ln_density)
}

fn counts(which: Which, size: &Size, options: &Options) -> Trial {
    let prior = Prior { fixed: 0.5, random: 0.5, concentration: 2.0, noise: None };
    let set = Set::new(which, size, prior, |nature, eta, _| nature.count(eta.exp()));
    let model = Counts::new(&set.groups, set.truth.fixed.len(), set.num_random(), prior);
    let ln_density = |y: &u32, eta: f64, _: &Numbers| {
        f64::from(*y) * eta - eta.exp() - statrs::function::gamma::ln_gamma(f64::from(*y) + 1.0)
    };
    trial(&set, (model, options), |draw| numbers!(draw,), ln_density)
}
