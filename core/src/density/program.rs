//! A model with its data behind a table of functions, so that all that is built on it is compiled once, whatever the
//! model: what is generic in it ends here.
//!
//! A call is one a task and point, never one an observation.

use crate::density::blocks::BlockLayout;
use crate::density::prior::NormalPrior;
use crate::error::TaskName;
use crate::guide::{Guide, MeanField};
use crate::interpret::by_node::ByNode;
use crate::interpret::discover::{LevelVisit, Start};
use crate::interpret::rewrite::Rewriting;
use crate::interpret::structure::Visitor;
use crate::linalg::gaussian::Gaussian;
use crate::model::level::Level;
use crate::model::signature::Signature;
use crate::model::site_mask::SiteMask;
use crate::numbers::Taped;
use crate::numbers::number::Real;
use crate::numbers::pass::{Derivatives, Order};
use rand::Rng;

/// A model with its data, its types erased.
pub(crate) trait Program: Send + Sync {
    /// The sites, and who reads what.
    fn signature(&self) -> Signature;

    /// M, the number of tasks.
    fn num_tasks(&self) -> usize;

    /// What a task is called, if its data say so.
    fn task_label(&self, task: usize) -> Option<String>;

    /// A task's number and label.
    fn task_name(&self, number: usize) -> TaskName {
        TaskName { number, label: self.task_label(number) }
    }

    /// The program itself, for somebody else to own.
    fn all(&self) -> Box<dyn Program + '_>;

    /// The program with some of its tasks only.
    fn some(&self, tasks: &[usize]) -> Box<dyn Program + '_>;

    /// Visits the model at `start`, checking data and constants.
    fn discover<'p>(&'p self, start: &'p Start) -> Discovery<'p>;

    /// What the latents of a task look like; its data are not checked.
    fn task_level(&self, start: &Start, task: usize) -> Level;

    /// Shows the structure of what is outside the plate, at the unconstrained `theta`, to a visitor; the tasks can be
    /// shown by this thread afterwards. The latents are written as the masks say. Both leave their forms' terms with the
    /// thread, for the caller to forget.
    fn structure<'p>(&'p self, masks: &'p Masks, theta: &[f64], visitor: &mut dyn Visitor) -> Box<dyn Structured + 'p>;

    /// ln p(theta) + ln |dx/du| at the unconstrained `theta`, and ln p(D | theta) outside the plate, of what counts.
    fn outside(&self, mask: &SiteMask, theta: &[f64]) -> LogParts;

    /// The log densities outside the plate, and the derivatives of their sum.
    fn expand_outside(&self, order: Order, mask: &SiteMask, theta: &[f64], out: &mut Derivatives) -> LogParts;

    /// Fixes theta at each of some unconstrained values, ready for its tasks to be scored.
    fn fix<'p>(&'p self, scoring: Scoring, layout: &'p BlockLayout, thetas: &[Vec<f64>]) -> Box<dyn Fixed + 'p>;

    /// What records log densities on the thread's tape.
    fn recorder(&self) -> Box<dyn Recorder + '_>;

    /// The unconstrained globals of a draw from their priors; anywhere between -1 and 1 where there is none to draw from.
    fn draw_globals(&self, rng: &mut dyn Rng) -> Vec<f64>;

    /// The constrained values of the globals at the unconstrained `theta` replace the content of `out`.
    fn global_values(&self, theta: &[f64], out: &mut Vec<f64>);

    /// The constrained values of a task's latents replace the content of `out`.
    fn local_values(&self, theta: &[f64], at: &TaskPoint<'_>, numbers: Numbers, out: &mut Vec<f64>);

    /// The guide of the locals written otherwise, theta being at its mean.
    fn rewrite(&self, guide: &Guide, how: Rewriting<'_>) -> MeanField;
}

/// Which numbers of a task's latents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// Those of the latents that have coordinates.
    Continuous,
    /// The probabilities of discrete latents too.
    All,
}

/// A program whose globals are numbers of known structure.
pub(crate) trait Structured {
    /// Shows the structure of a task, at the unconstrained `u`, to a visitor. Coordinates are those of the globals, then the
    /// task's own.
    fn task(&self, task: usize, u: &[f64], visitor: &mut dyn Visitor);

    /// Shows the latents of a task alone.
    fn latents(&self, task: usize, u: &[f64], visitor: &mut dyn Visitor);
}

/// A visit of a whole model.
pub(crate) struct Discovery<'p> {
    /// What is outside the plate.
    pub(crate) outside: LevelVisit,
    /// Visits the task of that number.
    pub(crate) task: Box<dyn Fn(usize) -> LevelVisit + 'p>,
}

/// Unconstrained coordinates of a task.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TaskPoint<'a> {
    pub(crate) task: usize,
    pub(crate) u: &'a [f64],
    /// A mask under which nothing counts, that says how they are written.
    pub(crate) unscored: &'a SiteMask,
}

/// What tasks are scored for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scoring {
    /// The value alone.
    Value,
    /// The value and these derivatives.
    Derivatives(Order),
}

