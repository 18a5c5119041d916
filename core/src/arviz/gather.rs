//! What a fit's model says of its observations, given draws of its posterior.

use crate::error::Place;
use crate::fit::solution::Solution;
use crate::interpret::pointwise::Pointwise;
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
        progress.stage("for ArviZ", 2 * draws.len());
        let mut rng = Stream::Question(Question::Predictive).of(solution.options.seed);
        let mut ln_densities = Vec::with_capacity(draws.len());
        for &draw in draws {
            let mut scored = Pointwise::default();
            visits.parts().for_each(|part| visits.visit(part, draw, &mut scored));
            ln_densities.push(scored.ln_densities().collect());
            progress.counted(ln_densities.len(), "visits of the data");
        }
        let replicate = |(done, &draw): (usize, &usize)| {
            progress.counted(draws.len() + done, "visits of the data");
            visits.replicate(draw, &mut rng).ok()
        };
        let replicated = draws.iter().enumerate().map(replicate).collect();
        Self { places, values, ln_densities, replicated }
    }
}
