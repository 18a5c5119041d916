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
    started: Instant,
}

impl Progress {
    /// Hidden for good unless wanted and standard error is a terminal.
    pub(crate) fn new(options: &Options, name: &'static str, steps: usize) -> Self {
        let bar = ProgressBar::with_draw_target(Some(steps as u64), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("{prefix} {bar:40} {pos}/{len} {elapsed} {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix(name);
        let is_possible = options.progress && std::io::stderr().is_terminal();
        let started = Instant::now();
        Self { bar, started: if is_possible { started } else { started + Duration::from_secs(u64::from(u32::MAX)) } }
    }

    /// The work is at `step`.
    pub(crate) fn at(&self, step: usize, elbo: f64) {
        if self.started.elapsed() < PATIENCE {
            return;
        }
        if self.bar.is_hidden() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        }
        self.bar.set_position(step as u64);
        self.bar.set_message(format!("ELBO {elbo:.2}"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
