//! What can be chosen about a fit. Everything has a default that needs no thought.

pub(crate) mod allowed;

use std::time::Duration;

/// How a model is fitted. `Options::default()` is what [`fit`](crate::Fittable::fit) uses.
///
/// Theta are the globals, phi_i the locals of task i; the guide, q, is the normal approximation of the posterior that the fit
/// climbs to; the ELBO is the bound that it climbs.
///
/// A value that is not allowed is an [`Error::Option`](crate::Error::Option) before anything runs, which names it.
///
/// ```
/// use hierarch::{Correction, Options};
/// let options = Options { seed: 7, correction: Correction::LinearResponse, ..Options::default() };
/// # let _ = options;
/// ```
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Key of all random numbers, 0 by default: the same seed gives the same bits, for any number of threads.
    pub seed: u64,
    /// Which expectations are taken in closed form.
    pub estimator: Estimator,
    /// How many fixed draws the other expectations are averaged over at first. The fit takes more where other draws would
    /// move it by more than 0.05 standard deviations of the guide. From 1 to 100,000; 64 by default.
    pub draws: usize,
    /// The fit never takes more fixed draws than this. From `draws` to 100,000; 1,024 by default.
    pub most_draws: usize,
    /// Starts from the random place of this number, where every unconstrained latent is between -1 and 1, instead of from 0, the
    /// default, where that has a density.
    pub random_start: Option<u64>,
    /// How many other starts the climb has where the data may make several modes, as those of a mixture do: the best end counts,
    /// modes that are apart get their shares of the posterior, and the report tells of them. None where `max_iterations` is given,
    /// nor where theta is a point. From 0 to 100; 6 by default.
    pub other_starts: usize,
    /// The family of q(theta).
    pub global: GlobalFactor,
    /// The family of q(phi_i).
    pub locals: LocalFactor,
    /// How locals of a location-scale family are written: see [`Parameterisation`].
    pub parameterisation: Parameterisation,
    /// What maximises the ELBO.
    pub optimiser: Optimiser,
    /// Most iterations of the optimiser; 0 leaves the guide where it starts. Up to 1,000,000,000; if `None`, the default, 200 of
    /// Newton, 40,000 steps of Adam, 2,000 of any other.
    pub max_iterations: Option<usize>,
    /// Converged when the gradient's norm in the guide's metric is at most this, in nats (Newton). Above 0 and at most
    /// 1; 1e-6 by default.
    pub tolerance: f64,
    /// What is done about the errors of the mean-field guide.
    pub correction: Correction,
    /// How many draws hold the posterior. Where importance weights correct it there are at least 100, since fewer cannot tell
    /// whether to trust them, and up to ten times as many as asked for, until seven in ten of those asked for count. From 1 to
    /// 1,000,000; 1,000 by default.
    pub posterior_draws: usize,
    /// How long `Correction::Auto` may take for the importance correction, 10 seconds if nothing else is said. Where that
    /// is too short there are fewer draws, of which the report tells; where it is too short for 100 of them the correction
    /// is left out, and the answer is not checked. `Correction::Importance` takes as long as it takes; chains, where weights
    /// fail, may take as long again. More than nothing, and at most a million seconds.
    ///
    /// Only an answer that the budget cut short depends on how fast the machine is: all others are the same bits anywhere.
    pub correction_budget: Duration,
    /// Number of threads; as many as rayon's global pool has, usually one a core, if `None`, the default. From 1 to 1,024, of
    /// which no more are started than four for each that the machine runs at once: the answer is the same for any number.
    #[doc(alias("parallel", "cores"))]
    pub threads: Option<usize>,
    /// Whether a fit, or what is asked of it later, may show a progress bar when it takes longer than half a second: true by
    /// default. It does so on standard error, and only if that is a terminal.
    pub progress: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 0,
            estimator: Estimator::default(),
            draws: 64,
            most_draws: 1024,
            random_start: None,
            other_starts: 6,
            global: GlobalFactor::default(),
            locals: LocalFactor::default(),
            parameterisation: Parameterisation::default(),
            optimiser: Optimiser::default(),
            max_iterations: None,
            tolerance: 1e-6,
            correction: Correction::default(),
            posterior_draws: 1000,
            correction_budget: Duration::from_secs(10),
            threads: None,
            progress: true,
        }
    }
}

/// Which expectations are taken without draws, where that is possible: in closed form, or by quadrature.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Estimator {
    /// All of them, the latents' and the data's: in closed form where a site has one, and by quadrature where its log
    /// density is a function of up to three numbers that are affine in the unconstrained latents, such as a linear
    /// predictor and the logarithm of a scale.
    #[default]
    ClosedForm,
    /// Closed forms of latents' densities alone, so that KL terms are exact and the reconstruction is sampled
    /// (the second estimator of Kingma & Welling 2014, eq. 7).
    ClosedKl,
    /// None: everything is sampled (their first, eq. 6).
    Sampled,
}

/// The family of q(theta).
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GlobalFactor {
    /// Independent normals in unconstrained coordinates.
    #[default]
    MeanField,
    /// A point: empirical Bayes with the prior of theta as penalty (variational EM).
    Point,
}

