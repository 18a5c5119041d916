//! Models of what is measured on a line.

use crate::nature::Nature;
use crate::trial::Trial;
use hierarch::Draw;
use hierarch::prelude::*;

/// ln of a normal density, up to a constant.
fn ln_normal(x: f64, loc: f64, scale: f64) -> f64 {
    -0.5 * ((x - loc) / scale).powi(2) - scale.ln()
}

model! {
    /// Groups of measurements.
    pub(crate) Normals(groups: &[Vec<f64>]) {
        mu ~ Normal(0.0, 5.0);
        tau ~ HalfNormal(2.0);
        sigma ~ HalfNormal(2.0);
        for group in groups {
            theta ~ Normal(mu, tau);
            for &y in group {
                y ~ Normal(theta, sigma);
            }
        }
    }
}

pub(crate) fn normals(nature: &mut Nature) -> Trial {
    let (mu, tau, sigma) = (nature.normal(0.0, 5.0), nature.half_normal(2.0), nature.half_normal(2.0));
    let thetas = nature.list(10, |nature| nature.normal(mu, tau));
    let groups: Vec<Vec<f64>> = thetas.iter().map(|&t| nature.list(5, |nature| nature.normal(t, sigma))).collect();
    let local = thetas.into_iter().map(|theta| NormalsLocal { theta }).collect();
    let ln_likelihood = |d: &Draw<Normals<'_>>| {
        let of = |(y, local): (&Vec<f64>, &NormalsLocal<f64>)| -> f64 {
            y.iter().map(|&y| ln_normal(y, local.theta, d.global.sigma)).sum()
        };
        groups.iter().zip(&d.local).map(of).sum()
    };
    nature.trial(
        Normals::new(&groups),
        &Draw { global: NormalsGlobal { mu, tau, sigma }, local },
        &[
            ("mu", &|d| d.global.mu),
            ("tau", &|d| d.global.tau),
            ("sigma", &|d| d.global.sigma),
            ("theta 0", &|d| d.local[0].theta),
            ("theta 9", &|d| d.local[9].theta),
            ("ln likelihood", &ln_likelihood),
        ],
    )
}

model! {
    /// Three groups, and a scale of heavy tails.
    pub(crate) FewGroups(groups: &[Vec<f64>]) {
        mu ~ Normal(0.0, 5.0);
        tau ~ HalfCauchy(2.0);
        sigma ~ HalfNormal(2.0);
        for group in groups {
            theta ~ Normal(mu, tau);
            for &y in group {
                y ~ Normal(theta, sigma);
            }
        }
    }
}

pub(crate) fn few_groups(nature: &mut Nature) -> Trial {
    let (mu, tau, sigma) = (nature.normal(0.0, 5.0), nature.half_cauchy(2.0), nature.half_normal(2.0));
    let thetas = nature.list(3, |nature| nature.normal(mu, tau));
    let groups: Vec<Vec<f64>> = thetas.iter().map(|&t| nature.list(6, |nature| nature.normal(t, sigma))).collect();
    let local = thetas.into_iter().map(|theta| FewGroupsLocal { theta }).collect();
    nature.trial(
        FewGroups::new(&groups),
        &Draw { global: FewGroupsGlobal { mu, tau, sigma }, local },
        &[
            ("mu", &|d| d.global.mu),
            ("tau", &|d| d.global.tau),
            ("sigma", &|d| d.global.sigma),
            ("theta 0", &|d| d.local[0].theta),
            ("theta 2", &|d| d.local[2].theta),
        ],
    )
}

/// An estimate and its standard error.
pub(crate) type Estimate = (f64, f64);

model! {
    /// One observation a task, as in eight schools.
    pub(crate) OneEach(estimates: &[Estimate]) {
        mu ~ Normal(0.0, 5.0);
        tau ~ HalfCauchy(5.0);
        for &(y, error) in estimates {
            theta ~ Normal(mu, tau);
            y ~ Normal(theta, error);
        }
    }
}

