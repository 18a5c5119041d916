//! What one level of a model looks like.

use crate::model::Site;
use std::ops::Range;

/// What one level looks like: which coordinates and values each latent site has.
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

    /// Adds what a visit of the site found.
    pub(crate) fn add(&mut self, site: &Site, entries: Entries) {
        while self.coordinates.len() <= site.id {
            let (u, x) = (self.num_coordinates(), self.num_values());
            self.coordinates.push(u..u);
            self.values.push(x..x);
            self.location_scale.push(true);
            self.identity.push(true);
        }
        self.coordinates[site.id].end += entries.coordinates;
        self.values[site.id].end += entries.values;
        self.location_scale[site.id] &= entries.location_scale;
        self.identity[site.id] &= entries.identity;
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
}

impl Entries {
    /// A site that has no entries yet.
    pub(crate) const NONE: Self = Self { coordinates: 0, values: 0, location_scale: true, identity: true };
}
