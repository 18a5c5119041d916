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

#[derive(Deserialize)]
struct Reference {
    mean: Values,
    sd: Values,
}

#[derive(Deserialize)]
struct Values {
    mu_alpha: f64,
    mu_beta: f64,
    sigma_y: f64,
    sigma_alpha: f64,
    sigma_beta: f64,
    alpha: Vec<f64>,
    beta: Vec<f64>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file: File = serde_json::from_str(include_str!("data/rats.json"))?;
    let days: Vec<f64> = file.days.iter().map(|day| day - file.mean_day).collect();
    let rats: Vec<Rat> = file.weight.iter().map(|w| days.iter().copied().zip(w.iter().copied()).collect()).collect();

    let fit = Rats::new(&rats).fit()?;
    print!("{fit}");

    // a long NUTS run of the same model
    let (mean, sd, global) = (&file.reference.mean, &file.reference.sd, fit.global());
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
