//! Is the answer to be believed: the trust report of a fit.

use crate::correct::chains::{ByChains, CONVERGED};
use crate::correct::effort::Effort;
use crate::correct::importance::Attempt;
use crate::correct::reweighting::Reweighting;
use crate::density::program::Program;
use crate::density::shape::Shape;
use crate::fit::Evidence;
use crate::fit::imprecise::{Naming, imprecise};
use crate::model::Site;
use crate::optimize::summit::Summit;
use crate::options::{Correction, Options};
use crate::posterior::gaussian::{GaussianHierarchy, Refusal};
use crate::sampling::convergence::Convergence;
use crate::sampling::psis::{RELIABLE, reliable_below};
use std::time::Duration;

/// Whether to believe the posterior that a fit reports.
///
/// Reliable, doubtful, or neither: not checked. Linear response says nothing of its own errors, so that without
/// importance weights or chains, because they were not asked for or would have cost too much, nothing speaks against the answer and
/// nothing for it.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, PartialEq)]
pub struct Trust {
    /// Where means, standard deviations and draws come from: `Importance`, `Chains`, `LinearResponse` or `MeanField`.
    pub method: Correction,
    /// Whether the answer was checked and nothing found to doubt: its importance weights are reliable, enough draws count, no
    /// mean has a Monte Carlo error above a tenth of a standard deviation, so are those of every task that matter, and neither
    /// chains nor score identities contradict it; or the chains that it comes from agree with each other (R-hat below 1.03, 100
    /// effective draws, next to no trajectory off its path); or it needs no check, as theta is a point that was converged to
    /// and the locals are exact given it. Where a guide stopped that weights or chains correct does not matter, as long as its
    /// gradient is finite.
    pub is_reliable: bool,
    /// Whether the report found something to doubt.
    pub is_doubtful: bool,
    /// Tasks whose own importance weights are not reliable.
    pub doubtful_tasks: Vec<usize>,
    /// The reasons, for a person: what there is to doubt, then why nothing was checked.
    pub notes: Vec<String>,
}

/// A larger share of draws without a finite density is doubtful: fewer of them are tails beyond what numbers can tell.
const MOST_NOT_FINITE: f64 = 0.01;
/// A larger share of trajectories that left their path is doubtful: there is a region that chains hardly enter.
const MOST_DIVERGENT: f64 = 0.02;
/// Fewer effective draws are doubtful, whatever k-hat: it can only judge the tails that were drawn.
const ENOUGH: f64 = 100.0;

/// What trust is judged by.
pub(crate) struct Judgement<'a> {
    pub(crate) options: &'a Options,
    pub(crate) shape: &'a Shape,
    pub(crate) program: &'a dyn Program,
    /// The linear response, if there is one.
    pub(crate) linear: Option<&'a GaussianHierarchy>,
    pub(crate) climbed: &'a Summit,
    pub(crate) attempt: &'a Attempt,
}

/// What is said of an attempt at a correction.
struct Said {
    doubts: Vec<String>,
    /// A remark that is no doubt.
    remark: Option<String>,
}

impl Said {
    fn of(doubts: Vec<String>, remarks: impl Iterator<Item = String>) -> Self {
        let remarks: Vec<String> = remarks.collect();
        Self { doubts, remark: (!remarks.is_empty()).then(|| remarks.join("; ")) }
    }
}

/// Why weights have failed, if they have.
pub(crate) fn failure(attempt: &Attempt, program: &dyn Program) -> Option<String> {
    match attempt {
        Attempt::Ran(c) if c.is_useless => Some(failed(c, program)),
        Attempt::Ran(c) if !c.is_reliable || (c.effective < least_effective(c) && !c.is_cut) => {
            Some(format!("importance weights were poor (k-hat {:.2}, {:.0} effective draws)", c.k_hat, c.effective))
        }
        Attempt::NoWeight => Some("no draw of theta had a finite importance weight".into()),
        _ => None,
    }
}

