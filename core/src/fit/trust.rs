//! Is the answer to be believed: the trust report of a fit.

use crate::elbo::Shape;
use crate::fit::Evidence;
use crate::importance::{Corrected, RELIABLE};
use crate::interpret::discover::Level;
use crate::linear_response::LinearResponse;
use crate::model::Model;
use crate::optimize::climb::Climbed;
use crate::options::{Correction, Options};

/// Whether to believe the posterior that a fit reports.
#[derive(Clone, Debug, PartialEq)]
pub struct Trust {
    /// Where means, standard deviations and draws come from: `Importance`, `LinearResponse` or `MeanField`.
    pub method: Correction,
    /// Whether the report found nothing to doubt.
    pub is_reliable: bool,
    /// Tasks whose own importance weights are not reliable.
    pub doubtful_tasks: Vec<usize>,
    /// The reasons, for a person.
    pub notes: Vec<String>,
}

/// Fewer effective draws are doubtful, whatever k-hat: it can only judge the tails that were drawn.
const ENOUGH: f64 = 100.0;

impl Trust {
    pub(crate) fn judge<M: Model>(
        (options, shape): (&Options, &Shape),
        (linear, climbed): (Option<&LinearResponse>, &Climbed),
        corrected: Option<&Corrected>,
    ) -> Self {
        let mut notes = Vec::new();
        let mut doubtful_tasks = Vec::new();
        let method = match (corrected, linear) {
            (Some(c), _) if !c.is_useless => {
                doubtful_tasks = (0..c.task_k_hat.len()).filter(|&i| c.task_k_hat[i] >= RELIABLE).collect();
                if c.k_hat >= RELIABLE {
                    notes.push(format!("k-hat {:.2} of theta is above {RELIABLE}", c.k_hat));
                }
                if c.effective < ENOUGH.min(0.1 * c.posterior.len() as f64) {
                    notes.push(format!("only {:.0} effective draws of {}", c.effective, c.posterior.len()));
                }
                if !doubtful_tasks.is_empty() {
                    notes.push(format!("k-hat above {RELIABLE} in {}", list("task", &doubtful_tasks)));
                }
                Correction::Importance
            }
            (_, Some(linear)) => {
                match corrected {
                    Some(c) => notes.push(failed(c)),
                    None if options.correction == Correction::Auto => {
                        notes.push("too many data for the importance correction within its budget".into());
                    }
                    None if options.correction == Correction::Importance => {
                        notes.push("no draw of theta has a finite importance weight".into());
                    }
                    None => {}
                }
                if !linear.refused.is_empty() {
                    notes.push(refused::<M>(&linear.refused, &shape.global));
                }
                Correction::LinearResponse
            }
            (_, None) => {
                notes.extend(corrected.map(failed));
                if climbed.locals.is_some() {
                    if !climbed.guide.is_point() {
                        notes.push("sds of theta are mean-field".into());
                    }
                } else if climbed.arrow.is_none() {
                    notes.push("blocks are too wide for second derivatives, so sds are mean-field".into());
                } else if options.correction != Correction::MeanField {
                    notes.push("the ELBO is not strictly concave where the fit stopped, so sds are mean-field".into());
                }
                Correction::MeanField
            }
        };
        let is_reliable = match method {
            // given a point for theta, exact locals are the posterior
            Correction::MeanField => {
                climbed.guide.is_point() && climbed.locals.as_ref().is_some_and(|locals| locals.is_exact)
            }
            Correction::LinearResponse => corrected.is_none() && linear.is_some_and(|l| l.refused.is_empty()),
            _ => notes.is_empty(),
        };
        Self { method, is_reliable, doubtful_tasks, notes }
    }

    /// Of the posterior of a task that the fit was adapted to.
    pub(crate) fn of_task(fit: &Self, evidence: &Evidence) -> Self {
        let mut notes = doubts(evidence);
        notes.extend((!fit.is_reliable).then(|| "the fit itself is doubtful".to_owned()));
        Self { method: Correction::Importance, is_reliable: notes.is_empty(), doubtful_tasks: Vec::new(), notes }
    }

    /// Of a fit that has absorbed its nth task.
    pub(crate) fn learn(&mut self, learned: &Evidence, absorbed: usize) {
        let doubts = doubts(learned);
        self.is_reliable &= doubts.is_empty();
        self.notes.extend(doubts.into_iter().map(|doubt| format!("of absorbed task {absorbed}: {doubt}")));
    }

    pub(crate) fn is_corrected(&self) -> bool {
        self.method == Correction::Importance
    }
}

/// What a new task's weights leave in doubt.
fn doubts(evidence: &Evidence) -> Vec<String> {
    const FEWEST: f64 = 10.0;
    let Evidence { k_hat, effective_sample_size, task_k_hat, .. } = evidence;
    let mut doubts = Vec::new();
    // an infinite k-hat is that of too few draws to tell
    if (RELIABLE..f64::INFINITY).contains(k_hat) || *effective_sample_size < FEWEST {
        doubts.push(format!(
            "it says more of theta than the draws can tell (k-hat {k_hat:.2}, {effective_sample_size:.1} effective draws)"
        ));
    }
    if let Some(inner) = task_k_hat.iter().find(|k| **k >= RELIABLE) {
        doubts.push(format!("the proposals of its latents are poor (k-hat {inner:.2})"));
    }
    doubts
}

/// Which latents keep their mean-field standard deviation.
fn refused<M: Model>(refused: &[(Option<usize>, usize)], global: &Level) -> String {
    let is_refused = |at: usize| refused.contains(&(None, at));
    let sites = M::GLOBAL_SITES.iter().filter(|site| global.coordinates[site.id].clone().any(is_refused));
    let mut tasks: Vec<usize> = refused.iter().filter_map(|(task, _)| *task).collect();
    tasks.dedup();
    let mut of: Vec<String> = sites.map(|site| site.name.to_owned()).collect();
    of.extend((!tasks.is_empty()).then(|| list("task", &tasks)));
    format!("linear response is implausible for {}, whose mean-field sd stays", of.join(" and "))
}

/// Why corrected draws are not used, and which tasks are to blame.
fn failed(c: &Corrected) -> String {
    let Corrected { k_hat, effective, posterior, task_k_hat, .. } = c;
    let worst: Vec<usize> = (0..task_k_hat.len()).filter(|&i| task_k_hat[i] >= RELIABLE).collect();
    let where_from =
        if worst.is_empty() { String::new() } else { format!(", above {RELIABLE} in {}", list("task", &worst)) };
    format!(
        "importance weights failed and are not used (k-hat {k_hat:.2}, {effective:.1} effective draws of {}){where_from}",
        posterior.len()
    )
}

/// "task 3", "tasks 3, 5 and 8", "tasks 0, 1, 2 and 37 more".
fn list(noun: &str, numbers: &[usize]) -> String {
    const SHOWN: usize = 8;
    let names: Vec<String> = numbers.iter().take(SHOWN).map(ToString::to_string).collect();
    match (names.split_last(), numbers.len()) {
        (Some((last, [])), 1) => format!("{noun} {last}"),
        (_, n) if n > SHOWN => format!("{noun}s {} and {} more", names.join(", "), n - SHOWN),
        (Some((last, rest)), _) => format!("{noun}s {} and {last}", rest.join(", ")),
        (None, _) => format!("no {noun}s"),
    }
}
