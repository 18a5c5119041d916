//! Models of kinds and grades.

use crate::data::{Group, KINDS};
use hierarch::prelude::*;

model! {
    pub(crate) Ordinals(groups: &[Group], wide: f64) {
        cuts ~ Flat(Ordered(KINDS - 1));
        factor(cuts.iter().map(|cut| -0.5 * (*cut / wide).square()).sum());
        beta ~ Normal(0.0, 2.0);
        tau ~ HalfNormal(2.0);
        for group in groups {
            u ~ Normal(0.0, tau);
            for p in &group.points {
                p.kind ~ OrderedLogistic(u + beta * p.x, cuts);
            }
        }
    }
}

model! {
    pub(crate) Simplexes(groups: &[Group], wide: f64) {
        shares ~ Dirichlet([wide, 1.0, 3.0]);
        precision ~ Gamma(2.0, 0.1);
        for group in groups {
            own ~ Dirichlet([precision * shares[0], precision * shares[1], precision * shares[2]]);
            for p in &group.points {
                p.kind ~ Categorical(own);
                p.count ~ Categorical(shares);
            }
        }
    }
}

model! {
    pub(crate) Choices(groups: &[Group], wide: f64) {
        b[_ in 0..2] ~ Normal(0.0, wide);
        for group in groups {
            u ~ Normal(0.0, 1.0);
            for p in &group.points {
                p.kind ~ CategoricalLogit([u + b[0] * p.x, b[1] * p.y, Real::constant(0.0)]);
            }
        }
    }
}

model! {
    pub(crate) Indexed(groups: &[Group], wide: f64) {
        mean[_ in 0..KINDS] ~ Normal(0.0, wide);
        scale[_ in 0..KINDS] ~ HalfNormal(1.0);
        for group in groups {
            u ~ Normal(0.0, 1.0);
            for p in &group.points {
                p.y ~ Normal(mean[p.kind] + u, scale[p.kind]);
            }
        }
    }
}

model! {
    pub(crate) CrossedOdds(groups: &[Group], wide: f64) {
        item_scale ~ HalfNormal(wide);
        item[_ in 0..KINDS] ~ Normal(0.0, item_scale);
        tau ~ HalfNormal(1.0);
        for group in groups {
            u ~ Normal(0.0, tau);
            for p in &group.points {
                p.is ~ BernoulliLogit(u + item[p.kind]);
            }
        }
    }
}

model! {
    pub(crate) CrossedMeans(groups: &[Group], wide: f64) {
        mu ~ Normal(0.0, wide);
        item_scale ~ HalfNormal(1.0);
        item[_ in 0..KINDS] ~ Normal(0.0, item_scale);
        tau ~ HalfNormal(1.0);
        s ~ HalfNormal(1.0);
        for group in groups {
            u ~ Normal(mu, tau);
            for p in &group.points {
                p.seen ~ Normal(u + item[p.kind], s);
            }
        }
    }
}
