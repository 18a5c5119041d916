//! One data set: its default fit on one thread, what that costs, and how far it is from the truth.

use crate::simulated::{Numbers, Row, Set};
use cpu_time::ProcessTime;
use hierarch::fit::Trust;
use hierarch::{Draw, Error, Fit, Fittable, Options};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Draws that means and intervals are taken of.
const DRAWS: usize = 1000;
/// Of the central intervals.
pub(crate) const LEVELS: [f64; 4] = [0.5, 0.8, 0.9, 0.95];
/// Kinds of latents.
pub(crate) const CLASSES: [&str; 4] = ["fixed", "scales", "correlations", "effects"];

/// A latent that was estimated.
pub(crate) struct Estimate {
    pub(crate) truth: f64,
    pub(crate) mean: f64,
    /// Whether the interval of each of [`LEVELS`] holds the truth.
    pub(crate) is_held: [bool; LEVELS.len()],
}

/// What came of a data set.
pub(crate) struct Trial {
    pub(crate) number: u64,
    /// Groups, rows, fixed and random terms.
    pub(crate) shape: [usize; 4],
    pub(crate) answer: Result<Fitted, Error>,
}

/// A fit beside the truth.
pub(crate) struct Fitted {
    pub(crate) seconds: f64,
    pub(crate) trust: Trust,
    pub(crate) has_converged: bool,
    /// The fit as it is printed.
    pub(crate) report: String,
    /// Of each of [`CLASSES`].
    pub(crate) estimates: [Vec<Estimate>; CLASSES.len()],
    /// - ln p of a row that the fit did not see, on average: as the posterior predicts it, and as the truth does.
    pub(crate) log_loss: [f64; 2],
}

/// Fits the model of the set. `numbers` are the latents of a draw, and `ln_density` is that of what is seen given the linear
/// predictor and all latents.
pub(crate) fn trial<Y, M: Fittable>(
    set: &Set<Y>,
    (model, options): (M, &Options),
    numbers: impl Fn(&Draw<M>) -> Numbers,
    ln_density: impl Fn(&Y, f64, &Numbers) -> f64,
) -> Trial {
    let started = ProcessTime::now();
    let answer = model.fit_with(options);
    let seconds = started.elapsed().as_secs_f64();
    let fitted = |fit: Fit<M>| {
        let draws = fit.draws(DRAWS, &mut ChaCha8Rng::seed_from_u64(options.seed));
        let posterior: Vec<Numbers> = draws.iter().map(&numbers).collect();
        let ln_p = |group: usize, row: &Row<Y>, of: &Numbers| ln_density(&row.y, of.predictor(group, row), of);
        Fitted {
            seconds,
            trust: fit.trust().clone(),
            has_converged: fit.verdict().is_converged(),
            report: fit.to_string(),
            estimates: estimates(&set.truth, &posterior),
            log_loss: [&posterior[..], std::slice::from_ref(&set.truth)].map(|of| log_loss(&set.held_out, of, ln_p)),
        }
    };
    Trial {
        number: set.number,
        shape: [set.groups.len(), set.num_rows(), set.truth.fixed.len(), set.num_random()],
        answer: answer.map(fitted),
    }
}

fn classes(of: &Numbers) -> [&[f64]; CLASSES.len()] {
    [&of.fixed, &of.scales, &of.correlations, &of.effects]
}

fn estimates(truth: &Numbers, posterior: &[Numbers]) -> [Vec<Estimate>; CLASSES.len()] {
    std::array::from_fn(|class| {
        let column = |at: usize| posterior.iter().map(|draw| classes(draw)[class][at]).collect();
        let truths = classes(truth)[class].iter().enumerate();
        truths.map(|(at, &truth)| Estimate::new(truth, column(at))).collect()
    })
}

impl Estimate {
    fn new(truth: f64, mut draws: Vec<f64>) -> Self {
        let count = draws.len() as f64;
        draws.sort_unstable_by(f64::total_cmp);
        let below = (draws.partition_point(|&draw| draw < truth) as f64 + 0.5) / (count + 1.0);
        let is_held = LEVELS.map(|level| (below - 0.5).abs() < 0.5 * level);
        Self { truth, mean: draws.iter().sum::<f64>() / count, is_held }
    }
}

/// - ln of the mean over draws of p(row), averaged over rows.
fn log_loss<Y>(groups: &[Vec<Row<Y>>], draws: &[Numbers], ln_p: impl Fn(usize, &Row<Y>, &Numbers) -> f64) -> f64 {
    let rows = groups.iter().enumerate().flat_map(|(group, rows)| rows.iter().map(move |row| (group, row)));
    let losses: Vec<f64> = rows
        .map(|(group, row)| {
            let terms: Vec<f64> = draws.iter().map(|draw| ln_p(group, row, draw)).collect();
            let most = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let mean = terms.iter().map(|term| (term - most).exp()).sum::<f64>() / terms.len() as f64;
            -(most + mean.ln())
        })
        .collect();
    losses.iter().sum::<f64>() / losses.len() as f64
}
