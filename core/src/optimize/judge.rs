//! What the end of a climb says to a person: the verdict, with its reason and what to try.

use crate::density::Density;
use crate::density::spoilt::Spoilt;
use crate::guide::Guide;
use crate::guide::metric::Metric;
use crate::interpret::discover::Start;
use crate::model::Site;
use crate::model::level::Level;
use crate::optimize::climb_end::{ClimbEnd, End};
use crate::optimize::draws::DrawsError;
use crate::optimize::history::{Kind, Runaway};
use crate::optimize::summit::Method;
use crate::verdict::Verdict;

/// Other draws may move a mean by so many guide standard deviations: more is no answer. Twice what a fit promises in all,
/// for errors that the importance correction mends.
const MOST_DRAWS_ERROR: f64 = 0.2;
/// A log-scale beyond all reason, and a mean that is so where it is that of a transformed coordinate: of the logarithm of
/// a scale, say, which starts near 0.
const WIDEST: f64 = 12.0;
const FURTHEST: f64 = 20.0;
/// A point this far from 0 has not come to rest where the next step would still move it by this share.
const FAR: f64 = 10.0;
const RESTLESS: f64 = 0.01;
/// A step is expected to help no further where the gradient is as small as this.
const NEARLY: f64 = 1e-3;

/// Judges a climb from `start` by that method.
pub(crate) fn judge(
    density: &Density<'_>,
    start: &Start,
    method: Method,
    ended: &ClimbEnd,
    error: &DrawsError,
) -> Verdict {
    match ended.end {
        // where curvatures are beyond all bounds, any gradient is small beside them
        End::Converged if !ended.elbo.total().is_finite() => not_finite(density, start, ended),
        End::Converged => match restless(ended) {
            Some(found) => runs_away(density, start, found),
            None if error.error <= MOST_DRAWS_ERROR => Verdict::Converged,
            None => depends_on_draws(density, error),
        },
        End::Saddle => not_converged(
            "the gradient vanishes at a saddle of the ELBO".to_owned(),
            "more `max_iterations`, or a `random_start`".to_owned(),
        ),
        End::Stuck | End::Stopped => {
            let found = ended.history.runaway(&ended.guide).filter(|_| ended.iterations >= method.enough_steps());
            match found.or_else(|| furthest(density, start, &ended.guide)).or_else(|| widest(&ended.guide)) {
                Some(found) => runs_away(density, start, found),
                None if !ended.gradient_norm.is_finite() || !ended.elbo.total().is_finite() => {
                    not_finite(density, start, ended)
                }
                None => unfinished(ended),
            }
        }
    }
}

fn not_converged(reason: String, try_next: String) -> Verdict {
    Verdict::NotConverged { reason, try_next }
}

fn depends_on_draws(density: &Density<'_>, error: &DrawsError) -> Verdict {
    let name = |i: usize| density.program.task_name(i);
    let worst = error.worst_task.map_or(String::new(), |w| format!(", and one of {} by {:.1}", name(w.task), w.error));
    let others = if error.draws == 0 { "finer nodes" } else { "other draws" };
    not_converged(
        format!("{others} would move a mean by {:.1} guide standard deviations{worst}", error.error),
        "more `draws`, or a prior that keeps the likelihood's tails in check".to_owned(),
    )
}

fn not_finite(density: &Density<'_>, start: &Start, ended: &ClimbEnd) -> Verdict {
    let what = if ended.elbo.total().is_finite() { "the gradient of the ELBO" } else { "the ELBO" };
    match Spoilt::find(&*density.program, start) {
        Some(found) => not_converged(format!("{what} is not finite: {found}"), found.remedy().to_owned()),
        None => not_converged(format!("{what} is not finite"), "tighter priors, or data on a smaller scale".to_owned()),
    }
}

fn unfinished(ended: &ClimbEnd) -> Verdict {
    let (norm, steps) = (ended.gradient_norm, ended.iterations);
    if ended.end == End::Stopped {
        not_converged(
            format!("the gradient norm is still {norm:.1e} after {steps} steps"),
            "more `max_iterations`, or another seed".to_owned(),
        )
    } else {
        let remedy = if norm < NEARLY { "a larger `tolerance`, or " } else { "" };
        not_converged(
            format!("no step raises the ELBO any more after {steps}, though its gradient norm is still {norm:.1e}"),
            format!("{remedy}data and priors of the order of 1, where rounding does not drown the gain"),
        )
    }
}

