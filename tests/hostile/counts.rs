//! Models of counts.

use crate::data::Group;
use hierarch::prelude::*;

model! {
    pub(crate) Binomials(groups: &[Group], wide: f64) {
        mu ~ Normal(0.0, wide);
        b ~ Normal(0.0, 1.0);
        tau ~ HalfNormal(1.0);
        for group in groups {
            u ~ Normal(mu, tau);
            for p in &group.points {
                p.count ~ BinomialLogit(p.of, u + b * p.x);
            }
        }
    }
}

model! {
    pub(crate) Yes(groups: &[Group], wide: f64) {
        mu ~ Normal(0.0, wide);
        b ~ Normal(0.0, 5.0);
        tau ~ HalfCauchy(1.0);
        for group in groups {
            u ~ Normal(mu, tau);
            for p in &group.points {
                p.is ~ BernoulliLogit(u + b * p.x);
            }
        }
    }
}

model! {
    pub(crate) Poissons(groups: &[Group], wide: f64) {
        mu ~ Normal(0.0, wide);
        b ~ Normal(0.0, 1.0);
        tau ~ HalfNormal(1.0);
        for group in groups {
            u ~ Normal(mu, tau);
            for p in &group.points {
                p.count ~ Poisson((u + b * p.x).exp() * p.exposure);
            }
        }
    }
}

model! {
    pub(crate) LogRates(groups: &[Group], wide: f64) {
        mu ~ Normal(0.0, wide);
        b ~ Normal(0.0, 1.0);
        tau ~ HalfNormal(1.0);
        for group in groups {
            u ~ Normal(mu, tau);
            for p in &group.points {
                p.count ~ PoissonLog(u + b * p.x + p.exposure.ln());
            }
        }
    }
}

model! {
    pub(crate) NegativeBinomials(groups: &[Group], wide: f64) {
        mu ~ Normal(0.0, wide);
        tau ~ HalfNormal(1.0);
        dispersion ~ LogNormal(1.0, 1.0);
        for group in groups {
            u ~ Normal(mu, tau);
            for p in &group.points {
                p.count ~ NegativeBinomial2((u + p.x).exp() * p.exposure, dispersion);
            }
        }
    }
}

model! {
    pub(crate) GammaPoissons(groups: &[Group], wide: f64) {
        alpha ~ Exponential(wide);
        beta ~ Gamma(0.1, 1.0);
        for group in groups {
            rate ~ Gamma(alpha, beta);
            for p in &group.points {
                p.count ~ Poisson(rate * p.exposure);
            }
        }
    }
}

model! {
    pub(crate) BetaBinomials(groups: &[Group], wide: f64) {
        a ~ Gamma(2.0, wide);
        b ~ Gamma(2.0, 1.0);
        for group in groups {
            share ~ Beta(a, b);
            for p in &group.points {
                p.count ~ BetaBinomial(p.of, a, b);
                p.count ~ Binomial(p.of, share);
            }
        }
    }
}

model! {
    pub(crate) Zeros(groups: &[Group], wide: f64) {
        mu ~ Normal(0.0, wide);
        never ~ Beta(1.0, 1.0);
        for group in groups {
            u ~ Normal(mu, 1.0);
            for p in &group.points {
                p.count ~ ZeroInflated(Poisson((u + p.x).exp()), never);
                p.of ~ Hurdle(NegativeBinomial2Log(u, p.exposure), never);
            }
        }
    }
}

model! {
    pub(crate) Waiting(groups: &[Group], wide: f64) {
        r ~ LogNormal(0.0, wide);
        for group in groups {
            share ~ Beta(1.0, 1.0);
            for p in &group.points {
                p.count ~ Geometric(share);
                p.of ~ NegativeBinomial(r, share);
            }
        }
    }
}

model! {
    /// Log densities written out.
    pub(crate) Factors(groups: &[Group], wide: f64) {
        mu ~ Normal(0.0, wide);
        for group in groups {
            u ~ Normal(mu, 1.0);
            for p in &group.points {
                factor(p.count as f64 * u - p.exposure * u.exp());
                factor(-(u - p.y).square() / p.exposure);
            }
        }
    }
}
