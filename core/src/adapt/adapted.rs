//! The posterior of one task's latents, joint with theta.

use crate::density::conditional::Conditional;
use crate::density::typed::Classified;
use crate::fit::names::NamedLevel;
use crate::fit::report;
use crate::fit::table::Table;
use crate::fit::{Evidence, Trust};
use crate::interpret::classes::Classes;
use crate::interpret::discover::Start;
use crate::model::level::Level;
use crate::model::values::{filled, values_of};
use crate::model::{Globals, Latents, Locals, Model};
use crate::numbers::number::Real;
use crate::posterior::columns::Columns;
use crate::posterior::mc_error::Dependence;
use crate::posterior::summary::Summary;
use crate::sampling::resample::resample;
use rand::Rng;
use std::fmt;
use std::sync::Arc;

/// The posterior of the latents of one task, joint with theta: weighted draws. `{adapted}` prints a table of it.
pub struct Adapted<'f, M: Model> {
    pub(crate) model: &'f M,
    pub(crate) seed: u64,
    /// Where the fit began.
    pub(crate) start: Start,
    /// What the task's latents look like.
    pub(crate) level: Level,
    pub(crate) draws: Vec<TaskDraw<M>>,
    /// Weights of the draws; they sum to 1.
    pub(crate) weights: Vec<f64>,
    /// That many draws in a row share a theta, and so are not independent of each other.
    pub(crate) cluster: usize,
    /// phi given each theta, where that is Gaussian; none where it is not, or not known.
    pub(crate) given_theta: Vec<AtTheta>,
    pub(crate) evidence: Option<Evidence>,
    pub(crate) trust: Trust,
}

/// A draw of theta, its weight, and p(phi | D, theta), in unconstrained coordinates.
pub(crate) struct AtTheta {
    pub(crate) theta: Vec<f64>,
    pub(crate) phi: Conditional,
    pub(crate) weight: f64,
}

/// A draw of theta and of one task's latents.
pub struct TaskDraw<M: Model> {
    /// theta; draws of phi given the same theta share it.
    pub global: Arc<<M::Global as Latents>::Of<f64>>,
    /// phi of the task.
    pub local: <M::Local as Latents>::Of<f64>,
    /// The classes of its discrete latents.
    pub(crate) classes: Vec<Classes>,
}

impl<M: Model> TaskDraw<M> {
    pub(crate) fn new(global: Arc<<M::Global as Latents>::Of<f64>>, task: Classified<M>) -> Self {
        Self { global, local: values_of::<M::Local>(&task.latents), classes: task.classes }
    }
}

impl<M: Model> Clone for TaskDraw<M> {
    fn clone(&self) -> Self {
        Self { global: Arc::clone(&self.global), local: self.local.clone(), classes: self.classes.clone() }
    }
}

impl<M: Model> fmt::Debug for TaskDraw<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskDraw").field("global", &self.global).field("local", &self.local).finish_non_exhaustive()
    }
}

