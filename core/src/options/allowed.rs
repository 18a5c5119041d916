//! What every option may be: a row an option, all looked at before anything runs.

use crate::error::Error;
use crate::options::{AdamOptions, AdaptOptions, CertifyOptions, Optimiser, Options};
use std::fmt::Display;
use std::ops::RangeInclusive;

/// Fixed draws that expectations are averaged over, of each coordinate.
pub(crate) const MOST_DRAWS: usize = 100_000;
/// Draws that a posterior is held in.
pub(crate) const MOST_POSTERIOR_DRAWS: usize = 1_000_000;
/// Climbs from other starts.
const MOST_STARTS: usize = 100;
/// Iterations of an optimiser.
const MOST_ITERATIONS: usize = 1_000_000_000;
const MOST_THREADS: usize = 1024;
/// A gradient of this norm says that a nat or so is left to gain.
const LARGEST_TOLERANCE: f64 = 1.0;
/// Eleven days and a half, in seconds.
const LONGEST_BUDGET: f64 = 1e6;
/// Steps of Adam that its ELBO is averaged over.
const LONGEST_WINDOW: usize = 1_000_000;
/// A step of Adam, in units of the guide's own coordinates.
const LARGEST_STEP: f64 = 10.0;
/// Draws of theta times those of phi for each.
const MOST_ADAPTED: usize = 10_000_000;

/// An option, its value, and what it may be.
pub(crate) struct Row {
    option: String,
    value: String,
    allowed: String,
    is_allowed: bool,
}

impl Row {
    /// A whole number, and the least and the most that it may be.
    pub(crate) fn whole(option: &str, value: usize, allowed: RangeInclusive<usize>) -> Self {
        let (least, most) = (allowed.start(), allowed.end());
        Self::of(option, value, format!("a whole number from {least} to {most}"), allowed.contains(&value))
    }

    /// A number above 0, and the most that it may be.
    pub(crate) fn positive(option: &str, value: f64, most: f64) -> Self {
        Self::of(option, value, format!("above 0 and at most {most}"), value > 0.0 && value <= most)
    }

    /// A whole number that something else has to agree with, and what that is.
    pub(crate) fn equal(option: &str, value: usize, wanted: usize, what: &str) -> Self {
        Self::of(option, value, format!("{wanted}, {what}"), value == wanted)
    }

    /// A finite number.
    pub(crate) fn finite(option: &str, value: f64) -> Self {
        Self::of(option, value, "finite".to_owned(), value.is_finite())
    }

    fn in_seconds(self) -> Self {
        Self { allowed: self.allowed + " seconds", ..self }
    }

    fn of(option: &str, value: impl Display, allowed: String, is_allowed: bool) -> Self {
        Self { option: option.to_owned(), value: value.to_string(), allowed, is_allowed }
    }
}

/// Refuses the first option that is not what it may be.
pub(crate) fn check(rows: impl IntoIterator<Item = Row>) -> Result<(), Error> {
    let refused = rows.into_iter().find(|row| !row.is_allowed);
    refused
        .map_or(Ok(()), |Row { option, value, allowed, .. }| Err(Error::Option { option, task: None, value, allowed }))
}

impl Options {
    /// Refuses options that no fit could follow.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let budget = self.correction_budget.as_secs_f64();
        check([
            Row::whole("Options::draws", self.draws, 1..=MOST_DRAWS),
            Row::whole("Options::most_draws", self.most_draws, self.draws..=MOST_DRAWS),
            Row::whole("Options::other_starts", self.other_starts, 0..=MOST_STARTS),
            Row::whole("Options::max_iterations", self.max_iterations.unwrap_or(0), 0..=MOST_ITERATIONS),
            Row::positive("Options::tolerance", self.tolerance, LARGEST_TOLERANCE),
            Row::whole("Options::posterior_draws", self.posterior_draws, 1..=MOST_POSTERIOR_DRAWS),
            Row::positive("Options::correction_budget", budget, LONGEST_BUDGET).in_seconds(),
            Row::whole("Options::threads", self.threads.unwrap_or(1), 1..=MOST_THREADS),
        ])?;
        match &self.optimiser {
            Optimiser::Adam(adam) => adam.check(),
            _ => Ok(()),
        }
    }
}

impl AdamOptions {
    fn check(&self) -> Result<(), Error> {
        check([
            Row::positive("AdamOptions::step", self.step, LARGEST_STEP),
            Row::whole("AdamOptions::draws", self.draws, 1..=MOST_DRAWS),
            Row::whole("AdamOptions::batch", self.batch.unwrap_or(1), 1..=usize::MAX),
            Row::whole("AdamOptions::window", self.window, 2..=LONGEST_WINDOW),
        ])
    }
}

impl CertifyOptions {
    /// Refuses options that no chains could follow.
    pub(crate) fn check(&self) -> Result<(), Error> {
        check([Row::whole("CertifyOptions::thetas", self.thetas, 1000..=MOST_ADAPTED)])
    }
}

impl AdaptOptions {
    /// Refuses options that no adaptation could follow.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let Self { global_draws, local_draws, max_proposals } = *self;
        let product = global_draws.saturating_mul(local_draws);
        check([
            Row::whole("AdaptOptions::global_draws", global_draws, 1..=MOST_POSTERIOR_DRAWS),
            Row::whole("AdaptOptions::local_draws", local_draws, 1..=MOST_POSTERIOR_DRAWS),
            Row::whole("AdaptOptions::global_draws * local_draws", product, 1..=MOST_ADAPTED),
            Row::whole("AdaptOptions::max_proposals", max_proposals, 1..=MOST_DRAWS),
        ])
    }
}

#[cfg(test)]
mod tests;
