//! What tells whether a model with its data is the one that a fit is of.

use crate::density::blocks::BlockLayout;
use crate::density::program::{Discovery, Masks, Program, Scoring};
use crate::density::shape::Shape;
use crate::error::FileError;
use crate::fit::solution::Solution;
use crate::model::subset::Subset;
use crate::model::{Model, Site};
use crate::numbers::pass::Derivatives;
use crate::posterior::visits::Visits;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Densities are the same up to this share: builds for other processors may round otherwise.
const SAME: f64 = 1e-9;

/// What there is to know a model with its data by.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Fingerprint {
    /// Names of the sites: of globals, of locals, of observations.
    sites: [Vec<String>; 3],
    layout: Layout,
    /// What is outside the plate, then each task.
    parts: Vec<Part>,
}

/// How many numbers there are, and where.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Layout {
    /// Unconstrained coordinates of the globals, and their numbers.
    globals: [usize; 2],
    /// M + 1 offsets of the tasks' unconstrained coordinates.
    offsets: Vec<usize>,
    /// The most numbers of a task.
    widest: usize,
    observations: usize,
}

impl Layout {
    fn of(shape: &Shape) -> Self {
        Self {
            globals: [shape.global.num_coordinates(), shape.global.num_values()],
            offsets: shape.offsets.clone(),
            widest: shape.widest.values,
            observations: shape.num_observations,
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { globals: [_, globals], offsets, widest, observations } = self;
        let tasks = offsets.len() - 1;
        write!(f, "{tasks} tasks, {globals} global numbers, up to {widest} of a task, {observations} observations")
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Part {
    label: Option<String>,
    /// What the turns of its nested plates are called: `schools[Hill]`.
    turns: Vec<String>,
    /// Of the observations and their places.
    observed: u64,
    /// ln p at the guide's mean, which covariates, constants and distributions change.
    ln_density: f64,
}

impl Fingerprint {
    pub(super) fn of<M: Model>(model: &M, solution: &Solution) -> Self {
        let (visits, all) = (Visits::new(model, solution.source()), Subset::all(model));
        let (ln_densities, Discovery { task, .. }) = (ln_densities(&all, solution), all.discover(&solution.start));
        let part = |(part, ln_density): (Option<usize>, f64)| {
            let record = visits.record(part);
            let mut bytes = Vec::new();
            for (place, value) in record.places.iter().zip(&record.values) {
                bytes.extend(place.site.as_bytes());
                bytes.extend([place.observation, place.entry].iter().flat_map(|at| at.unwrap_or(0).to_le_bytes()));
                bytes.extend(value.to_bits().to_le_bytes());
            }
            let turns = part.map_or_else(Vec::new, |i| task(i).level.turns());
            Part { label: part.and_then(|i| model.task_label(i)), turns, observed: fnv1a(&bytes), ln_density }
        };
        let layout = Layout::of(&solution.shape);
        Self { sites: sites(&all), layout, parts: visits.parts().zip(ln_densities).map(part).collect() }
    }

    /// Refuses a model of which the solution of this fingerprint is none, though it has the model's own shape.
    pub(super) fn check<M: Model>(&self, model: &M, solution: &Solution) -> Result<(), FileError> {
        let program = Subset::all(model);
        self.check_layout(&program, &solution.shape)?;
        self.check_parts(&program, &Self::of(model, solution))
    }

    fn check_layout(&self, program: &dyn Program, shape: &Shape) -> Result<(), FileError> {
        let (here, layout) = (sites(program), Layout::of(shape));
        if here != self.sites {
            return Err(FileError::Model { saved: listed(&self.sites), here: listed(&here) });
        }
        if layout != self.layout {
            return Err(FileError::Layout { saved: self.layout.to_string(), here: layout.to_string() });
        }
        Ok(())
    }

    fn check_parts(&self, program: &dyn Program, here: &Self) -> Result<(), FileError> {
        for (k, (saved, here)) in self.parts.iter().zip(&here.parts).enumerate() {
            let name = || match k.checked_sub(1) {
                Some(i) => program.task_name(i).to_string(),
                None => "what is outside the plate".to_owned(),
            };
            if saved.label != here.label {
                let said = |label: &Option<String>| match label {
                    Some(label) => format!("task {} called {label:?}", k - 1),
                    None => format!("task {} without a label", k - 1),
                };
                return Err(FileError::Layout { saved: said(&saved.label), here: said(&here.label) });
            }
            if saved.turns != here.turns {
                let differ = |at: &usize| saved.turns.get(*at) != here.turns.get(*at);
                let at = (0..saved.turns.len()).find(differ).unwrap_or(saved.turns.len());
                let said = |part: &Part| match part.turns.get(at) {
                    Some(turn) => format!("`{turn}` in {}", name()),
                    None => format!("{at} turns of nested plates in {}", name()),
                };
                return Err(FileError::Layout { saved: said(saved), here: said(here) });
            }
            if saved.observed != here.observed {
                return Err(FileError::Data { part: name() });
            }
            let (was, is) = (saved.ln_density, here.ln_density);
            if !(was.to_bits() == is.to_bits() || (was - is).abs() <= SAME * (1.0 + was.abs())) {
                return Err(FileError::Density { part: name(), saved: was.to_string(), here: is.to_string() });
            }
        }
        Ok(())
    }
}

fn sites(program: &dyn Program) -> [Vec<String>; 3] {
    let signature = program.signature();
    let names = |sites: &[Site]| sites.iter().map(|site| site.name.to_owned()).collect();
    [signature.global_sites, signature.local_sites, signature.observed_sites].map(names)
}

/// "mu, tau; theta; y"
fn listed(sites: &[Vec<String>; 3]) -> String {
    sites.each_ref().map(|names| names.join(", ")).join("; ")
}

/// ln p at the guide's mean: outside the plate, and of each task.
fn ln_densities(program: &dyn Program, solution: &Solution) -> Vec<f64> {
    let Solution { shape, climbed, .. } = solution;
    let (signature, guide) = (program.signature(), &climbed.guide);
    let mut masks = Masks::all(&signature);
    masks.tasks.non_centred.clone_from(&climbed.open.tasks.non_centred);
    let layout = BlockLayout::new(&signature, shape.global.clone(), shape.widest);
    let fixed = program.fix(Scoring::Value, &layout, std::slice::from_ref(&guide.global.loc));
    let (mut scorer, mut unwanted) = (fixed.scorer(&masks.tasks), Derivatives::default());
    let outside = program.outside(&masks.outside, &guide.global.loc).total();
    let mut of_task = |i: usize| scorer.score(0, i, &guide.local.loc[guide.task(i)], &mut unwanted).total();
    std::iter::once(outside).chain((0..program.num_tasks()).map(&mut of_task)).collect()
}

/// The 64-bit hash of Fowler, Noll & Vo (1a).
pub(super) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published values of the hash (draft-eastlake-fnv, appendix C).
    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
