//! Expected log predictive density: what an estimate of it says.

use crate::error::{Place, TaskName};
use crate::sampling::psis::reliable_below;
use std::fmt;

/// What is left out at a time.
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A task with all of its data: how well tasks never seen are predicted. Its latents are integrated out given theta. What is
    /// observed outside the plate is never left out.
    Task,
    /// An observation, of which a vector is one: how well one more datum of the tasks seen is predicted. Factors are nobody's.
    Observation,
}

/// How the expected log predictive density is estimated.
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Leave-one-out, by Pareto-smoothed importance weights.
    LeaveOneOut,
    /// The widely applicable information criterion.
    Waic,
}

/// What was left out.
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// That task.
    Task(TaskName),
    /// The observation at that place.
    Observation(Place),
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Task(name) => write!(f, "{name}"),
            Self::Observation(place) => write!(f, "{place}"),
        }
    }
}

/// One term of an [`Elpd`].
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[derive(Clone, Debug, PartialEq)]
pub struct ElpdPoint {
    /// What was left out.
    pub left_out: LeftOut,
    /// Its log predictive density given all other data, in nats; -inf where a draw of the posterior makes it impossible.
    pub elpd: f64,
    /// Its share of the effective number of parameters: how much larger its log predictive density is given all data.
    pub effective_parameters: f64,
    /// Pareto k-hat of the weights that leave it out; `None` under [`Method::Waic`], which has no weights.
    pub k_hat: Option<f64>,
}

/// Expected log pointwise predictive density for new data, in nats: larger is better. `{elpd}` prints it.
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[derive(Clone, Debug, PartialEq)]
pub struct Elpd {
    /// What is left out at a time.
    pub by: By,
    /// How it is estimated.
    pub method: Method,
    /// The sum over all points.
    pub elpd: f64,
    /// Standard error of `elpd`, from how much the points differ (Vehtari, Gelman & Gabry 2017, equation 23); NaN of one point, and
    /// where one is infinite.
    pub standard_error: f64,
    /// Monte Carlo standard error of `elpd`: how much other draws of the posterior would move it.
    pub mc_error: f64,
    /// The effective number of parameters.
    pub effective_parameters: f64,
    /// One a task or observation, in the order in which the model visits them.
    pub points: Vec<ElpdPoint>,
    /// Draws of the posterior that all is computed from.
    pub draws: usize,
}

/// Above this WAIC of a point is not to be trusted (Vehtari, Gelman & Gabry 2017, section 2.2).
const MOST_VARIANCE: f64 = 0.4;

impl Elpd {
    /// Points whose estimate is not to be trusted: a k-hat as large as [`reliable_below`](Self::reliable_below) or larger; a
    /// variance of the log density above 0.4 under [`Method::Waic`].
    pub fn doubtful(&self) -> impl Iterator<Item = &ElpdPoint> {
        let limit = self.reliable_below();
        self.points.iter().filter(move |point| match point.k_hat {
            Some(k_hat) => k_hat >= limit,
            None => point.effective_parameters > MOST_VARIANCE,
        })
    }

    /// The k-hat that weights of so many draws must stay below: 0.7, or 1 - 1 / log10(draws) if that is less.
    pub fn reliable_below(&self) -> f64 {
        reliable_below(self.draws)
    }
}

impl fmt::Display for Elpd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { elpd, standard_error, mc_error, effective_parameters, points, .. } = self;
        let method = match self.method {
            Method::LeaveOneOut => "leave-one-out",
            Method::Waic => "WAIC",
        };
        let by = match self.by {
            By::Task => "tasks",
            By::Observation => "observations",
        };
        writeln!(f, "{method}, {} {by}", points.len())?;
        writeln!(f, "elpd                  {elpd:.2} +- {standard_error:.2} (Monte Carlo error {mc_error:.2})")?;
        write!(f, "effective parameters  {effective_parameters:.2}")?;
        let doubtful: Vec<&ElpdPoint> = self.doubtful().collect();
        let Some(first) = doubtful.first() else { return Ok(()) };
        match self.method {
            Method::LeaveOneOut => write!(f, "\nk-hat is {:.2} or more", self.reliable_below())?,
            Method::Waic => write!(f, "\nthe variance of the log density is above {MOST_VARIANCE}")?,
        }
        write!(f, " for {} of {}, the first of them {}", doubtful.len(), points.len(), first.left_out)
    }
}
