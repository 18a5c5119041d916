//! What a task of one or two latents says of a theta, by sums over grids.

use crate::conditional::ask::{Answer, Ask};
use crate::conditional::frame::{Frame, WIDEST};
use crate::conditional::grid::Summed;
use crate::conditional::memory::TaskMemory;
use crate::conditional::modes::gaussian_at;
use crate::conditional::scorers::Scorers;
use crate::conditional::spacing::GridSpacing;
use crate::density::mode::Mode;
use nalgebra::DVector;
use rand_chacha::ChaCha8Rng;
use std::ops::ControlFlow::{self, Break, Continue};

/// Where to begin.
struct Beginning<'m> {
    frame: Frame,
    /// From where nodes are looked for; from the centre if empty.
    starts: &'m [DVector<f64>],
}

impl Scorers<'_> {
    /// The answer of a task that is log-concave by a grid where earlier thetas say that its density is; `None` where they
    /// do not tell, and where it is time to look for modes.
    pub(super) fn answer_as_before(
        &mut self,
        ask: &Ask<'_>,
        reads: &[f64],
        memory: &mut TaskMemory,
        rng: &mut ChaCha8Rng,
    ) -> Option<Answer> {
        if !memory.is_concave || memory.may_be_gaussian || memory.is_time_to_look() {
            return None;
        }
        if memory.tree().is_some() {
            return self.tree_as_before(ask, reads, memory, rng);
        }
        let predicted = memory.trend.predict(reads)?;
        let frame = Frame::of_features(ask.guess.start.len(), predicted.as_slice());
        let answer = self.by_grids(ask, &Beginning { frame, starts: &[] }, memory, rng)?;
        memory.trend.learn(reads, || self.grid.moments().features());
        Some(answer)
    }

    /// The answer by a grid around the modes; `None` where the density reaches too far for one.
    pub(super) fn answer_around(
        &mut self,
        ask: &Ask<'_>,
        modes: &[Mode],
        memory: &mut TaskMemory,
        rng: &mut ChaCha8Rng,
    ) -> Option<Answer> {
        if ask.guess.start.len() > WIDEST {
            return self.tree_around(ask, modes, memory, rng);
        }
        let narrower = |a: &Frame, b: &Frame| a.volume().total_cmp(&b.volume());
        let frame = modes.iter().map(|mode| Frame::of(&gaussian_at(mode, &ask.guess))).min_by(narrower)?;
        let starts: Vec<DVector<f64>> = modes.iter().map(|mode| mode.at.clone()).collect();
        let answer = self.by_grids(ask, &Beginning { frame, starts: &starts }, memory, rng);
        if answer.is_none() {
            memory.spacing.fail();
        }
        answer
    }

    /// As many grids as the draws take; the first is what Z is from.
    fn by_grids(
        &mut self,
        ask: &Ask<'_>,
        from: &Beginning<'_>,
        memory: &mut TaskMemory,
        rng: &mut ChaCha8Rng,
    ) -> Option<Answer> {
        let (n, wanted) = (from.frame.n, ask.inner.wanted);
        let spacing = self.fine_grid(ask, from, memory, rng)?;
        if memory.spacing.is_learning() {
            memory.spacing.bends_upwards |= self.grid.bends_upwards();
            memory.spacing.learn(spacing, self.grid.variance_of_coarser(), self.effort.noise);
        }
        let of_one = GridSpacing::draws_of_one(wanted);
        let (ln_z, centre) = (self.grid.ln_z(), self.grid.moments().centre);
        let mut draws = self.grid.pick(of_one);
        while draws.len() < wanted {
            self.fine_grid(ask, from, memory, rng)?;
            draws.append(&mut self.grid.pick(of_one.min(wanted - draws.len())));
        }
        Some(Answer { ln_z, draws, mode: DVector::from_column_slice(&centre[..n]), weights: Vec::new() })
    }

    /// Sums a grid of this spacing, or of a finer one where it takes that; returns the spacing.
    fn fine_grid(
        &mut self,
        ask: &Ask<'_>,
        from: &Beginning<'_>,
        memory: &mut TaskMemory,
        rng: &mut ChaCha8Rng,
    ) -> Option<f64> {
        let (Self { posterior, grid, .. }, TaskMemory { spacing, strata, .. }) = (self, memory);
        let mut ln_f = |u: &[f64]| posterior.value(ask.at(), u);
        grid.falls_ever_faster = spacing.falls_ever_faster();
        let widest = spacing.for_draws(from.frame.n, ask.inner.wanted);
        let sum = |spacing: f64| -> ControlFlow<Option<f64>> {
            let (mut shift, mut at) = ([0.0; WIDEST + 1], 0);
            strata.next(from.frame.n + 1, rng, |u| {
                shift[at] = u;
                at += 1;
            });
            if grid.sum(from.frame.laid(spacing, shift), from.starts, &mut ln_f) == Summed::Failed {
                return Break(None);
            }
            if GridSpacing::is_fine_enough(spacing, grid.variance_of_coarser()) {
                Break(Some(spacing))
            } else {
                Continue(())
            }
        };
        from.frame.is_regular().then(|| spacing.refined(widest, sum)).flatten()
    }
}
