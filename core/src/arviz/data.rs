//! What ArviZ calls `InferenceData`: groups of arrays with named dimensions.

/// Draws of a fit in the groups of ArviZ's `InferenceData`, under the names of the sites.
///
/// | group | what is in it |
/// |---|---|
/// | `posterior` | equally weighted draws of all latents, of Cholesky factors of correlations the correlations |
/// | `sample_stats` | `weight`, that of the draw in the fit before it was resampled; as attributes what the fit says of itself |
/// | `log_likelihood` | ln p of each observation given all latents, of which a vector is one |
/// | `posterior_predictive` | each observation drawn again; left out where a distribution has no sampler |
/// | `observed_data` | the observations that are there |
/// | `constant_data` | `y_task`, the number of each observation's task, where a task may have several |
///
/// All draws are one chain, as resampling left no other order. Tasks have the coordinate `task`, which holds their labels where
/// their data have some; a site with one observation a task has that coordinate too, others have `y_observation`, such as `308
/// [2]`. Vectors have `w_entry`.
#[derive(Clone, Debug)]
pub struct InferenceData {
    pub(super) groups: Vec<Group>,
    pub(super) coordinates: Vec<Coordinate>,
    /// Of the group `sample_stats`: name, and value as JSON.
    pub(super) attributes: Vec<(&'static str, String)>,
    /// Whether a bar may be shown while a file of it is written, as the options of the fit say.
    pub(super) progress: bool,
}

/// Variables of a kind.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) name: &'static str,
    pub(super) variables: Vec<Variable>,
}

/// An array of numbers.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    pub(super) name: String,
    /// The names of its dimensions, but for chain and draw.
    pub(super) dims: Vec<String>,
    /// The lengths of all dimensions, chain and draw among them.
    pub(super) shape: Vec<usize>,
    /// The last dimension moves first.
    pub(super) values: Vec<f64>,
}

/// What the places along a dimension are called.
#[derive(Clone, Debug)]
pub(super) struct Coordinate {
    pub(super) dim: String,
    /// As JSON.
    pub(super) values: Vec<String>,
}
