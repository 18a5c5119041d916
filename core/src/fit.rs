//! From a model to its posterior: [`Fittable::fit`], its [`Options`](crate::Options), and the [`Fit`] it gives.

mod certificate;
mod certify;
mod chains;
mod doubts;
mod evidence;
pub(crate) mod imprecise;
mod judgement;
pub(crate) mod names;
mod pipeline;
pub(crate) mod report;
mod results;
#[cfg(feature = "serde")]
mod saved;
mod several_modes;
pub(crate) mod solution;
pub(crate) mod table;
mod trust;

pub use crate::optimize::draws::{DrawsError, WorstTask};
pub use certificate::Certificate;
pub use chains::Chains;
pub use evidence::Evidence;
pub use names::NumberName;
pub use pipeline::Fittable;
pub use results::{DrawsTable, NamedSummary};
pub use solution::Times;
pub use trust::Trust;

use crate::density::Explained;
use crate::elbo::Elbo;
use crate::error::Error;
use crate::guide::Guide;
use crate::joint::Joint;
use crate::model::draw::Draw;
use crate::model::{Latents, Model};
use crate::options::Correction;
use crate::posterior::gaussian::GaussianHierarchy;
use crate::posterior::lazy::LazyDraw;
use crate::posterior::summary::Summary;
use crate::posterior::thetas::Thetas;
use crate::posterior::view::Posterior;
use crate::verdict::Verdict;
use nalgebra::DVector;
use rand::Rng;
use solution::Solution;
use std::borrow::Cow;
use std::sync::OnceLock;

/// The posterior of a model's latents, with what is needed to judge it. `{fit}` prints a report and a table.
///
/// A fit holds its model, and the model its data. If the model borrows them (`ys: &[f64]`), the fit is a `Fit<Name<'data>>`
/// that cannot outlive them. To return a fit from a function, to keep it in a struct or to send it to a thread, let the model
/// own its data: `ys: Vec<f64>`, or `ys: Arc<[f64]>` to share them, makes it a `Fit<Name>` without a lifetime.
///
/// ```
/// use hierarch::prelude::*;
/// use hierarch::{Error, Fit};
///
/// model! {
///     pub Heights(ys: Vec<f64>) {
///         mu ~ Normal(170.0, 20.0);
///         for y in ys {
///             y ~ Normal(mu, 10.0);
///         }
///     }
/// }
///
/// struct Service {
///     fit: Fit<Heights>,
/// }
///
/// fn start(ys: Vec<f64>) -> Result<Service, Error> {
///     Ok(Service { fit: Heights::new(ys).fit()? })
/// }
/// # assert!(start(vec![171.0, 168.0])?.fit.global().mu.mean > 160.0);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias("own", "borrow", "lifetime", "thread", "posterior"))]
pub struct Fit<M: Model> {
    pub(crate) model: M,
    pub(crate) solution: Solution,
    pub(crate) found_later: FoundLater,
}

/// What later questions to a fit need, found at the first of them.
#[derive(Default)]
pub(crate) struct FoundLater {
    /// Draws of theta that new tasks are adapted with.
    pub(crate) thetas: OnceLock<Thetas>,
    /// Where some tasks have their phi when theta is at the guide's mean.
    pub(crate) modes: OnceLock<Vec<DVector<f64>>>,
}

impl<M: Model> Fit<M> {
    pub(crate) fn with(model: M, solution: Solution) -> Self {
        Self { model, solution, found_later: FoundLater::default() }
    }

    /// The model with its data.
    pub fn model(&self) -> &M {
        &self.model
    }

    /// The evidence lower bound at the guide, with its terms.
    pub fn elbo(&self) -> &Elbo {
        &self.solution.climbed.elbo
    }

    /// The mean-field guide that maximises it.
    pub fn guide(&self) -> &Guide {
        &self.solution.climbed.guide
    }

    /// Whether the optimiser converged, and if not, why and what to try.
    pub fn verdict(&self) -> &Verdict {
        &self.solution.climbed.verdict
    }

    /// Whether to believe the posterior.
    pub fn trust(&self) -> &Trust {
        &self.solution.trust
    }

    /// What the importance correction found, if it ran.
    pub fn evidence(&self) -> Option<&Evidence> {
        self.solution.evidence.as_ref()
    }

    /// What the chains say of themselves, if the posterior comes from chains.
    pub fn chains(&self) -> Option<&Chains> {
        self.solution.chains.as_ref()
    }

    /// Iterations the optimiser took.
    pub fn iterations(&self) -> usize {
        self.solution.climbed.iterations
    }

    /// Norm of the ELBO's gradient where it stopped, in the guide's own metric (nats).
    pub fn gradient_norm(&self) -> f64 {
        self.solution.climbed.gradient_norm
    }

    /// The ELBO at the start and after each iteration (for Adam, its mean over each window of steps).
    pub fn trace(&self) -> &[f64] {
        &self.solution.climbed.trace
    }

