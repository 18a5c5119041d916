#![allow(missing_docs, reason = "fields are called what they are")]
//! Growth of 30 rats, weighed on five days (Gelfand et al. 1990): a line a rat, partially pooled.
//!
//! cargo run --release --example rats

use hierarch::prelude::*;
use serde::Deserialize;

/// A rat: pairs of day (less the mean day, 22) and weight in grams.
pub type Rat = Vec<(f64, f64)>;

model! {
    /// Every rat has a line of its own.
    pub Rats(rats: &[Rat]) {
        /// Mean weight on day 22.
        mu_alpha ~ Normal(0.0, 100.0);
        /// Mean growth a day.
        mu_beta ~ Normal(0.0, 100.0);
        sigma_y ~ Flat(Positive);
        sigma_alpha ~ Flat(Positive);
        sigma_beta ~ Flat(Positive);
        for rat in rats {
            alpha ~ Normal(mu_alpha, sigma_alpha);
            beta ~ Normal(mu_beta, sigma_beta);
            for &(day, weight) in rat {
                weight ~ Normal(alpha + beta * day, sigma_y);
            }
        }
    }
}

#[derive(Deserialize)]
struct File {
    days: Vec<f64>,
    mean_day: f64,
    weight: Vec<Vec<f64>>,
    reference: Reference,
}

fn file() -> Result<File, serde_json::Error> {
    serde_json::from_str(include_str!("data/rats.json"))
}

/// The rats.
pub fn rats() -> Result<Vec<Rat>, serde_json::Error> {
    let file = file()?;
    let days: Vec<f64> = file.days.iter().map(|day| day - file.mean_day).collect();
    Ok(file.weight.into_iter().map(|weights| days.iter().copied().zip(weights).collect()).collect())
}

/// Means and standard deviations of the posterior by a long NUTS run of the same model.
#[derive(Deserialize)]
pub struct Reference {
    pub mean: Values,
    pub sd: Values,
}

/// A value a latent; `alpha` and `beta` have one a rat.
#[derive(Deserialize)]
pub struct Values {
    pub mu_alpha: f64,
    pub mu_beta: f64,
    pub sigma_y: f64,
    pub sigma_alpha: f64,
    pub sigma_beta: f64,
    pub alpha: Vec<f64>,
    pub beta: Vec<f64>,
}

/// What the posterior should be.
pub fn reference() -> Result<Reference, serde_json::Error> {
    file().map(|file| file.reference)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rats = rats()?;
    let fit = Rats::new(&rats).fit()?;
    print!("{fit}");

    let Reference { mean, sd } = reference()?;
    let global = fit.global();
    let mut compared = vec![
        (global.mu_alpha, mean.mu_alpha, sd.mu_alpha),
        (global.mu_beta, mean.mu_beta, sd.mu_beta),
        (global.sigma_y, mean.sigma_y, sd.sigma_y),
        (global.sigma_alpha, mean.sigma_alpha, sd.sigma_alpha),
        (global.sigma_beta, mean.sigma_beta, sd.sigma_beta),
    ];
    for i in 0..rats.len() {
        let local = fit.local(i);
        compared.push((local.alpha, mean.alpha[i], sd.alpha[i]));
        compared.push((local.beta, mean.beta[i], sd.beta[i]));
    }
    reference::assert_near("NUTS", &compared);
    Ok(())
}

#[path = "shared/reference.rs"]
mod reference;
