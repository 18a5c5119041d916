//! Maximisation of an ELBO: from a start to a maximum, in the parameterisation and by the optimiser that fit it best.

pub(crate) mod adam;
mod ascent;
pub(crate) mod choose;
mod climb;
pub(crate) mod climbed;
pub(crate) mod draws;
mod em;
mod ended;
pub(crate) mod full;
mod history;
mod judge;
mod lbfgs;
mod newton;
pub(crate) mod plateau;
mod saddle;

#[cfg(test)]
mod tests;

use crate::density::program::Program;
use crate::optimize::ascent::{climb_as, climb_full};
use crate::optimize::choose::{Chosen, choose};
use crate::optimize::climbed::{Climbed, Origin, Settings};
use crate::options::{LocalFactor, Parameterisation};

/// The maximum of the ELBO over guides, and over parameterisations where those are to be chosen.
pub(crate) fn climb(program: &dyn Program, settings: &Settings<'_>) -> Climbed {
    if settings.options.locals == LocalFactor::Full {
        return climb_full(program, settings);
    }
    let can = &settings.shape.location_scale;
    let centred = vec![false; can.len()];
    match settings.options.parameterisation {
        Parameterisation::Centred => climb_as(program, settings, &centred, Origin::Start),
        Parameterisation::NonCentred => climb_as(program, settings, can, Origin::Start),
        Parameterisation::Auto if !can.contains(&true) => climb_as(program, settings, can, Origin::Start),
        Parameterisation::Auto => {
            let Chosen { best, tasks, iterations } = choose(program, settings);
            let origin = Origin::Guide { guide: &best.guide, tasks: &tasks };
            let mut climbed = climb_as(program, settings, &best.open.tasks.non_centred, origin);
            climbed.iterations += iterations;
            if climbed.verdict.is_converged() || !best.open.tasks.non_centred.contains(&true) {
                return climbed;
            }
            let mut other = climb_as(program, settings, &centred, Origin::Start);
            let iterations = climbed.iterations + other.iterations;
            other.iterations = iterations;
            climbed.iterations = iterations;
            if other.verdict.is_converged() { other } else { climbed }
        }
    }
}