/// How many draws of weights are to count: of those that the budget cut short no share will do.
fn least_effective(c: &Reweighting) -> f64 {
    if c.is_cut { ENOUGH } else { ENOUGH.min(0.1 * c.posterior.len() as f64) }
}

impl Judgement<'_> {
    /// The trust that the posterior deserves.
    pub(crate) fn judge(&self) -> Trust {
        let method = self.method();
        let Said { doubts: mut notes, remark } = self.of_attempt(method);
        notes.extend(self.of_method(method));
        // weights and chains correct wherever the guide stopped, but for theta at a point; nothing else does
        let is_sampled = matches!(method, Correction::Importance | Correction::Chains);
        let is_corrected = is_sampled && !self.climbed.guide.is_point();
        if !is_corrected && !self.climbed.verdict.is_converged() {
            notes.push("the optimiser has not converged".into());
        }
        if !self.climbed.gradient_norm.is_finite() {
            notes.push("the gradient is not finite where the optimiser stopped".into());
        }
        let is_doubtful = !notes.is_empty();
        let is_checked = is_sampled || (method == Correction::MeanField && self.is_exact());
        notes.extend(remark);
        let doubtful_tasks = match self.attempt {
            Attempt::Ran(c) if !c.is_useless => c.doubtful_tasks.clone(),
            _ => Vec::new(),
        };
        Trust { method, is_reliable: is_checked && !is_doubtful, is_doubtful, doubtful_tasks, notes }
    }

    /// Where the answer comes from.
    fn method(&self) -> Correction {
        match (self.attempt, self.linear) {
            (Attempt::Ran(c), _) if !c.is_useless => Correction::Importance,
            (Attempt::Chained { .. }, _) => Correction::Chains,
            (_, Some(_)) => Correction::LinearResponse,
            (_, None) => Correction::MeanField,
        }
    }

    /// Whether locals are the posterior itself: exact ones, given a point for theta.
    fn is_exact(&self) -> bool {
        self.climbed.guide.is_point() && self.climbed.locals.as_ref().is_some_and(|locals| locals.is_exact)
    }

    /// What the attempt at a correction leaves to doubt, and a remark that is no doubt.
    fn of_attempt(&self, method: Correction) -> Said {
        let doubts = |doubts| Said { doubts, remark: None };
        let remark = |remark: &str| Said { doubts: Vec::new(), remark: Some(remark.into()) };
        match self.attempt {
            Attempt::Ran(c) if !c.is_useless => self.of_weights(c),
            Attempt::Chained { found, since } => self.of_chains(found, since.as_deref()),
            Attempt::Ran(c) => doubts(vec![failed(c, self.program)]),
            Attempt::NoWeight => doubts(vec!["no draw of theta has a finite importance weight".into()]),
            Attempt::TooCostly(needed) => remark(&self.too_costly(*needed)),
            Attempt::TooLarge => remark("draws of all locals would take too much memory: see `Correction::Importance`"),
            Attempt::NotAsked if method == Correction::LinearResponse => remark("without importance weights, as asked"),
            Attempt::NotAsked => doubts(Vec::new()),
        }
    }

    /// What is to be said against chains, of how little they tell, and why there are any.
    fn of_chains(&self, c: &ByChains, since: Option<&str>) -> Said {
        let Convergence { r_hat, effective } = c.convergence;
        let draws = c.posterior.len();
        let mut doubts = Vec::new();
        if r_hat.is_nan() || r_hat >= CONVERGED {
            doubts.push(format!("chains do not agree: R-hat {r_hat:.2} is above {CONVERGED}"));
        }
        if effective < ENOUGH {
            doubts.push(format!("only {effective:.0} effective draws of {draws}"));
        }
        if c.divergent > MOST_DIVERGENT {
            doubts.push(format!("{:.0}% of the chains' trajectories left their path", 100.0 * c.divergent));
        }
        let (of_means, of_sds) = imprecise(&c.precision, &self.naming());
        doubts.extend(of_means);
        let cut = c.is_cut.then(|| "the budget ended the chains: see `Options::correction_budget`".to_owned());
        Said::of(doubts, since.map(str::to_owned).into_iter().chain(cut).chain(of_sds))
    }

    fn naming(&self) -> Naming<'_> {
        Naming { program: self.program, globals: &self.shape.global }
    }

    /// What is to be said against weights that are used, and of how little they tell.
    fn of_weights(&self, c: &Reweighting) -> Said {
        let mut doubts = of_weights(c, self.program);
        let naming = self.naming();
        let (of_means, of_sds) = imprecise(&c.precision, &naming);
        doubts.extend(of_means);
        doubts.extend(of_second_methods(c, &naming));
        Said::of(doubts, self.cut_short(c).into_iter().chain(of_sds))
    }

    /// Why there are fewer draws than were asked for.
    fn cut_short(&self, c: &Reweighting) -> Option<String> {
        let draws = c.posterior.len();
        let by_budget =
            || format!("its budget ended the correction after {draws} draws: see `Options::correction_budget`");
        let by_memory = || format!("{draws} draws, as more of all locals would take too much memory");
        let is_short = draws < self.options.posterior_draws && Effort::is_short_of_memory(self.options, self.shape);
        c.is_cut.then(by_budget).or_else(|| is_short.then(by_memory))
    }

    /// What to set where weights or chains would have taken so long.
    fn too_costly(&self, needed: Duration) -> String {
        let seconds = needed.as_secs_f64().ceil();
        let (what, or) = match self.options.correction {
            Correction::Chains => ("chains", ""),
            _ => ("importance weights", " and `Correction::Importance`"),
        };
        format!("{what} would take more than their budget, some {seconds:.0} s: see `Options::correction_budget`{or}")
    }

    /// What there is to doubt of the method that the answer comes from.
    fn of_method(&self, method: Correction) -> Option<String> {
        match (method, self.linear) {
            (Correction::LinearResponse, Some(linear)) if !linear.refused.is_empty() => {
                Some(self.refused(&linear.refused))
            }
            (Correction::MeanField, _) if !self.is_exact() => Some(of_mean_field(self.options, self.climbed).into()),
            _ => None,
        }
    }

    /// Which latents keep their mean-field standard deviation.
    fn refused(&self, refused: &[Refusal]) -> String {
        let is_refused = |coordinate: usize| refused.contains(&Refusal { task: None, coordinate });
        let signature = self.program.signature();
        let of_site = |site: &Site| self.shape.global.coordinates_of(site).any(is_refused);
        let sites = signature.global_sites.iter().filter(|site| of_site(site));
        let mut tasks: Vec<usize> = refused.iter().filter_map(|refused| refused.task).collect();
        tasks.dedup();
        let mut of: Vec<String> = sites.map(|site| site.name.to_owned()).collect();
        of.extend((!tasks.is_empty()).then(|| list(&tasks, self.program)));
        format!("linear response is implausible for {}, whose mean-field sd stays", of.join(" and "))
    }
}