pub(crate) fn one_each(nature: &mut Nature) -> Trial {
    let (mu, tau) = (nature.normal(0.0, 5.0), nature.half_cauchy(5.0));
    let thetas = nature.list(8, |nature| nature.normal(mu, tau));
    let errors = [15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0];
    let estimates: Vec<Estimate> =
        thetas.iter().zip(errors).map(|(&theta, error)| (nature.normal(theta, error), error)).collect();
    let local = thetas.into_iter().map(|theta| OneEachLocal { theta }).collect();
    let ln_likelihood = |d: &Draw<OneEach<'_>>| {
        let of = |(&(y, error), local): (&Estimate, &OneEachLocal<f64>)| ln_normal(y, local.theta, error);
        estimates.iter().zip(&d.local).map(of).sum()
    };
    nature.trial(
        OneEach::new(&estimates),
        &Draw { global: OneEachGlobal { mu, tau }, local },
        &[
            ("mu", &|d| d.global.mu),
            ("tau", &|d| d.global.tau),
            ("theta 0", &|d| d.local[0].theta),
            ("theta 7", &|d| d.local[7].theta),
            ("ln likelihood", &ln_likelihood),
        ],
    )
}

model! {
    /// Locals of heavy tails.
    pub(crate) HeavyLocals(groups: &[Vec<f64>]) {
        mu ~ Normal(0.0, 3.0);
        tau ~ HalfNormal(1.0);
        sigma ~ HalfNormal(1.0);
        for group in groups {
            theta ~ StudentT(4.0, mu, tau);
            for &y in group {
                y ~ Normal(theta, sigma);
            }
        }
    }
}

pub(crate) fn heavy_locals(nature: &mut Nature) -> Trial {
    let (mu, tau, sigma) = (nature.normal(0.0, 3.0), nature.half_normal(1.0), nature.half_normal(1.0));
    let thetas = nature.list(8, |nature| nature.student_t(4.0, mu, tau));
    let groups: Vec<Vec<f64>> = thetas.iter().map(|&t| nature.list(4, |nature| nature.normal(t, sigma))).collect();
    let local = thetas.into_iter().map(|theta| HeavyLocalsLocal { theta }).collect();
    nature.trial(
        HeavyLocals::new(&groups),
        &Draw { global: HeavyLocalsGlobal { mu, tau, sigma }, local },
        &[
            ("mu", &|d| d.global.mu),
            ("tau", &|d| d.global.tau),
            ("sigma", &|d| d.global.sigma),
            ("theta 0", &|d| d.local[0].theta),
            ("theta 7", &|d| d.local[7].theta),
        ],
    )
}

model! {
    /// Tasks of two kinds.
    pub(crate) TwoKinds(groups: &[Vec<f64>]) {
        low ~ Normal(0.0, 2.0);
        gap ~ LogNormal(1.0, 0.5);
        share ~ Beta(3.0, 3.0);
        sigma ~ HalfNormal(1.0);
        for group in groups {
            theta ~ Mixture([share, 1.0 - share], [Normal(low, 0.5), Normal(low + gap, 0.5)]);
            for &y in group {
                y ~ Normal(theta, sigma);
            }
        }
    }
}

pub(crate) fn two_kinds(nature: &mut Nature) -> Trial {
    let (low, gap) = (nature.normal(0.0, 2.0), nature.log_normal(1.0, 0.5));
    let (share, sigma) = (nature.beta(3.0, 3.0), nature.half_normal(1.0));
    let thetas = nature.list(12, |nature| {
        let centre = if nature.yes(share) { low } else { low + gap };
        nature.normal(centre, 0.5)
    });
    let groups: Vec<Vec<f64>> = thetas.iter().map(|&t| nature.list(3, |nature| nature.normal(t, sigma))).collect();
    let local = thetas.into_iter().map(|theta| TwoKindsLocal { theta }).collect();
    nature.trial(
        TwoKinds::new(&groups),
        &Draw { global: TwoKindsGlobal { low, gap, share, sigma }, local },
        &[
            ("low", &|d| d.global.low),
            ("gap", &|d| d.global.gap),
            ("share", &|d| d.global.share),
            ("sigma", &|d| d.global.sigma),
            ("theta 0", &|d| d.local[0].theta),
            ("theta 11", &|d| d.local[11].theta),
        ],
    )
}