/// The family of q(phi_i).
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LocalFactor {
    /// Independent normals in unconstrained coordinates.
    #[default]
    MeanField,
    /// A normal with full covariance for each task given theta, found by Newton's method in the task's block: the exact
    /// posterior where the task is linear and Gaussian given theta, a Laplace approximation otherwise.
    ///
    /// Only theta is left to climb with: by L-BFGS where all tasks are exact, since then the gradient of the bound is
    /// that with the locals held; by EM otherwise, or where [`Optimiser::Em`] is asked for. No other optimiser,
    /// parameterisation or estimator makes a difference then. For locals of strongly correlated coordinates, as under
    /// [`MultivariateNormal`](crate::dist::MultivariateNormal) priors; with [`GlobalFactor::Point`] it is the maximum of
    /// the marginal likelihood (times the prior), and by far the fastest way for wide models.
    Full,
}

/// How local latents of a location-scale family on the real line are written.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Parameterisation {
    /// Whichever gives the higher ELBO, site by site.
    #[default]
    Auto,
    /// phi itself.
    Centred,
    /// phi = loc + scale * u.
    NonCentred,
}

/// What maximises the ELBO.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Optimiser {
    /// Newton where blocks are narrow enough for second derivatives, otherwise L-BFGS.
    #[default]
    Auto,
    /// Damped Newton on a deterministic objective.
    Newton,
    /// Limited-memory BFGS on the same objective, from first derivatives only.
    Lbfgs,
    /// Newton in turns: the E-step moves the locals' guides, the M-step that of theta. With
    /// [`GlobalFactor::Point`] this is variational EM. Slower than Newton on both at once; every step raises the ELBO.
    Em,
    /// Stochastic gradients.
    Adam(AdamOptions),
}

/// Settings of Adam (Kingma & Ba 2015).
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[derive(Clone, Debug, PartialEq)]
pub struct AdamOptions {
    /// First step size; it decays while the ELBO no longer rises. Above 0 and at most 10; 0.05 by default.
    pub step: f64,
    /// Fresh draws a step. From 1 to 100,000; 8 by default.
    pub draws: usize,
    /// Tasks a step, at least 1; all if `None`, the default, or if there are no more.
    pub batch: Option<usize>,
    /// Steps that the ELBO is averaged over before it is asked whether it still rises; what rises slowly in small batches,
    /// such as a network, wants more than the default. From 2 to 1,000,000; 200 by default.
    pub window: usize,
}

impl Default for AdamOptions {
    fn default() -> Self {
        Self { step: 0.05, draws: 8, batch: None, window: 200 }
    }
}

/// How a new task is adapted to. `AdaptOptions::default()` is what [`adapt`](crate::Fit::adapt) uses.
///
/// ```
/// use hierarch::AdaptOptions;
/// let options = AdaptOptions { global_draws: 500, ..AdaptOptions::default() };
/// # let _ = options;
/// ```
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdaptOptions {
    /// Draws of theta that the task is asked about, which stand for all of the fit's; with as many as the fit has
    /// ([`Options::posterior_draws`]) they are those. The time of an adaptation grows with them. From 1 to
    /// 1,000,000; 64 by default.
    pub global_draws: usize,
    /// Draws of phi for each of them, at least 1; no more than 10,000,000 for all of them. 4 by default.
    pub local_draws: usize,
    /// Most proposals of phi for each of them, where the task is not Gaussian given theta. From 1 to 100,000;
    /// 64 by default.
    pub max_proposals: usize,
}

impl Default for AdaptOptions {
    fn default() -> Self {
        Self { global_draws: 64, local_draws: 4, max_proposals: 64 }
    }
}

/// How far chains go that certify a fit. `CertifyOptions::default()` is a good one.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertifyOptions {
    /// How many thetas the chains look at, all together; each costs what a draw of the correction costs. Where
    /// they do not agree with one another by then they go on, to some four times as many. From 1,000 to 10,000,000; 4,000 by default.
    pub thetas: usize,
    /// Key of the chains' random numbers, 0 by default: the same seed gives the same bits.
    pub seed: u64,
}

impl Default for CertifyOptions {
    fn default() -> Self {
        Self { thetas: 4000, seed: 0 }
    }
}

/// What is done about the errors of the mean-field guide.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Correction {
    /// Importance where affordable. Where its weights are poor, chains: of the globals by elliptical slices, the locals integrated
    /// out, and if these do not agree in time, Hamiltonian ones on all latents. Otherwise linear response.
    #[default]
    Auto,
    /// Hierarchical importance weights on top of the linear-response Gaussian.
    Importance,
    /// Hamiltonian chains on all latents (the No-U-Turn sampler), until the answer is precise or as long as
    /// [`Options::correction_budget`] allows. Where weights fail, as with hundreds of globals. Not where theta is a point, nor
    /// with [`LocalFactor::Full`].
    Chains,
    /// Linear-response covariances. They say nothing of their own errors: see [`Trust`](crate::Trust).
    LinearResponse,
    /// Nothing: the guide as it is. Its standard deviations are usually too small.
    MeanField,
}