impl Trust {
    /// The trust that the posterior of a task deserves that the fit was adapted to.
    pub(crate) fn of_task(fit: &Self, evidence: &Evidence) -> Self {
        let mut notes = doubts(evidence);
        notes.extend(fit.is_doubtful.then(|| "the fit itself is doubtful".to_owned()));
        let is_doubtful = !notes.is_empty();
        notes.extend((!fit.is_reliable && !fit.is_doubtful).then(|| "the fit itself was not checked".to_owned()));
        let is_reliable = notes.is_empty();
        Self { method: Correction::Importance, is_reliable, is_doubtful, doubtful_tasks: Vec::new(), notes }
    }

    /// Becomes the trust in a fit that has absorbed its nth task.
    pub(crate) fn learn(&mut self, learned: &Evidence, absorbed: usize) {
        let doubts = doubts(learned);
        self.is_reliable &= doubts.is_empty();
        self.is_doubtful |= !doubts.is_empty();
        for doubt in &doubts {
            self.note_of_absorbed(absorbed, doubt);
        }
    }

    /// Keeps one note of each kind about absorbed tasks: that of the last one.
    fn note_of_absorbed(&mut self, absorbed: usize, doubt: &str) {
        const OF: &str = "of absorbed task ";
        // the numbers of a doubt are in brackets
        let kind = doubt.split(" (").next().unwrap_or(doubt);
        self.notes.retain(|note| !(note.starts_with(OF) && note.contains(kind)));
        self.notes.push(format!("{OF}{absorbed}: {doubt}"));
    }