/// Points (x, y) of a task.
pub(crate) type Line = Vec<(f64, f64)>;

model! {
    /// Intercepts and slopes that go together.
    pub(crate) Slopes(lines: &[Line]) {
        mean[_ in 0..2] ~ Normal(0.0, 2.0);
        scale[_ in 0..2] ~ HalfNormal(1.0);
        corr ~ LkjCholesky(2, 2.0);
        sigma ~ HalfNormal(1.0);
        for line in lines {
            w ~ MultivariateNormal(&mean, diag_pre_multiply(&scale, &corr));
            for &(x, y) in line {
                y ~ Normal(w[0] + w[1] * x, sigma);
            }
        }
    }
}

pub(crate) fn slopes(nature: &mut Nature) -> Trial {
    let mean = nature.list(2, |nature| nature.normal(0.0, 2.0));
    let scale = nature.list(2, |nature| nature.half_normal(1.0));
    // the density of a correlation r is proportional to (1 - r^2)^(eta - 1)
    let r = 2.0 * nature.beta(2.0, 2.0) - 1.0;
    let corr = vec![1.0, r, (1.0 - r * r).sqrt()];
    let sigma = nature.half_normal(1.0);
    let weights = nature.list(12, |nature| {
        let noise = [nature.normal(0.0, 1.0), nature.normal(0.0, 1.0)];
        vec![mean[0] + scale[0] * noise[0], mean[1] + scale[1] * (r * noise[0] + corr[2] * noise[1])]
    });
    let mut point = |w: &[f64]| {
        let x = nature.normal(0.0, 1.0);
        (x, nature.normal(w[0] + w[1] * x, sigma))
    };
    let lines: Vec<Line> = weights.iter().map(|w| (0..6).map(|_| point(w)).collect()).collect();
    let local = weights.into_iter().map(|w| SlopesLocal { w }).collect();
    let ln_likelihood = |d: &Draw<Slopes<'_>>| {
        let of = |(line, local): (&Line, &SlopesLocal<f64>)| -> f64 {
            line.iter().map(|(x, y)| ln_normal(*y, local.w[0] + local.w[1] * x, d.global.sigma)).sum()
        };
        lines.iter().zip(&d.local).map(of).sum()
    };
    nature.trial(
        Slopes::new(&lines),
        &Draw { global: SlopesGlobal { mean, scale, corr, sigma }, local },
        &[
            ("mean 0", &|d| d.global.mean[0]),
            ("mean 1", &|d| d.global.mean[1]),
            ("scale 0", &|d| d.global.scale[0]),
            ("scale 1", &|d| d.global.scale[1]),
            ("correlation", &|d| d.global.corr[1]),
            ("sigma", &|d| d.global.sigma),
            ("w 0, 0", &|d| d.local[0].w[0]),
            ("w 11, 1", &|d| d.local[11].w[1]),
            ("ln likelihood", &ln_likelihood),
        ],
    )
}

model! {
    /// No plate.
    pub(crate) Regression(points: &[(f64, f64)]) {
        a ~ Normal(0.0, 2.0);
        b ~ Normal(0.0, 2.0);
        sigma ~ HalfNormal(2.0);
        nu ~ Gamma(2.0, 0.1);
        for &(x, y) in points {
            y ~ StudentT(nu, a + b * x, sigma);
        }
    }
}

pub(crate) fn regression(nature: &mut Nature) -> Trial {
    let (a, b) = (nature.normal(0.0, 2.0), nature.normal(0.0, 2.0));
    let (sigma, nu) = (nature.half_normal(2.0), nature.gamma(2.0, 0.1));
    let points = nature.list(20, |nature| {
        let x = nature.normal(0.0, 1.0);
        (x, nature.student_t(nu, a + b * x, sigma))
    });
    nature.trial(
        Regression::new(&points),
        &Draw { global: RegressionGlobal { a, b, sigma, nu }, local: Vec::new() },
        &[("a", &|d| d.global.a), ("b", &|d| d.global.b), ("sigma", &|d| d.global.sigma), ("nu", &|d| d.global.nu)],
    )
}