fn runs_away(density: &Density<'_>, start: &Start, found: Runaway) -> Verdict {
    let Named { name, place } = named(density, start, found);
    let moved = match found.kind {
        Kind::Growing(to) => format!("the guide's scale of {place} grew to e^{to:.0}"),
        Kind::Shrinking(to) => format!("the guide's scale of {place} shrank to e^{to:.0}"),
        Kind::Loc(to) => format!("the guide's mean of {place} runs away, unconstrained to {to:.3e}"),
    };
    let reason = format!("{moved}: the posterior looks improper, or flat in {name}");
    not_converged(reason, format!("a proper prior on {name}"))
}

/// How a person calls a coordinate.
struct Named {
    /// Its site.
    name: String,
    /// Its site, and its task if it belongs to one.
    place: String,
}

fn named(density: &Density<'_>, start: &Start, found: Runaway) -> Named {
    if !found.is_local {
        let name = name(density.program.signature().global_sites, &density.layout.global, found.coordinate);
        return Named { place: name.clone(), name };
    }
    let i = density.offsets.partition_point(|&o| o <= found.coordinate) - 1;
    let name = name(
        density.program.signature().local_sites,
        &density.program.task_level(start, i),
        found.coordinate - density.offsets[i],
    );
    Named { place: format!("{name} of {}", density.program.task_name(i)), name }
}

fn name(sites: &[Site], level: &Level, coordinate: usize) -> String {
    level.slot_of(coordinate).map_or_else(|| "a latent".to_owned(), |slot| format!("`{}`", sites[slot.site].name))
}

/// The transformed coordinate whose mean is furthest from 0, if that is beyond all reason.
fn furthest(density: &Density<'_>, start: &Start, guide: &Guide) -> Option<Runaway> {
    let is_far = |at: &f64| at.abs() > FURTHEST;
    let level = |is_local: bool, level: &Level, first: usize, loc: &[f64]| {
        let transformed = level.slots().iter().filter(|slot| !slot.identity);
        let all = transformed.flat_map(|slot| slot.coordinates.clone()).map(|j| (first + j, loc[j]));
        let top = all.filter(|(_, at)| is_far(at)).max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
        top.map(|(coordinate, at)| (at.abs(), Runaway { is_local, coordinate, kind: Kind::Loc(at) }))
    };
    let global = level(false, &density.layout.global, 0, &guide.global.loc);
    let tasks = (0..guide.num_tasks()).filter(|&i| guide.local.loc[guide.task(i)].iter().any(is_far)).filter_map(|i| {
        level(true, &density.program.task_level(start, i), guide.task(i).start, &guide.local.loc[guide.task(i)])
    });
    global.into_iter().chain(tasks).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, found)| found)
}

/// A coordinate of a point estimate that the next step would still move far, though next to nothing is gained: its
/// maximum is at infinity.
fn restless(ended: &ClimbEnd) -> Option<Runaway> {
    let arrow = ended.arrow.as_ref().filter(|_| ended.guide.is_point())?;
    let metric = Metric::of(&ended.guide, arrow);
    let step = arrow.factorise(0.0, metric.diagonal())?.solve(arrow);
    let loc = &ended.guide.global.loc;
    let moves = (0..loc.len()).filter(|&j| loc[j].abs() > FAR && step.global[j].abs() > RESTLESS * loc[j].abs());
    let most = moves.max_by(|&a, &b| step.global[a].abs().total_cmp(&step.global[b].abs()))?;
    Some(Runaway { is_local: false, coordinate: most, kind: Kind::Loc(loc[most]) })
}

/// The largest log-scale, if it is beyond all reason.
fn widest(guide: &Guide) -> Option<Runaway> {
    let levels = [(false, &guide.global.ln_scale), (true, &guide.local.ln_scale)];
    let all = levels.into_iter().flat_map(|(is_local, s)| s.iter().enumerate().map(move |(j, s)| (is_local, j, *s)));
    let (is_local, coordinate, to) = all.max_by(|a, b| a.2.total_cmp(&b.2)).filter(|found| found.2 > WIDEST)?;
    Some(Runaway { is_local, coordinate, kind: Kind::Growing(to) })
}
