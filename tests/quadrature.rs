//! Posteriors of tasks that are not Gaussian given theta, against dense quadrature: one global, an intercept a task.

use hierarch::prelude::*;
use hierarch::special::ln_gamma;
use hierarch::{Correction, Fit, Fittable, Model, Options, Summary, Taken};

/// The sd of the intercepts, which is known.
const TAU: f64 = 0.8;
/// Cells in each direction.
const CELLS: u32 = 800;

model! {
    Poissons(tasks: &[Vec<u64>]) {
        mu ~ Normal(0.0, 1.0);
        for ys in tasks {
            a ~ Normal(mu, TAU);
            for y in ys {
                y ~ PoissonLog(a);
            }
        }
    }
}

model! {
    Logits(tasks: &[Vec<bool>]) {
        mu ~ Normal(0.0, 1.0);
        for ys in tasks {
            a ~ Normal(mu, TAU);
            for y in ys {
                y ~ BernoulliLogit(a);
            }
        }
    }
}

/// Categories 0 to 3 of a latent that is logistic around the intercept.
const CUTS: [f64; 3] = [-1.0, 0.2, 1.5];

model! {
    Ordinals(tasks: &[Vec<usize>]) {
        mu ~ Normal(0.0, 1.0);
        for ys in tasks {
            a ~ Normal(mu, TAU);
            for y in ys {
                let below = [(CUTS[0] - a).sigmoid(), (CUTS[1] - a).sigmoid(), (CUTS[2] - a).sigmoid()];
                y ~ Categorical([below[0], below[1] - below[0], below[2] - below[1], 1.0 - below[2]]);
            }
        }
    }
}

const SHAPE: f64 = 1.4;

model! {
    /// Times, and whether they are censored.
    Times(tasks: &[Vec<(f64, bool)>]) {
        mu ~ Normal(0.0, 1.0);
        for ys in tasks {
            a ~ Normal(mu, TAU);
            for &(time, is_censored) in ys {
                if is_censored {
                    factor(Weibull(SHAPE, a.exp()).ln_survival(time));
                } else {
                    time ~ Weibull(SHAPE, a.exp());
                }
            }
        }
    }
}

/// Mean and sd.
type Moments = (f64, f64);

/// What the midpoint rule says of mu and of the intercepts, and ln p(D); `ln_likelihood(i, a)` is ln p(D_i | a).
struct Dense {
    mu: Moments,
    intercepts: Vec<Moments>,
    ln_evidence: f64,
}

impl Dense {
    fn of(tasks: usize, ln_likelihood: impl Fn(usize, f64) -> f64) -> Self {
        let at = |k: u32| 12.0 * ((f64::from(k) + 0.5) / f64::from(CELLS) - 0.5);
        let cell = 12.0 / f64::from(CELLS);
        let normal = |z: f64, sd: f64| (-0.5 * (z / sd).powi(2)).exp() / (sd * (2.0 * std::f64::consts::PI).sqrt());
        let likelihoods: Vec<Vec<f64>> =
            (0..tasks).map(|i| (0..CELLS).map(|k| ln_likelihood(i, at(k)).exp()).collect()).collect();
        let (mut total, mut of_mu, mut of_tasks) = (0.0, [0.0; 2], vec![[0.0; 2]; tasks]);
        for m in 0..CELLS {
            let mu = at(m);
            let given: Vec<[f64; 3]> = likelihoods
                .iter()
                .map(|likelihood| {
                    (0..CELLS).zip(likelihood).fold([0.0; 3], |[z, one, two], (k, l)| {
                        let p = l * normal(at(k) - mu, TAU) * cell;
                        [z + p, one + p * at(k), two + p * at(k) * at(k)]
                    })
                })
                .collect();
            let weight = normal(mu, 1.0) * cell * given.iter().map(|[z, ..]| z).product::<f64>();
            total += weight;
            of_mu = [of_mu[0] + weight * mu, of_mu[1] + weight * mu * mu];
            for (sums, [z, one, two]) in of_tasks.iter_mut().zip(&given) {
                *sums = [sums[0] + weight * one / z, sums[1] + weight * two / z];
            }
        }
        let moments = |[one, two]: [f64; 2]| (one / total, (two / total - (one / total).powi(2)).sqrt());
        Self { mu: moments(of_mu), intercepts: of_tasks.into_iter().map(moments).collect(), ln_evidence: total.ln() }
    }

