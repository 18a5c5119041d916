//! Maximisation of an ELBO: from a start to a maximum, in the parameterisation and by the optimiser that fit it best.

pub(crate) mod adam;
pub(crate) mod choose;
mod climb;
mod climb_end;
pub(crate) mod draws;
mod em;
pub(crate) mod full;
mod history;
mod judge;
mod lbfgs;
pub(crate) mod modes;
mod newton;
mod one_climb;
pub(crate) mod plateau;
mod saddle;
pub(crate) mod starts;
pub(crate) mod summit;

#[cfg(test)]
mod tests;

use crate::density::program::Program;
use crate::optimize::choose::{Choice, choose};
use crate::optimize::one_climb::{climb_as, climb_full};
use crate::optimize::summit::{Origin, Settings, Summit};
use crate::options::{LocalFactor, Optimiser, Parameterisation};

/// The maximum of the ELBO over guides, and over parameterisations where those are to be chosen.
pub(crate) fn climb(program: &dyn Program, settings: &Settings<'_>) -> Summit {
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
            let Choice { best, tasks, iterations } = choose(program, settings);
            if is_final(&best, tasks.len(), settings) {
                return Summit { iterations, ..best };
            }
            let origin = Origin::Summit { of: &best, tasks: &tasks };
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

/// Whether a climb that was to choose a parameterisation is already that of the fit: all tasks took part, by the optimiser
/// that is wanted, and no term was averaged over draws, of which it had few.
fn is_final(best: &Summit, tasks: usize, settings: &Settings<'_>) -> bool {
    let is_same_bound = tasks == settings.shape.num_tasks() && best.error.draws == 0;
    is_same_bound && settings.options.optimiser == Optimiser::Auto && best.verdict.is_converged()
}
