//! One climb: in one parameterisation, by one optimiser.

use crate::density::program::Program;
use crate::density::{Density, Writing};
use crate::elbo::Bound;
use crate::elbo::nodes::Nodes;
use crate::guide::metric::Metric;
use crate::guide::{FIRST_LN_SCALE, Guide, MeanField};
use crate::linalg::arrow::Moving;
use crate::optimize::adam::adam;
use crate::optimize::climb_end::{ClimbEnd, End, Limits, Watch, is_narrow};
use crate::optimize::draws::{DrawsError, nodes_error};
use crate::optimize::em::em;
use crate::optimize::full::{FullSettings, full};
use crate::optimize::judge::judge;
use crate::optimize::lbfgs::{LbfgsEnd, LbfgsLimits, Saddles, lbfgs};
use crate::optimize::newton::newton;
use crate::optimize::plateau::AdamEnd;
use crate::optimize::summit::{Appraisal, Method, Origin, Settings, Summit};
use crate::options::{AdamOptions, Estimator, GlobalFactor, Optimiser};
use crate::sampling::noise::{Noise, NoiseSize};

/// The gradient norm that L-BFGS can hope for: it converges linearly, not quadratically.
const LBFGS_TOLERANCE: f64 = 1e-4;
/// The gradient norm to hope for of wide blocks, which adds up over thousands of coordinates: half its square, 5e-5, is
/// about how many nats are left to gain.
const WIDE_TOLERANCE: f64 = 1e-2;
/// The gradient norm to hope for of full-covariance locals.
const FULL_TOLERANCE: f64 = 1e-3;
/// The set of fixed draws grows until other draws would move no mean by more than this many guide standard deviations.
const TOLERABLE_DRAWS_ERROR: f64 = 0.05;
/// Fixed draws to begin with where a task has discrete latents alone.
const FEW_DRAWS: usize = 4;
/// Nodes are too few where twice as many in each direction would move a mean by more than this many guide standard
/// deviations.
const COARSE: f64 = 0.05;

/// Climbs in one parameterisation.
pub(crate) fn climb_as(
    program: &dyn Program,
    settings: &Settings<'_>,
    non_centred: &[bool],
    origin: Origin<'_>,
) -> Summit {
    let Settings { options, shape, .. } = settings;
    let density = Density::new(program.all(), shape, Writing::new(non_centred, options));
    let start = ClimbStart::of(&density, settings, origin);
    match &options.optimiser {
        Optimiser::Newton => climb_fixed(&density, settings, &start, Method::Newton),
        Optimiser::Em => climb_fixed(&density, settings, &start, Method::Em),
        Optimiser::Auto if is_narrow(&density) => climb_fixed(&density, settings, &start, Method::Newton),
        Optimiser::Auto | Optimiser::Lbfgs => climb_fixed(&density, settings, &start, Method::Lbfgs),
        Optimiser::Adam(adam) => climb_adam(&density, settings, start.guide, adam),
    }
}

/// Where a climb starts, over which nodes, and the ELBO that it is to beat.
#[derive(Clone)]
struct ClimbStart {
    guide: Guide,
    nodes: Nodes,
    beat: f64,
}

impl ClimbStart {
    fn of(density: &Density<'_>, settings: &Settings<'_>, origin: Origin<'_>) -> Self {
        let (nodes, beat) = (Nodes::first(), f64::NEG_INFINITY);
        match origin {
            Origin::Start => Self { guide: first_guide(density, settings), nodes, beat },
            Origin::Summit { of, tasks } => {
                let guide = first_guide(density, settings).grown_from(&of.guide, tasks);
                let bound = Bound::new(density, 1, settings.options.seed).with_nodes(of.nodes.clone());
                Self { nodes: bound.narrowed_at(&guide).nodes, guide, beat }
            }
            Origin::Rival { guide, elbo } => Self { guide: guide.clone(), nodes, beat: elbo },
        }
    }
}

