//! A model's data as numbers, each with its place.

use crate::error::Place;
use std::ops::Range;
use std::sync::Arc;

/// A model's data, observed or drawn: numbers in the order in which the model visits them, first those outside the plate, then
/// task by task. A vector's numbers follow each other.
///
/// ```
/// # use hierarch::prelude::*;
/// # use rand::SeedableRng;
/// # fn main() -> Result<(), hierarch::Error> {
/// model! {
///     Groups(groups: &[Vec<f64>]) {
///         mu ~ Normal(0.0, 1.0);
///         for ys in groups {
///             theta ~ Normal(mu, 1.0);
///             for y in ys {
///                 y ~ Normal(theta, 0.1);
///             }
///         }
///     }
/// }
/// let groups = [vec![0.0; 2], vec![0.0; 3]];
/// let drawn = Groups::new(&groups).simulate(&mut rand_chacha::ChaCha8Rng::seed_from_u64(1))?;
/// assert_eq!(drawn.data.values().len(), 5);
/// assert_eq!(drawn.data.task(1), &drawn.data.values()[2..]);
/// assert_eq!(drawn.data.site("y").count(), 5);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Dataset {
    layout: Arc<Layout>,
    values: Vec<f64>,
}

/// Where each number of a [`Dataset`] belongs.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    places: Vec<Place>,
    outside: usize,
    tasks: Vec<Range<usize>>,
}

impl Layout {
    /// Adds the places of what is outside the plate, which comes first, or of the next task.
    pub(crate) fn add(&mut self, task: Option<usize>, places: impl IntoIterator<Item = Place>) {
        let from = self.places.len();
        self.places.extend(places);
        match task {
            Some(_) => self.tasks.push(from..self.places.len()),
            None => self.outside = self.places.len(),
        }
    }
}

impl Dataset {
    pub(crate) fn new(layout: Arc<Layout>, values: Vec<f64>) -> Self {
        Self { layout, values }
    }

    /// Other numbers at the same places.
    pub(crate) fn with(&self, values: Vec<f64>) -> Self {
        Self::new(Arc::clone(&self.layout), values)
    }

    /// All numbers.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Those outside the plate: all of them, where the model has none.
    pub fn outside(&self) -> &[f64] {
        &self.values[..self.layout.outside]
    }

    /// Those of task `i`.
    ///
    /// # Panics
    /// If there is no task `i`.
    pub fn task(&self, i: usize) -> &[f64] {
        &self.values[self.layout.tasks[i].clone()]
    }

    /// Those of each task in turn.
    pub fn tasks(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.layout.tasks.iter().map(|range| &self.values[range.clone()])
    }

    /// Those of one site, named as the left side of its `~` is written: `school.effect`.
    pub fn site<'a>(&'a self, name: &'a str) -> impl Iterator<Item = f64> + 'a {
        self.iter().filter(move |(place, _)| place.site == name).map(|(_, value)| value)
    }

    /// Every number with its place.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Place, f64)> {
        self.layout.places.iter().zip(self.values.iter().copied())
    }
}
