//! What a fit's model says of its observations, given draws of its posterior.

use crate::error::Place;
use crate::fit::solution::Solution;
use crate::interpret::pointwise::Pointwise;
use crate::interpret::simulate::{Places, Simulate, Wanted};
use crate::model::Model;
use crate::posterior::visits::Visits;
use crate::progress::Progress;
use crate::sampling::stream::{Question, Stream};

/// All observations, in the order in which the model visits them.
pub(super) struct Gathered {
    /// The place of each number.
    pub(super) places: Vec<Place>,
    /// Each number; a vector's one after another.
    pub(super) values: Vec<f64>,
    /// By draw, ln p of each observation, of which a vector is one.
    pub(super) ln_densities: Vec<Vec<f64>>,
    /// By draw, each number drawn again; `None` if a distribution has no sampler.
    pub(super) replicated: Option<Vec<Vec<f64>>>,
}

impl Gathered {
    pub(super) fn of<M: Model>(model: &M, solution: &Solution, draws: &[usize]) -> Self {
        let visits = Visits::new(model, solution.source());
        let (mut places, mut values) = (Vec::new(), Vec::new());
        for part in visits.parts() {
            let mut record = visits.record(part);
            places.append(&mut record.places);
            values.append(&mut record.values);
        }
        let progress = Progress::new(&solution.options);
        progress.stage("for ArviZ", draws.len());
        let mut rng = Stream::Question(Question::Predictive).of(solution.options.seed);
        let (mut ln_densities, mut replicated) = (Vec::new(), Some(Vec::new()));
        for (done, &draw) in draws.iter().enumerate() {
            progress.counted(done, "draws");
            let (mut scored, mut drawn) = (Pointwise::default(), Some(Vec::with_capacity(values.len())));
            for part in visits.parts() {
                visits.visit(part, draw, &mut scored);
                let known = visits.classes(part, draw);
                let mut run = Simulate::new(&mut rng, Wanted::Observed, part, Places::Known).knowing(&known);
                visits.visit(part, draw, &mut run);
                drawn = drawn.filter(|_| run.error.is_none());
                if let Some(all) = &mut drawn {
                    all.append(&mut run.drawn);
                }
            }
            ln_densities.push(scored.ln_densities().collect());
            replicated = replicated.zip(drawn).map(|(mut all, drawn)| {
                all.push(drawn);
                all
            });
        }
        Self { places, values, ln_densities, replicated }
    }
}
