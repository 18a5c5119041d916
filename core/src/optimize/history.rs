//! The guide on the way of a climb, to tell what runs away where the climb does not end.

use crate::guide::{Guide, MeanField};

/// The guides at two steps of the climb that are powers of two: `earlier` is that of half or a quarter of the way.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    earlier: Option<Guide>,
    later: Option<(usize, Guide)>,
}

/// A coordinate whose guide still changes, where it has long had time to settle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Runaway {
    /// Local, rather than global.
    pub(crate) is_local: bool,
    /// Its number among the global, or all local, coordinates.
    pub(crate) coordinate: usize,
    pub(crate) kind: Kind,
}

/// What changes, and how far it has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// The mean of the unconstrained coordinate.
    Loc(f64),
    /// The log of the scale, which grows.
    Growing(f64),
    /// The log of the scale, which shrinks.
    Shrinking(f64),
}

/// A log-scale that moved by more, in the latter part of the climb, is still under way.
const LONG: f64 = 2.0;
/// A mean that moved by more is still under way: in units of 1 on a log scale, or of the guide's width where that is more.
const LONG_LOC: f64 = 1.0;

impl History {
    /// The climb is at `guide`, after so many steps.
    pub(crate) fn visit(&mut self, steps: usize, guide: &Guide) {
        if self.later.as_ref().is_none_or(|(at, _)| steps >= 2 * at.max(&1)) {
            self.earlier = self.later.replace((steps, guide.clone())).map(|(_, guide)| guide);
        }
    }

    /// The coordinate that moved furthest since the earlier guide, if it moved far.
    pub(crate) fn runaway(&self, guide: &Guide) -> Option<Runaway> {
        let earlier = self.earlier.as_ref()?;
        let level = |is_local: bool, before: &MeanField, now: &MeanField| {
            let of = |j: usize| {
                let (from, to) = (before.ln_scale[j], now.ln_scale[j]);
                let change = to - from;
                let scale = if change.is_finite() { change.abs() / LONG } else { 0.0 };
                let width = if to.is_finite() { f64::max(from, to).exp() } else { 0.0 };
                let way = (now.loc[j] - before.loc[j]).abs() / (LONG_LOC * width.max(1.0));
                let found = |kind| Runaway { is_local, coordinate: j, kind };
                if way > scale {
                    (way, found(Kind::Loc(now.loc[j])))
                } else {
                    (scale, found(if change > 0.0 { Kind::Growing(to) } else { Kind::Shrinking(to) }))
                }
            };
            (0..before.len().min(now.len())).map(of).collect::<Vec<_>>()
        };
        let mut all = level(false, &earlier.global, &guide.global);
        all.extend(level(true, &earlier.local, &guide.local));
        all.into_iter().filter(|(way, _)| *way > 1.0).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, found)| found)
    }
}
