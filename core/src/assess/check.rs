//! Posterior predictive checks.

use crate::error::Error;
use crate::fit::Fit;
use crate::interpret::dataset::{Dataset, Layout};
use crate::interpret::record::Record;
use crate::model::Model;
use crate::posterior::draws::WeightedDraws;
use crate::posterior::summary::Summary;
use crate::posterior::visits::Visits;
use crate::progress::Progress;
use crate::sampling::stream::{Question, Stream};
use std::fmt;
use std::sync::Arc;

/// A statistic of the data, and of data that the posterior predicts in their place. `{check}` prints it.
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[derive(Clone, Debug)]
pub struct Check {
    /// The statistic of the data.
    pub observed: f64,
    /// That of each replication, one a draw of the posterior.
    pub replicated: Vec<f64>,
    /// Weights of the replications; they sum to 1.
    pub weights: Vec<f64>,
    /// Mean, standard deviation and quantiles of the replications.
    pub summary: Summary,
    /// P(replicated >= observed) (Gelman et al. 2013, section 6.3): near 0 or 1 the model does not make such data. It is no
    /// level of a test: of a right model it is nearer to 0.5 than uniform.
    pub p_value: f64,
}

impl<M: Model> Fit<M> {
    /// The data as numbers: those that are there.
    pub fn observed(&self) -> Dataset {
        observed(&Visits::new(&self.model, self.solution.source()))
    }

    /// Holds a statistic of the data against what it is of data drawn from the posterior in their place: the same tasks with
    /// their own latents, and an observation drawn for each that is there.
    ///
    /// ```
    /// use hierarch::Dataset;
    /// # use hierarch::prelude::*;
    /// # fn main() -> Result<(), hierarch::Error> {
    /// # model! {
    /// #     Groups(groups: &[Vec<f64>]) {
    /// #         mu ~ Normal(0.0, 5.0);
    /// #         tau ~ HalfNormal(2.0);
    /// #         for ys in groups {
    /// #             theta ~ Normal(mu, tau);
    /// #             for y in ys {
    /// #                 y ~ Normal(theta, 1.0);
    /// #             }
    /// #         }
    /// #     }
    /// # }
    /// let groups = [vec![0.3, 9.0, -0.2], vec![1.1, 0.2, 0.9], vec![-0.5, 0.1, 0.4]];
    /// let fit = Groups::new(&groups).fit()?;
    /// let most = |data: &Dataset| data.values().iter().copied().fold(f64::NEG_INFINITY, f64::max);
    /// let check = fit.check(most)?;
    /// println!("{check}");
    /// assert!(check.observed == 9.0 && check.p_value < 0.05, "the model makes no outliers");
    /// let mean_of_one = fit.check(|data| data.task(1).iter().sum::<f64>() / 3.0)?;
    /// assert!((0.1..0.9).contains(&mean_of_one.p_value));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// A distribution of data without a sampler; a statistic that is NaN, of the data or of a replication.
    pub fn check(&self, statistic: impl Fn(&Dataset) -> f64) -> Result<Check, Error> {
        let visits = Visits::new(&self.model, self.solution.source());
        let data = observed(&visits);
        let mut rng = Stream::Question(Question::Check).of(self.solution.options.seed);
        let progress = Progress::new(&self.solution.options);
        progress.stage("predictive check", visits.num_draws());
        let mut replicated = Vec::with_capacity(visits.num_draws());
        let number = |of: &str, found: f64| {
            let nan = || Error::Unusable(format!("the statistic is NaN for {of}: it must be a number for all data"));
            if found.is_nan() { Err(nan()) } else { Ok(found) }
        };
        let of_data = number("the data", statistic(&data))?;
        for draw in 0..visits.num_draws() {
            let found = statistic(&data.with(visits.replicate(draw, &mut rng)?));
            replicated.push(number("a replication", found)?);
            progress.counted(replicated.len(), "replications");
        }
        Ok(Check::of(of_data, replicated, &self.solution.draws))
    }
}

fn observed<M: Model>(visits: &Visits<'_, M>) -> Dataset {
    let (mut layout, mut values) = (Layout::default(), Vec::new());
    for part in visits.parts() {
        let Record { places, values: mut here, .. } = visits.record(part);
        layout.add(part, places);
        values.append(&mut here);
    }
    Dataset::new(Arc::new(layout), values)
}

impl Check {
    fn of(observed: f64, replicated: Vec<f64>, draws: &WeightedDraws) -> Self {
        let weights = draws.weights.clone();
        let p_value = replicated.iter().zip(&weights).filter(|(t, _)| **t >= observed).map(|(_, w)| w).sum();
        let summary = Summary::weighted(&replicated, &weights, &draws.dependence);
        Self { observed, replicated, weights, summary, p_value }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "observed {:.4}, replicated {}, p = {:.3}", self.observed, self.summary, self.p_value)
    }
}
