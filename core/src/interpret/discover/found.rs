//! What a visit finds.

use crate::error::{Error, Place};
use crate::model::level::Level;

/// A place whose log density is not finite, with that density.
#[derive(Clone, Debug, PartialEq)]
pub struct NotFinite {
    /// The site and where in it.
    pub place: Place,
    /// The log density: infinite or NaN.
    pub value: f64,
}

/// A place that a number of the data or a constant enters, which is not finite.
#[derive(Clone, Debug, PartialEq)]
pub struct Entered {
    /// The site and where in it.
    pub place: Place,
    /// The number: infinite or NaN.
    pub value: f64,
}

/// What a visit of one level found.
#[derive(Debug)]
pub struct LevelVisit {
    /// The shape of its latents.
    pub level: Level,
    /// Occurrences of each observed site; of none past the end.
    pub seen: Vec<usize>,
    /// The first error met.
    pub error: Option<Error>,
    /// The first site whose log density is not finite.
    pub not_finite: Option<NotFinite>,
    /// The first site that a number of the data enters, or a constant, which is not finite though the log density is.
    pub unseen: Option<Entered>,
}

impl LevelVisit {
    /// Visits of observed sites and factors.
    pub fn num_observations(&self) -> usize {
        self.seen.iter().sum()
    }

    /// Whether an observed site was visited.
    pub fn has_seen(&self, id: usize) -> bool {
        self.seen.get(id).is_some_and(|&count| count > 0)
    }
}
