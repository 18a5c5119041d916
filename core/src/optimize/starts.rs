//! Climbs from other starts, where the outer problem may have several modes.
//!
//! A climb ends at the maximum in whose basin it starts. Others start elsewhere. They are short: over few draws, until they come near
//! a maximum that is known or have taken some steps, of which all together have about half as many as the first climb. Where one
//! has come as high as matters it goes on as the first one did.

use crate::density::bumps::may_have_several_modes;
use crate::density::program::Program;
use crate::density::shape::Shape;
use crate::density::{Density, Writing};
use crate::elbo::Bound;
use crate::guide::Guide;
use crate::interpret::discover::Start;
use crate::linalg::arrow::Moving;
use crate::optimize::climb_end::{End, Limits, is_narrow};
use crate::optimize::modes::Modes;
use crate::optimize::newton::newton;
use crate::optimize::one_climb::{climb_as, first_guide};
use crate::optimize::summit::{Method, Origin, Settings, Summit};
use crate::options::{GlobalFactor, LocalFactor, Options};
use crate::sampling::stream::Stream;

/// Fixed draws of a short climb.
const DRAWS: usize = 16;
/// Steps of a short climb at most, and until it is seen whether it comes to what is known.
const STEPS: usize = 48;
const AT_ONCE: usize = 6;
/// Steps of all short climbs, however few the first one took.
const FEWEST_STEPS: usize = 30;
/// So many kinds of starts take turns.
const TURNS: u64 = 4;
/// Climbs that come to the best maximum before it is taken for the highest that there is.
const RETURNS: usize = 3;
/// Theta starts so much farther from 0 than a first climb that starts at random.
const WIDER: f64 = 2.0;
/// A gradient's norm in nats at which it is seen which maximum a short climb comes to.
const TOLERANCE: f64 = 0.01;

/// The maxima that climbs from other starts find beside that of the first, where there may be any.
pub(crate) fn from_other_starts(program: &dyn Program, settings: &Settings<'_>, first: Summit) -> Modes {
    let Settings { options, shape, .. } = settings;
    let mut modes = Modes::of(first);
    if !may_start_again(options, &modes.best) || !may_have_several_modes(program, shape, &modes.best.open) {
        return modes;
    }
    let non_centred = modes.best.open.tasks.non_centred.clone();
    let density = Density::new(program.all(), shape, Writing::new(&non_centred, options));
    if !is_narrow(&density) {
        return modes;
    }
    let draws = if density.is_sampled() { options.draws.clamp(2, DRAWS) } else { 1 };
    let bound = Bound::new(&density, draws, options.seed);
    // steps over fewer draws cost as much less
    let as_long = modes.best.iterations * modes.best.error.draws.max(1) / draws;
    let mut steps = (as_long / 2).max(FEWEST_STEPS);
    for number in 0..options.other_starts {
        if modes.returns >= RETURNS || steps == 0 {
            break;
        }
        let start = other_start(&density, settings, &modes.best.guide, number as u64);
        if start == modes.best.guide {
            continue;
        }
        let Some(guide) = short_climb(&bound, start, &mut modes, &mut steps) else { continue };
        let found = climb_as(program, settings, &non_centred, Origin::Rival { guide: &guide, elbo: modes.least() });
        if !modes.knows(program, &found.guide.global, found.elbo.total()) {
            modes.add(found);
        }
    }
    modes
}

/// Whether options leave it to the fit how far it climbs, by second derivatives.
fn may_start_again(options: &Options, first: &Summit) -> bool {
    options.other_starts > 0
        && options.max_iterations.is_none()
        && options.global == GlobalFactor::MeanField
        && options.locals == LocalFactor::MeanField
        && first.method == Method::Newton
}

/// The guide of a start. Of four in turn two are where the best would be under other signs and with other names, one is at random
/// around 0, and one has theta where the priors are.
fn other_start(density: &Density<'_>, settings: &Settings<'_>, best: &Guide, number: u64) -> Guide {
    let seed = settings.options.seed;
    let start = Start::Random(seed.wrapping_add(number / TURNS).wrapping_add(1));
    let at_random = || first_guide(density, &Settings { start, ..*settings });
    match number % TURNS {
        0 => mirrored(best, settings.shape),
        1 => reversed(best, density),
        2 => {
            let mut guide = at_random();
            guide.global.loc.iter_mut().for_each(|u| *u *= WIDER);
            guide
        }
        _ => {
            let mut guide = at_random();
            guide.global.loc = density.program.draw_globals(&mut Stream::OtherStart { number }.of(seed));
            guide
        }
    }
}

/// The same with all numbers on the real line of the other sign.
fn mirrored(best: &Guide, shape: &Shape) -> Guide {
    let mut guide = best.clone();
    for slot in shape.global.slots().iter().filter(|slot| slot.identity) {
        guide.global.loc[slot.coordinates.clone()].iter_mut().for_each(|u| *u = -*u);
    }
    if shape.local_identity {
        guide.local.loc.iter_mut().for_each(|u| *u = -*u);
    }
    guide
}

/// The same with the coordinates of every site of the globals in the other order.
fn reversed(best: &Guide, density: &Density<'_>) -> Guide {
    let mut guide = best.clone();
    for site in density.program.signature().global_sites {
        let of_site: Vec<usize> = density.layout.global.coordinates_of(site).collect();
        for (&to, &from) in of_site.iter().zip(of_site.iter().rev()) {
            guide.global.loc[to] = best.global.loc[from];
            guide.global.ln_scale[to] = best.global.ln_scale[from];
        }
    }
    guide
}

/// Where some of so many steps lead; `None` where that is known, or too low to matter.
fn short_climb(bound: &Bound<'_>, mut guide: Guide, modes: &mut Modes, steps: &mut usize) -> Option<Guide> {
    for _ in 0..STEPS / AT_ONCE {
        let limits = Limits { iterations: AT_ONCE, tolerance: TOLERANCE, moving: Moving::Both, beat: modes.least() };
        let ended = newton(bound, guide, limits, &mut |_, _| {});
        *steps = steps.saturating_sub(ended.iterations.max(1));
        let elbo = ended.elbo.total();
        if !elbo.is_finite() || modes.knows(&*bound.density.program, &ended.guide.global, elbo) {
            return None;
        }
        guide = ended.guide;
        let is_over = ended.end != End::Stopped || ended.iterations < AT_ONCE;
        if is_over || *steps == 0 {
            return (elbo > modes.least()).then_some(guide);
        }
    }
    (bound.value(&guide).total() > modes.least()).then_some(guide)
}
