//! Models of what is measured on a line.

use crate::data::Group;
use hierarch::prelude::*;

model! {
    /// Without a plate.
    pub(crate) Pooled(groups: &[Group], wide: f64) {
        mu ~ Normal(0.0, wide);
        b[_ in 0..2] ~ Normal(0.0, 1.0);
        s ~ HalfNormal(1.0);
        for group in groups {
            for p in &group.points {
                p.y ~ Normal(mu + b[0] * p.x + b[1] * group.z, s);
            }
        }
    }
}

model! {
    pub(crate) Normals(groups: &[Group], wide: f64) {
        mu ~ Normal(0.0, wide);
        tau ~ HalfNormal(1.0);
        s ~ HalfNormal(1.0);
        for group in groups {
            u ~ Normal(mu, tau);
            for p in &group.points {
                p.y ~ Normal(u, s);
            }
        }
    }
}

model! {
    pub(crate) KnownErrors(groups: &[Group], wide: f64) {
        mu ~ Normal(0.0, 5.0);
        tau ~ HalfCauchy(wide);
        for group in groups {
            u ~ Normal(mu, tau);
            group.z ~ Normal(u, group.scale);
        }
    }
}

model! {
    pub(crate) StudentTs(groups: &[Group], wide: f64) {
        mu ~ Normal(0.0, wide);
        tau ~ HalfNormal(1.0);
        nu ~ Gamma(2.0, 0.1);
        for group in groups {
            u ~ StudentT(4.0, mu, tau);
            for p in &group.points {
                p.y ~ StudentT(nu, u, group.scale);
            }
        }
    }
}

model! {
    /// Missing answers, and a covariate at each level.
    pub(crate) Lines(groups: &[Group], wide: f64) {
        a ~ Normal(0.0, wide);
        b ~ Normal(0.0, 1.0);
        c ~ Normal(0.0, 1.0);
        tau ~ HalfCauchy(1.0);
        s ~ HalfCauchy(1.0);
        for group in groups {
            u ~ Normal(a + c * group.z, tau);
            for p in &group.points {
                p.seen ~ Normal(u + b * p.x, s);
            }
        }
    }
}

model! {
    pub(crate) Cauchys(groups: &[Group], wide: f64) {
        centre ~ Cauchy(0.0, wide);
        scale ~ HalfCauchy(1.0);
        for group in groups {
            u ~ Cauchy(centre, scale);
            for p in &group.points {
                p.y ~ Laplace(u, group.scale);
                p.x ~ Gumbel(u, scale);
            }
        }
    }
}

model! {
    /// Times of which some are only known to be longer.
    pub(crate) Weibulls(groups: &[Group], wide: f64) {
        shape ~ LogNormal(0.0, wide);
        beta ~ Normal(0.0, 1.0);
        for group in groups {
            u ~ Normal(0.0, 1.0);
            for p in &group.points {
                let cut = if p.is { p.exposure } else { f64::INFINITY };
                p.exposure ~ Censored(Weibull(shape, (u + beta * p.x).exp()), Lower(cut));
            }
        }
    }
}

model! {
    pub(crate) LogNormals(groups: &[Group], wide: f64) {
        mu ~ Normal(0.0, wide);
        s ~ Exponential(1.0);
        for group in groups {
            level ~ LogNormal(mu, 1.0);
            for p in &group.points {
                p.exposure ~ LogNormal(level, s);
                p.y ~ Normal(level * p.x, 1.0);
            }
        }
    }
}

model! {
    pub(crate) Exponentials(groups: &[Group], wide: f64) {
        mean ~ InverseGamma(2.0, wide);
        for group in groups {
            rate ~ Exponential(mean);
            for p in &group.points {
                p.exposure ~ Exponential(rate);
                p.y ~ Pareto(1.0, rate);
            }
        }
    }
}

model! {
    pub(crate) Truncations(groups: &[Group], wide: f64) {
        mu ~ Truncated(Normal(0.0, wide), Lower(0.0));
        s ~ HalfNormal(1.0);
        for group in groups {
            u ~ Truncated(Normal(mu, 1.0), Lower(group.z));
            for p in &group.points {
                p.y ~ Truncated(Normal(u, s), Lower(group.z));
            }
        }
    }
}

model! {
    /// Supports that the data bound.
    pub(crate) Bounded(groups: &[Group], wide: f64) {
        top ~ Uniform(0.0, wide);
        s ~ HalfNormal(1.0);
        for group in groups {
            shift ~ Uniform(0.0, group.scale);
            for p in &group.points {
                p.y ~ Normal(shift + top * p.x, s);
                p.exposure ~ Shifted(LogNormal(0.0, s), shift);
            }
        }
    }
}

model! {
    pub(crate) Shapes(groups: &[Group], wide: f64) {
        alpha ~ Exponential(wide);
        for group in groups {
            beta ~ Gamma(alpha, 1.0);
            p_low ~ Beta(alpha, beta);
            for p in &group.points {
                p.exposure ~ Gamma(beta, alpha);
                p.exposure ~ InverseGamma(beta, 1.0);
                p.x ~ Beta(alpha, beta);
                p.is ~ Bernoulli(p_low);
            }
        }
    }
}

model! {
    pub(crate) TwoKinds(groups: &[Group], wide: f64) {
        c ~ Flat(Ordered(2));
        factor(-0.5 * ((c[0] / wide).square() + (c[1] / wide).square()));
        w ~ Beta(2.0, 2.0);
        s ~ HalfNormal(1.0);
        for group in groups {
            u ~ Mixture([w, 1.0 - w], [Normal(c[0], 1.0), Normal(c[1], 1.0)]);
            for p in &group.points {
                p.y ~ Mixture([w, 1.0 - w], [Normal(u, s), Normal(c[1], s)]);
            }
        }
    }
}

model! {
    /// Tails whose every parameter is a latent, and of counts.
    pub(crate) Tails(groups: &[Group], wide: f64) {
        shape ~ LogNormal(0.0, wide);
        nu ~ Gamma(2.0, 0.1);
        for group in groups {
            u ~ Truncated(StudentT(nu, 0.0, 1.0), Lower(group.z));
            for p in &group.points {
                p.exposure ~ Censored(Gamma(shape, u.exp()), Interval(p.x, p.y));
                p.y ~ Censored(StudentT(nu, u, group.scale), Upper(p.x));
                p.x ~ Censored(Beta(shape, nu), Lower(p.y));
                p.count ~ Censored(NegativeBinomial2Log(u, shape), Lower(p.of));
            }
        }
    }
}

model! {
    /// What leans to one side, and directions.
    pub(crate) Leaning(groups: &[Group], wide: f64) {
        lean ~ Normal(0.0, wide);
        k ~ HalfNormal(1.0);
        for group in groups {
            u ~ SkewNormal(0.0, group.scale, lean);
            for p in &group.points {
                p.y ~ SkewNormal(u, p.exposure, lean);
                p.x ~ VonMises(u, k);
            }
        }
    }
}

model! {
    /// Functions of latents that are not defined everywhere.
    pub(crate) Logarithms(groups: &[Group], wide: f64) {
        a ~ Normal(0.0, wide);
        s ~ HalfNormal(1.0);
        for group in groups {
            u ~ Normal(0.0, 1.0);
            for p in &group.points {
                p.y ~ Normal((u + p.x).ln() + a.sqrt(), s);
                p.x ~ Logistic(u / p.exposure, (a * u).exp());
            }
        }
    }
}