/// The guide at the start of a fit.
pub(super) fn first_guide(density: &Density<'_>, settings: &Settings<'_>) -> Guide {
    let offsets = density.offsets.clone();
    let mut global = MeanField::new(density.num_globals(), 0.0, FIRST_LN_SCALE);
    let mut local = MeanField::new(offsets[offsets.len() - 1], 0.0, FIRST_LN_SCALE);
    for (j, loc) in global.loc.iter_mut().enumerate() {
        *loc = settings.start.coordinate(None, j);
    }
    for i in 0..density.num_tasks() {
        for j in offsets[i]..offsets[i + 1] {
            local.loc[j] = settings.start.coordinate(Some(i), j - offsets[i]);
        }
    }
    if settings.options.global == GlobalFactor::Point {
        global.ln_scale.fill(f64::NEG_INFINITY);
    }
    Guide { global, local, offsets }
}

/// How many draws to begin with. Where a task has discrete latents alone, all data tell of theta: its guide is narrow then, so
/// that few draws do, and each is a sum over all values of these.
fn first_draws(density: &Density<'_>, asked: usize) -> usize {
    let has_classes_alone = density.layout.has_classes && density.layout.widest.coordinates == 0;
    if has_classes_alone { asked.min(FEW_DRAWS) } else { asked }
}

/// Climbs over fixed draws, with more of them where there were too few.
fn climb_fixed(density: &Density<'_>, settings: &Settings<'_>, start: &ClimbStart, method: Method) -> Summit {
    let ClimbStart { mut guide, mut nodes, beat } = start.clone();
    let options = settings.options;
    let most = options.max_iterations.unwrap_or(method.most_iterations());
    let limits = Limits { iterations: most, tolerance: options.tolerance, moving: Moving::Both, beat };
    settings.progress.stage(method.climbing(), most);
    let mut draws = if density.is_sampled() { first_draws(density, options.draws).max(2) } else { 1 };
    let (mut coarse, mut iterations) = (0.0, 0);
    loop {
        let bound = Bound::new(density, draws, options.seed).with_nodes(nodes.clone());
        let watch: Watch<'_> = &mut |step, elbo| settings.progress.at(step, elbo);
        let ended = match method {
            Method::Em => em(&bound, guide, limits, watch),
            Method::Lbfgs => climb_lbfgs(&bound, guide, limits, watch),
            _ => newton(&bound, guide, limits, watch),
        };
        iterations += ended.iterations;
        let is_beaten = beat > f64::NEG_INFINITY && ended.end != End::Converged;
        if !is_beaten && let Some(finer) = refined(&bound, &ended, start) {
            nodes = finer.nodes;
            coarse = finer.error;
            guide = if ended.end == End::Converged { ended.guide } else { start.guide.clone() };
            continue;
        }
        let mut error =
            if is_beaten { DrawsError::unknown(&bound) } else { DrawsError::of(&bound, &ended, options.seed) };
        let is_noisy = ended.end == End::Converged && error.error > TOLERABLE_DRAWS_ERROR;
        if is_noisy && draws < options.most_draws {
            draws = (4 * draws).min(options.most_draws);
            guide = ended.guide;
            continue;
        }
        if nodes.finer().is_none() {
            error.error = error.error.max(coarse);
        }
        let verdict = judge(density, &settings.start, method, &ended, &error);
        let climbed = Summit::new(density, ClimbEnd { iterations, ..ended }, Appraisal { method, error, verdict });
        return Summit { nodes, ..climbed };
    }
}

/// Finer nodes to go on with, and how far they would move the answer.
struct Refinement {
    nodes: Nodes,
    error: f64,
}

/// Finer nodes, where a climb ended at a maximum that depends on how many there are, or found none with so few as it started
/// with: then it is to start once more.
fn refined(bound: &Bound<'_>, ended: &ClimbEnd, start: &ClimbStart) -> Option<Refinement> {
    let nodes = bound.nodes.finer().filter(|_| bound.density.is_integrated())?;
    let finer = |guide: &Guide| Bound::over(bound.density, bound.noise.clone()).with_nodes(nodes).narrowed_at(guide);
    match ended.end {
        End::Converged => {
            let finer = finer(&ended.guide);
            let error = nodes_error(&finer, ended);
            (error > COARSE).then_some(Refinement { nodes: finer.nodes, error })
        }
        End::Stuck | End::Saddle if bound.nodes.is_as_fine_as(&start.nodes) => {
            Some(Refinement { nodes: finer(&start.guide).nodes, error: 0.0 })
        }
        _ => None,
    }
}