    pub(crate) fn is_corrected(&self) -> bool {
        self.method == Correction::Importance
    }
}

/// What a new task's weights leave in doubt.
fn doubts(evidence: &Evidence) -> Vec<String> {
    const FEWEST: f64 = 10.0;
    let Evidence { k_hat, draws, effective_sample_size: effective, task_k_hat, .. } = evidence;
    let mut doubts = Vec::new();
    // k-hat of a few dozen draws is a rough guess: weights that are even enough need none
    let is_uneven = *effective < 0.5 * *draws as f64 && *k_hat >= reliable_below(*draws);
    if is_uneven || *effective < FEWEST {
        doubts.push(format!(
            "it says more of theta than the draws can tell (k-hat {k_hat:.2}, {effective:.1} effective draws of {draws})"
        ));
    }
    if let Some(inner) = task_k_hat.iter().find(|k| **k >= RELIABLE) {
        doubts.push(format!("the proposals of its latents are poor (k-hat {inner:.2})"));
    }
    doubts
}

/// What is to be said against weights that are used.
fn of_weights(c: &Reweighting, program: &dyn Program) -> Vec<String> {
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

/// What chains and gradients say against an answer.
fn of_second_methods(c: &Reweighting, naming: &Naming<'_>) -> Vec<String> {
    let by_chains = c.compared.and_then(|compared| compared.refuted);
    let by_chains = by_chains.map(|d| format!("chains disagree about {}", d.said_of(&naming.of_global(d.number))));
    let by_scores = c.scores.and_then(|scores| scores.refuted);
    let by_scores =
        by_scores.map(|d| format!("gradients disagree about {}", d.said_of(naming.of_coordinate(d.number))));
    by_chains.into_iter().chain(by_scores).collect()
}

/// Why standard deviations are the guide's own.
fn of_mean_field(options: &Options, climbed: &Summit) -> &'static str {
    match &climbed.locals {
        Some(_) if !climbed.guide.is_point() => "sds of theta are mean-field",
        Some(_) => "locals are a Laplace approximation",
        None if options.correction == Correction::MeanField => "mean-field, as asked: sds are usually too small",
        None if climbed.arrow.is_none() => "blocks are too wide for second derivatives, so sds are mean-field",
        None => "the ELBO is not strictly concave where the fit stopped, so sds are mean-field",
    }
}

/// Why corrected draws are not used, and which tasks are to blame.
fn failed(c: &Reweighting, program: &dyn Program) -> String {
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
fn list(tasks: &[usize], program: &dyn Program) -> String {
    const SHOWN: usize = 8;
    let names: Vec<String> = tasks.iter().take(SHOWN).map(|&i| program.task_name(i).numbered()).collect();
    match (names.split_last(), tasks.len()) {
        (Some((last, [])), 1) => format!("task {last}"),
        (_, n) if n > SHOWN => format!("tasks {} and {} more", names.join(", "), n - SHOWN),
        (Some((last, rest)), _) => format!("tasks {} and {last}", rest.join(", ")),
        (None, _) => "no tasks".to_owned(),
    }
}
