//! Chooses parameterisation and optimiser, and climbs to the maximum of the ELBO.

use crate::elbo::{Elbo, Objective, Shape, Written};
use crate::guide::{Guide, MeanField};
use crate::interpret::discover::Start;
use crate::linalg::arrow::{Arrow, Moving};
use crate::model::Model;
use crate::model::subset::Subset;
use crate::optimize::adam::adam;
use crate::optimize::choose::{Chosen, choose};
use crate::optimize::draws::DrawsError;
use crate::optimize::em::em;
use crate::optimize::full::{FullEnded, FullLocals, FullSettings, full};
use crate::optimize::history::History;
use crate::optimize::judge::judge;
use crate::optimize::lbfgs::{LbfgsEnded, LbfgsLimits, Saddles, gradient_norm, lbfgs};
use crate::optimize::newton::{End, Ended, Limits, newton};
use crate::optimize::plateau::Ascended;
use crate::options::{AdamOptions, Estimator, GlobalFactor, LocalFactor, Optimiser, Options, Parameterisation};
use crate::progress::Progress;
use crate::sampling::noise::Noise;
use crate::verdict::Verdict;
use std::fmt;

/// What to climb with.
pub(crate) struct Settings<'a> {
    pub(crate) options: &'a Options,
    pub(crate) shape: &'a Shape,
    pub(crate) start: Start,
}

/// Where a climb ended.
#[derive(Clone, Debug)]
pub(crate) struct Climbed {
    pub(crate) guide: Guide,
    pub(crate) elbo: Elbo,
    /// The second-order expansion of the ELBO there; `None` where blocks are too wide for one.
    pub(crate) arrow: Option<Arrow>,
    /// What is known of locals with full covariance, if they are.
    pub(crate) locals: Option<FullLocals>,
    pub(crate) non_centred: Vec<bool>,
    pub(crate) optimiser: Ran,
    pub(crate) iterations: usize,
    pub(crate) gradient_norm: f64,
    pub(crate) draws: usize,
    /// How far other draws would move the means, in guide standard deviations; 0 where nothing is sampled.
    pub(crate) draws_error: f64,
    /// The task whose guide other draws would move most, and by how much; for the report.
    pub(crate) worst_task: Option<(usize, f64)>,
    /// Whether the climb itself ended as it should, whatever other draws would do.
    pub(crate) end: End,
    pub(crate) verdict: Verdict,
    /// The ELBO at the start and after each iteration, where the optimiser keeps it.
    pub(crate) trace: Vec<f64>,
}

/// Which optimiser ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ran {
    Newton,
    Em,
    Lbfgs,
    Adam,
}

impl Ran {
    /// What the progress bar says; EM climbs by Newton steps.
    fn climbing(self) -> &'static str {
        match self {
            Self::Newton | Self::Em => "Newton",
            Self::Lbfgs => "L-BFGS",
            Self::Adam => "Adam",
        }
    }

    /// After fewer steps it cannot be told whether what moves runs away.
    fn enough_steps(self) -> usize {
        match self {
            Self::Newton => 30,
            _ => 200,
        }
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Newton => "Newton",
            Self::Em => "EM",
            Self::Lbfgs => "L-BFGS",
            Self::Adam => "Adam",
        })
    }
}

/// Log-scale the guide starts with.
pub(crate) const FIRST_LN_SCALE: f64 = -1.0;
/// Newton iterations at most.
const MOST_NEWTON: usize = 200;
/// Turns of EM at most.
const MOST_EM: usize = 2000;
/// L-BFGS iterations at most, and the gradient norm it can hope for: it converges linearly, not quadratically.
const MOST_LBFGS: usize = 2000;
const LBFGS_TOLERANCE: f64 = 1e-4;
/// The same for wide blocks, whose gradient norm adds up over thousands of coordinates: half its square, 5e-5, is about
/// how many nats are left to gain.
const WIDE_TOLERANCE: f64 = 1e-2;
/// That of L-BFGS for full-covariance locals.
const FULL_TOLERANCE: f64 = 1e-3;
/// The set of fixed draws grows until other draws would move no mean by more than this many guide standard deviations.
const TOLERABLE_DRAWS_ERROR: f64 = 0.05;
/// Widest block for which second derivatives are taken by default, where something is sampled and where nothing is.
const WIDEST_SAMPLED: usize = 64;
const WIDEST_CLOSED: usize = 256;

