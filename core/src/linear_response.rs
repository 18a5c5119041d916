//! Linear-response covariances: what mean-field underestimates, repaired (Giordano, Broderick & Jordan 2018).
//!
//! The covariance of u is how the optimal means respond to a tilt of the posterior: the means' block of the inverse of the
//! ELBO's negative Hessian in (loc, ln_scale) at the optimum. The arrow gives it in O(M).

use crate::arrow::{Arrow, Factorised};
use crate::guide::Guide;
use crate::optimize::newton::metric;
use crate::posterior::root;
use nalgebra::{DMatrix, DVector};

/// Corrected standard deviations beyond this many times the mean-field ones, or below its inverse, are not believed.
const IMPLAUSIBLE: f64 = 4.0;

/// The corrected Gaussian over all unconstrained coordinates, in blocks.
#[derive(Clone, Debug)]
pub(crate) struct LinearResponse {
    /// Of theta.
    pub(crate) global: Spread,
    /// Given theta, phi_i has mean loc_i + slope_i (theta - loc), with a covariance of its own.
    pub(crate) tasks: Vec<Conditional>,
    /// Coordinates whose correction was refused, and the mean-field variance kept: global ones, then (task, coordinate).
    pub(crate) refused: Vec<(Option<usize>, usize)>,
}

/// How theta spreads around its mean.
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
#[derive(Clone, Debug)]
pub(crate) struct Conditional {
    /// d mean / d theta; `None` where it is not known, and taken as 0.
    pub(crate) slope: Option<DMatrix<f64>>,
    /// Covariance given theta.
    pub(crate) covariance: DMatrix<f64>,
}

impl LinearResponse {
    /// From the expansion of the ELBO at its optimum; `None` where the negative Hessian is not positive definite.
    pub(crate) fn new(guide: &Guide, arrow: &Arrow) -> Option<Self> {
        let factorised: Factorised = arrow.factorise(0.0, &metric(guide, arrow))?;
        let globals = guide.global.len();
        let mut refused = Vec::new();
        let mut global = factorised.global_inverse.view((0, 0), (globals, globals)).into_owned();
        if guide.is_point() {
            global.fill(0.0);
        } else {
            for j in believe(&mut global, &guide.global.ln_scale) {
                refused.push((None, j));
            }
        }
        let inverse = global.clone().cholesky().map(|c| c.inverse());
        let tasks = (0..guide.num_tasks()).map(|i| {
            let n = guide.task(i).len();
            let (own, cross) = factorised.task_covariance(i);
            let mut own = own.view((0, 0), (n, n)).into_owned();
            let cross = cross.view((0, 0), (n, globals)).into_owned();
            let scales = &guide.local.ln_scale[guide.task(i)];
            let refused_here = believe(&mut own, scales);
            let kept = refused_here.is_empty();
            refused.extend(refused_here.into_iter().map(|j| (Some(i), j)));
            let slope = inverse.as_ref().filter(|_| kept).map(|inverse| &cross * inverse);
            let covariance = slope.as_ref().map_or_else(|| own.clone(), |slope| &own - slope * cross.transpose());
            let covariance = if covariance.clone().cholesky().is_some() { covariance } else { diagonal(scales) };
            Conditional { slope, covariance }
        });
        let tasks = tasks.collect();
        Some(Self { global: Spread::Covariance(global), tasks, refused })
    }

    /// Independent coordinates, as the guide has them.
    pub(crate) fn mean_field(guide: &Guide) -> Self {
        let covariances = (0..guide.num_tasks()).map(|i| diagonal(&guide.local.ln_scale[guide.task(i)]));
        Self::given_theta(guide, covariances)
    }

    /// Theta as the guide has it, and tasks with these covariances given theta.
    pub(crate) fn given_theta(guide: &Guide, covariances: impl Iterator<Item = DMatrix<f64>>) -> Self {
        let tasks = covariances.map(|covariance| Conditional { slope: None, covariance }).collect();
        Self { global: Spread::mean_field(guide), tasks, refused: Vec::new() }
    }

    /// Mean of task i's coordinates given theta.
    pub(crate) fn task_mean(&self, guide: &Guide, i: usize, theta: &[f64]) -> DVector<f64> {
        let loc = DVector::from_column_slice(&guide.local.loc[guide.task(i)]);
        let Some(slope) = &self.tasks[i].slope else { return loc };
        loc + slope * DVector::from_iterator(theta.len(), theta.iter().zip(&guide.global.loc).map(|(t, l)| t - l))
    }
}

fn diagonal(ln_scale: &[f64]) -> DMatrix<f64> {
    DMatrix::from_diagonal(&DVector::from_iterator(ln_scale.len(), ln_scale.iter().map(|s| (2.0 * s).exp())))
}

/// Replaces the rows and columns of coordinates whose variance is implausible by mean-field ones; returns them.
fn believe(covariance: &mut DMatrix<f64>, ln_scale: &[f64]) -> Vec<usize> {
    let refused: Vec<usize> = (0..ln_scale.len())
        .filter(|&j| {
            let ratio = covariance[(j, j)].sqrt() / ln_scale[j].exp();
            !(IMPLAUSIBLE.recip()..=IMPLAUSIBLE).contains(&ratio)
        })
        .collect();
    for &j in &refused {
        covariance.row_mut(j).fill(0.0);
        covariance.column_mut(j).fill(0.0);
        covariance[(j, j)] = (2.0 * ln_scale[j]).exp();
    }
    refused
}
