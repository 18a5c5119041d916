//! What to climb with, from where, and where a climb ended.

use crate::density::program::Masks;
use crate::density::shape::Shape;
use crate::density::{Density, Taken};
use crate::elbo::Elbo;
use crate::elbo::nodes::Nodes;
use crate::guide::Guide;
use crate::interpret::discover::Start;
use crate::linalg::arrow::Arrow;
use crate::optimize::climb_end::{ClimbEnd, End};
use crate::optimize::draws::DrawsError;
use crate::optimize::full::FullLocals;
use crate::options::Options;
use crate::posterior::draws::WeightedDraws;
use crate::posterior::gaussian::GaussianHierarchy;
use crate::progress::Progress;
use crate::verdict::Verdict;
use std::fmt;

/// What to climb with.
pub(crate) struct Settings<'a> {
    pub(crate) options: &'a Options,
    pub(crate) shape: &'a Shape,
    pub(crate) start: Start,
    pub(crate) progress: &'a Progress,
}

/// Where a climb starts.
#[derive(Clone, Copy)]
pub(crate) enum Origin<'a> {
    /// Where the settings say.
    Start,
    /// Where a climb with these tasks, ascending, ended, over nodes as fine.
    Summit { of: &'a Summit, tasks: &'a [usize] },
    /// At a guide of all tasks, only to beat an ELBO: the climb ends when there is no hope of it.
    Rival { guide: &'a Guide, elbo: f64 },
}

/// Which optimiser climbed.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Newton,
    Em,
    Lbfgs,
    Adam,
}

impl Method {
    /// What the progress bar says; EM climbs by Newton steps.
    pub(crate) fn climbing(self) -> &'static str {
        match self {
            Self::Newton | Self::Em => "Newton",
            Self::Lbfgs => "L-BFGS",
            Self::Adam => "Adam",
        }
    }

    /// Iterations at most, unless the options say so.
    pub(crate) fn most_iterations(self) -> usize {
        match self {
            Self::Newton => 200,
            _ => 2000,
        }
    }

    /// After fewer steps it cannot be told whether what moves runs away.
    pub(crate) fn enough_steps(self) -> usize {
        match self {
            Self::Newton => 30,
            _ => 200,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Newton => "Newton",
            Self::Em => "EM",
            Self::Lbfgs => "L-BFGS",
            Self::Adam => "Adam",
        })
    }
}

/// Where a climb ended, and what is said of that.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug)]
pub(crate) struct Summit {
    pub(crate) guide: Guide,
    pub(crate) elbo: Elbo,
    /// The second-order expansion of the ELBO there; `None` where blocks are too wide for one.
    pub(crate) arrow: Option<Arrow>,
    /// What is known of locals with full covariance, if they are.
    pub(crate) locals: Option<FullLocals>,
    /// How latents are written, and which sites have no closed form.
    pub(crate) open: Masks,
    /// Whether the coordinates of locals, as they are written, are their values.
    pub(crate) are_values: bool,
    /// How the expectation of each site was taken: of the globals, the locals, the observed ones.
    pub(crate) taken: Vec<Taken>,
    /// The nodes of the climb, where it summed over any.
    pub(crate) nodes: Nodes,
    pub(crate) method: Method,
    pub(crate) iterations: usize,
    pub(crate) gradient_norm: f64,
    /// How far other draws would move the guide.
    pub(crate) error: DrawsError,
    /// Whether the climb itself ended as it should, whatever other draws would do.
    pub(crate) end: End,
    pub(crate) verdict: Verdict,
    /// The ELBO at the start and after each iteration, where the optimiser keeps it.
    pub(crate) trace: Vec<f64>,
}

/// What is said of the end of a climb.
pub(crate) struct Appraisal {
    pub(crate) method: Method,
    pub(crate) error: DrawsError,
    pub(crate) verdict: Verdict,
}

impl Summit {
    /// Draws of a Gaussian hierarchy around the guide's means.
    pub(crate) fn draws_of(&self, gaussian: &GaussianHierarchy, options: &Options) -> WeightedDraws {
        let non_centred = &self.open.tasks.non_centred;
        let draws = WeightedDraws::gaussian(&self.guide, gaussian, non_centred, options.posterior_draws, options.seed);
        WeightedDraws { are_values: self.are_values, ..draws }
    }

    pub(crate) fn new(density: &Density<'_>, ended: ClimbEnd, judged: Appraisal) -> Self {
        let ClimbEnd { guide, elbo, arrow, iterations, gradient_norm, end, trace, .. } = ended;
        let Appraisal { method, error, verdict } = judged;
        Self {
            guide,
            elbo,
            arrow,
            locals: None,
            open: density.open.clone(),
            are_values: density.layout.identity,
            taken: density.taken.clone(),
            nodes: Nodes::first(),
            method,
            iterations,
            gradient_norm,
            error,
            end,
            verdict,
            trace,
        }
    }
}