/// The maximum of the ELBO over guides, and over parameterisations where those are to be chosen.
pub(crate) fn climb<M: Model>(model: &Subset<'_, M>, settings: &Settings<'_>) -> Climbed {
    if settings.options.locals == LocalFactor::Full {
        return climb_full(model, settings);
    }
    let can = &settings.shape.location_scale;
    match settings.options.parameterisation {
        Parameterisation::Centred => climb_as(model, settings, &vec![false; can.len()], Origin::Start),
        Parameterisation::NonCentred => climb_as(model, settings, can, Origin::Start),
        Parameterisation::Auto if !can.contains(&true) => climb_as(model, settings, can, Origin::Start),
        Parameterisation::Auto => {
            let Chosen { best, tasks, iterations } = choose(model, settings);
            let origin = Origin::Guide { guide: &best.guide, tasks: &tasks };
            let mut climbed = climb_as(model, settings, &best.non_centred, origin);
            climbed.iterations += iterations;
            if climbed.verdict.is_converged() || !best.non_centred.contains(&true) {
                return climbed;
            }
            let mut centred = climb_as(model, settings, &vec![false; can.len()], Origin::Start);
            let iterations = climbed.iterations + centred.iterations;
            centred.iterations = iterations;
            climbed.iterations = iterations;
            if centred.verdict.is_converged() { centred } else { climbed }
        }
    }
}

/// Where a climb starts.
#[derive(Clone, Copy)]
pub(crate) enum Origin<'a> {
    /// Where the settings say.
    Start,
    /// At the guide of these tasks, ascending; the others where the settings say.
    Guide { guide: &'a Guide, tasks: &'a [usize] },
    /// At a guide of all tasks, only to beat an ELBO: the climb ends when there is no hope of it.
    Rival { guide: &'a Guide, elbo: f64 },
}

/// Climbs in one parameterisation.
pub(crate) fn climb_as<M: Model>(
    model: &M,
    settings: &Settings<'_>,
    non_centred: &[bool],
    origin: Origin<'_>,
) -> Climbed {
    let Settings { options, shape, .. } = settings;
    let objective = Objective::new(model, shape, Written::new(non_centred, options));
    let mut beat = f64::NEG_INFINITY;
    let guide = match origin {
        Origin::Start => first_guide(&objective, settings),
        Origin::Guide { guide, tasks } => {
            let mut first = first_guide(&objective, settings);
            first.global = guide.global.clone();
            for (position, &i) in tasks.iter().enumerate() {
                let (from, to) = (guide.task(position), first.task(i));
                first.local.loc[to.clone()].copy_from_slice(&guide.local.loc[from.clone()]);
                first.local.ln_scale[to].copy_from_slice(&guide.local.ln_scale[from]);
            }
            first
        }
        Origin::Rival { guide, elbo } => {
            beat = elbo;
            guide.clone()
        }
    };
    match &options.optimiser {
        Optimiser::Newton => climb_fixed(&objective, settings, guide, (Ran::Newton, beat)),
        Optimiser::Em => climb_fixed(&objective, settings, guide, (Ran::Em, beat)),
        Optimiser::Auto if objective.is_narrow() => climb_fixed(&objective, settings, guide, (Ran::Newton, beat)),
        Optimiser::Auto | Optimiser::Lbfgs => climb_fixed(&objective, settings, guide, (Ran::Lbfgs, beat)),
        Optimiser::Adam(adam) => climb_adam(&objective, settings, guide, adam),
    }
}

