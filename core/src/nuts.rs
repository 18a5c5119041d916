//! A second opinion from a sampler that is not of this crate: the No-U-Turn sampler of `nuts-rs`, which PyMC uses as nutpie.
//! Behind the feature `nuts`.
//!
//! ```
//! use hierarch::nuts::NutsOptions;
//! # use hierarch::prelude::*;
//! # fn main() -> Result<(), hierarch::Error> {
//! # model! {
//! #     Coins(heads: &[(u32, u32)]) {
//! #         spread ~ HalfNormal(1.0);
//! #         for &(heads, tosses) in heads {
//! #             log_odds ~ Normal(0.0, spread);
//! #             heads ~ BinomialLogit(tosses, log_odds);
//! #         }
//! #     }
//! # }
//! let fit = Coins::new(&[(7, 10), (4, 10), (5, 10)]).fit()?;
//! let second = fit.joint().nuts(&NutsOptions::default())?;
//! let (own, theirs) = (fit.global().spread, second.posterior().global().spread);
//! assert!(second.r_hat < 1.03 && (own.mean - theirs.mean).abs() < 0.2 * own.sd);
//! # Ok(())
//! # }
//! ```

use crate::error::Error;
use crate::guide::{Guide, MeanField};
use crate::joint::Joint;
use crate::model::Model;
use crate::options::allowed::{Row, check};
use crate::posterior::draws::WeightedDraws;
use crate::posterior::gaussian::GaussianHierarchy;
use crate::posterior::view::Posterior;
use crate::progress::Progress;
use crate::sampling::convergence::Convergence;
use crate::sampling::stream::Stream;
use nuts_rs::{Chain, CpuLogpFunc, CpuMath, CpuMathError, DiagNutsSettings, HasDims, LogpError, Settings};
use rand::RngExt;
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How `nuts-rs` samples: what is not here is as it is there.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[derive(Clone, Debug, PartialEq)]
pub struct NutsOptions {
    /// Independent chains. From 2 to 1,000; 4 by default.
    pub chains: usize,
    /// Steps of each chain in which it finds the length of its steps, and which are thrown away. From 50 to 1,000,000;
    /// 1,000 by default.
    pub tune: usize,
    /// Draws of each chain. From 50 to 1,000,000; 1,000 by default.
    pub draws: usize,
    /// The part of proposals that steps are to be so short for that they are accepted: above 0, and at most 1. Closer to 1
    /// where trajectories leave their path; 0.8 by default.
    pub target_accept: f64,
    /// Key of all random numbers: 0 by default.
    pub seed: u64,
    /// Whether a progress bar may be shown, as [`Options::progress`](crate::Options) says.
    pub progress: bool,
}

impl Default for NutsOptions {
    fn default() -> Self {
        Self { chains: 4, tune: 1000, draws: 1000, target_accept: 0.8, seed: 0, progress: true }
    }
}

/// Draws of a model's latents by `nuts-rs`.
pub struct NutsDraws<'a, M: Model> {
    model: &'a M,
    /// It says which coordinates are whose.
    guide: Guide,
    draws: WeightedDraws,
    /// The largest R-hat of any latent: below 1.03 the chains agree.
    pub r_hat: f64,
    /// The least effective sample size of any latent.
    pub effective_sample_size: f64,
    /// Which part of the trajectories left their path.
    pub divergent: f64,
}

