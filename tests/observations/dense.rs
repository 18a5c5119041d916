//! Two globals and an intercept a task, integrated by the midpoint rule.

use hierarch::{Fit, Model, Prediction, Summary, Taken};

/// The sd of the intercepts, which is known.
pub(crate) const TAU: f64 = 0.6;

/// Mean and sd.
type Moments = (f64, f64);

/// The ends of a range, and how many cells it has.
pub(crate) type Range = (f64, f64, u32);

/// A model as the midpoint rule sees it.
pub(crate) struct Dense<'a> {
    pub(crate) globals: [Range; 2],
    pub(crate) ln_prior: &'a dyn Fn([f64; 2]) -> f64,
    /// The mean of the intercepts.
    pub(crate) centre: &'a dyn Fn([f64; 2]) -> f64,
    /// ln p(D_i | globals, intercept).
    pub(crate) ln_likelihood: &'a dyn Fn(usize, [f64; 2], f64) -> f64,
    /// What is predicted of a task, given the globals and its intercept.
    pub(crate) predicted: &'a dyn Fn([f64; 2], f64) -> f64,
}

/// The posterior of globals and intercepts, and the predictions of each task.
pub(crate) struct Exact {
    globals: Vec<Moments>,
    intercepts: Vec<Moments>,
    predicted: Vec<f64>,
}

pub(crate) fn cells((low, high, count): Range) -> impl Iterator<Item = f64> {
    (0..count).map(move |k| low + (high - low) * (f64::from(k) + 0.5) / f64::from(count))
}

impl Dense<'_> {
    pub(crate) fn exact(&self, tasks: usize) -> Exact {
        let mut total = 0.0;
        let (mut globals, mut locals) = ([[0.0; 2]; 2], vec![[0.0; 3]; tasks]);
        for g in cells(self.globals[0]).flat_map(|first| cells(self.globals[1]).map(move |second| [first, second])) {
            let given: Vec<[f64; 4]> = (0..tasks).map(|i| self.task(i, g)).collect();
            let weight = (self.ln_prior)(g).exp() * given.iter().map(|sums| sums[0]).product::<f64>();
            total += weight;
            globals.iter_mut().zip(g).for_each(|(sums, g)| *sums = [sums[0] + weight * g, sums[1] + weight * g * g]);
            for (sums, given) in locals.iter_mut().zip(&given) {
                (0..3).for_each(|k| sums[k] += weight * given[k + 1] / given[0]);
            }
        }
        let moments = |one: f64, two: f64| (one / total, (two / total - (one / total).powi(2)).sqrt());
        Exact {
            globals: globals.iter().map(|[one, two]| moments(*one, *two)).collect(),
            intercepts: locals.iter().map(|[one, two, _]| moments(*one, *two)).collect(),
            predicted: locals.iter().map(|[_, _, predicted]| predicted / total).collect(),
        }
    }

    /// The integrals over an intercept of 1, it, its square and what is predicted, times the density.
    fn task(&self, i: usize, g: [f64; 2]) -> [f64; 4] {
        let centre = (self.centre)(g);
        cells((centre - 6.0 * TAU, centre + 6.0 * TAU, 60)).fold([0.0; 4], |sums, a| {
            let p = ((self.ln_likelihood)(i, g, a) - 0.5 * ((a - centre) / TAU).powi(2)).exp();
            let terms = [1.0, a, a * a, (self.predicted)(g, a)];
            std::array::from_fn(|k| sums[k] + p * terms[k])
        })
    }
}

impl Exact {
    /// 1000 draws: a mean has an error of 0.03 sd, an sd one of 2.2%, and more of skewed ones and of weights.
    pub(crate) fn check<M: Model>(&self, fit: &Fit<M>, globals: &[Summary], intercepts: &[Summary]) {
        assert!(fit.trust().is_reliable, "{fit}");
        assert!(fit.explain().iter().all(|site| site.taken != Taken::Sampled), "{:?}", fit.explain());
        let found = globals.iter().chain(intercepts);
        for (k, (found, (mean, sd))) in found.zip(self.globals.iter().chain(&self.intercepts)).enumerate() {
            assert!((found.mean - mean).abs() < 0.12 * sd, "{k}: {} but {mean} +- {sd}\n{fit}", found.mean);
            assert!((found.sd / sd - 1.0).abs() < 0.08, "{k}: an sd of {} but {sd}\n{fit}", found.sd);
        }
    }

    /// The mean of what `of` makes of the draws of an observation of task i.
    pub(crate) fn check_prediction(&self, i: usize, prediction: &Prediction, of: impl Fn(f64) -> f64) {
        let terms = || prediction.draws.iter().zip(&prediction.weights).map(|(draw, weight)| (of(*draw), *weight));
        let mean: f64 = terms().map(|(x, weight)| weight * x).sum();
        let error: f64 = terms().map(|(x, weight)| (weight * (x - mean)).powi(2)).sum::<f64>().sqrt();
        let expected = self.predicted[i];
        assert!((mean - expected).abs() < 4.0 * error, "task {i}: {mean} +- {error}, but {expected}");
    }
}