fn first_guide<M: Model>(objective: &Objective<'_, M>, settings: &Settings<'_>) -> Guide {
    let offsets = objective.offsets.clone();
    let mut global = MeanField::new(objective.num_globals(), 0.0, FIRST_LN_SCALE);
    let mut local = MeanField::new(offsets[offsets.len() - 1], 0.0, FIRST_LN_SCALE);
    for (j, loc) in global.loc.iter_mut().enumerate() {
        *loc = settings.start.coordinate(None, j);
    }
    for i in 0..objective.num_tasks() {
        for j in offsets[i]..offsets[i + 1] {
            local.loc[j] = settings.start.coordinate(Some(i), j - offsets[i]);
        }
    }
    if settings.options.global == GlobalFactor::Point {
        global.ln_scale.fill(f64::NEG_INFINITY);
    }
    Guide { global, local, offsets }
}

/// Climbs a deterministic objective, with more fixed draws where there were too few.
fn climb_fixed<M: Model>(
    objective: &Objective<'_, M>,
    settings: &Settings<'_>,
    mut guide: Guide,
    (ran, beat): (Ran, f64),
) -> Climbed {
    let options = settings.options;
    let most = match ran {
        Ran::Em => MOST_EM,
        Ran::Lbfgs => MOST_LBFGS,
        _ => MOST_NEWTON,
    };
    let iterations = options.max_iterations.unwrap_or(most);
    let limits = Limits { iterations, tolerance: options.tolerance, moving: Moving::Both, beat };
    let sampled = objective.sampled.global || objective.sampled.tasks;
    let progress = Progress::new(options.progress, ran.climbing(), limits.iterations);
    let mut draws = if sampled { options.draws.max(2) } else { 1 };
    let mut iterations = 0;
    loop {
        let noise = objective.noise(draws, options.seed);
        let watch = |step, elbo| progress.at(step, elbo);
        let ended = match ran {
            Ran::Em => em(objective, guide, &noise, limits, watch),
            Ran::Lbfgs => climb_lbfgs(objective, guide, &noise, limits, watch),
            _ => newton(objective, guide, &noise, limits, watch),
        };
        iterations += ended.iterations;
        let is_beaten = beat > f64::NEG_INFINITY && ended.end != End::Converged;
        let error = if sampled && !is_beaten {
            DrawsError::of(objective, &ended, draws, options.seed)
        } else {
            DrawsError::default()
        };
        let is_noisy = ended.end == End::Converged && error.overall > TOLERABLE_DRAWS_ERROR;
        if is_noisy && draws < options.most_draws {
            draws = (4 * draws).min(options.most_draws);
            guide = ended.guide;
            continue;
        }
        let verdict = judge(objective, (&settings.start, ran.enough_steps()), &ended, &error);
        let draws = if sampled { draws } else { 0 };
        return Climbed::new(
            objective,
            Ended { iterations, ..ended },
            Judged { optimiser: ran, draws, error, verdict },
        );
    }
}

/// What is said of the end of a climb.
struct Judged {
    optimiser: Ran,
    draws: usize,
    error: DrawsError,
    verdict: Verdict,
}

impl Climbed {
    fn new<M: Model>(objective: &Objective<'_, M>, ended: Ended, judged: Judged) -> Self {
        let Ended { guide, elbo, arrow, iterations, gradient_norm, end, trace, .. } = ended;
        let Judged { optimiser, draws, error, verdict } = judged;
        Self {
            guide,
            elbo,
            arrow,
            locals: None,
            non_centred: objective.blocks.non_centred.clone(),
            optimiser,
            iterations,
            gradient_norm,
            draws,
            draws_error: error.overall,
            worst_task: error.worst_task,
            end,
            verdict,
            trace,
        }
    }
}

/// L-BFGS, and the expansion where it ended unless blocks are too wide for one.
fn climb_lbfgs<M: Model>(
    objective: &Objective<'_, M>,
    guide: Guide,
    noise: &Noise,
    limits: Limits,
    watch: impl FnMut(usize, f64),
) -> Ended {
    let tolerance = limits.tolerance.max(if objective.is_narrow() { LBFGS_TOLERANCE } else { WIDE_TOLERANCE });
    let all: Vec<usize> = (0..objective.num_tasks()).collect();
    let bound = |guide: &Guide| objective.gradient(guide, noise, &all);
    let limits = LbfgsLimits { iterations: limits.iterations, tolerance, saddles: Saddles::Leave };
    let LbfgsEnded { guide, iterations, gradient_norm, end, trace, history } = lbfgs(guide, limits, bound, watch);
    let (elbo, arrow) = objective.expand_narrow(&guide, noise);
    Ended { guide, elbo, arrow, iterations, gradient_norm, end, trace, history }
}

