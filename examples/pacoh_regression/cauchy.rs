//! The Cauchy environment: tasks share a sum of two peaks in the plane, and each deviates from it by a Gaussian process.

use crate::gaussian_process::{GaussianProcess, Kernel, Place};
use crate::panel::Panel;
use crate::score::{Predictions, Scores, mean};
use hierarch::prelude::*;
use hierarch::special::normal_cdf;
use hierarch::{Correction, Fit, GlobalFactor, Options, Summary};
use nalgebra::DVector;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use rayon::prelude::*;
use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// A task's places, and what was measured there.
#[derive(Clone, Default)]
pub(crate) struct Task {
    pub(crate) at: Vec<Place>,
    pub(crate) value: Vec<f64>,
}

/// Of the inputs.
const SCALE: f64 = 2.5;

model! {
    /// A level and peaks that the tasks share; a task's deviation from them is normal given the kernel, and summed out.
    pub(crate) Peaks(count: usize, tasks: &[Task]) {
        level ~ Normal(0.0, 5.0);
        /// Where the peaks are, in standard deviations of the inputs.
        east[_ in 0..count] ~ Normal(0.0, 1.0);
        north[_ in 0..count] ~ Normal(0.0, 1.0);
        height[_ in 0..count] ~ HalfNormal(2.0);
        width[_ in 0..count] ~ LogNormal(0.0, 0.5);
        /// How fast they fall off.
        tail ~ LogNormal(0.0, 0.5);
        spread ~ HalfNormal(0.5);
        reach ~ LogNormal(0.0, 0.5);
        sigma ~ HalfNormal(0.5);
        for task in tasks {
            let peak = |at: &Place, k: usize| {
                let distance = ((at[0] - SCALE * east[k]).square() + (at[1] - SCALE * north[k]).square()) / width[k].square();
                height[k] * (-tail * distance.ln_1p()).exp()
            };
            let mean = task.at.iter().map(|at| (0..count).fold(level, |sum, k| sum + peak(at, k))).collect();
            task.value[..] ~ GaussianProcess { at: &task.at, mean, kernel: Kernel { spread, reach, sigma } };
        }
    }
}

/// The shared function of a draw of theta.
fn shared(theta: &PeaksGlobal<f64>, at: Place) -> f64 {
    let peak = |k: usize| {
        let away =
            [at[0] - SCALE * theta.east[k], at[1] - SCALE * theta.north[k]].map(|x| (x / theta.width[k]).powi(2));
        theta.height[k] * (1.0 + away[0] + away[1]).powf(-theta.tail)
    };
    theta.level + (0..theta.height.len()).map(peak).sum::<f64>()
}

/// The best of a few random starts: a peak that starts behind another does not get past it. Theta is a point, the mode:
/// 400 values to learn 14 numbers from.
fn learn(count: usize, tasks: &[Task]) -> Result<Fit<Peaks<'_>>, hierarch::Error> {
    const STARTS: u64 = 4;
    let from = |start: u64| {
        let options = Options {
            global: GlobalFactor::Point,
            correction: Correction::LinearResponse,
            draws: 2,
            random_start: Some(start),
            ..Options::default()
        };
        Peaks::new(count, tasks).fit_with(&options)
    };
    let fits = (0..STARTS).into_par_iter().map(from).collect::<Result<Vec<_>, _>>()?;
    let best = fits.into_iter().max_by(|a, b| a.elbo().total().total_cmp(&b.elbo().total()));
    Ok(best.expect("there are starts"))
}

/// What is believed of a task: the shared function, and how the task deviates from it. The process is summed out of the
/// model, so that a task has no latents to `adapt`; its values elsewhere are normal given theta, in closed form.
struct Belief<'a> {
    shared: &'a (dyn Fn(Place) -> f64 + Sync),
    kernel: Kernel<f64>,
}

impl Belief<'_> {
    /// Mean and variance of the task's function at places, given the context.
    fn at(&self, places: &[Place], context: &Task) -> Vec<(f64, f64)> {
        let n = context.at.len();
        let root = self.kernel.root(&context.at).expect("there is noise");
        let whiten = |x: DVector<f64>| root.l_dirty().solve_lower_triangular(&x).expect("a root has no zero diagonal");
        let seen = whiten(DVector::from_fn(n, |i, _| context.value[i] - (self.shared)(context.at[i])));
        let one = |&at: &Place| {
            let along = whiten(DVector::from_fn(n, |i, _| self.kernel.between(at, context.at[i])));
            ((self.shared)(at) + along.dot(&seen), self.kernel.between(at, at) - along.norm_squared())
        };
        places.iter().map(one).collect()
    }

    fn scores(&self, (context, test): &(Task, Task)) -> Scores {
        let mut out = Predictions { actual: test.value.clone(), ..Predictions::default() };
        for ((mean, variance), y) in self.at(&test.at, context).into_iter().zip(&test.value) {
            out.mean.push(mean);
            out.cdf.push(normal_cdf((y - mean) / (variance + self.kernel.sigma.powi(2)).sqrt()));
        }
        out.scores()
    }
}

/// Of the fit, whose theta is a point: any draw of it is that point.
fn point(fit: &Fit<Peaks<'_>>) -> PeaksGlobal<f64> {
    fit.draws(1, &mut ChaCha8Rng::seed_from_u64(0)).pop().expect("a draw was asked for").global
}

fn kernel(theta: &PeaksGlobal<f64>) -> Kernel<f64> {
    Kernel { spread: theta.spread, reach: theta.reach, sigma: theta.sigma }
}

