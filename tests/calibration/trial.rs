//! One replication: where the truth lies among the draws of the posterior of data that were drawn from it.

use hierarch::{Draw, Error, Fit, Fittable, Options};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::time::{Duration, Instant};

/// Draws of the posterior that the truth is ranked among.
const DRAWS: usize = 999;

/// What the fit says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trusted {
    Reliable,
    Doubtful,
    NotChecked,
}

/// What came of one replication.
pub(crate) struct Trial {
    pub(crate) names: Vec<&'static str>,
    pub(crate) answer: Result<Ranked, Error>,
    pub(crate) took: Duration,
    /// The fit as it is printed, or the error.
    pub(crate) report: String,
}

/// The ranks that a fit gives the truth.
pub(crate) struct Ranked {
    pub(crate) trusted: Trusted,
    /// Of each quantity the share of the posterior below the truth, from 0 to 1.
    pub(crate) shares: Vec<f64>,
}

/// A number that is compared: its name, and what it is of a draw.
pub(crate) type Quantity<'q, M> = (&'static str, &'q dyn Fn(&Draw<M>) -> f64);

/// Fits the model with default options but for the seed, and ranks the truth.
pub(crate) fn trial<M: Fittable>(seed: u64, model: M, truth: &Draw<M>, quantities: &[Quantity<'_, M>]) -> Trial {
    let started = Instant::now();
    let fit = model.fit_with(&Options { seed, ..Options::default() });
    let took = started.elapsed();
    Trial {
        names: quantities.iter().map(|(name, _)| *name).collect(),
        took,
        report: fit.as_ref().map_or_else(ToString::to_string, ToString::to_string),
        answer: fit.map(|fit| ranked(seed, &fit, truth, quantities)),
    }
}

fn ranked<M: Fittable>(seed: u64, fit: &Fit<M>, truth: &Draw<M>, quantities: &[Quantity<'_, M>]) -> Ranked {
    let draws = fit.draws(DRAWS, &mut ChaCha8Rng::seed_from_u64(seed));
    let share = |of: &dyn Fn(&Draw<M>) -> f64| {
        let at = of(truth);
        let below = draws.iter().filter(|draw| of(draw) < at).count();
        (below as f64 + 0.5) / (DRAWS as f64 + 1.0)
    };
    let trust = fit.trust();
    let trusted = match (trust.is_reliable, trust.is_doubtful) {
        (true, _) => Trusted::Reliable,
        (false, true) => Trusted::Doubtful,
        (false, false) => Trusted::NotChecked,
    };
    Ranked { trusted, shares: quantities.iter().map(|(_, of)| share(of)).collect() }
}
