//! A model as the training sees it: theta, and a few tasks at a time.

use crate::density::closing::{Closing, OutsideForms};
use crate::density::program::Program;
use crate::density::shape::{Shape, ShapeAtStart};
use crate::density::{Density, Writing};
use crate::error::Error;
use crate::guide::FIRST_LN_SCALE;
use crate::guide::{Guide, MeanField};
use crate::interpret::discover::Start;
use crate::model::Model;
use crate::model::subset::Subset;
use crate::optimize::adam::batch;
use crate::options::{AdamOptions, Estimator, GlobalFactor, Optimiser, Options, Parameterisation};
use crate::sampling::noise::{Noise, NoiseSize};

/// The model, what is known of any task, and q(theta).
pub struct Training<'a, M: Model> {
    pub(super) model: &'a M,
    /// The shape that the model would have without tasks.
    shape: Shape,
    pub(super) start: Start,
    /// L, the unconstrained coordinates of each task.
    pub(super) num_latents: usize,
    /// What is known of the model's part that all batches share.
    pub(super) outside: OutsideForms,
    /// What is known of every task, where all have the forms of the first.
    pub(super) alike: Option<Closing>,
    /// By local site: whether as loc + scale * u.
    pub(super) non_centred: Vec<bool>,
    pub(super) options: Options,
    pub(super) adam: AdamOptions,
    pub(super) global: MeanField,
}

/// Adam's settings where none were chosen: batches, since these fits are for many tasks.
const ADAM: AdamOptions = AdamOptions { step: 0.01, draws: 4, batch: Some(256), window: 200 };

impl<'a, M: Model> Training<'a, M> {
    /// Checks the options, then visits and checks all tasks once.
    pub(super) fn new(model: &'a M, options: &Options) -> Result<Self, Error> {
        options.check()?;
        if model.num_tasks() == 0 {
            return Err(Error::NoTasks);
        }
        let ShapeAtStart { mut shape, start } = Shape::find(&Subset::all(model), options)?;
        let num_latents = shape.offsets[1];
        if num_latents == 0 {
            return Err(Error::NoLatents);
        }
        if let Some(i) = (0..model.num_tasks()).find(|&i| shape.offsets[i + 1] - shape.offsets[i] != num_latents) {
            let found = shape.offsets[i + 1] - shape.offsets[i];
            return Err(other_latents(&Subset::all(model).task_name(i).to_string(), found, num_latents));
        }
        shape.offsets = vec![0];
        let mut global = MeanField::new(shape.global.num_coordinates(), 0.0, FIRST_LN_SCALE);
        global.loc.iter_mut().enumerate().for_each(|(j, loc)| *loc = start.coordinate(None, j));
        if options.global == GlobalFactor::Point {
            global.ln_scale.fill(f64::NEG_INFINITY);
        }
        let non_centred = match options.parameterisation {
            Parameterisation::NonCentred => shape.location_scale.clone(),
            Parameterisation::Auto | Parameterisation::Centred => vec![false; M::LOCAL_SITES.len()],
        };
        let adam = match &options.optimiser {
            Optimiser::Adam(adam) => adam.clone(),
            _ => ADAM,
        };
        let none = Subset::with(model, Vec::new());
        let outside = Density::outside_forms(&none, &shape, Writing::new(&non_centred, options));
        let options = options.clone();
        let mut training =
            Self { model, shape, start, num_latents, outside, alike: None, non_centred, options, adam, global };
        training.alike = training.alike();
        Ok(training)
    }

    /// The forms of the first task where they are those of every other: where only latents have any, and of these every one
    /// is written as loc + scale * u, so that what the task's data say of loc and scale is not in its form.
    fn alike(&self) -> Option<Closing> {
        let is_plain = self.options.estimator != Estimator::ClosedForm && self.non_centred.iter().all(|is| *is);
        (is_plain && self.shape.is_uniform).then(|| {
            let first = self.some(&[0]);
            Density::closing(&first, &self.shape_of(1), self.writing(), self.outside.clone())
        })
    }

    /// B, the tasks of a step.
    pub(super) fn batch_size(&self) -> usize {
        let tasks = self.model.num_tasks();
        self.adam.batch.unwrap_or(tasks).clamp(1, tasks)
    }

