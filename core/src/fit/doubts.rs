//! What is to be said against importance weights, second methods and the mean-field guide, in words.

use crate::correct::importance::Attempt;
use crate::correct::judged::NoiseOfTasks;
use crate::correct::reweighting::Reweighting;
use crate::correct::rounds::FEW;
use crate::density::program::Program;
use crate::fit::imprecise::Naming;
use crate::optimize::summit::Summit;
use crate::options::{Correction, Options};
use crate::sampling::psis::reliable_below;

/// A larger share of draws without a finite density is doubtful: fewer of them are tails beyond what numbers can tell.
const MOST_NOT_FINITE: f64 = 0.01;
/// Noise of ln p(D | theta) with a larger variance is doubtful: it leaves less than a third of the draws that would count.
const LOUD: f64 = 1.0;

/// Why weights have failed, if they have.
pub(crate) fn failure(attempt: &Attempt, program: &dyn Program) -> Option<String> {
    match attempt {
        Attempt::Ran(c) if c.is_useless || !c.is_reliable || (c.effective < least_effective(c) && !c.is_cut) => {
            Some(poor_weights(c, program))
        }
        Attempt::NoWeight => Some("no draw of theta had a finite importance weight".into()),
        _ => None,
    }
}

/// What was wrong with weights that are not used.
pub(crate) fn poor_weights(c: &Reweighting, program: &dyn Program) -> String {
    if c.is_useless {
        return failed(c, program);
    }
    let disagreed = if c.is_reliable && c.effective >= least_effective(c) { ", and chains disagreed" } else { "" };
    format!("importance weights were poor (k-hat {:.2}, {:.0} effective draws{disagreed})", c.k_hat, c.effective)
}

/// How many draws of weights are to count: of those that the budget cut short no share will do.
fn least_effective(c: &Reweighting) -> f64 {
    if c.is_cut { FEW } else { FEW.min(0.1 * c.posterior.len() as f64) }
}

/// What is to be said against weights that are used.
pub(super) fn of_weights(c: &Reweighting, program: &dyn Program) -> Vec<String> {
    let draws = c.posterior.len();
    let mut doubts = Vec::new();
    if !c.is_reliable {
        doubts.push(format!("k-hat {:.2} of theta is above {:.2}", c.k_hat, reliable_below(draws)));
    }
    if c.effective < least_effective(c) {
        doubts.push(format!("only {:.0} effective draws of {draws}", c.effective));
    }
    if c.not_finite as f64 > MOST_NOT_FINITE * draws as f64 {
        doubts.push(format!("{} of {draws} draws of theta have no finite density and do not count", c.not_finite));
    }
    if !c.doubtful_tasks.is_empty() {
        doubts.push(format!("k-hat is too large in {}", list(&c.doubtful_tasks, program)));
    }
    doubts
}

/// What is to be said against tasks by the million, in none of which anything is looked at by itself.
pub(super) fn of_noise(noise: &NoiseOfTasks) -> Vec<String> {
    let NoiseOfTasks { variance, doubtful } = noise;
    let is_loud = *variance > LOUD;
    let of_all = is_loud.then(|| {
        format!(
            "ln p(D | theta) has a noise of variance {variance:.1}, as the tasks' evidences are means over proposals"
        )
    });
    let of_some =
        (*doubtful > 0.0).then(|| format!("k-hat is too large in {doubtful} tasks: `each_task` tells in which"));
    of_all.into_iter().chain(of_some).collect()
}

/// What chains and gradients say against an answer.
pub(super) fn of_second_methods(c: &Reweighting, naming: &Naming<'_>) -> Vec<String> {
    let by_chains = c.compared.and_then(|compared| compared.refuted);
    let by_chains = by_chains.map(|d| format!("chains disagree about {}", d.said_of(&naming.of_global(d.number))));
    let by_scores = c.scores.and_then(|scores| scores.refuted);
    let by_scores =
        by_scores.map(|d| format!("gradients disagree about {}", d.said_of(naming.of_coordinate(d.number))));
    by_chains.into_iter().chain(by_scores).collect()
}

/// Why standard deviations are the guide's own.
pub(super) fn of_mean_field(options: &Options, climbed: &Summit) -> &'static str {
    match &climbed.locals {
        Some(_) if !climbed.guide.is_point() => "sds of theta are mean-field",
        Some(_) => "locals are a Laplace approximation",
        None if options.correction == Correction::MeanField => "mean-field, as asked: sds are usually too small",
        None if climbed.arrow.is_none() => "blocks are too wide for second derivatives, so sds are mean-field",
        None => "the ELBO is not strictly concave where the fit stopped, so sds are mean-field",
    }
}

/// Why corrected draws are not used, and which tasks are to blame.
pub(super) fn failed(c: &Reweighting, program: &dyn Program) -> String {
    let Reweighting { k_hat, effective, posterior, doubtful_tasks, .. } = c;
    let where_from = if doubtful_tasks.is_empty() {
        String::new()
    } else {
        format!(", too large a k-hat in {}", list(doubtful_tasks, program))
    };
    format!(
        "importance weights failed and are not used (k-hat {k_hat:.2}, {effective:.1} effective draws of {}){where_from}",
        posterior.len()
    )
}

/// "task 3", "tasks 3, 5 (308) and 8", "tasks 0, 1, 2 and 37 more".
pub(super) fn list(tasks: &[usize], program: &dyn Program) -> String {
    const SHOWN: usize = 8;
    let names: Vec<String> = tasks.iter().take(SHOWN).map(|&i| program.task_name(i).numbered()).collect();
    match (names.split_last(), tasks.len()) {
        (Some((last, [])), 1) => format!("task {last}"),
        (_, n) if n > SHOWN => format!("tasks {} and {} more", names.join(", "), n - SHOWN),
        (Some((last, rest)), _) => format!("tasks {} and {last}", rest.join(", ")),
        (None, _) => "no tasks".to_owned(),
    }
}
