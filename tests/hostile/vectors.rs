//! Models with vectors of latents.

use crate::data::Group;
use hierarch::prelude::*;

model! {
    /// Intercepts and slopes that go together.
    pub(crate) Slopes(groups: &[Group], wide: f64) {
        mean[_ in 0..2] ~ Normal(0.0, wide);
        scale[_ in 0..2] ~ HalfNormal(2.0);
        corr ~ LkjCholesky(2, 2.0);
        s ~ HalfNormal(2.0);
        for group in groups {
            w ~ MultivariateNormal(&mean, diag_pre_multiply(&scale, &corr));
            for p in &group.points {
                p.y ~ Normal(w[0] + w[1] * p.x, s);
            }
        }
    }
}

model! {
    /// Vectors are observed.
    pub(crate) Pairs(groups: &[Group], wide: f64) {
        b ~ Normal(0.0, wide);
        s ~ HalfNormal(1.0);
        for group in groups {
            u ~ Normal(0.0, 1.0);
            for p in &group.points {
                p.pair ~ MultivariateNormal([u, b * p.x], Diagonal([s, s * p.exposure]));
            }
        }
    }
}

model! {
    /// More locals than derivatives have lanes for, and than grids have dimensions.
    pub(crate) WideLocals(groups: &[Group], wide: f64) {
        tau ~ HalfNormal(wide);
        for group in groups {
            w[_ in 0..12] ~ Normal(0.0, tau);
            for (k, p) in group.points.iter().enumerate() {
                p.y ~ StudentT(4.0, w[k] + w[k + 6] * p.x, 1.0);
            }
        }
    }
}

model! {
    pub(crate) WideGlobals(groups: &[Group], wide: f64) {
        b[_ in 0..12] ~ Normal(0.0, wide);
        for group in groups {
            u ~ Normal(b[0], 1.0);
            for (k, p) in group.points.iter().enumerate() {
                p.is ~ BernoulliLogit(u + b[k + 1] + b[k + 6] * p.x);
            }
        }
    }
}

model! {
    /// As many latents as a task has observations, each about the one before.
    pub(crate) Chains(groups: &[Group], wide: f64) {
        step ~ HalfNormal(wide);
        for group in groups {
            walk[k in 0..group.points.len()] ~ Normal(if k == 0 { Real::constant(0.0) } else { walk[k - 1] }, step);
            for (k, p) in group.points.iter().enumerate() {
                p.y ~ Normal(walk[k], 0.5);
            }
        }
    }
}
