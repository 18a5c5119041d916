//! What a model looks like, learned by a checked visit of all its data.

use crate::density::blocks::Widest;
use crate::density::program::{Discovery, Program};
use crate::error::Error;
use crate::interpret::discover::{Entered, LevelVisit, NotFinite, Start};
use crate::model::level::Level;
use crate::options::Options;

/// How many random starts are tried when the density is not finite at 0.
pub(super) const RANDOM_STARTS: u64 = 20;

/// The coordinates of a model, and what its sites allow.
#[cfg_attr(feature = "serde", derive(Default))]
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) global: Level,
    /// M + 1 offsets of the tasks' unconstrained coordinates.
    pub(crate) offsets: Vec<usize>,
    pub(crate) widest: Widest,
    /// Visits of observed sites and factors, in all tasks and outside them.
    pub(crate) num_observations: usize,
    pub(crate) local_identity: bool,
    /// By local site: whether it can be non-centred in every task.
    pub(crate) location_scale: Vec<bool>,
    /// By observed site: whether it is outside the plate.
    pub(crate) observed_outside: Vec<bool>,
    /// The latents of the first task.
    pub(crate) first_task: Level,
    /// Whether those of all others are the same.
    pub(crate) is_uniform: bool,
}

/// A model's shape, and the start that it was seen from.
pub(crate) struct ShapeAtStart {
    pub(crate) shape: Shape,
    pub(crate) start: Start,
}

/// A model's shape, and what of its density is not finite at the point visited.
pub(super) struct ShapeVisit {
    shape: Shape,
    pub(super) not_finite: Option<NotFinite>,
    pub(super) unseen: Option<Entered>,
}

impl Shape {
    /// The model's shape, seen from a start where its density is finite.
    pub(crate) fn find(program: &dyn Program, options: &Options) -> Result<ShapeAtStart, Error> {
        let label = |i: usize| program.task_label(i);
        let mut first = None;
        for number in 0..=RANDOM_STARTS {
            let start = match options.random_start {
                None if number == 0 => Start::Zero,
                None => Start::Random(number),
                Some(asked) => Start::Random(asked.wrapping_add(number << 32)),
            };
            let error = match Self::visit(program, &start) {
                Ok(ShapeVisit { not_finite: Some(NotFinite { mut place, value }), .. }) => {
                    place.label_task(label);
                    Error::NotFinite { place: Box::new(place), value, tried: RANDOM_STARTS }
                }
                Ok(ShapeVisit { shape, .. }) => return Ok(ShapeAtStart { shape, start }),
                Err(error @ (Error::Parameter { at_start: true, .. } | Error::Covariate { .. })) => error,
                Err(error) => return Err(error),
            };
            first.get_or_insert(error);
        }
        Err(first.expect("at least one start was tried"))
    }

    /// The model's shape from a visit at `start`, which checks all data and constants.
    pub(crate) fn discover(program: &dyn Program, start: &Start) -> Result<Self, Error> {
        Ok(Self::visit(program, start)?.shape)
    }

    /// The shape of the model with some of its tasks only.
    pub(crate) fn of(&self, tasks: &[usize]) -> Self {
        let mut offsets = vec![0];
        for &i in tasks {
            offsets.push(offsets[offsets.len() - 1] + self.offsets[i + 1] - self.offsets[i]);
        }
        Self { offsets, ..self.clone() }
    }

    pub(super) fn visit(program: &dyn Program, start: &Start) -> Result<ShapeVisit, Error> {
        let signature = program.signature();
        let Discovery { outside, task } = program.discover(start);
        let observed_outside = (0..signature.observed_sites.len()).map(|id| outside.has_seen(id)).collect();
        let num_observations = outside.num_observations();
        let LevelVisit { level: global, error, mut not_finite, mut unseen, .. } = outside;
        error.map_or(Ok(()), Err)?;
        if signature.has_plate && program.num_tasks() == 0 {
            return Err(Error::NoTasks);
        }
        let mut shape = Self {
            global,
            offsets: vec![0],
            widest: Widest::default(),
            num_observations,
            local_identity: true,
            location_scale: vec![true; signature.local_sites.len()],
            observed_outside,
            first_task: Level::default(),
            is_uniform: true,
        };
        for i in 0..program.num_tasks() {
            let visit = task(i);
            shape.num_observations += visit.num_observations();
            let LevelVisit { level, error, not_finite: here, unseen: entered, .. } = visit;
            error.map_or(Ok(()), |error| Err(error.label_task(|i| program.task_label(i))))?;
            not_finite = not_finite.or(here);
            unseen = unseen.or(entered);
            shape.add_task(&level);
            if i == 0 {
                shape.first_task = level;
            } else {
                shape.is_uniform = shape.is_uniform && level == shape.first_task;
            }
        }
        if shape.global.num_coordinates() + shape.num_locals() == 0 {
            return Err(Error::NoLatents);
        }
        Ok(ShapeVisit { shape, not_finite, unseen })
    }

    fn add_task(&mut self, level: &Level) {
        self.offsets.push(self.num_locals() + level.num_coordinates());
        self.widest.coordinates = self.widest.coordinates.max(level.num_coordinates());
        let continuous = level.slots().iter().filter(|slot| !slot.is_discrete);
        let values = continuous.map(|slot| slot.values.len()).sum();
        self.widest.values = self.widest.values.max(values);
        self.widest.rows = self.widest.rows.max(level.num_values());
        for slot in level.slots() {
            self.local_identity &= slot.identity;
            self.location_scale[slot.site] &= slot.location_scale;
        }
    }

    /// Unconstrained coordinates of all tasks.
    pub(crate) fn num_locals(&self) -> usize {
        self.offsets[self.offsets.len() - 1]
    }

    pub(crate) fn num_tasks(&self) -> usize {
        self.offsets.len() - 1
    }
}
