//! The posterior as a Gaussian hierarchy: theta, and each task's phi given theta.

use crate::guide::Guide;
use crate::linalg::gaussian::root;
use nalgebra::{DMatrix, DVector};

/// A Gaussian over all unconstrained coordinates, in blocks.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug)]
pub(crate) struct GaussianHierarchy {
    /// How theta spreads.
    pub(crate) global: Spread,
    /// Given theta, phi_i has mean loc_i + slope_i (theta - loc), with a covariance of its own.
    pub(crate) tasks: Vec<GivenTheta>,
    /// Negative second derivatives of the bound in the means of theta's guide, those of tasks following; `None` where they are
    /// not known.
    pub(crate) curvature: Option<DMatrix<f64>>,
    /// Coordinates whose correction was refused, and the mean-field variance kept: global ones first.
    pub(crate) refused: Vec<Refusal>,
}

/// How theta spreads around its mean.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug)]
pub(crate) enum Spread {
    /// Standard deviations of independent coordinates; 0 for a point.
    Independent(DVector<f64>),
    /// A covariance.
    Covariance(DMatrix<f64>),
}

impl Spread {
    fn mean_field(guide: &Guide) -> Self {
        Self::Independent(DVector::from_iterator(guide.global.len(), guide.global.ln_scale.iter().map(|s| s.exp())))
    }

    /// A lower-triangular root of the covariance; of one that is zero, zero.
    pub(crate) fn root(&self) -> DMatrix<f64> {
        match self {
            Self::Independent(sd) => DMatrix::from_diagonal(sd),
            Self::Covariance(covariance) => root(covariance),
        }
    }

    /// What turns standard normal draws into draws around 0.
    pub(crate) fn spreading(&self) -> impl Fn(&[f64]) -> DVector<f64> {
        let root = match self {
            Self::Independent(sd) => Err(sd.clone()),
            Self::Covariance(covariance) => Ok(root(covariance)),
        };
        move |noise| {
            let noise = DVector::from_column_slice(noise);
            root.as_ref().map_or_else(|sd| sd.component_mul(&noise), |root| root * &noise)
        }
    }
}

/// A task's coordinates given theta.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug)]
pub(crate) struct GivenTheta {
    /// d mean / d theta; `None` where it is not known, and taken as 0.
    pub(crate) slope: Option<DMatrix<f64>>,
    /// Covariance given theta.
    pub(crate) covariance: DMatrix<f64>,
}

/// A coordinate whose correction is not believed.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// `None` for a coordinate of theta.
    pub(crate) task: Option<usize>,
    pub(crate) coordinate: usize,
}

impl GaussianHierarchy {
    /// Independent coordinates, as the guide has them.
    pub(crate) fn mean_field(guide: &Guide) -> Self {
        let covariances = (0..guide.num_tasks()).map(|i| diagonal(&guide.local.ln_scale[guide.task(i)]));
        Self::given_theta(guide, covariances)
    }

    /// Theta as the guide has it, and tasks with these covariances given theta.
    pub(crate) fn given_theta(guide: &Guide, covariances: impl Iterator<Item = DMatrix<f64>>) -> Self {
        let tasks = covariances.map(|covariance| GivenTheta { slope: None, covariance }).collect();
        Self { global: Spread::mean_field(guide), tasks, curvature: None, refused: Vec::new() }
    }

    /// Mean of task i's coordinates given theta.
    pub(crate) fn task_mean(&self, guide: &Guide, i: usize, theta: &[f64]) -> DVector<f64> {
        let loc = DVector::from_column_slice(&guide.local.loc[guide.task(i)]);
        let Some(slope) = &self.tasks[i].slope else { return loc };
        loc + slope * DVector::from_iterator(theta.len(), theta.iter().zip(&guide.global.loc).map(|(t, l)| t - l))
    }
}

/// The covariance of independent coordinates with these log standard deviations.
pub(crate) fn diagonal(ln_scale: &[f64]) -> DMatrix<f64> {
    DMatrix::from_diagonal(&DVector::from_iterator(ln_scale.len(), ln_scale.iter().map(|s| (2.0 * s).exp())))
}
