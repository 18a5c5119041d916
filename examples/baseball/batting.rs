//! Hits of eighteen batters as they are: a binomial model, and the data of 1970.
#![allow(missing_docs, reason = "fields are called what they are")]

use hierarch::prelude::*;
use serde::Deserialize;

model! {
    /// Chances to hit are alike; how alike is learned.
    pub Batting(hits: &[u32], at_bats: u32) {
        /// The mean chance.
        phi ~ Uniform(0.0, 1.0);
        /// As if each batter had been seen so many times before.
        kappa ~ Pareto(1.0, 1.5);
        for &hits in hits {
            theta ~ Beta(phi * kappa, (1.0 - phi) * kappa);
            hits ~ Binomial(at_bats, theta);
        }
    }
}

/// A season: each batter's hits early on, and his average in the rest of it.
#[derive(Deserialize)]
pub struct Season {
    pub names: Vec<String>,
    /// Times at bat that the estimates are made from.
    pub at_bats: u32,
    pub hits: Vec<u32>,
    pub remaining_average_published: Vec<f64>,
    pub beta_binomial_exact: Exact,
}

/// Means and standard deviations of the posterior of [`Batting`], by quadrature.
#[derive(Deserialize)]
pub struct Exact {
    pub phi_mean: f64,
    pub phi_sd: f64,
    pub theta_mean: Vec<f64>,
    pub theta_sd: Vec<f64>,
}

/// The season of 1970.
pub fn season() -> Result<Season, serde_json::Error> {
    serde_json::from_str(include_str!("../data/efron_morris_baseball.json"))
}
