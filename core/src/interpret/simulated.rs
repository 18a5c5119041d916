//! A whole model drawn from its priors.

use crate::error::Error;
use crate::interpret::classes;
use crate::interpret::dataset::{Dataset, Layout};
use crate::interpret::simulate::{Places, Simulate, Wanted};
use crate::model::Model;
use crate::model::draw::Draw;
use crate::model::values::values_of;
use rand::Rng;
use std::fmt;
use std::sync::Arc;

/// A draw of all latents from their priors, and of all data given them.
pub struct Simulated<M: Model> {
    /// The latents.
    pub latents: Draw<M>,
    /// The data, those that are missing too.
    pub data: Dataset,
}

impl<M: Model> Clone for Simulated<M> {
    fn clone(&self) -> Self {
        Self { latents: self.latents.clone(), data: self.data.clone() }
    }
}

impl<M: Model> fmt::Debug for Simulated<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulated").field("latents", &self.latents).field("data", &self.data).finish()
    }
}

/// What is drawn of the whole model.
#[derive(Default)]
struct Collected {
    layout: Layout,
    values: Vec<f64>,
    error: Option<Error>,
}

impl Collected {
    fn take(&mut self, mut run: Simulate<'_>, label: Option<&str>) {
        let label = |_| label.map(str::to_owned);
        run.places.iter_mut().for_each(|place| place.label_task(label));
        run.error = run.error.map(|error| error.label_task(label));
        self.layout.add(run.task, run.places);
        self.values.extend(run.drawn);
        self.error = self.error.take().or(run.error);
    }
}

/// Draws latents and data from the prior; observed values are ignored, factors have no say.
pub(crate) fn simulate<M: Model>(model: &M, rng: &mut dyn Rng) -> Result<Simulated<M>, Error> {
    let mut collected = Collected::default();
    let mut run = Simulate::new(rng, Wanted::All, None, Places::Noted);
    let mut theta = Default::default();
    model.global(&mut run, &mut theta);
    collected.take(run, None);
    let mut local = Vec::with_capacity(model.num_tasks());
    for i in 0..model.num_tasks() {
        let mut run = Simulate::new(rng, Wanted::All, Some(i), Places::Noted);
        let mut phi = Default::default();
        model.local(&mut run, &theta, model.task(i), &mut phi);
        model.likelihood(&mut run, &theta, &phi, model.task(i));
        classes::fill::<M::Local>(&mut phi, &run.classes);
        local.push(values_of::<M::Local>(&phi));
        collected.take(run, model.task_label(i).as_deref());
    }
    let Collected { layout, values, error } = collected;
    let latents = Draw { global: values_of::<M::Global>(&theta), local };
    error.map_or(Ok(Simulated { latents, data: Dataset::new(Arc::new(layout), values) }), Err)
}