/// L-BFGS, and the expansion where it ended unless blocks are too wide for one.
fn climb_lbfgs(bound: &Bound<'_>, guide: Guide, limits: Limits, watch: Watch<'_>) -> ClimbEnd {
    let hope = if is_narrow(bound.density) { LBFGS_TOLERANCE } else { WIDE_TOLERANCE };
    let tolerance = limits.tolerance.max(hope);
    let limits = LbfgsLimits { iterations: limits.iterations, tolerance, saddles: Saddles::Leave };
    let ended = lbfgs(guide, limits, &mut |guide| bound.slope(guide), watch);
    let LbfgsEnd { guide, iterations, gradient_norm, end, trace, history } = ended;
    ClimbEnd { iterations, gradient_norm, end, trace, history, ..ClimbEnd::at(bound, guide) }
}

/// Climbs with full-covariance locals, of which only theta is left to move.
pub(crate) fn climb_full(program: &dyn Program, settings: &Settings<'_>) -> Summit {
    let Settings { options, shape, .. } = settings;
    let jacobian = options.global == GlobalFactor::MeanField;
    let writing = Writing { non_centred: &[], estimator: Estimator::Sampled, jacobian };
    let density = Density::new(program.all(), shape, writing);
    let guide = first_guide(&density, settings);
    let noise = |seed: u64| {
        let size = NoiseSize { draws: options.draws.max(2), globals: density.num_globals(), locals: 0 };
        match options.global {
            // all draws of a point are that point
            GlobalFactor::Point => Noise::fresh(NoiseSize { draws: 1, ..size }, &[], seed, 0),
            GlobalFactor::MeanField => Noise::fixed(size, 0, seed),
        }
    };
    let (noise, other) = (noise(options.seed), noise(options.seed.wrapping_add(1)));
    let closed = Density::new(program.all(), shape, Writing::new(&[], options));
    let full_settings = FullSettings {
        noise: &noise,
        other: jacobian.then_some(&other),
        closed: &closed,
        most_iterations: options.max_iterations.unwrap_or(Method::Lbfgs.most_iterations()).max(1),
        tolerance: options.tolerance.max(FULL_TOLERANCE),
        em: options.optimiser == Optimiser::Em,
    };
    settings.progress.stage(Method::Lbfgs.climbing(), full_settings.most_iterations);
    let found = full(&density, &guide, &full_settings, &mut |step, elbo| settings.progress.at(step, elbo));
    let method = if found.locals.is_exact && !full_settings.em { Method::Lbfgs } else { Method::Em };
    let draws = if jacobian { noise.draws } else { 0 };
    let error = DrawsError { draws, error: found.draws_error, worst_task: None };
    let verdict = judge(&density, &settings.start, method, &found.ended, &error);
    let climbed = Summit::new(&density, found.ended, Appraisal { method, error, verdict });
    // what a site has is told, though the profile samples all of them
    let Density { open, taken, .. } = closed;
    Summit { locals: Some(found.locals), open, taken, ..climbed }
}

fn climb_adam(density: &Density<'_>, settings: &Settings<'_>, guide: Guide, adam_options: &AdamOptions) -> Summit {
    let options = settings.options;
    let (guide, AdamEnd { steps: iterations, verdict, trace }) = adam(density, guide, adam_options, settings);
    let bound = Bound::new(density, options.draws.max(2), options.seed);
    let gradient_norm = Metric::plain(&guide).norm(&bound.slope(&guide).gradient);
    let end = if verdict.is_converged() { End::Converged } else { End::Stopped };
    let ended = ClimbEnd { iterations, gradient_norm, end, trace, ..ClimbEnd::at(&bound, guide) };
    let error = DrawsError { draws: adam_options.draws, ..DrawsError::default() };
    Summit::new(density, ended, Appraisal { method: Method::Adam, error, verdict })
}
