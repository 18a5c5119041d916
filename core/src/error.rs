//! Everything that can go wrong with a user's data or model, as one typed error that names the place.

mod file;
mod place;

pub use file::FileError;
pub use place::{Place, TaskName};

#[cfg(any(feature = "arviz", feature = "serde"))]
use std::path::Path;
use std::path::PathBuf;

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
    #[error(
        "{place}: {value} enters here from the data or a constant (a covariate, or a `dot` of lists of different lengths?), which must be finite"
    )]
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
    #[error(
        "{place}: the log density is {value} at the starting point (and at {tried} random ones around it); are all data possible, \
             and priors no wider than numbers are?"
    )]
    NotFinite {
        /// The first site whose log density is not finite.
        place: Box<Place>,
        /// The log density at that place.
        value: f64,
        /// How many random starting points were tried as well.
        tried: u64,
    },
    /// The discrete latents that are summed out together have too many values.
    #[error(
        "{place}: {found} values, and those of the discrete latents around it, are more to sum over than {most}; \
             along a chain, `Markov`, there may be any number"
    )]
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
    /// An entry is read that a chain of discrete latents does not have.
    #[error("{place}: entry {found} is read of a chain of {len}: its entries are counted from 0")]
    Entry {
        /// The place of the chain.
        place: Box<Place>,
        /// The entry that is read.
        found: usize,
        /// How many there are.
        len: usize,
    },
    /// A discrete latent is summed out within the sum over a chain, where its sum would be that of one entry.
    #[error(
        "{place}: what depends on this discrete latent and on the chain `{chain}` cannot be summed over both: declare it before the \
         chain, or give the observations a `Mixture(...)`"
    )]
    WithinChain {
        /// The place of the discrete latent.
        place: Box<Place>,
        /// The chain.
        chain: &'static str,
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
    #[error("`{option}`{} must be {allowed}, but is {value}", .task.as_ref().map_or_else(String::new, |task| format!(", {task},")))]
    Option {
        /// The option: its struct and field.
        option: String,
        /// The task that it was seen in, if it depends on tasks.
        task: Option<TaskName>,
        /// Its value.
        value: String,
        /// What it may be.
        allowed: String,
    },
    /// A fit cannot be written to a file, or a file gives no fit of the model with its data.
    #[error("`{}`: {reason}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: FileError,
    },
    /// Something is wrong with a shard of tasks: see [`shards`](crate::shards).
    #[error("shard {shard}{}: {error}", .task.as_ref().map_or_else(String::new, |task| format!(", {task}")))]
    Shard {
        /// Which shard, counted from 0.
        shard: usize,
        /// Which of its tasks, if it is one: its number in the shard.
        task: Option<TaskName>,
        /// What is wrong.
        error: Box<Error>,
    },
    /// What was asked for cannot be done, for the reason given.
    #[error("{0}")]
    Unusable(String),
}

impl Error {
    /// Why a file cannot be written or read.
    #[cfg(any(feature = "arviz", feature = "serde"))]
    pub(crate) fn of_file(path: &Path, reason: impl Into<FileError>) -> Self {
        Self::File { path: path.to_owned(), reason: reason.into() }
    }

    /// The error as that of a task, where it depends on one.
    pub(crate) fn of_task(mut self, name: TaskName) -> Self {
        if let Self::Option { task, .. } = &mut self {
            *task = Some(name);
        }
        self
    }

    /// The error as that of a task that is not one of the fit's, and so has no number.
    pub(crate) fn of_new_task(mut self) -> Self {
        if let Some(task) = self.task_mut() {
            *task = None;
        }
        self
    }

    /// The error as that of a shard, and of that task of it; otherwise of the one that the error names, if it does.
    pub(crate) fn in_shard(mut self, shard: usize, task: Option<usize>) -> Self {
        let named = self.task_mut().and_then(Option::take);
        Self::Shard { shard, task: task.map(TaskName::unlabelled).or(named), error: Box::new(self) }
    }

    /// The error with its task called by its label.
    pub(crate) fn label_task(mut self, label: impl Fn(usize) -> Option<String>) -> Self {
        if let Some(Some(task)) = self.task_mut() {
            task.label = label(task.number);
        }
        self
    }

    /// The task of an error that may have one.
    fn task_mut(&mut self) -> Option<&mut Option<TaskName>> {
        match self {
            Self::Observation { place, .. }
            | Self::Length { place, .. }
            | Self::Parameter { place, .. }
            | Self::Covariate { place, .. }
            | Self::NotFinite { place, .. }
            | Self::Classes { place, .. }
            | Self::Uneven { place, .. }
            | Self::Entry { place, .. }
            | Self::WithinChain { place, .. }
            | Self::NoSampler { place, .. } => Some(&mut place.task),
            Self::Option { task, .. } | Self::Shard { task, .. } => Some(task),
            Self::NoTasks | Self::NoLatents | Self::File { .. } | Self::Unusable(_) => None,
        }
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
