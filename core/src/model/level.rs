//! What one level of a model looks like.

use crate::model::Site;
use crate::support::Shown;
use std::ops::Range;

/// What one level looks like: which coordinates and values each latent site has.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Level {
    /// By site id: its unconstrained coordinates.
    pub coordinates: Vec<Range<usize>>,
    /// By site id: its constrained entries.
    pub values: Vec<Range<usize>>,
    /// By site id: whether the site is of a location-scale family on the real line.
    pub location_scale: Vec<bool>,
    /// By site id: whether x = u.
    pub identity: Vec<bool>,
    /// By site id: what a table shows of its values.
    pub shown: Vec<Shown>,
}

impl Level {
    /// How many unconstrained coordinates the level has.
    pub fn num_coordinates(&self) -> usize {
        self.coordinates.last().map_or(0, |r| r.end)
    }

    /// How many constrained entries the level has.
    pub fn num_values(&self) -> usize {
        self.values.last().map_or(0, |r| r.end)
    }

    /// Whether a table shows other numbers than the values.
    pub(crate) fn shows_others(&self) -> bool {
        self.shown.iter().any(|shown| *shown != Shown::Entries)
    }

    /// The numbers that a table shows of the level's values.
    pub(crate) fn shown(&self, values: &[f64]) -> Vec<f64> {
        let mut out = Vec::with_capacity(values.len());
        for (shown, range) in self.shown.iter().zip(&self.values) {
            shown.append(&values[range.clone()], &mut out);
        }
        out
    }

    /// What to call each number that a table shows of a site, behind the name of the site.
    pub(crate) fn labels(&self, site: &Site) -> Vec<String> {
        self.shown[site.id].labels(self.values[site.id].len())
    }

    /// Adds what a visit of the site found.
    pub(crate) fn add(&mut self, site: &Site, entries: Entries) {
        while self.coordinates.len() <= site.id {
            let (u, x) = (self.num_coordinates(), self.num_values());
            self.coordinates.push(u..u);
            self.values.push(x..x);
            self.location_scale.push(true);
            self.identity.push(true);
            self.shown.push(Shown::Entries);
        }
        self.coordinates[site.id].end += entries.coordinates;
        self.values[site.id].end += entries.values;
        self.location_scale[site.id] &= entries.location_scale;
        self.identity[site.id] &= entries.identity;
        if entries.shown != Shown::Entries {
            self.shown[site.id] = entries.shown;
        }
    }
}

/// What one visit of a latent site adds to its level.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entries {
    pub(crate) coordinates: usize,
    pub(crate) values: usize,
    /// Whether these are of a location-scale family on the real line.
    pub(crate) location_scale: bool,
    /// Whether x = u.
    pub(crate) identity: bool,
    pub(crate) shown: Shown,
}

impl Entries {
    /// One number with a coordinate of its own.
    pub(crate) const ONE: Self = Self { coordinates: 1, values: 1, ..Self::NONE };
    /// A site that has no entries yet.
    pub(crate) const NONE: Self =
        Self { coordinates: 0, values: 0, location_scale: true, identity: true, shown: Shown::Entries };
}