    /// How far the answer depends on the fixed draws that sampled terms were averaged over.
    pub fn draws_error(&self) -> DrawsError {
        self.solution.climbed.error
    }

    /// How long the parts of the fit took.
    pub fn times(&self) -> Times {
        self.solution.times
    }

    /// How each site's expectation is taken.
    pub fn explain(&self) -> Vec<Explained> {
        let sites = [M::GLOBAL_SITES, M::LOCAL_SITES, M::OBSERVED_SITES].into_iter().flatten();
        sites.zip(&self.solution.climbed.taken).map(|(site, &taken)| Explained { site: site.name, taken }).collect()
    }

    /// Which local sites the guide writes as loc + scale * u.
    pub fn non_centred(&self) -> impl Iterator<Item = &'static str> + '_ {
        M::LOCAL_SITES.iter().filter(|site| self.solution.climbed.open.tasks.non_centred[site.id]).map(|site| site.name)
    }

    /// Posterior summaries of the globals, in a struct of the model's own: `fit.global().tau.mean`.
    pub fn global(&self) -> <M::Global as Latents>::Of<Summary> {
        self.posterior().global()
    }

    /// Posterior summaries of the latents of task `i`: `fit.local(3).theta.sd`.
    ///
    /// # Panics
    /// If there is no task `i`.
    #[track_caller]
    pub fn local(&self, i: usize) -> <M::Local as Latents>::Of<Summary> {
        self.posterior().local(i)
    }

    /// Draws of all latents from the posterior, equally weighted.
    pub fn draws<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Vec<Draw<M>> {
        self.posterior().draws(n, rng)
    }

    /// The posterior of any function of the latents.
    ///
    /// ```
    /// # use hierarch::prelude::*;
    /// # fn main() -> Result<(), hierarch::Error> {
    /// model! {
    ///     Coins(heads: &[(u32, u32)]) {
    ///         spread ~ HalfNormal(1.0);
    ///         for &(heads, tosses) in heads {
    ///             log_odds ~ Normal(0.0, spread);
    ///             heads ~ BinomialLogit(tosses, log_odds);
    ///         }
    ///     }
    /// }
    /// let fit = Coins::new(&[(7, 10), (4, 10), (5, 10)]).fit()?;
    /// let difference = fit.marginal(|d| d.local[0].log_odds - d.local[1].log_odds);
    /// assert!(difference.mean > 0.0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn marginal(&self, f: impl Fn(&LazyDraw<'_, M>) -> f64) -> Summary {
        self.posterior().marginal(f)
    }

    /// The central interval that holds so much of the posterior of any function of the latents:
    /// `fit.interval(0.9, |d| d.global.tau)`.
    ///
    /// # Errors
    /// A level that is not between 0 and 1.
    pub fn interval(&self, level: f64, f: impl Fn(&LazyDraw<'_, M>) -> f64) -> Result<(f64, f64), Error> {
        self.posterior().interval(level, f)
    }

    /// The highest-density interval: the shortest one that holds so much of the posterior of any function of the latents.
    ///
    /// # Errors
    /// A level that is not between 0 and 1.
    pub fn hdi(&self, level: f64, f: impl Fn(&LazyDraw<'_, M>) -> f64) -> Result<(f64, f64), Error> {
        self.posterior().hdi(level, f)
    }

    /// Posterior covariance of any two functions of the latents.
    pub fn covariance(&self, f: impl Fn(&LazyDraw<'_, M>) -> f64, g: impl Fn(&LazyDraw<'_, M>) -> f64) -> f64 {
        self.posterior().covariance(f, g)
    }

    /// The joint density of the model with its data, for other samplers: written as the fit's guide writes it, for what is
    /// non-centred there is easier to sample so too. [`Joint::new`] needs no fit.
    pub fn joint(&self) -> Joint<'_, M> {
        Joint::written(&self.model, &self.solution.shape, &self.solution.climbed.open.tasks.non_centred)
    }

    /// The fit's own posterior.
    pub fn posterior(&self) -> Posterior<'_, M> {
        let Solution { climbed, gaussian, draws, .. } = &self.solution;
        let (gaussian, weighted) = (Cow::Borrowed(gaussian), Cow::Borrowed(draws));
        Posterior { model: &self.model, guide: &climbed.guide, gaussian, weighted }
    }

    /// The posterior by other means, for comparison: the mean-field guide as it is, or with linear-response covariances.
    pub fn uncorrected(&self, correction: Correction) -> Posterior<'_, M> {
        let guide = self.guide();
        let gaussian = match correction {
            Correction::MeanField => Cow::Owned(GaussianHierarchy::mean_field(guide)),
            _ => Cow::Borrowed(&self.solution.gaussian),
        };
        let weighted = Cow::Owned(self.solution.draws_of(&gaussian));
        Posterior { model: &self.model, guide, gaussian, weighted }
    }
}
