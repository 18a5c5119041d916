//! A sign of life of what takes long, on a terminal only.

use crate::options::Options;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Shown only once the work has taken this long.
const PATIENCE: Duration = Duration::from_millis(500);
/// Drawn anew as often as this, whatever the work is at.
const TICK: Duration = Duration::from_millis(200);

/// A bar that appears when the work turns out to be long, goes through its stages, and is cleared at the end.
pub(crate) struct Progress {
    bar: ProgressBar,
    stage: Mutex<Stage>,
    /// `None` where no bar is wanted, or where there is no terminal.
    pulse: Option<Pulse>,
}

/// A part of the work.
struct Stage {
    begun: Instant,
    /// Steps that are planned: the most of a climb, the fewest of a correction; 0 where they are not counted.
    planned: usize,
    /// How long it may take, if that is limited.
    allowed: Option<Duration>,
}

impl Stage {
    /// What is left after so long takes, being so many times what is done: as much as is allowed at most.
    fn left(&self, elapsed: Duration, times: f64) -> Duration {
        let needed = Duration::try_from_secs_f64(elapsed.as_secs_f64() * times).unwrap_or(Duration::MAX);
        self.allowed.map_or(needed, |allowed| needed.min(allowed.saturating_sub(elapsed)))
    }
}

impl Progress {
    /// As the options of a fit want it.
    pub(crate) fn new(options: &Options) -> Self {
        Self::if_wanted(options.progress)
    }

    /// Hidden for good unless wanted and standard error is a terminal.
    pub(crate) fn if_wanted(is_wanted: bool) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let is_possible = is_wanted && std::io::stderr().is_terminal();
        let pulse = is_possible.then(|| Pulse::of(&bar)).flatten();
        Self { bar, stage: Mutex::new(Stage { begun: Instant::now(), planned: 0, allowed: None }), pulse }
    }

    /// A stage of the work begins, of so many steps; of 0 where they are not counted.
    pub(crate) fn stage(&self, name: &'static str, steps: usize) {
        self.stage_within(None, name, steps);
    }

    /// One that ends when so much time is up, if not before.
    pub(crate) fn stage_within(&self, allowed: Option<Duration>, name: &'static str, steps: usize) {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner) =
            Stage { begun: Instant::now(), planned: steps, allowed };
        // the last part is cut where a terminal is narrow: a line that wraps leaves debris behind
        let template =
            if steps > 0 { "{prefix} {bar:20} {pos}/{len} {elapsed} {wide_msg}" } else { "{prefix} {elapsed}" };
        self.bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        self.bar.set_prefix(name);
        self.bar.set_length(steps as u64);
        self.show(0, String::new);
    }

    /// A climb is at `step`, and there its ELBO is this; it may end at any step, so that nobody knows what time is left.
    pub(crate) fn at(&self, step: usize, elbo: f64) {
        self.show(step, || format!("ELBO {elbo:.2}"));
    }

    /// So many thetas have been asked about, and so many are left of the round.
    pub(crate) fn of_thetas(&self, done: usize, left: usize) {
        let planned = self.planned();
        self.bar.set_length((done + left).max(planned) as u64);
        self.show(done, || match left.max(planned.saturating_sub(done)) {
            0 => "draws of theta".to_owned(),
            left => format!("draws of theta, {:.0} s left", self.seconds(done, left)),
        });
    }

    /// So many are done of those that were planned: tasks, replications, steps.
    pub(crate) fn counted(&self, done: usize, what: &str) {
        self.show(done, || {
            let left = self.seconds(done, self.planned().saturating_sub(done));
            format!("{what}, {left:.0} s left")
        });
    }

    fn planned(&self) -> usize {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner).planned
    }

    /// What is left takes so long, if it goes on as what is done; as much as is allowed at most.
    fn seconds(&self, done: usize, left: usize) -> f64 {
        let stage = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        stage.left(stage.begun.elapsed(), left as f64 / done.max(1) as f64).as_secs_f64().ceil()
    }

    fn show(&self, step: usize, message: impl Fn() -> String) {
        if self.pulse.is_some() {
            self.bar.set_position(step as u64);
            self.bar.set_message(message());
        }
    }
}

/// What shows a bar after a while, and keeps it moving: a thread, so that no part of the work need think of it.
struct Pulse {
    /// Dropped when the work is over.
    over: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    bar: ProgressBar,
}

impl Pulse {
    /// `None` where no thread can be started.
    fn of(bar: &ProgressBar) -> Option<Self> {
        let (over, is_over) = channel();
        let shown = bar.clone();
        let show_later = move || {
            if is_over.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                shown.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
                shown.enable_steady_tick(TICK);
            }
        };
        let thread = thread::Builder::new().name("progress".to_owned()).spawn(show_later).ok()?;
        Some(Self { over: Some(over), thread: Some(thread), bar: bar.clone() })
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        self.over = None;
        // it may be about to show the bar, which must not be cleared before that
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_no_more_than_is_allowed() {
        let left = |allowed: Option<u64>| {
            let stage = Stage { begun: Instant::now(), planned: 400, allowed: allowed.map(Duration::from_secs) };
            stage.left(Duration::from_secs(4), 3.0).as_secs()
        };
        assert_eq!([None, Some(10), Some(3)].map(left), [12, 6, 0]);
    }

    #[test]
    fn work_that_is_over_soon_shows_nothing_and_waits_for_nothing() {
        let (bar, begun) = (ProgressBar::hidden(), Instant::now());
        drop(Pulse::of(&bar));
        assert!(bar.is_hidden() && bar.is_finished() && begun.elapsed() < PATIENCE / 2);
    }
}