impl<M: Model> Adapted<'_, M> {
    /// Posterior summaries of the task's latents.
    pub fn local(&self) -> <M::Local as Latents>::Of<Summary> {
        let summaries = || self.columns().summaries(&self.weights, &Dependence::Clusters(self.cluster));
        let first = self.draws.first().map(|draw| filled::<M::Local, _, _>(&draw.local, summaries()));
        first.unwrap_or_default()
    }

    /// The latents' numbers, in order.
    fn columns(&self) -> Columns {
        let (mut columns, mut row) = (Columns::default(), Vec::new());
        for draw in &self.draws {
            row.clear();
            M::Local::map(&draw.local, &mut Default::default(), |x: &f64| row.push(*x));
            columns.push(&row);
        }
        columns
    }

    /// Every draw with its weight; the weights sum to 1. For many functions of the latents one pass over the draws does
    /// what a [`marginal`](Self::marginal) each would do slower.
    ///
    /// ```
    /// # use hierarch::prelude::*;
    /// # fn main() -> Result<(), hierarch::Error> {
    /// model! {
    ///     Lines(tasks: &[Vec<(f64, f64)>]) {
    ///         mean ~ Normal(0.0, 5.0);
    ///         spread ~ HalfNormal(1.0);
    ///         for task in tasks {
    ///             slope ~ Normal(mean, spread);
    ///             for &(x, y) in task {
    ///                 y ~ Normal(slope * x, 0.5);
    ///             }
    ///         }
    ///     }
    /// }
    /// let tasks = [vec![(1.0, 2.1), (2.0, 3.8)], vec![(1.0, 1.2), (3.0, 2.7)], vec![(2.0, 3.1)]];
    /// let fit = Lines::new(&tasks).fit()?;
    /// let adapted = fit.adapt(&vec![(1.0, 1.7)])?;
    /// let xs: Vec<f64> = (0..200).map(|k| 0.05 * f64::from(k)).collect();
    /// let mut curve = vec![0.0; xs.len()];
    /// for (draw, weight) in adapted.weighted_draws() {
    ///     for (mean, x) in curve.iter_mut().zip(&xs) {
    ///         *mean += weight * draw.local.slope * x;
    ///     }
    /// }
    /// let one_by_one = adapted.marginal(|draw| draw.local.slope * xs[7]).mean;
    /// assert!((curve[7] - one_by_one).abs() < 1e-12);
    /// # Ok(())
    /// # }
    /// ```
    pub fn weighted_draws(&self) -> impl ExactSizeIterator<Item = (&TaskDraw<M>, f64)> {
        self.draws.iter().zip(self.weights.iter().copied())
    }

    /// Draws of theta and of the task's latents, equally weighted.
    pub fn draws<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Vec<TaskDraw<M>> {
        resample(&self.weights, n, rng).into_iter().map(|s| self.draws[s].clone()).collect()
    }

    /// The posterior of any function of theta and of the task's latents.
    pub fn marginal(&self, f: impl Fn(&TaskDraw<M>) -> f64) -> Summary {
        let values: Vec<f64> = self.draws.iter().map(f).collect();
        self.summary(&values)
    }

    /// What the weights of an adaptation say: how many draws count, k-hat of those of theta and (as its only task's) of the
    /// proposals of phi, and ln p(data of the task | data of the fit) as `ln_evidence`. `None` where nothing was adapted to.
    pub fn evidence(&self) -> Option<&Evidence> {
        self.evidence.as_ref()
    }

    /// Whether to believe the posterior of the task.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    pub(super) fn summary(&self, values: &[f64]) -> Summary {
        Summary::weighted(values, &self.weights, &Dependence::Clusters(self.cluster))
    }

    /// Calls `f` with theta, phi, what is known of classes, and weight of each draw, as a model's parts take them.
    pub(super) fn for_each_as_real(&self, mut f: impl FnMut(&Globals<M, f64>, &Locals<M, f64>, &[Classes], f64)) {
        let (mut theta, mut phi) = Default::default();
        let mut last: Option<&Arc<_>> = None;
        for (draw, weight) in self.weighted_draws() {
            if !last.is_some_and(|last| Arc::ptr_eq(last, &draw.global)) {
                M::Global::map(&draw.global, &mut theta, |x: &f64| Real(*x));
                last = Some(&draw.global);
            }
            M::Local::map(&draw.local, &mut phi, |x: &f64| Real(*x));
            f(&theta, &phi, &draw.classes, weight);
        }
    }
}

impl<M: Model> fmt::Display for Adapted<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (clusters, belief) = (self.draws.len() / self.cluster, report::belief(&self.trust));
        write!(f, "posterior of one task, {belief}: {} draws, {clusters} of them independent", self.draws.len())?;
        if let Some(e) = &self.evidence {
            let Evidence { k_hat, effective_sample_size, ln_evidence, .. } = e;
            write!(f, ", k-hat {k_hat:.2}, effective {effective_sample_size:.0}, ln evidence {ln_evidence:.3}")?;
        }
        report::notes(f, &self.trust)?;
        let level = NamedLevel { level: &self.level, sites: M::LOCAL_SITES, task: None };
        let shown = self.columns().shown(&self.level);
        let mut table = Table::default();
        table.add(&level, &shown.summaries(&self.weights, &Dependence::Clusters(self.cluster)), None);
        write!(f, "{table}")
    }
}
