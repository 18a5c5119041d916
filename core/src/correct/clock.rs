//! How long a correction has taken, and how long it may.

use std::time::{Duration, Instant};

/// Later thetas cost less than the first, whose tasks' modes have yet to be found: by no more than this.
const LEARNING: f64 = 4.0;

/// The clock of a correction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    started: Instant,
    /// `None` for as long as it takes.
    allowed: Option<Duration>,
    /// Thetas that the tasks have been asked about.
    pub(crate) thetas: usize,
}

impl Clock {
    pub(crate) fn start(allowed: Option<Duration>) -> Self {
        Self { started: Instant::now(), allowed, thetas: 0 }
    }

    /// How long it has taken.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// How long it still may take; `None` without a limit.
    pub(crate) fn left(&self) -> Option<Duration> {
        Some(self.allowed?.saturating_sub(self.elapsed()))
    }

    /// Whether no more thetas can be afforded.
    pub(crate) fn is_up(&self) -> bool {
        self.allowed.is_some_and(|allowed| self.elapsed() >= allowed)
    }

    /// How long so many thetas would take, if that is more than they may.
    pub(crate) fn excess(&self, thetas: usize) -> Option<Duration> {
        let needed = self.needed(thetas);
        self.allowed.filter(|allowed| needed > allowed.mul_f64(LEARNING)).map(|_| needed)
    }

    /// How many more thetas there is time for, as far as those until now tell; `None` without a limit, or before there were any.
    pub(crate) fn affordable(&self) -> Option<usize> {
        let left = self.left().filter(|_| self.thetas > 0)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and the cast saturates")]
        let thetas = left.div_duration_f64(self.needed(1).max(Duration::from_nanos(1))) as usize;
        Some(thetas)
    }

    /// How long so many thetas would take, as far as those until now tell.
    pub(crate) fn needed(&self, thetas: usize) -> Duration {
        self.elapsed().mul_f64(thetas as f64 / self.thetas.max(1) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_time_is_up_at_once_and_no_limit_never() {
        let (none, unlimited) = (Clock::start(Some(Duration::ZERO)), Clock::start(None));
        assert!(none.is_up());
        assert!(!unlimited.is_up() && unlimited.excess(usize::MAX >> 12).is_none());
    }

    #[test]
    fn what_would_take_far_too_long_is_foreseen() {
        let mut clock = Clock::start(Some(Duration::from_millis(100)));
        clock.started -= Duration::from_millis(60);
        assert!(!clock.is_up());
        clock.thetas = 6;
        // 10 ms each
        assert!(clock.excess(20).is_none());
        assert!((1..=4).contains(&clock.affordable().expect("limited")));
        let needed = clock.excess(1000).expect("ten seconds are too much");
        assert!((needed.as_secs_f64() - 10.0).abs() < 1.0, "{needed:?}");
    }
}
