//! Everything that can go wrong with a user's data or model, as one typed error that names the place.

use std::fmt;

/// Where in a model: a site, the task it was reached in, and which of the site's occurrences there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The left side of the site's `~`, as written.
    pub site: &'static str,
    /// File and line of the site; empty and 0 for a hand-written model that gave none.
    pub file: &'static str,
    /// See `file`.
    pub line: u32,
    /// The task, counted from 0; `None` outside the plate.
    pub task: Option<usize>,
    /// Which occurrence of an observed site in that task, counted from 0.
    pub observation: Option<usize>,
    /// Which entry of a vector of latents, counted from 0.
    pub entry: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.entry {
            Some(entry) => write!(f, "`{}[{entry}]`", self.site)?,
            None => write!(f, "`{}`", self.site)?,
        }
        if let Some(task) = self.task {
            write!(f, ", task {task}")?;
        }
        if let Some(observation) = self.observation {
            write!(f, ", observation {observation}")?;
        }
        if self.line > 0 {
            write!(f, " ({}:{})", self.file, self.line)?;
        }
        Ok(())
    }
}

/// Why a model cannot be fitted to its data, or a fit cannot answer. Tasks and observations count from 0.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An observation is outside the support of its distribution (or not finite).
    #[error("{place}: observed {value}, but under {distribution} it must be {expected}")]
    Observation {
        /// The place of the site.
        place: Box<Place>,
        /// The observed value.
        value: f64,
        /// The distribution's name.
        distribution: String,
        /// What the support asks for.
        expected: String,
    },
    /// An observed vector has another length than its distribution.
    #[error("{place}: observed a vector of length {found}, but {distribution} has length {expected}")]
    Length {
        /// The place of the site.
        place: Box<Place>,
        /// Length of the observed vector.
        found: usize,
        /// Length of the distribution's vectors.
        expected: usize,
        /// The distribution's name.
        distribution: String,
    },
    /// A parameter of a distribution is invalid.
    #[error("{place}: {invalid}{}", if *.at_start { ", at the starting point" } else { "" })]
    Parameter {
        /// The place of the site.
        place: Box<Place>,
        /// Which parameter, and what it should be.
        invalid: Invalid,
        /// The parameter varies with latents; the value is the one at the point where the fit starts.
        at_start: bool,
    },
    /// A number that is not finite enters from the data or from a constant: in a covariate, an exposure, a weight.
    #[error("{place}: {value} enters here from the data or a constant (a covariate?), which must be finite")]
    Covariate {
        /// The first site whose parameter or log density it spoils.
        place: Box<Place>,
        /// The number: infinite or NaN.
        value: f64,
    },
    /// The model has a plate, but the data hold no task.
    #[error("no tasks: the list the plate runs over is empty")]
    NoTasks,
    /// The model declares no latent.
    #[error("no latents: there is nothing to infer")]
    NoLatents,
    /// The log density at the starting point, and at every other one tried, is not finite.
    #[error("{place}: the log density is {value} at the starting point (and at {tried} random ones around it)")]
    NotFinite {
        /// The first site whose log density is not finite.
        place: Box<Place>,
        /// The log density at that place.
        value: f64,
        /// How many random starting points were tried as well.
        tried: u64,
    },
    /// The discrete latents that are summed out together have too many values.
    #[error("{place}: {found} values, and those of the discrete latents around it, are more to sum over than {most}")]
    Classes {
        /// The place of the discrete latent.
        place: Box<Place>,
        /// How many values it has.
        found: usize,
        /// How many combinations of values there may be.
        most: usize,
    },
    /// Which data are observed depends on a discrete latent.
    #[error(
        "{place}: which data are observed must not depend on this discrete latent, but differs between its values 0 and {value}"
    )]
    Uneven {
        /// The place of the discrete latent.
        place: Box<Place>,
        /// A value of it under which other data are observed, or in another order, than under 0.
        value: usize,
    },
    /// A distribution without a sampler was asked for a draw.
    #[error("{place}: {distribution} cannot be sampled; give it a `sample` method")]
    NoSampler {
        /// The place of the site.
        place: Box<Place>,
        /// The distribution's name.
        distribution: String,
    },
    /// An option, or a number handed to what is to be trained, is not what it may be.
    #[error("`{option}`{} must be {allowed}, but is {value}", .task.map_or_else(String::new, |i| format!(", task {i},")))]
    Option {
        /// The option: its struct and field.
        option: String,
        /// The task that it was seen in, if it depends on tasks.
        task: Option<usize>,
        /// Its value.
        value: String,
        /// What it may be.
        allowed: String,
    },
    /// What was asked for cannot be done, for the reason given.
    #[error("{0}")]
    Unusable(String),
}

impl Error {
    /// The error as that of the task of that number, where it depends on one.
    pub(crate) fn of_task(mut self, i: usize) -> Self {
        if let Self::Option { task, .. } = &mut self {
            *task = Some(i);
        }
        self
    }

    /// The error as that of a task that is not one of the fit's, and so has no number.
    pub(crate) fn of_new_task(mut self) -> Self {
        match &mut self {
            Self::Observation { place, .. }
            | Self::Length { place, .. }
            | Self::Parameter { place, .. }
            | Self::Covariate { place, .. }
            | Self::NotFinite { place, .. }
            | Self::Classes { place, .. }
            | Self::Uneven { place, .. }
            | Self::NoSampler { place, .. } => place.task = None,
            Self::Option { task, .. } => *task = None,
            Self::NoTasks | Self::NoLatents | Self::Unusable(_) => {}
        }
        self
    }
}

/// An invalid parameter of a distribution.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("`{name}` of {distribution} must be {expected}, but is {value}")]
pub struct Invalid {
    /// The distribution's name.
    pub distribution: &'static str,
    /// The parameter's name.
    pub name: &'static str,
    /// Value of the parameter.
    pub value: f64,
    /// What the parameter should be.
    pub expected: &'static str,
    /// Whether the parameter varies with latents.
    pub varies: bool,
    /// The number among data and constants that is not finite and made the parameter what it is, where that is known: see
    /// [`Number::culprit`](crate::number::Number::culprit).
    pub culprit: Option<f64>,
}