impl<'a, M: Model> Joint<'a, M> {
    /// Draws from this density by the No-U-Turn sampler of `nuts-rs`, chains side by side, each from a random place between -1
    /// and 1 in all unconstrained coordinates.
    ///
    /// # Errors
    /// Options that are not what they may be; what `nuts-rs` says of a density that is nowhere finite where chains start.
    pub fn nuts(&self, options: &NutsOptions) -> Result<NutsDraws<'a, M>, Error> {
        options.check()?;
        let steps = Steps::of(options);
        let walk = |number| self.walk(options, number, &steps);
        let walked: Vec<Walked> = (0..options.chains).into_par_iter().map(walk).collect::<Result<_, _>>()?;
        let n = self.num_coordinates();
        let rows: Vec<&[f64]> = walked.iter().flat_map(|chain| chain.states.iter().map(|row| &**row)).collect();
        let of = |j: usize| Convergence::of(&rows.iter().map(|row| row[j]).collect::<Vec<_>>(), options.chains);
        let convergence = (0..n).into_par_iter().map(of).reduce_with(Convergence::worse);
        let Convergence { r_hat, effective } =
            convergence.unwrap_or(Convergence { r_hat: 1.0, effective: rows.len() as f64 });
        let divergent = walked.iter().map(|chain| chain.divergent).sum::<usize>() as f64 / rows.len() as f64;
        let offsets = self.density().offsets.clone();
        let none = |len| MeanField::new(len, 0.0, f64::NEG_INFINITY);
        let globals = self.num_global_coordinates();
        let guide = Guide { global: none(globals), local: none(n - globals), offsets };
        let draws = WeightedDraws::of_chains(self.density(), &rows, options.draws);
        Ok(NutsDraws { model: self.model(), guide, draws, r_hat, effective_sample_size: effective, divergent })
    }

    fn walk(&self, options: &NutsOptions, number: usize, steps: &Steps) -> Result<Walked, Error> {
        let refused = |error: &dyn std::fmt::Display| Error::Unusable(format!("nuts-rs, chain {number}: {error}"));
        let mut rng = Stream::OtherChain { number: number as u64 }.of(options.seed);
        let mut settings = DiagNutsSettings { num_tune: options.tune as u64, ..DiagNutsSettings::default() };
        settings.num_draws = options.draws as u64;
        settings.adapt_options.step_size_settings.target_accept = options.target_accept;
        let math = CpuMath::new(Target(self));
        let mut chain = settings.new_chain(number as u64, math, &mut rng).map_err(|error| refused(&error))?;
        let start: Vec<f64> = (0..self.num_coordinates()).map(|_| rng.random_range(-1.0..1.0)).collect();
        chain.set_position(&start).map_err(|error| refused(&error))?;
        let mut walked = Walked { states: Vec::with_capacity(options.draws), divergent: 0 };
        for step in 0..options.tune + options.draws {
            let (state, progress) = chain.draw().map_err(|error| refused(&error))?;
            steps.another();
            if step >= options.tune {
                walked.states.push(state);
                walked.divergent += usize::from(progress.diverging);
            }
        }
        Ok(walked)
    }
}

impl NutsOptions {
    fn check(&self) -> Result<(), Error> {
        const MOST: usize = 1_000_000;
        check([
            Row::whole("NutsOptions::chains", self.chains, 2..=1000),
            Row::whole("NutsOptions::tune", self.tune, 50..=MOST),
            Row::whole("NutsOptions::draws", self.draws, 50..=MOST),
            Row::positive("NutsOptions::target_accept", self.target_accept, 1.0),
        ])
    }
}

impl<M: Model> NutsDraws<'_, M> {
    /// The posterior that the draws tell, in the model's own structs, as [`Fit::posterior`](crate::Fit::posterior) has it.
    pub fn posterior(&self) -> Posterior<'_, M> {
        let gaussian = Cow::Owned(GaussianHierarchy::mean_field(&self.guide));
        Posterior { model: self.model, guide: &self.guide, gaussian, weighted: Cow::Borrowed(&self.draws) }
    }

    /// Draws of all chains together.
    pub fn num_draws(&self) -> usize {
        self.draws.len()
    }
}

/// The steps of all chains together.
struct Steps {
    progress: Progress,
    done: AtomicUsize,
}

impl Steps {
    fn of(options: &NutsOptions) -> Self {
        let progress = Progress::if_wanted(options.progress);
        progress.stage("nuts", options.chains * (options.tune + options.draws));
        Self { progress, done: AtomicUsize::new(0) }
    }

    fn another(&self) {
        self.progress.counted(1 + self.done.fetch_add(1, Ordering::Relaxed), "steps");
    }
}

/// What a chain has seen.
struct Walked {
    states: Vec<Box<[f64]>>,
    divergent: usize,
}

/// The density as `nuts-rs` asks for it.
struct Target<'j, 'a, M: Model>(&'j Joint<'a, M>);

/// The density is 0: a trajectory ends there, and a chain cannot start there.
#[derive(Debug, thiserror::Error)]
#[error("the log density is not finite")]
struct NotFinite;

impl LogpError for NotFinite {
    fn is_recoverable(&self) -> bool {
        true
    }
}

impl<M: Model> HasDims for Target<'_, '_, M> {
    fn dim_sizes(&self) -> HashMap<String, u64> {
        HashMap::from([("unconstrained_parameter".to_owned(), self.0.num_coordinates() as u64)])
    }
}

impl<M: Model> CpuLogpFunc for Target<'_, '_, M> {
    type LogpError = NotFinite;
    type FlowParameters = ();
    type ExpandedVector = Vec<f64>;

    fn dim(&self) -> usize {
        self.0.num_coordinates()
    }

    fn logp(&mut self, position: &[f64], gradient: &mut [f64]) -> Result<f64, NotFinite> {
        let value = self.0.gradient(position, gradient);
        if value.is_finite() { Ok(value) } else { Err(NotFinite) }
    }

    fn expand_vector<R: rand::Rng + ?Sized>(&mut self, _: &mut R, position: &[f64]) -> Result<Vec<f64>, CpuMathError> {
        Ok(position.to_vec())
    }
}