/// What counts outside the plate, and in it.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug)]
pub(crate) struct Masks {
    pub(crate) outside: SiteMask,
    pub(crate) tasks: SiteMask,
}

impl Masks {
    /// Every site counts, and every latent is centred.
    pub(crate) fn all(signature: &Signature) -> Self {
        let Signature { global_sites, local_sites, observed_sites, .. } = signature;
        Self {
            outside: SiteMask::all(global_sites.len(), observed_sites.len()),
            tasks: SiteMask::all(local_sites.len(), observed_sites.len()),
        }
    }
}

/// The mask under which nothing of a task counts, whose latents are written as `non_centred` says.
pub(crate) fn unscored(signature: &Signature, non_centred: &[bool]) -> SiteMask {
    let none = SiteMask::none(signature.local_sites.len(), signature.observed_sites.len());
    SiteMask { non_centred: non_centred.to_vec(), ..none }
}

/// Log densities in nats.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct LogParts {
    /// ln p(x) + ln |dx/du| of latents.
    pub(crate) latents: f64,
    /// ln p of data and factors.
    pub(crate) data: f64,
}

impl LogParts {
    pub(crate) fn total(self) -> f64 {
        self.latents + self.data
    }

    /// Adds `factor` times the other.
    pub(crate) fn add(&mut self, factor: f64, other: Self) {
        self.latents += factor * other.latents;
        self.data += factor * other.data;
    }
}

/// A program with theta fixed at some values.
pub(crate) trait Fixed: Sync {
    /// Scores the sites that the mask marks; it has buffers of its own, so that nothing is allocated once they have grown.
    fn scorer<'f>(&'f self, mask: &'f SiteMask) -> Box<dyn Scorer + 'f>;
}

/// Scores tasks given theta.
pub(crate) trait Scorer {
    /// ln p(phi, D | theta) + ln |dx/du| of a task at the unconstrained locals `u`, under the fixed theta of that number.
    /// Derivatives, of as many orders as theta was fixed for, replace the content of `out`: in the globals that the layout
    /// lets vary, then in `u`.
    fn score(&mut self, theta: usize, task: usize, u: &[f64], out: &mut Derivatives) -> LogParts;

    /// The same value, apart by the turns of nested plates; asked only of who scores values.
    fn score_by_node(&mut self, _theta: usize, _task: usize, _u: &[f64], out: &mut ByNode) {
        out.clear();
    }

    /// The normal of the task's first coordinates given theta replaces the content of `out`, if there is one; asked only of
    /// who scores values.
    fn prior(&mut self, _theta: usize, _task: usize, _out: &mut NormalPrior) -> bool {
        false
    }

    /// That normal under each of so many thetas.
    fn priors(&mut self, thetas: usize, task: usize) -> Vec<NormalPrior> {
        let mut prior_at = |theta: usize| {
            let mut prior = NormalPrior::default();
            self.prior(theta, task, &mut prior);
            prior
        };
        (0..thetas).map(&mut prior_at).collect()
    }

    /// The [natural parameters](crate::dist::multivariate_normal::natural) of that normal replace the content of `out`, with derivatives in the globals
    /// that tasks read; none where there is no such normal.
    fn natural_prior(&mut self, _theta: usize, _task: usize, out: &mut Vec<Derivatives>) {
        out.clear();
    }
}

/// A number on the tape, of first derivatives unless it is said otherwise.
pub(crate) type Recorded<const ORDER: usize = 1> = Real<Taped<ORDER>>;

/// Log densities on the tape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordedParts<const ORDER: usize = 1> {
    pub(crate) latents: Recorded<ORDER>,
    pub(crate) data: Recorded<ORDER>,
}

impl<const ORDER: usize> RecordedParts<ORDER> {
    pub(crate) fn total(self) -> Recorded<ORDER> {
        self.latents + self.data
    }

    pub(crate) fn values(self) -> LogParts {
        LogParts { latents: self.latents.value(), data: self.data.value() }
    }
}

/// Records log densities on the thread's tape.
pub(crate) trait Recorder<const ORDER: usize = 1> {
    /// What is outside the plate, at these unconstrained globals, which the tasks recorded next are given.
    fn outside(&mut self, theta: &[Recorded<ORDER>], mask: &SiteMask) -> RecordedParts<ORDER>;

    /// A task at these unconstrained locals, given the globals recorded last.
    fn task(&mut self, task: usize, u: &[Recorded<ORDER>], mask: &SiteMask) -> RecordedParts<ORDER>;

    /// E\[ln p\] of a task's first latent site under a Gaussian of its coordinates, where its distribution knows it.
    fn expected_first(&mut self, task: usize, q: &Gaussian) -> Option<Recorded<ORDER>>;
}

/// What records second derivatives too, for who asks for them: no other model is compiled for it.
pub(crate) trait Curved: Sync {
    /// What records log densities on the thread's tape.
    fn curved_recorder(&self) -> Box<dyn Recorder<2> + '_>;
}
