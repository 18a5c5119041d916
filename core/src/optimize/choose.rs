//! The parameterisation of each local site: the one that gives the higher ELBO.

use crate::density::lanes::globals;
use crate::guide::{Guide, MeanField};
use crate::interpret::rewrite::Rewrite;
use crate::model::Model;
use crate::model::subset::Subset;
use crate::numbers::number::Real;
use crate::optimize::climb::{Climbed, Origin, Settings, climb_as};
use crate::optimize::newton::End;
use crate::options::{Optimiser, Options};

/// How many tasks take part, with how many draws and steps at most.
const MOST_TASKS: usize = 100;
const DRAWS: usize = 32;
const STEPS: usize = 50;

/// The highest ELBO over parameterisations.
pub(crate) struct Chosen {
    /// The climb that reached it, with some tasks.
    pub(crate) best: Climbed,
    /// Which ones, ascending.
    pub(crate) tasks: Vec<usize>,
    /// Iterations of all climbs, of those that lost too.
    pub(crate) iterations: usize,
}

/// Chooses site by site, with few draws, on evenly spaced tasks: data are often sorted.
pub(crate) fn choose<M: Model>(model: &Subset<'_, M>, settings: &Settings<'_>) -> Chosen {
    let all = model.num_tasks();
    let count = all.min(MOST_TASKS);
    let tasks: Vec<usize> = (0..count).map(|k| k * all / count).collect();
    let some = Subset { model: model.model, tasks: tasks.iter().map(|&i| model.tasks[i]).collect() };
    let shape = settings.shape.of(&tasks);
    let draws = settings.options.draws.min(DRAWS);
    let options = Options {
        draws,
        most_draws: draws,
        max_iterations: Some(STEPS),
        optimiser: Optimiser::Auto,
        ..settings.options.clone()
    };
    let settings = Settings { options: &options, shape: &shape, start: settings.start };
    let mut best = climb_as(&some, &settings, &vec![false; shape.location_scale.len()], Origin::Start);
    let mut iterations = best.iterations;
    for site in (0..shape.location_scale.len()).filter(|&site| shape.location_scale[site]) {
        let mut written = best.non_centred.clone();
        written[site] = true;
        let other = if best.end == End::Converged {
            let guide = rewritten(&some, &best.guide, (&best.non_centred, &written));
            climb_as(&some, &settings, &written, Origin::Rival { guide: &guide, elbo: best.elbo.total() })
        } else {
            climb_as(&some, &settings, &written, Origin::Start)
        };
        iterations += other.iterations;
        let is_sound = other.end == End::Converged || best.end != End::Converged;
        if is_sound && other.elbo.total() > best.elbo.total() {
            best = other;
        }
    }
    Chosen { best, tasks, iterations }
}

/// The guide with its locals written otherwise, theta being at its mean.
pub(crate) fn rewritten<M: Model>(model: &M, guide: &Guide, (from, to): (&[bool], &[bool])) -> Guide {
    let theta = globals(model, &guide.global.loc, |_, u| Real(u));
    let mut local = MeanField::default();
    for i in 0..guide.num_tasks() {
        let range = guide.task(i);
        let mut run = Rewrite::new(from, to, &guide.local.loc[range.clone()], &guide.local.ln_scale[range]);
        model.local(&mut run, &theta, model.task(i), &mut Default::default());
        local.loc.append(&mut run.loc);
        local.ln_scale.append(&mut run.ln_scale);
    }
    Guide { local, global: guide.global.clone(), offsets: guide.offsets.clone() }
}