/// In one environment: the exact answer, no peaks, and as many as `PEAKS`.
pub(crate) fn environment(seed: u64, tests: usize) -> Result<[Scores; 3], hierarch::Error> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let tasks: Vec<Task> = (0..TRAINING_TASKS).map(|_| draw(POINTS, &mut rng)).collect();
    let tests: Vec<(Task, Task)> = (0..tests).map(|_| draw(POINTS + TEST, &mut rng).parted(POINTS)).collect();
    let over = |belief: Belief| mean(&tests.par_iter().map(|test| belief.scores(test)).collect::<Vec<_>>());
    let model = |count: usize| {
        let theta = point(&learn(count, &tasks)?);
        Ok(over(Belief { shared: &|at| shared(&theta, at), kernel: kernel(&theta) }))
    };
    Ok([over(Belief { shared: &true_shared, kernel: TRUE_KERNEL }), model(0)?, model(PEAKS)?])
}

/// Number of peaks, as `choose` finds it.
const PEAKS: usize = 2;

/// Mean log density of the values of tasks held out, by number of peaks: on half of the training tasks of an environment
/// that is not reported.
pub(crate) fn choose() -> Result<(), hierarch::Error> {
    let mut rng = ChaCha8Rng::seed_from_u64(1000);
    let tasks: Vec<Task> = (0..TRAINING_TASKS).map(|_| draw(POINTS, &mut rng)).collect();
    let (learned, held_out) = tasks.split_at(TRAINING_TASKS / 2);
    let mut best = (0, f64::NEG_INFINITY);
    for count in 0..=3 {
        let fit = learn(count, learned)?;
        let total: f64 = held_out
            .iter()
            .map(|task| Ok(fit.adapt(task)?.evidence().map_or(0.0, |e| e.ln_evidence)))
            .sum::<Result<_, hierarch::Error>>()?;
        let density = total / (held_out.len() * POINTS) as f64;
        println!("{count} peaks: {density:.3} nats a value of training tasks held out");
        if density > best.1 {
            best = (count, density);
        }
    }
    assert_eq!(best.0, PEAKS, "the number of peaks that training tasks held out choose");
    Ok(())
}

/// Along the line east = north, which both peaks are on: a new task after 0 and 8 points of it.
pub(crate) fn panels() -> Result<[Panel; 2], hierarch::Error> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let tasks: Vec<Task> = (0..TRAINING_TASKS).map(|_| draw(POINTS, &mut rng)).collect();
    let fit = learn(PEAKS, &tasks)?;
    let theta = point(&fit);
    let belief = Belief { shared: &|at| shared(&theta, at), kernel: kernel(&theta) };
    let xs: Vec<f64> = (0..=200).map(|k| -5.0 + f64::from(k) / 20.0).collect();
    let seen = (0..8).map(|_| rng.random_range(-5.0..5.0));
    let at: Vec<Place> = seen.chain(xs.iter().copied()).map(|x| [x, x]).collect();
    let (points, truth) = measured(at, &Kernel { sigma: 1e-3, ..TRUE_KERNEL }, &mut rng).parted(8);
    let panel = |count: usize| {
        let (context, _) = points.clone().parted(count);
        let summary = |(mean, variance): (f64, f64)| {
            let sd = variance.sqrt();
            Summary {
                mean,
                sd,
                q05: mean - 1.645 * sd,
                q50: mean,
                q95: mean + 1.645 * sd,
                mc_error: 0.0,
                sd_mc_error: 0.0,
            }
        };
        let believed = belief.at(&truth.at, &context).into_iter().map(summary);
        let curve = xs.iter().zip(&truth.value).zip(believed).map(|((&x, &y), summary)| (x, y, summary)).collect();
        let context = context.at.iter().zip(&context.value).map(|(at, &y)| (at[0], y)).collect();
        let title = format!("Cauchy, east = north: a new task, points seen: {count}");
        Panel { title, curve, context, y: 0.5..5.0 }
    };
    Ok([panel(0), panel(8)])
}

const TRAINING_TASKS: usize = 20;
const POINTS: usize = 20;
const TEST: usize = 200;
const TRUE_KERNEL: Kernel<f64> = Kernel { spread: 0.2, reach: FRAC_1_SQRT_2, sigma: 0.05 };

/// 6 C(x; (-1, -1)) + 3 C(x; (2, 2)) + 1 with C(x; l) = 1 / (pi (1 + |x - l|^2)).
fn true_shared([east, north]: Place) -> f64 {
    let peak = |at: f64| 1.0 / (PI * (1.0 + (east - at).powi(2) + (north - at).powi(2)));
    6.0 * peak(-1.0) + 3.0 * peak(2.0) + 1.0
}

/// A task of the environment.
fn draw(n: usize, rng: &mut impl Rng) -> Task {
    measured((0..n).map(|_| [coordinate(rng), coordinate(rng)]).collect(), &TRUE_KERNEL, rng)
}

/// A task of the environment, measured there.
fn measured(at: Vec<Place>, kernel: &Kernel<f64>, rng: &mut impl Rng) -> Task {
    let root = kernel.root(&at).expect("there is noise").unpack();
    let deviation = root * DVector::from_fn(at.len(), |_, _| rng.sample::<f64, _>(StandardNormal));
    let value = at.iter().zip(&deviation).map(|(&at, deviation)| true_shared(at) + deviation).collect();
    Task { at, value }
}

/// Normal(0, 2.5^2), cut to [-7.5, 5].
fn coordinate(rng: &mut impl Rng) -> f64 {
    let draws = std::iter::repeat_with(|| SCALE * rng.sample::<f64, _>(StandardNormal));
    draws.into_iter().find(|x| (-7.5..=5.0).contains(x)).expect("the draws do not end")
}

impl Task {
    /// Its first points, and the others.
    fn parted(mut self, first: usize) -> (Self, Self) {
        let rest = Self { at: self.at.split_off(first), value: self.value.split_off(first) };
        (self, rest)
    }
}