    pub(super) fn batch(&self, step: usize) -> Vec<usize> {
        batch(self.options.seed, step, self.model.num_tasks(), self.batch_size())
    }

    /// Whether theta is held at a point.
    pub(super) fn is_point(&self) -> bool {
        self.global.ln_scale.iter().all(|s| *s == f64::NEG_INFINITY)
    }

    pub(super) fn noise_size(&self, draws: usize) -> NoiseSize {
        NoiseSize { draws, globals: self.global.len(), locals: self.num_latents }
    }

    /// Fresh draws for a step on the tasks of a batch.
    pub(super) fn fresh(&self, batch: &[usize], step: usize) -> Noise {
        let size = self.noise_size(self.adam.draws.max(1));
        if self.is_point() {
            // what a point is not moved by need not be drawn
            return Noise::fresh_at_point(size, batch, self.options.seed, step as u64 + 1);
        }
        Noise::fresh(size, batch, self.options.seed, step as u64 + 1)
    }

    /// Fixed draws, in sets for that many tasks; with more tasks they share them in turn.
    pub(super) fn fixed(&self, draws: usize, tasks: usize) -> Noise {
        Noise::fixed(self.noise_size(draws.max(2)), tasks, self.options.seed)
    }

    /// Some of the model's tasks.
    pub(super) fn some(&self, tasks: &[usize]) -> Subset<'a, M> {
        Subset::with(self.model, tasks.iter().map(|&i| self.model.task(i)).collect())
    }

    /// The density of a few tasks, each of which counts once.
    pub(super) fn density<'s>(&self, few: &'s dyn Program) -> Density<'s> {
        let (tasks, writing) = (few.num_tasks(), self.writing());
        let shape = self.shape_of(tasks);
        let closing = match &self.alike {
            Some(alike) => alike.of_many(tasks),
            None => Density::closing(few, &shape, writing, self.outside.clone()),
        };
        Density::with_closing(few.all(), &shape, writing, closing)
    }

    pub(super) fn writing(&self) -> Writing<'_> {
        Writing::new(&self.non_centred, &self.options)
    }

    /// The shape of so many tasks.
    pub(super) fn shape_of(&self, tasks: usize) -> Shape {
        Shape { offsets: self.offsets(tasks), ..self.shape.clone() }
    }

    /// The density of a batch, which stands for all tasks.
    pub(super) fn density_of_batch<'s>(&self, batch: &'s dyn Program) -> Density<'s> {
        let mut density = self.density(batch);
        density.total_tasks = self.model.num_tasks();
        density
    }

    /// q(theta), and the factors of a few tasks.
    pub(super) fn guide(&self, local: MeanField) -> Guide {
        let offsets = self.offsets(local.len() / self.num_latents);
        Guide { global: self.global.clone(), local, offsets }
    }

    fn offsets(&self, tasks: usize) -> Vec<usize> {
        (0..=tasks).map(|i| i * self.num_latents).collect()
    }

    /// Whether the factor of a task, of the training or new, can be computed.
    pub(super) fn check(&self, task: &M::Task) -> Result<(), Error> {
        let single = Subset::one(self.model, task);
        let shape = Shape::discover(&single, &self.start).map_err(Error::of_new_task)?;
        let found = shape.offsets[1];
        if found != self.num_latents {
            return Err(other_latents("the task", found, self.num_latents));
        }
        if self.alike.is_some() && shape.first_task != self.shape.first_task {
            return Err(Error::Unusable(format!("the task has latents other than those of the first: {ONE_SHAPE}")));
        }
        Ok(())
    }

    /// Draws of theta, unconstrained.
    pub(super) fn thetas(&self, n: usize) -> Vec<Vec<f64>> {
        let noise = self.fixed(n, 0);
        (0..noise.draws).map(|s| self.global.at(noise.theta(s))).collect()
    }
}

const ONE_SHAPE: &str = "amortised fits need tasks of one shape";

fn other_latents(task: &str, found: usize, expected: usize) -> Error {
    Error::Unusable(format!("{task} has {found} latent coordinates where the first has {expected}: {ONE_SHAPE}"))
}
