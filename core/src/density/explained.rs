//! What is told of how expectations are taken.

/// How the expectation of a site's log density is taken.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Exactly, by a formula.
    ClosedForm,
    /// By Gauss-Hermite quadrature over as many numbers as the log density depends on, which are affine in the
    /// unconstrained latents: a linear predictor, the logarithm of a scale.
    Quadrature {
        /// How many numbers those are.
        dimensions: usize,
    },
    /// By a mean over draws.
    Sampled,
}

/// A site of a model, and how its expectation is taken.
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The site's name.
    pub site: &'static str,
    /// Whether in closed form, by quadrature or over draws.
    pub taken: Taken,
}
