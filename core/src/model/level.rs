//! What one level of a model looks like.

use crate::model::{Nest, Site};
use crate::support::Shown;
use std::ops::Range;

/// What one level looks like: its latent numbers, in the order in which the model visits them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Level {
    slots: Vec<Slot>,
    nodes: Vec<Node>,
}

/// The numbers of a latent site in one place: the level itself, or one turn of a nested plate.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// The site's id.
    pub site: usize,
    /// The turn of a nested plate that it belongs to.
    pub(crate) node: Option<usize>,
    /// Its unconstrained coordinates.
    pub coordinates: Range<usize>,
    /// Its constrained entries.
    pub values: Range<usize>,
    /// Whether it is of a location-scale family on the real line.
    pub location_scale: bool,
    /// Whether x = u.
    pub identity: bool,
    /// What a table shows of its values.
    pub shown: Shown,
    /// Whether its values are probabilities of a discrete latent.
    pub(crate) is_discrete: bool,
}

/// A turn of a nested plate.
#[derive(Clone, Debug, PartialEq)]
struct Node {
    nest: &'static str,
    /// The turn of the plate around it, if that is nested too.
    parent: Option<usize>,
    /// Its number, or its label where the data have one.
    name: String,
}

impl Level {
    /// How many unconstrained coordinates the level has.
    pub fn num_coordinates(&self) -> usize {
        self.slots.last().map_or(0, |slot| slot.coordinates.end)
    }

    /// How many constrained entries the level has.
    pub fn num_values(&self) -> usize {
        self.slots.last().map_or(0, |slot| slot.values.end)
    }

    /// The places of its latents, in order.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The unconstrained coordinates of a site.
    pub(crate) fn coordinates_of(&self, site: &Site) -> impl Iterator<Item = usize> + '_ {
        let id = site.id;
        self.slots.iter().filter(move |slot| slot.site == id).flat_map(|slot| slot.coordinates.clone())
    }

    /// The slot of an unconstrained coordinate.
    pub(crate) fn slot_of(&self, coordinate: usize) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.coordinates.contains(&coordinate))
    }

    /// Whether a table shows other numbers than the values.
    pub(crate) fn shows_others(&self) -> bool {
        self.slots.iter().any(|slot| slot.shown.differs())
    }

    /// The numbers that a table shows of the level's values.
    pub(crate) fn shown(&self, values: &[f64]) -> Vec<f64> {
        let mut out = Vec::with_capacity(values.len());
        for slot in &self.slots {
            slot.shown.append(&values[slot.values.clone()], &mut out);
        }
        out
    }

    /// The turns of nested plates that a slot is in: `schools[3]`, `schools[3].classes[b]`; empty in the plate itself.
    pub(crate) fn path(&self, slot: &Slot) -> String {
        self.path_to(slot.node)
    }

    /// What all turns of nested plates are called, in the order in which they begin.
    #[cfg(feature = "serde")]
    pub(crate) fn turns(&self) -> Vec<String> {
        (0..self.nodes.len()).map(|node| self.path_to(Some(node))).collect()
    }

    /// The turns of nested plates down to one.
    pub(crate) fn path_to(&self, mut next: Option<usize>) -> String {
        let mut path = String::new();
        while let Some(Node { nest, parent, name }) = next.map(|node| &self.nodes[node]) {
            let dot = if path.is_empty() { "" } else { "." };
            path = format!("{nest}[{name}]{dot}{path}");
            next = *parent;
        }
        path
    }

    /// Begins a turn of a nested plate, in the turn `parent` of one around it, and gives it a number.
    pub(crate) fn add_node(&mut self, nest: &Nest, parent: Option<usize>, name: String) -> usize {
        self.nodes.push(Node { nest: nest.name, parent, name });
        self.nodes.len() - 1
    }

    /// The turn around one.
    pub(crate) fn around(&self, node: usize) -> Option<usize> {
        self.nodes[node].parent
    }

    /// Gives the discrete latents their probabilities, as many as `classes` says by site, place after place.
    pub(crate) fn give_classes(&mut self, classes: &[Vec<Counted>]) {
        let mut next = vec![0; classes.len()];
        let mut shift = 0;
        for slot in &mut self.slots {
            slot.values.start += shift;
            if let Some(counted) = classes.get(slot.site).and_then(|of_site| of_site.get(next[slot.site])) {
                next[slot.site] += 1;
                shift += counted.values;
                slot.shown = counted.shown;
                slot.is_discrete = true;
            }
            slot.values.end += shift;
        }
    }

    /// Adds what a visit of the site found, in the turn `node` of a nested plate.
    pub(crate) fn add(&mut self, site: &Site, node: Option<usize>, entries: Entries) {
        let (u, x) = (self.num_coordinates(), self.num_values());
        let place = self.slots.last_mut().filter(|slot| slot.site == site.id && slot.node == node);
        if let Some(slot) = place {
            slot.coordinates.end += entries.coordinates;
            slot.values.end += entries.values;
            slot.location_scale &= entries.location_scale;
            slot.identity &= entries.identity;
            return;
        }
        let Entries { coordinates, values, location_scale, identity, shown } = entries;
        let (coordinates, values) = (u..u + coordinates, x..x + values);
        let is_discrete = false;
        self.slots.push(Slot {
            site: site.id,
            node,
            coordinates,
            values,
            location_scale,
            identity,
            shown,
            is_discrete,
        });
    }
}

/// The probabilities of a discrete latent, or of all entries of a chain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    /// How many they are.
    pub(crate) values: usize,
    pub(crate) shown: Shown,
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
    pub(crate) const ONE: Self =
        Self { coordinates: 1, values: 1, location_scale: true, identity: true, shown: Shown::Entries };

    /// A discrete latent, whose probabilities are yet to be counted.
    pub(crate) const CLASSES: Self =
        Self { coordinates: 0, values: 0, location_scale: false, identity: true, shown: Shown::Entries };
}