/// Climbs with full-covariance locals, of which only theta is left to move.
fn climb_full<M: Model>(model: &M, settings: &Settings<'_>) -> Climbed {
    let Settings { options, shape, .. } = settings;
    let jacobian = options.global == GlobalFactor::MeanField;
    let written = Written { non_centred: &[], estimator: Estimator::Sampled, jacobian };
    let objective = Objective::new(model, shape, written);
    let guide = first_guide(&objective, settings);
    let noise = |seed: u64| {
        let globals = objective.num_globals();
        match options.global {
            // all draws of a point are that point
            GlobalFactor::Point => Noise::fresh(1, globals, 0, &[], seed, 0),
            GlobalFactor::MeanField => Noise::fixed(options.draws.max(2), globals, 0, 0, seed),
        }
    };
    let (noise, other) = (noise(options.seed), noise(options.seed.wrapping_add(1)));
    let full_settings = FullSettings {
        noise: &noise,
        other: jacobian.then_some(&other),
        most_iterations: options.max_iterations.unwrap_or(MOST_LBFGS).max(1),
        tolerance: options.tolerance.max(FULL_TOLERANCE),
        em: options.optimiser == Optimiser::Em,
    };
    let progress = Progress::new(options.progress, "L-BFGS", full_settings.most_iterations);
    let FullEnded { ended, locals, draws_error } =
        full(&objective, &guide, &full_settings, |step, elbo| progress.at(step, elbo));
    let optimiser = if locals.is_exact && !full_settings.em { Ran::Lbfgs } else { Ran::Em };
    let error = DrawsError { overall: draws_error, worst_task: None };
    let verdict = judge(&objective, (&settings.start, optimiser.enough_steps()), &ended, &error);
    let draws = if jacobian { noise.draws } else { 0 };
    let climbed = Climbed::new(&objective, ended, Judged { optimiser, draws, error, verdict });
    Climbed { locals: Some(locals), ..climbed }
}

fn climb_adam<M: Model>(
    objective: &Objective<'_, M>,
    settings: &Settings<'_>,
    guide: Guide,
    adam_options: &AdamOptions,
) -> Climbed {
    let options = settings.options;
    let (guide, Ascended { steps: iterations, verdict, trace }) = adam(objective, guide, adam_options, options);
    let noise = objective.noise(options.draws.max(2), options.seed);
    let all: Vec<usize> = (0..objective.num_tasks()).collect();
    let gradient_norm = gradient_norm(&guide, &objective.gradient(&guide, &noise, &all).1);
    let (elbo, arrow) = objective.expand_narrow(&guide, &noise);
    let end = if verdict.is_converged() { End::Converged } else { End::Stopped };
    let history = History::default();
    let ended = Ended { guide, elbo, arrow, iterations, gradient_norm, end, trace, history };
    let (draws, error) = (adam_options.draws, DrawsError::default());
    Climbed::new(objective, ended, Judged { optimiser: Ran::Adam, draws, error, verdict })
}

impl<M: Model> Objective<'_, M> {
    pub(crate) fn noise(&self, draws: usize, seed: u64) -> Noise {
        Noise::fixed(draws, self.num_globals(), self.most.0, self.num_tasks(), seed)
    }

    /// Whether no block is too wide for second derivatives.
    fn is_narrow(&self) -> bool {
        let is_sampled = self.sampled.global || self.sampled.tasks;
        let widest = self.num_globals().max(self.blocks.task_reads.len() + self.most.0);
        widest <= if is_sampled { WIDEST_SAMPLED } else { WIDEST_CLOSED }
    }

    /// The terms of the ELBO, and its second-order expansion unless blocks are too wide for one.
    fn expand_narrow(&self, guide: &Guide, noise: &Noise) -> (Elbo, Option<Arrow>) {
        if self.is_narrow() {
            let (elbo, arrow) = self.expand(guide, noise);
            return (elbo, Some(arrow));
        }
        (self.value(guide, noise), None)
    }
}
