//! A progress bar for long fits, on a terminal only.

use crate::options::Options;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Shown only once a fit has taken this long.
const PATIENCE: Duration = Duration::from_millis(500);

/// A bar that appears when the work turns out to be long, and is cleared at the end.
pub(crate) struct Progress {
    bar: ProgressBar,
    begun: Instant,
    /// Steps that are planned: the most of a climb, the fewest of a correction.
    planned: usize,
    /// Whether it is wanted, and there is a terminal.
    is_possible: bool,
}

impl Progress {
    /// Hidden for good unless wanted and standard error is a terminal.
    pub(crate) fn new(options: &Options, name: &'static str, steps: usize) -> Self {
        let bar = ProgressBar::with_draw_target(Some(steps as u64), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("{prefix} {bar:40} {pos}/{len} {elapsed} {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix(name);
        let is_possible = options.progress && std::io::stderr().is_terminal();
        Self { bar, begun: Instant::now(), planned: steps, is_possible }
    }

    /// A climb is at `step`, and there its ELBO is this; it may end at any step.
    pub(crate) fn at(&self, step: usize, elbo: f64) {
        let left = self.seconds(step, self.planned.saturating_sub(step));
        self.show(step, || format!("ELBO {elbo:.2}, at most {left:.0} s left"));
    }

    /// So many thetas have been asked about, and so many are left of the round.
    pub(crate) fn of_thetas(&self, done: usize, left: usize) {
        self.bar.set_length((done + left).max(self.planned) as u64);
        let seconds = self.seconds(done, left.max(self.planned.saturating_sub(done)));
        self.show(done, || format!("draws of theta, {seconds:.0} s left"));
    }

    /// What is left takes so long, if it goes on as what is done.
    fn seconds(&self, done: usize, left: usize) -> f64 {
        (self.begun.elapsed().as_secs_f64() * left as f64 / done.max(1) as f64).ceil()
    }

    fn show(&self, step: usize, message: impl Fn() -> String) {
        if !self.is_possible || self.begun.elapsed() < PATIENCE {
            return;
        }
        if self.bar.is_hidden() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        }
        self.bar.set_position(step as u64);
        self.bar.set_message(message());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
