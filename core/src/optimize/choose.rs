//! The parameterisation of each local site: the one that gives the higher ELBO.

use crate::density::program::Program;
use crate::guide::Guide;
use crate::interpret::rewrite::Rewriting;
use crate::optimize::climb_end::End;
use crate::optimize::one_climb::climb_as;
use crate::optimize::summit::{Origin, Settings, Summit};
use crate::options::{Optimiser, Options};
use nalgebra::DVector;

/// How many tasks take part, with how many draws and steps at most.
const MOST_TASKS: usize = 100;
const DRAWS: usize = 32;
const STEPS: usize = 50;

/// The highest ELBO over parameterisations.
pub(crate) struct Choice {
    /// The climb that reached it, with some tasks.
    pub(crate) best: Summit,
    /// Which ones, ascending.
    pub(crate) tasks: Vec<usize>,
    /// Iterations of all climbs, of those that lost too.
    pub(crate) iterations: usize,
}

/// Chooses site by site, with few draws, on evenly spaced tasks: data are often sorted.
pub(crate) fn choose(program: &dyn Program, settings: &Settings<'_>) -> Choice {
    let all = program.num_tasks();
    let count = all.min(MOST_TASKS);
    let tasks: Vec<usize> = (0..count).map(|k| k * all / count).collect();
    let some = program.some(&tasks);
    let some = &*some;
    let shape = settings.shape.of(&tasks);
    let draws = settings.options.draws.min(DRAWS);
    let options = Options {
        draws,
        most_draws: draws,
        max_iterations: Some(settings.options.max_iterations.map_or(STEPS, |most| most.min(STEPS))),
        optimiser: Optimiser::Auto,
        ..settings.options.clone()
    };
    let settings = Settings { options: &options, shape: &shape, ..*settings };
    let mut best = climb_as(some, &settings, &vec![false; shape.location_scale.len()], Origin::Start);
    let mut iterations = best.iterations;
    for site in (0..shape.location_scale.len()).filter(|&site| shape.location_scale[site]) {
        let mut written = best.open.tasks.non_centred.clone();
        written[site] = true;
        let other = if best.end == End::Converged {
            let guide = rewritten(some, &best.guide, Rewriting { from: &best.open.tasks.non_centred, to: &written });
            climb_as(some, &settings, &written, Origin::Rival { guide: &guide, elbo: best.elbo.total() })
        } else {
            climb_as(some, &settings, &written, Origin::Start)
        };
        iterations += other.iterations;
        let is_sound = other.end == End::Converged || best.end != End::Converged;
        if is_sound && other.elbo.total() > best.elbo.total() {
            best = other;
        }
    }
    Choice { best, tasks, iterations }
}

/// The guide with its locals written otherwise, theta being at its mean.
pub(crate) fn rewritten(program: &dyn Program, guide: &Guide, how: Rewriting<'_>) -> Guide {
    Guide { local: program.rewrite(guide, how), global: guide.global.clone(), offsets: guide.offsets.clone() }
}

/// Where the guide puts phi of each of the program's tasks, the first of the guide's, when theta is at its mean; in centred
/// coordinates.
pub(crate) fn modes_at_mean(program: &dyn Program, climbed: &Summit) -> Vec<DVector<f64>> {
    let centred = vec![false; climbed.open.tasks.non_centred.len()];
    let guide = climbed.guide.first(program.num_tasks());
    let guide = rewritten(program, &guide, Rewriting { from: &climbed.open.tasks.non_centred, to: &centred });
    (0..guide.num_tasks()).map(|i| DVector::from_column_slice(&guide.local.loc[guide.task(i)])).collect()
}