    /// 4000 draws: a mean has an error of 0.016 sd at most, an sd one of 1.1%.
    fn check<M: Model>(&self, fit: &Fit<M>, mu: Summary, intercepts: &[Summary]) {
        let near = |what: &str, found: Summary, (mean, sd): Moments| {
            assert!((found.mean - mean).abs() < 0.06 * sd, "{what}: {} but {mean} +- {sd}\n{fit}", found.mean);
            assert!((found.sd / sd - 1.0).abs() < 0.05, "{what}: an sd of {} but {sd}\n{fit}", found.sd);
        };
        near("mu", mu, self.mu);
        for (i, (found, exact)) in intercepts.iter().zip(&self.intercepts).enumerate() {
            near(&format!("intercept {i}"), *found, *exact);
        }
        let evidence = fit.evidence().expect("it was corrected");
        assert!((evidence.ln_evidence - self.ln_evidence).abs() < 0.03, "{evidence:?} but {}", self.ln_evidence);
        assert!(fit.trust().is_reliable, "{fit}");
        assert!(fit.explain().iter().all(|site| site.taken != Taken::Sampled), "{:?}", fit.explain());
    }
}

fn fitted<M: Fittable>(model: M) -> Fit<M> {
    let options = Options { posterior_draws: 4000, correction: Correction::Importance, ..Options::default() };
    model.fit_with(&options).expect("valid")
}

/// Tasks of 1 to 6 data, of which the i-th of task k is `datum(k, i)`.
fn tasks<T>(datum: impl Fn(u32, u32) -> T) -> Vec<Vec<T>> {
    (0..6).map(|k| (0..=k).map(|i| datum(k, i)).collect()).collect()
}

macro_rules! agrees {
    ($name:ident, $model:ident, $datum:expr, $ln_likelihood:expr) => {
        #[test]
        fn $name() {
            let tasks = tasks($datum);
            let fit = fitted($model::new(&tasks));
            let dense = Dense::of(tasks.len(), |i, a| tasks[i].iter().map(|y| $ln_likelihood(*y, a)).sum());
            let intercepts: Vec<Summary> = (0..tasks.len()).map(|i| fit.local(i).a).collect();
            dense.check(&fit, fit.global().mu, &intercepts);
        }
    };
}

agrees!(poisson_counts_agree_with_quadrature, Poissons, |k, i| u64::from((k * k + 3 * i) % 7), |y: u64, a: f64| {
    y as f64 * a - a.exp() - ln_gamma(y as f64 + 1.0)
});
agrees!(answers_agree_with_quadrature, Logits, |k, i| (k + 2 * i) % 3 != 0, |y: bool, a: f64| {
    -(if y { -a } else { a }).exp().ln_1p()
});
agrees!(grades_agree_with_quadrature, Ordinals, |k, i| ((k + 3 * i * i) % 4) as usize, |y: usize, a: f64| {
    let below = |c: usize| CUTS.get(c).map_or(1.0, |cut| (1.0 + (a - cut).exp()).recip());
    (below(y) - if y == 0 { 0.0 } else { below(y - 1) }).ln()
});
agrees!(
    censored_times_agree_with_quadrature,
    Times,
    |k, i| (0.4 + 0.5 * f64::from((k + 5 * i) % 6), (k + i) % 4 == 3),
    |(time, is_censored): (f64, bool), a: f64| {
        let ln_ratio = time.ln() - a;
        let density = if is_censored { 0.0 } else { SHAPE.ln() + (SHAPE - 1.0) * ln_ratio - a };
        density - (SHAPE * ln_ratio).exp()
    }
);
