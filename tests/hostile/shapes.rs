//! Models whose sizes and bounds come from the data, whatever they are.

use crate::data::Group;
use hierarch::prelude::*;

model! {
    /// Vectors of any length, none included.
    pub(crate) Sizes(groups: &[Group], wide: f64) {
        cuts ~ Flat(Ordered(groups.len()));
        factor(cuts.iter().map(|cut| -0.5 * (*cut / wide).square()).sum());
        shares ~ Dirichlet(vec![wide; groups.len()]);
        for group in groups {
            own ~ Dirichlet(vec![1.5; group.points.len()]);
            u[_ in 0..group.points.len()] ~ Normal(0.0, 1.0);
            for p in &group.points {
                p.kind ~ Categorical(shares);
                p.kind ~ Categorical(own);
                p.kind ~ CategoricalLogit(u);
            }
        }
    }
}

model! {
    pub(crate) Correlations(groups: &[Group], wide: f64) {
        scales[_ in 0..groups.len()] ~ HalfNormal(1.0);
        corr ~ LkjCholesky(groups.len(), wide);
        for group in groups {
            w ~ MultivariateNormal(vec![0.5; groups.len()], diag_pre_multiply(scales, corr));
            for p in &group.points {
                p.pair ~ MultivariateNormal(w, Diagonal(vec![p.exposure; groups.len()]));
            }
        }
    }
}

model! {
    /// Bounds in any order.
    pub(crate) Bounds(groups: &[Group], wide: f64) {
        mu ~ Uniform(-1.0, wide);
        s ~ Truncated(Logistic(0.0, 1.0), Lower(-wide));
        for group in groups {
            u ~ Uniform(group.z, group.scale);
            v ~ Truncated(Normal(mu, 1.0), Interval(group.z, group.scale));
            for p in &group.points {
                p.y ~ Uniform(p.x, p.exposure);
                p.y ~ Truncated(Normal(u + v, s.exp()), Interval(p.x, p.exposure));
            }
        }
    }
}

model! {
    /// Weights and components from the data, perhaps none.
    pub(crate) Blends(groups: &[Group], wide: f64) {
        mu ~ Normal(0.0, wide);
        for group in groups {
            let share = 1.0 / group.points.len() as f64;
            u ~ Mixture(vec![share; group.points.len()], group.points.iter().map(|p| Normal(mu, p.exposure)).collect::<Vec<_>>());
            for p in &group.points {
                p.y ~ Mixture([group.z, 1.0 - group.z], [Normal(u, 1.0), Normal(mu + p.x, 1.0)]);
            }
        }
    }
}

/// Somebody's own, which checks nothing.
#[derive(Clone, Copy, Debug)]
struct Bent<A, B>(A, B);

impl<N: Number, A: Param<N>, B: Param<N>> Distribution<N> for Bent<A, B> {
    type Support = Positive;
    fn support(&self) -> Positive {
        Positive
    }
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let (a, b, x) = (self.0.real(), self.1.real(), x.real());
        a.ln() - b * x.powf(1.5) + (x / a).sqrt() - (x - a).ln_1p_exp()
    }
}

model! {
    pub(crate) Unchecked(groups: &[Group], wide: f64) {
        a ~ Bent(wide, 1.0);
        for group in groups {
            u ~ Bent(a, group.scale);
            for p in &group.points {
                p.exposure ~ Bent(u, a * p.x.abs());
            }
        }
    }
}
