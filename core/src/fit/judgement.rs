//! What is found of a fit, weighed: the trust that its posterior deserves.

use crate::correct::chains::{ByChains, CONVERGED};
use crate::correct::effort::Effort;
use crate::correct::importance::Attempt;
use crate::correct::judged::NoiseOfTasks;
use crate::correct::reweighting::Reweighting;
use crate::correct::rounds::FEW;
use crate::density::program::Program;
use crate::density::shape::Shape;
use crate::fit::Trust;
use crate::fit::doubts::{self, list};
use crate::fit::imprecise::{Naming, imprecise};
use crate::fit::several_modes::{SaidOfModes, SeveralModes};
use crate::model::Site;
use crate::optimize::modes::OtherModes;
use crate::optimize::summit::Summit;
use crate::options::{Correction, Options};
use crate::posterior::gaussian::{GaussianHierarchy, Refusal};
use crate::sampling::convergence::Convergence;
use std::time::Duration;

/// A larger share of trajectories that left their path is doubtful: there is a region that chains hardly enter.
const MOST_DIVERGENT: f64 = 0.02;

/// What trust is judged by.
pub(crate) struct Judgement<'a> {
    pub(crate) options: &'a Options,
    pub(crate) shape: &'a Shape,
    pub(crate) program: &'a dyn Program,
    /// The linear response, if there is one.
    pub(crate) linear: Option<&'a GaussianHierarchy>,
    pub(crate) climbed: &'a Summit,
    pub(crate) others: &'a OtherModes,
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

    /// What is to be said against weights that are used, and of how little they tell; and why there are fewer of them than were
    /// asked for.
    fn of_weights(c: &Reweighting, naming: &Naming<'_>, cut: Option<String>) -> Self {
        let mut doubts = doubts::of_weights(c, naming.program);
        let (of_means, remarks) = imprecise(&c.precision, naming);
        doubts.extend(of_means);
        doubts.extend(doubts::of_second_methods(c, naming));
        Self::of(doubts, cut.into_iter().chain(remarks))
    }
}

impl Trust {
    /// The trust that theta's posterior deserves given tasks that were read in shards.
    pub(crate) fn of_shards(c: &Reweighting, noise: &NoiseOfTasks, naming: &Naming<'_>) -> Self {
        let Said { doubts: mut notes, remark } = Said::of_weights(c, naming, None);
        notes.extend(doubts::of_noise(noise));
        let is_doubtful = !notes.is_empty();
        notes.extend(remark);
        let (method, doubtful_tasks) = (Correction::Importance, Vec::new());
        Self { method, is_reliable: !is_doubtful, is_doubtful, doubtful_tasks, notes }
    }
}

impl Judgement<'_> {
    /// The trust that the posterior deserves.
    pub(crate) fn judge(&self) -> Trust {
        let method = self.method();
        let Said { doubts: mut notes, remark } = self.of_attempt(method);
        let SaidOfModes { doubt, remarks } = self.of_modes().said();
        notes.extend(self.of_method(method));
        notes.extend(doubt);
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
        notes.extend(remarks);
        let doubtful_tasks = match self.attempt {
            Attempt::Ran(c) if !c.is_useless => c.doubtful_tasks.clone(),
            _ => Vec::new(),
        };
        Trust { method, is_reliable: is_checked && !is_doubtful, is_doubtful, doubtful_tasks, notes }
    }

    fn of_modes(&self) -> SeveralModes<'_> {
        let draws = match self.attempt {
            Attempt::Ran(c) if !c.is_useless => Some(&c.posterior),
            Attempt::Chained { found, .. } => Some(&found.posterior),
            _ => None,
        };
        let ln_evidence = self.attempt.ran().filter(|_| draws.is_some()).map(|c| c.ln_evidence);
        SeveralModes { best: self.climbed, others: self.others, draws, ln_evidence, naming: self.naming() }
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
            Attempt::Ran(c) if !c.is_useless => Said::of_weights(c, &self.naming(), self.cut_short(c)),
            Attempt::Chained { found, since } => self.of_chains(found, since.as_deref()),
            Attempt::Ran(c) => doubts(vec![doubts::failed(c, self.program)]),
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
        if effective < FEW {
            doubts.push(format!("only {effective:.0} effective draws of {draws}"));
        }
        if c.divergent > MOST_DIVERGENT {
            doubts.push(format!("{:.0}% of the chains' trajectories left their path", 100.0 * c.divergent));
        }
        let (of_means, remarks) = imprecise(&c.precision, &self.naming());
        doubts.extend(of_means);
        let cut = c.is_cut.then(|| "the budget ended the chains: see `Options::correction_budget`".to_owned());
        Said::of(doubts, since.map(str::to_owned).into_iter().chain(cut).chain(remarks))
    }

    fn naming(&self) -> Naming<'_> {
        Naming { program: self.program, globals: &self.shape.global }
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
            (Correction::MeanField, _) if !self.is_exact() => {
                Some(doubts::of_mean_field(self.options, self.climbed).into())
            }
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
